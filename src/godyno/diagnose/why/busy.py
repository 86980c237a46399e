"""When any thread of a process was at work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from godyno.diagnose.why.lanes import READY, RUN, Columns, Lane
from godyno.diagnose.why.parts import between


def busy(pid: int, lanes: Sequence[Lane]) -> Lane:
    """One lane of all these threads: when any was on a CPU, else ready for one. ``thread`` tells which: the same for as long as may be."""
    ran, waited = _one_of(lanes, RUN), _one_of(lanes, READY)
    start, end, of, at = between(waited[:, 0], waited[:, 1], _lane(pid, ran, RUN))
    rest = np.column_stack((start, end, waited[of, 2]))[at < 0]  # while none ran
    states = np.repeat((RUN, READY), (len(ran), len(rest)))
    found = np.concatenate((ran, rest))
    order = np.argsort(found[:, 0])
    return _lane(pid, found[order], states[order])


def _one_of(lanes: Sequence[Lane], state: int) -> np.ndarray:
    """Start, end and tid, in rows, of stretches in which threads were in a state: of several at once who was first, until it is no more."""
    rows = [
        np.column_stack((one.start, one.end, np.full(len(one.start), lane.tid)))[one.state == state]
        for lane in lanes
        for one in (lane.columns,)
    ]
    table = np.concatenate([np.zeros((0, 3), np.int64), *rows])
    table = table[np.lexsort((table[:, 2], table[:, 0]))]
    # Until the last of those before has ended, one of them stands for all.
    table[1:, 0] = np.maximum(table[1:, 0], np.maximum.accumulate(table[:-1, 1]))
    return table[table[:, 1] > table[:, 0]]


def _lane(pid: int, rows: np.ndarray, states: np.ndarray | int) -> Lane:
    start, end, tids = rows.T
    columns = Columns(start, end, np.broadcast_to(states, len(rows)), np.zeros(len(rows), np.int64), tids, ())
    return Lane(pid, 0, 0, columns)
