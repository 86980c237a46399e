"""When any thread of a process was at work."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence

from godyno.diagnose.why.lanes import READY, RUN, Lane


class Busy:
    """When any thread of a process was on a CPU, or else ready for one: (start, end, tid, state), in order, without overlaps."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        edges: list[tuple[int, int, int, int]] = []
        for lane in lanes:
            for start, end, state in zip(lane.start, lane.end, lane.state, strict=True):
                if state in (RUN, READY) and end > start:
                    edges += [(start, 1, lane.tid, state), (end, 0, lane.tid, state)]
        edges.sort()
        self._rows: list[tuple[int, int, int, int]] = []
        now: dict[int, int] = {}
        chosen, since = (0, 0), 0
        for t_ns, opens, tid, state in edges:
            if opens:
                now[tid] = state
            elif now.get(tid) == state:
                del now[tid]
            best = min(
                ((of, one) for one, of in now.items()),
                default=None,
                key=lambda one: (one[0] != RUN, one[1] != chosen[1]),
            )
            following = (best[0], best[1]) if best is not None else (0, 0)
            if following != chosen:
                if chosen[1] and t_ns > since:
                    self._rows.append((since, t_ns, chosen[1], chosen[0]))
                chosen, since = following, t_ns
        self._starts = [row[0] for row in self._rows]

    def between(self, t_start_ns: int, t_end_ns: int) -> Iterator[tuple[int, int, int, int]]:
        """What lies in the window, clipped."""
        index = max(0, bisect.bisect_right(self._starts, t_start_ns) - 1)
        while index < len(self._rows) and self._rows[index][0] < t_end_ns:
            start, end, tid, state = self._rows[index]
            if min(end, t_end_ns) > max(start, t_start_ns):
                yield max(start, t_start_ns), min(end, t_end_ns), tid, state
            index += 1
