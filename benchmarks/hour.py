"""An hour at the default rate: size of the capture, the recorder's memory over time, and how fast the page opens.

python benchmarks/hour.py [--for 3600] [--out DIR]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arms import keep

# A session's worth of short processes, and a pause, again and again.
LOAD = "end=$(($(date +%s) + {seconds})); while [ $(date +%s) -lt $end ]; do go list std >/dev/null; sleep 15; done"


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--for", dest="seconds", type=int, default=3600)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    out = options.out or Path(tempfile.mkdtemp(prefix="godyno-hour-"))
    command = [
        sys.executable,
        "-m",
        "godyno",
        "record",
        "-o",
        str(out / "hour"),
        "--",
        "sh",
        "-c",
        LOAD.format(seconds=options.seconds),
    ]
    recorder = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    memory = []
    while recorder.poll() is None:
        try:
            memory.append((round(time.monotonic(), 1), resident_bytes(recorder.pid)))
        except (OSError, StopIteration):
            break
        time.sleep(10)
    recorder.wait()
    capture = out / "hour.dyno"
    tables = sum(file.stat().st_size for file in capture.glob("*.parquet"))
    raw = sum(file.stat().st_size for file in capture.rglob("*") if file.is_file()) - tables
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "godyno", "report", str(capture), "-o", str(out / "hour.html")], check=True
    )
    rendered_s = time.monotonic() - began
    quarter = len(memory) // 4
    rows = [
        ("length", f"{options.seconds} s at 10 Hz"),
        ("tables", f"{tables / 1e6:.1f} MB"),
        ("raw files", f"{raw / 1e6:.1f} MB"),
        (
            "recorder resident after a quarter, at the end",
            f"{memory[quarter][1] / 1e6:.1f} MB, {memory[-1][1] / 1e6:.1f} MB",
        ),
        ("page", f"{(out / 'hour.html').stat().st_size / 1e6:.2f} MB, written in {rendered_s:.1f} s"),
    ]
    keep(
        "hour",
        "\n".join(["| what | measured |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)]),
        {"memory": memory},
    )
    print(f"{out}: open hour.html; benchmarks/page.py measures that", file=sys.stderr)


if __name__ == "__main__":
    main()
