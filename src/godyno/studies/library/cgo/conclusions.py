"""What the trials of ``cgo`` show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from godyno import units
from godyno.model import Estimate, Finding, Trial
from godyno.studies.library.cgo.registers import floats
from godyno.studies.own_program import versions_of
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, NOT_TRIED, BaseStudy, figure, passed, ratio, shown

_PER_CALL = ("go", "call", "pragma", "arguments", "callback")


def concluded(study: BaseStudy, trials: Sequence[Trial]) -> list[Finding]:
    """All findings, the weightiest first."""
    versions = versions_of(trials)
    if not versions:
        return []
    own = next(iter(versions))
    out = [
        *_times(study, trials, versions),
        *_across(study, trials, versions),
        *_memory(study, trials, own),
        *_blocked(study, trials, versions),
    ]
    out += [*_load(study, trials, versions), *_registers(study, trials, versions)]
    return [*out, *_claims(study, trials, own)]


def _times(study: BaseStudy, trials: Sequence[Trial], versions: dict[str, str]) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    marks: list[list[Any]] = []
    newest: dict[str, Estimate] = {}
    for kind in _PER_CALL:
        row: list[Any] = [kind]
        for level, version in versions.items():
            time = figure(passed(trials, go=level, call=kind), "time", "s")
            row.append(shown(time))
            if time is not None:
                newest.setdefault(kind, time)
                low, high = (time.interval.low, time.interval.high) if time.interval else (None, None)
                marks.append([f"{kind}, {version}", time.value, low, high])
        rows.append(row)
    if "call" not in newest:
        return
    versus = f"; a call of an empty Go function {shown(newest['go'])}" if "go" in newest else ""
    yield study.finding(
        "time", f"An empty cgo call takes {shown(newest['call'])} in {next(iter(versions.values()))}{versus}", newest["call"],
        method="a loop of calls inside a process of its own, median of processes",
        data={"columns": [["call", "text"], *([version, "text"] for version in versions.values())], "rows": rows,
              "bars": {"unit": "s", "caption": "time per call", "marks": marks}},
    )  # fmt: skip


def _across(study: BaseStudy, trials: Sequence[Trial], versions: dict[str, str]) -> Iterator[Finding]:
    """Each version against the oldest, paired by block."""
    if len(versions) < 2:
        return
    oldest, others = list(versions)[-1], list(versions)[:-1]
    rows: list[list[Any]] = []
    told: Estimate | None = None
    for kind in _PER_CALL:
        found = [
            ratio(trials, "time", {"go": oldest, "call": kind}, {"go": level, "call": kind})
            for level in others
        ]
        if kind == "call":
            told = found[0]
        if any(found):
            rows.append([kind, *(shown(one) for one in found)])
    if told is not None:
        yield study.finding(
            "versions", f"An empty cgo call takes {shown(told)} of {versions[oldest]}'s time in {versions[others[0]]}", told,
            method="paired ratios; below 1 is faster",
            data={"columns": [["call", "text"], *([versions[level], "text"] for level in others)], "rows": rows},
        )  # fmt: skip


def _memory(study: BaseStudy, trials: Sequence[Trial], own: str) -> Iterator[Finding]:
    rows = []
    columns = (
        ("calls", ""),
        ("resident_total", "By"),
        ("threads", ""),
        ("switches", ""),
        ("goroutine_wakes", ""),
    )
    for kind in _PER_CALL:
        mine = passed(trials, go=own, call=kind)
        if mine:
            values = [figure(mine, name, unit) for name, unit in columns]
            calls, *rest, switches, wakes = (one.value if one else 0.0 for one in values)
            rows.append([kind, calls, *rest, 1e6 * switches, 1e6 * wakes])
    call = passed(trials, go=own, call="call")
    resident, calls_made, threads = (
        figure(call, name, unit) for name, unit in (columns[1], columns[0], columns[2])
    )
    if resident and calls_made and threads:
        yield study.finding(
            "memory",
            f"{calls_made.value:,.0f} calls in a row grew the process by {shown(resident)} in all and made {threads.value:g} OS threads",
            resident, method="VmRSS, threads made, the kernel's switches, events in /sched/latencies (one in 8), before and after",
            data={"columns": [["call", "text"], ["calls", ""], ["grown", "By"], ["threads", ""], ["switches/million", ""],
                              ["events/million", ""]], "rows": rows},
        )  # fmt: skip


def _blocked(study: BaseStudy, trials: Sequence[Trial], versions: dict[str, str]) -> Iterator[Finding]:
    rows = []
    told: tuple[Estimate, Estimate, Estimate] | None = None
    for level, version in versions.items():
        mine = passed(trials, go=level, call="blocked")
        values = [
            figure(mine, name, unit)
            for name, unit in (("threads", ""), ("resident_per_thread", "By"), ("threads_left", ""))
        ]
        if all(values):
            rows.append([version, *(one.value for one in values if one)])
            told = told or (values[0], values[1], values[2])  # type: ignore[assignment]
    if told:
        yield study.finding(
            "blocked",
            f"A hundred goroutines that block in C at once make {told[0].value:g} OS threads, {shown(told[1])} each; "
            f"{told[2].value:g} threads are there after it",
            told[0],
            data={"columns": [["Go", "text"], ["threads made", ""], ["resident each", "By"], ["threads afterwards", ""]], "rows": rows},
        )  # fmt: skip


def _load(study: BaseStudy, trials: Sequence[Trial], versions: dict[str, str]) -> Iterator[Finding]:
    rows = []
    for level, version in versions.items():
        for kind in ("load-go", "load-cgo"):
            mine = passed(trials, go=level, call=kind)
            if mine:
                quantiles = [figure(mine, name, "s") for name in ("p50", "p90", "p99", "p999", "max")]
                rows.append(
                    [version, kind.removeprefix("load-"), *(one.value if one else None for one in quantiles)]
                )
    own = next(iter(versions))
    jitter = {
        kind: figure(passed(trials, go=own, call=kind), "jitter", "s") for kind in ("load-go", "load-cgo")
    }
    if all(jitter.values()):
        yield study.finding(
            "latency", f"At a fixed load the 99th percentile lies above the median by {shown(jitter['load-go'])} in Go, "
            f"{shown(jitter['load-cgo'])} in C", jitter["load-cgo"], method="median over processes of each process's quantiles",
            data={"columns": [["Go", "text"], ["in", "text"], ["p50", "s"], ["p90", "s"], ["p99", "s"], ["p99.9", "s"], ["max", "s"]],
                  "rows": rows},
        )  # fmt: skip


def _saved(trials: Sequence[Trial], level: str, path: str) -> tuple[str, ...] | None:
    for trial in passed(trials, go=level, call="call"):
        if f"registers\t{path}" in trial.facts:
            return tuple(trial.facts[f"registers\t{path}"].split())
    return None


def _registers(study: BaseStudy, trials: Sequence[Trial], versions: dict[str, str]) -> Iterator[Finding]:
    rows = []
    for level, version in versions.items():
        for path in ("call", "callback"):
            found = _saved(trials, level, path)
            if found is not None:
                rows.append([version, path, len(found), floats(found), " ".join(found) or "none"])
    if rows:
        call, back = rows[0], rows[1]
        yield study.finding(
            "registers", f"Around a call the runtime saves {call[2]} registers ({call[4]}), {call[3]} of them floating point; "
            f"around a callback {back[2]} ({back[4]})", method="stored and loaded again, in the disassembly of the program",
            data={"columns": [["Go", "text"], ["path", "text"], ["saved", ""], ["floating point", ""], ["which", "text"]], "rows": rows},
        )  # fmt: skip


def _claims(study: BaseStudy, trials: Sequence[Trial], own: str) -> Iterator[Finding]:
    call = passed(trials, go=own, call="call")
    resident, threads = figure(call, "resident", "By"), figure(call, "threads", "")
    said = "Each cgo call takes at least 2 KB more of stack"
    if resident is None:
        yield study.claim(said, NOT_TRIED, "no call was measured")
    else:
        yield study.claim(
            said, CONFIRMED if resident.value >= 1024 else NOT_CONFIRMED, f"{shown(resident)} a call"
        )
    said = "A cgo call saves 3 more registers, and XMM0 to XMM15 in full"
    found = _saved(trials, own, "call")
    if found is None:
        yield study.claim(said, NOT_TRIED, "the code was not read")
    else:
        right = len(found) - floats(found) >= 3 and floats(found) >= 16
        yield study.claim(
            said, CONFIRMED if right else NOT_CONFIRMED, f"saved are {', '.join(found) or 'none'}"
        )
    said = "With cgo calls a program has 3 OS threads instead of 1"
    if threads is None:
        yield study.claim(said, NOT_TRIED, "no call was measured")
    else:
        verdict = CONFIRMED if threads.value >= 2 else NOT_CONFIRMED
        yield study.claim(
            said, verdict, f"calls in a row made {threads.value:g} threads; only blocking ones do"
        )
    yield _jitter(study, trials, own)


def _jitter(study: BaseStudy, trials: Sequence[Trial], own: str) -> Finding:
    said = "Latency varies by 12.7 µs with cgo instead of 0.3 µs"
    found = [figure(passed(trials, go=own, call=kind), "jitter", "s") for kind in ("load-go", "load-cgo")]
    if found[0] is None or found[1] is None:
        return study.claim(said, NOT_TRIED, "the load was not run")
    times = found[1].value / found[0].value if found[0].value > 0 else float("inf")
    text = f"p99 over median: {units.show_seconds(found[0].value)} in Go, {units.show_seconds(found[1].value)} in C"
    return study.claim(said, CONFIRMED if times >= 10 else NOT_CONFIRMED, text)
