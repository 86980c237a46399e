"""kill -9 at random moments while settings of the machine are changed: is every one of them put back, byte for byte?

python benchmarks/knobs_killed.py [--times 200]       as root

A process changes real sysctls and files in a tree like /sys, again and again, and is killed after a random time: alone, with its whole
process group, or together with its guardian (three in four, one in eight, one in eight). In the last case `godyno restore` is run.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arms import keep
from godyno.machine.knobs import JOURNAL, restore_left

REAL = [
    "proc/sys/vm/stat_interval",
    "proc/sys/kernel/randomize_va_space",
    "proc/sys/kernel/sched_autogroup_enabled",
]
CHANGER = """
import itertools, os, sys
from pathlib import Path
from godyno.machine.guardian import guarded
state, *paths = sys.argv[1:]
for turn in itertools.count():
    with guarded(state=Path(state)) as knobs:
        for path in paths:
            knobs.set(path, {"scaling_governor": "performance"}.get(Path(path).name, str(turn % 2)))
            print("set", flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=200)
    options = parser.parse_args()
    chance = random.Random(3)
    scratch = Path(tempfile.mkdtemp(prefix="godyno-knobs-"))
    made = []
    for cpu in range(4):
        path = scratch / f"sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor"
        path.parent.mkdir(parents=True)
        path.write_text("schedutil\n")
        made.append(str(path).lstrip("/"))
    paths = [path for path in (*REAL, *made) if Path("/", path).exists()]
    before = {path: Path("/", path).read_bytes() for path in paths}
    state = scratch / "state"
    raw = []
    try:
        for _ in range(options.times):
            whom = chance.choices(("it alone", "its process group", "it and its guardian"), (6, 1, 1))[0]
            process = subprocess.Popen(
                [sys.executable, "-c", CHANGER, str(state), *paths], stdout=subprocess.PIPE, process_group=0
            )
            assert process.stdout is not None
            process.stdout.readline()  # it has begun
            delay_s = chance.uniform(0.0, 0.05)
            time.sleep(delay_s)
            guardian = children(process.pid)
            if whom == "its process group":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.send_signal(signal.SIGKILL)
            if whom == "it and its guardian":
                for pid in guardian:
                    kill(pid)
            at_kill = (state / JOURNAL).exists()
            process.wait()
            process.stdout.close()
            if whom == "it and its guardian":
                while restore_left(state=state) is None:  # the guardian is dying, or just begins
                    time.sleep(0.002)
            deadline = time.monotonic() + 10
            while (state / JOURNAL).exists() and time.monotonic() < deadline:
                time.sleep(0.002)
            wrong = {
                path: Path("/", path).read_bytes().decode()
                for path in paths
                if Path("/", path).read_bytes() != before[path]
            }
            raw.append({"killed": whom, "delay_s": delay_s, "journal_at_kill": at_kill, "wrong": wrong})
            print(f"\r{len(raw)}/{options.times}", end="", file=sys.stderr)
            if wrong:  # the next one must begin as this one did
                for path in wrong:
                    Path("/", path).write_bytes(before[path])
    finally:
        for path in paths:
            if Path("/", path).read_bytes() != before[path]:
                Path("/", path).write_bytes(before[path])
        shutil.rmtree(scratch)
    print(file=sys.stderr)
    rows = []
    for whom in ("it alone", "its process group", "it and its guardian"):
        some = [one for one in raw if one["killed"] == whom]
        if some:
            rows.append(
                (
                    whom,
                    len(some),
                    sum(one["journal_at_kill"] for one in some),
                    sum(not one["wrong"] for one in some),
                )
            )
    rows.append(
        ("all", len(raw), sum(one["journal_at_kill"] for one in raw), sum(not one["wrong"] for one in raw))
    )
    lines = [
        "| killed | times | while settings were changed | every setting as before |",
        "|---|---:|---:|---:|",
    ]
    lines += [f"| {a} | {b} | {c} | {d} |" for a, b, c, d in rows]
    lines.append(f"\n{len(paths)} settings, {len(paths) - len(made)} of them real sysctls.")
    keep("knobs_killed", "\n".join(lines), raw)


def children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    main()
