"""Every level of parallelism run several times (the truth), then searches of at most eight runs drawn from those.

``parallelism_sweep.py [--repeats N] [--budget S] [MODULE...]``. A search sees one run, drawn at random, at each level that it asks for.
Told is how often the chosen level gives at least 93 % of the best level's median throughput. Beside it stand plain USL, kneed, and the
level with the highest throughput, each with eight runs spread over the levels as one would by hand. Runs add to what was kept, so that
a sweep can be made in slices; in each round every level of every source is run once, in shuffled order.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from arms import RESULTS, keep
from godyno.machine import read_machine
from godyno.stats.saturation import Curves, first_levels
from godyno.studies.library.parallelism.study import Parallelism, Pieces
from godyno.studies.stand import Stand
from godyno.studies.survey.subject import open_subject
from godyno.toolchain import find_go
from stats_saturation.run import knee, usl

_MOST, _SEARCHES, _GOOD, _NAME = 8, 40, 0.93, "parallelism_sweep"
_KINDS = ("cpu", "wait", "memory", "long")
Runs = dict[str, dict[int, list[float]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--budget", type=float, default=300.0)
    options = parser.parse_args()
    runs, counts = kept()
    with tempfile.TemporaryDirectory(prefix="godyno-sweep-") as place:
        go, machine = find_go(), read_machine()
        plain = Stand(machine, go, None, Path(place), Path(place))
        sources = [(kind, Pieces(plain), kind) for kind in _KINDS]
        for at, module in enumerate(options.modules):
            scratch = Path(place, f"m{at}")
            scratch.mkdir()
            subject = open_subject(go, module, scratch)
            name = module if "@" in module else subject.path
            sources.append((name, Pieces(Stand(machine, go, subject, scratch, scratch)), "tests"))
        levels = Parallelism().candidates(machine.cpu.allowed)
        order = np.random.default_rng()
        began = time.monotonic()
        while time.monotonic() - began < options.budget:
            todo = [one for one in sources if len(runs.get(one[0], {}).get(levels[-1], [])) < options.repeats]
            if not todo:
                break
            for at in order.permutation(len(todo)):
                name, pieces, what = todo[at]
                found: dict[int, float] = {}
                for level in order.permutation(levels):
                    run, counts[name] = pieces.run(what, int(level))
                    found[int(level)] = counts[name] / run.wall_s
                for level, rate in sorted(found.items()):  # a whole round or none of it
                    runs.setdefault(name, {}).setdefault(level, []).append(rate)
                keep(_NAME, "", {"runs": runs, "tasks": counts})
    report(runs, counts)


def kept() -> tuple[Runs, dict[str, int]]:
    """What earlier slices kept."""
    path = RESULTS / f"{_NAME}.json"
    if not path.exists():
        return {}, {}
    before = json.loads(path.read_text())
    return {
        name: {int(level): rates for level, rates in found.items()} for name, found in before["runs"].items()
    }, before["tasks"]


def searched(runs: dict[int, list[float]], tasks: int | None, seed: int) -> dict[str, int]:
    """The levels that a search, plain USL, kneed and the highest single throughput choose, each from eight runs."""
    rng = np.random.default_rng(seed)
    candidates = sorted(runs)

    def run(level: int) -> float:
        return float(rng.choice(runs[level]))

    levels: list[int] = []
    rates: list[float] = []
    for _ in range(_MOST):
        left = [level for level in first_levels(candidates) if level not in levels]
        level = left[0] if left else Curves(levels, rates, candidates, tasks=tasks, seed=seed).next_level()
        levels.append(level)
        rates.append(run(level))
    # By hand: every level once, then again from the lowest up.
    times = {level: len(range(at, _MOST, len(candidates))) for at, level in enumerate(candidates)}
    by_hand = [statistics.fmean(run(level) for _ in range(times[level])) for level in candidates]
    return {
        "searched": Curves(levels, rates, candidates, tasks=tasks, seed=seed).result(0.97).recommended,
        "plain USL": usl(by_hand, candidates, candidates), "kneed": knee(by_hand, candidates),
        "highest seen": candidates[int(np.argmax(by_hand))],
    }  # fmt: skip


def of_rounds(found: Mapping[int, list[float]]) -> dict[int, list[float]]:
    """Each run over the mean of its round: what neighbours do to a whole round is out of it, and out of the truth."""
    logs = np.log(np.array([found[level] for level in sorted(found)]))
    steady = np.exp(logs - logs.mean(axis=0) + logs.mean())
    return {level: list(map(float, row)) for level, row in zip(sorted(found), steady, strict=True)}


def varies(found: Mapping[int, list[float]]) -> float:
    return statistics.median(statistics.stdev(values) / statistics.fmean(values) for values in found.values())


def report(runs: Runs, counts: Mapping[str, int]) -> None:
    lines = [
        "# Levels of parallelism chosen in eight runs", "",
        f"Truth: medians over all rounds, each run over the mean of its round. {_SEARCHES} searches each, of {_MOST} runs drawn from them; "
        f"good is at least {_GOOD:.0%} of the best. Drawn as they were, runs hold the drift of a shared machine from round to round.", "",
        "| what | tasks | rounds | runs vary by | truth, of the best, by level | good: searched | plain USL | kneed | highest seen | "
        "most often chosen | with drift, runs vary by | good: searched | plain USL | kneed | highest seen |",
        "|---|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for name, found in runs.items():
        steady = of_rounds(found)
        truth = {level: statistics.median(values) for level, values in steady.items()}
        best = max(truth.values())
        tasks = counts[name] if counts[name] > 1 else None
        cells: list[str] = []
        chosen = 0
        for data in (steady, found):
            picks = [searched(data, tasks, seed) for seed in range(_SEARCHES)]
            good = [sum(truth[pick[arm]] >= _GOOD * best for pick in picks) / len(picks) for arm in picks[0]]
            cells.append(f"{varies(data):.0%} | " if data is found else "")
            cells[-1] += " | ".join(f"{one:.0%}" for one in good)
            chosen = chosen or statistics.mode(pick["searched"] for pick in picks)
        shape = ", ".join(f"{level}: {value / best:.0%}" for level, value in truth.items())
        rounds = min(len(values) for values in found.values())
        lines.append(
            f"| {name} | {counts[name]} | {rounds} | {varies(steady):.0%} | {shape} | {cells[0]} | {chosen} | {cells[1]} |"
        )
    keep(_NAME, "\n".join(lines), {"runs": runs, "tasks": counts})


if __name__ == "__main__":
    main()
