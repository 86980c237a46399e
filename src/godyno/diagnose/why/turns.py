"""Workers of a kind that end each other's waits at channels: do they share something that one may hold, or hand work on?

Who has let go of what is shared goes on with its own work, and any of them may be the next to hold it. Stages of a pipeline hand on in one
direction only. In a relay everybody comes round again, but who has handed on has nothing to do until then. In both, what is waited for is
what is done meanwhile, and no other use of the channel would mend it.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping

from godyno.diagnose.processes import whole
from godyno.diagnose.why.lanes import CALL, RUN, SLEEP, Lane, Lanes

# Between ending another's wait and waiting oneself: the next turn of a loop takes less, or little beside the wait that follows.
_HANDS_ON_NS, _HANDS_ON_SHARE = 100_000, 0.02
_RELAY_SHARE = 0.8
_LEAST = 4


class Turns:
    """How the goroutines of a capture that were started with the same function end each other's waits."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._shares: dict[tuple[int, str], bool] = {}

    def shares(self, pid: int, root: str) -> bool:
        """Whether the goroutines of a process that were started with ``root`` take turns at holding something; so where there is too
        little of them to tell.
        """
        key = (pid, root)
        if key not in self._shares:
            lanes = self._lanes
            team = {
                number: lane
                for (of, number), lane in lanes.goroutines.items()
                if of == pid and lanes.roots.get((of, number)) == root
            }
            ended = [one for number, lane in team.items() for one in _ended(number, lane, team)]
            around = len(ended) < _LEAST or any(
                _comes_round((giver, taker) for giver, taker, _, why in ended if why == reason)
                for reason in {why for *_, why in ended}
            )
            handed = [_waits_next(team[giver], t_ns) for giver, _, t_ns, _ in ended]
            known = [one for one in handed if one is not None]
            relay = len(known) >= _LEAST and sum(known) >= _RELAY_SHARE * len(known)
            self._shares[key] = around and not relay
        return self._shares[key]


def _ended(number: int, lane: Lane, team: Mapping[int, Lane]) -> Iterator[tuple[int, int, int, str]]:
    """(giver, taker, when, reason) of this goroutine's waits that another of the team ended."""
    for index, state in enumerate(lane.state[:-1]):
        if state == SLEEP and lane.end[index] == lane.start[index + 1]:
            giver = whole(lane.why[index + 1].get("waker")) or 0
            if giver in team and giver != number:
                yield giver, number, lane.end[index], str(lane.why[index].get("reason", ""))


def _comes_round(edges: Iterable[tuple[int, int]]) -> bool:
    """Whether a directed graph has a cycle: what is left when those to whom nobody hands are taken away again and again."""
    left = set(edges)
    while left:
        takers = {taker for _, taker in left}
        kept = {edge for edge in left if edge[0] in takers}
        if len(kept) == len(left):
            return True
        left = kept
    return False


def _waits_next(giver: Lane, t_ns: int) -> bool | None:
    """Whether the giver waited after little more work; None where that is not recorded."""
    worked = 0
    for index in range(max(0, bisect.bisect_right(giver.start, t_ns) - 1), len(giver.start)):
        if giver.end[index] <= t_ns:
            continue
        lasted = giver.end[index] - max(t_ns, giver.start[index])
        if giver.state[index] == SLEEP:
            return worked <= max(_HANDS_ON_NS, _HANDS_ON_SHARE * lasted)
        if giver.state[index] in (RUN, CALL):
            worked += lasted
    return None
