"""A comparison as a document: what decided, the tables, each distribution over time, and how it was measured."""

from __future__ import annotations

from collections.abc import Sequence

from godyno import units
from godyno.report.document import (
    Block,
    Document,
    Figure,
    Grid,
    Heading,
    KeyFigures,
    Message,
    Paragraph,
    Scatter,
)
from godyno.stats.compare import Verdict
from godyno.studies.bench import table
from godyno.studies.bench.comparing import Row
from godyno.studies.bench.gate import Judged
from godyno.studies.bench.noise import summary
from godyno.studies.bench.result import Bench, Compared

_PICTURES = 120
_RIGHT = frozenset(range(1, 8))


def document(found: Bench) -> Document:
    """For the page and for a pull request."""
    blocks: list[Block] = [KeyFigures(tuple(_figures(found))), *_gates(found.gates)]
    for arm, rows in found.rows.items():
        blocks.append(Heading(f"{arm} against {found.arms[0]}"))
        blocks += row_grids(rows)
        blocks += [Message(warning) for warning in table.warnings_of(rows)]
    if found.singles:
        blocks.append(Heading(found.arms[0]))
        blocks += _singles(found)
    for why in found.why:
        blocks.append(Heading(f"Why {why.benchmark} of {why.arm} changed"))
        blocks.append(Paragraph(table.why_title(why)))
        blocks += [
            Grid(tuple(head), tuple(map(tuple, body)), frozenset(range(1, 6)))
            for head, *body in table.why_grids(why)
        ]
    blocks += _pictures(found)
    blocks.append(Heading("How it was measured"))
    blocks += [Message(warning) for warning in found.warnings]
    blocks += [Paragraph(text) for text in _method(found)]
    title = (
        " against ".join((", ".join(found.arms[1:]), found.arms[0])) if len(found.arms) > 1 else found.arms[0]
    )
    return Document(title, f"{found.runs} runs in {found.blocks} interleaved blocks", tuple(blocks))


def compared_document(found: Compared) -> Document:
    """A comparison of what was measured before."""
    blocks: list[Block] = list(_gates(found.gates))
    for name, rows in found.rows.items():
        blocks.append(Heading(f"{name} against {found.base}"))
        blocks += [Message(sentence, "warning") for sentence in found.trust.get(name, ())]
        blocks += row_grids(rows)
        blocks += [Message(warning) for warning in table.warnings_of(rows)]
    return Document(
        f"{', '.join(found.rows)} against {found.base}", "Compared as they were measured", tuple(blocks)
    )


def _gates(gates: Sequence[Judged]) -> list[Message]:
    return [Message(table.gate_text(one), "warning" if one.code else "note") for one in gates]


def _figures(found: Bench) -> list[Figure]:
    rows = [row for one in found.rows.values() for row in one if row.unit == "sec/op"]
    out = []
    if rows:
        slower = sum(row.comparison.verdict is Verdict.HIGHER for row in rows)
        faster = sum(row.comparison.verdict is Verdict.LOWER for row in rows)
        same = sum(row.comparison.verdict is Verdict.EQUIVALENT for row in rows)
        out = [
            Figure("slower", str(slower), "benchmarks, time/op, proven"),
            Figure("faster", str(faster), "benchmarks, time/op, proven"),
            Figure(
                "undecided",
                str(len(rows) - slower - faster - same),
                f"of {len(rows)}; {same} proven the same",
            ),
        ]
    return [
        *out,
        Figure("ended", found.end, f"after {found.blocks} blocks, {units.show_seconds(found.elapsed_s)}"),
    ]


def row_grids(rows: Sequence[Row]) -> list[Block]:
    """A table for each package and unit."""
    out: list[Block] = []
    for package, unit, part in table.grouped(rows):
        mean = table.geomean(part)
        body = [*(tuple(table.cells(row)) for row in part), *((tuple(mean),) if mean else ())]
        caption = f"{package}, {unit}" if package else unit
        out.append(Grid((unit, *table.HEAD[1:]), tuple(body), _RIGHT, caption))
    return out


def _singles(found: Bench) -> list[Block]:
    out: list[Block] = []
    keys = dict.fromkeys((one.package, one.unit) for one in found.singles)
    for package, unit in sorted(keys, key=lambda key: table.unit_order(key[1])):
        body = [
            (one.name, table.scaled(one.summary.median),
             f"{table.scaled(one.summary.interval.low)}…{table.scaled(one.summary.interval.high)}",
             f"{100 * one.summary.cv_ratio:.1f}%", str(one.summary.n))
            for one in found.singles if (one.package, one.unit) == (package, unit)
        ]  # fmt: skip
        caption = f"{package}, {unit}" if package else unit
        out.append(
            Grid(
                (unit, "median", "95% interval", "spread", "n"), tuple(body), frozenset(range(1, 5)), caption
            )
        )
    return out


def _pictures(found: Bench) -> list[Block]:
    """The figures over time, those units that decide first; what never varies needs no picture."""
    varied = [
        (measure, arms) for measure, arms in found.points.items()
        if len({value for points in arms.values() for _, value in points}) > 2
    ]  # fmt: skip
    varied.sort(key=lambda pair: table.unit_order(pair[0].rpartition("\t")[2]))
    if not varied:
        return []
    out: list[Block] = [Heading("Every run, over time")]
    for measure, arms in varied[:_PICTURES]:
        package, name, unit = measure.split("\t")
        groups = tuple((arm, arms[arm]) for arm in found.arms if arms.get(arm))
        out.append(Scatter(f"{name} {unit}", package, groups, found.warm_s))
    if len(varied) > _PICTURES:
        out.append(Paragraph(f"{len(varied) - _PICTURES} more are in bench.json."))
    return out


def _method(found: Bench) -> list[str]:
    text = [
        "Arms run next to each other, in an order drawn by coin, a process for each run; iterations are fixed, so each does the same work.",
        "p is of a sign-flip test of paired runs, by Holm over the benchmarks of a unit; intervals of what decides hold at every look.",
        "“sees” is the smallest change that these runs would have shown in 80 of 100 tries.",
        summary(found.noise),
        f"Measured on {found.pool}.",
    ]
    return [one for one in text if one]
