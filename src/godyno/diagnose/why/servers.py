"""Who answers where a program asks itself, as tests of services do: one goroutine waits for the network, another at work on the answer."""

from __future__ import annotations

import bisect
from itertools import islice

from godyno.diagnose.why import symbols
from godyno.diagnose.why.lanes import CALL, SLEEP, Lane, Lanes
from godyno.diagnose.why.stacks import Stacks

_SENDS = ("rite", "send", "Send")  # of a system call's function: write, Write, sendto, SendMsg
_OPENS = (".connect", "sysSocket", "syscall.socket", "syscall.connect")
_LOOPBACK = ("127.", "[::1]")
_ASKS = "net/http.(*Transport)"
_MOST_ABOVE = 4
_MOST_LOOKED_THROUGH = 200


class Servers:
    """The goroutines of a capture that answer connections of their own process."""

    def __init__(self, lanes: Lanes, stacks: Stacks) -> None:
        self._lanes, self._stacks = lanes, stacks
        self._found: dict[int, list[Lane]] = {}
        self._accepting: dict[tuple[int, int], bool] = {}

    def answering(self, asking: Lane, since_ns: int, t_ns: int) -> tuple[Lane, int] | None:
        """The goroutine that sent the last answer between two instants, and when, in a process that opens connections to this machine only
        and accepts some itself; None in any other.
        """
        best, last = None, since_ns
        for lane in self._of(asking.pid):
            sent = _sent(lane, since_ns, t_ns) if lane is not asking else 0
            if sent > last:
                best, last = lane, sent
        return (best, last) if best is not None else None

    def at_work(self, asking: Lane, t_ns: int) -> Lane | None:
        """A goroutine that is at work on an answer at an instant, of a process as in ``answering``; None where none is."""
        for lane in self._of(asking.pid):
            index = lane.before(t_ns)
            if lane is not asking and index >= 0 and lane.end[index] >= t_ns and lane.state[index] != SLEEP:
                return lane
        return None

    def serves(self, lane: Lane) -> bool:
        """Whether a goroutine is at a connection that it, or who started it, accepted, and has opened none itself."""
        return self._answers(lane) and not any(
            state == CALL and any(word in str(why.get("function", "")) for word in _OPENS)
            for state, why in zip(lane.state, lane.why, strict=True)
        )

    def _of(self, pid: int) -> list[Lane]:
        if pid not in self._found:
            asked = self._stacks.opened(pid)
            itself = bool(asked) and all(address.startswith(_LOOPBACK) for address in asked)
            lanes = [lane for (of, _), lane in self._lanes.goroutines.items() if of == pid] if itself else []
            self._found[pid] = [lane for lane in lanes if self._answers(lane)]
        return self._found[pid]

    def _answers(self, lane: Lane) -> bool:
        """Whether a goroutine accepts connections, or was started, directly or not, by one that does, and not to ask others."""
        if self._lanes.roots.get((lane.pid, lane.goroutine), "").startswith(_ASKS):
            return False
        above = islice(self._lanes.starters(lane.pid, lane.goroutine), _MOST_ABOVE)
        return any(self._accepts(lane.pid, number) for number in (lane.goroutine, *above))

    def _accepts(self, pid: int, number: int) -> bool:
        """Whether a goroutine waits for connections."""
        key = (pid, number)
        if key not in self._accepting:
            self._accepting[key] = self._seen_accepting(pid, number)
        return self._accepting[key]

    def _seen_accepting(self, pid: int, number: int) -> bool:
        lane = self._lanes.goroutines.get((pid, number))
        if lane is None:
            return False
        told = (index for index, state in enumerate(lane.state) if state in (SLEEP, CALL))
        for index in islice(told, _MOST_LOOKED_THROUGH):
            user = self._stacks.facts(self._stacks.waited(pid, number, lane.end[index])).user
            names = user if lane.state[index] == SLEEP else (str(lane.why[index].get("function", "")),)
            if any(name.endswith(symbols.ACCEPTS) for name in names):
                return True
        return False


def _sent(lane: Lane, since_ns: int, t_ns: int) -> int:
    """When a goroutine last ended a call that sends, between two instants; 0 where it did not."""
    index = bisect.bisect_right(lane.end, t_ns) - 1
    low = index - _MOST_LOOKED_THROUGH
    while index >= max(0, low) and lane.end[index] > since_ns:
        if lane.state[index] == CALL and any(
            word in str(lane.why[index].get("function", "")) for word in _SENDS
        ):
            return lane.end[index]
        index -= 1
    return 0
