"""Judges comparison rules on the recorded tape: false positives on identical runs, the smallest planted slowdown that is found.

Every rule sees the same runs. Separate: the first N of 2 N runs are A, the rest B, as tools do that run one command after the other.
Interleaved: neighbours are pairs, which of them is A is drawn. benchstat's and pyperf's verdicts are computed by their own rules
(Mann-Whitney at 5 %, p equal to benchstat's; two-sample t at 5 %); asv's by its (Mann-Whitney at 0.2 % and a factor of 1.1).

    python benchmarks/stats_tape/judge.py [--tape DIR] [--out FILE]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy import stats

from godyno.stats import compare, mannwhitney, signflip
from godyno.stats.compare import Verdict
from godyno.stats.sequential import Sequential

Array = np.ndarray
HERE = Path(__file__).resolve().parent


def load(path: Path) -> tuple[dict[str, object], Array]:
    with gzip.open(path, "rt") as tape:
        about = json.loads(tape.readline()[1:])
        tape.readline()
        return about, np.loadtxt(tape, delimiter=",")


def sign_flip(a: Array, b: Array) -> bool:
    return signflip.p_value(np.log(b) - np.log(a)) <= compare.ALPHA


def benchstat(a: Array, b: Array) -> bool:
    return mannwhitney.u_test(a, b).p <= 0.05


def pyperf(a: Array, b: Array) -> bool:
    return bool(stats.ttest_ind(a, b).pvalue <= 0.05)


def asv(a: Array, b: Array) -> bool:
    factor = np.median(b) / np.median(a)
    return mannwhitney.u_test(a, b).p < 0.002 and max(factor, 1 / factor) > 1.1


RULES: tuple[tuple[str, bool, Callable[[Array, Array], bool]], ...] = (
    ("godyno, interleaved", True, sign_flip),
    ("benchstat's rule, interleaved", True, benchstat),
    ("benchstat's rule, separate", False, benchstat),
    ("pyperf's rule, separate", False, pyperf),
    ("asv's rule, separate", False, asv),
)


def null_table(values: Array, what: str, rng: np.random.Generator) -> list[str]:
    sizes = (10, 20, 30, 40, 60, 80)
    head = ", ".join(f"{n}: {values.size // (2 * n)}" for n in sizes)
    lines = [
        f"## Identical runs called different, {what}, % (comparisons that do not overlap, by N: {head})", "",
        "| rule | " + " | ".join(f"N = {n}" for n in sizes) + " |", "|---|" + "---|" * len(sizes),
    ]  # fmt: skip
    for name, interleaved, rule in RULES:
        cells = []
        for n in sizes:
            called, total = 0, values.size // (2 * n)
            for i in range(total):
                stretch = values[2 * n * i : 2 * n * (i + 1)]
                if interleaved:
                    pairs = stretch.reshape(n, 2)
                    first = rng.random(n) < 0.5
                    a, b = (
                        np.where(first, pairs[:, 0], pairs[:, 1]),
                        np.where(first, pairs[:, 1], pairs[:, 0]),
                    )
                else:
                    a, b = stretch[:n], stretch[n:]
                called += rule(a, b)
            cells.append(f"{100 * called / total:.1f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def families(values: Array, rng: np.random.Generator, n: int = 20) -> float:
    """Share of families of 50 comparisons with any false call under Holm."""
    ps = []
    for i in range(values.size // (2 * n)):
        pairs = values[2 * n * i : 2 * n * (i + 1)].reshape(n, 2)
        sign = np.where(rng.random(n) < 0.5, 1.0, -1.0)
        ps.append(signflip.p_value(sign * (np.log(pairs[:, 0]) - np.log(pairs[:, 1]))))
    whole = [ps[i : i + 50] for i in range(0, len(ps) - 49, 50)]
    return (
        float(np.mean([min(compare.holm(family)) <= compare.ALPHA for family in whole]))
        if whole
        else float("nan")
    )


def planted_table(tape: Array, column: int, what: str, rng: np.random.Generator) -> list[str]:
    blocks = int(tape[:, 0].max()) + 1
    by_arm = np.empty((8, blocks))
    for row in tape:
        by_arm[int(row[1]), int(row[0])] = row[column]
    # What a slowdown of the loop makes of the whole process (start, exit, the kernel's part) is known best from all blocks.
    truth = [float(np.exp(signflip.location(np.log(by_arm[arm]) - np.log(by_arm[0])))) for arm in range(2, 8)]
    lines = [
        f"## Planted slowdowns found, {what}, % of stretches of N, {blocks} blocks (first row: the change as all blocks show it)", "",
        "| N | 1 % | 2 % | 3 % | 5 % | 10 % | 30 % | 95 % interval covers |", "|---|" + "---|" * 7,
        "| all | " + " | ".join(f"*{100 * (ratio - 1):+.1f} %*" for ratio in truth) + " | |",
    ]  # fmt: skip
    for n in (size for size in (10, 20, 40, 100) if size <= blocks):
        cells, covered, intervals = [], 0, 0
        for arm, factor in zip(range(2, 8), truth, strict=True):
            found = 0
            # Bootstrapped blocks would overlap; stretches do not.
            stretches = [slice(n * i, n * (i + 1)) for i in range(blocks // n)]
            for stretch in stretches:
                result = compare.paired(by_arm[0, stretch], by_arm[arm, stretch])
                found += result.verdict is Verdict.HIGHER
                covered += factor in result.interval
                intervals += 1
            cells.append(f"{100 * found / len(stretches):.0f}")
        lines.append(f"| {n} | " + " | ".join(cells) + f" | {100 * covered / intervals:.1f} |")
    differences = np.log(by_arm[6]) - np.log(by_arm[0])
    null = np.log(by_arm[1]) - np.log(by_arm[0])
    lines += [
        "",
        "| looking after every pair | fixed N | called, % | mean N used | against the fixed N |",
        "|---|---|---|---|---|",
    ]
    for budget in (40, 80):
        for name, series in (("10 % slower", differences), ("identical", null)):
            looks = []
            for i in range(blocks // budget):
                test = Sequential(budget=budget)
                for difference in series[budget * i : budget * (i + 1)]:
                    look = test.add_log_ratio(float(difference), interval=False)
                    if look.stop:
                        break
                looks.append(look)
            if not looks:
                continue
            used = float(np.mean([look.n for look in looks]))
            called = 100 * float(np.mean([look.verdict is not Verdict.UNDECIDED for look in looks]))
            lines.append(
                f"| {name} | {budget} | {called:.1f} of {len(looks)} | {used:.1f} | {100 * (1 - used / budget):.0f} % fewer |"
            )
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tape", type=Path, default=HERE)
    parser.add_argument("--out", type=Path, default=HERE / "table.md")
    options = parser.parse_args()
    rng = np.random.default_rng(60)
    about, null = load(options.tape / "null.csv.gz")
    _, planted = load(options.tape / "planted.csv.gz")
    lines = [
        "# Real runs", "",
        f"{about['cpus']} CPUs, kernel {about['kernel']}; a run is a process of about {1000 * float(str(about['run_s'])):.0f} ms of CPU;"
        f" two busy neighbours were on in {100 * null[:, 2].mean():.0f} % of {null.shape[0]} identical runs.", "",
    ]  # fmt: skip
    for column, what in ((1, "CPU time"), (0, "wall time")):
        lines += null_table(null[:, column], what, rng)
        lines += [
            f"Families of 50 at N = 20 with any false call under Holm: {100 * families(null[:, column], rng):.1f} %",
            "",
        ]
    for column, what in ((4, "CPU time"), (3, "wall time")):
        lines += planted_table(planted, column, what, rng)
    options.out.write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
