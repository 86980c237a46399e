"""Does every layer lie where it says, on one clock? A Go program emits instants between two readings of CLOCK_MONOTONIC.

``python benchmarks/alignment/measure.py [N]`` records ``main.go`` twice, with strace's layer by itself (it moves all others),
and holds what each layer says against the program's own readings: how far outside of the two it lies, 0 where between.
What a layer's error is said to be in the manifest must hold at the 99th percentile.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from arms import keep
from godyno.capture.reader import Capture, open_capture
from godyno.toolchain import find_go

HERE = Path(__file__).parent
RECORD = """
import sys, json
from pathlib import Path
from godyno.model import Workload
from godyno.recorder.session import Options, Session
from godyno.probes.runtime.go_debug import settings_of
from godyno.toolchain.find import find_go
from godyno.workload.shim import build_shim
settings = json.loads(sys.argv[2])
if "go_debug" in settings:
    settings["go_debug"] = {"settings": settings_of("gctrace"), "shim": build_shim(find_go())}
options = Options(out=Path(sys.argv[1]), level=sys.argv[3], also=tuple(settings), settings=settings, quiet=True)
outcome = Session(Workload(tuple(sys.argv[4:])), options).run()
print(*outcome.warnings, sep="\\n", file=sys.stderr)
sys.exit(outcome.result.exit_code)
"""
WANTED_NS = {"go_debug": 1_000_000}  # of all others 0.1 ms


@dataclass(frozen=True)
class Emission:
    """What the program says of one mark, ns of CLOCK_MONOTONIC."""

    kind: str
    number: int
    tid: int
    from_ns: int
    to_ns: int


def emissions(log: Path) -> dict[str, list[Emission]]:
    """By kind, in order."""
    found: dict[str, list[Emission]] = {}
    for line in log.read_text().splitlines():
        kind, *numbers = line.split()
        found.setdefault(kind, []).append(Emission(kind, *map(int, numbers)))
    return found


def outside(t_ns: int, mark: Emission) -> int:
    """How far ``t_ns`` lies outside of the mark's two readings; negative before, positive after."""
    return min(0, t_ns - mark.from_ns) + max(0, t_ns - mark.to_ns)


def edges(marks: Sequence[Emission], first: bool) -> list[Emission]:
    """The beginnings, or the ends, of marks that last: what begins or ends there must lie at the one reading."""
    return [Emission(m.kind, m.number, m.tid, *([m.from_ns] * 2 if first else [m.to_ns] * 2)) for m in marks]


def nearest(marks: Sequence[Emission], times: Iterable[int]) -> list[int]:
    """For each time, its distance to the nearest mark."""
    starts = np.array([mark.from_ns for mark in marks])
    out = []
    for t_ns in times:
        at = int(np.searchsorted(starts, t_ns, "right")) - 1
        near = [outside(t_ns, marks[i]) for i in (at, at + 1) if 0 <= i < len(marks)]
        out.append(min(near, key=abs))
    return out


def closest(times: Sequence[int], marks: Sequence[Emission]) -> list[int]:
    """For each mark, the distance of the nearest of the times."""
    every = np.array(times)
    return (
        [outside(int(every[np.abs(every - mark.from_ns).argmin()]), mark) for mark in marks]
        if len(every)
        else []
    )


def column(capture: Capture, query: str) -> list[Any]:
    table = capture.sql(query)
    return table.column(0).to_pylist()


def sampled(capture: Capture, layer: str, function: str, marks: Sequence[Emission]) -> list[int]:
    """Samples that have ``function`` in their stack must lie where it ran; those of before the first mark are startup's."""
    times = column(
        capture,
        f"SELECT t_ns FROM stacks WHERE layer = '{layer}' AND stack_id IN "
        f"(SELECT stack_id FROM frames WHERE \"function\" = 'main.{function}') ORDER BY 1",
    )
    return nearest(marks, times)


def distances(capture: Capture, said: dict[str, list[Emission]]) -> dict[tuple[str, str], list[int]]:
    """By (layer, what), signed ns outside of the program's readings."""
    out: dict[tuple[str, str], list[int]] = {}
    tid = said["sleep"][0].tid
    lines = dict(
        zip(column(capture, "SELECT text FROM lines WHERE text LIKE 'marker %' ORDER BY t_ns"),
            column(capture, "SELECT t_ns FROM lines WHERE text LIKE 'marker %' ORDER BY t_ns"), strict=True)
    )  # fmt: skip
    out["output", "a line of stdout arrives"] = [
        outside(lines[f"marker {mark.number}"], mark)
        for mark in said["line"]
        if f"marker {mark.number}" in lines
    ]
    for layer, probe, what in (
        ("syscall", "syscalls", "nanosleep"),
        ("syscall_args", "strace_args", "write"),
    ):
        kind = "sleep" if what == "nanosleep" else "write"
        query = f"SELECT {{}} FROM spans WHERE layer = '{layer}' AND name = '{what}' AND tid = {tid} "
        if kind == "write":  # only those of the marks: to stdout, and to the null device's own descriptor
            query += "AND (args->>'args' LIKE '1,%' OR args->>'args' LIKE '9,%') "
        query += "ORDER BY t_start_ns"
        starts, ends = column(capture, query.format("t_start_ns")), column(capture, query.format("t_end_ns"))
        # Writes are those to the null device and to stdout in turn.
        marks = sorted(
            [*said[kind], *(said["line"] if kind == "write" else ())], key=lambda mark: mark.from_ns
        )
        if starts:
            out[probe, f"{what} begins"] = nearest(edges(marks, True), starts)
            out[probe, f"{what} ends"] = nearest(edges(marks, False), ends)
    sleeps, runs = (
        column(
            capture,
            f"SELECT t_start_ns FROM spans WHERE layer = 'thread_state' AND name = '{name}' AND tid = {tid} ORDER BY 1",
        )
        for name in ("sleeping", "running")
    )
    # The thread sleeps from when the call was made, and runs again before it reads its clock: it may have waited for a CPU.
    out["scheduler", "a sleep begins"] = closest(sleeps, edges(said["sleep"], True))
    out["scheduler", "a thread runs again"] = closest(runs, edges(said["sleep"], False))
    logs = {
        int(name): t
        for name, t in zip(
            column(
                capture, "SELECT name FROM events WHERE layer = 'go_log' AND track = 'marker' ORDER BY t_ns"
            ),
            column(
                capture, "SELECT t_ns FROM events WHERE layer = 'go_log' AND track = 'marker' ORDER BY t_ns"
            ),
            strict=True,
        )
    }
    out["execution trace", "trace.Log"] = [
        outside(logs[mark.number], mark) for mark in said["log"] if mark.number in logs
    ]
    out["cpu_samples", "samples of a function"] = sampled(capture, "cpu", "markedBurn", said["burn"])
    out["execution trace", "CPU samples of a function"] = sampled(
        capture, "trace", "markedBurn", said["burn"]
    )
    out["page_faults", "faults of a function"] = sampled(capture, "minor_fault", "markedTouch", said["fault"])
    cycles = "SELECT {} FROM spans WHERE layer = 'gc' AND track {} '%trace' AND name LIKE 'GC %' ORDER BY t_start_ns"
    asked_for = column(capture, cycles.format("args->>'forced' = 'true'", "NOT LIKE"))
    for probe, which in (("execution trace", "LIKE"), ("go_debug", "NOT LIKE")):
        for edge in ("t_start_ns", "t_end_ns"):
            times = column(capture, cycles.format(edge, which))
            if probe == "go_debug":
                times = [t for t, forced in zip(times, asked_for, strict=True) if forced]
            elif (
                times
            ):  # the trace does not tell which were forced: the one nearest to each mark that it covers
                every = np.array(times)
                times = [
                    int(every[np.abs(every - (mark.from_ns + mark.to_ns) // 2).argmin()])
                    for mark in said["gc"]
                    if {mark.number, min(mark.number + 1, said["gc"][-1].number)} <= logs.keys()
                ]
            if times:
                out[probe, f"runtime.GC {'begins' if edge == 't_start_ns' else 'ends'}"] = nearest(
                    said["gc"], times
                )
    trues = "FROM spans WHERE layer = 'process' AND name = 'true' ORDER BY 1"
    for edge in ("t_start_ns", "t_end_ns"):
        times = column(capture, f"SELECT {edge} {trues}")
        if times:
            what = f"a process {'begins' if edge == 't_start_ns' else 'ends'}"
            out["processes", what] = nearest(said["process"], times)
    return {key: values for key, values in out.items() if values}


def stated(capture: Capture, probe: str) -> int | None:
    """The error that the manifest states for a layer, ns."""
    if probe == "execution trace":
        entry = capture.manifest.probe("scrape")
        within = entry.notes.get("placed_within_ns", {}) if entry else {}
        return within.get("trace")
    if probe == "output":
        error = capture.manifest.notes.get("lines_alignment_error_ns")
        return error if isinstance(error, int) else None
    entry = capture.manifest.probe(probe)
    return entry.alignment_error_ns if entry else None


def recorded(
    scratch: Path, name: str, level: str, settings: dict[str, Any], count: int
) -> tuple[Capture, dict[str, list[Emission]]]:
    """One recording of the program, and what it said."""
    program, log = scratch / "alignment", scratch / f"{name}.log"
    argv = [str(program), "-log", str(log), "-n", str(count)]
    if "scrape" in settings:
        argv += ["-http", settings["scrape"]["url"].removeprefix("http://"), "-wait", "2.5s"]
    done = subprocess.run(
        [sys.executable, "-c", RECORD, str(scratch / name), json.dumps(settings), level, *argv],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    if done.stderr.strip():
        print(done.stderr.strip(), file=sys.stderr)
    return open_capture(scratch / f"{name}.dyno"), emissions(log)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """For people."""
    lines = [
        "| layer | what | n | within the two readings | outside: median, µs | p99 | most | stated error | holds | wanted |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|---|",
    ]
    for row in rows:
        error = row["stated_ns"]
        lines.append(
            f"| {row['layer']} | {row['what']} | {row['n']} | {row['within']:.0%} | {row['p50_ns'] / 1e3:.1f} | "
            f"{row['p99_ns'] / 1e3:.1f} | {row['max_ns'] / 1e3:.1f} | {'none' if error is None else f'{error / 1e3:.1f}'} | "
            f"{'–' if error is None else 'yes' if row['p99_ns'] <= error else 'NO'} | "
            f"{'yes' if row['p99_ns'] <= row['wanted_ns'] else 'NO'} |"
        )
    return "\n".join(lines)


def measure(count: int, scratch: Path, only: str = "") -> list[dict[str, Any]]:
    """A row for each layer and kind of mark. ``only`` names one of the two recordings, ``all`` or ``strace``."""
    go = find_go()
    go.run("build", "-o", str(scratch / "alignment"), ".", cwd=HERE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    scrape = {"url": f"http://127.0.0.1:{port}", "kinds": ["trace", "cpu"], "every_s": 1.0}
    rows = []
    for name, level, settings in (
        ("all", "deep", {"scrape": scrape, "go_debug": {}, "page_faults": {"period": 1}}),
        ("strace", "light", {"strace_args": {"calls": ["write"]}}),
    ):
        if only not in ("", name):
            continue
        capture, said = recorded(scratch, name, level, settings, count)
        with capture:
            for (probe, what), values in distances(capture, said).items():
                if name == "strace" and probe != "strace_args":
                    continue
                away = np.abs(np.array(values))
                rows.append(
                    {
                        "layer": probe, "what": what, "n": len(values), "within": float((away == 0).mean()),
                        "p50_ns": float(np.median(away)), "p99_ns": float(np.quantile(away, 0.99, method="higher")),
                        "max_ns": int(away.max()), "least_ns": int(min(values)), "most_ns": int(max(values)),
                        "stated_ns": stated(capture, probe), "wanted_ns": WANTED_NS.get(probe, 100_000),
                    }
                )  # fmt: skip
    return rows


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200, Path(scratch))
    keep("alignment", "# How far each layer lies from where it says\n\n" + table(found), found)
