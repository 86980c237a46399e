"""Which kinds of process take the time and the memory: go, compile, link, asm, cgo, vet, test binaries?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.processes import CPU_SQL, Process, arguments, at_once, busy_s, processes
from godyno.model import Estimate, Evidence, Finding

_MOST_POINTS = 4_000_000

SQL = (
    f"SELECT name AS kind, count(*) AS processes, sum({CPU_SQL}) AS cpu_s, "
    "max(TRY_CAST(args->>'rss_peak_bytes' AS BIGINT)) AS rss_peak_bytes "
    "FROM spans WHERE layer = 'process' AND json_valid(args) GROUP BY 1 ORDER BY 3 DESC NULLS LAST"
)


class ProcessKinds:
    """Time and memory of each kind of process."""

    name: ClassVar[str] = "process_kinds"
    summary: ClassVar[str] = "Time and memory by kind of process"
    needs: ClassVar[tuple[str, ...]] = ("spans",)

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding with a row for each kind, the one with most CPU first."""
        found = processes(capture)
        if not found:
            return []
        kinds: dict[str, list[Process]] = {}
        for one in found:
            kinds.setdefault(one.kind, []).append(one)
        together = _memory_together(capture, found)
        rows = [_row(kind, members, together.get(kind)) for kind, members in kinds.items()]
        rows.sort(key=lambda row: (row[2] if row[2] is not None else -1.0, row[3]), reverse=True)
        cpu = sum(row[2] or 0.0 for row in rows)
        first = rows[0]
        claim = f"{len(found):,} {'process' if len(found) == 1 else 'processes'} of {len(rows)} {'kind' if len(rows) == 1 else 'kinds'}"
        if cpu > 0 and first[2]:
            claim += f": {first[0]} took {units.show_ratio(first[2] / cpu)} of the CPU time"
            claim += f" ({units.show_seconds(first[2])} of {units.show_seconds(cpu)})"
        largest = max(rows, key=lambda row: row[5] or 0.0)
        if largest[5]:
            claim += f"; the largest single process was of kind {largest[0]}, {units.show_bytes(largest[5])}"
        unknown = sum(one.cpu_s is None for one in found)
        return [
            Finding(
                source=self.name,
                kind="process-kinds",
                claim=claim,
                estimate=Estimate(cpu, "s", method="CPU of all processes") if cpu else None,
                evidence=(Evidence("spans", found[0].t_start_ns, max(one.t_end_ns for one in found), SQL),),
                warnings=(f"CPU time is not known of {unknown:,} of {len(found):,} processes.",) if unknown else (),
                data={
                    "columns": [
                        ["kind", "text"], ["processes", ""], ["CPU", "s"], ["lasted", "s"], ["at once", ""],
                        ["largest", "By"], ["all at once", "By"],
                    ],
                    "rows": rows,
                },
            )
        ]  # fmt: skip


def _row(kind: str, members: list[Process], together: float | None) -> list[Any]:
    cpu = [one.cpu_s for one in members if one.cpu_s is not None]
    peaks = [one.rss_peak_bytes for one in members if one.rss_peak_bytes is not None]
    intervals = [(one.t_start_ns, one.t_end_ns) for one in members]
    return [
        kind, len(members), sum(cpu) if cpu else None, busy_s(intervals), at_once(intervals),
        max(peaks, default=None), together,
    ]  # fmt: skip


def _memory_together(capture: Any, found: list[Process]) -> Mapping[str, float]:
    """The highest sum of resident memory of each kind, from the sampled series; empty where there are none.

    Each process counts with its last sample until its next one or its end, so that processes sampled at slightly
    different instants of one sweep are added up.
    """
    import numpy as np

    series = capture.sql("SELECT series_id, labels FROM series WHERE name = 'process.memory.usage'")
    ends: dict[str, list[Process]] = {}
    for one in found:
        ends.setdefault(str(one.pid), []).append(one)
    owner = {}
    for series_id, labels in zip(series["series_id"].to_pylist(), series["labels"].to_pylist(), strict=True):
        lives = ends.get(str(arguments(labels).get("pid", "")))
        if lives and series_id is not None:
            owner[int(series_id)] = lives
    if not owner:
        return {}
    chosen = f"(SELECT unnest([{','.join(map(str, owner))}]))"
    count = capture.sql(f"SELECT count(*) AS n FROM points WHERE series_id IN {chosen}")["n"][0].as_py()
    if not 0 < count <= _MOST_POINTS:
        return {}
    points = capture.sql(
        f"SELECT series_id, t_ns, value FROM points WHERE series_id IN {chosen} AND isfinite(value) ORDER BY series_id, t_ns"
    )
    ids, t, values = (points[name].to_numpy() for name in ("series_id", "t_ns", "value"))
    cuts = np.flatnonzero(np.diff(ids)) + 1
    steps: dict[str, tuple[list[Any], list[Any]]] = {}
    for part in np.split(np.arange(len(ids)), cuts):
        if not len(part):
            continue
        lives = owner[int(ids[part[0]])]
        for one in lives:
            inside = part[(t[part] >= one.t_start_ns) & (t[part] <= one.t_end_ns)] if len(lives) > 1 else part
            if not len(inside):
                continue
            level = values[inside]
            times, changes = steps.setdefault(one.kind, ([], []))
            times.append(np.append(t[inside], max(one.t_end_ns, int(t[inside[-1]]))))
            changes.append(np.append(np.diff(level, prepend=0.0), -level[-1]))
    out = {}
    for kind, (times, changes) in steps.items():
        at, change = np.concatenate(times), np.concatenate(changes)
        # At one instant what goes comes before what comes, else a process that replaces another would count with it.
        out[kind] = float(np.cumsum(change[np.lexsort((change, at))]).max())
    return out
