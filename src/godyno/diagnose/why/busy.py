"""When any thread of a process was at work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from godyno.diagnose.why.lanes import READY, RUN, Lane


def busy(pid: int, lanes: Sequence[Lane]) -> Lane:
    """One lane of all these threads: when any was on a CPU, else ready for one. ``thread`` tells which: the same for as long as may be."""
    parts = [
        (
            np.array(lane.start, np.int64),
            np.array(lane.end, np.int64),
            np.array(lane.state, np.int64),
            lane.tid,
        )
        for lane in lanes
        if lane.start
    ]
    if not parts:
        return Lane(pid, 0, 0, [], [], [], [])
    start, end, doing_then = (np.concatenate([part[index] for part in parts]) for index in range(3))
    of = np.repeat([part[3] for part in parts], [len(part[0]) for part in parts])
    kept = np.flatnonzero(((doing_then == RUN) | (doing_then == READY)) & (end > start))
    instants, opening = np.concatenate((start[kept], end[kept])), np.repeat([1, 0], len(kept))
    both = np.concatenate((kept, kept))
    order = np.lexsort((doing_then[both], of[both], opening, instants))
    columns = (instants[order], opening[order], of[both][order], doing_then[both][order])
    out = Lane(pid, 0, 0, [], [], [], [])
    now: dict[int, int] = {}
    chosen, doing, since = 0, 0, 0
    for t_ns, opens, tid, state in zip(*(column.tolist() for column in columns), strict=True):
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
