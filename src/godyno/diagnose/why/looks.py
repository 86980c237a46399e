"""What a look at a program says that it waits for: down from the main goroutine to those that it waits for (probe ``waits``)."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from godyno.diagnose.processes import arguments
from godyno.diagnose.why import symbols
from godyno.diagnose.why.facts import Facts
from godyno.diagnose.why.lanes import SLEEP, Lane, Lanes
from godyno.diagnose.why.one_look import AT_WORK, RUNNABLE, RUNNING, Family, Look, Sighted, Verdict
from godyno.diagnose.why.stacks import Stacks

NEAR_NS = 1_000_000_000  # so far a look may be from what it tells of
_BELOW_RUNNING = ("disk_read", "fault_disk", "reclaim")  # what a goroutine that "runs" can be blocked in
_CALLS = 4  # so many functions lie between a system call and who wants it at most: Syscall6, EpollWait, …
_POLLS = re.compile(r"\.(?:[Ee]poll\w*|[Pp]?[Pp]oll|[Pp]?[Ss]elect\d?|[Ff]utex\w*)$")
# They look after connections that are kept open, asked or not, or wait for what may never be.
_LOOPS = (
    *symbols.HOUSEKEEPERS,
    "net/http.(*persistConn).readLoop",
    "net/http.(*persistConn).writeLoop",
    "clientConnReadLoop).run",
    "ClientConn).readLoop",
)


def _parked(facts: Facts) -> bool:
    """Whether the thread of a goroutine in a call was the scheduler's again when it was read where it is blocked: no call but one that
    is named so, and none but C's, ends in a futex or a poll.
    """
    own = facts.user[:_CALLS]
    parks = facts.slept_in in ("futex", "poll") and bool(own) and "runtime.cgocall" not in facts.user
    return parks and not any(_POLLS.search(name) for name in own)


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
        self._idle: dict[int, list[tuple[int, int]]] = {}
        self._blocked: dict[int, dict[tuple[str, ...], Verdict]] = {}
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

    def idle_since(self, pid: int, t_ns: int) -> int | None:
        """From which look on a process waited to be asked again and again, of the looks around an instant; None where it did not."""
        if pid not in self._idle:
            spans = self._idle[pid] = []
            idle = (at for at, one in self.verdicts(pid, "goroutine_seen") if one.kind == "idle")
            for at_ns in idle:
                if spans and at_ns - spans[-1][1] < NEAR_NS:
                    spans[-1] = spans[-1][0], at_ns
                else:
                    spans.append((at_ns, at_ns))
        at = bisect.bisect_left(self._idle[pid], (t_ns,)) - 1
        return self._idle[pid][at][0] if at >= 0 and t_ns <= self._idle[pid][at][1] else None

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
        def kind_of(one: Sighted) -> Verdict:
            if one.verdict is None:
                one.verdict = self._verdict(pid, one)
            return one.verdict

        family = Family(pid, self._lanes)
        before: Mapping[int, Sighted] = {}
        found: list[Verdict] = []
        spans = self._spans.get((pid, "goroutine_seen"), ())
        for turn, (t_ns, now) in enumerate(_at(self.times[pid, "goroutine_seen"], spans)):
            if now is not before:
                before, found = now, Look(now, kind_of, family, self._cpus).answers()
            if found:
                yield t_ns, found[turn % len(found)]

    def _verdict(self, pid: int, one: Sighted) -> Verdict:
        stack = self._stacks.seen(pid, one.tid, one.number, one.t_start_ns)
        facts = self._stacks.facts(stack)
        if one.state == "runnable":
            return Verdict(RUNNABLE, one.number)
        if "os/signal.signal_recv" in facts.user:
            return Verdict("aside", one.number)
        if one.state != "waiting":
            if kind := self._blocked_in(one, stack, facts):
                return Verdict(kind, one.number, one.tid, stack, facts.own)
            calls = one.state == "syscall"
            if calls and facts.user and self._slept(one):
                like = self._blocked_like(pid).get(facts.user)
                if like is not None:
                    return replace(like, goroutine=one.number, tid=one.tid)
            return Verdict(RUNNING, one.number, one.tid, stack if calls else 0, facts.own, calls)
        lane = Lane(pid, 0, one.number)
        kind = self._waited_for(lane, one.reason, stack)
        if any(name.endswith(_LOOPS) for name in facts.user):
            kind = "aside"
        elif kind == "channel" and any(name.endswith(symbols.ANSWERED) for name in facts.user):
            kind = "network"
        elif kind == "sleep" and self._sleeps_until_its_end(pid, one):
            kind = "idle"
        return Verdict(kind, one.number, 0, stack, facts.own)

    def _blocked_in(self, one: Sighted, stack: int, facts: Facts) -> str:
        """The state in which a goroutine is blocked that does not wait in the scheduler; empty where it is not."""
        kind = symbols.PLAIN.get(facts.slept_in, facts.slept_in) if not _parked(facts) else ""
        if kind in ("network", "sleep", "kernel_wait") and "runtime.cgocall" in facts.user:
            kind = symbols.network(self._stacks.frames(stack)) or "cgo"
        return kind if one.state == "syscall" or kind in _BELOW_RUNNING else ""

    def _slept(self, one: Sighted) -> bool:
        """Whether the thread of a goroutine that a look found in a call slept then, by its own record. Where it is blocked is read a moment
        later, when many a short call is over.
        """
        lane = self._lanes.threads.get(one.tid)
        index = lane.before(one.t_start_ns + 1) if lane is not None else -1
        return (
            lane is not None
            and index >= 0
            and lane.state[index] == SLEEP
            and lane.end[index] > one.t_start_ns
        )

    def _blocked_like(self, pid: int) -> dict[tuple[str, ...], Verdict]:
        """What goroutines of a process were blocked in most often, by the functions that had called."""
        if pid not in self._blocked:
            times: Counter[tuple[tuple[str, ...], str]] = Counter()
            found: dict[tuple[tuple[str, ...], str], Verdict] = {}
            for one in self._spans.get((pid, "goroutine_seen"), ()):
                stack = self._stacks.seen(pid, one.tid, one.number, one.t_start_ns)
                facts = self._stacks.facts(stack)
                if one.state == "syscall" and (kind := self._blocked_in(one, stack, facts)):
                    times[facts.user, kind] += 1
                    found[facts.user, kind] = Verdict(kind, stack=stack, where=facts.own)
            self._blocked[pid] = {key[0]: found[key] for key in sorted(times, key=lambda key: times[key])}
        return self._blocked[pid]

    def _sleeps_until_its_end(self, pid: int, one: Sighted) -> bool:
        """Whether it is the one sleep of a server's main goroutine for most of the time: it is to end then."""
        times = self.times[pid, "goroutine_seen"]
        main = one.number == 1 and self._stacks.listens(pid)
        return main and 2 * (one.t_end_ns - one.t_start_ns) > times[-1] - times[0]

    @cached_property
    def _spans(self) -> dict[tuple[int, str], list[Sighted]]:
        table = self._capture.sql(
            "SELECT t_start_ns, t_end_ns, coalesce(TRY_CAST(split_part(track, '/', 2) AS BIGINT), 0) AS number, name, args, "
            "coalesce(tid, 0) AS tid, pid, layer FROM spans WHERE layer IN ('goroutine_seen', 'thread_seen') ORDER BY t_start_ns"
        )
        out: dict[tuple[int, str], list[Sighted]] = {}
        reasons: dict[str, str] = {}
        for row in table.to_pylist():
            text = row["args"]
            if text not in reasons:
                reasons[text] = str(arguments(text).get("reason", ""))
            span = Sighted(
                row["t_start_ns"], row["t_end_ns"], row["number"], row["name"], reasons[text], row["tid"]
            )
            out.setdefault((row["pid"], row["layer"]), []).append(span)
        return out


def _at(times: Sequence[int], spans: Sequence[Sighted]) -> Iterator[tuple[int, Mapping[int, Sighted]]]:
    """At each look, what was seen; the same object as before where nothing changed."""
    now: dict[int, Sighted] = {}
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
