"""How long ``godyno why`` takes on a recording of a minute, at the levels standard and deep, start of Python included.

python benchmarks/why_speed.py [CAPTURE…]      without a capture, the reference service is recorded for a minute under load, twice
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import godyno
from arms import keep
from godyno.diagnose.why import attribute
from godyno.toolchain.find import find_go
from service import asked, build, serving

RUNS, SECONDS, RATE = 7, 60.0, 400.0


def record(scratch: Path, level: str) -> Path:
    """A minute of the reference service at a fixed rate."""
    place = scratch / level
    place.mkdir()
    programs, out = build(find_go(), place), place / "minute.dyno"
    argv = [
        sys.executable,
        "-m",
        "godyno",
        "record",
        "-q",
        "--level",
        level,
        "-o",
        str(out),
        "--",
        str(programs.service),
    ]
    with serving(argv, os.environ, place) as (process, http, grpc):
        asked(programs, http, grpc, RATE, SECONDS)
        process.terminate()
        process.wait()
    return out


# As for every user after the first time, Python's compiled modules are kept, also where this process was told not to.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def timed(*words: str) -> tuple[float, float]:
    """Wall and CPU seconds of one command of godyno's."""
    before, at = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "godyno", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    wall, after = time.monotonic() - at, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(name: str, capture: Path) -> dict[str, Any]:
    """How long the answer, a page, and in it the walk along the path take."""
    with godyno.open_capture(capture) as found:
        spans = found.tables()["spans"]
        length = found.manifest.result.wall_s if found.manifest.result else 0.0
    walks = []
    for _ in range(3):
        with godyno.open_capture(capture) as found:
            at = time.monotonic()
            attribute(found)
            walks.append(time.monotonic() - at)
    timed("why", str(capture))  # compiles what is not compiled yet
    return {
        "of": name, "recorded_s": length, "spans": spans, "why": [timed("why", str(capture)) for _ in range(RUNS)],
        "report": [timed("report", str(capture), "-o", str(capture.parent / "page.html")) for _ in range(3)],
        "walk_s": walks, "load": os.getloadavg()[0],
    }  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        if len(sys.argv) > 1:
            rows = [measured(Path(one).stem, Path(one)) for one in sys.argv[1:]]
        else:
            rows = [measured(level, record(Path(scratch), level)) for level in ("standard", "deep")]
    lines = [
        f"Medians of {RUNS} answers (with the least and the most) and 3 pages, start of Python included; the reference service for a "
        f"minute at {RATE:g} requests a second. A page shows the path in two places and walks along it once.",
        "",
        "| recorded at | recorded, s | spans | `why`, s | its CPU, s | `report`, s | of which one walk, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        wall, cpu = (statistics.median(one[index] for one in row["why"]) for index in (0, 1))
        low, high = min(row["why"])[0], max(row["why"])[0]
        page = statistics.median(one[0] for one in row["report"])
        span = f"{wall:.2f} ({low:.2f} to {high:.2f})"
        lines.append(
            f"| {row['of']} | {row['recorded_s']:.0f} | {row['spans']:,} | {span} | {cpu:.2f} | {page:.2f} | "
            f"{statistics.median(row['walk_s']):.2f} |"
        )
    keep("why_speed", "# How long `godyno why` takes\n\n" + "\n".join(lines), rows)


if __name__ == "__main__":
    main()
