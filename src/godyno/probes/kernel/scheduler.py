"""When each thread ran, waited for a CPU, or slept: from the kernel's own switch records, without tracefs.

A thread that is switched out while it could run on waits from then on. One that goes to sleep waits from its wake-up on, which
needs the tracepoint sched_waking; without it that part of the waiting is counted as sleep, and the capture says so. It comes where
somebody wakes, so wake-ups by another thread of the tree are seen whole; sched_wakeup comes where the woken one will run, which for an idle
CPU is nobody's task, and half of the longer sleeps of a starting Go program then seemed to end by themselves. Interrupts on an idle CPU are
not seen, so a sleep that ends without a wake-up was ended by an interrupt or by somebody outside.
"""

from __future__ import annotations

import json
import os
import struct
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from godyno.clock import now_ns
from godyno.errors import FormatError, NotAvailableHere
from godyno.interfaces import Sink, TableSink, Target
from godyno.model import Clock, Machine
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_probe import PerfProbe, perf_availability
from godyno.probes.kernel.perf_records import Life, Name, Sample, Switch, Trouble, read_meta, read_records
from godyno.probes.kernel.stacks import Stacks, end_ns
from godyno.probes.kernel.tracepoints import sees_every_pid, tracepoint_ids

_WAKEUP = "sched/sched_waking"
# struct trace_event_raw_sched_wakeup_template, which sched_waking has too: struct trace_entry (flags at 2), comm[16] at 8, pid at 24.
_WOKEN = struct.Struct("<2xB21xi")
_IN_INTERRUPT = 0x18  # TRACE_FLAG_HARDIRQ, TRACE_FLAG_SOFTIRQ: it was not the thread itself that woke another
_EXISTING = "existing.jsonl"
_BIN_NS = 100_000_000
# Of a service at a thousand requests a second more would be told no better, and take `why` seconds more to read. With stacks it is asked
# for the critical path whole: a cold build of a large module has a million, and with fewer a tenth of its path is not known.
_MOST_SPANS, _MOST_SPANS_WITH_STACKS = 200_000, 1_000_000

_MOST_BINS = 1_000_000
_SAME_FORK_NS = 100_000
RUNNING, RUNNABLE, SLEEPING = 0, 1, 2
_U32 = 0xFFFFFFFF  # the kernel's -1, too
_NOBODY = (_U32, _U32)  # in place of a waker's pid and tid where none is known
STATES = ("running", "runnable", "sleeping")


class Scheduler(PerfProbe):
    """Thread states. ``stacks`` also keeps the call chains at each switch, for off-CPU flame graphs, and at each wake-up, for who
    woke whom; ``wakeups`` as above.
    """

    name: ClassVar[str] = "scheduler"
    summary: ClassVar[str] = "when each thread ran, waited for a CPU or slept; where it went to sleep (deep)"
    tables: ClassVar[Mapping[str, Clock]] = {
        "spans": Clock.MONOTONIC, "points": Clock.MONOTONIC, "stacks": Clock.MONOTONIC,
    }  # fmt: skip
    pages: ClassVar[int] = 256
    level_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {"deep": {"stacks": True}}

    def __init__(self, *, stacks: bool = False, wakeups: bool = True) -> None:
        self.stacks, self.wakeups = stacks, wakeups

    def scope_kinds(self) -> tuple[str, ...]:
        """Tasks first: only a task's own events tell that another woke it."""
        return ("tasks", "cgroup")

    def start(self, target: Target, sink: Sink) -> None:
        """Watches switches, and wake-ups where they can be had."""
        try:
            super().start(target, sink)
        except PermissionError:
            if not self.wakeups:
                raise
            self._without("tracepoints need root or CAP_PERFMON")
            super().start(target, sink)
        if getattr(target, "running", False):
            with sink.raw(_EXISTING).open("w") as out:
                for pid in {target.pid, *target.pids()}:
                    for row in existing_threads(pid):
                        out.write(json.dumps(row) + "\n")
        if self._no_wakeups:
            sink.note("wakeups", f"not seen: {self._no_wakeups}")

    def events(self) -> Sequence[pe.Event]:
        """Switches; wake-ups; the chain at each switch."""
        self._no_wakeups = getattr(self, "_no_wakeups", "")
        out = [pe.Event("switch", flags=pe.CONTEXT_SWITCH | pe.COMM | pe.TASK)]
        if self.wakeups:
            try:
                if not sees_every_pid():
                    raise NotAvailableHere("a container's pids are not the kernel's")
                number = tracepoint_ids([_WAKEUP])[_WAKEUP]
                sample = pe.SAMPLE_RAW | (pe.SAMPLE_CALLCHAIN if self.stacks else 0)
                out.append(pe.Event("wakeup", pe.TYPE_TRACEPOINT, number, 1, sample, kernel=True))
            except NotAvailableHere as error:
                self._without(f"{error}" + (f" ({error.hint})" if error.hint else ""))
        if self.stacks:
            flags = pe.MMAP | pe.MMAP2 | pe.COMM | pe.COMM_EXEC
            chain = pe.SAMPLE_CALLCHAIN
            out.append(
                pe.Event("leaves", pe.TYPE_SOFTWARE, pe.CONTEXT_SWITCHES, 1, chain, flags, kernel=True)
            )
        return out

    def _without(self, why: str) -> None:
        self.wakeups, self._no_wakeups = False, why

    def settings(self) -> Mapping[str, Any]:
        """Whether wake-ups and call chains are seen."""
        return {"wakeups": self.wakeups, "stacks": self.stacks}

    def availability(self, machine: Machine) -> Any:
        """As perf's records."""
        return perf_availability(machine, kernel=False)

    def decode(self, raw: Path, sink: TableSink, manifest: Mapping[str, Any]) -> None:
        """A span for each thread with its totals, one for each longer state, and how many ran and waited over time."""
        try:
            meta = read_meta(raw)
        except FormatError as error:
            sink.warn(f"Thread states were not read: {error}")
            return
        if meta is None:
            return
        states = States(sink, _MOST_SPANS_WITH_STACKS if meta.settings.get("stacks") else _MOST_SPANS)
        stacks = Stacks(raw, sink, manifest)
        states.existing(raw / _EXISTING)
        chains: dict[int, tuple[int, int]] = {}  # of a thread that sleeps: stack, and since when
        lost = 0
        states.on_slept = lambda thread, since, until: _off_cpu(sink, chains, thread, since, until)
        for record in read_records(raw, meta):
            if isinstance(record, Switch):
                states.switch(record)
            elif isinstance(record, Sample):
                if record.event == "leaves":
                    stack = stacks.stack(record)
                    if stack:
                        chains[record.tid] = (stack, record.t_ns)
                elif len(record.raw) >= _WOKEN.size:
                    flags, tid = _WOKEN.unpack_from(record.raw)
                    by = 0 if flags & _IN_INTERRUPT else record.tid
                    woken = states.wake(tid, record.t_ns, record.pid, by)
                    if woken is not None and record.chain:
                        stack = stacks.stack(record)
                        if stack:
                            sink.sample(record.t_ns, "wakeup", stack, 1.0, woken.pid, woken.tid)
            elif isinstance(record, Life):
                states.life(record)
                stacks.apply(record)
            elif isinstance(record, Name):
                states.named(record)
                stacks.apply(record)
            elif isinstance(record, Trouble):
                lost += record.count
            else:
                stacks.apply(record)
        states.finish(end_ns(manifest))
        stacks.close()
        if lost:
            sink.note("lost_records", lost)
            sink.warn(f"The kernel dropped {lost} scheduler records: some states are too long.")


def existing_threads(pid: int) -> list[list[Any]]:
    """[pid, tid, name, state letter, t_ns] of each thread of a running process; nothing where it is gone."""
    out: list[list[Any]] = []
    try:
        tids = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return out
    for tid in tids:
        try:
            with open(f"/proc/{pid}/task/{tid}/stat", "rb", buffering=0) as file:  # noqa: PTH123
                head, _, rest = file.read(1024).rpartition(b")")
            name = head.partition(b"(")[2].decode("utf-8", "surrogateescape")
            out.append([pid, int(tid), name, rest.split()[0].decode(), now_ns()])
        except (OSError, IndexError, ValueError):
            continue
    return out


def _pair(pid: Any, tid: Any) -> Any:
    return pid.astype("u8") << 32 | tid.astype("u8") & _U32


def _waker(pid: int, tid: int) -> str:
    return "{}" if pid == _U32 else f'{{"waker_pid":{pid},"waker":{tid}}}'


def _off_cpu(sink: Sink, chains: dict[int, tuple[int, int]], thread: Thread, since: int, until: int) -> None:
    found = chains.pop(thread.tid, None)
    if found is not None and until > since:
        sink.sample(since, "off_cpu", found[0], (until - since) * 1e-9, thread.pid, thread.tid)


@dataclass(slots=True)
class Thread:
    """One thread's life as far as it was seen. ``totals_ns`` is by state."""

    pid: int
    tid: int
    start_ns: int
    state: int
    since_ns: int
    name: str = ""
    totals_ns: list[int] = field(default_factory=lambda: [0, 0, 0])
    switches: int = 0
    preemptions: int = 0
    wakeups: int = 0
    longest_wait_ns: int = 0
    waker: tuple[int, int] | None = None  # pid and tid, of the present state


class States:
    """Thread states from records in order of time. ``on_slept`` is called with each sleep that is over."""

    def __init__(self, sink: TableSink, most_spans: int = _MOST_SPANS) -> None:
        self.sink, self.most_spans = sink, most_spans
        self.alive: dict[int, Thread] = {}
        self.on_slept: Callable[[Thread, int, int], None] = lambda thread, since, until: None
        self.latest_ns = 0
        self.left_out = 0
        self.threshold_ns = 0
        self.threads = 0
        self._names: dict[int, str] = {}
        self._kept = array("q")  # seven numbers a state: start, end, state, pid, tid, the waker's pid and tid
        self._bins: dict[int, array[int]] = {}

    def switch(self, record: Switch) -> None:
        """A thread gets a CPU or leaves it."""
        thread = self._thread(record.pid, record.tid, record.t_ns, RUNNING if record.out else RUNNABLE)
        if record.out and thread.state == RUNNABLE:
            thread.state = RUNNING  # it ran when godyno was attached, or its coming was lost
        if not record.out:
            self._enter(thread, RUNNING, record.t_ns)
            return
        thread.switches += 1
        thread.preemptions += record.preempted
        self._enter(thread, RUNNABLE if record.preempted else SLEEPING, record.t_ns)

    def existing(self, file: Path) -> None:
        """Takes in the threads that were there when godyno was attached."""
        try:
            lines = file.read_bytes().split(b"\n")
        except OSError:
            return
        for line in lines:
            try:
                pid, tid, name, letter, t_ns = json.loads(line)
                state = RUNNABLE if letter == "R" else SLEEPING
                if 0 < int(pid) < _U32 and 0 < int(tid) < _U32 and 0 <= int(t_ns) < 1 << 63:
                    self.alive[int(tid)] = Thread(int(pid), int(tid), int(t_ns), state, int(t_ns), str(name))
            except (ValueError, TypeError, RecursionError):
                continue

    def wake(self, tid: int, t_ns: int, by_pid: int = 0, by_tid: int = 0) -> Thread | None:
        """A sleeping thread may run again, woken by another (``by_tid`` 0: by an interrupt); None where it did not sleep."""
        thread = self.alive.get(tid)
        if thread is None or thread.state != SLEEPING or t_ns < thread.since_ns:
            return None
        thread.wakeups += 1
        self._enter(thread, RUNNABLE, t_ns)
        thread.waker = (by_pid, by_tid)
        return thread

    def life(self, record: Life) -> None:
        """A thread is made, or ends."""
        if record.kind == "fork":
            before = self.alive.get(record.tid)
            if before is not None and record.t_ns - before.start_ns < _SAME_FORK_NS and not before.switches:
                return  # each event of the ring tells of it
            self._end(self.alive.pop(record.tid, None), record.t_ns)  # its exit was lost
            name = self._names.get(record.parent_tid, "")
            self._names[record.tid] = name
            thread = self._thread(record.pid, record.tid, record.t_ns, RUNNABLE)
            thread.name = name
        else:
            self._end(self.alive.pop(record.tid, None), record.t_ns)

    def named(self, record: Name) -> None:
        """A thread has another name; an exec ends all others of its process."""
        self._names[record.tid] = record.name
        thread = self.alive.get(record.tid)
        if thread is not None:
            thread.name = record.name

    def finish(self, t_ns: int) -> None:
        """The recording is over: writes everything."""
        end = max(self.latest_ns, t_ns)
        for thread in list(self.alive.values()):
            self._end(thread, end)
        self.alive.clear()
        self._write_kept()
        self._write_bins()
        self.sink.note("threads", self.threads)
        if self.left_out:
            self.sink.note("states_left_out", self.left_out)
            self.sink.note("shortest_state_kept_s", self.threshold_ns * 1e-9)

    def _write_kept(self) -> None:
        import numpy as np
        import pyarrow as pa

        if not self._kept:
            return
        columns = np.array(self._kept, np.int64).reshape(-1, 7).T
        start, stop, state, pid, tid, waker_pid, waker = columns
        whose, of = np.unique(_pair(pid, tid), return_inverse=True)
        by, woken = np.unique(_pair(waker_pid, waker), return_inverse=True)
        tracks = [f"{one >> 32}/{one & _U32}" for one in whose.tolist()]
        args = [_waker(one >> 32, one & _U32) for one in by.tolist()]
        self.sink.many(
            "spans", len(start), t_start_ns=start, t_end_ns=stop, layer="thread_state", pid=pid, tid=tid,
            track=pa.DictionaryArray.from_arrays(of.astype(np.int32), tracks),
            name=pa.DictionaryArray.from_arrays(state.astype(np.int32), STATES),
            args=pa.DictionaryArray.from_arrays(woken.astype(np.int32), args),
        )  # fmt: skip

    def _thread(self, pid: int, tid: int, t_ns: int, state: int) -> Thread:
        found = self.alive.get(tid)
        if found is None:
            found = self.alive[tid] = Thread(pid, tid, t_ns, state, t_ns, self._names.get(tid, ""))
        return found

    def _enter(self, thread: Thread, state: int, t_ns: int) -> None:
        self._close(thread, t_ns)
        thread.state, thread.since_ns, thread.waker = state, max(t_ns, thread.since_ns), None

    def _close(self, thread: Thread, t_ns: int) -> None:
        since, state = thread.since_ns, thread.state
        if (
            t_ns > self.latest_ns
        ):  # not max(), which takes as long as all else here: a build has millions of states
            self.latest_ns = t_ns
        if t_ns <= since:
            return
        took = t_ns - since
        thread.totals_ns[state] += took
        if state == SLEEPING:
            self.on_slept(thread, since, t_ns)
        else:
            if state == RUNNABLE and took > thread.longest_wait_ns:
                thread.longest_wait_ns = took
            self._bin(since, t_ns, state)
        if took < self.threshold_ns:
            self.left_out += 1
            return
        self._kept.extend((since, t_ns, state, thread.pid, thread.tid, *(thread.waker or _NOBODY)))
        if len(self._kept) > 2 * 7 * self.most_spans:
            self._thin()

    def _thin(self) -> None:
        """Keeps the longer half: totals are exact, and a picture shows no state shorter than a pixel."""
        import numpy as np

        rows = np.array(self._kept).reshape(-1, 7)
        lengths = rows[:, 1] - rows[:, 0]
        self.threshold_ns = int(np.partition(lengths, len(lengths) // 2)[len(lengths) // 2]) + 1
        kept = rows[lengths >= self.threshold_ns]
        self.left_out += len(rows) - len(kept)
        self._kept = array("q", kept.tobytes())

    def _end(self, thread: Thread | None, t_ns: int) -> None:
        if thread is None:
            return
        self._close(thread, t_ns)
        end = max(t_ns, thread.since_ns)
        self.threads += 1
        running, runnable, sleeping = (round(total * 1e-9, 9) for total in thread.totals_ns)
        self.sink.span(
            thread.start_ns, end, "thread", f"{thread.pid}/{thread.tid}", thread.name or "?", thread.pid, thread.tid,
            {"running_s": running, "runnable_s": runnable, "sleeping_s": sleeping, "switches": thread.switches,
             "preemptions": thread.preemptions, "wakeups": thread.wakeups,
             "runnable_max_s": thread.longest_wait_ns * 1e-9},
        )  # fmt: skip

    def _bin(self, start: int, end: int, state: int) -> None:
        first, last = start // _BIN_NS, (end - 1) // _BIN_NS
        if first == last and (bin_ := self._bins.get(first)) is not None:
            bin_[state] += end - start
            return
        if last - first > _MOST_BINS or len(self._bins) > _MOST_BINS:
            return  # a damaged record claims years
        for index in range(first, last + 1):
            bin_ = self._bins.get(index)
            if bin_ is None:
                bin_ = self._bins[index] = array("q", (0, 0))
            bin_[state] += min(end, (index + 1) * _BIN_NS) - max(start, index * _BIN_NS)

    def _write_bins(self) -> None:
        if not self._bins:
            return
        series = [
            self.sink.series(f"scheduler.{STATES[state]}", "{thread}", "scheduler")
            for state in (RUNNING, RUNNABLE)
        ]
        group = self.sink.rows(series)
        previous = None
        for index in sorted(self._bins):
            if previous is not None and index > previous + 1:
                self.sink.row(group, (previous + 1) * _BIN_NS, (0.0, 0.0))
                self.sink.row(group, index * _BIN_NS - 1, (0.0, 0.0))
            bin_ = self._bins[index]
            at = min((index + 1) * _BIN_NS, self.latest_ns)
            self.sink.row(group, at, (bin_[RUNNING] / _BIN_NS, bin_[RUNNABLE] / _BIN_NS))
            previous = index
