"""The level of parallelism chosen from eight runs at 8 % noise, on curves of several shapes; plain USL, kneed and argmax beside it.

Ours chooses its own eight levels; the others get 1, 2, 3, 4, 6, 8, 12, 16, which is what one would run by hand.

    python benchmarks/stats_saturation/run.py [--quick] [--out FILE]
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import curve_fit

from godyno.stats.saturation import Curves, first_levels

try:
    from kneed import KneeLocator
except ImportError:
    KneeLocator = None

LEVELS = list(range(1, 17))
BY_HAND = [1, 2, 3, 4, 6, 8, 12, 16]
NOISE = 0.08
SHAPES = ("usl", "capped", "cap and decline", "rounds", "rounds and cap", "one long package")


def curve(rng: np.random.Generator, shape: str) -> np.ndarray:
    """True throughput at levels 1 to 16."""
    p = np.array(LEVELS, dtype=float)
    if shape == "usl":
        contention, coherency = 10 ** rng.uniform(-2.5, -0.7), 10 ** rng.uniform(-4.5, -2)
        return p / (1 + contention * (p - 1) + coherency * p * (p - 1))
    if shape == "capped":
        return np.minimum(p, rng.uniform(1.5, 14))
    if shape == "cap and decline":
        cap = rng.uniform(1.5, 10)
        return np.minimum(p, cap) * np.exp(-rng.uniform(0.02, 0.06) * np.maximum(p - cap, 0))
    tasks = int(rng.integers(6, 48))
    if shape == "rounds":
        return tasks / np.ceil(tasks / p)
    if shape == "rounds and cap":
        return np.minimum(tasks / np.ceil(tasks / p), rng.integers(2, 9))
    # Packages of unequal length in a fixed order, each taken by the next free worker.
    lengths = np.append(rng.dirichlet(np.ones(20)), 0)
    longest = rng.uniform(0.2, 0.6)
    lengths = rng.permutation(np.append(lengths[:-1] * (1 - longest), longest))
    found = []
    for workers in LEVELS:
        free = np.zeros(workers)
        for length in lengths:
            free[free.argmin()] += length
        found.append(1 / free.max())
    return np.array(found)


def godyno(run: Callable[[int], float]) -> int:
    levels = first_levels(LEVELS)
    values = [run(level) for level in levels]
    while len(levels) < 8:
        levels.append(Curves(levels, values, LEVELS).next_level())
        values.append(run(levels[-1]))
    return Curves(levels, values, LEVELS).result().recommended


def usl(values: Sequence[float], by_hand: Sequence[int] = BY_HAND, among: Sequence[int] = LEVELS) -> int:
    """The best level of a USL fitted by least squares."""

    def model(p: np.ndarray, scale: float, contention: float, coherency: float) -> np.ndarray:
        return np.log(scale * p / (1 + contention * (p - 1) + coherency * p * (p - 1)))

    at = np.array(by_hand, dtype=float)
    try:
        fit, _ = curve_fit(
            model, at, np.log(values), p0=(values[0], 0.05, 0.001), bounds=([1e-9, 0, 0], [np.inf, 1, 1])
        )
    except RuntimeError:
        return by_hand[int(np.argmax(values))]
    return among[int(np.argmax(model(np.array(among, dtype=float), *fit)))]


def knee(values: Sequence[float], by_hand: Sequence[int] = BY_HAND) -> int:
    """What kneed says; the largest where it finds no knee."""
    found = KneeLocator(by_hand, list(values), curve="concave", direction="increasing").knee
    return int(found) if found else by_hand[int(np.argmax(values))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("table.md"))
    options = parser.parse_args()
    curves = 15 if options.quick else 100
    began = time.monotonic()
    names = ["godyno", "plain USL", "argmax"] + (["kneed"] if KneeLocator else [])
    lines = [
        f"# Saturation, {curves} curves a shape, 8 runs, {NOISE:.0%} noise{' (--quick)' if options.quick else ''}", "",
        "Share of curves on which the chosen level gives at least 93 % of the best throughput (worst share seen; median level chosen).", "",
        "| shape | " + " | ".join(names) + " |", "|---|" + "---|" * len(names),
    ]  # fmt: skip
    print("\n".join(lines), flush=True)
    total: dict[str, list[float]] = {name: [] for name in names}
    for shape in SHAPES:
        rng = np.random.default_rng(50)
        shares: dict[str, list[float]] = {name: [] for name in names}
        chosen: dict[str, list[int]] = {name: [] for name in names}
        for _ in range(curves):
            truth = curve(rng, shape)

            def run(level: int, truth: np.ndarray = truth, rng: np.random.Generator = rng) -> float:
                return float(truth[level - 1] * math.exp(rng.normal(0, NOISE)))

            values = [run(level) for level in BY_HAND]
            picks = {
                "godyno": godyno(run),
                "plain USL": usl(values),
                "argmax": BY_HAND[int(np.argmax(values))],
            }
            if KneeLocator:
                picks["kneed"] = knee(values)
            for name, level in picks.items():
                shares[name].append(float(truth[level - 1] / truth.max()))
                chosen[name].append(level)
        for name in names:
            total[name] += shares[name]
        cells = [
            f"{100 * np.mean(np.array(shares[name]) >= 0.93):.0f} % ({min(shares[name]):.2f}; {np.median(chosen[name]):.0f})"
            for name in names
        ]
        lines.append(f"| {shape} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    lines.append(
        "| **all** | "
        + " | ".join(f"{100 * np.mean(np.array(total[name]) >= 0.93):.1f} %" for name in names)
        + " |"
    )
    print(lines[-1])
    options.out.write_text("\n".join(lines) + "\n")
    print(f"{options.out} in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
