"""Is every collection that gctrace prints in the execution trace's lane, and how far apart do the two say it began?

For each Go, runs of a program that collects (`tests/data/programs/runtime`) are recorded with --instrument and --go-debug gctrace. The
two tell of the same collection by different ways: the trace by its own clock, placed by markers; gctrace in whole milliseconds since
the runtime began. Within 1 ms is what is asked for; half a millisecond of it is gctrace's rounding.

    python benchmarks/gctrace_alignment.py [--go 1.21,1.27] [--runs 5]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from arms import keep
from godyno import open_capture
from godyno.toolchain import Go, versions

PROGRAM = Path(__file__).parent.parent / "tests" / "data" / "programs" / "runtime"
VERSIONS = "1.21,1.22,1.23,1.24,1.25,1.26,1.27"
SQL = "SELECT t_start_ns FROM spans WHERE layer = 'gc' AND name LIKE 'GC %' AND pid = {pid} AND track {which} '%trace' ORDER BY 1"


def apart(go: Go, scratch: Path) -> tuple[int, int, list[int], int]:
    """Collections by gctrace, by the trace, how many ns apart each began where both tell as many, and the trace's stated error."""
    out = scratch / "c.dyno"
    shutil.rmtree(out, ignore_errors=True)
    options = [
        "record",
        "-q",
        "--quiet-output",
        "--instrument",
        "--go-debug",
        "gctrace",
        "-o",
        str(out),
        "--",
    ]
    env = {**os.environ, "GOTOOLCHAIN": "local"}
    subprocess.run(
        [sys.executable, "-m", "godyno", *options, go.path, "run", "."], cwd=PROGRAM, env=env, check=True
    )
    with open_capture(out) as capture:
        pid = capture.sql("SELECT any_value(pid) AS pid FROM spans WHERE layer = 'goroutine'").to_pylist()[0][
            "pid"
        ]
        printed, traced = (
            [row["t_start_ns"] for row in capture.sql(SQL.format(pid=pid, which=which)).to_pylist()]
            for which in ("NOT LIKE", "LIKE")
        )
        (probe,) = (probe for probe in capture.manifest.probes if probe.name == "go_runtime")
    same = zip(printed, traced, strict=True) if len(printed) == len(traced) else ()
    return len(printed), len(traced), [abs(a - b) for a, b in same], probe.alignment_error_ns or 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--go", default=VERSIONS)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    table = [
        "| Go | collections of gctrace | in the trace | began apart: median, most | trace's stated error, most |",
        "|---|---|---|---|---|",
    ]
    raw = []
    with tempfile.TemporaryDirectory(prefix="godyno-gctrace-") as scratch:
        for version in options.go.split(","):
            go = versions.fetch(version)
            runs = [apart(go, Path(scratch)) for _ in range(options.runs)]
            gaps = [gap for run in runs for gap in run[2]]
            told = (
                f"{statistics.median(gaps) / 1e6:.2f} ms, {max(gaps) / 1e6:.2f} ms"
                if gaps
                else "nothing to compare"
            )
            counts = [sum(run[index] for run in runs) for index in (0, 1)]
            table.append(
                f"| {go.version} | {counts[0]} | {counts[1]} | {told} | {max(run[3] for run in runs) / 1e3:.1f} us |"
            )
            raw.append({"go": go.version, "runs": runs})
            print(table[-1], file=sys.stderr)
    keep("gctrace_alignment", "\n".join(table), raw)


if __name__ == "__main__":
    main()
