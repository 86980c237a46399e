"""A comparison in one sentence, for the first line: what is proven, of how many, and the largest of it with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from godyno.report.payload import clean
from godyno.stats.compare import Verdict
from godyno.studies.bench import table
from godyno.studies.bench.comparing import Row

_TIMES = ("sec/op", "cpu-sec/op", "sec", "cpu-sec")
_OPEN = (Verdict.UNDECIDED, Verdict.EQUIVALENT)
_WORDS = ("slower", "faster", "the same", "undecided")


def verdict(rows: Sequence[Row], arm: str) -> str:
    """``new: 1 of 4 benchmarks slower, 3 undecided; Parse +22.31% sec/op (+20.1…+24.0%, n 14)``; empty where nothing was timed.

    A benchmark is what its clock says where that is proven, else what its CPU time says. What else became more or less is said by unit.
    """
    timed: dict[tuple[str, str], list[Row]] = {}
    for unit in _TIMES:
        for row in rows:
            if row.unit == unit:
                timed.setdefault((row.package, row.name), []).append(row)
    if not timed:
        return ""
    deciding = [
        next((row for row in of if row.comparison.verdict not in _OPEN), of[0]) for of in timed.values()
    ]
    counts = dict.fromkeys(_WORDS, 0)
    for row in deciding:
        counts[_word(row)] += 1
    total = len(deciding)
    named = "benchmark" if total == 1 else f"of {total} benchmarks"
    told = [f"{count} {word}" for word, count in counts.items() if count]
    # A command is no benchmark, and the only one.
    told = (
        [_word(deciding[0])] if _is_command(deciding) else [told[0].replace(" ", f" {named} ", 1), *told[1:]]
    )
    parts = [", ".join(told)]
    proven = [row for row in deciding if row.comparison.verdict not in _OPEN]
    if proven:
        most = max(proven, key=lambda row: abs(row.comparison.change))
        parts.append(f"{'most: ' if len(proven) > 1 else ''}{_said(most)}")
    parts += _others(rows)
    return f"{clean(arm)}: {'; '.join(parts)}"


def _is_command(rows: Sequence[Row]) -> bool:
    return [row.name.lower() for row in rows] == ["command"]


def _word(row: Row) -> str:
    return {
        Verdict.HIGHER: "slower", Verdict.LOWER: "faster", Verdict.EQUIVALENT: "the same", Verdict.UNDECIDED: "undecided",
    }[row.comparison.verdict]  # fmt: skip


def _said(row: Row) -> str:
    return f"{clean(row.name)} {table.delta(row)} {row.unit} ({table.interval(row)}, n {table.runs(row)})"


def _others(rows: Sequence[Row]) -> list[str]:
    """Units that are no time (B/s is one, the other way round), with in how many benchmarks they are proven to be higher or lower."""
    out = []
    for unit in dict.fromkeys(row.unit for row in rows if row.unit not in (*_TIMES, "B/s")):
        found = [row.comparison.verdict for row in rows if row.unit == unit]
        told = [
            f"{word} in {found.count(which)}"
            for word, which in (("higher", Verdict.HIGHER), ("lower", Verdict.LOWER)) if which in found
        ]  # fmt: skip
        if told:
            out.append(f"{clean(unit)} {', '.join(told)}")
    return out
