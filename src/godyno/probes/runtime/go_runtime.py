"""What instrumented Go programs told of their runtime: execution trace, runtime/metrics, profiles.

The programs stream to files of their own while they run (``workload.instrument``), so nothing is in the recorder's way; all is
read when the capture is sealed. Each process's trace is placed by markers in it that hold what CLOCK_MONOTONIC said.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from godyno.errors import FormatError, GodynoError
from godyno.formats.gocommand import go_command
from godyno.formats.instrumentlog import METRICS, InstrumentLog, instrument_log, quantile
from godyno.interfaces import SimpleProbe, Sink, TableSink, Target
from godyno.model import Availability, Clock, Machine, Workload

if TYPE_CHECKING:
    from godyno.workload.instrument import Plan

_MOST_LOG_BYTES = 512 << 20
_MOST_PROFILE_BYTES = 256 << 20
_MOST_PROCESSES = 2000
_QUANTILES = (0.5, 0.9, 0.99, 1.0)
_USED = tuple(name for name in METRICS if name.startswith("/memory/classes/") and "objects" not in name)


class GoRuntime(SimpleProbe):
    """``plan`` is what is added to the go command, without which there is nothing to be had."""

    name: ClassVar[str] = "go_runtime"
    summary: ClassVar[str] = "goroutines, GC, metrics and profiles of instrumented Go programs"
    tables: ClassVar[Mapping[str, Clock]] = {
        "spans": Clock.CONVERTED,
        "events": Clock.CONVERTED,
        "points": Clock.MONOTONIC,
        "stacks": Clock.CONVERTED,
    }
    levels: ClassVar[tuple[str, ...]] = ()  # only where asked for: it changes what is built

    def __init__(self, *, plan: Plan | None = None) -> None:
        self.plan = plan

    def availability(self, machine: Machine) -> Availability:
        """Needs a plan, and Linux."""
        if machine.os not in ("linux", ""):
            return Availability(
                False, f"instrumented programs tell nothing on {machine.os} yet", "Record on Linux."
            )
        if self.plan is None:
            return Availability(False, "it was not asked for", "Record with --instrument.")
        return Availability(True)

    def prepare(self, workload: Workload, raw: Path) -> Workload:
        """The workload with the overlay."""
        return workload if self.plan is None else self.plan.apply(workload, raw)

    def start(self, target: Target, sink: Sink) -> None:
        """Writes the overlay and makes the folder that programs write to."""
        if self.plan is None:
            return
        self.plan.write(sink.raw("").absolute())
        sink.note("instrumented", list(self.plan.packages)[:100])
        sink.note("kinds", list(self.plan.kinds))
        for warning in self.plan.warnings:
            sink.warn(warning)

    def decode(self, raw: Path, sink: TableSink, manifest: Mapping[str, Any]) -> None:
        """Everything that each process left."""
        from godyno.workload.instrument import DATA

        logs = _logs(raw / DATA, sink)
        if not logs:
            if (raw / DATA).is_dir() and (why := _why_nobody(manifest)):
                sink.warn(f"No instrumented program told anything: {why}")
            return
        for _, log in logs:
            _metrics(log, sink)
        sink.note("processes", len(logs))
        _tell_lost([log for _, log in logs], sink)
        _profiles(logs, sink)
        _traces([(base, log) for base, log in logs if base.with_name(base.name + ".trace").is_file()], sink)


def _why_nobody(manifest: Mapping[str, Any]) -> str:
    """What may be the reason that there are no files; empty where none were to be expected."""
    command = go_command((manifest.get("workload") or {}).get("argv") or ())
    if command is None:
        return "build it with `godyno record --instrument -- go build`."
    if command.subcommand in ("build", "install") or "c" in command.flags:
        return ""
    return "did it run? Results of go test may come from its cache; -count=1 runs them always."


def _logs(data: Path, sink: TableSink) -> list[tuple[Path, InstrumentLog]]:
    out, odd = [], []
    for file in sorted(data.glob("*.jsonl"))[:_MOST_PROCESSES] if data.is_dir() else ():
        try:
            if file.stat().st_size > _MOST_LOG_BYTES:
                raise FormatError("larger than any such file")
            log = instrument_log(file.read_bytes().splitlines())
        except (OSError, FormatError) as error:
            odd.append(f"{file.name}: {error}")
            continue
        if log.odd_lines > 1:  # the last one of a killed program is torn
            odd.append(f"{file.name}: {log.odd_lines} lines")
        out.append((file.with_suffix(""), log))
    if odd:
        sink.note("not_understood", odd[:20])
        sink.warn(
            f"{len(odd)} files of instrumented programs were not wholly understood; the first: {odd[0][:120]}"
        )
    return out


def _metrics(log: InstrumentLog, sink: TableSink) -> None:
    import numpy as np

    t = np.array([(one.t_start_ns + one.t_end_ns) // 2 for one in log.samples], np.int64)
    pid, columns = {"pid": str(log.pid)}, {}
    for at, name in enumerate(log.names):
        if name not in METRICS:
            continue
        series, unit, adds_up = METRICS[name]
        if at in log.bounds:
            rises = [one.values[at] for one in log.samples]
            for q in _QUANTILES:
                values = [
                    quantile(log.bounds[at], rise, q) if isinstance(rise, tuple) else None for rise in rises
                ]
                curve = np.array([np.nan if value is None else value for value in values], np.float64)
                if not (
                    series == "go.gc.pause"
                    and name == "/gc/pauses:seconds"
                    and "/sched/pauses/total/gc:seconds" in log.names
                ):
                    sink.curve(sink.series(series, unit, "go", {**pid, "quantile": f"{q:g}"}), t, curve)
            continue
        columns[name] = np.array(
            [one.values[at] if isinstance(one.values[at], float) else np.nan for one in log.samples],
            np.float64,
        )
        if name not in _USED:
            labels = {**pid, "kind": "counter"} if adds_up else pid
            sink.curve(sink.series(series, unit, "go", labels), t, columns[name])
    if all(name in columns for name in _USED):
        stacks, total, released = (columns[name] for name in _USED)
        for kind, used in (("stack", stacks), ("other", total - released - stacks)):
            sink.curve(sink.series("go.memory.used", "By", "go", {**pid, "go.memory.type": kind}), t, used)


def _tell_lost(logs: list[InstrumentLog], sink: TableSink) -> None:
    """How each process ended, and what that has cost."""
    killed = [log for log in logs if not log.ended]
    old = [log for log in killed if log.go.startswith("go1.21")]
    if killed:
        sink.note("ended_untold", [log.pid for log in killed[:100]])
        sink.warn(
            f"{len(killed)} of {len(logs)} instrumented processes ended without a word (a panic, SIGKILL, an exec, or they still run): "
            "up to the last 0.3 s of their traces are missing"
            + ("; of Go 1.21 the whole trace is." if old else ".")
        )
    if limited := [log.pid for log in logs if log.limited]:
        sink.note("trace_limit", limited[:100])
        sink.warn(
            f"The execution trace of {len(limited)} processes was ended because it had become too large."
        )
    if errors := sorted({error for log in logs for error in log.errors}):
        sink.warn(f"Not to be had, because the program itself uses it: {', '.join(errors)}.")


def _profiles(logs: list[tuple[Path, InstrumentLog]], sink: TableSink) -> None:
    """The profiles that each process wrote, each kind's against the one before; the CPU's where no trace holds its samples."""
    from godyno.formats.pprof import Profile, profile
    from godyno.probes.runtime.profile_tables import KINDS, add_profile

    count, odd = 0, []
    for base, log in logs:
        before: dict[str, tuple[int, Profile]] = {}
        for file in sorted(
            base.parent.glob(base.name + ".*.pprof"), key=lambda file: (len(file.name), file.name)
        ):
            parts = file.name.split(".")  # PID-START.INSTANT.KIND.pprof, PID-START.cpu.pprof
            kind, at = (
                parts[-2],
                int(parts[-3])
                if len(parts) == 4 and parts[-3].isdigit() and len(parts[-3]) < 19
                else log.t_last_ns,
            )
            try:
                if kind not in KINDS or file.stat().st_size > _MOST_PROFILE_BYTES:
                    raise FormatError("a profile of unknown kind, or larger than any")
                found = profile(file.read_bytes())
                start, last = before.get(kind, (log.t_ns, None))
                add_profile(sink, kind, found, min(start, at), at, pid=log.pid, before=last)
            except (OSError, FormatError) as error:
                odd.append(f"{file.name}: {error}")
                continue
            before[kind] = at, found
            count += 1
    if count:
        sink.note("profiles", count)
    if odd:
        sink.note("profiles_not_read", odd[:20])
        sink.warn(
            f"{len(odd)} profiles of instrumented programs were not read (one is torn when its program is killed)."
        )


def _traces(found: list[tuple[Path, InstrumentLog]], sink: TableSink) -> None:
    from godyno.formats.exectrace import decode
    from godyno.probes.runtime.exectrace_tables import clock_markers, placed, trace_tables
    from godyno.probes.runtime.goroutine_states import MOST_SPANS
    from godyno.toolchain.find import find_go
    from godyno.toolchain.programs import trace_decoder

    if not found:
        return
    try:
        program = trace_decoder(find_go())
    except GodynoError as error:
        sink.warn(f"Execution traces were not decoded and stay in raw/go_runtime: {error}")
        return
    errors: list[int] = []
    left: dict[str, int] = {}
    bad: list[str] = []
    collections = goroutines = shortest = 0
    for base, log in found:
        with tempfile.TemporaryDirectory(prefix="decoded-", dir=base.parent) as scratch:
            try:
                trace = decode(program, base.with_name(base.name + ".trace"), Path(scratch))
                place = placed(clock_markers(trace))
                if place is None:
                    raise FormatError("it has no reading of the clock, so it is left unplaced")
                told = trace_tables(
                    trace, sink, log.pid, shift_ns=place[0], most_spans=max(20_000, MOST_SPANS // len(found))
                )
            except (FormatError, OSError) as error:
                bad.append(f"process {log.pid}: {error}")
                continue
        errors.append(place[1])
        for layer, count in told.left_out.items():
            left[layer] = left.get(layer, 0) + count
        collections, goroutines = collections + told.collections, goroutines + told.goroutines
        shortest = max(shortest, told.shortest_state_ns)
    if errors:
        sink.note("alignment_error_ns", max(errors))
        sink.note("traces", {"processes": len(errors), "goroutines": goroutines, "collections": collections})
    if left:
        sink.note("left_out", left)
        sink.note("shortest_state_kept_s", shortest * 1e-9)
    if bad:
        sink.note("traces_not_read", bad[:20])
        sink.warn(f"{len(bad)} of {len(found)} execution traces were not read; the first: {bad[0][:300]}")
