"""What a capture recorded, on one grid of time: figures of the service that one would notice, and of each layer that may be why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from godyno.diagnose.processes import arguments, processes, spans
from godyno.stats.sample import Floats

_STEP_S, _MOST_STEPS = 0.5, 7200
_WARM_S = 2.0
_LEAST_IN_STEP = 3
_BUSY = ("user", "nice", "system", "interrupt")
# A duration in a line of an access log: the last of them, as Go prints a time.Duration or with its unit.
_DURATION = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s)(?![\w])")
_UNIT_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0}
_ERROR = re.compile(r"(?i)\b(?:error|panic|fatal|timeout|timed out|refused|unavailable)\b|\s5\d\d\s")
_LINES = 2_000_000


@dataclass(frozen=True, slots=True)
class Signal:
    """A figure on the grid. ``low`` says that less of it is worse. ``sql`` shows it."""

    title: str
    unit: str
    values: Floats
    low: bool = False
    sql: str = ""
    table: str = "points"


@dataclass(slots=True)
class Signals:
    """``edges_ns`` are the grid's; symptoms by title; layers by name, as shares of the time or of the processors (see ``causes``)."""

    edges_ns: NDArray[np.int64]
    step_s: float
    cpus: float
    symptoms: list[Signal] = field(default_factory=list)
    layers: dict[str, Floats] = field(default_factory=dict)


def signals(capture: Any) -> Signals | None:
    """What the capture has; None where it is shorter than 30 steps of half a second."""
    result = capture.manifest.result
    if result is None or result.wall_s < 30 * _STEP_S + _WARM_S:
        return None
    start = result.t_start_ns + int(_WARM_S * 1e9)
    step_s = max(_STEP_S, (result.t_end_ns - start) * 1e-9 / _MOST_STEPS)
    edges = np.arange(start, result.t_end_ns + 1, int(step_s * 1e9), dtype=np.int64)
    found = Signals(edges, step_s, float(max(1, capture.manifest.machine.cpu.allowed)))
    _from_series(capture, found)
    _from_lines(capture, found)
    _from_spans(capture, found)
    return found


def _from_series(capture: Any, found: Signals) -> None:
    table = capture.sql(
        "SELECT s.series_id, s.name, s.labels, list(p.t_ns ORDER BY p.t_ns) AS t, list(p.value ORDER BY p.t_ns) AS v "
        "FROM series s JOIN points p USING (series_id) WHERE isfinite(p.value) AND (s.name LIKE 'cgroup.%' OR s.name LIKE '%.pressure.%' "
        "OR s.name IN ('system.cpu.time', 'system.disk.io', 'process.cpu.time', 'process.disk.io', 'system.network.packet.dropped') "
        "OR s.name LIKE 'go.%') GROUP BY ALL"
    )
    rates: dict[str, Floats] = {}
    main = _main(capture)
    for name, labels_text, t, v in zip(
        *(table[column].to_pylist() for column in ("name", "labels", "t", "v")), strict=True
    ):
        labels = arguments(labels_text)
        if len(t) < 2:
            continue
        rate = _rate(found, np.asarray(t, dtype=np.float64), np.asarray(v, dtype=np.float64))
        key = name
        if name.startswith(("cgroup.pressure", "system.pressure")):
            key = f"{name}.{labels.get('kind', '')}"
        elif name == "system.cpu.time":
            key = f"machine.{labels.get('mode', labels.get('state', ''))}"
        elif name == "process.cpu.time":
            key = "own.main" if labels.get("pid") == main else "own.children"
        elif name == "process.disk.io":
            key = f"own.disk.{labels.get('direction')}"
        elif name == "system.disk.io":
            key = f"disk.{labels.get('direction')}"
        elif name == "cgroup.paging.faults":
            key = f"faults.{labels.get('type')}"
        rates[key] = rates[key] + rate if key in rates else rate
    _layers(found, rates)


def _main(capture: Any) -> str:
    """The pid of the process that used most CPU time: the service, not what started it."""
    known = [one for one in processes(capture) if one.cpu_s is not None]
    return str(max(known, key=lambda one: one.cpu_s or 0.0).pid) if known else ""


def _rate(found: Signals, t: Floats, v: Floats) -> Floats:
    """Of a cumulative series, per second on the grid; beyond its ends it stands still."""
    level = np.interp(found.edges_ns.astype(np.float64), t, v)
    return np.maximum(np.diff(level), 0.0) / found.step_s


def _layers(found: Signals, rates: Mapping[str, Floats]) -> None:
    none = np.zeros(found.edges_ns.size - 1)

    def of(*names: str) -> Floats | None:
        return next((rates[name] for name in names if name in rates), None)

    layers = found.layers
    throttled = of("cgroup.cpu.throttled_time")
    if throttled is not None:
        layers["throttled"] = throttled / found.cpus
    if (steal := of("machine.steal")) is not None:
        layers["steal"] = steal / found.cpus
    own = of("cgroup.cpu.usage", "own.main")
    busy = sum((rates[f"machine.{mode}"] for mode in _BUSY if f"machine.{mode}" in rates), none)
    if own is not None:
        layers["own_cpu"] = own / found.cpus
        found.symptoms.append(
            Signal("CPU time", "CPU", own, sql="SELECT t_ns, value FROM points JOIN series USING (series_id) WHERE name = "
            "'cgroup.cpu.usage'")
        )  # fmt: skip
        if any(f"machine.{mode}" in rates for mode in _BUSY):
            layers["others_cpu"] = np.maximum(busy - own, 0.0) / found.cpus
    for layer, names in (
        ("cpu_full", ("cgroup.pressure.cpu.full",)),
        ("cpu_some", ("cgroup.pressure.cpu.some", "system.pressure.cpu.some")),
        ("memory_some", ("cgroup.pressure.memory.some", "system.pressure.memory.some")),
        ("io_some", ("cgroup.pressure.io.some", "system.pressure.io.some")),
        ("refaults", ("cgroup.memory.refaults",)),
        ("major_faults", ("faults.major",)),
        ("lock_wait", ("go.mutex.wait",)),
    ):
        if (rate := of(*names)) is not None:
            layers[layer] = rate
    if "own.children" in rates:
        layers["children_cpu"] = rates["own.children"] / found.cpus
    total = rates.get("disk.read", none) + rates.get("disk.write", none)
    mine = rates.get("own.disk.read", none) + rates.get("own.disk.write", none)
    if "disk.read" in rates or "disk.write" in rates:
        layers["own_disk"] = np.minimum(mine, total)
        layers["others_disk"] = np.maximum(total - mine, 0.0)


def _from_lines(capture: Any, found: Signals) -> None:
    table = capture.sql(
        f"SELECT t_ns, text FROM lines WHERE t_ns BETWEEN ? AND ? AND text IS NOT NULL ORDER BY t_ns LIMIT {_LINES}",
        [int(found.edges_ns[0]), int(found.edges_ns[-1]) - 1],
    )
    times, texts = table["t_ns"].to_numpy(), table["text"].to_pylist()
    if not len(texts):
        return
    durations = np.full(len(texts), np.nan)
    wrong = np.zeros(len(texts), dtype=bool)
    for index, text in enumerate(texts):
        text = text[:400]
        if matches := _DURATION.findall(text):
            durations[index] = float(matches[-1][0]) * _UNIT_S[matches[-1][1]]
        wrong[index] = _ERROR.search(text) is not None
    step = np.searchsorted(found.edges_ns, times, side="right") - 1
    steps = found.edges_ns.size - 1
    shown = "SELECT t_ns, text FROM lines ORDER BY t_ns"
    timed = np.isfinite(durations)
    if timed.sum() >= _LEAST_IN_STEP * steps / 2:
        found.symptoms.append(
            Signal("latency (90th percentile of the durations in its lines)", "s", _quantile(step[timed], durations[timed], steps, 0.9),
                   sql=shown, table="lines")
        )  # fmt: skip
        count = np.bincount(step[timed], minlength=steps)[:steps] / found.step_s
        found.symptoms.append(
            Signal("throughput (timed lines)", "{line}/s", count, low=True, sql=shown, table="lines")
        )
        found.layers["load"] = count
    if wrong.any():
        errors = np.bincount(step[wrong], minlength=steps)[:steps] / found.step_s
        found.symptoms.append(Signal("error lines", "{line}/s", errors, sql=shown, table="lines"))


def _quantile(step: NDArray[np.intp], values: Floats, steps: int, share: float) -> Floats:
    """The quantile of the values in each step; NaN where there are too few."""
    out = np.full(steps, np.nan)
    order = np.argsort(step, kind="stable")
    bounds = np.searchsorted(step[order], np.arange(steps + 1))
    for index in range(steps):
        part = values[order[bounds[index] : bounds[index + 1]]]
        if part.size >= _LEAST_IN_STEP:
            out[index] = np.quantile(part, share)
    return out


def _from_spans(capture: Any, found: Signals) -> None:
    steps = found.edges_ns.size - 1
    for layer, title in (("task", "latency of tasks"), ("region", "latency of regions")):
        lives = [(end, (end - start) * 1e-9) for start, end, *_ in spans(capture, layer)]
        if len(lives) >= _LEAST_IN_STEP * steps / 2:
            ends = np.asarray([end for end, _ in lives], dtype=np.int64)
            inside = (ends >= found.edges_ns[0]) & (ends < found.edges_ns[-1])
            step = np.searchsorted(found.edges_ns, ends[inside], side="right") - 1
            lasted = np.asarray([value for _, value in lives])[inside]
            sql = f"SELECT t_start_ns, t_end_ns, name FROM spans WHERE layer = '{layer}' ORDER BY t_start_ns"
            found.symptoms.append(
                Signal(
                    f"{title} (90th percentile)",
                    "s",
                    _quantile(step, lasted, steps, 0.9),
                    sql=sql,
                    table="spans",
                )
            )
    cycles, pauses = [], []
    for start, end, _, name, _, _ in spans(capture, "gc"):
        if "STW" in name or "stop the world" in name.lower():
            pauses.append((start, end))
        elif name.startswith("GC "):
            cycles.append((start, end))
    if cycles:
        found.layers["gc"] = _covered(found, cycles)
        found.layers["gc_pauses"] = _covered(found, pauses)


def _covered(found: Signals, lives: list[tuple[int, int]]) -> Floats:
    """The share of each step in which at least one of the spans lasted."""
    if not lives:
        return np.zeros(found.edges_ns.size - 1)
    marks: list[tuple[int, int]] = []
    for start, end in sorted(lives):
        if marks and start <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(marks[-1][1], end))
        else:
            marks.append((start, end))
    t = np.asarray(marks, dtype=np.float64).ravel()
    done = np.cumsum(np.asarray([end - start for start, end in marks], dtype=np.float64))
    total = np.stack((np.concatenate(([0.0], done[:-1])), done), axis=1).ravel()
    covered: Floats = np.diff(np.interp(found.edges_ns.astype(np.float64), t, total)) * 1e-9 / found.step_s
    return covered
