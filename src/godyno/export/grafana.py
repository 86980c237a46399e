"""A Grafana dashboard for what ``godyno export prometheus --to`` and ``godyno exporter`` put into Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from godyno.export.metrics import Family
from godyno.export.prometheus import Metrics
from godyno.export.source import Source
from godyno.export.target import file_only, whole_file

_HERE = 'capture=~"$capture"'
# Subqueries, since some series hold a point only where their value changed. Half a second sees what 10 Hz recorded.
_RATE = "[$__rate_interval:500ms]"
_UNITS = {
    "bytes": "bytes",
    "seconds": "s",
    "ratio": "percentunit",
    "hertz": "hertz",
    "watts": "watt",
    "celsius": "celsius",
}
_RATE_UNITS = {"bytes": "Bps", "seconds": "percentunit", "joules": "watt"}

# title, unit, stacked, what it shows: metric, what is done with it, legend
_PANELS: tuple[tuple[str, str, bool, tuple[tuple[str, str, str], ...]], ...] = (
    ("CPUs of the command's tree", "short", False, (
        ("cgroup_cpu_usage_seconds_total", "sum by (capture) (rate({}))", "used"),
        ("cgroup_cpu_throttled_time_seconds_total", "sum by (capture) (rate({}))", "throttled"),
    )),
    ("CPUs of the machine", "short", True, (
        ("system_cpu_time_seconds_total", "sum by (mode) (rate({}))", "{{mode}}"),
    )),
    ("Memory of the command's tree", "bytes", True, (
        ("cgroup_memory_anon_bytes", "sum by (capture) ({})", "anonymous"),
        ("cgroup_memory_file_bytes", "sum by (capture) ({})", "page cache"),
    )),
    ("Memory of the machine", "bytes", False, (
        ("system_memory_available_bytes", "avg by (capture) ({})", "available"),
        ("system_memory_anonymous_bytes", "avg by (capture) ({})", "anonymous"),
    )),
    ("Share of time that something waited", "percentunit", False, (
        ("system_pressure_cpu_seconds_total", 'max(rate({kind="some"}))', "CPU"),
        ("system_pressure_memory_seconds_total", 'max(rate({kind="some"}))', "memory"),
        ("system_pressure_io_seconds_total", 'max(rate({kind="some"}))', "I/O"),
    )),
    ("Share of time that something in the command's tree waited", "percentunit", False, (
        ("cgroup_pressure_cpu_seconds_total", 'max(rate({kind="some"}))', "CPU"),
        ("cgroup_pressure_memory_seconds_total", 'max(rate({kind="some"}))', "memory"),
        ("cgroup_pressure_io_seconds_total", 'max(rate({kind="some"}))', "I/O"),
    )),
    ("Processes", "short", False, (
        ("cgroup_process_number", "sum by (capture) ({})", "alive"),
    )),
    ("Largest processes", "bytes", False, (
        ("process_memory_usage_bytes", "topk(10, {})", "{{pid}}"),
    )),
    ("Busiest processes", "short", False, (
        ("process_cpu_time_seconds_total", "topk(10, sum by (pid) (rate({})))", "{{pid}}"),
    )),
    ("Disk", "Bps", False, (
        ("system_disk_io_bytes_total", "sum by (device, direction) (rate({}))", "{{device}} {{direction}}"),
    )),
    ("Network", "Bps", False, (
        ("system_network_io_bytes_total", "sum by (device, direction) (rate({}))", "{{device}} {{direction}}"),
    )),
    ("Major page faults", "cps", False, (
        ("cgroup_paging_faults_total", 'sum by (capture) (rate({type="major"}))', "the command's tree"),
        ("system_paging_faults_total", 'sum by (capture) (rate({type="major"}))', "the machine"),
    )),
)  # fmt: skip


class Grafana:
    """Panels for the metrics that this capture has, over its time; those without a panel of their own in a last row.

    Import the file in Grafana and choose the Prometheus data source; a variable chooses the capture.
    """

    name: ClassVar[str] = "grafana"
    summary: ClassVar[str] = "a Grafana dashboard for the capture's metrics in Prometheus"
    suffix: ClassVar[str] = ".grafana.json"

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes the dashboard. Raises GodynoError, CaptureCorrupt."""
        path = file_only(out, self.name)
        source = Source(capture)
        document = dashboard(source)
        with whole_file(path) as file:
            file.write(json.dumps(document, indent=1).encode() + b"\n")
        return [
            "A dashboard holds queries and no data: send that with `godyno export prometheus CAPTURE --to URL`.",
            *source.omitted.sentences(),
        ]


def dashboard(source: Source) -> dict[str, Any]:
    """The dashboard as Grafana's JSON model."""
    metrics = Metrics(source)
    families = {family.sample_name: family for family in metrics.families}
    panels: list[dict[str, Any]] = []
    place = _Grid()
    for at, (family, _) in enumerate(metrics.single):
        query = f"last_over_time({family.name}{{{_HERE}}}[$__range])"
        panels.append(_stat(family, query, {"x": at * 24 // len(metrics.single), "y": 0,
                                            "w": 24 // len(metrics.single), "h": 4}))  # fmt: skip
    place.y = 4 if metrics.single else 0
    shown = set()
    for title, unit, stacked, queries in _PANELS:
        here = [
            (name, expr, legend) for name, expr, legend in queries if _has(families.get(name), source, expr)
        ]
        shown |= {name for name, _, _ in queries}
        if here:
            targets = [(_expression(name, expr), legend) for name, expr, legend in here]
            panels.append(_lines(title, unit, stacked, targets, place.next()))
    rest = [family for name, family in sorted(families.items()) if name not in shown]
    if rest:
        row: dict[str, Any] = {
            "type": "row",
            "title": "Everything else",
            "collapsed": True,
            "gridPos": place.row(),
        }
        row["panels"] = [_plain(family, place.next()) for family in rest]
        panels.append(row)
    for number, panel in enumerate(_flat(panels), 1):
        panel["id"] = number
    start, end = _window(source)
    return {
        "title": "godyno", "uid": "godyno-capture", "tags": ["godyno"], "schemaVersion": 39, "editable": True,
        "timezone": "browser", "time": {"from": start, "to": end}, "refresh": "", "panels": panels,
        "templating": {"list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
            {
                "name": "capture", "type": "query", "label": "Capture", "query": "label_values(capture)", "refresh": 2,
                "datasource": _source(), "current": {"text": source.name, "value": source.name}, "sort": 1,
            },
        ]},
    }  # fmt: skip


class _Grid:
    """Two panels abreast."""

    def __init__(self) -> None:
        self.y, self._left = 0, True

    def next(self) -> dict[str, int]:
        found = {"x": 0 if self._left else 12, "y": self.y, "w": 12, "h": 8}
        if not self._left:
            self.y += 8
        self._left = not self._left
        return found

    def row(self) -> dict[str, int]:
        if not self._left:
            self.y, self._left = self.y + 8, True
        self.y += 1
        return {"x": 0, "y": self.y - 1, "w": 24, "h": 1}


def _has(family: Family | None, source: Source, expression: str) -> bool:
    """Whether the capture has what the query asks for, labels and all."""
    if family is None:
        return False
    wanted = expression.partition("{")[2].partition("}")[0]
    if not wanted:
        return True
    key, _, value = wanted.partition("=")
    return any(labels.get(key) == value.strip('"') for _, labels in family.members)


def _expression(metric: str, pattern: str) -> str:
    before, _, rest = pattern.partition("{")
    inside, _, after = rest.partition("}")
    selector = f"{metric}{{{_HERE}{',' + inside if inside else ''}}}"
    return f"{before}{selector}{_RATE if 'rate(' in before else ''}{after}"


def _plain(family: Family, grid: dict[str, int]) -> dict[str, Any]:
    labels = sorted({key for _, labels in family.members for key in labels if not key.startswith("tag_")})
    own = [key for key in labels if key not in ("job", "instance", "capture", "series")]
    legend = " ".join(f"{{{{{key}}}}}" for key in own) or family.name
    selector = f"{family.sample_name}{{{_HERE}}}"
    query = f"sum by ({', '.join(own) or 'capture'}) ({f'rate({selector}{_RATE})' if family.type == 'counter' else selector})"
    if "pid" in own:
        query = f"topk(10, {query})"
    units = _RATE_UNITS if family.type == "counter" else _UNITS
    default = "cps" if family.type == "counter" else "short"
    return _lines(family.help, units.get(family.unit, default), False, [(query, legend)], grid)


def _lines(
    title: str, unit: str, stacked: bool, queries: Sequence[tuple[str, str]], grid: dict[str, int]
) -> dict[str, Any]:
    custom: dict[str, Any] = {"fillOpacity": 10, "showPoints": "never", "lineWidth": 1}
    if stacked:
        custom |= {"stacking": {"mode": "normal"}, "fillOpacity": 40}
    return {
        "type": "timeseries", "title": title, "datasource": _source(), "gridPos": grid,
        "interval": "1s",  # so that $__rate_interval is 4 s on a short recording
        "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": custom}, "overrides": []},
        "options": {"tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": _ref(at), "expr": query, "legendFormat": legend, "datasource": _source()}
            for at, (query, legend) in enumerate(queries)
        ],
    }  # fmt: skip


def _stat(family: Family, query: str, grid: dict[str, int]) -> dict[str, Any]:
    return {
        "type": "stat", "title": family.help.rstrip("."), "datasource": _source(), "gridPos": grid,
        "fieldConfig": {"defaults": {"unit": _UNITS.get(family.unit, "none")}, "overrides": []},
        "options": {"reduceOptions": {"calcs": ["lastNotNull"]}},
        "targets": [{"refId": "A", "expr": query, "instant": False, "datasource": _source()}],
    }  # fmt: skip


def _flat(panels: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in panels:
        yield panel
        yield from _flat(panel.get("panels", ()))


def _window(source: Source) -> tuple[str, str]:
    """The time of the capture as ISO 8601 with a second around it, or the last hour where it has none."""
    from datetime import UTC, datetime

    result = source.manifest.result
    try:
        assert result is not None
        first, last = (source.wall.unix_ns(t_ns) / 1e9 for t_ns in (result.t_start_ns, result.t_end_ns))
        start, end = (datetime.fromtimestamp(at, UTC) for at in (first - 1, last + 1))
    except (AssertionError, ValueError, OverflowError, OSError):
        return "now-1h", "now"
    if end < start:
        return "now-1h", "now"
    return tuple(f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z" for at in (start, end))  # type: ignore[return-value]


def _source() -> dict[str, str]:
    return {"type": "prometheus", "uid": "${datasource}"}


def _ref(at: int) -> str:
    return chr(ord("A") + at)
