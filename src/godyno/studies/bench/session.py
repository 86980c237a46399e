"""A comparison from start to end: pilot, plan, interleaved trials until decided or out of budget, rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from godyno.errors import UsageError
from godyno.model import Interval, Record
from godyno.stats.sequential import Look
from godyno.studies.bench.arms import BenchArm
from godyno.studies.bench.comparing import Row, interleaved
from godyno.studies.bench.trials import FACTOR, BenchTrials, measure_name
from godyno.studies.factors import Arm, Factor
from godyno.studies.plan import Plan
from godyno.studies.runner import End, PairedRule, Progress, run


@dataclass(frozen=True, slots=True)
class Bench(Record):
    """What came out: for each arm but the first, its rows against the first."""

    arms: tuple[str, ...]
    rows: Mapping[str, tuple[Row, ...]]
    end: str
    blocks: int
    warmup_blocks: int
    warnings: tuple[str, ...] = ()


def planned(
    trials: BenchTrials, *, blocks: int, seed: int, unit: str = "sec/op"
) -> tuple[Plan, dict[str, float]]:
    """The plan and each arm's pilot duration in seconds, from running every arm once (which also warms caches up).

    What decides is every benchmark's ``unit`` that all arms report. Raises TrialFailed, UsageError where the arms share none.
    """
    factor = Factor.of(FACTOR, *trials.arms)
    plan = Plan.of("bench", [factor], blocks, seed=seed)
    pilot: dict[str, float] = {}
    shared: list[str] | None = None
    for slot in (slot for slot in plan.slots() if slot.block == 0):
        began = time.monotonic()
        measures = trials(slot).measures
        pilot[Arm(slot.levels).name] = time.monotonic() - began
        names = [name for name in measures if name.endswith("\t" + unit)]
        shared = names if shared is None else [name for name in shared if name in measures]
    trials.printed.clear()
    if not shared:
        raise UsageError(
            f"The arms have no benchmark in common that reports {unit}",
            hint="Widen --bench or choose another unit.",
        )
    return Plan.of("bench", [factor], blocks, seed=seed, measures=shared), pilot


def measure(
    arms: Sequence[BenchArm], out: Path, *, pool: str, pattern: str = ".", benchtime: str = "100ms", blocks: int = 40,
    budget_s: float | None = None, alpha: float = 0.005, margin: float | None = None, seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Bench, BenchTrials]:  # fmt: skip
    """Compares ``arms`` with the first of them; trials go to ``out`` as they end, and a file that exists is continued."""
    if len(arms) < 2 or len({arm.name for arm in arms}) != len(arms):
        raise UsageError("A comparison needs at least two arms with names of their own")
    trials = BenchTrials({arm.name: arm for arm in arms}, pattern, benchtime)
    plan, _ = planned(trials, blocks=blocks, seed=seed)
    rule = PairedRule(plan, alpha=alpha, margin=margin, seed=seed)
    outcome = run(plan, trials, out, pool=pool, rule=rule, budget_s=budget_s, progress=progress)
    rows = {
        arm.name: tuple(
            _stopped(
                row,
                rule.looks.get((Arm({FACTOR: arm.name}).name, measure_name(row.package, row.name, row.unit))),
            )
            for row in interleaved(
                outcome.trials,
                arms[0].name,
                arm.name,
                skip_blocks=outcome.warmup_blocks,
                alpha=alpha,
                margin=margin,
            )
        )
        for arm in arms[1:]
    }
    done = 1 + max((trial.block for trial in outcome.trials), default=-1)
    warnings = list(outcome.warnings)
    if outcome.end in (End.BUDGET, End.INTERRUPTED):
        warnings.append(
            f"ended by {outcome.end.value} after {done} blocks: what is undecided may be decided by more"
        )
    names = tuple(arm.name for arm in arms)
    return Bench(names, rows, outcome.end.value, done, outcome.warmup_blocks, tuple(warnings)), trials


def _stopped(row: Row, look: Look | None) -> Row:
    """A row whose runs were stopped by looking at it: the verdict and interval are those that allow for the looks."""
    if look is None:
        return row
    interval = look.interval
    low, high = (0.0 if math.isinf(interval.low) else interval.low), interval.high
    method = f"{row.comparison.method}, looked at after every pair, {look.n} pairs at the last look"
    return replace(
        row,
        comparison=replace(
            row.comparison, verdict=look.verdict, interval=Interval(low, high, interval.level), method=method,
            estimate=look.ratio,
        ),
    )  # fmt: skip
