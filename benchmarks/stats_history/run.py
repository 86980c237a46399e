"""Steps in a history: false calls on stable series with spikes, and how soon a step of two sigma is found.

Beside it the real programs on the same series: Apache Otava (its analysis with its own defaults), PELT of ruptures with its usual penalty.

    python benchmarks/stats_history/run.py [--quick] [--out FILE]
"""

from __future__ import annotations

import argparse
import math
import os
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import ruptures
from otava.analysis import compute_change_points
from otava.series import AnalysisOptions

from godyno.stats.changepoint import changes

SIGMA = 0.02


def series(rng: np.random.Generator, n: int, kind: str) -> np.ndarray:
    noise = rng.normal(size=n)
    if kind == "spikes up":
        noise += np.where(rng.random(n) < 0.05, rng.exponential(8, n), 0)
    if kind == "spikes both ways":
        noise += np.where(rng.random(n) < 0.05, rng.normal(0, 8, n), 0)
    if kind == "skewed":
        noise = np.exp(0.7 * noise) - 1
    if kind.startswith("memory 0.3"):
        for i in range(1, n):
            noise[i] += 0.3 * noise[i - 1]
    if kind == "memory 0.3, spikes up":
        noise += np.where(rng.random(n) < 0.05, rng.exponential(8, n), 0)
    return 100 * np.exp(SIGMA * noise)


def ours(values: np.ndarray) -> list[int]:
    return [change.index for change in changes(values)]


def monitored(values: np.ndarray) -> list[int]:
    return [change.index for change in changes(values, monitored=True)]


def otava(values: np.ndarray) -> list[int]:
    usual = AnalysisOptions()
    found, _ = compute_change_points(values.tolist(), usual.window_len, usual.max_pvalue, usual.min_magnitude)
    return [change.index for change in found]


def pelt(values: np.ndarray) -> list[int]:
    scaled = (values - values.mean()) / values.std()
    found = ruptures.Pelt(model="l2", min_size=5).fit(scaled).predict(pen=3 * math.log(values.size))
    return [int(index) for index in found[:-1]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("table.md"))
    options = parser.parse_args()
    rng = np.random.default_rng(30)
    began = time.monotonic()
    times = 300 if options.quick else 2000
    methods = [
        ("godyno", ours),
        (f"Apache Otava {version('apache-otava')}", otava),
        (f"PELT of ruptures {version('ruptures')}, 3 log n", pelt),
    ]
    lines = [
        f"# History{' (--quick)' if options.quick else ''}",
        "",
        f"## Stable series of 100 called changed, % of {times} (rivals: of {times // 8})",
        "",
    ]
    kinds = ("plain", "spikes up", "spikes both ways", "skewed", "memory 0.3", "memory 0.3, spikes up")
    lines += ["| method | " + " | ".join(kinds) + " |", "|---|" + "---|" * len(kinds)]
    for name, method in methods:
        tried = times if method is ours else times // 8
        rates = [sum(bool(method(series(rng, 100, kind))) for _ in range(tried)) / tried for kind in kinds]
        lines.append(f"| {name} | " + " | ".join(f"{100 * rate:.1f}" for rate in rates) + " |")
        print(lines[-1], flush=True)
    looks = times // 16
    ever = []
    for kind in kinds:
        stable = [series(rng, 100, kind) for _ in range(looks)]
        ever.append(sum(any(monitored(values[:k]) for k in range(20, 101, 2)) for values in stable) / looks)
    lines.append(
        f"| godyno, `monitored`: looked at after every second point from 20 to 100, {looks} series | "
        + " | ".join(f"{100 * rate:.1f}" for rate in ever)
        + " |"
    )
    print(lines[-1], flush=True)
    tries = times // 5
    lines += [
        "",
        f"## A step of two sigma, 5 % spikes: seen with ten points after it and placed within ten, % of {tries}",
        "",
    ]
    lines += [
        "| method | 30 points before | 50 | 80 | anywhere in 100 | one sigma, middle of 100 |",
        "|---|---|---|---|---|---|",
    ]
    for name, method in [*methods, ("godyno, monitored", monitored)]:
        row = []
        for at, sigmas in ((30, 2), (50, 2), (80, 2), (0, 2), (-50, 1)):
            hits = 0
            for _ in range(tries):
                place = abs(at) or int(rng.integers(12, 89))
                values = series(rng, at + 10 if at > 0 else 100, "spikes up")
                values[place:] *= math.exp(sigmas * SIGMA)
                hits += any(abs(found - place) <= 10 for found in method(values))
            row.append(f"{100 * hits / tries:.1f}")
        lines.append(f"| {name} | " + " | ".join(row) + " |")
        print(lines[-1], flush=True)
    options.out.write_text("\n".join(lines) + "\n")
    print(f"{options.out} in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
