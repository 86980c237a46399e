"""Every level of parallelism run several times (the truth), then searches of at most eight runs drawn from those.

``parallelism_sweep.py [--repeats N] [--budget S] [MODULE...]``. A search sees one run, drawn at random, at each level that it asks for.
Told is how often the chosen level gives at least 93 % of the best level's median throughput. Beside it stands taking the level
with the highest throughput among the same eight runs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from arms import keep
from godyno.machine import read_machine
from godyno.stats.saturation import Curves, first_levels
from godyno.studies.library.parallelism.study import Parallelism, Pieces
from godyno.studies.stand import Stand
from godyno.studies.survey.subject import open_subject
from godyno.toolchain import find_go

_MOST, _SEARCHES, _GOOD = 8, 60, 0.93
_KINDS = ("cpu", "wait", "memory", "long")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--budget", type=float, default=200.0)
    options = parser.parse_args()
    runs: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="godyno-sweep-") as place:
        go, machine = find_go(), read_machine()
        plain = Stand(machine, go, None, Path(place), Path(place))
        sources = [(kind, Pieces(plain), kind) for kind in _KINDS]
        for at, module in enumerate(options.modules):
            scratch = Path(place, f"m{at}")
            scratch.mkdir()
            stand = Stand(machine, go, open_subject(go, module, scratch), scratch, scratch)
            sources.append((module, Pieces(stand), "tests"))
        levels = Parallelism().candidates(machine.cpu.allowed)
        order = np.random.default_rng(1)
        began = time.monotonic()
        for _ in range(options.repeats):
            if time.monotonic() - began > options.budget:
                break
            for at in order.permutation(len(sources)):
                name, pieces, what = sources[at]
                for level in order.permutation(levels):
                    run, tasks = pieces.run(what, int(level))
                    runs[name][int(level)].append(tasks / run.wall_s)
                    counts[name] = tasks
    report({name: dict(found) for name, found in runs.items()}, counts)


def searched(runs: dict[int, list[float]], tasks: int, seed: int) -> tuple[int, int]:
    """The level that a search recommends, and the one with the highest single throughput that it saw."""
    rng = np.random.default_rng(seed)
    candidates = sorted(runs)
    levels: list[int] = []
    rates: list[float] = []
    for _ in range(_MOST):
        left = [level for level in first_levels(candidates) if level not in levels]
        level = left[0] if left else Curves(levels, rates, candidates, tasks=tasks, seed=seed).next_level()
        levels.append(level)
        rates.append(float(rng.choice(runs[level])))
    found = Curves(levels, rates, candidates, tasks=tasks, seed=seed).result(0.95)
    return found.recommended, levels[int(np.argmax(rates))]


def report(runs: dict[str, dict[int, list[float]]], counts: dict[str, int]) -> None:
    lines = [
        "# Levels of parallelism chosen in eight runs", "",
        f"Truth: medians over all runs of each level. {_SEARCHES} searches each, of {_MOST} runs drawn from them; good is at least "
        f"{_GOOD:.0%} of the best.", "",
        "| what | runs a level | runs vary by | good, searched | good, highest seen | best level | most often chosen |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for name, found in runs.items():
        truth = {level: statistics.median(values) for level, values in found.items()}
        best = max(truth.values())
        spread = statistics.median(
            statistics.pstdev(values) / statistics.fmean(values) for values in found.values()
        )
        picks = [searched(found, counts[name], seed) for seed in range(_SEARCHES)]
        good = [sum(truth[pick[arm]] >= _GOOD * best for pick in picks) / len(picks) for arm in (0, 1)]
        chosen = statistics.mode(pick[0] for pick in picks)
        top = max(truth, key=lambda level: truth[level])
        n = min(len(values) for values in found.values())
        lines.append(f"| {name} | {n} | {spread:.0%} | {good[0]:.0%} | {good[1]:.0%} | {top} | {chosen} |")
    keep("parallelism_sweep", "\n".join(lines), {"runs": runs, "tasks": counts})


if __name__ == "__main__":
    main()
