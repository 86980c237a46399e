"""Single figures over time and their distribution, as SVG: two pictures that stand beside each other, or below where there is no room.

Colours and sizes are presentation attributes and classes of the page's one style, so no inline style is needed. All text is cleaned; the
template escapes nothing of what is made here, so everything that is not a number goes through ``_text``.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable

import numpy as np

from godyno import units
from godyno.report.document import Scatter
from godyno.report.payload import clean

_HEIGHT, _LEFT, _TOP, _BOTTOM = 168, 56, 8, 22
_TIME, _SPREAD = 460, 240
_COLORS = ("#2f7fd6", "#e0701a", "#2c9c5a", "#b354c7", "#c2403d", "#8a7a1f")
_PER_GROUP = 2000
_Groups = list[list[tuple[float, float]]]
_Place = Callable[[float], float]
_Ticks = list[tuple[float, str]]


def color(number: int) -> str:
    """The colour of a group."""
    return _COLORS[number % len(_COLORS)]


def svg(block: Scatter) -> tuple[str, str]:
    """The picture over time and the picture of the distributions; two empty texts where there is nothing finite to draw."""
    groups = [
        [(t, v) for t, v in points if math.isfinite(t) and math.isfinite(v)][:_PER_GROUP]
        for _, points in block.groups
    ]
    values = [v for group in groups for _, v in group]
    if not values:
        return "", ""
    low, high = _range(values)
    end = max((t for group in groups for t, _ in group), default=0.0) or 1.0

    def y(value: float) -> float:
        at = (min(max(value, low), high) - low) / (high - low)
        return _HEIGHT - _BOTTOM - at * (_HEIGHT - _BOTTOM - _TOP)

    ticks = _ticks(low, high)
    return _time(block, groups, y, ticks, end), _spread(groups, y, ticks)


def _range(values: list[float]) -> tuple[float, float]:
    """All values but far spikes, which are drawn at the edge: one spike must not flatten everything else."""
    data = np.asarray(values)
    quarter, half, more = np.percentile(data, (25, 50, 75))
    reach = 6 * max(more - quarter, 0.002 * abs(half))
    low, high = max(float(data.min()), float(quarter - reach)), min(float(data.max()), float(more + reach))
    pad = 0.06 * (high - low) or abs(low) * 0.01 or 1.0
    return low - pad, high + pad


def _time(
    block: Scatter,
    groups: list[list[tuple[float, float]]],
    y: Callable[[float], float],
    ticks: list[tuple[float, str]],
    end: float,
) -> str:
    width = _TIME - _LEFT - 8

    def x(t: float) -> float:
        return _LEFT + max(0.0, t) / end * width

    parts = _frame(_TIME, ticks, y, labels=True)
    for number, group in enumerate(groups):
        for t, value in group:
            pale = ' opacity="0.3"' if t < block.warm_s else ""
            parts.append(
                f'<circle cx="{x(t):.1f}" cy="{y(value):.1f}" r="2.4" fill="{color(number)}"{pale}/>'
            )
    parts.append(_text(_LEFT, _HEIGHT - 6, "0", "start"))
    parts.append(_text(_TIME - 8, _HEIGHT - 6, units.show_seconds(end), "end"))
    return _whole(_TIME, parts, f"{block.title} over time")


def _spread(groups: _Groups, y: _Place, ticks: _Ticks) -> str:
    parts = _frame(_SPREAD, ticks, y, labels=False)
    lane = (_SPREAD - 16) / max(len(groups), 1)
    for number, group in enumerate(groups):
        if not group:
            continue
        middle = 8 + lane * (number + 0.5)
        data = np.sort([value for _, value in group])
        steps = np.linspace(data[0], data[-1], 25)
        counts, _ = (
            np.histogram(data, bins=steps) if data[0] < data[-1] else (np.array([len(data)]), steps[:2])
        )
        widest = 0.42 * lane / max(int(counts.max()), 1)
        for i, count in enumerate(counts):
            if count:
                top, foot = y(float(steps[i + 1])), y(float(steps[i]))
                half = count * widest
                parts.append(
                    f'<rect x="{middle - half:.1f}" y="{top:.1f}" width="{2 * half:.1f}" height="{max(foot - top, 1.5):.1f}" '
                    f'fill="{color(number)}" opacity="0.35"/>'
                )
        quarter, half_way, more = (y(float(value)) for value in np.percentile(data, (25, 50, 75)))
        parts.append(
            f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{more:.1f}" y2="{quarter:.1f}" stroke="{color(number)}" stroke-width="3"/>'
        )
        parts.append(
            f'<line x1="{middle - 0.3 * lane:.1f}" x2="{middle + 0.3 * lane:.1f}" y1="{half_way:.1f}" y2="{half_way:.1f}" '
            f'stroke="{color(number)}" stroke-width="2"/>'
        )
    parts.append(_text(_SPREAD / 2, _HEIGHT - 6, "distribution: middle half and median", "middle"))
    return _whole(_SPREAD, parts, "distributions")


def _frame(width: int, ticks: _Ticks, y: _Place, labels: bool) -> list[str]:
    left = _LEFT if labels else 8
    out = []
    for value, label in ticks:
        out.append(
            f'<line class="rule" x1="{left}" x2="{width - 8}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        )
        if labels:
            out.append(_text(left - 5, y(value) + 3.5, label, "end"))
    return out


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    raw = (high - low) / 4
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= raw)
    first = math.ceil(low / step)
    found = [step * i for i in range(first, math.floor(high / step) + 1)]
    decimals = 0
    factor, prefix = _prefix(max(abs(low), abs(high)))
    while decimals < 6 and any(
        abs(round(v / factor, decimals) - v / factor) > 1e-3 * step / factor for v in found
    ):
        decimals += 1
    return [(value, f"{value / factor:.{decimals}f}{prefix}") for value in found]


def _prefix(value: float) -> tuple[float, str]:
    for factor, prefix in (
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, "µ"),
        (1e-9, "n"),
    ):
        if value >= factor:
            return factor, prefix
    return 1e-12, "p"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(clean(text))}</text>'


def _whole(width: int, parts: list[str], title: str) -> str:
    label = html.escape(clean(title), quote=True)
    return f'<svg viewBox="0 0 {width} {_HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
