"""Sealing: from journals and raw files to tables. ``python -m godyno.recorder.seal CAPTURE`` is what the recorder runs.

What a probe could not afford to parse while the command ran, its ``decode`` turns into rows here. The same code seals
after a clean end and after a kill -9; only how much of the journal there is differs.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from godyno import registry
from godyno.capture import journal as journals
from godyno.capture.journal import JOURNAL
from godyno.capture.lines import OUTPUT_JOURNAL, output_lines
from godyno.capture.manifest import Manifest, ProbeEntry, read_manifest, write_manifest
from godyno.capture.tables import TableWriter
from godyno.errors import CaptureCorrupt, GodynoError
from godyno.model import Peak
from godyno.probes.kernel.symbols import forget_programs


def seal(directory: Path, recovered: bool = False, spent_cpu_s: float | None = None) -> Manifest:
    """Seals the capture in ``directory`` and gives its manifest. Raises CaptureError, or OSError where it cannot write.

    ``spent_cpu_s`` is the CPU time of this process that is not sealing's; by default all that it has spent so far.
    """
    collecting = gc.isenabled()
    gc.disable()  # millions of rows and no garbage in cycles: the collector would walk them again and again
    try:
        return _seal(directory, recovered, spent_cpu_s)
    finally:
        if collecting:
            gc.enable()


def _seal(directory: Path, recovered: bool, spent_cpu_s: float | None) -> Manifest:
    started, cpu = time.monotonic(), _cpu_s() if spent_cpu_s is None else spent_cpu_s
    manifest = read_manifest(directory)
    if manifest.state == "sealed":
        return manifest
    writer = TableWriter(directory / "raw")
    replay = _Replay(writer)
    if (directory / JOURNAL).exists():
        replay.run(directory / JOURNAL)
    for t_ns, stream, text in output_lines(directory / OUTPUT_JOURNAL):
        writer.line(t_ns, stream, text)
    warnings = [*manifest.warnings, *replay.warnings]
    probes = []
    for entry in manifest.probes:
        notes = {**entry.notes, **replay.notes.get(entry.name, {})}
        writer.notes, writer.warnings = {}, []
        if entry.availability:
            _decode(entry.name, directory, writer, manifest)
        notes |= writer.notes
        warnings += [warning for warning in writer.warnings if warning not in warnings]
        probes.append(_with_notes(entry, notes))
    peak = manifest.peak or _sampled_peak(writer)
    forget_programs()
    counts = writer.write(directory)
    sealed = replace(
        manifest,
        state="sealed",
        probes=tuple(probes),
        peak=peak,
        warnings=tuple(warnings),
        tables=counts,
        recovered=recovered,
        cost=replace(manifest.cost, sealing_cpu_s=_cpu_s() - cpu, sealing_wall_s=time.monotonic() - started),
    )
    write_manifest(directory, sealed)
    for name in (JOURNAL, OUTPUT_JOURNAL):
        (directory / name).unlink(missing_ok=True)
    return sealed


def _with_notes(entry: ProbeEntry, notes: dict[str, Any]) -> ProbeEntry:
    cpu_s, error = notes.pop("cpu_s", entry.cpu_s), notes.pop("alignment_error_ns", entry.alignment_error_ns)
    return replace(
        entry,
        notes=notes,
        cpu_s=float(cpu_s) if isinstance(cpu_s, int | float) else 0.0,
        alignment_error_ns=error if isinstance(error, int) else None,
    )


def _decode(name: str, directory: Path, writer: TableWriter, manifest: Manifest) -> None:
    try:
        probe = registry.load("probes", name)()
        probe.decode(directory / "raw" / Path(name).name, writer, manifest.as_json())
    except GodynoError as error:
        writer.warn(f"What {name} left was not read: {error}")
    except Exception as error:  # one probe's torn file must not cost the rest of the capture
        writer.warn(f"What {name} left could not be read: {type(error).__name__}: {error}")


class _Replay:
    """Turns a journal's frames into calls of the table writer. Ids of the journal are mapped to the writer's own."""

    def __init__(self, writer: TableWriter) -> None:
        self.writer = writer
        self.notes: dict[str, dict[str, Any]] = {}
        self.warnings: list[str] = []
        self.series: dict[int, int] = {}
        self.groups: dict[int, int] = {}
        self.widths: dict[int, int] = {}  # how many series a group has
        self.stacks: dict[int, int] = {}
        self.damaged = 0

    def run(self, path: Path) -> None:
        """Replays a whole journal; what is malformed in it is counted and told, not raised."""
        try:
            for kind, payload in journals.frames(path):
                if kind == journals.JSON:
                    for record in journals.objects(payload):
                        self._object(record)
                elif kind == journals.ROWS:
                    for group, t_ns, values in journals.rows(payload, self.widths):
                        self.writer.row(self.groups[group], t_ns, values)
        except CaptureCorrupt as error:
            self.warnings.append(str(error))
        if self.damaged:
            self.warnings.append(f"{self.damaged} records of the journal were damaged and left out.")

    def _object(self, record: dict[str, Any]) -> None:
        try:
            self._apply(record)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
            self.damaged += 1

    def _apply(self, record: dict[str, Any]) -> None:
        writer, kind = self.writer, record["k"]
        if kind == "series":
            self.series[record["id"]] = writer.series(
                record["name"], record["unit"], record["layer"], dict(record["labels"])
            )
        elif kind == "rows":
            ids = [self.series[series] for series in record["series"]]
            self.groups[record["id"]], self.widths[record["id"]] = writer.rows(ids), len(ids)
        elif kind == "point":
            writer.point(self.series[record["s"]], int(record["t"]), float(record["v"]))
        elif kind == "span":
            writer.span(
                int(record["t0"]), int(record["t1"]), str(record["layer"]), str(record["track"]), str(record["name"]),
                int(record["pid"]), int(record["tid"]), dict(record["args"]),
            )  # fmt: skip
        elif kind == "event":
            writer.event(
                int(record["t"]), str(record["layer"]), str(record["track"]), str(record["name"]),
                int(record["pid"]), int(record["tid"]), dict(record["args"]),
            )  # fmt: skip
        elif kind == "line":
            writer.line(int(record["t"]), str(record["stream"]), str(record["text"]), int(record["pid"]))
        elif kind == "stack":
            frames = [(str(f[0]), str(f[1]), int(f[2]), str(f[3])) for f in record["frames"]]
            self.stacks[record["id"]] = writer.stack(frames)
        elif kind == "sample":
            writer.sample(
                int(record["t"]), str(record["layer"]), self.stacks[record["stack"]], float(record["w"]),
                int(record["pid"]), int(record["tid"]), int(record["g"]),
            )  # fmt: skip
        elif kind == "note":
            self.notes.setdefault(str(record["probe"]), {})[str(record["key"])] = record["value"]
        elif kind == "warn":
            text = str(record["text"])
            if text not in self.warnings:
                self.warnings.append(text)


def _sampled_peak(writer: TableWriter) -> Peak | None:
    """The largest sum of resident memory over the tree at one look: a lower bound where no cgroup counted."""
    value = writer.largest_sum("process.memory.usage")
    if value is None:
        return None
    return Peak(
        int(value),
        "sum of sampled resident memory",
        "resident memory of all processes of the tree, pages that they share counted once for each",
        exact=False,
    )


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(argv: list[str]) -> int:
    """Seals ``argv[0]``; errors go to stderr in one line."""
    os.nice(5)
    try:
        seal(Path(argv[0]), spent_cpu_s=0.0)  # this process is for nothing else: its start and imports count
    except (GodynoError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
