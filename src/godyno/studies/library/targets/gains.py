"""What a level gains on this machine: each benchmark's time against the base level's, and the levels that do not run here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from godyno.model import Estimate, Finding
from godyno.studies.library.targets.levels import BASE
from godyno.studies.library.targets.seen import TIME, Seen
from godyno.studies.study import BaseStudy, figure, passed, ratio, shown


def gains(study: BaseStudy, seen: Seen) -> Iterator[Finding]:
    """A finding a level: what it gains, or what would be needed to try it."""
    native, levels = seen.native, seen.timed_levels()
    for (target, level), reason in seen.cannot.items():
        label = seen.labels[target, level]
        yield study.finding(
            "cannot run",
            f"{label} does not run here; a processor that has it is needed to say what it gains",
            advice=f"Run this study on such a machine, or leave {label} out for programs that must run on this one.",
            tried=f"its program ended with: {reason}",
            severity="note",
        )
    if not levels or levels[0] != BASE:
        return
    base = {"target": native, "level": BASE}
    names = dict.fromkeys(
        name.removeprefix(TIME) for trial in seen.trials for name in trial.measures if name.startswith(TIME)
    )
    for level in levels[1:]:
        ratios: dict[str, Estimate] = {}
        for name in names:
            found = ratio(seen.trials, f"{TIME}{name}", base, {"target": native, "level": level})
            if found is not None and found.interval is not None:
                ratios[name] = found
        if not ratios:
            continue
        yield _gain(study, seen, level, ratios)


_FASTER, _SLOWER = "faster", "slower"
_SAME = 0.01  # a difference below one percent is of no use to anybody, however sure it is


def _verdict(one: Estimate) -> str:
    low, high = (one.interval.low, one.interval.high) if one.interval else (0.0, float("inf"))
    if high < 1 and one.value < 1 - _SAME:
        return _FASTER
    if low > 1 and one.value > 1 + _SAME:
        return _SLOWER
    return "same within 1 %" if low >= 1 - _SAME and high <= 1 + _SAME else "not told apart"


def _gain(study: BaseStudy, seen: Seen, level: str, ratios: Mapping[str, Estimate]) -> Finding:
    native = seen.native
    verdicts = {name: _verdict(one) for name, one in ratios.items()}
    faster, slower = (sum(1 for one in verdicts.values() if one == wanted) for wanted in (_FASTER, _SLOWER))
    label, base = seen.labels[native, level], seen.labels[native, BASE]
    best = min(ratios, key=lambda name: ratios[name].value)
    most = f"; the most: {best}, {shown(ratios[best])} the time" if faster else ""
    rows = []
    for name, one in sorted(ratios.items(), key=lambda pair: pair[1].value):
        took = figure(passed(seen.trials, target=native, level=BASE), f"{TIME}{name}", "s")
        rows.append([name, took.value if took else 0.0, shown(one).removesuffix(" ×"), verdicts[name]])
    return study.finding(
        "gain",
        f"{label} against {base} here: {faster} of {len(ratios)} benchmarks faster, {slower} slower{most}",
        ratios[best] if faster else None,
        method=f"{ratios[best].method}, an interval for each benchmark alone; least of five timings in a run",
        data={
            "columns": [["benchmark", "text"], [base.partition("=")[2] or base, "s"], ["time ratio", "text"], ["", "text"]],
            "rows": rows,
            "bars": {
                "unit": "×",
                "caption": f"Time with {label} as a multiple of that with {base}",
                "marks": [
                    [name, one.value, one.interval.low if one.interval else None, one.interval.high if one.interval else None]
                    for name, one in sorted(ratios.items(), key=lambda pair: pair[1].value)
                ],
            },
        },
    )  # fmt: skip
