"""What a look at a program says that it waits for: down from the main goroutine to those that it waits for (probe ``waits``)."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from godyno.diagnose.processes import arguments
from godyno.diagnose.why import symbols
from godyno.diagnose.why.lanes import Lane, Lanes
from godyno.diagnose.why.stacks import Stacks

RUNNING, RUNNABLE = "running", "runnable"
NEAR_NS = 1_000_000_000  # so far a look may be from what it tells of
AT_WORK = (RUNNING, RUNNABLE)
_CROSSED = ("channel", "wait")  # of a goroutine: what it waits for is what others do
_ASIDE = (*_CROSSED, "idle", "observer", "aside")
_BELOW_RUNNING = ("disk_read", "fault_disk", "reclaim")  # what a goroutine that "runs" can be blocked in
# They look after connections that are kept open, asked or not, or wait for what may never be.
_LOOPS = (
    *symbols.HOUSEKEEPERS,
    "net/http.(*persistConn).readLoop",
    "net/http.(*persistConn).writeLoop",
    "clientConnReadLoop).run",
    "ClientConn).readLoop",
)


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
class _Span:
    """A goroutine, or a thread, as long as looks saw it in one state; ``verdict`` is found when it is first asked for."""

    t_start_ns: int
    t_end_ns: int
    number: int
    state: str
    reason: str
    tid: int
    verdict: Verdict | None = None


def nearest(found: Sequence[tuple[int, Verdict]], t_ns: int) -> tuple[int, Verdict] | None:
    """The one nearest to an instant of what is in order of time; None of nothing."""
    index = bisect.bisect_left(found, (t_ns,))
    return min(found[max(0, index - 1) : index + 1], key=lambda one: abs(one[0] - t_ns), default=None)


class Looks:
    """The looks of a capture at programs without an execution trace. ``waited_for`` names a goroutine's wait, as ``Sleeps.waited_for``."""

    def __init__(
        self,
        capture: Any,
        lanes: Lanes,
        stacks: Stacks,
        waited_for: Callable[[Lane, str, int], str],
        cpus: int,
    ) -> None:
        self._capture, self._lanes, self._stacks, self._cpus = capture, lanes, stacks, cpus
        self._waited_for = waited_for
        self._waits: dict[int, list[tuple[int, Verdict]]] = {}
        self._verdicts: dict[tuple[int, str], list[tuple[int, Verdict]]] = {}
        table = capture.sql(
            "SELECT pid, name, list(t_ns ORDER BY t_ns) AS t FROM events WHERE layer = 'look' GROUP BY pid, name"
        )
        self.times: dict[tuple[int, str], list[int]] = {
            (row["pid"], row["name"]): row["t"] for row in table.to_pylist() if row["pid"] not in lanes.traced
        }

    @property
    def any_goroutines(self) -> bool:
        """Whether any goroutines were looked at."""
        return any(layer == "goroutine_seen" for _, layer in self.times)

    def of_goroutines(self, pid: int) -> bool:
        """Whether a process's goroutines were looked at."""
        return (pid, "goroutine_seen") in self.times

    def of_threads(self, pid: int) -> bool:
        """Whether its threads were, as it is not Go's or has no symbols."""
        return (pid, "thread_seen") in self.times

    def waited_in(self, pid: int, t_start_ns: int, t_end_ns: int) -> str:
        """The kind of what a process's goroutines, or its threads where it is not Go's, waited for as a wait between two instants ended;
        empty where no look tells.
        """
        found = self.wait_near(pid, t_end_ns, t_start_ns, t_end_ns)
        return found.kind if found is not None else ""

    def wait_near(self, pid: int, t_ns: int, t_start_ns: int, t_end_ns: int) -> Verdict | None:
        """What a process waited for, by the look nearest to ``t_ns`` at which it did, where that lies between the two other instants or is
        near; None without one.
        """
        if pid not in self._waits:
            layer = "goroutine_seen" if self.of_goroutines(pid) else "thread_seen"
            self._waits[pid] = [one for one in self.verdicts(pid, layer) if one[1].kind not in AT_WORK]
        found = nearest(self._waits[pid], t_ns)
        if found is None or not (t_start_ns <= found[0] <= t_end_ns or abs(found[0] - t_ns) < NEAR_NS):
            return None
        return found[1]

    def verdicts(self, pid: int, layer: str) -> list[tuple[int, Verdict]]:
        """What each look at a process said, in order of time; of threads, one for each that was blocked."""
        if (pid, layer) not in self._verdicts:
            told = self._goroutines if layer == "goroutine_seen" else self._threads
            self._verdicts[pid, layer] = list(told(pid)) if (pid, layer) in self.times else []
        return self._verdicts[pid, layer]

    def blocked(self, pid: int) -> Iterator[tuple[int, dict[int, int]]]:
        """At each look at a process's threads, the stack of each that was blocked in the kernel, by its tid."""
        for t_ns, now in _at(
            self.times.get((pid, "thread_seen"), ()), self._spans.get((pid, "thread_seen"), ())
        ):
            yield t_ns, {one.tid: self._stacks.seen(pid, one.tid, 0, one.t_start_ns) for one in now.values()}

    def _threads(self, pid: int) -> Iterator[tuple[int, Verdict]]:
        for t_ns, now in _at(self.times[pid, "thread_seen"], self._spans.get((pid, "thread_seen"), ())):
            for one in now.values():
                if one.verdict is None:
                    stack = self._stacks.seen(pid, one.tid, 0, one.t_start_ns)
                    facts = self._stacks.facts(stack)
                    one.verdict = Verdict(facts.slept_in, 0, one.tid, stack, facts.call)
                    if facts.slept_in in ("", "futex", "poll"):
                        one.verdict = Verdict("")
                if one.verdict.kind:
                    yield t_ns, one.verdict

    def _goroutines(self, pid: int) -> Iterator[tuple[int, Verdict]]:
        def kind_of(one: _Span) -> Verdict:
            if one.verdict is None:
                one.verdict = self._verdict(pid, one)
            return one.verdict

        family = _Family(pid, self._lanes)
        before: Mapping[int, _Span] = {}
        found: list[Verdict] = []
        spans = self._spans.get((pid, "goroutine_seen"), ())
        for turn, (t_ns, now) in enumerate(_at(self.times[pid, "goroutine_seen"], spans)):
            if now is not before:
                before, found = now, _Look(now, kind_of, family, self._cpus).answers()
            if found:
                yield t_ns, found[turn % len(found)]

    def _verdict(self, pid: int, one: _Span) -> Verdict:
        stack = self._stacks.seen(pid, one.tid, one.number, one.t_start_ns)
        facts = self._stacks.facts(stack)
        if one.state == "runnable":
            return Verdict(RUNNABLE, one.number)
        if "os/signal.signal_recv" in facts.user:
            return Verdict("aside", one.number)
        if one.state != "waiting":
            kind = symbols.PLAIN.get(facts.slept_in, facts.slept_in)
            if kind in ("network", "sleep", "kernel_wait") and "runtime.cgocall" in facts.user:
                kind = symbols.network(self._stacks.frames(stack)) or "cgo"
            blocked = kind and (one.state == "syscall" or kind in _BELOW_RUNNING)
            calls = one.state == "syscall" and not blocked
            return Verdict(
                kind if blocked else RUNNING,
                one.number,
                one.tid,
                stack if blocked or calls else 0,
                facts.own,
                calls,
            )
        lane = Lane(pid, 0, one.number)
        kind = self._waited_for(lane, one.reason, stack)
        if any(name.endswith(_LOOPS) for name in facts.user):
            kind = "aside"
        elif kind == "channel" and any(name.endswith(symbols.ANSWERED) for name in facts.user):
            kind = "network"
        elif kind == "sleep" and self._sleeps_until_its_end(pid, one):
            kind = "idle"
        return Verdict(kind, one.number, 0, stack, facts.own)

    def _sleeps_until_its_end(self, pid: int, one: _Span) -> bool:
        """Whether it is the one sleep of a server's main goroutine for most of the time: it is to end then."""
        times = self.times[pid, "goroutine_seen"]
        main = one.number == 1 and self._stacks.listens(pid)
        return main and 2 * (one.t_end_ns - one.t_start_ns) > times[-1] - times[0]

    @cached_property
    def _spans(self) -> dict[tuple[int, str], list[_Span]]:
        table = self._capture.sql(
            "SELECT t_start_ns, t_end_ns, coalesce(TRY_CAST(split_part(track, '/', 2) AS BIGINT), 0) AS number, name, args, "
            "coalesce(tid, 0) AS tid, pid, layer FROM spans WHERE layer IN ('goroutine_seen', 'thread_seen') ORDER BY t_start_ns"
        )
        out: dict[tuple[int, str], list[_Span]] = {}
        reasons: dict[str, str] = {}
        for row in table.to_pylist():
            text = row["args"]
            if text not in reasons:
                reasons[text] = str(arguments(text).get("reason", ""))
            span = _Span(
                row["t_start_ns"], row["t_end_ns"], row["number"], row["name"], reasons[text], row["tid"]
            )
            out.setdefault((row["pid"], row["layer"]), []).append(span)
        return out


class _Family:
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


class _Look:
    """The goroutines of a process at one look."""

    def __init__(
        self, now: Mapping[int, _Span], kind_of: Callable[[_Span], Verdict], family: _Family, cpus: int
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

    def _behind(self, one: _Span, passed: set[int]) -> list[Verdict]:
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

    def _at_work(self, some: Iterable[_Span]) -> list[tuple[_Span, Verdict]]:
        found = [(one, self.kind_of(one)) for one in some]
        return [pair for pair in found if pair[1].kind not in _ASIDE]

    def _served(self, accepting: Iterable[_Span]) -> list[Verdict]:
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


def _at(times: Sequence[int], spans: Sequence[_Span]) -> Iterator[tuple[int, Mapping[int, _Span]]]:
    """At each look, what was seen; the same object as before where nothing changed."""
    now: dict[int, _Span] = {}
    first = 0
    for t_ns in times:
        over = [
            number for number, one in now.items() if one.t_end_ns <= t_ns and one.t_end_ns > one.t_start_ns
        ]
        begin = first
        while first < len(spans) and spans[first].t_start_ns <= t_ns:
            first += 1
        if over or first > begin:
            now = {number: one for number, one in now.items() if number not in over}
            now |= {
                one.number: one for one in spans[begin:first] if one.t_end_ns > t_ns or one.t_start_ns == t_ns
            }
        yield t_ns, now
