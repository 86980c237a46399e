"""What looks from outside saw of each process, one after the other, and for how long each speaks, where they are all that tells."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from godyno.diagnose.processes import Process, arguments, number
from godyno.diagnose.why import symbols
from godyno.diagnose.why.looks import NEAR_NS, Looks
from godyno.diagnose.why.one_look import AT_WORK, RUNNING, Verdict
from godyno.diagnose.why.stacks import Stacks

UNKNOWN = Verdict("unknown")
_LOADING, _INITIALISING = Verdict("load"), Verdict("package_init")
_ALONE_NS = 5_000_000  # so far the first look at a process, and the last, speak on the side where no other is
_WAITS = ("internal/syscall/unix.Waitid", "syscall.wait4", "syscall.Wait4", "os.(*Process).pidfdWait")
_SAYS_LITTLE = ("", "futex", "poll", "kernel_wait")  # of one of several threads
Sighting = tuple[int, int, Verdict]  # from when until when it speaks


class Sightings:
    """The looks of a capture by process. ``told_ns`` are the lengths of what each of them told that was asked for."""

    def __init__(self, capture: Any, looks: Looks, stacks: Stacks) -> None:
        self._capture, self._looks, self._stacks = capture, looks, stacks
        self._known: dict[int, list[tuple[int, Verdict]]] = {}
        self.told_ns: list[int] = []

    def stretches(self, process: Process, low: int, high: int) -> Iterator[Sighting]:
        """What is said of a stretch of a process's life, without holes: ``UNKNOWN`` where no look is near; neighbours that say the same
        are joined, but for ticks, of which it matters that they come again.
        """
        before: Sighting | None = None
        for start, end, verdict in self._cut(process, low, high):
            if before is not None and before[2] == verdict and verdict.kind != "tick":
                before = (before[0], end, verdict)
            else:
                if before is not None:
                    yield before
                before = (start, end, verdict)
        if before is not None:
            yield before

    def of(self, process: Process) -> list[Sighting]:
        """Every look at a process; each speaks until midway to its neighbours."""
        if process.pid not in self._known:
            self._known[process.pid] = sorted(self._told(process.pid), key=lambda one: one[0])
        found = self._known[process.pid]
        low, high = (
            bisect.bisect_left(found, t_ns, key=lambda one: one[0])
            for t_ns in (process.t_start_ns, process.t_end_ns)
        )
        found = found[low:high]
        return [
            (_edge(found, index, -1), _edge(found, index, 1), verdict)
            for index, (_, verdict) in enumerate(found)
        ]

    def _cut(self, process: Process, low: int, high: int) -> Iterator[Sighting]:
        at = low
        for start, end, verdict in self.of(process):
            start, end = max(at, start), min(high, end)
            if end <= start:
                continue
            if start > at:
                yield at, start, UNKNOWN
            self.told_ns.append(end - start)
            yield start, end, verdict
            at = end
        if at < high:
            yield at, high, UNKNOWN

    # ---- what one look said

    def _told(self, pid: int) -> Iterator[tuple[int, Verdict]]:
        for t_ns, blocked in self._looks.blocked(pid):
            marks = self._marks.get((pid, t_ns), {})
            running = int(number(marks.get("running")) or 0)
            yield t_ns, _LOADING if marks.get("loading") else self._of_threads(pid, blocked, running)
        for t_ns, verdict in self._looks.verdicts(pid, "goroutine_seen"):
            init = verdict.kind in AT_WORK and self._marks.get((pid, t_ns), {}).get("initialising")
            yield t_ns, _INITIALISING if init else self._settled(verdict)

    def _settled(self, verdict: Verdict) -> Verdict:
        """A goroutine is read some moments before its thread is: one in a call whose thread is in the scheduler by then has just ended
        it. And to be in a call that waits for a process is to wait for it.
        """
        facts = self._stacks.facts(verdict.stack)
        calls = any(name.startswith("syscall.") for name in facts.user[:1])
        if verdict.kind == "kernel_wait" and facts.call == "futex" and calls:
            verdict = replace(verdict, kind=RUNNING, call=True)
        if verdict.call and any(name.startswith(_WAITS) for name in facts.user):
            return replace(verdict, kind="child", call=False)
        return verdict

    def _of_threads(self, pid: int, blocked: Mapping[int, int], running: int) -> Verdict:
        """What a program waits for whose threads alone are seen: for nothing while any of them is not blocked. Of several threads, one that
        waits for another, or for events, tells nothing.
        """
        if running or not blocked:
            return Verdict(RUNNING)
        for tid in sorted(blocked, key=lambda tid: (tid != pid, tid)):
            facts = self._stacks.facts(blocked[tid])
            if len(blocked) == 1 or facts.slept_in not in _SAYS_LITTLE:
                kind = symbols.PLAIN.get(facts.slept_in, facts.slept_in)
                return Verdict(kind or "unknown", 0, tid, blocked[tid], facts.call)
        return Verdict("unknown", where="threads that wait for each other")

    @cached_property
    def _marks(self) -> dict[tuple[int, int], dict[str, Any]]:
        """What looks tell besides, by process and instant."""
        table = self._capture.sql(
            "SELECT pid, t_ns, args FROM events WHERE layer = 'look' AND json_valid(args) AND args != '{}'"
        )
        return {(row["pid"], row["t_ns"]): arguments(row["args"]) for row in table.to_pylist()}


def draws(lengths: Iterable[int]) -> float:
    """How many looks that stand for equally long those of these lengths are worth (Kish 1965): the first ones stand for less."""
    lengths = list(lengths)
    squares = sum(length * length for length in lengths)
    return sum(lengths) ** 2 / squares if squares else 0.0


def _edge(found: Sequence[tuple[int, Verdict]], index: int, step: int) -> int:
    """Until where a look speaks, on one of its sides."""
    t_ns = found[index][0]
    if not 0 <= index + step < len(found):
        return t_ns + step * _ALONE_NS
    gap = min(abs(found[index + step][0] - t_ns), NEAR_NS)
    return t_ns + step * (gap // 2 if step < 0 else gap - gap // 2)
