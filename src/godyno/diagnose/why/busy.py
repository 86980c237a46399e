"""When any thread of a process was at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from godyno.diagnose.why.lanes import READY, RUN, SLEEP, Columns, Lane


def busy(pid: int, lanes: Sequence[Lane]) -> Lane:
    """One lane of all these threads: when any was on a CPU, else ready for one. ``thread`` tells which: the same for as long as may be."""
    rows = [
        np.column_stack((one.start, one.end, one.state, np.full(len(one.start), lane.tid)))
        for lane in lanes
        for one in (lane.columns,)
    ]
    if not rows:
        return Lane(pid, 0, 0)
    table = np.concatenate(rows)
    start, end, states, _ = table.T
    table = table[((states == RUN) | (states == READY)) & (end > start)]
    table = table[np.argsort(table[:, 0], kind="stable")]
    alone = _alone(table[:, 0], table[:, 1])
    several = np.array(list(_chosen(table[~alone])), np.int64).reshape(-1, 4)
    found = np.concatenate((table[alone], several))
    start, end, states, tids = found[np.argsort(found[:, 0], kind="stable")].T
    return Lane(pid, 0, 0, Columns(start, end, states, np.zeros(len(start), np.int64), tids, ()))


def _alone(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Which intervals, in order of their start, meet no other: most do not, and there is nothing to choose."""
    before = np.maximum.accumulate(end)[:-1]  # until when those before last
    apart = start[1:] >= before
    edge = np.ones(min(1, len(start)), bool)
    alone: np.ndarray = np.concatenate((edge, apart)) & np.concatenate((apart, edge))
    return alone


def _chosen(table: np.ndarray) -> Iterator[tuple[int, int, int, int]]:
    """Start, end, state and tid of stretches in which intervals of several threads, in rows of the same, have one to stand for them."""
    start, end, states, tids = table.T
    edges = np.concatenate(  # when, whether one opens, whose, of which state: in this order
        [np.column_stack((at, np.full(len(at), opens), tids, states)) for at, opens in ((start, 1), (end, 0))]
    )
    edges = edges[np.lexsort(edges.T[::-1])]
    now: dict[int, int] = {}
    chosen, doing, since = 0, SLEEP, 0
    for t_ns, opens, tid, state in zip(*edges.T.tolist(), strict=True):
        if opens:
            now[tid] = state
        elif now.get(tid) == state:
            del now[tid]
        if doing == RUN and tid != chosen:
            continue
        following = chosen if chosen in now else 0
        if now.get(chosen) != RUN:
            for one, of in now.items():
                if of == RUN:
                    following = one
                    break
            following = following or next(iter(now), 0)
        state = now.get(following, SLEEP)
        if following == chosen and state == doing:
            continue
        if chosen and t_ns > since:
            yield since, t_ns, doing, chosen
        chosen, doing, since = following, state, t_ns
