"""A program that looks after something at fixed times is idle between two ticks: they do not hold it up, they are when it is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from godyno.diagnose.why.lanes import SLEEP
from godyno.diagnose.why.pieces import Piece

_MOSTLY = 0.9
_LEAST = 8
_LEAST_TIMERS = 4
_STEP_NS = 1_000_000  # what people choose periods in
_OFF = 0.002  # of a period, that the mean of many may be off such a step: work in between makes a loop with sleeps longer than that


def idle_between_ticks(pieces: Sequence[Piece], length_ns: int) -> list[Piece]:
    """The pieces, with waits for a clock turned into ``rest`` where they take nine tenths of the path, and into ``tick`` elsewhere.

    For a clock are waits at channels for timers (``tick``); again and again: who does that has something to do at certain times. A loop
    that sleeps does it for a clock where its sleeps end at ticks: it drifts by what it does in between, a ticker does not, whose mean
    period is a whole number of milliseconds.
    """
    of: dict[tuple[int, int], list[Piece]] = {}
    for one in pieces:
        if one.state == SLEEP and one.kind in ("sleep", "tick"):
            of.setdefault((one.pid, one.goroutine), []).append(one)
    ticking = {key: _lasts(found) for key, found in of.items() if _ticks([one.t_end_ns for one in found])}
    mostly = {key for key, lasts_ns in ticking.items() if lasts_ns >= _MOSTLY * length_ns}
    timers = [one for one in pieces if one.state == SLEEP and one.kind in ("tick", "idle")]
    again = len({one.t_end_ns for one in timers if one.kind == "tick"}) >= _LEAST_TIMERS
    again = again and _lasts(timers) >= _MOSTLY * length_ns

    if not ticking and not again:
        return list(pieces)

    def told(one: Piece) -> Piece:
        key = (one.pid, one.goroutine)
        if one.state != SLEEP or one.kind not in ("sleep", "tick"):
            return one
        if key in mostly or (again and one.kind == "tick"):
            return one.of_kind("rest")
        return one.of_kind("tick") if key in ticking and one.kind != "tick" else one

    return [told(one) for one in pieces]


def _lasts(pieces: Iterable[Piece]) -> int:
    return sum(one.t_end_ns - one.t_start_ns for one in pieces)


def _ticks(ends_ns: Sequence[int]) -> bool:
    """Whether most of these instants lie on the grid that the most usual distance between them makes."""
    ends = np.unique(np.array(ends_ns, np.int64))
    gaps = np.diff(ends)
    ends = ends[1:][
        gaps > gaps.max(initial=0) / 2
    ]  # the runtime wakes a thread shortly before and after, too
    if len(ends) < _LEAST:
        return False
    period = float(np.median(np.diff(ends)))
    whole = max(1, round(period / _STEP_NS)) * _STEP_NS
    if abs(period - whole) > 10 * _OFF * whole:
        return False
    counts = np.rint((ends - ends[0]) / whole)
    slope = np.polyfit(counts, ends - ends[0], 1)[0] if counts[-1] > 0 else 0.0
    return bool(abs(slope - whole) <= _OFF * whole)
