"""What the trials of ``scenarios`` show."""

from __future__ import annotations

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
    shown,
    too_busy,
)

# What the source says of a scenario: activity, measure, unit, lowest and highest value, in its words.
_SAID = (
    ("build-cold", "peak", "By", 150e6, 400e6, "go build of one module takes 150 to 400 MB"),
    ("test", "peak", "By", 200e6, 600e6, "go test ./... (50 tests) takes 200 to 600 MB"),
    ("test", "wall", "s", 3.0, 12.0, "go test ./... (50 tests) takes 3 to 12 s"),
)


def concluded(study: BaseStudy, trials: Sequence[Trial]) -> list[Finding]:
    """All findings, the weightiest first."""
    if not passed(trials):
        return []
    levels = study.levels()
    usual = [
        one
        for one in trials
        if one.levels["go"] == levels["go"][0] and one.levels["setting"] == levels["setting"][0]
    ]
    out = [*only_warm(study, trials), *_table(study, usual), *_editor(study, usual)]
    out += [
        *_changed(study, trials, usual, "go"),
        *_changed(study, trials, usual, "setting"),
        *_failing(study, trials),
    ]
    return [*out, *_claims(study, usual)]


def _table(study: BaseStudy, usual: Sequence[Trial]) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    peaks: dict[str, Estimate] = {}
    marks: list[list[Any]] = []
    for activity in study.levels()["activity"]:
        mine = passed(usual, activity=activity)
        wall, cpu, peak, anon = (
            figure(mine, name, unit)
            for name, unit in (("wall", "s"), ("cpu", "s"), ("peak", "By"), ("anon_peak", "By"))
        )
        if wall is None:
            continue
        wrote = figure(mine, "write", "By")
        rows.append(
            [activity, wall.value, *(one.value if one else None for one in (cpu, peak, anon, wrote)), wall.n]
        )
        if peak is not None:
            peaks[activity] = peak
            bounds = peak.interval
            marks.append(
                [activity, peak.value, bounds.low if bounds else None, bounds.high if bounds else None]
            )
    if not rows:
        return
    most = max(peaks, key=lambda activity: peaks[activity].value) if peaks else ""
    text = f"{most} takes the most memory: {shown(peaks[most])}" if most else "What each activity takes"
    yield study.finding(
        "scenarios", text, peaks.get(most), method="peak of the whole process tree",
        data={"columns": [["activity", "text"], ["wall", "s"], ["CPU", "s"], ["peak", "By"], ["anonymous", "By"], ["written", "By"],
                          ["runs", ""]], "rows": rows,
              "bars": {"unit": "By", "caption": "peak memory of the process tree", "marks": marks}},
    )  # fmt: skip


def _editor(study: BaseStudy, usual: Sequence[Trial]) -> Iterator[Finding]:
    mine = passed(usual, activity="editor")
    ready, settled = figure(mine, "editor.ready", "s"), figure(mine, "editor.settled", "By")
    if ready is None or settled is None:
        return
    names = dict.fromkeys(
        name.partition("\t")[2] for one in mine for name in one.measures if name.startswith("editor.first\t")
    )
    rows = []
    for name in names:
        first, later = (figure(mine, f"editor.{which}\t{name}", "s") for which in ("first", "later"))
        rows.append([name, first.value if first else None, later.value if later else None])
    yield study.finding(
        "editor", f"An editor session is ready after {shown(ready)} and settles at {shown(settled)} (gopls and its children)", settled,
        data={"columns": [["request", "text"], ["first", "s"], ["later", "s"]], "rows": rows},
    )  # fmt: skip


def _changed(
    study: BaseStudy, trials: Sequence[Trial], usual: Sequence[Trial], factor: str
) -> Iterator[Finding]:
    """Other levels of a factor against the first: ratios of medians, since runs of one block lie far apart in time."""
    rows: list[list[Any]] = []
    for activity in study.levels()["activity"]:
        base = {
            name: figure(passed(usual, activity=activity), name, unit)
            for name, unit in (("wall", "s"), ("peak", "By"))
        }
        for level in study.levels()[factor][1:]:
            rest = {"activity": activity, factor: level}
            mine = passed(trials, **rest)
            wall, peak = figure(mine, "wall", "s"), figure(mine, "peak", "By")
            before_wall, before_peak = base["wall"], base["peak"]
            if wall is None or before_wall is None:
                continue
            shown_level = mine[0].facts.get("go", level) if factor == "go" else level
            rows.append(
                [activity, shown_level, wall.value, f"{wall.value / before_wall.value:.2f} ×", peak.value if peak else None,
                 f"{peak.value / before_peak.value:.2f} ×" if peak and before_peak else "–", wall.n]
            )  # fmt: skip
    if rows:
        about = "versions of Go" if factor == "go" else "settings"
        yield study.finding(
            f"by-{factor}", f"What other {about} change, against {study.levels()[factor][0]}",
            method="ratios of medians of few runs each: small differences are noise",
            data={"columns": [["activity", "text"], [factor, "text"], ["wall", "s"], ["ratio", "text"], ["peak", "By"], ["ratio ", "text"],
                              ["runs", ""]], "rows": rows},
        )  # fmt: skip


def _failing(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    failing = dict.fromkeys(
        one.levels["activity"] for one in trials if one.verdict in ("killed", "thrash", "stopped")
    )
    if failing:
        yield study.finding("ended-early", f"Not run to their ends: {', '.join(failing)}", severity="warning")


def _claims(study: BaseStudy, usual: Sequence[Trial]) -> Iterator[Finding]:
    reference = any(one.facts.get("reference") == "True" for one in usual)
    for activity, measure, unit, low, high, said in _SAID:
        found = figure(passed(usual, activity=activity), measure, unit)
        if found is None:
            yield study.claim(said, NOT_TRIED, "it was not measured")
        elif activity == "test" and not reference:
            yield study.claim(
                said, NOT_TRIED, "another module than the reference with its 50 tests was measured"
            )
        elif measure == "wall" and (busy := too_busy(passed(usual, activity=activity))):
            yield study.claim(said, NOT_TRIED, f"{shown(found)}, but {busy}", found)
        else:
            yield study.claim(
                said, CONFIRMED if low <= found.value <= high else NOT_CONFIRMED, shown(found), found
            )
    editor = figure(passed(usual, activity="editor"), "editor.settled", "By")
    own = f"; its language server alone settles at {shown(editor)}" if editor else ""
    yield study.claim(
        "VS Code with the Go extension takes 600 to 1200 MB", NOT_TRIED, f"VS Code was not started{own}"
    )
    yield study.claim(
        "JetBrains GoLand takes 1.2 to 2.5 GB",
        NOT_TRIED,
        "GoLand was not started: it is licensed, and needs a window",
    )
