"""A survey as a document: the verdicts first, then what they rest on. Fits 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from godyno import units
from godyno.model import Estimate
from godyno.report.document import Block, Code, Document, Grid, Heading, Message, Paragraph
from godyno.studies.survey.blocks import editor_blocks, machine_blocks
from godyno.studies.survey.records import (
    COMFORTABLE,
    CONFIRMED,
    NOT_CONFIRMED,
    NOT_TRIED,
    TIGHT,
    UNKNOWN,
    WILL_FAIL,
    Activity,
    Fit,
    LeastMemory,
    Survey,
)
from godyno.studies.survey.verdicts import EASE, THIS_MACHINE, TIERS

_MARK = {COMFORTABLE: "comfortable", TIGHT: "tight", WILL_FAIL: "will fail", UNKNOWN: "–"}
_SHORT = {COMFORTABLE: "ok", TIGHT: "tight", WILL_FAIL: "fail", UNKNOWN: "–"}


def document(survey: Survey) -> Document:
    """The report of a survey."""
    module = survey.modules[0].path if survey.modules else "no module"
    ended = {
        "complete": "",
        "budget": ", ended by its budget",
        "interrupted": ", interrupted",
        "problem": ", stopped by a problem",
    }
    subtitle = (
        f"{survey.go_version}, {survey.machine.cpu.model or survey.machine.cpu.arch}, {survey.created_at}, "
        f"{units.show_seconds(survey.spent_s)} of {units.show_seconds(survey.budget_s)}{ended.get(survey.ended, '')}"
    )
    return Document(f"Survey of {module}", subtitle, tuple(_blocks(survey)))


def _blocks(survey: Survey) -> Iterator[Block]:
    if survey.problem:
        yield Message(survey.problem, "warning")
    for warning in survey.warnings:
        yield Message(warning, "warning")
    yield from _verdicts(survey)
    yield from _advice(survey)
    for module in survey.modules:
        yield from _activities(survey, module.path)
    yield from editor_blocks(survey)
    yield from _memory(survey)
    yield from _claims(survey)
    yield from machine_blocks(survey)
    yield from _method(survey)


# ---- verdicts


def _verdicts(survey: Survey) -> Iterator[Block]:
    if all(fit.verdict == UNKNOWN for fit in survey.fits):
        return
    yield Heading("Is it enough?")
    # What was not measured is listed with its reason below; a row of dashes says nothing.
    names = list(dict.fromkeys(fit.activity for fit in survey.fits if fit.verdict != UNKNOWN))
    titles = {activity.name: activity.title for activity in survey.activities}
    rows = []
    for name in names:
        of_activity = {fit.where: fit for fit in survey.fits if fit.activity == name}
        here = of_activity[THIS_MACHINE]
        tiers = [_tier(of_activity[tier]) for tier, _ in TIERS]
        rows.append((titles.get(name, name), _MARK[here.verdict], _need(here), *tiers))
    yield Grid(("activity", "here", "needs", *(tier for tier, _ in TIERS)), tuple(rows))
    notes = [f"ok: at least {EASE:g} times the need; tight: at least the need; fail: less."]
    if any(fit.need_bytes is not None and not fit.need_measured for fit in survey.fits):
        notes.append("~: estimated from the highest peak that was seen, and a tenth.")
    if any(fit.with_settings for fit in survey.fits):
        notes.append("*: better with the settings below.")
    notes.append(
        f"Of each size, {units.show_bytes(survey.os_allowance_bytes)} are left to the operating system (an assumption; --os-allowance)."
    )
    yield Paragraph(" ".join(notes))


def _tier(fit: Fit) -> str:
    return _SHORT[fit.verdict] + ("*" if fit.with_settings else "")


def _need(fit: Fit) -> str:
    if fit.need_bytes is None:
        return "–"
    return f"{'' if fit.need_measured else '~'}{units.show_bytes(fit.need_bytes)}"


def _advice(survey: Survey) -> Iterator[Block]:
    if not survey.advice:
        return
    yield Heading("What to set")
    for one in survey.advice:
        yield Paragraph(one.why)
        if one.lines:
            yield Code("\n".join(one.lines))
        yield Paragraph(f"Tried: {one.tried}.")


# ---- what was measured


def _activities(survey: Survey, module: str) -> Iterator[Block]:
    rows = [_activity_rows(one) for one in survey.activities if one.module == module and one.figures]
    left = [one for one in survey.activities if one.module == module and one.skipped]
    if not rows and not left:
        return
    facts = next(one for one in survey.modules if one.path == module)
    yield Heading(f"Measured on {module}")
    yield Paragraph(
        f"{facts.packages} packages ({facts.test_packages} with tests), {facts.dependencies} more that they need. "
        + (
            f"Leaf touched: {facts.leaf} ({facts.leaf_dependents} packages need it); root touched: {facts.root}."
            if facts.leaf
            else ""
        )
    )
    if rows:
        times, memory = zip(*rows, strict=True)
        yield Grid(("activity", "n", "wall", "", "CPU"), times, numeric=frozenset({1, 2, 4}))
        yield Grid(
            ("activity", "peak", "", "anon", "read", "written"), memory, numeric=frozenset({1, 3, 4, 5})
        )
        yield Paragraph(
            "Medians; brackets: interval (95 % from six runs on, below that the range). Peak: the whole process tree, "
            "page cache included; anon: without it, sampled ten times a second. Read and written: storage."
        )
    for one in left:
        yield Message(f"{one.title}: {one.skipped}")
    for one in survey.activities:
        failed = [run for run in one.runs if run.verdict == "failed"]
        if one.module == module and failed:
            count = f"{len(failed)} of {len(one.runs)} runs"
            yield Message(f"{one.title} fails ({count}): {_reason(failed[-1].said)}", "warning")


def _reason(said: str) -> str:
    """The line of a failed command's output that most likely says why: the last that is neither empty nor a heading."""
    lines = [
        line.strip()
        for line in said.splitlines()
        if line.strip() and not line.startswith(("#", "FAIL", "ok "))
    ]
    return lines[-1] if lines else "it said nothing"


def _activity_rows(activity: Activity) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The activity's row in the table of times and in that of memory and storage."""
    figures = activity.figures
    wall, peak = figures.get("wall_s"), figures.get("peak_bytes")
    times = (
        activity.title,
        str(wall.n if wall else 0),
        _value(wall),
        _range(wall),
        _value(figures.get("cpu_s")),
    )
    rest = (_value(figures.get(name)) for name in ("anon_peak_bytes", "read_bytes", "write_bytes"))
    return times, (activity.title, _value(peak), _range(peak), *rest)


def _value(estimate: Estimate | None) -> str:
    return "–" if estimate is None else units.show(estimate.value, estimate.unit)


def _range(estimate: Estimate | None) -> str:
    if estimate is None or estimate.interval is None:
        return ""
    low, high = (
        units.show(bound, estimate.unit) for bound in (estimate.interval.low, estimate.interval.high)
    )
    return f"[{low}, {high}]"


def _memory(survey: Survey) -> Iterator[Block]:
    if survey.least:
        yield Heading("Least memory")
        rows = tuple(_least_row(one) for one in survey.least)
        yield Grid(
            ("activity", "settings", "passes with", "fails with", "runs"), rows, numeric=frozenset({2})
        )
        for method in dict.fromkeys(one.method for one in survey.least):
            yield Paragraph(f"{method[0].upper()}{method[1:]}.")
    if survey.settings:
        yield Heading("What settings gain on a cold build")
        yield Grid(
            ("setting", "peak", "of plain", "wall", "of plain", "n"),
            tuple(
                (
                    one.label, _value(one.peak), "–" if one.peak_ratio is None else units.show_ratio(one.peak_ratio),
                    _value(one.wall), "–" if one.wall_ratio is None else units.show_ratio(one.wall_ratio), str(one.n),
                )
                for one in survey.settings
            ),
            numeric=frozenset({1, 2, 3, 4, 5}),
        )  # fmt: skip


def _least_row(one: LeastMemory) -> tuple[str, ...]:
    fails = f"{units.show_bytes(one.fails_bytes)} ({one.fails_by})" if one.fails_bytes is not None else "–"
    passed = (
        f"{one.passed_runs} of {one.passed_runs} pass, {len(one.runs)} in all"
        if one.measured
        else "estimated"
    )
    return (one.activity, one.settings, units.show_bytes(one.passes_bytes), fails, passed)


def _claims(survey: Survey) -> Iterator[Block]:
    if not survey.claims:
        return
    yield Heading("What is said of Go, tried here")
    for verdict in (CONFIRMED, NOT_CONFIRMED, NOT_TRIED):
        rows = tuple((one.claim, one.found) for one in survey.claims if one.verdict == verdict)
        if rows:
            yield Grid((f"{verdict[0].upper()}{verdict[1:]}", "found"), rows)


def _method(survey: Survey) -> Iterator[Block]:
    for text in survey.skipped:
        yield Message(f"Left out: {text}")
    yield Heading("How it was measured")
    yield Paragraph(
        "Every run was recorded (its capture lies beside this report) with a private build cache: empty for a cold build, that of one "
        "build for the rest. Modules come from the user's module cache and were downloaded before. Touched packages are edited in an "
        "overlay, the module's files stay as they are; tests run where they lie, as `go test` runs them. -buildvcs=false and "
        "GOTOOLCHAIN=local are set. Page caches are as the runs before left them."
    )
