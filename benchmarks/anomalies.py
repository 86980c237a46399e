"""Disturbances planted at random times into recordings of a service under load: are they found, is their cause named, what is called an
anomaly that none was?

    python benchmarks/anomalies.py --record 2 --seconds 420     records (again: it goes on with the next numbers)
    python benchmarks/anomalies.py --judge                      the table, of everything that was recorded

The service (anomalies_go) answers 300 requests a second that it sends itself, reads from a file of 150 MB, writes a log and syncs it; its
access log is where latency comes from. Plants last 6 to 14 s, 14 to 30 s apart, at one of three strengths:

    neighbours   8, 16 or 32 busy processes beside it                 quota      its cgroup limited to 0.5, 0.35 or 0.2 of what it uses
    disk         2, 4 or 8 processes that write and sync              memory     its limit lowered below what it holds
    gc           the collector's target set to 1, 5, 10 %             child      3 children that compute
    lock         a mutex that is held 40 of 50 ms: no layer of level light shows it, so the right answer is to accuse none

Every third recording has no plants. Truth also has what an observer outside of godyno saw: whether the load itself was slower (90th
percentile of its own log in the plant at 1.5 times that of the quiet stretches): a plant that nobody felt need not be found. What is called
an anomaly without a plant is a false alarm, although on a shared machine it may have been real; its cause is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from arms import keep
from godyno.capture.reader import open_capture
from godyno.diagnose.anomalies.anomalies import Anomalies
from godyno.toolchain import find_go

KINDS = ("neighbours", "quota", "disk", "memory", "gc", "child", "lock")
RIGHT = {
    "neighbours": {"neighbours"}, "quota": {"cpu quota"}, "disk": {"others' disk load"}, "memory": {"memory"},
    "gc": {"garbage collection"}, "child": {"child process"}, "lock": {""},
}  # fmt: skip
RATE, DATA_MB = 300, 150
HOG = "while True: pass"
STORM = """
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
while True:
    os.pwrite(fd, os.urandom(1 << 20), 0)
    os.fsync(fd)
"""
SCRATCH = Path.home() / ".cache/godyno-benchmarks/anomalies"
_LINE = re.compile(r"POST \S+ \d+ ([\d.]+)(ns|µs|ms|s|m)")


def group_file(pid: int, controller: str, name_v1: str, name_v2: str) -> Path:
    """A control file of the process's cgroup."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            mount = next(
                row.split()[1] for row in Path("/proc/mounts").read_text().splitlines()
                if row.split()[2] == "cgroup" and controller in row.split()[3].split(",")
            )  # fmt: skip
            return Path(mount + path, name_v1)
        if not controllers:
            unified = Path("/sys/fs/cgroup" + path, name_v2)
    return unified


class Plant:
    """One disturbance, begun and ended."""

    def __init__(self, kind: str, strength: int, pid: int, scratch: Path) -> None:
        self.kind, self.strength, self.pid, self.scratch = kind, strength, pid, scratch
        self.beside: list[subprocess.Popen[bytes]] = []
        self.put_back: list[tuple[Path, str]] = []

    def begin(self, used_cpus: float) -> None:
        number, pid = (1, 2, 4)[self.strength], self.pid
        if self.kind == "neighbours":
            self.beside = [subprocess.Popen([sys.executable, "-c", HOG]) for _ in range(8 * number)]
        elif self.kind == "disk":
            self.beside = [
                subprocess.Popen([sys.executable, "-c", STORM, str(self.scratch / f"storm{i}")])
                for i in range(2 * number)
            ]
        elif self.kind == "quota":
            quota = used_cpus * (0.5, 0.35, 0.2)[self.strength]
            self.set(
                group_file(pid, "cpu", "cpu.cfs_quota_us", "cpu.max"), str(max(2000, round(quota * 100_000)))
            )
        elif self.kind == "memory":
            file = group_file(pid, "memory", "memory.limit_in_bytes", "memory.max")
            anon = (
                int(
                    next(
                        line.split()[1]
                        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                        if line.startswith("RssAnon")
                    )
                )
                << 10
            )
            self.set(file, str(anon + ((60, 35, 20)[self.strength] << 20)))
        else:
            name, number_ = {
                "gc": ("gc", signal.SIGUSR1),
                "child": ("child", signal.SIGUSR2),
                "lock": ("lock", signal.SIGHUP),
            }[self.kind]
            (self.scratch / name).touch()
            os.kill(pid, number_)

    def set(self, file: Path, value: str) -> None:
        self.put_back.append((file, file.read_text().strip()))
        for _ in range(20):
            try:
                file.write_text(value)
                return
            except OSError:  # busy: what it holds cannot be reclaimed at once
                time.sleep(0.1)

    def end(self) -> None:
        for one in self.beside:
            one.kill()
            one.wait()
        for file, value in self.put_back:
            file.write_text(value)
        for name in ("gc", "child", "lock"):
            (self.scratch / name).unlink(missing_ok=True)
        if self.kind == "memory":
            os.kill(self.pid, signal.SIGWINCH)


def record_one(number: int, seconds: float, scratch: Path, service: Path) -> None:
    chance = random.Random(number)
    out = scratch / f"{number:04d}.dyno"
    shutil.rmtree(out, ignore_errors=True)
    data = scratch / "data"
    if not data.exists():
        data.write_bytes(os.urandom(DATA_MB << 20))
        os.sync()
    with data.open("rb") as file:
        os.posix_fadvise(
            file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED
        )  # its pages shall be charged to the service
    command = [
        sys.executable, "-m", "godyno", "record", "-q", "--quiet-output", "--go-debug", "gctrace", "-o", str(out), "--",
        str(service), str(RATE), str(data), str(scratch / "log"),
    ]  # fmt: skip
    truth: list[dict[str, Any]] = []
    with subprocess.Popen(command) as recording:
        pid = 0
        while not pid and recording.poll() is None:
            time.sleep(0.5)
            told = subprocess.run(
                ["pgrep", "-f", f"^{service} "], capture_output=True, text=True
            ).stdout.split()
            pid = int(told[0]) if told else 0
        began = time.monotonic()
        plant: Plant | None = None
        try:
            time.sleep(17)
            used = cpu_s(pid) / 20
            planted = number % 3 != 2
            while time.monotonic() - began < seconds:
                if planted:
                    plant = Plant(chance.choice(KINDS), chance.randrange(3), pid, scratch)
                    lasts = chance.uniform(6, 14)
                    start = time.monotonic_ns()
                    plant.begin(used)
                    time.sleep(lasts)
                    plant.end()
                    truth.append(
                        {
                            "kind": plant.kind,
                            "strength": plant.strength,
                            "t_start_ns": start,
                            "t_end_ns": time.monotonic_ns(),
                        }
                    )
                    plant = None
                time.sleep(chance.uniform(14, 30))
        finally:
            if plant:
                plant.end()
            os.kill(pid, signal.SIGTERM)
            recording.wait(120)
    (out / "truth.json").write_text(json.dumps(truth))


def cpu_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / 100


def felt(capture: Any, truth: list[dict[str, Any]]) -> list[float]:
    """How much slower the load was in each plant, by its own log."""
    table = capture.sql("SELECT t_ns, text FROM lines WHERE text LIKE 'POST%'").to_pylist()
    unit = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
    rows = [(row["t_ns"], float(m[1]) * unit[m[2]]) for row in table if (m := _LINE.match(row["text"]))]

    def p90(lows: list[tuple[int, int]], inside: bool) -> float:
        chosen = [value for t, value in rows if any(a <= t <= b for a, b in lows) is inside]
        return statistics.quantiles(chosen, n=10)[-1] if len(chosen) > 10 else float("nan")

    wide = [(one["t_start_ns"] - 2 * 10**9, one["t_end_ns"] + 6 * 10**9) for one in truth]
    quiet = p90(wide, False)
    return [p90([(one["t_start_ns"], one["t_end_ns"])], True) / quiet for one in truth]


def judge(scratch: Path) -> dict[str, Any]:
    plants: list[dict[str, Any]] = []
    alarms: list[dict[str, Any]] = []
    hours = {"planted": 0.0, "quiet": 0.0}
    for file in sorted(scratch.glob("*.dyno/truth.json")):
        truth = json.loads(file.read_text())
        with open_capture(file.parent) as capture:
            found = [one.data | {"confidence": one.confidence.value} for one in Anomalies().analyze(capture)]
            ratios = felt(capture, truth) if truth else []
            wall_s = capture.manifest.result.wall_s
        hours["planted" if truth else "quiet"] += (
            wall_s - sum((t["t_end_ns"] - t["t_start_ns"]) * 1e-9 for t in truth)
        ) / 3600
        used = set()
        for one, ratio in zip(truth, ratios, strict=True):
            hits = [
                index for index, anomaly in enumerate(found)
                if anomaly["t_start_ns"] < one["t_end_ns"] + 10**9 and one["t_start_ns"] - 10**9 < anomaly["t_end_ns"]
            ]  # fmt: skip
            used |= set(hits)
            hit = found[hits[0]] if hits else None
            names = [suspect["name"] for suspect in hit["suspects"]] if hit else []
            plants.append({
                **one, "capture": file.parent.name, "felt": ratio, "found": bool(hit), "cause": hit["cause"] if hit else None,
                "right": bool(hit) and hit["cause"] in RIGHT[one["kind"]], "second": bool(RIGHT[one["kind"]] & set(names[:2])),
                "confidence": hit["confidence"] if hit else None,
                "onset_s": (hit["t_start_ns"] - one["t_start_ns"]) * 1e-9 if hit else None,
            })  # fmt: skip

        # What memory pressure leaves behind (pages that are read again) and a queue that drains belong to their plant.
        def since_plant_s(
            t_ns: int, ends: Sequence[int] = tuple(t["t_end_ns"] for t in truth)
        ) -> float | None:
            return min(((t_ns - end) * 1e-9 for end in ends if end <= t_ns), default=None)

        alarms += [
            {"capture": file.parent.name, "planted": bool(truth), "cause": anomaly["cause"], "signal": anomaly["signal"],
             "ratio": anomaly["during"] / anomaly["before"] if anomaly["before"] else None, "score": anomaly["score"],
             "lasted_s": (anomaly["t_end_ns"] - anomaly["t_start_ns"]) * 1e-9,
             "after_plant_s": since_plant_s(anomaly["t_start_ns"])}
            for index, anomaly in enumerate(found) if index not in used
        ]  # fmt: skip
    return {"plants": plants, "alarms": alarms, "hours": hours}


def share(count: int, of: int) -> str:
    if not of:
        return "–"
    bounds = binomtest(count, of).proportion_ci(method="wilson")
    return f"{count}/{of} = {count / of:.0%} [{bounds.low:.0%}, {bounds.high:.0%}]"


def table(judged: dict[str, Any]) -> str:
    plants, alarms, hours = judged["plants"], judged["alarms"], judged["hours"]
    lines = [
        "| planted | times | felt | found, of those felt | right cause, of those found | among the first two |",
        "|---|---|---|---|---|---|",
    ]
    for kind in (*KINDS, "all", "all but lock"):
        chosen = [
            one
            for one in plants
            if kind == "all" or one["kind"] == kind or (kind == "all but lock" and one["kind"] != "lock")
        ]
        noticed = [one for one in chosen if one["felt"] >= 1.5]
        found = [one for one in noticed if one["found"]]
        lines.append(
            f"| {kind} | {len(chosen)} | {len(noticed)} | {share(len(found), len(noticed))} | "
            f"{share(sum(one['right'] for one in found), len(found))} | "
            f"{share(sum(one['second'] or one['right'] for one in found), len(found))} |"
        )
    both = [one for one in plants if one["felt"] >= 1.5]
    sure = [one for one in both if one["confidence"] == "high"]
    causes = Counter(one["cause"] for one in alarms).most_common()
    named = ", ".join(f"{cause or 'none named'} {count}" for cause, count in causes) or "none"
    lines += [
        "",
        f"Found and rightly attributed, of those felt: {share(sum(one['right'] for one in both), len(both))}. "
        f"Of those that were named with high confidence: {share(sum(one['right'] for one in sure), len(sure))} right.",
        "",
        f"Without a plant, in {hours['quiet'] + hours['planted']:.2f} hours ({hours['quiet']:.2f} of them in recordings without any): "
        f"{len(alarms)} alarms, {len(alarms) / max(hours['quiet'] + hours['planted'], 1e-9):.1f} an hour; their causes: {named}.",
        f"In recordings without any plant: {sum(not one['planted'] for one in alarms)} "
        f"({sum(not one['planted'] for one in alarms) / max(hours['quiet'], 1e-9):.1f} an hour).",
    ]  # fmt: skip
    onsets = [abs(one["onset_s"]) for one in both if one["found"]]
    if onsets:
        lines.append(
            f"Onset, against the plant's: half within {statistics.median(onsets):.1f} s, nine of ten within "
            f"{sorted(onsets)[int(0.9 * (len(onsets) - 1))]:.1f} s."
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", type=int, default=0, help="how many recordings to make")
    parser.add_argument("--seconds", type=float, default=420.0)
    parser.add_argument("--judge", action="store_true")
    asked = parser.parse_args()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    service = SCRATCH / "service"
    if asked.record:
        find_go().run(
            "build",
            "-o",
            str(service),
            ".",
            cwd=Path(__file__).parent / "anomalies_go",
            env={"GOWORK": "off", "GOFLAGS": ""},
        )
    for _ in range(asked.record):
        number = 1 + max((int(one.name[:4]) for one in SCRATCH.glob("*.dyno")), default=-1)
        print(f"recording {number}", flush=True)
        record_one(number, asked.seconds, SCRATCH, service)
    if asked.judge:
        judged = judge(SCRATCH)
        text = table(judged)
        keep("anomalies", text, judged)


if __name__ == "__main__":
    main()
