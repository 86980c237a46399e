"""Go's own story, GODEBUG's gctrace, inittrace and schedtrace, of the command and of the toolchain's children.

The runtime prints these lines to the process's stderr, in pieces, without saying which process it is. So each Go process is run
through the shim, which gives it a stderr of its own, takes the lines out with the time of their arrival, and passes the rest on.
A line is printed when the collection or the package's init has ended, which places it within a millisecond or, where the machine is
busy, some. gctrace also counts from when the runtime began, in whole milliseconds. When that was an instrumented program tells;
of another it is estimated: each line says that it was no later than its arrival less what it counts, and the earliest of all is
taken, so that one line that came at once places all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import FormatError, UsageError
from godyno.formats.gctrace import gc_cycle
from godyno.formats.inittrace import package_init
from godyno.formats.instrumentlog import read_heads
from godyno.formats.schedtrace import SchedState, sched_state
from godyno.formats.shimlog import ShimLine, ShimProcess, shim_process
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Availability, Clock, Machine, Workload

SETTINGS = ("gctrace", "inittrace", "schedtrace")
_HALF_MS = 500_000
_LINE_ARRIVAL_ERROR_NS = 1_000_000
_MOST_BYTES = 256 << 20


def settings_of(text: str) -> tuple[str, ...]:
    """GODEBUG settings from what a user writes: ``gctrace,schedtrace=500``. Raises UsageError."""
    out = []
    for word in text.split(","):
        name, _, value = word.strip().partition("=")
        if name not in SETTINGS or (value and not value.isdecimal()):
            raise UsageError(
                f"--go-debug {word!r} is not known",
                hint=f"Choose from {', '.join(SETTINGS)}; schedtrace=500 is in ms.",
            )
        out.append(f"{name}={value or ('1000' if name == 'schedtrace' else '1')}")
    return tuple(out)


class GoDebug(SimpleProbe):
    """``settings`` are GODEBUG's; ``shim`` is the built shim, without which there is nothing to be had."""

    name: ClassVar[str] = "go_debug"
    summary: ClassVar[str] = "gctrace, inittrace and schedtrace of every Go process, told apart by process"
    tables: ClassVar[Mapping[str, Clock]] = {
        "spans": Clock.READER,
        "points": Clock.READER,
        "lines": Clock.READER,
    }
    levels: ClassVar[tuple[str, ...]] = ()  # only where asked for: the shim is a process more for each

    def __init__(
        self, *, settings: Sequence[str] = ("gctrace=1", "inittrace=1"), shim: Path | None = None
    ) -> None:
        self.settings, self.shim = tuple(settings), shim

    def availability(self, machine: Machine) -> Availability:
        """Needs the shim."""
        if self.shim is None:
            return Availability(
                False, "it was not asked for", "Record with --go-debug gctrace,inittrace,schedtrace."
            )
        return Availability(True)

    def prepare(self, workload: Workload, raw: Path) -> Workload:
        """The workload with its Go processes run through the shim."""
        from godyno.workload.shim import with_shim

        if self.shim is None:
            return workload
        return with_shim(workload, self.shim, raw.absolute(), self.settings)

    def start(self, target: Target, sink: Sink) -> None:
        """Makes the folder that the shim writes to."""
        sink.raw("")

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """Collections and inits as spans, the scheduler's state as points."""
        if not raw.is_dir():
            return
        odd: list[str] = []
        began = _runtime_began(raw)
        for file in sorted(raw.iterdir()):
            try:
                if file.stat().st_size > _MOST_BYTES:
                    raise FormatError("larger than any such file")
                process = shim_process(file.read_bytes().splitlines())
            except (OSError, FormatError) as error:
                odd.append(f"{file.name}: {error}")
                continue
            series: dict[str, int] = {}
            began_ns = began.get(process.pid) or _earliest_beginning(process)
            for line in process.lines:
                try:
                    _LINES.get(line.kind, _other)(line, process, sink, series, began_ns)
                except FormatError as error:
                    odd.append(str(error))
        sink.note("alignment_error_ns", _LINE_ARRIVAL_ERROR_NS)
        if odd:
            sink.note("not_understood", odd[:20])
            sink.warn(f"{len(odd)} lines of Go's debug output were not understood; the first: {odd[0][:120]}")


def _runtime_began(raw: Path) -> dict[int, int]:
    """When the runtime of each process began that told so itself (instrumented ones do); gctrace counts from there."""
    out = {}
    for log in read_heads(raw.parent / "go_runtime" / "data"):
        if log.init_ns > 0:
            out[log.pid] = log.init_ns
    return out


def _earliest_beginning(process: ShimProcess) -> int | None:
    """The latest instant at which the runtime of ``process`` can have begun, by its gctrace lines; None without any."""
    found = []
    for line in process.lines:
        if line.kind == "gctrace":
            try:
                cycle = gc_cycle(line.text)
            except FormatError:
                continue  # told where it is read
            found.append(line.t_start_ns - round((cycle.duration_s + cycle.since_start_s) * 1e9))
    return min(found, default=None)


def _gc(
    line: ShimLine, process: ShimProcess, sink: Sink, series: dict[str, int], began_ns: int | None
) -> None:
    cycle = gc_cycle(line.text)
    start = line.t_start_ns - round(cycle.duration_s * 1e9)
    if (
        began_ns is not None
    ):  # the line says when the collection began, in whole ms; it cannot have come before it was printed
        start = min(start, began_ns + round(cycle.since_start_s * 1e9) + _HALF_MS)
    swept = start + round(cycle.stw_sweep_termination_s * 1e9)
    marked = swept + round(cycle.mark_s * 1e9)
    end = marked + round(cycle.stw_mark_termination_s * 1e9)
    args = {
        "heap_start_bytes": cycle.heap_start_bytes, "heap_end_bytes": cycle.heap_end_bytes,
        "heap_live_bytes": cycle.heap_live_bytes, "heap_goal_bytes": cycle.heap_goal_bytes, "procs": cycle.procs,
        "pause_s": cycle.pause_s, "assist_cpu_s": cycle.assist_cpu_s, "background_cpu_s": cycle.background_cpu_s,
        "cpu_ratio": cycle.cpu_ratio, "forced": cycle.forced, "package": process.package,
    }  # fmt: skip
    track = str(process.pid)
    sink.span(start, end, "gc", track, f"GC {cycle.number}", process.pid, 0, args)
    sink.span(start, swept, "gc", track, "STW sweep termination", process.pid)
    sink.span(swept, marked, "gc", track, "concurrent mark", process.pid)
    sink.span(marked, end, "gc", track, "STW mark termination", process.pid)


def _init(
    line: ShimLine, process: ShimProcess, sink: Sink, series: dict[str, int], began_ns: int | None
) -> None:
    found = package_init(line.text)
    args = {"allocated_bytes": found.allocated_bytes, "allocations": found.allocations}
    start = line.t_start_ns - round(found.clock_s * 1e9)
    sink.span(start, line.t_start_ns, "init", str(process.pid), found.package, process.pid, 0, args)


def _sched(
    line: ShimLine, process: ShimProcess, sink: Sink, series: dict[str, int], began_ns: int | None
) -> None:
    state = sched_state(line.text)
    for name, unit, value in (
        ("go.schedule.run_queue", "{goroutine}", _queued(state)),
        ("go.schedule.idle_procs", "{P}", state.idle_procs),
        ("go.schedule.threads", "{thread}", state.threads),
        ("go.schedule.idle_threads", "{thread}", state.idle_threads),
        ("go.schedule.gomaxprocs", "{P}", state.gomaxprocs),
    ):  # fmt: skip
        if value is not None:
            if name not in series:
                series[name] = sink.series(name, unit, "go", {"pid": str(process.pid)})
            sink.point(series[name], line.t_start_ns, float(value))


def _queued(state: SchedState) -> int | None:
    return None if state.global_run_queue is None else state.global_run_queue + sum(state.run_queues)


def _other(
    line: ShimLine, process: ShimProcess, sink: Sink, series: dict[str, int], began_ns: int | None
) -> None:
    sink.line(line.t_ns, "godebug", line.text, process.pid)


_LINES = {"gctrace": _gc, "inittrace": _init, "schedtrace": _sched}
