"""How long ``godyno why`` takes on a recording of a minute at the standard level, start of Python included.

python benchmarks/why_speed.py [CAPTURE]      without a capture, the reference service is recorded for a minute under load
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import godyno
from godyno.toolchain.find import find_go
from service import asked, build, serving

RESULTS = Path(__file__).parent / "results"
RUNS, SECONDS, RATE = 9, 60.0, 400.0


def record(scratch: Path) -> Path:
    """A minute of the reference service at a fixed rate."""
    programs, out = build(find_go(), scratch), scratch / "minute.dyno"
    argv = [
        sys.executable,
        "-m",
        "godyno",
        "record",
        "-q",
        "--level",
        "standard",
        "-o",
        str(out),
        "--",
        str(programs.service),
    ]
    with serving(argv, os.environ, scratch) as (process, http, grpc):
        asked(programs, http, grpc, RATE, SECONDS)
        process.terminate()
        process.wait()
    return out


def timed(capture: Path) -> tuple[float, float]:
    """Wall and CPU seconds of one answer."""
    before, at = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "godyno", "why", str(capture)], check=True, stdout=subprocess.DEVNULL
    )
    wall, after = time.monotonic() - at, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        capture = Path(sys.argv[1]) if len(sys.argv) > 1 else record(Path(scratch))
        with godyno.open_capture(capture) as found:
            spans = found.tables()["spans"]
            length = found.manifest.result.wall_s if found.manifest.result else 0.0
        runs = [timed(capture) for _ in range(RUNS)]
    wall, cpu = (statistics.median(one[index] for one in runs) for index in (0, 1))
    load = os.getloadavg()[0]
    row = {
        "recorded_s": length,
        "spans": spans,
        "wall_s": wall,
        "cpu_s": cpu,
        "runs": RUNS,
        "load": load,
        "all": runs,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "why_speed.json").write_text(json.dumps(row, indent=1) + "\n")
    text = (
        "# How long `godyno why` takes\n\nOn the reference service recorded at the standard level, medians, start of Python included "
        f"(`benchmarks/why_speed.py`, {RUNS} runs, {os.cpu_count()} processors, load {load:.1f}).\n\n"
        f"| recorded, s | spans | wall, s | CPU, s |\n|---|---|---|---|\n| {length:.0f} | {spans:,} | {wall:.2f} | {cpu:.2f} |\n"
    )
    (RESULTS / "why_speed.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
