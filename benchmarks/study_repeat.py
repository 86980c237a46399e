"""Repeats studies and counts how often the two intervals of a quantity overlap: ``study_repeat.py [STUDY...]`` or ``--from A B``.

A quantity is a measure of an arm (a median over trials, with its 95 % order-statistic interval, n ≥ 6) or its paired ratio across the
factor that the study compares. Quantities that are the same in every trial (sizes, counts) are counted apart: they prove nothing.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from godyno.model import Estimate, Trial
from godyno.studies.factors import Arm
from godyno.studies.result import StudyResult
from godyno.studies.study import OTHERS, figure, passed, ratio
from godyno.studies.studying import run_study

RESULTS = Path(__file__).parent / "results"
_LEAST = 6
# The factor across which a study compares, and the level that it compares with.
_COMPARED = {"cgo": "go", "scheduler": "go", "strip": "build", "bottleneck": "condition"}
_BASE = {"go": "1.21", "build": "plain", "condition": "as-it-is"}


def quantities(study: str, trials: tuple[Trial, ...]) -> Iterator[tuple[str, Estimate]]:
    """Each quantity's name and estimate, those with a 95 % interval only: what the study reports, medians of arms and ratios."""
    arms: dict[str, list[Trial]] = defaultdict(list)
    for trial in passed(trials):
        arms[Arm(trial.levels).name].append(trial)
    factor = _COMPARED.get(study, "")
    for name, mine in sorted(arms.items()):
        levels = dict(mine[0].levels)
        for measure in sorted({key for trial in mine for key in trial.measures} - {OTHERS}):
            found = figure(mine, measure, "")
            if found is not None and found.n >= _LEAST:
                yield f"{name}: {measure}", found
            base = levels | {factor: _BASE[factor]} if factor else levels
            if base != levels:
                against = ratio(trials, measure, base, levels)
                if against is not None and against.n >= _LEAST:
                    yield f"{name}: {measure}, ratio", against


def compare(first: StudyResult, second: StudyResult) -> dict[str, object]:
    """How many quantities of both overlap."""
    one, other = (dict(quantities(run.study, run.trials)) for run in (first, second))
    apart, varied, same = [], 0, 0
    for name in one.keys() & other.keys():
        a, b = one[name].interval, other[name].interval
        if a is None or b is None:
            continue
        if a.low == a.high == b.low == b.high:
            same += 1
            continue
        varied += 1
        if a.high < b.low or b.high < a.low:
            apart.append(name)
    return {
        "study": first.study, "quantities": varied, "overlap": varied - len(apart), "constant": same, "apart": sorted(apart),
        "warnings": [*first.warnings, *second.warnings],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", default=["cgo", "scheduler", "strip"])
    parser.add_argument("--from", dest="kept", nargs=2, action="append", metavar=("A", "B"), default=[])
    parser.add_argument("--budget", type=float, default=50.0)
    options = parser.parse_args()
    rows = []
    for a, b in options.kept:
        pair = [StudyResult.from_json(json.loads(Path(one, "study.json").read_text())) for one in (a, b)]
        rows.append(compare(*pair))
    for name in [] if options.kept else options.studies:
        with tempfile.TemporaryDirectory(prefix="godyno-repeat-") as directory:
            pair = [
                run_study(
                    name, quick=True, budget_s=options.budget, seed=seed, out=Path(directory, str(seed))
                )
                for seed in (1, 2)
            ]
            rows.append(compare(*pair))
    lines = ["# Repeating a study", "", "How often the two 95 % intervals of a quantity overlap, in two runs of a study.", "",
             "| study | quantities | intervals overlap | in all trials the same |", "|---|---:|---:|---:|"]  # fmt: skip
    for row in rows:
        count, overlap = int(str(row["quantities"])), int(str(row["overlap"]))
        lines.append(
            f"| {row['study']} | {count} | {overlap} ({100 * overlap / max(1, count):.0f} %) | {row['constant']} |"
        )
    lines += ["", *(f"{row['study']}: {warning}" for row in rows for warning in row["warnings"])]  # type: ignore[attr-defined]
    (RESULTS / "study_repeat.md").write_text("\n".join(lines).rstrip() + "\n")
    (RESULTS / "study_repeat.json").write_text(json.dumps(rows, indent=1) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
