"""Does a goroutine that sleeps do so for somebody?

Where it was given work, or has just ended somebody's wait, its next sleep is a part of what others wait for. One of which nobody wanted
anything since it last ended a wait runs on a clock of its own: its sleeps before somebody waited for it held nobody up.
"""

from __future__ import annotations

import bisect

import numpy as np

from godyno.diagnose.processes import whole
from godyno.diagnose.why.lanes import READY, SLEEP, Lane, Lanes

_MOST_LOOKED_THROUGH = 200


class Handovers:
    """When the goroutines of a capture ended each other's waits."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._ended: dict[int, dict[int, np.ndarray]] = {}

    def unwanted(self, lane: Lane, index: int) -> bool:
        """Whether nobody wanted anything of a goroutine when it began the sleep that is its interval ``index``: it had ended a wait, but
        not since its sleep before, and had been given nothing since.
        """
        later, slept = lane.start[index], 0
        for at in range(index - 1, max(-1, index - _MOST_LOOKED_THROUGH), -1):
            if lane.state[at] == READY and at and lane.state[at - 1] == SLEEP:
                given = whole(lane.why[at].get("waker")) and lane.why[at - 1].get("reason") != "sleep"
                if given:
                    return False
            if lane.state[at] == SLEEP:
                if self._ended_wait(lane, lane.end[at], later):
                    return slept > 0
                later, slept = lane.start[at], slept + 1
        return False

    def _ended_wait(self, lane: Lane, t_start_ns: int, t_end_ns: int) -> bool:
        """Whether a goroutine ended another's wait between two instants."""
        times = self._of(lane.pid).get(lane.goroutine, ())
        at = bisect.bisect_left(times, t_start_ns)
        return at < len(times) and times[at] <= t_end_ns

    def _of(self, pid: int) -> dict[int, np.ndarray]:
        if pid not in self._ended:
            by, t_ns = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
            of_why: dict[int, np.ndarray] = {}  # lanes share what their intervals stand for
            for (of, _), lane in self._lanes.goroutines.items():
                columns = lane.columns
                if of != pid:
                    continue
                if id(columns.whys) not in of_why:
                    wakers = [whole(why.get("waker")) or 0 for why in columns.whys]
                    of_why[id(columns.whys)] = np.array(wakers, np.int64)
                ended_by = of_why[id(columns.whys)][columns.why]
                chosen = (columns.state == READY) & (ended_by > 0)
                by.append(ended_by[chosen])
                t_ns.append(columns.start[chosen])
            who, when = np.concatenate(by), np.concatenate(t_ns)
            self._ended[pid] = {int(one): np.sort(when[who == one]) for one in np.unique(who)}
        return self._ended[pid]
