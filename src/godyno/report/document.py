"""A report as blocks: what terminal, Markdown and HTML have in common.

Cells and figures are text already (``units.show`` made them), so every renderer only lays out. A capture's document is made
by ``summary``; studies and surveys make their own from the same blocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from godyno import units
from godyno.model import Estimate, Finding, Record
from godyno.prose import pieces


@dataclass(frozen=True, slots=True)
class Heading(Record):
    """A heading; ``level`` 2 is a section, 3 a part of one."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph(Record):
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Code(Record):
    """Lines to paste, kept as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Figure(Record):
    """One key figure: ``about`` says what it counts, its interval or its source."""

    label: str
    value: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigures(Record):
    """The few figures that answer first."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Grid(Record):
    """A table of text. ``numeric`` names the columns that are set to the right; ``more`` says what was left out.

    ``detail`` marks what only the page shows.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    caption: str = ""
    more: str = ""
    detail: bool = False


@dataclass(frozen=True, slots=True)
class Message(Record):
    """Something the reader must know; ``severity`` is ``note`` or ``warning``."""

    text: str
    severity: str = "note"


@dataclass(frozen=True, slots=True)
class Claim(Record):
    """A finding, shown with its doubt, its advice and its evidence."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Line(Record):
    """One line of a timeline: the highest value in each of equal parts of the time; None where there is none."""

    label: str
    unit: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Timeline(Record):
    """Values over time: small lines in text; the page shows all series instead, to zoom into."""

    lines: tuple[Line, ...]
    wall_s: float


@dataclass(frozen=True, slots=True)
class Bar(Record):
    """A span of ``SpanLanes``: seconds since the start."""

    label: str
    start_s: float
    end_s: float
    value: str = ""


@dataclass(frozen=True, slots=True)
class SpanLanes(Record):
    """Spans over time: bars in text; the page shows all spans instead."""

    bars: tuple[Bar, ...]
    wall_s: float
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Scatter(Record):
    """Single figures over time, by group, and how they are distributed. Only the page draws it; a table beside it says it in text.

    ``groups`` are (label, points as (seconds, value)); what lies before ``warm_s`` is drawn pale.
    """

    title: str
    unit: str
    groups: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    warm_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Mark(Record):
    """A value of ``Bars``; ``low`` and ``high`` are its interval, None where it has none."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bars(Record):
    """Values to compare by length, with their intervals: from zero on, or by their logarithm where most would be invisible."""

    marks: tuple[Mark, ...]
    unit: str
    caption: str = ""

    @property
    def top(self) -> float:
        """The highest value or bound: what the full length stands for."""
        return max((value for mark in self.marks for value in (mark.value, mark.high or 0.0)), default=0.0)

    @property
    def logarithmic(self) -> bool:
        """Whether lengths are by decades: no value is zero, and they span a factor of 100 and more."""
        values = [mark.value for mark in self.marks]
        return min(values, default=0.0) > 0 and max(values) >= 100 * min(values)

    @property
    def title(self) -> str:
        """The caption, with its scale where that is not from zero on."""
        return f"{self.caption} (logarithmic)".strip() if self.logarithmic else self.caption

    def share(self, value: float) -> float:
        """The part of the full length, 0 to 1, that ``value`` takes. The least of a logarithmic one has up to a decade."""
        if not self.logarithmic:
            return value / self.top if self.top > 0 else 0.0
        begin = math.ceil(math.log10(min(mark.value for mark in self.marks))) - 1
        return max(0.0, (math.log10(value) - begin) / (math.log10(self.top) - begin)) if value > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Step(Record):
    """A row of ``Cascade``: begins ``start_s`` after the first, and what it is made of, as (kind, seconds)."""

    label: str
    start_s: float
    parts: tuple[tuple[str, float], ...]

    @property
    def took_s(self) -> float:
        """Its length."""
        return sum(seconds for _, seconds in self.parts)


@dataclass(frozen=True, slots=True)
class Cascade(Record):
    """What came after what: a row for each step, its bar where it lies in the whole and coloured by what it is made of.

    ``kinds`` are those that have a colour of their own, the weightiest first; the others share one.
    """

    steps: tuple[Step, ...]
    kinds: tuple[str, ...]
    wall_s: float
    caption: str = ""


Block = (
    Heading
    | Paragraph
    | Code
    | KeyFigures
    | Grid
    | Message
    | Claim
    | Timeline
    | SpanLanes
    | Bars
    | Scatter
    | Cascade
)


@dataclass(frozen=True, slots=True)
class Document(Record):
    """A whole report."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]


def advice_pieces(finding: Finding) -> list[tuple[str, tuple[str, ...]]]:
    """A finding's advice, and then what trying it gave, as pairs of prose and the commands to paste below it."""
    found = [(said.replace("\n", " "), commands) for said, commands in pieces(finding.advice)]
    if found and finding.tried:
        if found[-1][1]:
            found.append((finding.tried, ()))
        else:
            found[-1] = (f"{found[-1][0]} {finding.tried}", ())
    return found


def advised(text: str) -> list[Block]:
    """Prose with commands in it (``godyno.prose``) as blocks."""
    blocks: list[Block] = []
    for said, commands in pieces(text):
        blocks += [Paragraph(sentence) for sentence in said.split("\n") if sentence]
        blocks += [Code("\n".join(commands))] if commands else []
    return blocks


def estimate_text(estimate: Estimate) -> str:
    """An estimate with its doubt: ``253 MB [251 MB, 255 MB] (95 %, n = 5)``."""
    text = units.show(estimate.value, estimate.unit)
    about = []
    if estimate.interval:
        low, high = (
            units.show(estimate.interval.low, estimate.unit),
            units.show(estimate.interval.high, estimate.unit),
        )
        text += f" [{low}, {high}]"
        about.append(units.show_ratio(estimate.interval.level))
    if estimate.n > 1:
        about.append(f"n = {estimate.n}")
    return f"{text} ({', '.join(about)})" if about else text


def doubt_text(finding: Finding) -> str:
    """What a reader should know before trusting the finding, in one line; empty for a plain measured figure."""
    parts = []
    if finding.confidence.value != "measured":
        parts.append(f"confidence: {finding.confidence.value}")
    if finding.method:
        parts.append(f"method: {finding.method}")
    elif finding.estimate and finding.estimate.method:
        parts.append(f"method: {finding.estimate.method}")
    if finding.assumption:
        parts.append(f"assumes: {finding.assumption}")
    return "; ".join(parts)


def finding_grid(finding: Finding, most: int = 20) -> Grid | None:
    """The table that a finding carries in ``data``: ``columns`` as [name, unit] pairs and ``rows``; None where it has none.

    A unit is as ``units.show`` takes it, ``text`` for text. What is not of that form is left out, never raised: findings
    come with strangers' captures.
    """
    columns, rows = _columns(finding.data), finding.data.get("rows")
    if not columns or not isinstance(rows, Sequence) or isinstance(rows, str):
        return None
    whole = [
        row
        for row in rows
        if isinstance(row, Sequence) and not isinstance(row, str) and len(row) == len(columns)
    ]
    if not whole:
        return None
    shown = [
        tuple(_cell(value, unit) for value, (_, unit) in zip(row, columns, strict=True))
        for row in whole[:most]
    ]
    return Grid(
        columns=tuple(name for name, _ in columns),
        rows=tuple(shown),
        numeric=frozenset(index for index, (_, unit) in enumerate(columns) if unit != "text"),
        more=f"and {len(whole) - most} more" if len(whole) > most else "",
    )


def finding_bars(finding: Finding) -> Bars | None:
    """The bars that a finding carries in ``data["bars"]``: ``unit``, ``caption`` and ``marks`` of [label, value, low, high]."""
    bars = finding.data.get("bars")
    if not isinstance(bars, Mapping) or not isinstance(bars.get("marks"), Sequence):
        return None
    marks = []
    for row in bars["marks"]:
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != 4:
            return None
        numbers = [
            float(cell) if isinstance(cell, int | float) and math.isfinite(cell) else None for cell in row[1:]
        ]
        if numbers[0] is None or numbers[0] < 0:
            return None
        marks.append(Mark(str(row[0]), numbers[0], numbers[1], numbers[2]))
    return Bars(tuple(marks), str(bars.get("unit", "")), str(bars.get("caption", ""))) if marks else None


def finding_blocks(finding: Finding) -> list[Block]:
    """A finding with the table and the bars that it carries."""
    carried = (finding_grid(finding), finding_bars(finding))
    return [Claim(finding), *(block for block in carried if block is not None)]


def _columns(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    columns = data.get("columns")
    if not isinstance(columns, Sequence) or isinstance(columns, str):
        return []
    pairs = []
    for column in columns:
        if not (
            isinstance(column, Sequence)
            and len(column) == 2
            and all(isinstance(part, str) for part in column)
        ):
            return []
        pairs.append((column[0], column[1]))
    return pairs


def _cell(value: Any, unit: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool) and unit != "text":
        return units.show(float(value), unit)
    return str(value)


def sections(blocks: Sequence[Block]) -> Iterator[tuple[Heading | None, list[Block]]]:
    """The blocks below each heading of level 2."""
    heading: Heading | None = None
    below: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2:
            if heading or below:
                yield heading, below
            heading, below = block, []
        else:
            below.append(block)
    if heading or below:
        yield heading, below
