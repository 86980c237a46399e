"""A document on a terminal, good at 80 columns; colour only where there is a terminal and NO_COLOR is not set."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import IO, Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from godyno import units
from godyno.model import Finding
from godyno.prose import wrapped
from godyno.report.cascade import step_lines
from godyno.report.document import (
    Bars,
    Block,
    Cascade,
    Claim,
    Code,
    Document,
    Grid,
    Heading,
    KeyFigures,
    Message,
    Paragraph,
    Scatter,
    SpanLanes,
    Timeline,
    advice_pieces,
    doubt_text,
)
from godyno.report.markdown import bar_lines, spark
from godyno.report.payload import clean

_ROWS = 12
_WIDEST = 110  # lines of prose longer than this are hard to read


def print_document(
    document: Document, file: IO[str] | None = None, width: int | None = None, *, whole: str = "--json"
) -> None:
    """Prints ``document`` to ``file`` (stdout), as wide as the terminal up to 110 columns, 80 where there is none.

    ``whole`` says where the rows are that a long table leaves out here.
    """
    out = file or sys.stdout
    console = Console(file=out, width=width, highlight=False, emoji=False, markup=False)
    if width is None:
        console.width = min(console.width, _WIDEST) if console.is_terminal else 80
    with console.capture() as captured:
        console.print(_Lines(wrapped(clean(document.title), console.width), "bold"), crop=False)
        if document.subtitle:
            console.print(_Lines(wrapped(clean(document.subtitle), console.width), "dim"), crop=False)
        for block in document.blocks:
            if isinstance(block, Grid) and block.detail:
                continue
            if isinstance(block, Heading):
                console.print()
            console.print(_rendered(block, console.width, whole), crop=False)
    out.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _rendered(block: Block, width: int, whole: str) -> RenderableType:
    match block:
        case Heading():
            return Text(clean(block.text), "bold underline" if block.level <= 2 else "bold")
        case Paragraph():
            return _Lines(wrapped(clean(block.text), width))
        case Code():
            return _Lines([f"  {clean(line)}" for line in block.text.splitlines()], "cyan")
        case KeyFigures():
            table = Table.grid(padding=(0, 2, 0, 0))
            table.add_column(no_wrap=True)
            table.add_column(no_wrap=True)
            table.add_column(overflow="fold")
            for figure in block.figures:
                table.add_row(
                    Text(clean(figure.label)),
                    Text(clean(figure.value), "bold"),
                    Text(clean(figure.about), "dim"),
                )
            return table
        case Grid():
            return _grid(block, whole)
        case Message():
            warning = block.severity == "warning"
            first = "warning: " if warning else "note: "
            lines = wrapped(clean(block.text), width, first, "")
            return _Lines(lines, head=len(first), head_style="bold yellow" if warning else "bold cyan")
        case Claim():
            return _claim(block.finding, width)
        case Timeline():
            return _timeline(block)
        case SpanLanes():
            return _bars(block, width)
        case Scatter():
            return Text("")
        case Cascade():
            return Padding(Text("\n".join(step_lines(block, width - 2)), no_wrap=True), (0, 0, 0, 2))
        case Bars():
            return Padding(Text("\n".join(bar_lines(block, width - 4)), no_wrap=True), (0, 0, 0, 2))


class _Lines:
    """Lines as they are: rich breaks and crops what is wider than the terminal, and a command or a path is there to be copied.

    The first ``head`` characters have a style of their own.
    """

    def __init__(self, lines: Sequence[str], style: str = "", head: int = 0, head_style: str = "") -> None:
        self.lines, self.style, self.head, self.head_style = lines, style, head, head_style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Each line in its style, without a look at the width."""
        for number, line in enumerate(self.lines):
            head = 0 if number else self.head
            yield Segment(line[:head], console.get_style(self.head_style))
            yield Segment(line[head:], console.get_style(self.style))
            yield Segment.line()


def _claim(finding: Finding, width: int) -> RenderableType:
    warning = finding.severity == "warning"
    style = {"warning": "bold yellow", "note": "bold"}.get(finding.severity, "")
    parts: list[RenderableType] = [
        _Lines(wrapped(clean(finding.claim), width, "! " if warning else "", ""), style)
    ]
    doubt = doubt_text(finding)
    if doubt:
        parts.append(_Lines(wrapped(clean(doubt), width, "  "), "dim"))
    for number, (said, commands) in enumerate(advice_pieces(finding)):
        parts.append(_Lines(wrapped(clean(said), width, "    " if number else "  → ")))
        parts.append(_Lines([f"{' ' * 6}{clean(command)}" for command in commands], "cyan"))
    parts.extend(
        _Lines(wrapped(clean(one), width, "  ! "), head=4, head_style="yellow") for one in finding.warnings
    )
    return Group(*parts)


def _grid(grid: Grid, whole: str) -> RenderableType:
    table = Table(
        box=None,
        padding=(0, 2, 0, 0),
        header_style="dim",
        show_edge=False,
        pad_edge=False,
        caption_justify="left",
    )
    for index, name in enumerate(grid.columns):
        numeric = index in grid.numeric
        table.add_column(
            Text(clean(name)),
            justify="right" if numeric else "left",
            no_wrap=numeric,
            overflow="ellipsis" if numeric else "fold",
        )
    for row in grid.rows[:_ROWS]:
        table.add_row(*(Text(clean(cell)) for cell in row))
    parts: list[RenderableType] = [Text(clean(grid.caption), "dim")] if grid.caption else []
    parts.append(table)
    if len(grid.rows) > _ROWS:
        parts.append(Text(f"and {len(grid.rows) - _ROWS} more: {whole}", "dim"))
    elif grid.more:
        parts.append(Text(clean(grid.more), "dim"))
    return Padding(Group(*parts), (0, 0, 0, 2))


def _timeline(block: Timeline) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for line in block.lines:
        top = max((value for value in line.values if value is not None), default=0.0)
        table.add_row(
            Text(clean(line.label)),
            Text(spark(line), "cyan", no_wrap=True),
            Text(f"at most {units.show(top, line.unit)}", "dim"),
        )
    width = max((len(line.values) for line in block.lines), default=0)
    end = units.show_seconds(block.wall_s)
    table.add_row("", Text(f"0{end:>{max(1, width - 1)}}", "dim", no_wrap=True), "")
    return Padding(table, (0, 0, 0, 2))


def _bars(block: SpanLanes, width: int) -> RenderableType:
    label = min(36, max((len(bar.label) for bar in block.bars), default=0))
    value = max((len(bar.value) for bar in block.bars), default=0)
    room = max(10, width - label - value - 8)
    scale = room / block.wall_s if block.wall_s > 0 else 0.0
    table = Table.grid(padding=(0, 1, 0, 0))
    for bar in block.bars:
        start = min(room - 1, int(bar.start_s * scale))
        length = max(1, min(room - start, round((bar.end_s - bar.start_s) * scale)))
        name = clean(bar.label)
        shown = name if len(name) <= label else f"…{name[-label + 1 :]}"
        table.add_row(Text(shown, no_wrap=True), Text(f"{' ' * start}{'━' * length}{' ' * (room - start - length)}", "cyan", no_wrap=True),
                      Text(bar.value, "dim", justify="right", no_wrap=True))  # fmt: skip
    parts: list[RenderableType] = [Text(block.caption, "dim")] if block.caption else []
    return Padding(Group(*parts, table), (0, 0, 0, 2))


def print_rows(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    file: IO[str] | None = None,
    right: Sequence[int] | None = None,
) -> None:
    """Prints plain rows: as wide as they are where the output is no terminal, folded to its width where it is one.

    ``right`` names the columns that are set to the right; without it those that hold only numbers.
    """
    out = file or sys.stdout
    if right is None:
        right = [
            i
            for i in range(len(columns))
            if rows and all(isinstance(row[i], int | float) or row[i] is None for row in rows)
        ]
    console = Console(file=out, highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        cells = [[clean(name) for name in columns], *([_plain(value) for value in row] for row in rows)]
        widths = [max(cell_len(line[i]) for line in cells) for i in range(len(columns))]
        for line in cells:
            padded = (
                " " * (width - cell_len(cell)) + cell if i in right else cell + " " * (width - cell_len(cell))
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            out.write("  ".join(padded).rstrip() + "\n")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False, pad_edge=False)
    for index, name in enumerate(columns):
        table.add_column(
            Text(clean(name)),
            justify="right" if index in right else "left",
            overflow="fold",
            no_wrap=index in right,
        )
    for row in rows:
        table.add_row(*(Text(_plain(value)) for value in row))
    console.print(table)


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.9g}" if isinstance(value, float) else clean(str(value))
