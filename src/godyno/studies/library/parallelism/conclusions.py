"""What the trials of ``parallelism`` show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from godyno import units
from godyno.model import Confidence, Estimate, Finding, Trial
from godyno.stats.saturation import Curves, Saturation
from godyno.studies.library.parallelism.elsewhere import elsewhere
from godyno.studies.library.parallelism.serving import served
from godyno.studies.library.parallelism.waiting import waited
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, NOT_TRIED, BaseStudy, figure, passed, shown

_AIM = 0.97
_SET = {
    "tests": "go test -p={}", "build": "go build -p={}", "parallel": "go test -parallel={}", "GOMAXPROCS": "GOMAXPROCS={}",
}  # fmt: skip
_BUSY, _ALONE, _WAITED = 0.85, 0.8, 0.2  # shares that name a limit
_SAME = 0.97  # of the memory: no saving worth a word
_SHORT_S = 0.3  # a run shorter than this measures starting and chance


def tried(trials: Sequence[Trial], what: str) -> tuple[list[int], list[float], int | None]:
    """The levels that were run, tasks a second at each, and how many tasks there are (None where it is one that divides itself)."""
    mine = passed(trials, what=what)
    levels = [int(one.measures["level"]) for one in mine]
    rates = [one.measures["tasks"] / one.measures["wall"] for one in mine]
    tasks = int(mine[0].measures["tasks"]) if mine else 0
    return levels, rates, tasks if tasks > 1 else None


def concluded(study: BaseStudy, trials: Sequence[Trial]) -> list[Finding]:
    """All findings; what was run of the module first."""
    out: list[Finding] = []
    results: dict[str, Saturation] = {}
    ran = {one.levels["what"] for one in passed(trials)} - {"waits", "service", "half"}
    for what in [*(one for one in _SET if one in ran), *sorted(ran - set(_SET))]:
        levels, rates, tasks = tried(trials, what)
        if len(set(levels)) < 3:
            continue
        results[what] = Curves(levels, rates, sorted(set(levels)), tasks=tasks).result(_AIM)
        out += _curve(study, passed(trials, what=what), what, results[what])
    out += waited(study, passed(trials, what="waits"))
    out += served(study, passed(trials, what="service"))
    out += _hidden(study, trials, results)
    out += elsewhere(study, trials, results)
    return [*out, *_claims(study, trials, results)] if out else []


def _at(trials: Sequence[Trial], level: int) -> list[Trial]:
    return [one for one in trials if one.measures["level"] == level]


def _curve(study: BaseStudy, trials: Sequence[Trial], what: str, found: Saturation) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    marks: list[list[Any]] = []
    shares = {point.level: point.share for point in found.points}
    for point in found.points:
        runs = _at(trials, point.level)
        wall, peak, each = (
            figure(runs, name, unit) for name, unit in (("wall", "s"), ("peak", "By"), ("each", "s"))
        )
        busy = [one.measures["cpu"] / one.measures["wall"] / float(one.facts["cpus"]) for one in runs]
        rows.append([point.level, len(runs), shown(wall), point.share, f"at least {point.share_low:.0%}", sum(busy) / max(1, len(busy)),
                     peak.value if peak else None, each.value if each else None])  # fmt: skip
        marks.append([str(point.level), point.throughput, point.interval.low, point.interval.high])
    top = max(shares)
    memory = [figure(_at(trials, level), "peak", "By") for level in (found.recommended, top)]
    price = ""
    if memory[0] and memory[1] and found.recommended != top and memory[1].value > 0:
        share = memory[0].value / memory[1].value
        price = "" if share > _SAME else f" at {units.show_ratio(share)} of the memory of {top}"
    warnings = list(found.warnings)
    if (
        found.best == top
        and shares[top] - max(share for level, share in shares.items() if level != top) > 0.02
    ):
        warnings.append(
            f"throughput still grew at {top}, the highest level that was run: more may pay (--most)"
        )
    if min(one.measures["wall"] for one in trials) < _SHORT_S:
        warnings.append(f"runs took less than {units.show_seconds(_SHORT_S)}: such short ones tell little")
    setting = _SET.get(what, "{} at once").format(found.recommended)
    family = max(found.families, key=lambda one: found.families[one])
    yield study.finding(
        "curve",
        f"{what}: {setting} gives {shares[found.recommended]:.0%} of the best throughput{price}; "
        f"the knee is at {found.knee:.1f} [{found.knee_interval.low:.1f}, {found.knee_interval.high:.1f}]",
        Estimate(found.knee, "", found.knee_interval, found.runs, f"weighed curves, mostly {family}"),
        method=f"{found.runs} runs; runs vary by {found.noise_ratio:.0%} about the curve; {_limit(trials, found)}",
        confidence=Confidence.MEDIUM if warnings else Confidence.HIGH,
        advice=f"Set {setting}." if what in _SET and not warnings else "",
        tried=f"Run at it: {len(_at(trials, found.recommended))} times." if what in _SET and not warnings else "",
        warnings=warnings,
        data={"columns": [["level", ""], ["runs", ""], ["wall", "text"], ["of the best", "1"], ["at 95 %", "text"], ["CPU used", "1"],
                          ["peak memory", "By"], ["each takes", "s"]], "rows": rows, "recommended": found.recommended,
              "families": found.families,
              "bars": {"unit": "/s", "caption": f"throughput of {what} by level", "marks": marks}},
    )  # fmt: skip


def _limit(trials: Sequence[Trial], found: Saturation) -> str:
    """What limits at and beyond the best level, by what the cgroup counted."""
    beyond = [one for one in trials if one.measures["level"] >= found.best]
    if not beyond:
        return "nothing was run beyond it"
    first = beyond[0]

    def mean(values: Sequence[float]) -> float:
        return sum(values) / len(values)

    busy = mean([one.measures["cpu"] / one.measures["wall"] / float(first.facts["cpus"]) for one in beyond])
    alone = mean([one.measures["longest"] / one.measures["wall"] for one in beyond])
    reasons = []
    if first.measures["tasks"] > 1 and alone >= _ALONE:
        reasons.append(f"one long task is {alone:.0%} of the whole time (the critical path)")
    if busy >= _BUSY:
        reasons.append(f"the processors are used to {busy:.0%}")
    for resource, text in (("cpu", "tasks were ready and waited for a processor"), ("io", "tasks waited for disks"),
                           ("memory", "tasks waited for memory")):  # fmt: skip
        waited = [
            one.measures[f"waited_{resource}"] / one.measures["wall"]
            for one in beyond
            if f"waited_{resource}" in one.measures
        ]
        if waited and mean(waited) >= _WAITED:
            if resource == "cpu" and busy < _BUSY:
                text += ", which other processes of the machine had"
            reasons.append(f"for {min(1.0, mean(waited)):.0%} of the time {text} (PSI)")
    limit = (
        "; ".join(reasons)
        or "neither processors nor disks: the tasks wait for something else, or for each other"
    )
    return f"beyond it {limit}"


def _hidden(study: BaseStudy, trials: Sequence[Trial], results: dict[str, Saturation]) -> Iterator[Finding]:
    """Each measured level predicted from the others."""
    rows: list[list[Any]] = []
    for what in results:
        levels, rates, tasks = tried(trials, what)
        for level in sorted(set(levels))[1:]:
            kept = [(one, rate) for one, rate in zip(levels, rates, strict=True) if one != level]
            if len({one for one, _ in kept}) < 3:
                continue
            curve = Curves(
                [one for one, _ in kept], [rate for _, rate in kept], sorted(set(levels)), tasks=tasks
            ).result(_AIM)
            point = next(point for point in curve.points if point.level == level)
            seen = [rate for one, rate in zip(levels, rates, strict=True) if one == level]
            mean = sum(seen) / len(seen)
            rows.append(
                [
                    what,
                    level,
                    point.throughput / mean - 1,
                    "yes" if point.interval.low <= mean <= point.interval.high else "no",
                ]
            )
    if rows:
        inside = sum(row[3] == "yes" for row in rows)
        yield study.finding(
            "hidden", f"Levels predicted without their own runs: {inside} of {len(rows)} lie in the curve's 95 % interval",
            method="each level above the lowest left out in turn; the interval is of the curve, a single run's noise comes on top",
            data={"columns": [["what", "text"], ["level", ""], ["predicted off by", "1"], ["in the interval", "text"]], "rows": rows},
        )  # fmt: skip


def _claims(study: BaseStudy, trials: Sequence[Trial], results: dict[str, Saturation]) -> Iterator[Finding]:
    said = "Throughput hardly grows beyond three quarters of the processors"
    cpu = results.get("cpu")
    cpus = next((int(one.facts["cpus"]) for one in passed(trials, what="cpu")), 0)
    if cpu is None or cpus < 2:
        yield study.claim(said, NOT_TRIED, "pieces of computing were not run on several processors")
    else:
        yield study.claim(
            said,
            CONFIRMED if cpu.knee_interval.high <= 0.8 * cpus else NOT_CONFIRMED,
            f"computing has its knee at {cpu.knee:.1f} [{cpu.knee_interval.low:.1f}, {cpu.knee_interval.high:.1f}] of {cpus} processors",
        )
    said = "One -p is right for a machine"
    if len(results) < 2:
        yield study.claim(said, NOT_TRIED, "only one thing was run")
    else:
        levels = {what: found.recommended for what, found in results.items()}
        same = len(set(levels.values())) == 1
        text = ", ".join(f"{what} {level}" for what, level in levels.items())
        yield study.claim(said, CONFIRMED if same else NOT_CONFIRMED, f"recommended are {text}")
    said = "Latency grows with -p while throughput hardly does"
    if cpu is None:
        yield study.claim(said, NOT_TRIED, "pieces of computing were not run")
    else:
        mine = passed(trials, what="cpu")
        top = max(int(one.measures["level"]) for one in mine)
        low, high = (figure(_at(mine, level), "each", "s") for level in (cpu.recommended, top))
        if low is None or high is None or low.value <= 0 or top == cpu.recommended:
            yield study.claim(said, NOT_TRIED, "too few levels were run")
        else:
            yield study.claim(
                said,
                CONFIRMED if high.value > 1.3 * low.value else NOT_CONFIRMED,
                f"at {top} a piece takes {high.value / low.value:.1f} times what it takes at {cpu.recommended}",
            )
