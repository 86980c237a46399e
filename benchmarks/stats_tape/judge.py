"""Judges godyno and the real benchstat, pyperf and asv on the same recorded runs: false calls, power, coverage, stopping.

Separate: the first N of 2 N runs are A, the rest B, as tools do that run one command after the other. Interleaved: neighbours are
pairs, and which of them is A is drawn. The rivals are the real programs (``rivals.py``) with their own defaults.

    python benchmarks/stats_tape/judge.py [--tape DIR] [--out FILE]
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the arrays are small: threads only get in each other's way

import numpy as np
import rivals
from tape import FACTORS, MEASURES, Array, Null, null, pairs

from godyno.model import Interval
from godyno.stats import compare, signflip
from godyno.stats.compare import ALPHA, Verdict
from godyno.stats.sequential import Look, Sequential

HERE = Path(__file__).resolve().parent
SIZES = (10, 20, 40, 80)
RUN_S = 0.06  # of a planted run at factor 1, as record.py makes them
DRAWS = 10
RIVAL_COMPARISONS = 200  # at most, for each N and order: their rates are no matter of tenths
COLUMNS = ("1 %", "2 %", "3 %", "5 %", "10 %", "30 %")


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def head(*cells: object) -> list[str]:
    return [row(*cells), "|" + "---|" * len(cells)]


def called(differences: Array) -> bool:
    """Whether godyno calls this comparison; most that are nowhere near are told without the tail's probability."""
    weight = signflip.weights(differences)
    if abs(np.sum(np.sign(differences) * weight)) < 1.5 * math.sqrt(np.sum(weight**2)):
        return False
    return signflip.p_value(differences) <= ALPHA


def coins(rng: np.random.Generator, pairs_in_all: int, order: str) -> Array:
    """The sign of each pair's difference: +1 where A ran first."""
    if order == "ABAB":
        return np.ones(pairs_in_all)
    if order == "ABBA":
        blocks = np.where(rng.random(pairs_in_all // 2 + 1) < 0.5, 1.0, -1.0)
        return np.stack((blocks, -blocks), axis=1).ravel()[:pairs_in_all]
    return np.where(rng.random(pairs_in_all) < 0.5, 1.0, -1.0)


def stretches(values: Array, n: int) -> Iterator[Array]:
    for i in range(values.size // n):
        yield values[n * i : n * (i + 1)]


def false_calls(tape: Null, rng: np.random.Generator) -> list[str]:
    lines = []
    for measure in MEASURES:
        values = tape.measures[measure]
        logs = np.log(values[: values.size // 2 * 2]).reshape(-1, 2)
        apart = logs[:, 1] - logs[:, 0]
        counts = ", ".join(f"N = {n}: {apart.size // n}" for n in SIZES)
        lines += [f"### {measure}: godyno, % (comparisons: {counts})", ""]
        lines += head("order of runs", *(f"N = {n}" for n in SIZES))
        for order in ("coin", "ABBA", "ABAB"):
            signed = apart * coins(rng, apart.size, order)
            cells = [f"{100 * np.mean([called(d) for d in stretches(signed, n)]):.1f}" for n in SIZES]
            lines.append(row(f"pairs, {order}{' (as godyno runs)' if order == 'coin' else ''}", *cells))
        lines += ["", *every_n(apart, rng), ""]
    return lines


def rivals_false_calls(tape: Null, rng: np.random.Generator) -> list[str]:
    lines = []
    for measure in MEASURES[:2]:
        values = tape.measures[measure]
        first = coins(rng, values.size // 2, "coin") > 0
        even, odd = values[: 2 * first.size : 2], values[1 : 2 * first.size : 2]
        a, b = np.where(first, even, odd), np.where(first, odd, even)
        given: dict[tuple[str, int], rivals.Pairs] = {}
        for n in SIZES:
            total = values.size // (2 * n)
            places = range(0, total, max(1, total // RIVAL_COMPARISONS))  # from all over the tape
            given["A, then B", n] = [(values[2 * n * i :][:n], values[2 * n * i + n :][:n]) for i in places]
            given["pairs, coin", n] = [(a[n * i : n * (i + 1)], b[n * i : n * (i + 1)]) for i in places]
        counts = ", ".join(f"N = {n}: {len(given['A, then B', n])}" for n in SIZES)
        lines += [f"### {measure}: rivals, % (comparisons from all over the tape: {counts})", ""]
        lines += head("program", "order of runs", *(f"N = {n}" for n in SIZES))
        for name, rival in rivals.RIVALS:
            verdicts = by_key(rival, given)
            for order in ("A, then B", "pairs, coin"):
                lines.append(row(name, order, *(f"{100 * np.mean(verdicts[order, n]):.1f}" for n in SIZES)))
        lines.append("")
    return lines


def by_key(rival: rivals.Rival, given: dict[tuple, rivals.Pairs]) -> dict[tuple, list[bool]]:
    """The rival's verdicts, asked all at once."""
    said = iter(rival([pair for some in given.values() for pair in some]))
    return {key: [next(said) for _ in some] for key, some in given.items()}


def every_n(apart: Array, rng: np.random.Generator) -> list[str]:
    once = coins(rng, apart.size, "coin") * apart
    rates = {n: float(np.mean([called(d) for d in stretches(once, n)])) for n in range(10, 81)}
    worst = max(rates, key=lambda n: rates[n])
    drawn: dict[int, list[bool]] = {n: [] for n in range(10, 81, 10)}
    family = []
    for _ in range(DRAWS):
        signed = coins(rng, apart.size, "coin") * apart
        for n, seen in drawn.items():
            seen += [called(d) for d in stretches(signed, n)]
        p = [signflip.p_value(d) for d in stretches(signed, 20)]
        family += [min(compare.holm(p[i : i + 50])) <= ALPHA for i in range(0, len(p) - 49, 50)]
    most = max(drawn, key=lambda n: float(np.mean(drawn[n])))
    calls = round(rates[worst] * (apart.size // worst))
    return [
        f"godyno at every N from 10 to 80, one draw of the coins: {100 * np.mean(list(rates.values())):.2f} % on average,"
        f" most at N = {worst} ({calls} of {apart.size // worst}). The same stretches with coins drawn {DRAWS} times, by tens:"
        f" most at N = {most}, {100 * np.mean(drawn[most]):.2f} % of {len(drawn[most])}.",
        "",
        f"Families of 50 comparisons of 20 pairs with any false call under Holm: {sum(family)} of {len(family)}"
        f" ({apart.size // 20 // 50} families of the tape, coins drawn {DRAWS} times).",
    ]


def power(directory: Path, kind: str) -> list[str]:
    lines = []
    arms = pairs(directory, kind)
    for measure in MEASURES:
        truth = {
            arm: float(np.exp(signflip.location(np.log(new) - np.log(old))))
            for arm, (old, new) in ((arm, by[measure]) for arm, by in arms.items())
        }
        total = min(len(by[measure][0]) for by in arms.values())
        lines += [f"### {measure}", ""]
        lines += head("N", "comparisons each", "0 %", *COLUMNS, "95 % interval covers")
        lines.append(
            row("all", "", *(f"*{100 * (truth[arm] - 1):+.1f} %*" for arm in range(1, len(FACTORS))), "")
        )
        for n in (10, 20, 40, 100):
            cells, covers = [], []
            for arm in range(1, len(FACTORS)):
                found = []
                for old, new in zip(*(stretches(side, n) for side in arms[arm][measure]), strict=True):
                    differences = np.log(new) - np.log(old)
                    higher = signflip.location(differences) > 0 or arm == 1
                    found.append(called(differences) and higher)
                    if n in (20, 40):
                        low, high = (math.exp(x) for x in _bounds(signflip.interval(differences, 0.95)))
                        covers.append(low <= truth[arm] <= high)
                cells.append(f"{100 * np.mean(found):.0f}")
            lines.append(
                row(f"godyno, {n}", total // n, *cells, f"{100 * np.mean(covers):.1f}" if covers else "")
            )
        given = {
            (arm, n): list(zip(*(stretches(side, n) for side in arms[arm][measure]), strict=True))
            for arm in range(1, len(FACTORS))
            for n in (20, 100)
        }
        for name, rival in rivals.RIVALS:
            verdicts = by_key(rival, given)
            for n in (20, 100):
                cells = [f"{100 * np.mean(verdicts[arm, n]):.0f}" for arm in range(1, len(FACTORS))]
                lines.append(row(f"{name}, interleaved, {n}", total // n, *cells, ""))
        lines.append("")
    return lines


def _bounds(found: Interval) -> tuple[float, float]:
    return max(found.low, -700.0), min(found.high, 700.0)


def stopping(tape: Null, rng: np.random.Generator, comparisons: int) -> list[str]:
    lines = head(
        "measure",
        "fixed N",
        "change",
        "comparisons",
        "called, %",
        "mean N",
        "fewer runs",
        "interval after the stop covers, %",
    )
    for measure in MEASURES:
        logs = np.log(tape.measures[measure])
        apart = (logs[1::2] - logs[: logs.size // 2 * 2 : 2]) * coins(rng, logs.size // 2, "coin")
        for budget in (40, 80):
            for change in (0.0, 0.1):
                noises = list(stretches(apart, budget))[:comparisons]
                looks = [_stopped(noise + math.log1p(change), budget) for noise in noises]
                n = float(np.mean([look.n for look in looks]))
                verdicts = [look.verdict is not Verdict.UNDECIDED for look in looks]
                covers = [1 + change in look.interval for look in looks]
                lines.append(
                    row(measure, budget, f"{100 * change:.0f} %", len(looks), f"{100 * np.mean(verdicts):.1f}", f"{n:.1f}",
                        f"{100 * (1 - n / budget):.0f} %", f"{100 * np.mean(covers):.1f}")
                )  # fmt: skip
                print(lines[-1], flush=True)
    return [*lines, ""]


def _stopped(differences: Array, budget: int) -> Look:
    """The look at which a comparison stops; its interval is worked out there only, which takes most of the time."""
    test, again = Sequential(budget=budget), Sequential(budget=budget)
    for n, difference in enumerate(differences.tolist(), start=1):
        look = test.add_log_ratio(difference, interval=n == budget)
        if look.stop:
            break
    if look.n == budget:
        return look
    for difference in differences[: look.n - 1].tolist():
        again.add_log_ratio(difference, interval=False)
    return again.add_log_ratio(float(differences[look.n - 1]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tape", type=Path, default=HERE)
    parser.add_argument("--out", type=Path, default=HERE / "table.md")
    parser.add_argument("--comparisons", type=int, default=400, help="at most, in the table of stopping")
    options = parser.parse_args()
    rng = np.random.default_rng(60)
    tape = null(options.tape)
    run_ms = 1000 * float(str(tape.about["run_s"]))
    lines = [
        "# Real runs", "",
        f"{tape.about['cpus']} CPUs, kernel {tape.about['kernel']}; godyno at alpha {100 * ALPHA:g} %; {rivals.versions()},"
        f" each with its defaults. The identical runs are {tape.runs} processes of about {run_ms:.0f} ms of CPU; the neighbour was on"
        f" in {100 * tape.neighbour:.0f} %, and {100 * tape.waited:.0f} % waited for more than a tenth of their time.", "",
    ]  # fmt: skip
    sections = (
        (["## Identical arms called different", ""], lambda: false_calls(tape, rng)),
        (_planted("the two runs of a pair one after the other"), lambda: power(options.tape, "pairs")),
        (_planted("eight arms shuffled in each block"), lambda: power(options.tape, "planted")),
        (
            [
                "## Looking after every pair", "",
                "The noise is that of the identical runs; a change of 10 % is put on by arithmetic: the truth is known.", "",
            ],
            lambda: stopping(tape, rng, options.comparisons),
        ),
        (["## Identical arms called different by the rivals", ""], lambda: rivals_false_calls(tape, rng)),
    )  # fmt: skip
    for title, section in sections:
        lines += [*title, *section()]
        options.out.write_text("\n".join(lines))  # what is known so far is kept
        print("\n".join(lines[-8:]), flush=True)


def _planted(order: str) -> list[str]:
    return [
        f"## Planted slowdowns called slower, %; {order}", "",
        f"Processes of about {1000 * RUN_S:.0f} ms. First row: the change as all runs show it.", "",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
