"""From a capture to the document that ``godyno show`` and ``godyno report`` render."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from godyno import registry, units
from godyno.capture.manifest import Manifest
from godyno.diagnose.findings import findings_of
from godyno.diagnose.processes import processes
from godyno.errors import GodynoError
from godyno.model import Clock, Finding
from godyno.report.document import (
    Bar,
    Block,
    Document,
    Figure,
    Grid,
    Heading,
    KeyFigures,
    Message,
    SpanLanes,
    Timeline,
    finding_blocks,
)
from godyno.report.sparks import sparks

_BARS = 16
_LEAST_BAR = 0.005  # of the whole path
_SAID_ABOVE = (
    "packages-by-memory",
)  # its figures are a column of the table before it: only the page shows both orders


def capture_document(capture: Any, findings: Sequence[Finding] | None = None) -> Document:
    """What ran, what it needed, where time and memory went, what was not seen. Raises CaptureError where it is damaged."""
    manifest = capture.manifest
    found = findings_of(capture) if findings is None else list(findings)
    blocks: list[Block] = [KeyFigures(key_figures(capture))]
    blocks.extend(Message(warning, "warning") for warning in manifest.warnings)
    wall_s = manifest.result.wall_s if manifest.result else 0.0
    lines = sparks(capture)
    if lines:
        blocks += [Heading("Over time"), Timeline(lines, wall_s)]
    for source in dict.fromkeys(one.source for one in found):
        blocks.append(Heading(_heading(source)))
        for one in found:
            if one.source == source:
                blocks.extend(_finding_blocks(one))
    blocks.append(Heading("How it was observed"))
    blocks.append(_cost(capture))
    if manifest.probes:
        blocks.append(_probes(capture))
    blocks += [Heading("The machine"), _machine(manifest)]
    if manifest.machine.sysctl:
        settings = tuple((name, value) for name, value in manifest.machine.sysctl.items())
        blocks.append(Grid(("kernel setting", "value"), settings, detail=True))
    return Document(title_of(capture), _subtitle(capture), tuple(blocks))


def title_of(capture: Any) -> str:
    """The command as one would type it, or the capture's name where it has none."""
    argv = capture.manifest.workload.argv
    return shlex.join(argv) if argv else Path(capture.path).name


def key_figures(capture: Any) -> tuple[Figure, ...]:
    """The figures that answer first."""
    manifest = capture.manifest
    attached = "attached" in manifest.notes
    lasted = "for which it was watched" if attached else "from exec to the end of the command"
    out = []
    if manifest.result:
        result = manifest.result
        cpu = result.user_s + result.system_s
        about = (
            f"{cpu / result.wall_s:.2g} of {manifest.machine.cpu.online} CPUs busy with it"
            if result.wall_s > 0
            else ""
        )
        out.append(
            Figure(
                "Wall time",
                units.show_seconds(result.wall_s),
                lasted,
            )
        )
        out.append(Figure("CPU time", units.show_seconds(cpu), about))
    if manifest.peak:
        exact = "" if manifest.peak.exact else "at least; "
        out.append(
            Figure("Peak memory", units.show_bytes(manifest.peak.value_bytes), exact + manifest.peak.source)
        )
    count = capture.sql("SELECT count(*) AS n FROM spans WHERE layer = 'process'")["n"][0].as_py()
    if count:
        kinds = len({one.kind for one in processes(capture)})
        out.append(Figure("Processes", f"{count:,}", f"of {kinds} {'kind' if kinds == 1 else 'kinds'}"))
    if attached:
        out.append(Figure("Attached", "to what ran", "not started by godyno: how it ends is not seen"))
    elif manifest.result:
        result = manifest.result
        ended = f"signal {result.signal}" if result.signal else f"exit {result.exit_code}"
        out.append(
            Figure(
                "Ended",
                ended,
                "killed by a signal" if result.signal else "success" if result.exit_code == 0 else "failure",
            )
        )
    else:
        out.append(Figure("Ended", "not known", "the recording stopped before the command did"))
    return tuple(out)


def _subtitle(capture: Any) -> str:
    manifest = capture.manifest
    parts = [f"Recorded {manifest.created_at}"]
    if manifest.machine.hostname:
        parts.append(f"on {manifest.machine.hostname}")
    if manifest.workload.cwd:
        parts.append(f"in {manifest.workload.cwd}")
    text = " ".join(parts)
    if manifest.tags:
        text += "; " + ", ".join(f"{key} = {value}" for key, value in manifest.tags.items())
    return text


def _heading(source: str) -> str:
    try:
        return str(registry.load("analyses", source).summary)
    except GodynoError:
        return source  # said by something that is not installed here


def _finding_blocks(finding: Finding) -> list[Block]:
    blocks, bars = finding_blocks(finding), _bars(finding)
    if bars or finding.kind in _SAID_ABOVE:
        blocks = [replace(block, detail=True) if isinstance(block, Grid) else block for block in blocks]
    return [*blocks, bars] if bars else blocks


def _bars(finding: Finding) -> SpanLanes | None:
    """The path of a finding that has one, its longest steps as bars."""
    path = finding.data.get("path")
    if finding.kind != "critical-path" or not isinstance(path, list):
        return None
    steps = [
        step
        for step in path
        if isinstance(step, dict)
        and isinstance(step.get("t_start_ns"), int)
        and isinstance(step.get("t_end_ns"), int)
    ]
    if not steps:
        return None
    start, end = min(step["t_start_ns"] for step in steps), max(step["t_end_ns"] for step in steps)
    longest = sorted(steps, key=lambda step: step["t_start_ns"] - step["t_end_ns"])[:_BARS]
    longest = [
        s for s in longest if s["t_end_ns"] - s["t_start_ns"] >= _LEAST_BAR * (end - start)
    ] or longest[:1]
    bars = tuple(
        Bar(
            str(step.get("name", ""))
            if step.get("mode") in ("build", "", None)
            else f"{step['mode']} {step.get('name', '')}",
            (step["t_start_ns"] - start) * 1e-9,
            (step["t_end_ns"] - start) * 1e-9,
            units.show_seconds((step["t_end_ns"] - step["t_start_ns"]) * 1e-9),
        )
        for step in sorted(longest, key=lambda step: step["t_start_ns"])
    )
    left = len(steps) - len(bars)
    return SpanLanes(bars, (end - start) * 1e-9, f"the longest of its {len(steps)} steps" if left else "")


def _cost(capture: Any) -> KeyFigures:
    manifest = capture.manifest
    cost, wall_s = manifest.cost, manifest.result.wall_s if manifest.result else 0.0
    during = units.show_seconds(cost.during_cpu_s)
    share = (
        f"{units.show_ratio(cost.during_cpu_s / wall_s)} of one CPU while the command ran"
        if wall_s > 0
        else "while the command ran"
    )
    errors = [probe.alignment_error_ns for probe in manifest.probes if probe.alignment_error_ns is not None]
    figures = [
        Figure("Recorder's CPU", during, share),
        Figure("Recorder's memory", units.show_bytes(cost.rss_peak_bytes), "resident at most"),
        Figure(
            "Before and after",
            units.show_seconds(cost.before_wall_s + cost.after_wall_s),
            "set-up and teardown, outside the command's time",
        ),
        Figure("Sampling rate", f"{manifest.hz:g} Hz", f"level {manifest.level}"),
    ]
    if errors:
        figures.append(
            Figure(
                "Alignment",
                f"± {units.show(max(errors), 'ns')}",
                "the least exact source, on CLOCK_MONOTONIC",
            )
        )
    return KeyFigures(tuple(figures))


def _probes(capture: Any) -> Grid:
    rows = []
    for probe in capture.manifest.probes:
        if not probe.availability.available:
            continue  # a finding names it, with its reason
        stamped = set(probe.clocks.values()) == {Clock.MONOTONIC.value}
        error = "not needed" if stamped else "–"
        if probe.alignment_error_ns is not None:
            error = f"± {units.show(probe.alignment_error_ns, 'ns')}"
        rows.append(
            (
                probe.name,
                ", ".join(sorted(set(probe.clocks.values()))) or "–",
                error,
                units.show_seconds(probe.cpu_s),
            )
        )
    return Grid(("layer", "clock", "alignment", "CPU"), tuple(rows), frozenset({2, 3}))


def _machine(manifest: Manifest) -> Grid:
    machine = manifest.machine
    cpu, memory, group = machine.cpu, machine.memory, machine.cgroup
    level = f", {cpu.arch} {cpu.isa_level}".rstrip() if cpu.arch else ""
    rows = [
        (
            "processor",
            f"{cpu.model or 'not known'}{level}; {cpu.online} online, {cpu.allowed} allowed to the command",
        ),
        (
            "memory",
            f"{units.show_bytes(memory.total_bytes)}, swap {units.show_bytes(memory.swap_total_bytes)}",
        ),
    ]
    if group.version:
        limits = _limits(group.memory_bytes, group.cpu_quota)
        if group.pids is not None:
            limits.append(f"{group.pids:,} processes")
        rows.append(("limits", f"{', '.join(limits) or 'none'} (cgroup v{group.version})"))
    if own := _limits(manifest.limits.memory_bytes, manifest.limits.cpu_quota):
        rows.append(("limits set for the command", ", ".join(own)))
    rows.append(
        (
            "system",
            " ".join(
                filter(
                    None, (machine.distribution, machine.kernel, machine.cpu.hypervisor, machine.container)
                )
            )
            or "not known",
        )
    )
    rows.extend(
        (
            f"disk for {disk.purpose}",
            f"{disk.filesystem or 'unknown'}, {units.show_bytes(disk.free_bytes)} free at {disk.path}",
        )
        for disk in machine.disks
    )
    return Grid(("what", "value"), tuple(rows))


def _limits(memory_bytes: int | None, cpus: float | None) -> list[str]:
    out = [] if memory_bytes is None else [f"memory {units.show_bytes(memory_bytes)}"]
    return out if cpus is None else [*out, f"{cpus:g} CPU"]
