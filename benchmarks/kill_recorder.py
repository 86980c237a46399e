"""kill -9 of the recorder at random moments: does the command go on, does its output arrive, is everything recovered and removed?

python benchmarks/kill_recorder.py [--times 50]
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arms import keep
from godyno.capture.reader import open_capture

GODYNO = [sys.executable, "-m", "godyno"]
# Lines with a number, children of many lengths, and a child that outlives its parent's line.
COMMAND = "i=0; while [ $i -lt 40 ]; do echo line$i; sleep 0.05; /bin/true; i=$((i+1)); done; (sleep 0.2; echo child); echo end"
LINES = [f"line{i}" for i in range(40)] + ["child", "end"]


def groups(pid: int) -> list[str]:
    found = subprocess.run(
        ["find", "/sys/fs/cgroup", "-name", f"godyno-{pid}-*"], capture_output=True, text=True
    )
    return found.stdout.splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=50)
    options = parser.parse_args()
    chance = random.Random(7)
    raw = []
    for _ in range(options.times):
        scratch = Path(tempfile.mkdtemp(prefix="godyno-kill-"))
        out = (scratch / "out").open("w+b")
        recorder = subprocess.Popen(
            [*GODYNO, "record", "-o", "k", "--", "sh", "-c", COMMAND],
            cwd=scratch,
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
        while not (scratch / "k.dyno/manifest.json").exists():
            time.sleep(0.002)
        delay_s = chance.uniform(0.0, 3.0)
        time.sleep(delay_s)
        seen_before = set((scratch / "out").read_text().split())
        recorder.send_signal(signal.SIGKILL)
        ended = recorder.wait() != -signal.SIGKILL  # the command was done before the kill
        started = bool(seen_before)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and (
            groups(recorder.pid) or (started and "end" not in (scratch / "out").read_text())
        ):
            time.sleep(0.05)
        lines = (scratch / "out").read_text().split()
        recovered = (
            subprocess.run([*GODYNO, "recover", "k.dyno"], cwd=scratch, capture_output=True).returncode == 0
        )
        kept: list[str] = []
        if recovered:
            with open_capture(scratch / "k.dyno") as capture:
                kept = [text for text in capture.table("lines")["text"].to_pylist() if text]
        raw.append(
            {
                "delay_s": delay_s,
                "ended_before": ended,
                "command_went_on": lines == LINES or not lines,
                "cgroups_left": groups(recorder.pid),
                "recovered": recovered,
                # The keeper goes on keeping after the kill.
                "lines_lost": len(set(lines) - set(kept)),
            }
        )
        shutil.rmtree(scratch)
        print(f"\r{len(raw)}/{options.times}", end="", file=sys.stderr)
    killed = [one for one in raw if not one["ended_before"]]
    rows = [
        ("kills while it recorded", len(killed)),
        (
            "the command went on and all its output arrived",
            sum(bool(one["command_went_on"]) for one in killed),
        ),
        ("no cgroup left", sum(not one["cgroups_left"] for one in killed)),
        ("recovered", sum(bool(one["recovered"]) for one in killed)),
        (
            "lines shown and not in the capture, at most",
            max((one["lines_lost"] for one in killed), default=0),
        ),
    ]
    keep(
        "kill_recorder",
        "\n".join(["| what | of them |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)]),
        raw,
    )


if __name__ == "__main__":
    main()
