"""The goroutines of a process at one look, and whom its main one waited for: the path goes from it down to who could end its wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from godyno.diagnose.why import symbols
from godyno.diagnose.why.lanes import Lanes

RUNNING, RUNNABLE = "running", "runnable"
AT_WORK = (RUNNING, RUNNABLE)
_CROSSED = ("channel", "wait")  # of a goroutine: what it waits for is what others do
_ASIDE = (*_CROSSED, "idle", "observer", "aside")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a process waited for at a look: ``kind`` is a state's name, ``running`` or ``runnable``; ``where`` the function that waits;
    ``call`` that it ran in a system call, or in C.
    """

    kind: str
    goroutine: int = 0
    tid: int = 0
    stack: int = 0
    where: str = ""
    call: bool = False


@dataclass(slots=True)
class Sighted:
    """A goroutine, or a thread, as long as looks saw it in one state; ``verdict`` is found when it is first asked for."""

    t_start_ns: int
    t_end_ns: int
    number: int
    state: str
    reason: str
    tid: int
    verdict: Verdict | None = None


class Family:
    """Who started whom, and which goroutines are the runtime's own."""

    def __init__(self, pid: int, lanes: Lanes) -> None:
        self._pid, self._lanes = pid, lanes
        self._known: dict[tuple[int, int], bool] = {}
        self.aside = {
            g
            for (of, g), root in lanes.roots.items()
            if of == pid and g != 1 and symbols.system_goroutine(root)
        }

    def descends(self, number: int, above: int) -> bool:
        """Whether a goroutine was started by another, or by one that was."""
        key = (number, above)
        if key not in self._known:
            self._known[key] = above in self._lanes.starters(self._pid, number)
        return self._known[key]


class Look:
    """The goroutines of a process at one look."""

    def __init__(
        self, now: Mapping[int, Sighted], kind_of: Callable[[Sighted], Verdict], family: Family, cpus: int
    ) -> None:
        self.now, self.family = now, family
        # While a CPU is left to the program, a goroutine that is ready is about to run: who looks holds it up.
        crowded = sum(one.state in ("running", "syscall") for one in now.values()) >= cpus
        self.kind_of = kind_of if crowded else lambda one: _about_to_run(kind_of(one))

    def answers(self) -> list[Verdict]:
        """What the main goroutine waited for; several where any of them may be it."""
        main = self.now.get(1)
        if main is None:
            return []
        return self._behind(main, {1})

    def _behind(self, one: Sighted, passed: set[int]) -> list[Verdict]:
        mine = self.kind_of(one)
        if mine.kind == "idle":
            return self._served([one]) or [mine]
        if mine.kind not in _CROSSED:
            return [mine]
        others = [
            other
            for other in self.now.values()
            if other.number not in passed and other.number not in self.family.aside
        ]
        below = [other for other in others if self.family.descends(other.number, one.number)] or others
        accepting = [other for other in below if self.kind_of(other).kind == "idle"]
        if (
            accepting and mine.kind == "channel" and one.number == 1
        ):  # it waits for a signal to end while others answer
            return self._served(accepting) or [replace(mine, kind="idle")]
        at_work = self._at_work(below) or self._at_work(others)  # whoever started them may be gone
        if at_work:
            # Who moved as this wait ended is who ended it; where that is not to be seen, any may have.
            ended = [pair for pair in at_work if pair[0].t_end_ns == one.t_end_ns] or at_work
            # Of who waits for a lock and who does not, the latter may be who holds it, and is then not waited for for itself.
            locked = [pair for pair in ended if pair[1].kind == "lock"]
            likely = locked if 2 * len(locked) >= len(ended) else ended
            return [replace(found, where=found.where or mine.where) for _, found in likely]
        # Nobody is there who could end it but a timer.
        channels = (
            [mine]
            if mine.kind == "channel"
            else [found for found in map(self.kind_of, below) if found.kind == "channel"]
        )
        return [replace(found, kind="tick") for found in channels] or [replace(mine, kind="unknown")]

    def _at_work(self, some: Iterable[Sighted]) -> list[tuple[Sighted, Verdict]]:
        found = [(one, self.kind_of(one)) for one in some]
        return [pair for pair in found if pair[1].kind not in _ASIDE]

    def _served(self, accepting: Iterable[Sighted]) -> list[Verdict]:
        """What those wait for who were started to answer somebody; a connection on which nothing comes waits to be asked."""
        above = [one.number for one in accepting]
        out: list[Verdict] = []
        for other in self.now.values():
            if any(self.family.descends(other.number, number) for number in above):
                found = self.kind_of(other)
                if found.kind not in (*_ASIDE, "network"):
                    out.append(found)
                elif found.kind == "channel":
                    behind = self._behind(other, {1, *above, other.number})
                    out += [one for one in behind if not self._waits_to_be_asked(one, above)]
        return out

    def _waits_to_be_asked(self, one: Verdict, accepting: Iterable[int]) -> bool:
        return one.kind == "network" and any(
            self.family.descends(one.goroutine, number) for number in accepting
        )


def _about_to_run(found: Verdict) -> Verdict:
    return replace(found, kind=RUNNING) if found.kind == RUNNABLE else found
