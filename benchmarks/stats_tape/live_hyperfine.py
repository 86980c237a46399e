"""hyperfine on two identical commands under the neighbour that comes and goes; godyno's order and test on as many runs right after each.

hyperfine measures by itself, so it cannot be given the tape. It runs all of the first command, then all of the second, and always names a
winner: "1.04 ± 0.03 times faster". Read charitably, it calls the two different where the ratio is more than its ± above 1.

    python benchmarks/stats_tape/live_hyperfine.py [--comparisons 300] [--runs 20]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from record import HERE, RUN_S, Loop, Neighbour, build

from godyno.stats import compare
from godyno.stats.compare import Verdict


def hyperfine(command: str, runs: int, neighbour: Neighbour) -> tuple[float, float]:
    """The ratio that it prints, and the ± behind it."""
    env = {**os.environ, "GOMAXPROCS": "1"}
    process = subprocess.Popen(
        ["hyperfine", "-N", "--style", "basic", "--warmup", "1", "--runs", str(runs), command, command + " "],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    while True:  # the neighbour goes on coming and going
        neighbour.tick()
        try:
            said, _ = process.communicate(timeout=0.02)
            break
        except subprocess.TimeoutExpired:
            continue
    found = re.search(r"([\d.]+) ± ([\d.]+) times faster", said)
    if not found:
        raise SystemExit(f"hyperfine named no winner:\n{said}")
    return float(found[1]), float(found[2])


def interleaved(
    loop: Loop, turns_s: float, runs: int, neighbour: Neighbour, rng: random.Random
) -> list[list[float]]:
    """Wall seconds of two identical arms, pair by pair in an order drawn by coin."""
    arms: list[list[float]] = [[], []]
    for _ in range(runs):
        for arm in rng.sample((0, 1), 2):
            neighbour.tick()
            arms[arm].append(loop.run(turns_s).wall)
    return arms


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--comparisons", type=int, default=300)
    parser.add_argument("--runs", type=int, default=20, help="runs of each command")
    parser.add_argument("--seconds", type=float, default=200, help="begin no comparison later than this")
    options = parser.parse_args()
    if not shutil.which("hyperfine"):
        raise SystemExit("hyperfine is needed: apt-get install hyperfine")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rng = random.Random(7)
    rows, called = [], 0
    with tempfile.TemporaryDirectory(prefix="stats-tape-") as scratch:
        loop = Loop(build(Path(scratch)))
        turns = round((RUN_S["null"] - loop.start_s) / loop.turn_s)
        with Neighbour(loop.program, rng) as neighbour:
            until = time.monotonic() + options.seconds
            for _ in range(options.comparisons):
                if time.monotonic() > until:
                    break
                ratio, spread = hyperfine(f"{loop.program} {turns}", options.runs, neighbour)
                arms = interleaved(loop, RUN_S["null"], options.runs, neighbour, rng)
                verdict = compare.paired(*arms).verdict
                called += verdict is not Verdict.UNDECIDED
                rows.append(
                    {"ratio": ratio, "spread": spread, "wall_s": [[round(x, 6) for x in arm] for arm in arms]}
                )
    version = subprocess.run(
        ["hyperfine", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    (HERE / "live_hyperfine.json").write_text(
        json.dumps({"version": version, "runs": options.runs, "comparisons": rows})
    )
    n = len(rows)
    beyond = [sum(row["ratio"] - k * row["spread"] > 1 for row in rows) for k in (1, 2)]
    median = sorted(row["ratio"] for row in rows)[n // 2]
    lines = [
        f"# Identical commands, wall time, live: {version} and godyno in turn", "",
        f"{n} comparisons of {options.runs} + {options.runs} runs, neighbour coming and going. hyperfine always names a winner.", "",
        "| program | its claim | of identical pairs, % |", "|---|---|---|",
        f"| {version} | a winner, whatever the ± (median claim: {median:.2f} times faster) | 100.0 |",
        f"| {version} | ratio − its ± above 1 | {100 * beyond[0] / n:.1f} |",
        f"| {version} | ratio − twice its ± above 1 | {100 * beyond[1] / n:.1f} |",
        f"| godyno | different | {100 * called / n:.1f} |",
    ]  # fmt: skip
    (HERE / "live_hyperfine.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
