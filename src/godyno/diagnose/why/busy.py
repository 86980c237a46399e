"""When any thread of a process was at work."""

from __future__ import annotations

from collections.abc import Sequence

from godyno.diagnose.why.lanes import READY, RUN, Lane


def busy(pid: int, lanes: Sequence[Lane]) -> Lane:
    """One lane of all these threads: when any was on a CPU, else ready for one. ``thread`` tells which: the same for as long as may be."""
    edges: list[tuple[int, int, int, int]] = []
    for lane in lanes:
        for start, end, state in zip(lane.start, lane.end, lane.state, strict=True):
            if state in (RUN, READY) and end > start:
                edges += [(start, 1, lane.tid, state), (end, 0, lane.tid, state)]
    edges.sort()
    out = Lane(pid, 0, 0, [], [], [], [])
    now: dict[int, int] = {}
    chosen, since = (0, 0), 0
    for t_ns, opens, tid, state in edges:
        if opens:
            now[tid] = state
        elif now.get(tid) == state:
            del now[tid]
        following = min(
            ((of, one) for one, of in now.items()),
            default=(0, 0),
            key=lambda one: (one[0] != RUN, one[1] != chosen[1]),
        )
        if following != chosen:
            if chosen[1] and t_ns > since:
                out.start.append(since)
                out.end.append(t_ns)
                out.state.append(chosen[0])
                out.thread.append(chosen[1])
            chosen, since = following, t_ns
    return out
