"""From pieces of the path to segments with one state each: what ran, who had the CPU, what was behind a wait."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from godyno.diagnose.processes import Process
from godyno.diagnose.why import symbols
from godyno.diagnose.why.attribution import Segment
from godyno.diagnose.why.lanes import CALL, READY, RUN, SLEEP, Lane, Lanes
from godyno.diagnose.why.overlays import overlays
from godyno.diagnose.why.pieces import Piece, Wait
from godyno.diagnose.why.places import Places
from godyno.diagnose.why.programs import TOOLS, child_above, command, is_companion, is_driver
from godyno.diagnose.why.stacks import Stacks
from godyno.diagnose.why.states import DISK_WAITS, STATES
from godyno.diagnose.why.surroundings import CALLED, Part, Surroundings
from godyno.diagnose.why.turns import Turns

_NEAR_NS = 20_000_000
_WAITS = (
    "disk",
    "network",
    "lock",
    "channel",
    "sleep",
    "child",
    "pipe",
)  # families of states in which a thread sleeps
_PLAIN = {
    **symbols.PLAIN,
    "tick": "sleep",
    "rest": "idle",
    "fed": "network",
    "poured": "pipe",
    "pool": "channel",
    "": "unknown",
    "wait": "unknown",
}

_AROUND = frozenset(name for name, one in STATES.items() if one.where == "machine")
_SLEPT = frozenset(name for name, one in STATES.items() if one.family in _WAITS)
# Whatever a moment in these was waited for meanwhile by one of the same process, it keeps its state.
_STAYING = frozenset(name for name, one in STATES.items() if one.where != "program" or name.startswith("gc_"))
_LABELS = ("child", "pipe", "lock", "channel")  # the waits that may be causes by themselves
_EVENTS = (
    "network",
    "kernel_wait",
    "unknown",
)  # what a companion sleeps in until something comes from elsewhere
_BY_DESIGN = ("tick", "rest", "fed", "poured")  # until the program is wanted, as far as can be told


class Refine:
    """Makes segments of pieces. ``of`` is the process that was asked for by name: a compiler's functions are told only of that."""

    def __init__(
        self, capture: Any, lanes: Lanes, stacks: Stacks, surroundings: Surroundings, processes: Sequence[Process], go: frozenset[int],
        of: int = 0,
    ) -> None:  # fmt: skip
        self.lanes, self.stacks, self.surroundings, self.go, self.of = lanes, stacks, surroundings, go, of
        self.places = Places(capture, lanes)
        self._names = {one.pid: one for one in processes}
        self._tools: dict[int, tuple[bool, str]] = {}
        self._roots = lanes.roots
        self._began = stacks.go_began()
        self._inits = stacks.initialising()
        self._overlays = overlays(capture, lanes)
        self._turns = Turns(lanes)

    def segments(self, pieces: Sequence[Piece]) -> list[Segment]:
        """Segments in order of time, neighbours of a kind joined."""
        out: list[Segment] = []
        covered, slow = bool(self._overlays), _waiting_for_disks(pieces)
        for piece in pieces:
            for segment in self._of(piece):
                for one in self._collected(segment) if covered else (segment,):
                    labelled = self._labelled(one, piece) if piece.via else one
                    # What a call did besides waiting for a disk goes with that.
                    if piece.call and not piece.seen and labelled.state == "kernel":
                        labelled.within = slow.get((piece.pid, piece.goroutine, piece.call), "")
                    if out and labelled.state == "dispatch" and out[-1].state in _SLEPT:
                        labelled.within = (
                            labelled.within or out[-1].state
                        )  # who does not sleep need not be woken
                    if out and _alike(out[-1], labelled):
                        out[-1].t_end_ns = labelled.t_end_ns
                    else:
                        out.append(labelled)
        return out

    # ---- what it was

    def _of(self, piece: Piece) -> Iterable[Segment]:
        if piece.state in (RUN, CALL):
            return self._ran(piece)
        return self._ready(piece) if piece.state == READY else (self._slept(piece),)

    def _slept(self, piece: Piece) -> Segment:
        kind = _PLAIN.get(piece.kind, piece.kind)
        facts = self.stacks.facts(piece.stack)
        detail = piece.where or facts.own
        if facts.observes or (piece.where and symbols.is_observer((piece.where,))):
            kind = "observer"
        if kind in ("kernel_wait", *DISK_WAITS) and facts.call:
            detail = f"{detail} ({facts.call})" if detail else facts.call
        if kind in ("disk_read", "fault_disk") and self._short(piece.t_start_ns, piece.t_end_ns):
            kind, detail = "reclaim", f"{detail}, read again as memory is short"
        elif place := self.places.of(piece, kind):
            detail = f"{detail} {place}".lstrip()
        return self._segment(piece, piece.t_start_ns, piece.t_end_ns, kind, detail, piece.stack)

    def _ran(self, piece: Piece) -> Iterator[Segment]:
        share = self.surroundings.stolen(piece.t_start_ns, piece.t_end_ns)
        stolen = int((piece.t_end_ns - piece.t_start_ns) * share)
        if stolen > 1000:
            yield self._segment(piece, piece.t_start_ns, piece.t_start_ns + stolen, "steal", "", 0)
        start, end = piece.t_start_ns + (stolen if stolen > 1000 else 0), piece.t_end_ns
        if end <= start:
            return
        samples = self.stacks.samples(piece.tid, start, end)
        if not samples:
            samples = [(start, self.stacks.nearest_sample(piece.tid, (start + end) // 2, _NEAR_NS))]
        for index, (t_ns, stack) in enumerate(samples):
            a = start if index == 0 else (samples[index - 1][0] + t_ns) // 2
            b = end if index == len(samples) - 1 else (t_ns + samples[index + 1][0]) // 2
            if b > a:
                yield self._on_cpu(piece, a, b, stack)

    def _on_cpu(self, piece: Piece, start: int, end: int, stack: int) -> Segment:
        facts = self.stacks.facts(stack)
        is_go = piece.pid in self.go
        state = (facts.ran_in if is_go else facts.ran_elsewhere) or (
            "kernel" if piece.call else "go" if is_go else "c"
        )
        if is_go and state in ("c", "cgo") and start < self._began.get(piece.pid, 0):
            state = "load"  # the dynamic loader, or what libraries do when they are loaded
        elif piece.call and state in ("go", "kernel", "runtime") and symbols.calls_c(piece.where):
            state = "cgo"
        elif piece.call and state == "go":
            state = "kernel"
        detail = facts.own or piece.where
        if state in ("kernel", "cgo") and piece.call:
            detail = piece.where or detail
        if state == "kernel" and facts.call:
            detail = f"{detail} ({facts.call})" if detail else facts.call
        if state == "package_init":
            detail = facts.init
        elif is_go and state == "go" and (package := self._initialised(piece, start, facts.user)):
            state, detail = "package_init", package
        if facts.reads_pages and state in ("kernel", "minor_fault") and self._short(start, end):
            state, detail = "reclaim", f"{detail}, read again as memory is short"
        found = self._segment(piece, start, end, state, detail, stack)
        if state in ("kernel", "minor_fault") and facts.reads_pages:
            found.within = "fault_disk" if state == "minor_fault" else "disk_read"
        return found

    def _initialised(self, piece: Piece, t_ns: int, user: Sequence[str]) -> str:
        """The package whose init goes on, of a main goroutine whose stack does not tell: where assembly runs, it may break off. Empty
        where none does.
        """
        times, packages = self._inits.get(piece.pid, ((), ()))
        at = bisect.bisect_right(times, t_ns)
        return (
            packages[at - 1]
            if 0 < at < len(times) and piece.goroutine <= 1 and "main.main" not in user
            else ""
        )

    def _short(self, start: int, end: int) -> bool:
        """Whether reads were then of what had been pushed out of memory: they, and what the kernel does for them, are symptoms of that."""
        return self.surroundings.short_of_memory(start, end)

    def _ready(self, piece: Piece) -> Iterable[Segment]:
        thread = self.lanes.threads.get(piece.tid)
        if piece.goroutine and thread is not None and piece.stack == 0 and not piece.call:
            return self._ready_on(thread, piece)
        queues = piece.goroutine and thread is None
        ways = self.surroundings.queued if queues else self.surroundings.without_cpu
        start, end = piece.t_start_ns, piece.t_end_ns
        return self._split(piece, ways(piece.pid, start, end, end - start))

    def _ready_on(self, thread: Lane, piece: Piece) -> Iterator[Segment]:
        """A goroutine that waited for a thread, by what that thread did."""
        at, wait_ns = piece.t_start_ns, piece.t_end_ns - piece.t_start_ns
        for a, b, state, _ in thread.between(piece.t_start_ns, piece.t_end_ns):
            if a > at:
                yield from self._split(piece, self.surroundings.queued(piece.pid, at, a, wait_ns))
            # A thread that stands ready with another goroutine on it is that one's.
            other = self.lanes.goroutine_at(piece.pid, piece.tid, (a + b) // 2)
            mine = state == READY and (other is None or other.goroutine == piece.goroutine)
            ways = self.surroundings.without_cpu if mine else self.surroundings.queued
            yield from self._split(piece, ways(piece.pid, a, b, wait_ns))
            at = b
        if at < piece.t_end_ns:
            yield from self._split(piece, self.surroundings.queued(piece.pid, at, piece.t_end_ns, wait_ns))

    def _split(self, piece: Piece, found: Sequence[Part]) -> list[Segment]:
        out = []
        for state, within, start, end in found:
            if state == CALLED:
                out.append(self._behind_a_call(piece, start, end))
                continue
            segment = self._segment(piece, start, end, state, "", 0)
            segment.within = within
            out.append(segment)
        return out

    def _behind_a_call(self, piece: Piece, start: int, end: int) -> Segment:
        """A goroutine waited for a processor that one kept who slept in a system call: what that one slept in held up both."""
        for tid in self.surroundings.callers(piece.pid, start, end):
            thread = self.lanes.threads.get(tid)
            for _, _, state, index in thread.between(start, end) if thread is not None else ():
                stack = self.stacks.slept(tid, thread.start[index]) if thread and state == SLEEP else 0
                facts = self.stacks.facts(stack)
                if facts.slept_in in _SLEPT:
                    detail = f"{facts.own} ({facts.call})" if facts.call else facts.own
                    return self._segment(piece, start, end, facts.slept_in, detail, stack)
        return self._segment(piece, start, end, "dispatch", "", 0)

    def _segment(self, piece: Piece, start: int, end: int, state: str, detail: str, stack: int) -> Segment:
        facts = self.stacks.facts(stack)
        state = state if state in STATES else "unknown"
        tool, works_on = self._tools.get(piece.pid) or self._tool(piece.pid)
        if works_on and state not in _AROUND:
            detail = works_on  # nobody mends a function of the compiler: what it was at work on is the thing
        waiter = ""
        for one in piece.via:
            if one.where:
                waiter = one.where
                break
        phase = facts.init if state != "package_init" else ""
        holder = "database/sql" if piece.kind == "pool" else ""
        by_design = piece.kind in _BY_DESIGN
        # By place: by name it takes half as long again, of what is done a hundred thousand times.
        return Segment(
            start, end, state, detail, piece.pid, piece.tid, piece.goroutine, facts.names, "", holder, phase, waiter, tool, piece.seen,
            by_design,
        )  # fmt: skip

    def _tool(self, pid: int) -> tuple[bool, str]:
        """Whether a process is one of what builds, and then what it is at work on, but for the go command itself."""
        process = self._names.get(pid)
        tool = process is not None and pid != self.of and process.kind in TOOLS
        works_on = process.label if process is not None and tool and process.kind != "go" else ""
        self._tools[pid] = tool, works_on
        return tool, works_on

    # ---- what lies over it

    def _collected(self, segment: Segment) -> Iterator[Segment]:
        """Stops of the world, and assists and sweeps of the goroutine itself, take the time from whatever else was seen."""
        at = segment.t_start_ns
        over = self._overlays.between(segment) if segment.state not in _AROUND else ()
        if not over:
            yield segment
            return
        for start, end, state, detail in over:
            if start > at:
                yield replace(segment, t_start_ns=at, t_end_ns=start)
            if end > max(at, start):
                yield replace(segment, t_start_ns=max(at, start), t_end_ns=end, state=state, detail=detail)
                at = end
        if at < segment.t_end_ns:
            yield replace(segment, t_start_ns=at)

    # ---- what stood behind it

    def _labelled(self, segment: Segment, piece: Piece) -> Segment:
        """A wait that is a cause by itself gives the time its state; what was done meanwhile goes with it. What surrounds the program
        keeps its own, and tells within which it was.
        """
        around = segment.state in _AROUND
        for wait in piece.via:
            between = (
                piece.pid != wait.lane.pid
            )  # also what is not known, or a collection, of a process that is waited for
            if segment.state == "observer" or (not between and segment.state in _STAYING):
                return segment
            label = self._label(wait, piece) if wait.kind in _LABELS else None
            if label is None:
                continue
            state, detail, holder = label
            if around:
                segment.within = segment.within or state
                return segment
            doing = f"{STATES[segment.state].title}{': ' + segment.detail if segment.detail else ''}"
            if (wait.kind == "child" or segment.state in _EVENTS) and self._of_companion(wait, piece):
                segment.by_design = True
            if state in ("lock", "channel"):
                segment.by_design = False  # a clock that the holder waits for is none of who waits for it
            segment.state, segment.detail, segment.doing, segment.holder = state, detail, doing, holder
            return segment
        if segment.state in _STAYING:
            return segment
        detail = segment.detail
        if not detail or symbols.is_library(detail.partition(" ")[0]):  # whose call into a library it was
            own = next(
                (
                    wait.where
                    for wait in reversed(piece.via)
                    if wait.where and not symbols.is_library(wait.where)
                ),
                "",
            )
            detail = f"{own} ({detail})" if own and detail else own or detail
        last = piece.via[-1]
        waits = f"{last.kind}: {last.where}" if last.where else ""
        segment.detail, segment.holder = detail, segment.holder or waits
        return segment

    def _of_companion(self, wait: Wait, piece: Piece) -> bool:
        """Whether what is waited for is a child that is there until it is told to stop, as a tail -f is."""
        mine = self._names.get(wait.lane.pid)
        if mine is None:
            return False
        child = child_above(self._names.get(piece.pid), mine, self._names)
        return child is not None and is_companion(child, mine)

    def _label(self, wait: Wait, piece: Piece) -> tuple[str, str, str] | None:
        waiter = wait.lane
        if wait.kind in ("child", "pipe") and piece.pid != waiter.pid:
            mine, other = self._names.get(waiter.pid), self._names.get(piece.pid)
            if mine is None or is_driver(mine):
                return None
            what = command(other) if other else "a process"
            if wait.kind == "child" or _lived_for(wait, child_above(other, mine, self._names)):
                return "child", f"{what}, waited for in {wait.where}" if wait.where else what, ""
            return "pipe", f"{wait.where or 'a place that was not recorded'}, whose other side is {what}", ""
        if wait.kind == "lock":
            return "lock", wait.where, self._holder(wait)
        if wait.kind == "channel" and wait.lane.goroutine:
            root = self._roots.get((waiter.pid, waiter.goroutine))
            mates = root and root != "main.main" and root == self._roots.get(wait.waker)
            if mates and self._turns.shares(waiter.pid, str(root)):
                return "channel", wait.where, wait.waker_where
        return None

    def _holder(self, wait: Wait) -> str:
        """Who let go of a lock: the function that did, or where that is the library's, what its goroutine was started with."""
        if wait.waker_where and not symbols.is_library(wait.waker_where):
            return wait.waker_where
        return self._roots.get(wait.waker, "")


def _waiting_for_disks(pieces: Sequence[Piece]) -> dict[tuple[int, int, int], str]:
    """The calls of goroutines that waited for a disk, by pid, goroutine and when they began, and what they waited for longest."""
    found: dict[tuple[int, int, int], dict[str, int]] = {}
    for one in pieces:
        if one.call and not one.seen and one.state == SLEEP and one.kind in DISK_WAITS:
            kinds = found.setdefault((one.pid, one.goroutine, one.call), {})
            kinds[one.kind] = kinds.get(one.kind, 0) + one.t_end_ns - one.t_start_ns
    return {key: max(kinds, key=lambda kind: kinds[kind]) for key, kinds in found.items()}


def _alike(a: Segment, b: Segment) -> bool:
    """Whether one goes on as the other; compared one by one, as most neighbours differ in the first."""
    return (
        a.state == b.state and a.t_end_ns == b.t_start_ns and a.detail == b.detail and a.pid == b.pid and a.goroutine == b.goroutine
        and (a.tid == b.tid or a.goroutine != 0) and a.doing == b.doing and a.holder == b.holder and a.waiter == b.waiter
        and a.within == b.within and a.tool == b.tool and a.seen == b.seen and a.by_design == b.by_design
    )  # fmt: skip


def _lived_for(wait: Wait, child: Process | None) -> bool:
    """Whether a pipe was waited at for most of a child's life: then that was the wait for the child. One who stays is talked with."""
    if child is None:
        return False
    together = min(wait.t_end_ns, child.t_end_ns) - max(wait.t_start_ns, child.t_start_ns)
    return 2 * together > child.t_end_ns - child.t_start_ns
