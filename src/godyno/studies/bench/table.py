"""The table that a benchstat user reads at once, and the same as Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from godyno.stats.compare import Verdict
from godyno.studies.bench.comparing import Row

_PREFIXES = (
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
    (1e-12, "p"),
)


def scaled(value: float) -> str:
    """Four figures with an SI prefix, as benchstat writes: ``1.718µ``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    factor, prefix = next((pair for pair in _PREFIXES if abs(value) >= 0.99995 * pair[0]), _PREFIXES[-1])
    number = value / factor
    decimals = max(0, 3 - math.floor(math.log10(abs(number)) + 1e-9))
    return f"{number:.{min(decimals, 3)}f}{prefix}"


def _delta(row: Row) -> str:
    found = row.comparison
    if found.verdict is Verdict.EQUIVALENT:
        return "same"
    if found.verdict is Verdict.UNDECIDED:
        return "~"
    if found.scale != "ratio":
        return f"{scaled(found.change)} more"
    # Of files, benchstat's own figure: the ratio of the medians that stand beside it.
    change = found.change if "paired runs" in found.method else found.median_new / found.median_old - 1
    return f"{100 * change:+.2f}%"


def _interval(row: Row) -> str:
    low, high = row.comparison.interval.low, row.comparison.interval.high
    if math.isinf(low) or math.isinf(high) or high > 1e6:
        return "?"
    if row.comparison.scale != "ratio":
        return f"{scaled(low)} … {scaled(high)}"
    return f"{100 * (low - 1):+.1f} … {100 * (high - 1):+.1f}%"


def _sees(row: Row) -> str:
    seen = row.comparison.detectable
    if math.isinf(seen):
        return "?"
    return f"{100 * seen:.1f}%" if row.comparison.scale == "ratio" else scaled(seen)


def _cells(row: Row) -> list[str]:
    found = row.comparison
    n = str(found.n_old) if found.n_old == found.n_new else f"{found.n_old}+{found.n_new}"
    return [
        row.name, scaled(found.median_old), scaled(found.median_new), _delta(row), _interval(row),
        f"p={found.p:.3f} n={n}", _sees(row),
    ]  # fmt: skip


def _geomean(rows: Sequence[Row]) -> list[str] | None:
    ratios = [row.comparison.median_new / row.comparison.median_old for row in rows
              if row.comparison.median_old > 0 and row.comparison.median_new > 0]  # fmt: skip
    if len(ratios) < 2 or len(ratios) != len(rows):
        return None
    old = float(np.exp(np.mean(np.log([row.comparison.median_old for row in rows]))))
    new = float(np.exp(np.mean(np.log([row.comparison.median_new for row in rows]))))
    return ["geomean", scaled(old), scaled(new), f"{100 * (new / old - 1):+.2f}%", "", "", ""]


def _tables(rows: Sequence[Row], old: str, new: str) -> list[tuple[str, list[list[str]]]]:
    tables = []
    for package, unit in dict.fromkeys((row.package, row.unit) for row in rows):
        part = [row for row in rows if (row.package, row.unit) == (package, unit)]
        body = [["", old, new, "vs base", "95% interval", "", "sees"], *(_cells(row) for row in part)]
        mean = _geomean(part)
        tables.append((f"{package}  {unit}".strip(), [*body, mean] if mean else body))
    return tables


def text(rows: Sequence[Row], old: str, new: str) -> str:
    """For a terminal. ``sees`` is the smallest change that these runs would have shown in 80 of 100 tries."""
    lines = []
    for title, table in _tables(rows, old, new):
        widths = [max(len(cells[i]) for cells in table) for i in range(len(table[0]))]
        lines.append(title)
        for cells in table:
            padded = [cells[0].ljust(widths[0])] + [
                cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)
            ]
            lines.append("  ".join(padded).rstrip())
        lines.append("")
    lines += [f"note: {warning}" for warning in _warnings(rows)]
    return "\n".join(lines).rstrip() + "\n"


def markdown(rows: Sequence[Row], old: str, new: str) -> str:
    """For a pull request."""
    lines = []
    for title, (head, *body) in _tables(rows, old, new):
        lines += [
            f"**{title.replace('  ', ', ')}**",
            "",
            "| " + " | ".join(head) + " |",
            "|---|" + "---:|" * (len(head) - 1),
        ]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in body] + [
            ""
        ]
    lines += [f"- {warning}" for warning in _warnings(rows)]
    return "\n".join(lines).rstrip() + "\n"


def _warnings(rows: Sequence[Row]) -> list[str]:
    counted: dict[str, int] = {}
    for row in rows:
        for warning in row.comparison.warnings:
            counted[warning] = counted.get(warning, 0) + 1
    return [f"{warning} ({count} rows)" if count > 1 else warning for warning, count in counted.items()]
