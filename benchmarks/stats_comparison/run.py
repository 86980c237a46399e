"""False positives, power, coverage, families and stopping, on simulated machines that drift, spike and have neighbours.

The true noise is known here; benchmarks/stats_tape does the same on real runs. A is old, B is new; N is runs a side.

    python benchmarks/stats_comparison/run.py [--quick] [--out FILE]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the arrays are small: threads only get in each other's way

import numpy as np
from scipy import stats

from godyno.stats import compare, signflip
from godyno.stats.compare import Verdict
from godyno.stats.sequential import Look, Sequential

Array = np.ndarray
NOISES = ("steady", "drift", "spikes", "neighbours", "memory", "all")


def log_times(rng: np.random.Generator, runs: int, kind: str) -> Array:
    """Log durations of runs in a row."""
    noise = rng.normal(0, 0.025, runs)
    if kind in ("drift", "all"):
        noise += np.cumsum(rng.normal(0, 0.01, runs)) + rng.uniform(-0.1, 0.1) * np.linspace(0, 1, runs)
    if kind in ("spikes", "all"):
        noise += np.where(rng.random(runs) < 0.05, rng.exponential(0.5, runs), 0)
    if kind in ("neighbours", "all"):
        on = np.cumsum(rng.random(runs) < rng.uniform(0.02, 0.3)) % 2
        noise += on * np.log(1.8) * rng.uniform(0.5, 1, runs)
    if kind == "memory":
        for i in range(1, runs):
            noise[i] += 0.6 * noise[i - 1]
    return noise


def shuffled(rng: np.random.Generator, n: int, kind: str) -> tuple[Array, Array]:
    """Pairs in an order drawn by coin."""
    both = log_times(rng, 2 * n, kind).reshape(n, 2)
    first = rng.random(n) < 0.5
    return np.where(first, both[:, 0], both[:, 1]), np.where(first, both[:, 1], both[:, 0])


def mirrored(rng: np.random.Generator, n: int, kind: str) -> tuple[Array, Array]:
    """A B B A or B A A B."""
    both = log_times(rng, 2 * n, kind).reshape(n, 2)
    first = np.repeat(rng.random((n + 1) // 2) < 0.5, 2)[:n]
    first[1::2] = ~first[1::2]
    return np.where(first, both[:, 0], both[:, 1]), np.where(first, both[:, 1], both[:, 0])


def separate(rng: np.random.Generator, n: int, kind: str) -> tuple[Array, Array]:
    """All of A, then all of B."""
    both = log_times(rng, 2 * n, kind)
    return both[:n], both[n:]


def sign_flip(a: Array, b: Array) -> float:
    return signflip.p_value(b - a)


def wilcoxon(a: Array, b: Array) -> float:
    return float(stats.wilcoxon(b - a, method="exact" if a.size <= 50 else "approx").pvalue)


def paired_t(a: Array, b: Array) -> float:
    return float(stats.ttest_rel(a, b).pvalue)


def mann_whitney(a: Array, b: Array) -> float:
    return compare.mannwhitney.u_test(a, b).p


def welch(a: Array, b: Array) -> float:
    return float(stats.ttest_ind(np.exp(a), np.exp(b), equal_var=False).pvalue)


Test = Callable[[Array, Array], float]
Order = Callable[[np.random.Generator, int, str], tuple[Array, Array]]
METHODS: tuple[tuple[str, Order, Test, float], ...] = (
    ("godyno: sign flips, shuffled pairs, 0.5 %", shuffled, sign_flip, 0.005),
    ("the same on ABBA order", mirrored, sign_flip, 0.005),
    ("Wilcoxon on shuffled pairs, 0.5 %", shuffled, wilcoxon, 0.005),
    ("paired t on shuffled pairs, 0.5 %", shuffled, paired_t, 0.005),
    ("benchstat's test, shuffled, 5 %", shuffled, mann_whitney, 0.05),
    ("benchstat's test, A then B, 5 %", separate, mann_whitney, 0.05),
    ("Welch's t, A then B, 5 %", separate, welch, 0.05),
)


def share_called(
    rng: np.random.Generator,
    order: Order,
    test: Test,
    alpha: float,
    n: int,
    kind: str,
    effect: float,
    times: int,
) -> float:
    called = 0
    for _ in range(times):
        a, b = order(rng, n, kind)
        called += test(a, b + effect) <= alpha
    return called / times


def table(title: str, head: list[str], rows: list[list[str]]) -> str:
    lines = [f"## {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def false_positives(rng: np.random.Generator, times: int) -> str:
    rows = []
    for name, order, test, alpha in METHODS:
        row = [name]
        for n in (10, 20, 40, 80):
            rates = [share_called(rng, order, test, alpha, n, kind, 0.0, times) for kind in NOISES]
            row.append("/".join(f"{100 * rate:.1f}" for rate in rates))
        rows.append(row)
    return table(
        f"Identical arms called different, % of {times} ({' / '.join(NOISES)})",
        ["method", "N = 10", "20", "40", "80"],
        rows,
    )


def power(rng: np.random.Generator, times: int) -> str:
    rows = []
    for kind in ("steady", "spikes", "all"):
        for n in (20, 100):
            for name, order, test, alpha in (METHODS[0], METHODS[2], METHODS[3]):
                found = [
                    f"{100 * share_called(rng, order, test, alpha, n, kind, float(np.log1p(e)), times):.0f}"
                    for e in (0.01, 0.02, 0.03, 0.05, 0.10, 0.30)
                ]
                rows.append([kind, str(n), name.split(",")[0], *found])
    return table(
        f"Planted slowdowns found, % of {times}",
        ["noise", "N", "method", "1 %", "2 %", "3 %", "5 %", "10 %", "30 %"],
        rows,
    )


def coverage(rng: np.random.Generator, times: int) -> str:
    rows = []
    for kind in NOISES:
        row = [kind]
        for n in (10, 20, 40):
            covered = 0
            for _ in range(times):
                a, b = shuffled(rng, n, kind)
                covered += np.log(1.1) in signflip.interval(b - a + np.log(1.1), 0.95)
            row.append(f"{100 * covered / times:.1f}")
        rows.append(row)
    return table(
        f"95 % intervals that cover the true ratio of 1.1, % of {times}",
        ["noise", "N = 10", "20", "40"],
        rows,
    )


def families(rng: np.random.Generator, times: int) -> str:
    rows = []
    for n in (16, 30):
        wrong = sum(
            min(compare.holm([sign_flip(*shuffled(rng, n, "all")) for _ in range(50)])) <= compare.ALPHA
            for _ in range(times)
        )
        rows.append([str(n), f"{100 * wrong / times:.1f}"])
    return table(
        f"Families of 50 identical benchmarks with any false call, % of {times}", ["N", "Holm at 0.5 %"], rows
    )


def stopped(differences: Array, budget: int) -> Look:
    """The look at which a comparison stops; its interval is worked out there only, which takes most of the time."""
    test, again = Sequential(budget=budget), Sequential(budget=budget)
    for difference in differences.tolist():
        look = test.add_log_ratio(difference, interval=False)
        if look.stop:
            break
    for difference in differences[: look.n - 1].tolist():
        again.add_log_ratio(difference, interval=False)
    return again.add_log_ratio(float(differences[look.n - 1]))


def stopping(rng: np.random.Generator, times: int) -> str:
    rows = []
    for kind in ("steady", "spikes", "all"):
        for budget in (40, 80):
            for effect in (0.0, 0.1):
                used, called, covered = [], 0, 0
                for _ in range(times):
                    a, b = shuffled(rng, budget, kind)
                    look = stopped(b - a + np.log1p(effect), budget)
                    covered += 1 + effect in look.interval
                    used.append(look.n)
                    called += look.verdict is not Verdict.UNDECIDED
                rate = called / times
                equal = ""
                if effect:
                    for n in range(6, budget + 1, 2):
                        if (
                            share_called(
                                rng, shuffled, sign_flip, compare.ALPHA, n, kind, float(np.log1p(effect)), 200
                            )
                            >= rate
                        ):
                            equal = f"{n} ({100 * (1 - np.mean(used) / n):.0f} % fewer)"
                            break
                rows.append(
                    [kind, str(budget), f"{100 * effect:.0f} %", f"{100 * rate:.1f}", f"{np.mean(used):.1f}",
                     f"{100 * (1 - np.mean(used) / budget):.0f} % fewer", equal, f"{100 * covered / times:.1f}"]
                )  # fmt: skip
    return table(
        f"Looking after every pair, {times} comparisons each",
        [
            "noise",
            "fixed N",
            "change",
            "called, %",
            "mean N used",
            "against the fixed N",
            "against the least fixed N of equal power",
            "interval after the stop covers, %",
        ],
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("table.md"))
    options = parser.parse_args()
    rng = np.random.default_rng(20)
    scale = 0.25 if options.quick else 1.0
    began = time.monotonic()
    parts = [f"# Comparison, simulated{' (--quick)' if options.quick else ''}\n"]
    for make, times in (
        (false_positives, 400),
        (power, 200),
        (coverage, 400),
        (families, 100),
        (stopping, 200),
    ):
        parts.append(make(rng, max(20, int(times * scale))))
        print(parts[-1], flush=True)
    options.out.write_text("\n".join(parts))
    print(f"{options.out} in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
