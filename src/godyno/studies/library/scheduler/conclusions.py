"""What the trials of ``scheduler`` show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from godyno.model import Estimate, Finding, Trial
from godyno.studies.own_program import versions_of
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, NOT_TRIED, BaseStudy, figure, passed, ratio, shown


def concluded(study: BaseStudy, trials: Sequence[Trial]) -> list[Finding]:
    """All findings, the weightiest first."""
    versions = versions_of(trials)
    if not versions:
        return []
    out = [
        *_distributions(study, trials, versions),
        *_across(study, trials, versions),
        *_runtime(study, trials, versions),
    ]
    return [*out, *_claims(study, trials, versions)]


def _arms(trials: Sequence[Trial]) -> Iterator[tuple[str, str, str]]:
    """Event, load and GOMAXPROCS in the order of the study's levels."""
    yield from dict.fromkeys((one.levels["event"], one.levels["load"], one.levels["procs"]) for one in sorted(
        trials, key=lambda one: (one.levels["procs"], one.levels["load"], one.index)
    ))  # fmt: skip


def _distributions(study: BaseStudy, trials: Sequence[Trial], versions: dict[str, str]) -> Iterator[Finding]:
    """The newest version's quantiles for each load and GOMAXPROCS."""
    newest, version = next(iter(versions.items()))
    groups = dict.fromkeys((load, procs) for _, load, procs in _arms(trials))
    for load, procs in groups:
        rows: list[list[Any]] = []
        marks: list[list[Any]] = []
        first: Estimate | None = None
        for event in study.levels()["event"]:
            mine = passed(trials, go=newest, event=event, load=load, procs=procs)
            found = [figure(mine, name, "s") for name in ("p50", "p90", "p99", "p999", "max")]
            if found[0] is None:
                continue
            first = first or found[0]
            rows.append([event, *(one.value if one else None for one in found)])
            tail = found[2]
            if tail is not None:
                bounds = tail.interval
                marks.append(
                    [event, tail.value, bounds.low if bounds else None, bounds.high if bounds else None]
                )
        if rows:
            where = f"{load}{'' if procs == 'all' else f', GOMAXPROCS={procs}'}"
            yield study.finding(
                f"latency-{load}", f"{version}, {where}: {rows[0][0]} takes {shown(first)} at the median", first,
                method="median over processes of each process's quantile",
                data={"columns": [["event", "text"], *([name, "s"] for name in ("p50", "p90", "p99", "p99.9", "max"))], "rows": rows,
                      "bars": {"unit": "s", "caption": f"99th percentile, {where}", "marks": marks}},
            )  # fmt: skip


def _across(study: BaseStudy, trials: Sequence[Trial], versions: dict[str, str]) -> Iterator[Finding]:
    """Each version's median against the oldest's, paired by block."""
    if len(versions) < 2:
        return
    oldest = list(versions)[-1]
    rows = []
    decided = []
    for event, load, procs in _arms(trials):
        rest = {"event": event, "load": load, "procs": procs}
        row: list[Any] = [f"{event}, {load}"]
        for level in list(versions)[:-1]:
            found = ratio(trials, "p50", rest | {"go": oldest}, rest | {"go": level})
            row.append(shown(found))
            if (
                found is not None
                and found.interval is not None
                and 1.0 not in found.interval
                and found.n >= 6
            ):
                decided.append(f"{event} ({load}) in {versions[level]}: {shown(found)}")
        rows.append(row)
    text = f"Medians against {versions[oldest]}: " + (
        "; ".join(decided[:4]) or "no difference that these runs could show"
    )
    yield study.finding(
        "versions", text, method="paired ratios of medians; below 1 is faster",
        data={"columns": [["event", "text"], *([versions[level], "text"] for level in list(versions)[:-1])], "rows": rows},
    )  # fmt: skip


def _runtime(study: BaseStudy, trials: Sequence[Trial], versions: dict[str, str]) -> Iterator[Finding]:
    """The runtime's own histogram, beside."""
    newest, version = next(iter(versions.items()))
    rows = []
    for event, load, procs in _arms(trials):
        mine = passed(trials, go=newest, event=event, load=load, procs=procs)
        found = [
            figure(mine, f"runtime.{name}", unit)
            for name, unit in (("p50", "s"), ("p99", "s"), ("events", ""))
        ]
        if found[2] is not None and found[2].value > 0:
            rows.append([f"{event}, {load}", *(one.value if one else None for one in found)])
    if rows:
        yield study.finding(
            "runtime-metrics", f"What {version}'s own /sched/latencies holds of the same runs, all goroutines together",
            method="upper bounds of buckets; one event in eight is counted",
            data={"columns": [["during", "text"], ["p50", "s"], ["p99", "s"], ["events counted", ""]], "rows": rows},
        )  # fmt: skip


def _claims(study: BaseStudy, trials: Sequence[Trial], versions: dict[str, str]) -> Iterator[Finding]:
    said = "On Apple Silicon Go 1.21 schedules a third faster than 1.20 (427 to 291 ns on an M1 Pro)"
    apple = any(trial.facts.get("machine") == "darwin/arm64" for trial in trials)
    reason = "Go 1.20 was not measured beside 1.21" if apple else "this is no Apple Silicon"
    yield study.claim(said, NOT_TRIED, reason)
    newest, oldest = next(iter(versions)), list(versions)[-1]
    said = "Newer versions of Go schedule faster"
    rest = {"event": "handoff", "load": "idle", "procs": study.levels()["procs"][0]}
    found = ratio(trials, "p50", rest | {"go": oldest}, rest | {"go": newest}) if newest != oldest else None
    if found is None or found.interval is None:
        yield study.claim(said, NOT_TRIED, "no two versions were measured")
    else:
        faster = found.interval.high < 1
        told = f"handoff in {versions[newest]} takes {shown(found)} of {versions[oldest]}'s time"
        yield study.claim(said, CONFIRMED if faster else NOT_CONFIRMED, told)
    said = "schedule() has a branch isM1Optimized for cache lines of 128 bytes"
    seen = {trial.facts["go"]: trial.facts["source"] for trial in passed(trials) if trial.facts.get("source")}
    if not seen:
        yield study.claim(said, NOT_TRIED, "the sources of these Go versions are not here")
    else:
        has = [version for version, answer in seen.items() if answer == "yes"]
        yield study.claim(
            said,
            CONFIRMED if has else NOT_CONFIRMED,
            f"runtime/proc.go of {', '.join(has or seen)} has {'it' if has else 'none'}",
        )
