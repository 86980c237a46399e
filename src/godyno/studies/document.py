"""A study's result as a document: findings, the source's claims beside them, how sure, what it cannot say. Fits 80 columns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from godyno import units
from godyno.report.document import Block, Code, Document, Grid, Heading, Message, Paragraph, finding_blocks
from godyno.studies.result import StudyResult, failures
from godyno.studies.study import VERDICTS

_ORDER = ("  block ", "  …", "  time:")  # of a plan's text, what a reader of results does not need
_ENDED = {
    "complete": "", "decided": "", "budget": ", ended by its budget", "interrupted": ", interrupted",
    "failed": ", given up",
}  # fmt: skip


def document(result: StudyResult) -> Document:
    """The report of a study."""
    machine = result.machine
    about = f" of {result.module}" if result.module else ""
    subtitle = (
        f"{result.go_version}, {machine.cpu.allowed} × {machine.cpu.model or machine.cpu.arch}, {result.created_at}, "
        f"{units.show_seconds(result.spent_s)}{', quick' if result.quick else ''}{_ENDED.get(result.ended, '')}"
    )
    return Document(f"Study {result.study}{about}", subtitle, tuple(_blocks(result)))


def _blocks(result: StudyResult) -> Iterator[Block]:
    yield Paragraph(result.summary)
    for warning in result.warnings:
        yield Message(warning, "warning")
    yield Heading("What was found")
    found = [one for one in result.findings if one.kind != "claim"]
    if not found:
        yield Message("Nothing: too few of its trials ended well.", "warning")
    for one in found:
        yield from finding_blocks(one)
    yield from _claims(result)
    yield from _left_out(result)
    yield Heading("How sure, and what it cannot say")
    if result.sure:
        yield Paragraph(f"{result.sure[0].upper()}{result.sure[1:]}")
    for text in result.cannot_say:
        yield Paragraph(f"It cannot say {text}" if text[:1].islower() else text)
    yield Heading("How it was measured")
    counts = Counter(trial.verdict or "pass" for trial in result.trials)
    noun = "trial" if len(result.trials) == 1 else "trials"
    yield Paragraph(
        f"{len(result.trials)} {noun} ({', '.join(f'{count} {verdict}' for verdict, count in counts.items()) or 'none'}), "
        f"kept in trials.jsonl of the study's directory."
    )
    yield Code("\n".join(line for line in result.plan.splitlines() if not line.startswith(_ORDER)))


def _claims(result: StudyResult) -> Iterator[Block]:
    claims = [one.data for one in result.findings if one.kind == "claim"]
    if not claims:
        return
    yield Heading("What the source says, tried here")
    for verdict in VERDICTS:
        rows = tuple(
            (str(one.get("claim", "")), str(one.get("found", "")))
            for one in claims
            if one.get("verdict") == verdict
        )
        if rows:
            yield Grid((f"{verdict[0].upper()}{verdict[1:]}", "found"), rows)


def _left_out(result: StudyResult) -> Iterator[Block]:
    by_reason: dict[str, list[str]] = {}
    for arm, reason in failures(result.trials):
        by_reason.setdefault(reason, []).append(arm)
    if by_reason:
        yield Heading("What could not be tried")
        yield Grid(("arm", "why"), tuple((_together(arms), reason) for reason, arms in by_reason.items()))


def _together(arms: list[str]) -> str:
    """Arms with what they have in common named once: ``target=native build=upx, pie``."""
    words = [arm.split() for arm in arms]
    columns = [list(dict.fromkeys(column)) for column in zip(*words, strict=False)]
    if math.prod(len(column) for column in columns) != len(arms):  # not every combination of them
        return "; ".join(arms)
    shown = []
    for column in columns:
        factor = column[0].partition("=")[0]
        values = [one.partition("=")[2] for one in column]
        more = f" and {len(values) - 4} more" if len(values) > 4 else ""
        shown.append(f"{factor}={', '.join(values[:4])}{more}")
    return " ".join(shown)
