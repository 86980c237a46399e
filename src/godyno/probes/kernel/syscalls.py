"""Every system call of every thread: how long it took and what it gave back, from raw_syscalls' enter and exit.

Dear for programs that make many: each call costs some microseconds more, so this belongs to the level ``deep``. Calls of at
least ``span_s`` become spans; all of them are in the counters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import FormatError
from godyno.interfaces import Sink, Target
from godyno.model import Availability, Clock, Machine
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_probe import PerfProbe
from godyno.probes.kernel.perf_records import read_meta
from godyno.probes.kernel.stacks import end_ns
from godyno.probes.kernel.tracepoints import tracepoint_ids, tracepoints_availability

_ENTER, _EXIT = "raw_syscalls/sys_enter", "raw_syscalls/sys_exit"


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
        # Here since it takes numpy, which the recorder does without.
        from godyno.probes.kernel.syscall_calls import Calls, syscall_rows

        calls = Calls(sink, machine, least_ns)
        for rows in syscall_rows(raw, meta):
            calls.take(rows)
        calls.finish(end_ns(manifest))
        sink.note("calls", calls.total)
        if calls.left_out:
            sink.note("spans_left_out", calls.left_out)
        if calls.lost:
            sink.note("lost_records", calls.lost)
            sink.warn(f"The kernel dropped {calls.lost} system-call records: counts and times are too small.")
