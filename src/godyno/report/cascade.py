"""Steps one after another, as lines of text and as pictures for the page: each bar lies where its step lies in the whole."""

from __future__ import annotations

import html
from collections.abc import Iterator

from godyno import units
from godyno.report.document import Cascade, Step
from godyno.report.payload import clean

_COLORS = ("#2f7fd6", "#e0701a", "#2c9c5a", "#b354c7", "#c2403d", "#8a7a1f")
_OTHER, _OTHER_COLOR = "other", "#8d8d8d"
_LETTERS = "█▓▒░▚▞"
_OTHER_LETTER = "·"
_WIDTH = 1000


def kinds_of(block: Cascade) -> list[tuple[str, str]]:
    """The kinds that have a colour, and the colour."""
    named = list(zip(block.kinds, _COLORS, strict=False))
    known = {name for name, _ in named}
    rest = any(name not in known for step in block.steps for name, _ in step.parts)
    return [*named, (_OTHER, _OTHER_COLOR)] if rest else named


def rows(block: Cascade) -> Iterator[tuple[str, str, str]]:
    """Of each step the label, the bar as SVG and how long it took."""
    shades = dict(zip(block.kinds, _COLORS, strict=False))
    scale = _WIDTH / block.wall_s if block.wall_s > 0 else 0.0
    for step in block.steps:
        at, parts = step.start_s, list[str]()
        for kind, seconds in _in_order(step, block):
            x, width = at * scale, max(0.6, seconds * scale)
            shade = shades.get(kind, _OTHER_COLOR)
            title = html.escape(clean(f"{kind}: {units.show_seconds(seconds)}"))
            parts.append(
                f'<rect x="{x:.1f}" y="2" width="{width:.1f}" height="10" fill="{shade}"><title>{title}</title></rect>'
            )
            at += seconds
        label = html.escape(clean(f"{step.label}: {units.show_seconds(step.took_s)}"), quote=True)
        size = f'viewBox="0 0 {_WIDTH} 14" width="100%" height="14" preserveAspectRatio="none"'
        picture = f'<svg {size} role="img" aria-label="{label}">{"".join(parts)}</svg>'
        yield step.label, picture, units.show_seconds(step.took_s)


def step_lines(block: Cascade, width: int) -> list[str]:
    """The steps as lines of text at most ``width`` wide."""
    letters = dict(zip(block.kinds, _LETTERS, strict=False))
    label = min(max(12, width * 2 // 5), max((len(clean(step.label)) for step in block.steps), default=0))
    value = max((len(units.show_seconds(step.took_s)) for step in block.steps), default=0)
    room = max(10, width - label - value - 2)
    scale = room / block.wall_s if block.wall_s > 0 else 0.0
    lines = [clean(block.caption)] if block.caption else []
    for step in block.steps:
        name = clean(step.label)
        name = name if len(name) <= label else f"…{name[-label + 1 :]}"
        bar = _bar(step, block, letters, scale, room)
        lines.append(f"{name:<{label}} {bar:<{room}} {units.show_seconds(step.took_s):>{value}}")
    shown = {kind for step in block.steps for kind, _ in step.parts}
    keys = [f"{letter} {kind}" for kind, letter in letters.items() if kind in shown]
    if shown - set(letters):
        keys.append(f"{_OTHER_LETTER} {_OTHER}")
    return [*lines, *_wrapped(keys, width)]


def _bar(step: Step, block: Cascade, letters: dict[str, str], scale: float, room: int) -> str:
    start = min(room - 1, int(step.start_s * scale))
    length = max(1, min(room - start, round(step.took_s * scale)))
    drawn, at = "", 0.0
    for kind, seconds in _in_order(step, block):
        at += seconds
        upto = round(length * at / step.took_s) if step.took_s else 0
        drawn += letters.get(kind, _OTHER_LETTER) * max(0, upto - len(drawn))
    return " " * start + (drawn or letters.get(step.parts[0][0] if step.parts else "", _OTHER_LETTER))


def _in_order(step: Step, block: Cascade) -> list[tuple[str, float]]:
    order = {kind: index for index, kind in enumerate(block.kinds)}
    return sorted(step.parts, key=lambda part: order.get(part[0], len(order)))


def _wrapped(keys: list[str], width: int) -> list[str]:
    lines, line = list[str](), ""
    for key in keys:
        if line and len(line) + len(key) + 3 > width:
            lines.append(line)
            line = ""
        line = f"{line}   {key}" if line else key
    return [*lines, line] if line else lines
