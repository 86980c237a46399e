"""The table that a benchstat user reads at once: for a terminal, at 80 columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from godyno import prose
from godyno.report.payload import clean
from godyno.stats.compare import Verdict
from godyno.stats.sample import Summary
from godyno.studies.bench.comparing import NO_WAIT, Row
from godyno.studies.bench.gate import Judged
from godyno.studies.bench.result import Single, Why

WIDTH = 80
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
HEAD = ("", "base", "new", "vs base", "95% interval", "p", "n", "sees")
_COUNTS = ("B/op", "allocs/op", "peak-B", "syscalls/op", "exit-code")


def scaled(value: float) -> str:
    """Four figures with an SI prefix, as benchstat writes: ``1.718µ``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    factor, prefix = next((pair for pair in _PREFIXES if abs(value) >= 0.99995 * pair[0]), _PREFIXES[-1])
    number = value / factor
    decimals = max(0, 3 - math.floor(math.log10(abs(number)) + 1e-9))
    return f"{number:.{min(decimals, 3)}f}{prefix}"


def delta(row: Row) -> str:
    """The change, where one is proven."""
    found = row.comparison
    if found.verdict is Verdict.EQUIVALENT:
        return "same"
    if found.verdict is Verdict.UNDECIDED:
        return "=" if constant(row) else "~"
    if "paired runs" not in found.method and found.median_old != 0:
        # Of files, benchstat's own figure: the ratio of the medians that stand beside it.
        return f"{100 * (found.median_new / found.median_old - 1):+.2f}%"
    if found.scale != "ratio":
        moved = found.change if "paired runs" in found.method else found.median_new - found.median_old
        return f"{'+' if moved > 0 else ''}{scaled(moved)}"
    return f"{100 * found.change:+.2f}%"


def constant(row: Row) -> bool:
    """Whether every run of both sides gave the same figure."""
    found = row.comparison
    one = 1.0 if found.scale == "ratio" else 0.0
    return found.interval.low == found.interval.high == one


def interval(row: Row) -> str:
    """The interval of the change."""
    low, high = row.comparison.interval.low, row.comparison.interval.high
    if math.isinf(low) or math.isinf(high) or high > 1e6:
        return "?"
    if row.comparison.scale != "ratio":
        return f"{scaled(low)}…{scaled(high)}"
    digits = 1 if max(abs(low - 1), abs(high - 1)) < 9.995 else 0
    return f"{100 * (low - 1):+.{digits}f}…{100 * (high - 1):+.{digits}f}%"


def sees(row: Row) -> str:
    """The smallest change that these runs would have shown in 80 of 100 tries."""
    seen = row.comparison.detectable
    if math.isinf(seen):
        return "?"
    if row.comparison.scale != "ratio":
        return scaled(seen)
    return f"{100 * seen:.1f}%" if seen < 0.9995 else f"{1 + seen:.1f}x"


def runs(row: Row) -> str:
    """How many runs: of each side, or of both where they differ."""
    found = row.comparison
    return str(found.n_old) if found.n_old == found.n_new else f"{found.n_old}+{found.n_new}"


def cells(row: Row) -> list[str]:
    """A row's cells, in the order of HEAD."""
    found = row.comparison
    p = f"{found.p:.3f}" if found.p >= 0.0005 else "<.001"
    return [
        row.name,
        scaled(found.median_old),
        scaled(found.median_new),
        delta(row),
        interval(row),
        p,
        runs(row),
        sees(row),
    ]


def geomean(rows: Sequence[Row]) -> list[str] | None:
    """The row below them; None where it says nothing."""
    pairs = [(row.comparison.median_old, row.comparison.median_new) for row in rows]
    if len(pairs) < 2 or any(old <= 0 or new <= 0 for old, new in pairs):
        return None
    old, new = (float(np.exp(np.mean(np.log(side)))) for side in zip(*pairs, strict=True))
    # It has no interval of its own: a mean of changes none of which is proven would pass for one that is.
    of_pairs = all("paired runs" in row.comparison.method for row in rows)
    open_all = of_pairs and all(row.comparison.verdict is Verdict.UNDECIDED for row in rows)
    change = "~" if open_all else f"{100 * (new / old - 1):+.2f}%"
    return ["geomean", scaled(old), scaled(new), change, "", "", "", ""]


def unit_order(unit: str) -> int:
    """Where a unit comes: times first, then what a benchmark reports of its own, then memory."""
    first, last = ("sec/op", NO_WAIT, "cpu-sec/op", "B/s"), ("B/op", "allocs/op", "peak-B")
    return first.index(unit) if unit in first else 10 + last.index(unit) if unit in last else 5


def grouped(rows: Sequence[Row]) -> list[tuple[str, str, list[Row]]]:
    """The rows by package and unit."""
    keys = sorted(dict.fromkeys((row.package, row.unit) for row in rows), key=lambda key: unit_order(key[1]))
    return [
        (package, unit, [row for row in rows if (row.package, row.unit) == (package, unit)])
        for package, unit in keys
    ]


def text(rows: Sequence[Row], old: str, new: str, width: int = WIDTH) -> str:
    """For a terminal. Counts that did not change in any benchmark are one line together."""
    lines = [f"base: {clean(old)}", f"new:  {clean(new)}", ""]
    for package, unit, part in grouped(rows):
        if unchanged(unit, part):
            continue
        body = [[f"{unit}", *HEAD[1:]], *(cells(row) for row in part)]
        mean = geomean(part)
        lines += [f"pkg: {clean(package)}"] if package else []
        lines += [*laid_out([*body, mean] if mean else body, width), ""]
    for said in unchanged_said(rows):
        lines += [said, ""]
    lines += [line for warning in warnings_of(rows) for line in wrapped(f"note: {warning}", width)]
    return "\n".join(lines).rstrip() + "\n"


def unchanged(unit: str, rows: Sequence[Row]) -> bool:
    """Whether a count came out the same in every run of every benchmark: a table of it would say nothing."""
    return unit in _COUNTS and all(constant(row) for row in rows)


def unchanged_said(rows: Sequence[Row]) -> list[str]:
    """The counts that did not change, a sentence for each package."""
    quiet: dict[str, list[str]] = {}
    for package, unit, part in grouped(rows):
        if unchanged(unit, part):
            quiet.setdefault(package, []).append(unit)
    out = []
    for package, names in quiet.items():
        n = len({row.name for row in rows if row.package == package})
        where = f" in {f'all {n}' if n > 1 else 'the one'} of {clean(package)}" if package else ""
        out.append(f"{', '.join(names)}: the same{where}")
    return out


def wrapped(sentence: str, width: int = WIDTH) -> list[str]:
    """A sentence on as many lines as it needs."""
    return prose.wrapped(clean(sentence), width, "", "  ")


def laid_out(table: Sequence[Sequence[str]], width: int = WIDTH) -> list[str]:
    """Columns set to the right but for the first, which is cut in its middle where the line would be longer than ``width``."""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    room = max(12, width - sum(widths[1:]) - 2 * (len(widths) - 1))
    widths[0] = min(widths[0], room)
    return [
        "  ".join(
            [cut(clean(row[0]), widths[0]).ljust(widths[0]),
             *(cell.rjust(size) for cell, size in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in table
    ]  # fmt: skip


def cut(name: str, width: int) -> str:
    """``name`` with its middle left out where it is too long: the ends tell sub-benchmarks apart."""
    if len(name) <= width:
        return name
    tail = (width - 1) * 2 // 3
    return f"{name[: width - 1 - tail]}…{name[len(name) - tail :]}"


def spread(found: Summary) -> str:
    """The standard deviation as a share of the mean, which one run alone does not have."""
    return f"{100 * found.cv_ratio:.1f}%" if found.n > 1 else "?"


def singles_text(singles: Sequence[Single], arm: str, width: int = WIDTH) -> str:
    """One arm alone: medians with their intervals."""
    lines = [clean(arm), ""]
    keys = dict.fromkeys((one.package, one.unit) for one in singles)
    for package, unit in sorted(keys, key=lambda key: unit_order(key[1])):
        part = [one for one in singles if (one.package, one.unit) == (package, unit)]
        body = [[unit, "median", "95% interval", "spread", "n"]]
        for one in part:
            found = one.summary
            known = math.isfinite(found.interval.low) and math.isfinite(found.interval.high)
            body.append(
                [one.name, scaled(found.median), f"{scaled(found.interval.low)}…{scaled(found.interval.high)}" if known else "?",
                 spread(found), str(found.n)]
            )  # fmt: skip
        lines += [f"pkg: {clean(package)}"] if package else []
        lines += [*laid_out(body, width), ""]
    return "\n".join(lines)


def why_grids(why: Why) -> list[list[list[str]]]:
    """A table of the functions themselves and one with what they call; the change is as a share of the benchmark's CPU time before."""
    out = []
    for kind in ("self", "with callees"):
        body = [[f"function, {kind}", "base", "new", "change", "95% interval", "of all"]]
        for cause in (one for one in why.causes if one.kind == kind):
            moved, whole = cause.new_s - cause.old_s, why.old_s or 1.0
            low, high = cause.interval.low / whole, cause.interval.high / whole
            part = f"{100 * moved / (why.new_s - why.old_s):.0f}%" if why.new_s != why.old_s else "?"
            body.append(
                [cause.function, f"{100 * cause.old_s / whole:.1f}%", f"{100 * cause.new_s / whole:.1f}%",
                 f"{100 * moved / whole:+.1f}%" if cause.proven else "~", f"{100 * low:+.1f}…{100 * high:+.1f}%",
                 part if cause.proven else ""]
            )  # fmt: skip
        if body[1:]:
            out.append(body)
    return out


def why_title(why: Why) -> str:
    """What is explained, and from how much."""
    return (
        f"why {why.benchmark} of {why.arm} changed: CPU/op {scaled(why.old_s)} to {scaled(why.new_s)} "
        f"({why.n} recorded runs a side, {why.samples} samples; 100% is the base's CPU/op)"
    )


def why_text(why: Why, width: int = WIDTH) -> str:
    """The functions that explain a change."""
    lines = wrapped(why_title(why), width)
    for body in why_grids(why):
        lines += ["", *laid_out(body, width)]
    return "\n".join(lines) + "\n"


def warnings_of(rows: Sequence[Row]) -> list[str]:
    """The rows' warnings, each once."""
    counted: dict[str, int] = {}
    for row in rows:
        for warning in row.comparison.warnings:
            if warning == "all values are equal":  # the table says so
                continue
            counted[warning] = counted.get(warning, 0) + 1
    told = [f"{warning} ({count} rows)" if count > 1 else warning for warning, count in counted.items()]
    leaning = sum(leans(row) for row in rows)
    if leaning:
        told.append(
            f"{leaning} ~ {'has' if leaning == 1 else 'have'} an interval without 0: that misses the truth in 5 of 100 tries, "
            f"and proof for all benchmarks at every look is held to {100 * rows[0].comparison.alpha:g} of 100; more runs decide"
        )
    return told


def leans(row: Row) -> bool:
    """Whether a change that is not proven has an interval on one side of none."""
    found = row.comparison
    none = 1.0 if found.scale == "ratio" else 0.0
    apart = found.interval.low > none or found.interval.high < none
    return found.verdict is Verdict.UNDECIDED and apart and "paired runs" in found.method


def gate_text(one: Judged) -> str:
    """A gate's outcome in a line."""
    word = {0: "holds", 1: "is broken", 2: "is open"}[one.code]
    names = one.failed or one.open
    return f"gate {one.gate.text} {word}{': ' + ', '.join(map(clean, names)) if names else ''}"
