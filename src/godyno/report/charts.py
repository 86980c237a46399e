"""Which series are drawn together, under what title and in what unit; cumulative ones as rates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from godyno.diagnose.processes import arguments

# Name pattern -> title, and whether the chart is open when the page opens. The order is the page's.
KNOWN: tuple[tuple[str, str, bool], ...] = (
    (r"system\.cpu\.time", "Machine: CPU by mode", True),
    (r"cgroup\.cpu\.(time|usage.*)", "The command's cgroup: CPU", True),
    (r"cgroup\.memory\..*", "The command's cgroup: memory", True),
    (r"processes\.cpu", "All processes: CPU by kind", True),
    (r"processes\.memory", "All processes: resident memory by kind (shared pages count once for each)", True),
    (r"process\.memory\.usage", "Each process: resident memory", True),
    (r"process\.cpu\.time", "Each process: CPU", False),
    (r"system\.pressure\..*", "Machine: share of the time in which tasks waited (PSI)", True),
    (r"cgroup\.pressure\..*", "The command's cgroup: share of the time in which tasks waited (PSI)", False),
    (r"cgroup\.cpu\..*thrott.*", "The command's cgroup: throttled", False),
    (r"system\.memory\..*", "Machine: memory", False),
    (r"system\.paging\..*", "Machine: paging", False),
    (r"system\.disk\..*", "Machine: disks", False),
    (r"system\.network\..*", "Machine: network", False),
    (
        r"system\.(cpu\.frequency|.*thermal.*|.*temperature.*|.*power.*|.*energy.*)",
        "Machine: frequency, heat and power",
        False,
    ),
    (r"process\.memory\.anonymous", "Each process: anonymous memory", False),
    (r"process\.memory\.peak", "Each process: peak memory so far", False),
    (r"process\.thread\.count", "Each process: threads", False),
    (r"process\.disk\.io", "Each process: disk", False),
    (r"process\.paging\.faults", "Each process: page faults", False),
    (r"process\.context_switches", "Each process: context switches", False),
)
GROUPS = {
    "machine": "Machine",
    "cgroup": "The command's cgroup",
    "pressure": "Pressure",
    "process": "Each process",
    "go": "Go runtime",
}
_TOGETHER = 24  # series of one family up to which they share a chart
_COUNTER = re.compile(
    r"(^|\.)(time|io|faults|operations|packets|errors|context_switches|total|.*_time|.*_total)$"
)


@dataclass(frozen=True, slots=True)
class Series:
    """A series as the capture declares it; ``points`` is how many it has."""

    series_id: int
    name: str
    unit: str
    layer: str
    labels: Mapping[str, str]
    points: int

    @property
    def counter(self) -> bool:
        """Whether its values only add up, so that its rate is what one wants to see."""
        if self.labels.get("kind") == "counter":
            return True
        if self.unit == "s" and ".pressure." in f".{self.name}.":
            return True
        return self.unit in ("s", "By", "{fault}", "{switch}", "{operation}", "{packet}", "us") and bool(
            _COUNTER.search(self.name)
        )

    @property
    def shown_unit(self) -> str:
        """The unit of what is drawn: CPU seconds a second are CPUs, other seconds a second a share."""
        if not self.counter:
            return self.unit
        if self.unit == "s":
            return "CPU" if "cpu.time" in self.name or "cpu.usage" in self.name else "1"
        return f"{self.unit}/s"


@dataclass(slots=True)
class Chart:
    """Series that are drawn in one frame."""

    title: str
    unit: str
    group: str
    stepped: bool
    open: bool
    rank: int
    series: list[Series] = field(default_factory=list)


def charts(series: Sequence[Series]) -> list[Chart]:
    """Every series in a chart, known ones first, in the page's order.

    Series of one name always share a chart; those of one family (``cgroup.memory.*``) do where they have one unit and are few.
    """
    families: dict[tuple[str, str, str, bool, bool], list[Series]] = {}
    for one in series:
        family = one.name.rpartition(".")[0] if one.layer != "process" else one.name
        title, _, _ = known(one.name)
        families.setdefault(
            (one.layer, title or family, one.shown_unit, one.counter, "cpu" in one.labels), []
        ).append(one)
    out = []
    for (layer, _, unit, counter, each), members in families.items():
        names = sorted({one.name for one in members})
        parts = (
            [members]
            if len(members) <= _TOGETHER or len(names) == 1
            else [[one for one in members if one.name == name] for name in names]
        )
        for part in parts:
            title, is_open, rank = known(part[0].name)
            if len(parts) > 1 or not title:
                family = (
                    part[0].name
                    if len({one.name for one in part}) == 1
                    else f"{part[0].name.rpartition('.')[0]}.*"
                )
                title = f"{title} ({family})" if title else family or "Series without a name"
            if each:
                title, is_open = f"{title}, each processor", False
            group = GROUPS.get(layer, layer or "Other")
            out.append(Chart(title, unit, group, counter, is_open, rank, part))
    out.sort(key=lambda chart: (chart.rank, chart.title, chart.unit))
    _tell_apart(out)
    return out


def known(name: str) -> tuple[str, bool, int]:
    """(title, whether it is open at first, rank) of the chart that a series of this name is drawn in; no title where it is none we know."""
    for rank, (pattern, title, is_open) in enumerate(KNOWN):
        if re.fullmatch(pattern, name):
            return title, is_open, rank
    return "", False, len(KNOWN)


def _tell_apart(found: list[Chart]) -> None:
    """Charts of one title differ in their unit: the first keeps the plain title and stays open, the others name it."""
    seen: set[str] = set()
    for chart in found:
        if chart.title in seen:
            chart.open = False
            chart.title = f"{chart.title}, {chart.unit.strip('{}').replace('}/', ' / ') or 'count'}"
        seen.add(chart.title)


def label(one: Series, among: Sequence[Series], processes: Mapping[str, str]) -> str:
    """What tells a series from the others of its chart; a pid is named by its process."""
    parts = []
    if len({other.name for other in among}) > 1:
        parts.append(one.name.rpartition(".")[2])
    for key, value in one.labels.items():
        if key == "pid":
            parts.insert(0, processes.get(value, f"pid {value}"))
        elif key == "kind" and value == "counter":
            continue
        elif len({other.labels.get(key) for other in among}) > 1:
            parts.append(value)
    return " · ".join(parts) or one.name


def declared(rows: Sequence[Mapping[str, object]]) -> list[Series]:
    """Series from rows of (series_id, name, unit, layer, labels, points), tolerant of what is not as it should be."""
    out = []
    for row in rows:
        labels = {str(key): str(value) for key, value in arguments(row["labels"]).items()}
        if isinstance(row["series_id"], int) and isinstance(row["points"], int) and row["points"] > 0:
            name, unit, layer = (str(row[key] or "") for key in ("name", "unit", "layer"))
            out.append(Series(row["series_id"], name, unit, layer, labels, row["points"]))
    return out
