"""A document as Markdown, for a pull request: tables as GitHub reads them, and nothing in a name can become markup."""

from __future__ import annotations

import re

from godyno import units
from godyno.model import Finding
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
    Line,
    Message,
    Paragraph,
    Scatter,
    SpanLanes,
    Timeline,
    advice_pieces,
    doubt_text,
)
from godyno.report.payload import clean

_MARKS = re.compile(r"([\\`*_\[\]<>#|~@!&])")
_STEPS = "▁▂▃▄▅▆▇█"


def markdown(document: Document) -> str:
    """The document as Markdown text that ends with a newline."""
    parts = [f"# {code(document.title)}", escaped(document.subtitle)]
    parts.extend(text for block in document.blocks if (text := _block(block)))
    return "\n\n".join(filter(None, parts)) + "\n"


def escaped(text: str) -> str:
    """``text`` so that Markdown shows it as it is, on one line."""
    return _MARKS.sub(r"\\\1", clean(" ".join(text.split())))


def code(text: str) -> str:
    """``text`` as inline code, fenced by more backticks than it holds."""
    flat = clean(" ".join(text.split()))
    fence = "`" * (max((len(run) for run in re.findall(r"`+", flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def spark(line: Line) -> str:
    """A line of block letters, each the height of one part of the time; a blank where nothing is known."""
    top = max((value for value in line.values if value is not None), default=0.0)
    return "".join(
        " " if value is None else _STEPS[min(7, int(8 * value / top)) if top > 0 else 0]
        for value in line.values
    )


def bar_lines(bars: Bars, width: int) -> list[str]:
    """Bars as lines of text at most ``width`` wide: ━ up to the value, ─ over its interval."""
    label = min(width // 2, max((len(clean(mark.label)) for mark in bars.marks), default=0))
    shown = [
        units.show(mark.value, bars.unit)
        + (
            f" [{units.show(mark.low, bars.unit)}, {units.show(mark.high, bars.unit)}]"
            if mark.low is not None and mark.high is not None
            else ""
        )
        for mark in bars.marks
    ]
    room = max(8, width - label - max(map(len, shown), default=0) - 3)
    lines = [clean(bars.title)] if bars.title else []
    for mark, text in zip(bars.marks, shown, strict=True):
        solid = round(room * bars.share(mark.value))
        low = solid if mark.low is None else min(solid, max(0, round(room * bars.share(mark.low))))
        high = solid if mark.high is None else max(solid, round(room * bars.share(mark.high)))
        reach = f"┼{'─' * max(0, high - solid - 1)}" if high > low else ""
        drawn = f"{'━' * low}{'─' * (solid - low)}{reach}" or "╸"
        lines.append(f"{clean(mark.label)[:label]:<{label}} {drawn:<{room + 1}} {text}".rstrip())
    return lines


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {escaped(block.text)}"
        case Paragraph():
            return escaped(block.text)
        case Code():
            return _fenced(block.text)
        case KeyFigures():
            return "\n".join(
                f"- {escaped(figure.label)}: **{escaped(figure.value)}**"
                + (f" ({escaped(figure.about)})" if figure.about else "")
                for figure in block.figures
            )
        case Grid():
            return "" if block.detail else _grid(block)
        case Message():
            return f"> **{'Warning' if block.severity == 'warning' else 'Note'}:** {escaped(block.text)}"
        case Claim():
            return _claim(block.finding)
        case Timeline():
            return "\n".join(
                ["```"]
                + [
                    f"{line.label:8} {spark(line)} {units.show(max((v for v in line.values if v is not None), default=0.0), line.unit)}"
                    for line in block.lines
                ]
                + ["```"]
            )
        case SpanLanes() | Scatter():
            return ""  # the table of the same finding says it
        case Cascade():
            return "\n".join(["```", *step_lines(block, 96), "```"])
        case Bars():
            return "\n".join(["```", *bar_lines(block, 96), "```"])


def _fenced(text: str) -> str:
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}\n{text}\n{fence}"


def _claim(finding: Finding) -> str:
    mark = {"warning": "⚠ ", "note": ""}.get(finding.severity, "")
    parts = [f"{mark}**{escaped(finding.claim)}**"]
    doubt = doubt_text(finding)
    if doubt:
        parts.append(f"_{escaped(doubt)}_")
    for said, commands in advice_pieces(finding):
        parts.append(escaped(said))
        if commands:
            parts[-1] += f"\n\n{_fenced(chr(10).join(map(clean, commands)))}\n"
    parts.extend(f"⚠ {escaped(warning)}" for warning in finding.warnings)
    return "  \n".join(parts)


def _grid(grid: Grid) -> str:
    rows = [[escaped(cell) for cell in row] for row in grid.rows]
    lines = [f"{escaped(grid.caption)}\n"] if grid.caption else []
    lines.append("| " + " | ".join(escaped(name) for name in grid.columns) + " |")
    lines.append(
        "|" + "|".join("---:" if index in grid.numeric else "---" for index in range(len(grid.columns))) + "|"
    )
    lines.extend("| " + " | ".join(row) + " |" for row in rows)
    if grid.more:
        lines.append(f"\n{escaped(grid.more)}")
    return "\n".join(lines)
