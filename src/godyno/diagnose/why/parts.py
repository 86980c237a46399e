"""Parts of pieces of the path, and which looks each of them learns from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from godyno.diagnose.why.lanes import Lane
from godyno.diagnose.why.looks import NEAR_NS
from godyno.diagnose.why.one_look import Verdict

WAITS = ("sleep", "busy")  # the kinds of parts of which looks tell what was waited for
Key = tuple[str, int, int]  # kind, pid, tid


@dataclass(frozen=True, slots=True)
class Parts:
    """What pieces are made of, in order of time, as columns, as there are hundreds of thousands: ``piece`` is which piece a part is of,
    ``key`` the number in ``keys`` of the looks that it learns from (-1: none), ``busy`` the interval of its process's ``busy`` lane that
    tells what another thread did meanwhile (-1: none did).
    """

    start: np.ndarray
    end: np.ndarray
    piece: np.ndarray
    key: np.ndarray
    busy: np.ndarray
    keys: list[Key]


def between(start: np.ndarray, end: np.ndarray, lane: Lane) -> tuple[np.ndarray, ...]:
    """What windows are made of: start, end, window and interval of each interval of ``lane`` in them, and of each gap: there it is -1."""
    begins, ends = lane.columns.start, lane.columns.end
    first = np.searchsorted(ends, start, "right")
    count = np.maximum(np.searchsorted(begins, end, "left") - first, 0)
    sizes = 2 * count + 1  # a gap, an interval, a gap, …
    window = np.repeat(np.arange(len(start)), sizes)
    turn = np.arange(len(window)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    interval = first[window] + turn // 2
    is_gap = turn % 2 == 0
    begins, ends = np.append(begins, 0), np.append(ends, 0)  # of the last gap there is none after it
    low = np.where(is_gap, np.where(turn == 0, start[window], ends[interval - 1]), begins[interval])
    high = np.where(
        is_gap, np.where(turn == sizes[window] - 1, end[window], begins[interval]), ends[interval]
    )
    low, high = np.maximum(low, start[window]), np.minimum(high, end[window])
    kept = high > low
    return low[kept], high[kept], window[kept], np.where(is_gap, -1, interval)[kept]


def inside(
    parts: Parts, learnt: Mapping[int, Sequence[tuple[int, Verdict]]], tells: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """From which to which of the looks of its key each part learns: those in it, else the nearest if that is near; ``tells`` says of which
    pieces looks tell at all.
    """
    first, last = np.zeros((2, len(parts.start)), np.int64)
    for key, found in learnt.items():
        rows = np.flatnonzero((parts.key == key) & tells[parts.piece])
        times, start = np.array([t_ns for t_ns, _ in found], np.int64), parts.start[rows]
        low, high = np.searchsorted(times, start), np.searchsorted(times, parts.end[rows])
        before, after = np.maximum(low - 1, 0), np.minimum(low, len(times) - 1)
        nearest = np.where(np.abs(times[after] - start) < np.abs(times[before] - start), after, before)
        near = np.abs(times[nearest] - start) < NEAR_NS
        first[rows] = np.where(high > low, low, nearest)
        last[rows] = np.where(high > low, high, nearest + near)
    return first, last


def cut(start: int, end: int, found: Sequence[tuple[int, Verdict]]) -> Iterator[tuple[int, int, Verdict]]:
    """A part, cut midway between those of its looks that say different things."""
    at = start
    for (t_ns, verdict), (later, following) in zip(found, [*found[1:], (0, None)], strict=True):
        if following == verdict:
            continue
        until = end if following is None else (t_ns + later) // 2
        if until > at:
            yield at, until, verdict
            at = until
