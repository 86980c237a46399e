"""What the trials of ``bottleneck`` show."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from godyno.model import Estimate, Finding, Trial
from godyno.studies.activity import only_warm
from godyno.studies.study import (
    CONFIRMED,
    NOT_CONFIRMED,
    NOT_TRIED,
    BaseStudy,
    figure,
    passed,
    ratio,
    shown,
    too_busy,
)

BASE = "as-it-is"
_SHOWN = {
    "cpu/2": "half the CPU", "tmpfs": "caches in memory", "cold": "cold page cache", "p=1": "one action at a time",
    "memory-quarter": "a quarter less memory",
}  # fmt: skip
_ENDS = {"killed": "is killed", "thrash": "thrashes: it was far from done after several times as long"}
_MATTERS = 0.05  # a change of the build's time below this is not worth a word


def concluded(study: BaseStudy, trials: Sequence[Trial]) -> list[Finding]:
    """All findings, the weightiest first."""
    out: list[Finding] = []
    for build in dict.fromkeys(trial.levels["build"] for trial in trials):
        mine = [trial for trial in trials if trial.levels["build"] == build]
        build = next((trial.facts["build"] for trial in mine if "build" in trial.facts), build)
        out += [
            *only_warm(study, mine),
            *_elasticities(study, mine, build),
            *_killed(study, mine),
            *_critical(study, mine),
        ]
    return [*out, *_claims(study, trials)] if out else []


def _ratio(trials: Sequence[Trial], condition: str, measure: str = "wall") -> Estimate | None:
    return ratio(trials, measure, {"condition": BASE}, {"condition": condition})


def _percent(found: Estimate) -> str:
    """``+81 % [+70 %, +95 %]``."""

    def one(value: float) -> str:
        return f"{100 * (value - 1):+.0f} %"

    ends = f" [{one(found.interval.low)}, {one(found.interval.high)}]" if found.interval else ""
    return one(found.value) + ends


def _elasticities(study: BaseStudy, trials: Sequence[Trial], build: str) -> Iterator[Finding]:
    base = figure(passed(trials, condition=BASE), "wall", "s")
    if base is None:
        return
    rows: list[list[Any]] = [["as it is", base.value, "–", _cpu(trials, BASE), _read(trials, BASE), base.n]]
    marks: list[list[Any]] = [_mark("as it is", base)]
    found = {}
    for condition, label in _SHOWN.items():
        wall, against = figure(passed(trials, condition=condition), "wall", "s"), _ratio(trials, condition)
        if wall is None:
            continue
        rows.append(
            [
                label,
                wall.value,
                _percent(against) if against else "–",
                _cpu(trials, condition),
                _read(trials, condition),
                wall.n,
            ]
        )
        marks.append(_mark(label, wall))
        if against is not None:
            found[condition] = against
    listed = "; ".join(f"{_SHOWN[condition]}: {_percent(one)}" for condition, one in found.items())
    yield study.finding(
        "elasticity", f"{build} takes {shown(base)} here. {listed or 'No condition could be compared'}", base,
        method="wall time, paired within blocks",
        data={"columns": [["condition", "text"], ["wall", "s"], ["change", "text"], ["CPU", "s"], ["read", "By"], ["runs", ""]],
              "rows": rows, "bars": {"unit": "s", "caption": "wall time of the build", "marks": marks}},
    )  # fmt: skip
    yield from _limit(study, found)


def _limit(study: BaseStudy, found: dict[str, Estimate]) -> Iterator[Finding]:
    """The resource that it hangs on: whose loss costs most, where the interval leaves no doubt."""
    sure = {
        condition: one
        for condition, one in found.items()
        if one.interval is not None
        and not one.interval.low <= 1 <= one.interval.high
        and abs(one.value - 1) > _MATTERS
    }
    cpu = found.get("cpu/2")
    elasticity = math.log(cpu.value) / math.log(2) if cpu else None
    if "cpu/2" in sure and cpu is not None and cpu.value >= max(one.value for one in sure.values()):
        text = "CPU limits this build: no other change costs as much as halving it"
    elif sure:
        worst = max(sure, key=lambda condition: abs(math.log(sure[condition].value)))
        text = f"What matters most is {_SHOWN[worst]}: {_percent(sure[worst])}"
    elif found and all(one.interval is None for one in found.values()):
        text = "Each condition was tried beside the build as it is only once: too few to say which of them matters"
    elif found:
        text = "No condition changed the build's time by more than these runs could show"
    else:
        return
    if elasticity is not None and "cpu/2" in sure:
        text += f"; elasticity to CPU {-elasticity:.2f} (−1 would be: half the CPU, twice the time)"
    yield study.finding("limit", text, found.get("cpu/2"))


def _mark(label: str, value: Estimate) -> list[Any]:
    bounds = value.interval
    return [label, value.value, bounds.low if bounds else None, bounds.high if bounds else None]


def _cpu(trials: Sequence[Trial], condition: str) -> float | None:
    found = figure(passed(trials, condition=condition), "cpu", "s")
    return found.value if found else None


def _read(trials: Sequence[Trial], condition: str) -> float | None:
    found = figure(passed(trials, condition=condition), "read", "By")
    return found.value if found else None


def _killed(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    limited = [
        trial for trial in trials if trial.levels["condition"] == "memory-quarter" and trial.verdict in _ENDS
    ]
    if limited:
        peak = figure(passed(trials, condition=BASE), "peak", "By")
        yield study.finding(
            "memory", f"With a quarter less memory than the {shown(peak)} that it took, the build "
            f"{' or '.join(dict.fromkeys(_ENDS[trial.verdict] for trial in limited))}", severity="warning",
            advice="Set GOGC or GOMEMLIMIT, or less parallelism.", tried="Not tried here; godyno survey tries them.",
        )  # fmt: skip


def _critical(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    for trial in reversed(passed(trials, condition=BASE)):
        for key, kind in (("path", "critical-path"), ("pressure", "pressure")):
            if key not in trial.facts:
                continue
            told = json.loads(trial.facts[key])
            data = (
                {name: told["data"][name] for name in ("columns", "rows") if name in told["data"]}
                if key == "path"
                else {}
            )
            if "rows" in data:
                data["rows"] = sorted(data["rows"], key=lambda row: -float(row[-1] or 0))[:10]
            yield study.finding(kind, str(told["claim"]), method="one of the builds as it is", data=data)
        return


def _claims(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    said = "Not CPU or memory but the SSD's speed limits, since Go does much small-file I/O"
    cpu, memory, cold = (_ratio(trials, condition) for condition in ("cpu/2", "tmpfs", "cold"))
    if cpu is None or memory is None or cpu.interval is None or memory.interval is None:
        yield study.claim(said, NOT_TRIED, "half the CPU and caches in memory were not both tried twice")
        return
    told = f"half the CPU: {_percent(cpu)}; caches in memory: {_percent(memory)}"
    if cold is not None:
        told += f"; cold page cache: {_percent(cold)}"
    if busy := too_busy(passed(trials)):
        yield study.claim(said, NOT_TRIED, f"{told}; but {busy}, which a build waits for too")
        return
    storage = max(1 / memory.value, cold.value if cold else 1.0)
    if cpu.interval.low > 1 and cpu.value > storage:
        yield study.claim(said, NOT_CONFIRMED, told)
    elif storage > cpu.value and (
        memory.interval.high < 1 or (cold and cold.interval and cold.interval.low > 1)
    ):
        yield study.claim(said, CONFIRMED, told)
    else:
        yield study.claim(said, NOT_TRIED, f"the runs do not tell them apart: {told}")
