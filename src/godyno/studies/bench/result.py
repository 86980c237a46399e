"""What came out of a comparison, as one record; the figures themselves are in it, so that it can be shown again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from godyno.formats import benchfmt
from godyno.model import Interval, Record, Trial
from godyno.stats.sample import Summary, summarize
from godyno.stats.sequential import Look
from godyno.studies.bench.arms import Side
from godyno.studies.bench.comparing import Row, interleaved
from godyno.studies.bench.gate import UNDECIDED, Gate, Judged, judge
from godyno.studies.bench.noise import Noise, noise_of
from godyno.studies.bench.pilot import Pilot
from godyno.studies.bench.rule import BenchRule
from godyno.studies.bench.settings import Settings
from godyno.studies.factors import Arm
from godyno.studies.plan import Plan
from godyno.studies.runner import End, Outcome


@dataclass(frozen=True, slots=True)
class Single(Record):
    """A benchmark's unit of one arm, where there is nothing to compare it with."""

    package: str
    name: str
    unit: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class Cause(Record):
    """A function whose CPU time by operation changed, for ``--why``, in seconds; ``kind`` is ``self`` or ``with callees``."""

    function: str
    kind: str
    old_s: float
    new_s: float
    interval: Interval
    proven: bool


@dataclass(frozen=True, slots=True)
class Why(Record):
    """What explains a benchmark's change: functions by how much their CPU time changed, from ``n`` recorded runs a side."""

    arm: str
    benchmark: str
    n: int
    samples: int
    old_s: float
    new_s: float
    causes: tuple[Cause, ...]
    captures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bench(Record):
    """What came out. ``rows`` are of each arm but the first, against the first; with one arm there are ``singles`` only.

    ``points`` are the figures themselves: by subject and unit, by arm, pairs of (seconds since the start, value), in order of time.
    """

    arms: tuple[str, ...]
    rows: Mapping[str, tuple[Row, ...]]
    singles: tuple[Single, ...]
    gates: tuple[Judged, ...]
    end: str
    blocks: int
    runs: int
    warmup_blocks: int
    elapsed_s: float
    pool: str
    noise: tuple[Noise, ...]
    points: Mapping[str, Mapping[str, tuple[tuple[float, float], ...]]]
    pilot: Pilot
    warm_s: float = 0.0  # what began before is warm-up
    warnings: tuple[str, ...] = ()
    why: tuple[Why, ...] = ()
    directory: str = ""

    @property
    def exit_code(self) -> int:
        """0, or what the gates say: 1 for a proven regression, 2 where that is open."""
        return worst(self.gates)


def worst(gates: Sequence[Judged]) -> int:
    """A proven regression outweighs an open question."""
    codes = [one.code for one in gates]
    return 1 if 1 in codes else max(codes, default=0)


@dataclass(frozen=True, slots=True)
class Compared(Record):
    """The rows of every side but the first, against the first; ``trust`` says in sentences what the runs' history costs."""

    base: str
    rows: Mapping[str, tuple[Row, ...]]
    trust: Mapping[str, tuple[str, ...]]
    gates: tuple[Judged, ...] = ()

    @property
    def exit_code(self) -> int:
        """0, or what the gates say: 1 for a proven regression, 2 where that is open."""
        return worst(self.gates)


def conclude(
    settings: Settings, plan: Plan, pilot: Pilot, sides: Sequence[Side], outcome: Outcome, rule: BenchRule, pool: str
) -> Bench:  # fmt: skip
    """The result of a run of ``plan``."""
    base, skip = sides[0], outcome.warmup_blocks
    rows = {
        side.name: tuple(
            _stopped(row, rule.looks.get((Arm(side.levels).name, f"{row.package}\t{row.name}\t{row.unit}")))
            for row in interleaved(
                outcome.trials,
                base.levels,
                side.levels,
                skip_blocks=skip,
                alpha=settings.alpha,
                margin=settings.margin,
            )
        )
        for side in sides[1:]
    }
    every = [row for one in rows.values() for row in one]
    gates = tuple(_judged(gate, every) for gate in settings.gates)
    done = 1 + max((trial.block for trial in outcome.trials), default=-1)
    points, warm_s = _points(outcome.trials, sides), _warm_s(outcome.trials, skip)
    singles = _singles(points, base.name, warm_s) if len(sides) == 1 else ()
    return Bench(
        tuple(side.name for side in sides), rows, singles, gates,
        outcome.end.value, done, len(outcome.trials), skip, _elapsed(outcome.trials), pool,
        noise_of(pilot, outcome.trials, skip, settings.layouts), points, pilot, warm_s,
        tuple(_warnings(outcome, settings, done)),
    )  # fmt: skip


def _judged(gate: Gate, rows: Sequence[Row]) -> Judged:
    """A gate on what was not measured before the run ended is open."""
    return (
        judge(gate, rows) if any(row.unit == gate.unit for row in rows) else Judged(gate, UNDECIDED, (), ())
    )


def _warnings(outcome: Outcome, settings: Settings, done: int) -> list[str]:
    out = list(outcome.warnings)
    out += list(dict.fromkeys(
        f"a run failed: {warning}" for trial in outcome.trials if trial.verdict == "failed" for warning in trial.warnings
        if not any(warning in one for one in out)
    ))[:5]  # fmt: skip
    if outcome.end in (End.BUDGET, End.INTERRUPTED):
        why = "the budget was used up" if outcome.end is End.BUDGET else "it was interrupted"
        out.append(f"{why} after {done} blocks: what is undecided may be decided by more")
    if outcome.warmup_blocks:
        out.append(
            f"the first {outcome.warmup_blocks} blocks were warm-up (a step in the blocks' means) and do not count"
        )
    if settings.shell:
        out.append("the shell's own start, about a millisecond, is in every figure")
    if settings.record:
        out.append("trials were recorded: figures hold what recording costs, ratios hardly do")
    if settings.syscalls:
        out.append("system calls were counted by a tracepoint, which makes each of them slower")
    return out


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


def _singles(
    points: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], arm: str, warm_s: float
) -> tuple[Single, ...]:
    out = []
    for measure, arms in points.items():
        package, name, unit = measure.split("\t")
        if arms.get(arm):
            values = [value for at, value in arms[arm] if at >= warm_s]
            out.append(Single(package, name, unit, summarize(values)))
    return tuple(out)


def _points(
    trials: Sequence[Trial], sides: Sequence[Side]
) -> dict[str, dict[str, tuple[tuple[float, float], ...]]]:
    names = {Arm(side.levels).name: side.name for side in sides}
    ordered = sorted((trial for trial in trials if trial.result), key=lambda trial: trial.index)
    start = _starts(ordered)
    out: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for trial, at in zip(ordered, start, strict=True):
        for measure, value in trial.measures.items():
            if measure.count("\t") == 2 and trial.verdict in ("", "pass"):
                arm = names.get(Arm(trial.levels).name)
                if arm is not None:
                    out.setdefault(measure, {}).setdefault(arm, []).append((at, value))
    return {measure: {arm: tuple(pairs) for arm, pairs in arms.items()} for measure, arms in out.items()}


def _starts(trials: Sequence[Trial]) -> list[float]:
    """Seconds since the first trial; where a study went on later, or after a boot, the gap in between is left out."""
    out: list[float] = []
    before_ns, at = 0, 0.0
    for trial in trials:
        assert trial.result
        step = (trial.result.t_start_ns - before_ns) * 1e-9 if out else 0.0
        at += step if 0 <= step < 600 else 0.0
        before_ns = trial.result.t_start_ns
        out.append(at)
    return out


def _warm_s(trials: Sequence[Trial], skip: int) -> float:
    timed = sorted((trial for trial in trials if trial.result), key=lambda trial: trial.index)
    counted = [at for trial, at in zip(timed, _starts(timed), strict=True) if trial.block >= skip]
    return counted[0] if skip and counted else 0.0


def _elapsed(trials: Sequence[Trial]) -> float:
    timed = sorted((trial for trial in trials if trial.result), key=lambda trial: trial.index)
    starts = _starts(timed)
    return starts[-1] + timed[-1].result.wall_s if timed and timed[-1].result else 0.0


def gobench(bench: Bench, arm: str) -> str:
    """An arm's figures in Go's benchmark format: one line a process, since iterations of one process are no independent runs."""
    lines: dict[tuple[str, float], dict[str, float]] = {}
    for measure, arms in bench.points.items():
        key, _, unit = measure.rpartition("\t")
        for at, value in arms.get(arm, ()):
            if at >= bench.warm_s:
                lines.setdefault((key, at), {})[unit] = value
    results = []
    for key in dict.fromkeys(key for key, _ in lines):
        subject = bench.pilot.subject(key)
        config = {**bench.pilot.config, **({"pkg": subject.package} if subject.package else {})}
        name, n = subject.name + bench.pilot.suffix, subject.iterations * subject.count
        results += [
            benchfmt.Result(name, n, values, config) for (of, _), values in sorted(lines.items()) if of == key
        ]
    return benchfmt.text(results)


def finite(data: Any) -> Any:
    """The same with None for what JSON cannot say: infinities and NaN."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [finite(value) for value in data]
    return data
