"""A comparison for a terminal: the verdict first, then the tables, why, and what the runs' history costs in trust."""

from __future__ import annotations

from collections.abc import Sequence

from godyno.studies.bench import table
from godyno.studies.bench.gate import Judged
from godyno.studies.bench.result import Bench, Compared
from godyno.studies.bench.verdict import verdict


def bench_text(found: Bench, width: int = table.WIDTH) -> str:
    """Everything of a run of ``godyno bench``."""
    parts = _first([verdict(rows, arm) for arm, rows in found.rows.items()], found.gates, width)
    parts += [table.text(rows, found.arms[0], arm, width) for arm, rows in found.rows.items() if rows]
    if found.singles:
        parts.append(table.singles_text(found.singles, found.arms[0], width))
    parts += [table.why_text(why, width) for why in found.why]
    return "\n".join(parts)


def compared_text(found: Compared, width: int = table.WIDTH) -> str:
    """What was measured before, side by side with the base."""
    parts = _first([verdict(rows, name) for name, rows in found.rows.items()], found.gates, width)
    for name, rows in found.rows.items():
        trust = [line for one in found.trust.get(name, ()) for line in table.wrapped(f"trust: {one}", width)]
        parts.append(table.text(rows, found.base, name, width) + "".join(f"{line}\n" for line in trust))
    return "\n".join(parts)


def _first(verdicts: Sequence[str], gates: Sequence[Judged], width: int) -> list[str]:
    said = [*filter(None, verdicts), *map(table.gate_text, gates)]
    return ["".join(f"{line}\n" for one in said for line in table.wrapped(one, width))] if said else []
