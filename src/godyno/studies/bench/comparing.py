"""From trials or files to rows: one benchmark, one unit, old against new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from godyno.formats import benchfmt
from godyno.model import Record, Trial
from godyno.stats import compare
from godyno.stats.compare import Comparison
from godyno.studies.schedule import pairs


@dataclass(frozen=True, slots=True)
class Row(Record):
    """One benchmark in one unit."""

    package: str
    name: str
    unit: str
    comparison: Comparison


def interleaved(
    trials: Sequence[Trial], old: Mapping[str, str], new: Mapping[str, str],
    *, skip_blocks: int = 0, alpha: float = compare.ALPHA, margin: float | None = None, level: float = 0.95,
) -> list[Row]:  # fmt: skip
    """Every measure that both arms have, paired by block; p by Holm over the family of each unit."""
    used = [trial for trial in trials if trial.block >= skip_blocks]
    names = dict.fromkeys(name for trial in used for name in trial.measures if name.count("\t") == 2)
    rows = []
    for name in names:
        before, after, _ = pairs(used, old, new, name)
        if before:
            package, benchmark, unit = name.split("\t")
            found = compare.paired(before, after, alpha=alpha, level=level, margin=margin)
            rows.append(Row(package, benchmark, unit, found))
    return _by_family(rows)


def collected(results: Sequence[benchfmt.Result]) -> dict[tuple[str, str, str], list[float]]:
    """The values of each package, benchmark and unit, in the file's order."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for result in results:
        for unit, value in result.values.items():
            found.setdefault((result.config.get("pkg", ""), result.name, unit), []).append(value)
    return found


def _by_family(rows: Sequence[Row]) -> list[Row]:
    judged: list[Row] = []
    for unit in dict.fromkeys(row.unit for row in rows):
        family = [row for row in rows if row.unit == unit]
        found = compare.family([row.comparison for row in family])
        judged += [replace(row, comparison=one) for row, one in zip(family, found, strict=True)]
    return judged
