"""The path where looks from outside are all that was recorded of waiting (``--level light``): its states in shares.

The lives of processes are known to the microsecond. So the path goes down the tree by them, and within a process by what the looks at it
saw: each stands for the time around it. Through what does nothing but start others the path is that of the children, walked backward:
before one began, the one that ended last. Where another process waits for a child, the path is that of the child that ends next.
What no look fell into is told by what the process used in all, as far as that tells it.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from godyno.diagnose.processes import Process
from godyno.diagnose.why.averages import AtWork, Averages
from godyno.diagnose.why.lanes import READY, RUN, SLEEP, Lane
from godyno.diagnose.why.one_look import AT_WORK, RUNNABLE, RUNNING, Verdict
from godyno.diagnose.why.pieces import Piece, Wait
from godyno.diagnose.why.programs import is_driver
from godyno.diagnose.why.sightings import UNKNOWN, Sightings
from godyno.diagnose.why.stacks import Stacks

_NEXT_NS = 2_000_000  # who starts one process as another ends does it within this
_BUSY = 0.5  # a process that used so much of its life is taken to have been at work where nobody looked
_CHILD = ("child", "pipe", "spawn", "signal")
_MOST_DEEP = 64
_SYNCS = ("syscall.Fsync", "syscall.Fdatasync", "internal/poll.(*FD).Fsync")
_IN_CALLS = ("disk_read", "disk_write", "fsync", "network", "pipe", "lock", "reclaim")


@dataclass(frozen=True, slots=True)
class _Work(AtWork):
    """Of a process, also the share of its time at work in which looks saw it in system calls, for how much of that the kernel can have
    computed, and what it was blocked in, by the function that called.
    """

    in_calls: float
    computes: float
    blocked: dict[str, Verdict]


class Glimpses:
    """The path of a capture by its sightings."""

    def __init__(
        self, sightings: Sightings, stacks: Stacks, lives: Sequence[Process], averages: Averages
    ) -> None:
        self.sightings, self._stacks, self._averages = sightings, stacks, averages
        self._children: dict[int, list[Process]] = {}
        for one in lives:
            self._children.setdefault(one.ppid, []).append(one)
        self._works: dict[tuple[int, int], _Work] = {}
        self._depth = 0

    def path(self, process: Process, begin: int, end: int) -> list[Piece]:
        """The pieces of a process's path through a window, in order of time; they cover it without holes."""
        low, high = max(begin, process.t_start_ns), min(end, process.t_end_ns)
        out = [
            *self._untold(process, begin, min(low, end)), *self._of(process, low, high), *self._untold(process, max(high, begin), end),
        ]  # fmt: skip
        return [one for one in out if one.t_end_ns > one.t_start_ns]

    # ---- down the tree

    def _of(self, process: Process, low: int, high: int) -> Iterator[Piece]:
        if low >= high:
            return
        if self._depth >= _MOST_DEEP:  # a forged capture's
            yield from self._untold(process, low, high)
            return
        self._depth += 1
        try:
            yield from (self._started if is_driver(process) else self._own)(process, low, high)
        finally:
            self._depth -= 1

    def _started(self, process: Process, low: int, high: int) -> Iterator[Piece]:
        """What a process that only starts others waited for: from the end on the child that ended last before the next began."""
        children = [(max(low, one.t_start_ns), min(high, one.t_end_ns), one) for one in self._below(process)]
        children = sorted((one for one in children if one[0] < one[1]), key=lambda one: one[1])
        ends = [one[1] for one in children]
        found: list[tuple[int, int, Process]] = []
        at = high
        while at > low:
            last = bisect.bisect_right(ends, at + _NEXT_NS) - 1
            while last >= 0 and children[last][0] >= at:
                last -= 1
            start, end, child = children[last] if last >= 0 else (low, low, process)
            if end < at:
                found.append((end, at, process))
            if last >= 0:
                found.append((start, min(end, at), child))
            at = start
        for start, end, who in reversed(found):
            yield from (self._own if who is process else self._of)(who, start, end)

    def _below(self, process: Process) -> list[Process]:
        return [one for one in self._children.get(process.pid, ()) if one is not process]

    # ---- one process

    def _own(self, process: Process, low: int, high: int) -> Iterator[Piece]:
        """What looks at a process tell of a stretch of its life."""
        drives = is_driver(process)
        for start, end, verdict in self.sightings.stretches(process, low, high):
            at_work = verdict.kind in AT_WORK
            if verdict.kind in _CHILD or (drives and not at_work and verdict is not UNKNOWN):
                yield from self._crossed(process, start, end, verdict, drives)
            elif verdict is UNKNOWN:
                yield from self._untold(process, start, end)
            elif verdict.kind == RUNNABLE:
                yield self._piece(process, start, end, READY, verdict)
            elif at_work:
                yield from self._worked(process, start, end, verdict)
            else:
                yield self._piece(process, start, end, SLEEP, verdict, verdict.kind)

    def _crossed(
        self, process: Process, low: int, high: int, verdict: Verdict, drives: bool
    ) -> Iterator[Piece]:
        """A wait for children: the path is that of the one that ends next; the wait's own where none is alive."""
        lane = Lane(process.pid, 0, verdict.goroutine)
        wait = Wait(low, high, verdict.kind, lane, verdict.stack, 0, verdict.where)
        at = low
        while at < high:
            alive = [one for one in self._below(process) if one.t_start_ns <= at < one.t_end_ns]
            child = min(alive, key=lambda one: one.t_end_ns, default=None)
            if child is None:
                begins = (one.t_start_ns for one in self._below(process) if at < one.t_start_ns < high)
                until = min(begins, default=high)
                if drives and verdict.kind in _CHILD:  # it takes note of one's end, and starts the next
                    yield from self._worked(process, at, until, Verdict(RUNNING))
                else:
                    yield self._piece(process, at, until, SLEEP, verdict, verdict.kind)
            else:
                until = min(high, child.t_end_ns)
                for piece in self._of(child, at, until):
                    yield piece if drives else replace(piece, via=(wait, *piece.via))
            at = until

    def _worked(self, process: Process, low: int, high: int, verdict: Verdict) -> Iterator[Piece]:
        """A stretch at work: what of it had no CPU, what the kernel had, what the program."""
        work = self._work(process)
        ready = int((high - low) * work.ready)
        if ready:
            yield self._piece(process, low, low + ready, READY, replace(verdict, goroutine=0))
        low += ready
        if verdict.call:
            yield from self._called(process, low, high, verdict, work)
            return
        rest = max(0.0, work.kernel - work.in_calls) / max(1 - work.in_calls, 1e-9)
        kernel = int((high - low) * min(1.0, rest))
        if kernel and work.faults:
            yield self._piece(process, low, low + kernel, SLEEP, verdict, "minor_fault")
        elif kernel:
            yield self._piece(process, low, low + kernel, RUN, replace(verdict, call=True))
        yield self._piece(process, low + kernel, high, RUN, verdict)

    def _called(
        self, process: Process, low: int, high: int, verdict: Verdict, work: _Work
    ) -> Iterator[Piece]:
        """A stretch in a system call in which it was not seen blocked. Calls that wait were about to, or had just done so; of all of
        them together the kernel can have computed for no longer than it did in all: the rest was what others saw the same call blocked in.
        """
        facts = self._stacks.facts(verdict.stack)
        kind = "fsync" if any(name.startswith(_SYNCS) for name in facts.user) else facts.ran_in
        if kind not in ("", "go", "kernel", "runtime"):  # it runs C, or starts a process
            yield self._piece(process, low, high, SLEEP, verdict, kind)
            return
        blocked = work.blocked.get(verdict.where)
        until = low + int((high - low) * (work.computes if blocked is not None else 1.0))
        yield self._piece(process, low, until, RUN, verdict)
        if blocked is not None:
            yield self._piece(process, until, high, SLEEP, blocked, blocked.kind)

    def _untold(self, process: Process, low: int, high: int) -> Iterator[Piece]:
        """A stretch into which no look fell: at work as far as the process used its life for that, else not known."""
        ran, ready = sum(self._averages.used_s(process)), self._averages.ready_s(process) or 0.0
        busy = min(1.0, (ran + ready) / max(process.wall_s, 1e-9))
        until = low + int((high - low) * busy) if busy >= _BUSY and process.t_start_ns <= low else low
        if until > low:
            yield from self._worked(process, low, until, Verdict(RUNNING))
        yield self._piece(process, until, high, SLEEP, UNKNOWN, "unknown")

    def _work(self, process: Process) -> _Work:
        key = (process.pid, process.t_start_ns)
        if key not in self._works:
            at_work = in_calls = 0
            blocked: dict[str, Verdict] = {}
            for start, end, verdict in self.sightings.of(process):
                at_work += end - start if verdict.kind == RUNNING else 0
                in_calls += end - start if verdict.call else 0
                if verdict.kind in _IN_CALLS and verdict.where:
                    blocked.setdefault(verdict.where, verdict)
            one = self._averages.at_work(process, at_work * 1e-9)
            got = in_calls * 1e-9 * (1 - one.ready)
            computes = min(1.0, self._averages.used_s(process)[1] / got) if got > 0 else 1.0
            share = in_calls / at_work if at_work else 0.0
            self._works[key] = _Work(one.ready, one.kernel, one.faults, share, computes, blocked)
        return self._works[key]

    def _piece(
        self, process: Process, low: int, high: int, state: int, verdict: Verdict, kind: str = ""
    ) -> Piece:
        return Piece(
            low, high, state, kind, process.pid, 0, verdict.goroutine, verdict.stack, (), verdict.call, verdict.where, seen=True,
        )  # fmt: skip
