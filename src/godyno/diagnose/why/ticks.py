"""A program that looks after something at fixed times is idle between two ticks: they do not hold it up, they are when it is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from godyno.diagnose.why.lanes import SLEEP
from godyno.diagnose.why.path import Piece

_MOSTLY = 0.9
_LEAST = 8
_LEAST_TIMERS = 4
_STEP_NS = 1_000_000  # what people choose periods in
_OFF = 0.002  # of a period, that the mean of many may be off such a step: work in between makes a loop with sleeps longer than that


def idle_between_ticks(pieces: Sequence[Piece], length_ns: int) -> list[Piece]:
    """The pieces, with sleeps turned into ``idle`` where they take nine tenths of the path and are for a clock.

    That is so of waits at channels for timers (``tick``), again and again: who does that has something to do at certain times. A loop that
    sleeps does it where its sleeps end at the ticks of a clock: it drifts by what it does in between, a ticker does not, whose mean
    period is a whole number of milliseconds.
    """
    of: dict[tuple[int, int], list[Piece]] = {}
    for one in pieces:
        if one.state == SLEEP and one.kind in ("sleep", "tick"):
            of.setdefault((one.pid, one.goroutine), []).append(one)
    ticking = {
        key
        for key, found in of.items()
        if sum(one.t_end_ns - one.t_start_ns for one in found) >= _MOSTLY * length_ns
        and _ticks([one.t_end_ns for one in found])
    }
    timers = [one for one in pieces if one.state == SLEEP and one.kind in ("tick", "idle")]
    waiting = sum(one.t_end_ns - one.t_start_ns for one in timers) >= _MOSTLY * length_ns
    again = len({one.t_end_ns for one in timers if one.kind == "tick"}) >= _LEAST_TIMERS
    return [
        replace(one, kind="idle")
        if (one.kind == "tick" and waiting and again)
        or (one.kind in ("sleep", "tick") and (one.pid, one.goroutine) in ticking)
        else one
        for one in pieces
    ]


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
