"""A few lines over time, coarse enough for text: the command's CPU and memory, and the machine's."""

from __future__ import annotations

from typing import Any

from godyno.report.document import Line

PARTS = 48
# Label, series name, whether it is a counter, unit of what is shown; of each label the first that the capture has.
_WANTED = (
    ("CPU", "cgroup.cpu.time", True, "CPU"),
    ("CPU", "process.cpu.time", True, "CPU"),
    ("memory", "cgroup.memory.anon", False, "By"),
    ("memory", "cgroup.memory.anonymous", False, "By"),
    ("memory", "cgroup.memory.usage", False, "By"),
    ("memory", "process.memory.usage", False, "By"),
    ("waiting", "system.pressure.cpu", True, "1"),
)

_SHARES = frozenset({"system.pressure.cpu"})  # seconds a second: never more than the time that passed


def sparks(capture: Any) -> tuple[Line, ...]:
    """The lines that the capture has data for, over the command's run; none where its run is not known."""
    result = capture.manifest.result
    if not result or result.t_end_ns <= result.t_start_ns:
        return ()
    out: dict[str, Line] = {}
    for label, name, counter, unit in _WANTED:
        if label not in out:
            values = _values(capture, name, counter, result.t_start_ns, result.t_end_ns)
            if any(value is not None for value in values):
                out[label] = Line(label, unit, values)
    return tuple(out.values())


def _values(capture: Any, name: str, counter: bool, start: int, end: int) -> tuple[float | None, ...]:
    """The sum over all series of that name, in each of ``PARTS`` equal parts of the run.

    A counter gives its mean rate in the part; else each series counts with the highest value it had there.
    """
    part = "least(?, (p.t_ns - ?)::HUGEINT * ? // ?)::INTEGER"
    if counter:
        # What a counter rose from one sample to the next belongs to the part in which that step ended.
        query = (
            f"SELECT part, sum(rise) AS value FROM (SELECT {part} AS part, greatest(0, p.value - lag(p.value) OVER "
            "(PARTITION BY p.series_id ORDER BY p.t_ns)) AS rise FROM points p JOIN series s USING (series_id) "
            "WHERE s.name = ? AND isfinite(p.value) AND p.t_ns BETWEEN ? AND ? AND coalesce(s.labels, '') NOT LIKE '%\"full\"%') "
            "WHERE rise IS NOT NULL GROUP BY part"
        )
    else:
        query = (
            f"SELECT part, sum(value) AS value FROM (SELECT {part} AS part, p.series_id, max(p.value) AS value "
            "FROM points p JOIN series s USING (series_id) WHERE s.name = ? AND isfinite(p.value) AND p.t_ns BETWEEN ? AND ? "
            "GROUP BY ALL) GROUP BY part"
        )
    rows = capture.sql(query, [PARTS - 1, start, PARTS, end - start, name, start, end]).to_pylist()
    found: list[float | None] = [None] * PARTS
    for row in rows:
        if 0 <= row["part"] < PARTS:
            found[row["part"]] = row["value"] / ((end - start) * 1e-9 / PARTS) if counter else row["value"]
            if (
                name in _SHARES
            ):  # what rose over a pause of sampling belongs to more parts than the one where it was seen
                found[row["part"]] = min(1.0, found[row["part"]] or 0.0)
    return tuple(found)
