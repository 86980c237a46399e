"""What a machine with more or fewer processors would give: predicted from this one's runs, and checked on half of its processors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from godyno import units
from godyno.model import Confidence, Finding, Interval, Trial
from godyno.stats.saturation import Saturation
from godyno.studies.study import BaseStudy, passed

_BUSY = 0.8  # of the processors used: then they are what limits
_USABLE = 0.95  # of more or fewer processors, where they were not what limited here


@dataclass(frozen=True, slots=True)
class Costs:
    """What a curve's best level took: tasks a second with its interval, CPU seconds a task, processors, and the longest task's share."""

    best: float
    interval: Interval
    cpu_s: float
    cpus: int
    busy: float
    longest_rate: float  # tasks a second if only the longest task mattered


def costs(trials: Sequence[Trial], found: Saturation) -> Costs | None:
    """From the runs of one thing and the curve through them; None without runs of more than one task."""
    point = max(found.points, key=lambda one: one.throughput)
    runs = sorted(trials, key=lambda one: abs(one.measures["level"] - point.level))[:3]
    tasks = runs[0].measures["tasks"] if runs else 0.0
    if tasks < 2:
        return None
    cpu_s = sum(one.measures["cpu"] for one in runs) / len(runs) / tasks
    cpus = int(runs[0].facts["cpus"])
    alone = min(one.measures["longest"] for one in trials)
    return Costs(
        point.throughput, point.interval, cpu_s, cpus, point.throughput * cpu_s / cpus, tasks / alone if alone else float("inf")
    )  # fmt: skip


def predicted(known: Costs, cpus: int) -> tuple[float, Interval, str]:
    """Tasks a second at the best level with ``cpus`` processors, its interval, and what limits there."""
    if known.busy >= _BUSY:
        limits = {"processors": known.best * cpus / known.cpus, "the longest task": known.longest_rate}
    else:
        limits = {
            "processors": _USABLE * cpus / known.cpu_s if known.cpu_s else float("inf"),
            "what limits here, too": known.best,
        }
    name = min(limits, key=lambda one: limits[one])
    value = limits[name]
    scale = value / known.best
    # The curve's own doubt, and as much again of the step to another machine.
    low, high = (
        (1 - 2 * (1 - known.interval.low / known.best)),
        (1 + 2 * (known.interval.high / known.best - 1)),
    )
    return (
        value,
        Interval(max(0.0, low) * known.best * scale, high * known.best * scale, known.interval.level),
        name,
    )


def elsewhere(
    study: BaseStudy, trials: Sequence[Trial], results: Mapping[str, Saturation]
) -> Iterator[Finding]:
    """A table of predictions, with the check beside those that were tried."""
    rows: list[list[Any]] = []
    right = checked = 0
    for what, found in results.items():
        known = costs(passed(trials, what=what), found)
        if known is None:
            continue
        tried = [one for one in passed(trials, what="half") if one.facts["of"] == what]
        for cpus in sorted({known.cpus // 2, 2 * known.cpus, 4 * known.cpus} - {0}):
            value, between, limit = predicted(known, cpus)
            seen = [
                one.measures["tasks"] / one.measures["wall"]
                for one in tried
                if one.measures["processors"] == cpus
            ]
            mean = sum(seen) / len(seen) if seen else None
            if mean is not None:
                checked += 1
                right += between.low <= mean <= between.high
            shown = f"{units.show(value, '/s')} [{units.show(between.low, '/s')}, {units.show(between.high, '/s')}]"
            rows.append(
                [what, cpus, shown, value / known.best, limit, mean, value / mean - 1 if mean else None]
            )
    if rows:
        tested = (
            f"{right} of {checked} that were tried on half of these lie in their interval"
            if checked
            else "none was tried"
        )
        yield study.finding(
            "elsewhere", f"Predicted for other numbers of processors, not measured: {tested}",
            method="processors that are used up scale; a critical path, sleep and network do not; for half of them tried with a CPU mask",
            assumption="the other machine's processors are like these, and its memory and disks keep up", confidence=Confidence.LOW,
            data={"columns": [["what", "text"], ["processors", ""], ["best, predicted", "text"], ["times here", "1"], ["limit", "text"],
                              ["tried", "/s"], ["predicted off by", "1"]], "rows": rows},
        )  # fmt: skip
