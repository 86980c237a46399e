"""Disturbances planted at random times into recordings of a service under load: are they found, is their cause named, what is called an
anomaly that none was?

    python benchmarks/anomalies.py --record 2 --set chosen      records, to choose rules and thresholds on
    python benchmarks/anomalies.py --record 5 --set held-out    records others (again: it goes on with the next numbers)
    python benchmarks/anomalies.py --record 3 --set quiet       records without any plant
    python benchmarks/anomalies.py --judge held-out quiet       the table, of these sets alone

The service (anomalies_go) answers 300 requests a second that it sends itself, reads 32 blocks of a file of 150 MB for each (with four,
what memory pressure evicted and had to be read again was felt by nobody), writes a log and syncs it; its
access log is where latency comes from. It is recorded at the level light, with gctrace and the runtime's metrics (--instrument-with
metrics).
Plants last 5 to 9 s, 8 to 12 s apart, at one of three strengths:

    neighbours   8, 16 or 32 busy processes beside it                 quota      its cgroup limited to 0.5, 0.35 or 0.2 of what it uses
    disk         4, 8 or 16 processes that write and sync 8 MiB       memory     its limit lowered below what it holds
    gc           every request makes 0.5, 1 or 2 MiB of garbage        child      3 children that compute
    lock         a mutex that is held 20, 30 or 40 of 50 ms           peer       every request waits 20, 40 or 80 ms for something that
                                                                                 no recorded layer shows: none is to be accused

Truth also has what an observer outside of godyno saw: whether the load itself was slower (90th percentile of its own log in the plant at
1.5 times that of the quiet stretches): a plant that nobody felt need not be found. What is called an anomaly without a plant is a false
alarm, although on a shared machine it may have been real; its cause is kept. Where no cause is named, that is no wrong cause: the three
rates (right, none named, wrong) are told apart.
"""

from __future__ import annotations

import argparse
import contextlib
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

import numpy as np
from scipy.stats import binomtest, chi2

from arms import keep
from godyno.capture.reader import open_capture
from godyno.diagnose.anomalies.anomalies import Anomalies
from godyno.diagnose.anomalies.signals import signals
from godyno.studies.startup.building import build_instrumented
from godyno.toolchain import find_go

KINDS = ("neighbours", "quota", "disk", "memory", "gc", "child", "lock", "peer")
RIGHT = {
    "neighbours": {"neighbours"}, "quota": {"cpu quota"}, "disk": {"others' disk load"}, "memory": {"memory"},
    "gc": {"garbage collection"}, "child": {"child process"}, "lock": {"lock"}, "peer": {""},
}  # fmt: skip
RATE, DATA_MB = 300, 150
HOG = "while True: pass"
STORM = """
import os, sys
fd, block, at = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT), os.urandom(8 << 20), 0
while True:
    os.pwrite(fd, block, at)
    os.fsync(fd)
    at = (at + len(block)) % (64 << 20)
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
            # A session each: the scheduler weighs sessions against each other.
            self.beside = [
                subprocess.Popen([sys.executable, "-c", HOG], start_new_session=True)
                for _ in range(8 * number)
            ]
        elif self.kind == "disk":
            self.beside = [
                subprocess.Popen([sys.executable, "-c", STORM, str(self.scratch / f"storm{i}")])
                for i in range(4 * number)
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
            self.set(file, str(anon + ((40, 24, 12)[self.strength] << 20)))
        else:
            signal_, text = {
                "gc": (signal.SIGUSR1, 512 * number), "child": (signal.SIGUSR2, 3), "lock": (signal.SIGHUP, 10 + 10 * (self.strength + 1)),
                "peer": (signal.SIGALRM, 20 * number),
            }[self.kind]  # fmt: skip
            (self.scratch / self.kind).write_text(str(text))
            os.kill(pid, signal_)

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
            with contextlib.suppress(FileNotFoundError):  # its group is gone where the kernel killed it
                file.write_text(value)
        for name in ("gc", "child", "lock", "peer"):
            (self.scratch / name).unlink(missing_ok=True)
        if self.kind == "memory":
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGWINCH)


def record_one(
    name: str, number: int, seconds: float, scratch: Path, service: Path, of: Sequence[str] = KINDS
) -> None:
    chance = random.Random(f"{name} {number}")
    out = scratch / name / f"{number:04d}.dyno"
    kinds: list[str] = []
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
        sys.executable, "-m", "godyno", "record", "-q", "--quiet-output", "--go-debug", "gctrace", "--instrument-with", "metrics",
        "-o", str(out), "--",
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
            planted = not name.startswith("quiet")
            while time.monotonic() - began < seconds - 8 and recording.poll() is None:
                if planted:
                    # Each kind once before any comes again, so that few recordings hold all of them.
                    kinds = kinds or chance.sample(of, len(of))
                    plant = Plant(kinds.pop(), chance.randrange(3), pid, scratch)
                    lasts = chance.uniform(5, 9)
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
                time.sleep(min(chance.uniform(8, 12), max(0.0, began + seconds - time.monotonic())))
        finally:
            if plant:
                plant.end()
            with contextlib.suppress(ProcessLookupError):
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


def overlap(anomaly: dict[str, Any], plant: dict[str, Any]) -> int:
    """Nanoseconds that both last; negative where they only come near each other."""
    return min(anomaly["t_end_ns"], plant["t_end_ns"]) - max(anomaly["t_start_ns"], plant["t_start_ns"])


def judge(scratch: Path, sets: Sequence[str]) -> dict[str, Any]:
    plants: list[dict[str, Any]] = []
    alarms: list[dict[str, Any]] = []
    hours, recordings = {"planted": 0.0, "quiet": 0.0}, Counter[str]()
    others: dict[str, float] = {}
    for file in sorted(file for name in sets for file in scratch.glob(f"{name}/*.dyno/truth.json")):
        truth, name = json.loads(file.read_text()), f"{file.parts[-3]}/{file.parts[-2]}"
        with open_capture(file.parent) as capture:
            found = [one.data | {"confidence": one.confidence.value} for one in Anomalies().analyze(capture)]
            ratios = felt(capture, truth) if truth else []
            wall_s = capture.manifest.result.wall_s
            others[name] = used_by_others(capture, truth)
        hours["planted" if truth else "quiet"] += (
            wall_s - sum((t["t_end_ns"] - t["t_start_ns"]) * 1e-9 for t in truth)
        ) / 3600
        recordings["planted" if truth else "quiet"] += 1
        used = set()
        for one, ratio in zip(truth, ratios, strict=True):
            hits = [
                index for index, anomaly in enumerate(found)
                if anomaly["t_start_ns"] < one["t_end_ns"] + 10**9 and one["t_start_ns"] - 10**9 < anomaly["t_end_ns"]
            ]  # fmt: skip
            used |= set(hits)
            hit = max(
                (found[index] for index in hits), key=lambda anomaly: overlap(anomaly, one), default=None
            )
            names = [suspect["name"] for suspect in hit["suspects"]] if hit else []
            plants.append({
                **one, "capture": name, "felt": ratio, "found": bool(hit), "cause": hit["cause"] if hit else None,
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
            {"capture": name, "planted": bool(truth), "cause": anomaly["cause"], "signal": anomaly["signal"],
             "ratio": anomaly["during"] / anomaly["before"] if anomaly["before"] else None, "score": anomaly["score"],
             "lasted_s": (anomaly["t_end_ns"] - anomaly["t_start_ns"]) * 1e-9,
             "after_plant_s": since_plant_s(anomaly["t_start_ns"])}
            for index, anomaly in enumerate(found) if index not in used
        ]  # fmt: skip
    return {
        "sets": list(sets), "recordings": recordings, "plants": plants, "alarms": alarms, "hours": hours, "others_cpu": others,
    }  # fmt: skip


def used_by_others(capture: Any, truth: list[dict[str, Any]]) -> float:
    """The mean share of the processors that programs outside of the recording had while nothing was planted."""
    grid = signals(capture)
    if grid is None or "others_cpu" not in grid.layers:
        return float("nan")
    middle = (grid.edges_ns[:-1] + grid.edges_ns[1:]) // 2
    planted = np.zeros(middle.size, dtype=bool)
    for one in truth:
        planted |= (middle > one["t_start_ns"] - 10**9) & (middle < one["t_end_ns"] + 3 * 10**9)
    return float(grid.layers["others_cpu"][~planted].mean())


def share(count: int, of: int) -> str:
    if not of:
        return "–"
    bounds = binomtest(count, of).proportion_ci(method="wilson")
    return f"{count}/{of} = {count / of:.0%} [{bounds.low:.0%}, {bounds.high:.0%}]"


def table(judged: dict[str, Any]) -> str:
    plants, alarms, hours, recordings = (judged[name] for name in ("plants", "alarms", "hours", "recordings"))
    lines = [
        "# Anomalies planted into recordings of a service, found and named", "",
        f"{recordings.get('planted', 0)} recordings with plants, {recordings.get('quiet', 0)} without, "
        f"{sum(hours.values()) * 60:.0f} minutes without a plant in them all. Rules and thresholds were chosen on "
        f"{'these recordings' if 'chosen' in judged['sets'] else 'other recordings'}. Intervals are Wilson's, 95 %.", "",
        "| planted | times | felt | found, of those felt | cause right, of those found | none named | wrong |",
        "|---|---:|---:|---|---|---|---|",
    ]  # fmt: skip
    for kind in (*KINDS, "all", "all but peer"):
        chosen = [
            one
            for one in plants
            if kind in ("all", one["kind"]) or (kind == "all but peer" and one["kind"] != "peer")
        ]
        noticed = [one for one in chosen if one["felt"] >= 1.5]
        found = [one for one in noticed if one["found"]]
        none = [one for one in found if not one["cause"]]
        right = [one for one in found if one["right"] and one["cause"]]
        wrong = len(found) - len(right) - len(none)
        cells = [
            share(len(found), len(noticed)),
            *(share(count, len(found)) for count in (len(right), len(none), wrong)),
        ]
        lines.append(f"| {kind} | {len(chosen)} | {len(noticed)} | {' | '.join(cells)} |")
    knowable = [one for one in plants if one["felt"] >= 1.5 and one["kind"] != "peer"]
    named = [one for one in plants if one["felt"] >= 1.5 and one["cause"]]
    sure = [one for one in named if one["confidence"] == "high"]
    second = [one for one in knowable if one["found"]]
    total, quiet = sum(hours.values()), hours["quiet"]
    causes = Counter(one["cause"] for one in alarms).most_common()
    told = ", ".join(f"{cause or 'none named'} {count}" for cause, count in causes) or "none"
    silent = [one for one in alarms if not one["planted"]]
    after = [one for one in alarms if one["after_plant_s"] is not None and one["after_plant_s"] < 5]
    lines += [
        "",
        "Of a peer that answers late no recorded layer tells: none named is right there, and counts as not named. Of all others that were "
        f"felt, found and rightly named: {share(sum(one['right'] for one in knowable), len(knowable))}; of those found, right or second: "
        f"{share(sum(one['right'] or one['second'] for one in second), len(second))}. Where a cause was named, it was right in "
        f"{share(sum(one['right'] for one in named), len(named))}; with high confidence in "
        f"{share(sum(one['right'] for one in sure), len(sure))}.",
        "",
        f"False alarms: {len(silent)} in {quiet:.2f} hours of recordings without any plant ({rate(len(silent), quiet)}); "
        f"{len(alarms) - len(silent)} in the {total - quiet:.2f} hours between plants, {len(after)} of them within 5 s after one. "
        f"Their causes: {told}.",
    ]  # fmt: skip
    onsets = sorted(abs(one["onset_s"]) for one in plants if one["felt"] >= 1.5 and one["found"])
    busy = ", ".join(f"{name} {share_:.0%}" for name, share_ in judged["others_cpu"].items())
    lines += ["", f"Other programs had of the processors while nothing was planted: {busy}."]
    if onsets:
        lines += ["", f"Onset, against the plant's: half within {statistics.median(onsets):.1f} s, nine of ten within "
                  f"{onsets[int(0.9 * (len(onsets) - 1))]:.1f} s."]  # fmt: skip
    return "\n".join(lines)


def rate(count: int, hours: float) -> str:
    """An hour, with the exact interval of a Poisson count."""
    if not hours:
        return "–"
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return (
        f"{count / hours:.1f} an hour [{low / hours:.1f}, {chi2.ppf(0.975, 2 * count + 2) / 2 / hours:.1f}]"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=int, default=0, help="how many recordings to make")
    parser.add_argument(
        "--set", default="held-out", help="what they belong to; in the set quiet nothing is planted"
    )
    parser.add_argument("--seconds", type=float, default=290.0)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="plant only these")
    parser.add_argument("--judge", nargs="+", metavar="SET", help="the table of these sets")
    parser.add_argument("--note", default="", help="with --judge: a remark that the result shall carry")
    parser.add_argument("--look", action="store_true", help="with --judge: print, and keep no result")
    asked = parser.parse_args()
    (SCRATCH / asked.set).mkdir(parents=True, exist_ok=True)
    service = SCRATCH / "service"
    if asked.record and not service.exists():
        build_instrumented(
            find_go(), ("go", "build", "-o", str(service), "."), Path(__file__).parent / "anomalies_go",
            {"GOFLAGS": None, "GOWORK": "off"}, SCRATCH / "_instrument",
        )  # fmt: skip
    for _ in range(asked.record):
        number = 1 + max((int(one.name[:4]) for one in (SCRATCH / asked.set).glob("*.dyno")), default=-1)
        print(f"recording {asked.set} {number}", flush=True)
        record_one(asked.set, number, asked.seconds, SCRATCH, service, asked.kinds)
    if asked.judge:
        judged = judge(SCRATCH, asked.judge)
        if asked.look:
            print(table(judged))
            for one in (*judged["plants"], *judged["alarms"]):
                print(
                    {
                        key: round(of, 2) if isinstance(of, float) else of
                        for key, of in one.items()
                        if not key.endswith("_ns")
                    }
                )
        else:
            keep("anomalies", "\n\n".join(filter(None, (table(judged), asked.note))), judged)


if __name__ == "__main__":
    main()
