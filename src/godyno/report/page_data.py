"""What of a capture goes into the page: every series from the level of its pyramid that fits, every span, every line, up to a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from godyno.diagnose.processes import processes
from godyno.model import Finding
from godyno.report import charts as drawn
from godyno.report import goroutines
from godyno.report.charts import Chart, Series
from godyno.report.lanes import lanes, path_lane
from godyno.report.payload import FORMAT, Array, Payload, clean
from godyno.report.stacks import stacks
from godyno.report.why_lane import why_lane

FANOUT = 16
_LONGEST_NS = 400 * 86_400 * 10**9  # a capture that claims more than 400 days is damaged or forged


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a page may carry. A bucket is at most 12 bytes before packing, about 5 after."""

    buckets: int = 600_000
    spans: int = 250_000
    lines: int = 20_000
    line_characters: int = 2_000_000
    samples: int = 300_000


@dataclass(frozen=True, slots=True)
class Window:
    """The time that the page shows: ns of MONOTONIC, and the tick in which it counts so that 32 bits hold the whole."""

    t_start_ns: int
    t_end_ns: int

    @property
    def tick_ns(self) -> int:
        """The least power of ten ns of which 2³² make the window."""
        tick: int = 1
        while (self.t_end_ns - self.t_start_ns) // tick >= 2**32 - 1:
            tick *= 10
        return tick

    def ticks(self, t_ns: Array) -> Array:
        """Instants as ticks since the start, cut to the window."""
        inside = np.clip(t_ns, self.t_start_ns, self.t_end_ns)
        return np.asarray((inside - self.t_start_ns) // self.tick_ns, dtype=np.uint32)


def page_data(
    capture: Any, budget: Budget | None = None, baseline: Any = None, findings: Sequence[Finding] = ()
) -> str:
    """The page's block of data for ``capture``, as base64 text; ``baseline`` is the capture that its flame graphs compare with.

    The critical path of ``findings`` becomes a lane of its own.
    """
    budget = budget or Budget()
    window, payload = window_of(capture), Payload()
    tree = processes(capture)
    kinds = {str(one.pid): one.kind for one in tree}
    names = {str(one.pid): f"{one.label} ({one.pid})" for one in tree}
    header = {
        "format": FORMAT,
        "tick_ns": window.tick_ns,
        "start_ns": str(window.t_start_ns),
        "span_ticks": max(1, (window.t_end_ns - window.t_start_ns) // window.tick_ns),
        "charts": _charts(capture, window, payload, budget, names, kinds),
        "lanes": [
            *why_lane(capture, window, payload),
            *path_lane(findings, window, payload),
            *lanes(capture, window, payload, budget.spans, names),
        ],
        "lines": _lines(capture, window, payload, budget),
        "stacks": stacks(capture, window, payload, budget.samples, baseline),
        "processes": {pid: clean(name)[:200] for pid, name in names.items()},
        # What each process of a go build or go test worked on; empty where there was none.
        "works": {str(one.pid): clean(one.label)[:200] for one in tree}
        if any(one.package for one in tree)
        else {},
        "goroutines": {
            track: clean(name)[:200] for track, name in goroutines.sampled(capture, names).items()
        },
    }
    return payload.packed(header)


def window_of(capture: Any) -> Window:
    """From the command's start (or the first that was seen) to its end or the last that was seen."""
    row = capture.sql(
        "SELECT min(t) AS first, max(u) AS last FROM ("
        "SELECT min(t_ns) AS t, max(t_ns) AS u FROM points UNION ALL "
        "SELECT min(t_start_ns), max(t_end_ns) FROM spans WHERE t_end_ns >= t_start_ns UNION ALL "
        "SELECT min(t_ns), max(t_ns) FROM lines UNION ALL SELECT min(t_ns), max(t_ns) FROM events UNION ALL "
        "SELECT min(t_ns), max(t_ns) FROM stacks)"
    ).to_pylist()[0]
    result = capture.manifest.result
    if result and 0 < result.t_end_ns - result.t_start_ns < _LONGEST_NS:
        start, end = result.t_start_ns, result.t_end_ns
        if row["last"] is not None and end < row["last"] < start + _LONGEST_NS:
            end = row["last"]
        return Window(start, end)
    if row["first"] is None or row["last"] - row["first"] >= _LONGEST_NS:
        return Window(0, 1) if row["first"] is None else Window(row["first"], row["first"] + _LONGEST_NS)
    return Window(row["first"], max(row["last"], row["first"] + 1))


# ---- series


def series_of(capture: Any, window: Window) -> list[Series]:
    """The series that have points in the window."""
    rows = capture.sql(
        "SELECT s.series_id, s.name, s.unit, s.layer, s.labels, p.points FROM series s JOIN ("
        "SELECT series_id, count(*) AS points FROM points WHERE t_ns BETWEEN ? AND ? GROUP BY series_id) p "
        "USING (series_id) ORDER BY s.series_id",
        [window.t_start_ns, window.t_end_ns],
    ).to_pylist()
    return drawn.declared(rows)


def levels(found: Sequence[Chart], buckets: int) -> dict[int, int]:
    """The level of the pyramid for each series id, 0 for the points themselves, so that all fit into ``buckets``.

    All begin as coarse as still draws a line of a few hundred buckets; then the budget is spent chart by chart in the
    page's order, each series one level finer at a time, so that what is seen first has the most detail.
    """
    ordered = [one for chart in found for one in chart.series]
    level = {one.series_id: _coarsest(one.points) for one in ordered}
    spent = sum(_count(one.points, level[one.series_id]) for one in ordered)
    changed = True
    while changed:
        changed = False
        for one in ordered:
            at = level[one.series_id]
            more = _count(one.points, at - 1) - _count(one.points, at) if at else 0
            if at and spent + more <= buckets:
                level[one.series_id] -= 1
                spent += more
                changed = True
    return level


def _coarsest(points: int) -> int:
    level = 0
    while points >= 512 and _count(points, level + 1) >= 150:
        level += 1
    return level


def _count(points: int, level: int) -> int:
    bucket: int = FANOUT**level
    return -(-points // bucket)


def _charts(
    capture: Any,
    window: Window,
    payload: Payload,
    budget: Budget,
    names: Mapping[str, str],
    kinds: Mapping[str, str],
) -> list[dict[str, Any]]:
    found = drawn.charts(series_of(capture, window))
    level = levels(found, budget.buckets)
    values = _values(capture, window, level)
    out = by_kind(found, values, window, payload, kinds)
    for index, chart in enumerate(found):
        lines = []
        for one in chart.series:
            if one.series_id not in values:
                continue
            t, low, high = values[one.series_id]
            if one.counter:
                t, low = rate(t, high)
                high = low
            data = {
                "label": clean(drawn.label(one, chart.series, names))[:200],
                "t": payload.column(window.ticks(t), "u32", delta=True),
                "lo": payload.column(low, "f32"),
                "peak": float(np.nanmax(np.abs(high), initial=0.0)),
                "samples": one.points,
            }
            if high is not low:
                data["hi"] = payload.column(high, "f32")
            if len(t):
                lines.append(data)
        if lines:
            coarse = [one for one in chart.series if level[one.series_id]]
            note = (
                f"bounds of {FANOUT ** max(level[one.series_id] for one in coarse):,} samples at the finest zoom"
                if coarse
                else ""
            )
            out.append(
                {"id": f"chart-{index}", "title": clean(chart.title), "unit": chart.unit, "group": clean(chart.group), "open": chart.open,
                 "rank": chart.rank,
                 "stepped": chart.stepped, "note": note, "series": lines}
            )  # fmt: skip
    # Open ones first, in their order; below them the others under their groups' headings.
    groups = [*drawn.GROUPS.values()]
    place = {
        name: groups.index(name) if name in groups else len(groups)
        for name in {chart["group"] for chart in out}
    }
    return sorted(
        out,
        key=lambda chart: (
            not chart["open"],
            0 if chart["open"] else place[chart["group"]],
            chart.pop("rank"),
        ),
    )


def by_kind(
    found: Sequence[Chart],
    values: Mapping[int, tuple[Array, Array, Array]],
    window: Window,
    payload: Payload,
    kinds: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Two charts over all processes, by kind: CPU (what their counters rose in each cell of a grid) and resident memory.

    A process counts from its first sample to its last, with the value of its last sample.
    """
    cells = 4000
    edges = np.linspace(window.t_start_ns, window.t_end_ns, cells + 1)
    out = []
    for name, of, unit in (
        ("processes.cpu", "process.cpu.time", "CPU"),
        ("processes.memory", "process.memory.usage", "By"),
    ):
        sums: dict[str, Array] = {}
        for one in (
            one for chart in found for one in chart.series if one.name == of and one.series_id in values
        ):
            t, _, high = values[one.series_id]
            if unit == "CPU":
                part = np.maximum(0.0, np.diff(np.interp(edges, t, high)) / ((edges[1] - edges[0]) * 1e-9))
            else:
                at = np.searchsorted(t, edges[1:], side="right") - 1
                part = np.where((at >= 0) & (edges[:-1] <= t[-1]), high[np.maximum(at, 0)], 0.0)
            kind = kinds.get(one.labels.get("pid", ""), "unknown")
            sums[kind] = sums[kind] + part if kind in sums else part
        if len(sums) > 1:
            sums = {"all": sum(sums.values(), start=np.zeros(cells))} | dict(
                sorted(sums.items(), key=lambda item: -float(item[1].sum()))
            )
        if not sums:
            continue
        # Cells that change nothing are left out: a step holds until the next.
        lines = []
        for kind, values_of in sums.items():
            keep = np.flatnonzero(
                np.concatenate(
                    ([True], (values_of[1:-1] != values_of[:-2]) | (values_of[1:-1] != values_of[2:]), [True])
                )
            )
            lines.append(
                {"label": clean(kind), "t": payload.column(window.ticks(edges[1:][keep].astype(np.int64)), "u32", delta=True),
                 "lo": payload.column(values_of[keep], "f32"), "peak": float(values_of.max()), "samples": cells}
            )  # fmt: skip
        title, is_open, rank = drawn.known(name)
        out.append({"id": name, "title": title, "unit": unit, "group": "All processes", "open": is_open, "rank": rank, "stepped": True,
                    "note": "", "series": lines})  # fmt: skip
    return out


def _values(capture: Any, window: Window, level: Mapping[int, int]) -> dict[int, tuple[Array, Array, Array]]:
    """(t_ns, low, high) of each series at its level; ``high is low`` where they are the points themselves."""
    out: dict[int, tuple[Array, Array, Array]] = {}
    inside = [window.t_start_ns, window.t_end_ns]
    for depth in sorted(set(level.values())):
        chosen = ",".join(str(series_id) for series_id, at in level.items() if at == depth)
        if depth == 0:
            table = capture.sql(
                f"SELECT series_id, t_ns AS t, value AS lo FROM points WHERE series_id IN (SELECT unnest([{chosen}])) "
                "AND t_ns BETWEEN ? AND ? AND isfinite(value) ORDER BY series_id, t_ns",
                inside,
            )
        else:
            table = capture.sql(
                'SELECT series_id, t_end_ns AS t, "min" AS lo, "max" AS hi FROM pyramid '
                f"WHERE series_id IN (SELECT unnest([{chosen}])) AND level = {depth} AND t_end_ns BETWEEN ? AND ? "
                'AND isfinite("min") AND isfinite("max") ORDER BY series_id, t_start_ns',
                inside,
            )
        ids, t, low = (table[name].to_numpy() for name in ("series_id", "t", "lo"))
        high = table["hi"].to_numpy() if depth else low
        edges = np.flatnonzero(np.diff(ids)) + 1
        for first, last in zip([0, *edges], [*edges, len(ids)], strict=True):
            if last > first:
                part = low[first:last]
                out[int(ids[first])] = (t[first:last], part, high[first:last] if depth else part)
    return out


def rate(t_ns: Array, total: Array) -> tuple[Array, Array]:
    """(t_ns, rise per second since the sample before) of a counter; where it fell it was reset, and that step says nothing."""
    span, rise = np.diff(t_ns), np.diff(total)
    good = (span > 0) & (rise >= 0)
    return t_ns[1:][good], rise[good] / (span[good] * 1e-9)


# ---- output


def _lines(capture: Any, window: Window, payload: Payload, budget: Budget) -> dict[str, Any] | None:
    count = capture.sql("SELECT count(*) AS n FROM lines")["n"][0].as_py()
    if not count:
        return None
    # The last lines say how it ended, the first how it began: of too many, those in the middle stay out.
    first = budget.lines // 4
    table = capture.sql(
        "SELECT * FROM (SELECT t_ns, coalesce(stream, '') AS stream, text[1:2000] AS text, "
        "row_number() OVER (ORDER BY t_ns) AS row FROM lines "
        f"WHERE t_ns IS NOT NULL AND text IS NOT NULL) WHERE row <= {first} OR row > {count - (budget.lines - first)} ORDER BY row"
    )
    text = [clean(line) for line in table["text"].to_pylist()]
    length = np.cumsum([len(line) + 4 for line in text]) if text else np.zeros(0)
    keep = int(np.searchsorted(length, budget.line_characters, side="right"))
    streams = sorted(set(table["stream"].to_pylist()[:keep]))
    index = {name: position for position, name in enumerate(streams)}
    left = count - keep
    return {
        "t": payload.column(window.ticks(table["t_ns"].to_numpy()[:keep]), "u32", delta=True),
        "stream": payload.column(
            np.array([index[name] for name in table["stream"].to_pylist()[:keep]], dtype=np.uint32), "u32"
        ),
        "streams": [clean(name) for name in streams],
        "text": text[:keep],
        "note": f"{count:,} lines" + (f", {left:,} of them in the middle not on this page" if left else ""),
    }
