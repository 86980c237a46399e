"""What sealing a large capture costs: CPU seconds by probe, and the peak of resident memory.

    godyno record --level deep --no-seal -o cold.dyno -- go build ./cmd/caddy
    python benchmarks/sealing.py [--before SRC] [--runs 6] cold.dyno

The capture itself stays unsealed: a copy of it is sealed in this process. ``--before`` names the ``src`` of another state
of godyno: both seal copies, in turns, each in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import godyno
from arms import keep, ratio
from godyno.capture.manifest import read_manifest
from godyno.capture.tables import TableWriter
from godyno.recorder import seal

_LEAST_S = 0.2


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sealed:
    """One sealing: CPU seconds with the start of Python, and resident bytes at the peak."""

    arm: str
    cpu_s: float
    peak_bytes: int


def copied(source: Path) -> Path:
    copy = source.with_name(f"{source.name}.sealing")
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(copy)], check=True)
    return copy


def sealed_by(arm: str, src: Path, source: Path) -> Sealed:
    """Seals a copy by the code in ``src``."""
    copy = copied(source)
    env = {**os.environ, "PYTHONPATH": str(src), "GODYNO_STATE": str(copy / "state")}
    process = subprocess.Popen([sys.executable, "-m", "godyno.recorder.seal", str(copy)], env=env)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    shutil.rmtree(copy, ignore_errors=True)
    if process.returncode:
        raise SystemExit(f"{arm}: sealing ended with {process.returncode}")
    return Sealed(arm, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def in_turns(before: Path, source: Path, pairs: int) -> list[Sealed]:
    """Both states of godyno, the one that is first changing each time."""
    arms, runs = [("before", before), ("now", Path(godyno.__file__).parent.parent)], []
    for pair in range(pairs):
        for name, src in arms if pair % 2 else reversed(arms):
            runs.append(sealed_by(name, src, source))
            print(runs[-1], flush=True)
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("capture", type=Path)
    parser.add_argument(
        "--before",
        type=Path,
        help="the src directory of another state of godyno, to seal in turns with this one",
    )
    parser.add_argument("--runs", type=int, default=6, help="how often each seals")
    asked = parser.parse_args()
    runs = in_turns(asked.before, asked.capture, asked.runs) if asked.before else []
    source = asked.capture
    copy = copied(source)
    os.environ["GODYNO_STATE"] = str(copy / "state")
    steps: list[tuple[str, float, int]] = []

    def timed(name: str, call: Any, *given: Any) -> Any:
        began = time.process_time()
        try:
            return call(*given)
        finally:
            steps.append((name, time.process_time() - began, resident_bytes()))

    decode, write = seal._decode, TableWriter.write
    seal._decode = lambda name, *given: timed(name, decode, name, *given)
    TableWriter.write = lambda self, directory: timed("writing the tables", write, self, directory)  # type: ignore[method-assign]
    result = read_manifest(source).result
    raw_bytes = sum(file.stat().st_size for file in source.rglob("*") if file.is_file())
    began, wall = time.process_time(), time.monotonic()
    try:
        manifest = seal.seal(copy)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    cpu, wall = time.process_time() - began, time.monotonic() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    lines = [
        f"`{' '.join(manifest.workload.argv)}`, {result.wall_s if result else 0:.0f} s, {raw_bytes / 1e6:,.0f} MB of raw records: sealed "
        f"in {cpu:.1f} s of CPU, {wall:.1f} s; {peak / 1e9:.2f} GB resident at the peak.",
        "",
        "| step | CPU, s | resident after it, MB |",
        "|---|---:|---:|",
        *(
            f"| {name} | {cpu_s:.1f} | {size / 1e6:,.0f} |"
            for name, cpu_s, size in steps
            if cpu_s >= _LEAST_S
        ),
        "",
        "Rows: " + ", ".join(f"{name} {count:,}" for name, count in manifest.tables.items()) + ".",
    ]
    if runs:
        lines += [
            "",
            f"Beside the state before, in turns: {ratio(runs, 'before', 'now', 'cpu_s')} times the CPU, "
            f"{ratio(runs, 'before', 'now', 'peak_bytes')} times the resident memory at the peak.",
        ]
    keep(
        "sealing",
        "# What sealing costs\n\n" + "\n".join(lines),
        {
            "cpu_s": cpu,
            "wall_s": wall,
            "peak_bytes": peak,
            "steps": steps,
            "in_turns": [vars(run) for run in runs],
        },
    )


if __name__ == "__main__":
    main()
