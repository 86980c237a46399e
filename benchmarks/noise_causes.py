"""Causes of noise switched on at random while a command is recorded: does godyno name the right one, and only that?

python benchmarks/noise_causes.py --minutes 7          records (again and again: it goes on where it stopped)
python benchmarks/noise_causes.py --judge              the table, from what was recorded

Truth is what was switched on, and beside it what an observer outside of godyno saw in the run's window: a machine that is shared has
real neighbours. ``neighbours``: all CPU time in /proc/stat less that of the recorder's session, read from /proc/PID/stat twenty times a
second; ``disk load``: bytes in /sys/block less what the command is known to move; ``steal``: /proc/stat. A cause that was not switched on
counts as false only where the observer saw little of it (below LEAST), and as real where he saw much (above MOST); between the two either
answer is right, and how many runs that concerns is in the table.

On a shared machine run it in a cgroup of a high CPU weight: the hogs are in that group too and weigh as much as the command, strangers
hardly. Floors were chosen on the runs of even number, and are judged on those of odd number.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from scipy.stats import binomtest

from arms import keep
from godyno.capture.reader import open_capture
from godyno.diagnose.counters import counters
from godyno.recorder.recover import recover
from godyno.stats.noise import causes, costs

KINDS = ("none", "neighbours", "cpu quota", "memory pressure", "disk load", "cold caches")
GODYNO = [sys.executable, "-m", "godyno", "record", "-q", "--quiet-output", "--no-seal"]
DATA_MB, TEMP_MB = 192, 96  # of the data 3,000 pages are read
LEAST = {"neighbours": 0.04, "disk load": 8e6, "steal": 0.02}  # of all processors' time; bytes; of it
MOST = {"neighbours": 0.15, "disk load": 64e6, "steal": 0.05}

# The command: reads from all over a file that is usually cached, writes files and reads them back, computes, calls, and writes through.
REFERENCE = """
import os, random, sys
def read(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20): pass
data, temp = sys.argv[1:]
fd = os.open(data, os.O_RDONLY)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
chance = random.Random(1)
for _ in range(3000): os.pread(fd, 4096, chance.randrange(os.fstat(fd).st_size >> 12) << 12)
for index in range(4):
    with open(f"{temp}.{index}", "wb", buffering=0) as file:
        for _ in range(TEMP // 4): file.write(bytes(1 << 20))
for _ in range(3):
    for index in range(4): read(f"{temp}.{index}")
value = 1
for _ in range(5_000_000): value = (value * 1103515245 + 12345) & 0x7FFFFFFF
for _ in range(200_000): os.getppid()
for index in range(40):
    with open(f"{temp}.log", "ab", buffering=0) as file:
        file.write(b"x" * 16384)
        os.fsync(file.fileno())
for name in [*(f"{temp}.{index}" for index in range(4)), f"{temp}.log"]: os.remove(name)
"""
HOG = "while True: pass"
DISK = """
import mmap, os, random, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
size, block = os.fstat(fd).st_size, mmap.mmap(-1, 8 << 20)
while True:
    os.pwritev(fd, [block], random.randrange(size >> 23) << 23)
"""


class Observer(threading.Thread):
    """Looks at the machine without godyno: others' CPU, stolen time, bytes on disks."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.session, self.ended, self.looks = session, threading.Event(), []

    def run(self) -> None:
        while not self.ended.wait(0.05):
            self.looks.append(self.look())

    def look(self) -> tuple[int, float, float, float, float]:
        words = Path("/proc/stat").read_text().split("\n", 1)[0].split()
        user, nice, system, _, _, irq, softirq, steal = (int(word) / 100 for word in words[1:9])
        own = 0.0
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                try:
                    fields = Path(f"/proc/{entry.name}/stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[3]) == self.session:
                    own += sum(int(word) for word in fields[11:15]) / 100
        moved = 0.0
        for disk in Path("/sys/block").iterdir():
            if disk.name.startswith(("vd", "sd", "nvme", "xvd")):
                sectors = (disk / "stat").read_text().split()
                moved += 512 * (int(sectors[2]) + int(sectors[6]))
        return time.monotonic_ns(), user + nice + system + irq + softirq, own, steal, moved

    def window(self, start: int, end: int) -> dict[str, float]:
        """What rose between two instants, on the straight line between looks."""

        def at(t: int, column: int) -> float:
            after = next((i for i, look in enumerate(self.looks) if look[0] >= t), len(self.looks) - 1)
            a, b = self.looks[max(0, after - 1)], self.looks[after]
            share = (t - a[0]) / (b[0] - a[0]) if b[0] > a[0] else 0.0
            return a[column] + (b[column] - a[column]) * min(1.0, max(0.0, share))

        busy, own, steal, moved = (at(end, column) - at(start, column) for column in range(1, 5))
        capacity = (end - start) * 1e-9 * (os.cpu_count() or 1)
        return {
            "neighbours": max(0.0, busy - own) / capacity,
            "steal": steal / capacity,
            "disk load": moved,
        }


def record_one(kind: str, number: int, scratch: Path) -> dict[str, object]:
    capture = scratch / f"{number:04d}.dyno"
    shutil.rmtree(capture, ignore_errors=True)
    data, temp = scratch / "data", scratch / "temp"
    os.sync()
    with data.open("rb") as file:
        if kind == "cold caches":
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        else:
            while file.read(1 << 20):
                pass
    options = {"cpu quota": ["--cpu-quota", "0.25"], "memory pressure": ["--memory-limit", "48MiB"]}.get(
        kind, []
    )
    beside = []
    if kind == "neighbours":
        beside = [subprocess.Popen([sys.executable, "-c", HOG]) for _ in range(4)]
    if kind == "disk load":
        beside = [subprocess.Popen([sys.executable, "-c", DISK, str(scratch / "load")]) for _ in range(4)]
    time.sleep(0.2)
    reference = REFERENCE.replace("TEMP", str(TEMP_MB))
    try:
        recording = subprocess.Popen(
            [*GODYNO, "-o", str(capture), *options, "--", sys.executable, "-c", reference, str(data), str(temp)],
            start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        observer = Observer(recording.pid)
        observer.start()
        _, told = recording.communicate(timeout=120)
    finally:
        for process in beside:
            process.send_signal(signal.SIGKILL)
            process.wait()
    observer.ended.set()
    observer.join()
    if recording.returncode:
        raise SystemExit(f"{kind}: exit {recording.returncode}: {told.decode()}")
    result = json.loads((capture / "manifest.json").read_text())["result"]
    observed = observer.window(result["t_start_ns"], result["t_end_ns"])
    return {"number": number, "switched_on": kind, "observed": observed}


def counted(scratch: Path, runs: list[dict]) -> None:
    """Seals what was recorded, outside of the time that was measured, and adds each run's counters."""
    for run in runs:
        capture = scratch / f"{run['number']:04d}.dyno"
        if json.loads((capture / "manifest.json").read_text())["state"] != "sealed":
            recover(capture)
        with open_capture(capture) as found:
            run["counters"] = counters(found)


def record(scratch: Path, minutes: float, per_cause: int, seed: int) -> None:
    scratch.mkdir(exist_ok=True)
    for name, megabytes in (("data", DATA_MB), ("load", 1024)):
        if not (scratch / name).exists():
            with (scratch / name).open("wb") as file:
                for _ in range(megabytes):
                    file.write(os.urandom(1 << 20))
    order = [kind for kind in KINDS for _ in range(per_cause)]
    random.Random(seed).shuffle(order)
    out = scratch / "runs.jsonl"
    done = len(out.read_text().splitlines()) if out.exists() else 0
    until = time.monotonic() + minutes * 60
    with out.open("a") as file:
        for number, kind in enumerate(order[done:], done):
            if time.monotonic() > until:
                break
            file.write(json.dumps(record_one(kind, number, scratch)) + "\n")
            file.flush()
            print(f"\r{number + 1}/{len(order)} {kind:16}", end="", file=sys.stderr)
    print(file=sys.stderr)


def judge(runs: list[dict], half: int | None) -> tuple[list[str], dict[str, int]]:
    rows, total = [], Counter()
    table: dict[str, Counter] = {kind: Counter() for kind in KINDS}
    for run in runs:
        if half is not None and run["number"] % 2 != half:
            continue
        kind, observed = run["switched_on"], run["observed"]
        named = [cause.name for cause in causes(run["counters"])]
        own = 3000 * 4096 if kind == "cold caches" else 0
        seen = {
            "neighbours": observed["neighbours"], "steal": observed["steal"],
            "disk load": 0.0 if kind == "memory pressure" else max(0.0, observed["disk load"] - own),
        }  # fmt: skip
        table[kind]["runs"] += 1
        total["runs"] += 1
        right = kind == "none" or kind in named
        extra = [name for name in named if name != kind]
        real = [name for name in extra if name in MOST and seen[name] >= MOST[name]]
        either = [name for name in extra if name in LEAST and LEAST[name] <= seen[name] < MOST[name]]
        false = [name for name in extra if name not in real and name not in either]
        right = right and not (kind == "none" and false)
        table[kind]["right"] += right
        table[kind]["false"] += bool(false)
        table[kind]["real"] += bool(real)
        table[kind]["either"] += bool(either)
        for name in named:
            table[kind][f"named {name}"] += 1
        total["right"] += right
        total["false"] += bool(false)
    names = [*KINDS[1:], "steal"]
    rows.append(
        "| switched on | runs | named right | something false | really there beside it | either way | "
        + " | ".join(f"named {n}" for n in names)
        + " |"
    )
    rows.append("|---|" + "---:|" * (5 + len(names)))
    for kind in KINDS:
        one = table[kind]
        rows.append(
            f"| {kind} | {one['runs']} | {one['right']} | {one['false']} | {one['real']} | {one['either']} | "
            + " | ".join(str(one[f"named {name}"] or "") for name in names) + " |"
        )  # fmt: skip
    return rows, dict(total)


def share(part: int, whole: int) -> str:
    found = binomtest(part, whole).proportion_ci(0.95)
    return f"{part / whole:.1%} [{found.low:.1%}, {found.high:.1%}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=7.0)
    parser.add_argument("--per-cause", type=int, default=80)
    parser.add_argument("--scratch", type=Path, default=Path("/var/tmp/godyno-noise-causes"))
    parser.add_argument(
        "--judge", action="store_true", help="the table, from what was recorded; records nothing"
    )
    parser.add_argument("--half", type=int, choices=(0, 1), help="show one half only, keep nothing")
    options = parser.parse_args()
    if not options.judge and options.half is None:
        record(options.scratch, options.minutes, options.per_cause, seed=11)
        return
    runs = [json.loads(line) for line in (options.scratch / "runs.jsonl").read_text().splitlines()]
    counted(options.scratch, runs)
    if options.half is not None:
        print("\n".join(judge(runs, options.half)[0]))
        for kind in KINDS:
            shares = [
                costs(run["counters"])
                for run in runs
                if run["switched_on"] == kind and run["number"] % 2 == options.half
            ]
            for name in shares[0] if shares else ():
                values = sorted(one[name] for one in shares)
                middle = values[len(values) // 2]
                print(f"{kind:16} {name:16} {values[0]:7.4f} {middle:7.4f} {values[-1]:7.4f}")
        return
    judged, total = judge(runs, 1)
    strangers = [
        run for run in runs if run["number"] % 2 and run["observed"]["neighbours"] >= MOST["neighbours"]
    ]
    alone = [run for run in strangers if run["switched_on"] != "neighbours"]
    lines = [
        *judged, "",
        f"Judged on {total['runs']} runs (odd numbers), floors chosen on the other {len(runs) - total['runs']}: "
        f"right {share(total['right'], total['runs'])}, something false {share(total['false'], total['runs'])} (95 % intervals).", "",
        f"Strangers really used more than {MOST['neighbours']:.0%} of the processors in {len(alone)} of the runs without hogs, as the"
        " observer saw: there naming neighbours counts as neither right nor false, so that a false one could show in the others only.",
    ]  # fmt: skip
    keep("noise_causes", "\n".join(lines), runs)


if __name__ == "__main__":
    main()
