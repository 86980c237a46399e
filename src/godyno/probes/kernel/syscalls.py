"""Every system call of every thread: how long it took and what it gave back, from raw_syscalls' enter and exit.

Dear for programs that make many: each call costs some microseconds more, so this belongs to the level ``deep``. Calls of at
least ``span_s`` become spans; all of them are in the counters.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import FormatError
from godyno.formats.syscall_names import syscall_name
from godyno.interfaces import Sink, Target
from godyno.model import Availability, Clock, Machine
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_probe import PerfProbe
from godyno.probes.kernel.perf_records import Life, Sample, Trouble, read_meta, read_records
from godyno.probes.kernel.stacks import end_ns
from godyno.probes.kernel.tracepoints import tracepoint_ids, tracepoints_availability

_ENTER, _EXIT = "raw_syscalls/sys_enter", "raw_syscalls/sys_exit"
_ID_FIRST = struct.Struct("<8xqi")  # struct trace_event_raw_sys_enter: id at 8, args at 16
_ID_RET = struct.Struct("<8xqq")  # sys_exit: id at 8, ret at 16
_BIN_NS = 100_000_000
_MOST_SPANS = 200_000
# Calls that wait and whose first argument is the file that they are about.
_OF_A_FILE = frozenset({
    "read", "pread64", "readv", "preadv", "preadv2", "write", "pwrite64", "writev", "pwritev", "pwritev2", "fsync", "fdatasync",
    "sync_file_range", "syncfs", "fallocate", "ftruncate", "getdents64", "flock", "connect", "accept", "accept4", "recvfrom",
    "recvmsg", "sendto", "sendmsg", "close",
})  # fmt: skip
_NEVER_RETURN = ("exit", "exit_group", "rt_sigreturn")


class Syscalls(PerfProbe):
    """System calls. ``span_s`` is the shortest call that gets a span of its own."""

    name: ClassVar[str] = "syscalls"
    summary: ClassVar[str] = "every system call of every thread: duration, result, count"
    tables: ClassVar[Mapping[str, Clock]] = {"spans": Clock.MONOTONIC, "points": Clock.MONOTONIC}
    pages: ClassVar[int] = 512
    kernel_needed: ClassVar[bool] = True
    levels: ClassVar[tuple[str, ...]] = ("deep",)

    def __init__(self, *, span_s: float = 0.0001) -> None:
        self.span_s = span_s

    def availability(self, machine: Machine) -> Availability:
        """Needs tracepoints."""
        found = super().availability(machine)
        return tracepoints_availability(machine) if found else found

    def start(self, target: Target, sink: Sink) -> None:
        """Watches; the machine's architecture decides what a number means."""
        import platform

        self.machine = platform.machine()
        super().start(target, sink)

    def events(self) -> Sequence[pe.Event]:
        """Enter and exit, each always kept."""
        numbers = tracepoint_ids([_ENTER, _EXIT])
        return [
            pe.Event("enter", pe.TYPE_TRACEPOINT, numbers[_ENTER], 1, pe.SAMPLE_RAW, kernel=True),
            pe.Event("exit", pe.TYPE_TRACEPOINT, numbers[_EXIT], 1, pe.SAMPLE_RAW, kernel=True),
        ]

    def settings(self) -> Mapping[str, Any]:
        """What the numbers mean, and what gets a span."""
        return {"machine": self.machine, "span_s": self.span_s}

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """Spans of layer ``syscall``; by process and call, how many and how long, over time."""
        try:
            meta = read_meta(raw)
        except FormatError as error:
            sink.warn(f"System calls were not read: {error}")
            return
        if meta is None:
            return
        machine = str(meta.settings.get("machine") or "")
        span_s = meta.settings.get("span_s")
        least_ns = int(span_s * 1e9) if isinstance(span_s, int | float) and 0 <= span_s < 1e6 else 100_000
        calls = Calls(sink, machine, least_ns)
        lost = 0
        for record in read_records(raw, meta):
            if isinstance(record, Sample):
                if record.event == "enter" and len(record.raw) >= _ID_FIRST.size:
                    calls.enter(record.pid, record.tid, record.t_ns, *_ID_FIRST.unpack_from(record.raw))
                elif record.event == "exit" and len(record.raw) >= _ID_RET.size:
                    calls.exit(record.pid, record.tid, record.t_ns, *_ID_RET.unpack_from(record.raw))
            elif isinstance(record, Life) and record.kind == "exit":
                calls.gone(record.tid, record.t_ns)
            elif isinstance(record, Trouble):
                lost += record.count
        calls.finish(end_ns(manifest))
        sink.note("calls", calls.total)
        if calls.left_out:
            sink.note("spans_left_out", calls.left_out)
        if lost:
            sink.note("lost_records", lost)
            sink.warn(f"The kernel dropped {lost} system-call records: counts and times are too small.")


class Calls:
    """System calls from their enters and exits in order of time."""

    def __init__(self, sink: Sink, machine: str, least_ns: int, most_spans: int = _MOST_SPANS) -> None:
        self.sink, self.machine, self.least_ns, self.most_spans = sink, machine, least_ns, most_spans
        self.inside: dict[int, tuple[int, int, int, int]] = {}  # tid to pid, since, number, first argument
        self.total = self.left_out = self.latest_ns = 0
        self._sums: dict[
            tuple[int, int], list[Any]
        ] = {}  # (pid, number) to count, ns, series group, next bin
        self._spans: list[tuple[int, int, int, int, int, int, int]] = []

    def enter(self, pid: int, tid: int, t_ns: int, number: int, first: int = -1) -> None:
        """A thread enters the kernel; ``first`` is the call's first argument."""
        self.inside[tid] = (pid, t_ns, number, first)

    def exit(self, pid: int, tid: int, t_ns: int, number: int, result: int) -> None:
        """It returns. Without an enter (it began before the recording, or was lost) nothing is known of its length."""
        found = self.inside.pop(tid, None)
        if found is not None and found[2] == number:
            self._done(pid, tid, found[1], t_ns, number, result, found[3])

    def gone(self, tid: int, t_ns: int) -> None:
        """The thread ended inside the kernel, as with exit_group."""
        self.inside.pop(tid, None)

    def finish(self, t_ns: int) -> None:
        """Writes everything; a call that has not returned by now gets a span that says so."""
        end = max(t_ns, self.latest_ns)
        for tid, (pid, since, number, first) in self.inside.items():
            name = syscall_name(number, self.machine)
            if end - since >= self.least_ns and name not in _NEVER_RETURN:
                args = {"unfinished": True, **_file(name, first)}
                self.sink.span(since, end, "syscall", f"{pid}/{tid}", name, pid, tid, args)
        for since, until, number, result, pid, tid, first in self._spans:
            name = syscall_name(number, self.machine)
            told: dict[str, Any] = {"error": -result} if -4096 < result < 0 else {"result": result}
            self.sink.span(
                since, until, "syscall", f"{pid}/{tid}", name, pid, tid, {**told, **_file(name, first)}
            )
        for entry in self._sums.values():
            self._point(entry)

    def _done(self, pid: int, tid: int, since: int, until: int, number: int, result: int, first: int) -> None:
        took = max(0, until - since)
        self.total += 1
        self.latest_ns = until
        entry = self._sums.get((pid, number))
        if entry is None:
            labels = {"pid": str(pid), "call": syscall_name(number, self.machine), "kind": "counter"}
            count = self.sink.series("process.syscall.count", "{call}", "syscall", labels)
            time = self.sink.series("process.syscall.time", "s", "syscall", labels)
            entry = self._sums[(pid, number)] = [0, 0, self.sink.rows([count, time]), until // _BIN_NS, since]
            self.sink.row(entry[2], since, (0.0, 0.0))
        bin_ = until // _BIN_NS
        if bin_ > entry[3]:
            self._point(entry)
            entry[3] = bin_
        entry[0] += 1
        entry[1] += took
        entry[4] = until
        if took < self.least_ns:
            return
        self._spans.append((since, until, number, result, pid, tid, first))
        if len(self._spans) > 2 * self.most_spans:
            lengths = sorted(one[1] - one[0] for one in self._spans)
            self.least_ns = lengths[len(lengths) // 2] + 1
            kept = [one for one in self._spans if one[1] - one[0] >= self.least_ns]
            self.left_out += len(self._spans) - len(kept)
            self._spans = kept

    def _point(self, entry: list[Any]) -> None:
        self.sink.row(entry[2], entry[4], (float(entry[0]), entry[1] * 1e-9))


def _file(name: str, first: int) -> dict[str, int]:
    return {"fd": first} if first >= 0 and name in _OF_A_FILE else {}
