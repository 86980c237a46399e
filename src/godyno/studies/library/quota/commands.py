"""A command of the user's, a build say, under CPU quotas: its wall time, what it was stopped for, and what shortens it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from godyno.errors import ToolchainError, UsageError
from godyno.model import Confidence, Finding, Trial, Workload
from godyno.studies.study import BaseStudy, figure, passed, ratio, shown
from godyno.workload.limited import Limits, run_limited

_NONE, _PLAIN = "none", "as-it-is"
_MENDS, _REACHED = 0.97, 0.01  # of the wall time under the quota as it is; of the periods
_TIMEOUT_S = 1800.0


def command_measures(command: str, limits: Limits, env: Mapping[str, str]) -> dict[str, float]:
    """One run of it where the user stands. Raises UsageError for what is no command, ToolchainError where it fails."""
    try:
        argv = tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"{command!r} is no command: {error}") from error
    run = run_limited(Workload(argv, str(Path.cwd()), dict(env)), limits, timeout_s=_TIMEOUT_S)
    if run.exit_code != 0 or run.timed_out:
        raise ToolchainError(f"{command} ended with {run.exit_code}: {run.said.strip()[-200:]}")
    found = {"wall": run.wall_s, "cpu": run.cpu_s or 0.0, "peak": float(run.held_bytes or 0), "throttled": run.throttled_s,
             "throttled_periods": float(run.throttled_periods), "periods": float(run.periods)}  # fmt: skip
    return found | {f"waited_{resource}": value for resource, value in run.waited_s.items()}


def commanded(
    study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str], within: float
) -> list[Finding]:
    """Wall time by quota, what shortens it, and the smallest quota that is enough."""
    return [
        *_walls(study, trials, quotas),
        *_remedies(study, trials, quotas),
        *_enough(study, trials, quotas, within),
    ]


def _felt(arm: Sequence[Trial]) -> float:
    return sum(one.measures["throttled_periods"] for one in arm) / max(
        1.0, sum(one.measures["periods"] for one in arm)
    )


def _name(quota: str) -> str:
    return "no quota" if quota == _NONE else f"{quota} %"


def _walls(study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str]) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    marks: list[list[Any]] = []
    for quota in quotas:
        arm = passed(trials, quota=quota, remedy=_PLAIN)
        wall, peak = figure(arm, "wall", "s"), figure(arm, "peak", "By")
        if wall is None:
            continue
        longer = ratio(trials, "wall", {"quota": _NONE, "remedy": _PLAIN}, {"quota": quota, "remedy": _PLAIN})
        busy = sum(one.measures["cpu"] / one.measures["wall"] for one in arm) / len(arm)
        rows.append(
            [_name(quota), shown(wall), shown(longer), busy, _felt(arm), peak.value if peak else None]
        )
        between = wall.interval
        marks.append(
            [_name(quota), wall.value, between.low if between else None, between.high if between else None]
        )
    if not rows:
        return
    worst = quotas[-1]
    arm = passed(trials, quota=worst, remedy=_PLAIN)
    longer = ratio(trials, "wall", {"quota": _NONE, "remedy": _PLAIN}, {"quota": worst, "remedy": _PLAIN})
    versus = f", {shown(longer)} of that without one" if longer is not None and worst != _NONE else ""
    yield study.finding(
        "walls", f"Under {_name(worst)} the command takes {shown(figure(arm, 'wall', 's'))}{versus}", figure(arm, "wall", "s"),
        method="median over runs; ratios are paired inside a block",
        data={"columns": [["quota", "text"], ["wall", "text"], ["times no quota", "text"], ["CPUs used", ""], ["periods throttled", "1"],
                          ["peak memory", "By"]], "rows": rows,
              "bars": {"unit": "s", "caption": "wall time by quota", "marks": marks}},
    )  # fmt: skip


def _remedies(study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str]) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    chosen: dict[str, str] = {}
    for quota in quotas:
        for remedy in study.levels()["remedy"]:
            found = ratio(
                trials, "wall", {"quota": quota, "remedy": _PLAIN}, {"quota": quota, "remedy": remedy}
            )
            if remedy == _PLAIN or found is None:
                continue
            peak = ratio(
                trials, "peak", {"quota": quota, "remedy": _PLAIN}, {"quota": quota, "remedy": remedy}
            )
            rows.append([_name(quota), remedy, shown(found), shown(peak)])
            felt = _felt(passed(trials, quota=quota, remedy=_PLAIN)) > _REACHED
            sure = found.interval is not None and found.interval.high < 1
            if felt and sure and found.value <= _MENDS and quota not in chosen:
                chosen[quota] = remedy
    if rows:
        told = (
            ", ".join(f"{_name(quota)}: {remedy}" for quota, remedy in chosen.items())
            or "none that was tried"
        )
        yield study.finding(
            "remedies", f"What shortens it for certain: {told}", method="paired ratios to the quota as it is; below 1 is shorter",
            tried="Tried: see the table.", advice="Set what is named for your quota." if chosen else "Ask for a larger quota.",
            data={"columns": [["quota", "text"], ["remedy", "text"], ["wall", "text"], ["peak memory", "text"]], "rows": rows,
                  "chosen": chosen},
        )  # fmt: skip


def _enough(
    study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str], within: float
) -> Iterator[Finding]:
    if _NONE not in quotas:
        return
    for quota in reversed([one for one in quotas if one != _NONE]):
        found = ratio(trials, "wall", {"quota": _NONE, "remedy": _PLAIN}, {"quota": quota, "remedy": _PLAIN})
        if found is not None and found.value <= 1 + within:
            sure = found.interval is not None and found.interval.high <= 1 + within
            yield study.finding(
                "recommended", f"{quota} % is the smallest quota that was tried under which it takes at most {within:.0%} longer: "
                f"{shown(found)}", found, tried="Tried.", confidence=Confidence.HIGH if sure else Confidence.LOW,
                warnings=() if sure else ("by the median: its interval reaches beyond what was asked",),
                data={"quota": quota, "remedy": _PLAIN},
            )  # fmt: skip
            return
    yield study.finding(
        "recommended", f"Under no quota that was tried does it take at most {within:.0%} longer"
    )
