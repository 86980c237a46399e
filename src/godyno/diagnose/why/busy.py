"""When any thread of a process was at work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from godyno.diagnose.why.lanes import READY, RUN, Lane


def busy(pid: int, lanes: Sequence[Lane]) -> Lane:
    """One lane of all these threads: when any was on a CPU, else ready for one. ``thread`` tells which: the same for as long as may be."""
    rows = [
        np.column_stack((lane.start, lane.end, lane.state, [lane.tid] * len(lane.start)))
        for lane in lanes
        if lane.start
    ]
    out = Lane(pid, 0, 0, [], [], [], [])
    if not rows:
        return out
    start, end, states, tids = np.concatenate(rows).T
    kept = ((states == RUN) | (states == READY)) & (end > start)
    edges = np.concatenate(  # when, whether one opens, whose, of which state: in this order
        [
            np.column_stack((at[kept], np.full(kept.sum(), opens), tids[kept], states[kept]))
            for at, opens in ((start, 1), (end, 0))
        ]
    )
    edges = edges[np.lexsort(edges.T[::-1])]
    now: dict[int, int] = {}
    chosen, doing, since = 0, 0, 0
    for t_ns, opens, tid, state in zip(*edges.T.tolist(), strict=True):
        if opens:
            now[tid] = state
        elif now.get(tid) == state:
            del now[tid]
        goes_on = now.get(chosen)
        if goes_on == RUN == doing:
            continue
        running = next((one for one, of in now.items() if of == RUN), 0) if goes_on != RUN else chosen
        following = running or (chosen if goes_on is not None else next(iter(now), 0))
        state = now.get(following, 0)
        if (following, state) == (chosen, doing):
            continue
        if chosen and t_ns > since:
            out.start.append(since)
            out.end.append(t_ns)
            out.state.append(doing)
            out.thread.append(chosen)
        chosen, doing, since = following, state, t_ns
    return out
