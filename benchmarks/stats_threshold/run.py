"""The limit under which half of all runs pass: posterior against bisection and majority of three, on simulated peaks.

A run is killed when its peak exceeds the limit. Runs are counted as probing when they had a limit; all methods begin with one run without.

    python benchmarks/stats_threshold/run.py [--quick] [--out FILE]
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from godyno.stats.threshold import Probe, Search

TRUTH = 1.0e9
Peaks = Callable[[], float]


def peaks(rng: np.random.Generator, shape: str, spread: float) -> Peaks:
    """Peaks whose median is TRUTH."""
    if shape == "skewed":
        scale = 1 / 0.5  # gamma of log excess with CV of 0.5, shifted to a median of zero
        median = float(np.median(np.random.default_rng(0).gamma(4, 1, 200_001)))
        return lambda: TRUTH * math.exp(spread * scale * (rng.gamma(4, 1) - median) / 4)
    if shape == "two modes":
        return lambda: TRUTH * math.exp(spread * (rng.normal(0, 0.45) + rng.choice([-0.9, 0.9])))
    return lambda: TRUTH * math.exp(rng.normal(0, spread))


def posterior(peak: Peaks) -> tuple[float, int, bool]:
    search = Search()
    while not search.done:
        limit, value = search.next_limit(), peak()
        if limit is None:
            search.observe(Probe(True, None, value))
        else:
            search.observe(Probe(value <= limit, limit, value if value <= limit else None))
    result = search.result()
    return result.limit_bytes, search.probing_runs, TRUTH in result.interval


def bisection(peak: Peaks, runs: int, votes: int = 1) -> tuple[float, int, bool]:
    first = peak()
    low, high, used = 0.7 * first, 1.3 * first, 0
    while used + votes <= runs:
        middle = (low + high) / 2
        passed = sum(peak() <= middle for _ in range(votes)) * 2 > votes
        used += votes
        low, high = (low, middle) if passed else (middle, high)
    return (low + high) / 2, used, low <= TRUTH <= high


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("table.md"))
    options = parser.parse_args()
    seeds = 60 if options.quick else 400
    began = time.monotonic()
    methods = (
        ("posterior, at most 6", posterior),
        ("bisection, 6", lambda peak: bisection(peak, 6)),
        ("majority of three, 6", lambda peak: bisection(peak, 6, 3)),
        ("majority of three, 18", lambda peak: bisection(peak, 18, 3)),
    )
    lines = [
        f"# Threshold search, {seeds} seeds{' (--quick)' if options.quick else ''}", "",
        "| peaks | spread | method | within 2 % | 95 % of errors below | probing runs | interval covers |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    print("\n".join(lines), flush=True)
    for shape, spread in (
        ("log-normal", 0.005), ("log-normal", 0.013), ("log-normal", 0.026), ("log-normal", 0.06), ("log-normal", 0.12),
        ("skewed", 0.026), ("two modes", 0.026),
    ):  # fmt: skip
        for name, method in methods:
            rng = np.random.default_rng(40)
            found = [method(peaks(rng, shape, spread)) for _ in range(seeds)]
            errors = np.abs(np.array([limit for limit, _, _ in found]) / TRUTH - 1)
            near = 100 * np.mean(errors <= 0.02)
            lines.append(
                f"| {shape} | {100 * spread:.1f} % | {name} | {near:.1f} % | {100 * np.quantile(errors, 0.95):.2f} %"
                f" | {np.mean([runs for _, runs, _ in found]):.1f} | {100 * np.mean([covers for _, _, covers in found]):.1f} % |"
            )
            print(lines[-1], flush=True)
    options.out.write_text("\n".join(lines) + "\n")
    print(f"{options.out} in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
