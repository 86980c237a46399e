"""What was counted beside a recorded run, as ``stats.noise`` wants it: each cumulative series' rise between start and end.

A machine's rise is read off the straight line between the looks around an instant, so that a run of half a second, looked at ten times
a second, does not lose its edges. A group's counters stand still outside of the run, so the looks around it are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from godyno.diagnose.processes import arguments, number, processes

_BUSY = ("user", "nice", "system", "interrupt")
_SQL = """
SELECT s.series_id, s.name, s.labels,
  max(p.t_ns) FILTER (p.t_ns <= ?) AS t0, arg_max(p.value, p.t_ns) FILTER (p.t_ns <= ?) AS v0,
  min(p.t_ns) FILTER (p.t_ns > ?) AS t1, arg_min(p.value, p.t_ns) FILTER (p.t_ns > ?) AS v1,
  max(p.t_ns) FILTER (p.t_ns <= ?) AS t2, arg_max(p.value, p.t_ns) FILTER (p.t_ns <= ?) AS v2,
  min(p.t_ns) FILTER (p.t_ns > ?) AS t3, arg_min(p.value, p.t_ns) FILTER (p.t_ns > ?) AS v3,
  avg(p.value) FILTER (p.t_ns BETWEEN ? AND ?) AS mean
FROM series s JOIN points p USING (series_id)
WHERE isfinite(p.value) AND (s.name LIKE '%pressure.%' OR s.name LIKE 'cgroup.cpu.%' OR s.name LIKE 'cgroup.memory.refaults'
  OR s.name LIKE 'cgroup.paging.faults' OR s.name IN ('system.cpu.time', 'system.disk.io', 'system.cpu.throttles', 'system.cpu.frequency'))
GROUP BY ALL ORDER BY s.series_id
"""


@dataclass(frozen=True, slots=True)
class Rise:
    """A series within the run: how much it rose, and its mean."""

    series_id: int
    name: str
    labels: Mapping[str, Any]
    rise: float
    mean: float | None


def rises(capture: Any) -> list[Rise]:
    """Every cumulative series that tells of disturbance, from the command's start to its end; nothing without a result."""
    result = capture.manifest.result
    if result is None:
        return []
    start, end = result.t_start_ns, result.t_end_ns
    found = []
    for row in capture.sql(_SQL, [start] * 4 + [end] * 4 + [start, end]).to_pylist():
        begun = _at(start, row["t0"], row["v0"], row["t1"], row["v1"])
        ended = _at(end, row["t2"], row["v2"], row["t3"], row["v3"])
        if row["name"].startswith("cgroup."):
            begun = begun if row["v0"] is None else row["v0"]
            ended = ended if row["v3"] is None else row["v3"]
        if begun is None or ended is None:
            continue
        found.append(
            Rise(
                row["series_id"], row["name"], arguments(row["labels"]), max(0.0, ended - begun), row["mean"]
            )
        )
    return found


def _at(
    t_ns: int, before_ns: int | None, before: float | None, after_ns: int | None, after: float | None
) -> float | None:
    """The curve's value at an instant; beyond its ends, the end's."""
    if before_ns is None or before is None:
        return after
    if after_ns is None or after is None or after_ns <= before_ns:
        return before
    return before + (after - before) * ((t_ns - before_ns) / (after_ns - before_ns))


def counters(capture: Any, found: list[Rise] | None = None) -> dict[str, float]:
    """The counters of ``stats.noise.COUNTERS`` that this capture has. Empty without a result."""
    result = capture.manifest.result
    if result is None or result.wall_s <= 0:
        return {}
    found = rises(capture) if found is None else found
    machine = capture.manifest.machine
    run = {"wall_s": result.wall_s, "cpus": float(max(1, machine.cpu.allowed))}
    told = (
        ("throttled_s", _sum(found, "cgroup.cpu.throttled_time")),
        ("steal_s", _sum(found, "system.cpu.time", mode="steal")),
        ("starved_s", _sum(found, "cgroup.pressure.cpu", kind="full")),
        ("memory_stall_s", _first(found, "cgroup.pressure.memory", "system.pressure.memory", kind="some")),
        ("io_stall_s", _first(found, "cgroup.pressure.io", "system.pressure.io", kind="some")),
        ("refaults", _sum(found, "cgroup.memory.refaults")),
        ("major_faults", _sum(found, "cgroup.paging.faults", type="major")),
        ("thermal_events", _sum(found, "system.cpu.throttles")),
        ("hz", _frequency(found)),
        ("max_hz", machine.cpu.max_hz),
        *_of_processes(capture),
    )
    run |= {name: value for name, value in told if value is not None}
    own = _first(found, "cgroup.cpu.usage")
    own = own if own is not None else run.get("cpu_s")
    busy = [_sum(found, "system.cpu.time", mode=mode) for mode in _BUSY]
    if own is not None and any(value is not None for value in busy):
        recorder = capture.manifest.cost.during_cpu_s
        run["other_cpu_s"] = max(0.0, sum(value or 0.0 for value in busy) - own - recorder)
    reads, writes = (_sum(found, "system.disk.io", direction=way) for way in ("read", "write"))
    if reads is not None and writes is not None and "read_bytes" in run:
        # What it wrote counts when a page becomes dirty; a file that is removed again never reaches the disk.
        run["write_bytes"] = min(run.get("write_bytes", 0.0), writes)
        run["other_io_bytes"] = max(0.0, reads - run["read_bytes"]) + writes - run["write_bytes"]
    return run


def _of_processes(capture: Any) -> Iterator[tuple[str, float | None]]:
    """Sums over the tree's processes: exact where the kernel's own accounting was read."""
    known = processes(capture)
    for counter, argument in (
        ("run_delay_s", "run_delay_s"), ("block_delay_s", "block_delay_s"), ("read_bytes", "read_bytes"), ("write_bytes", "write_bytes"),
    ):  # fmt: skip
        values = [number(one.args.get(argument)) for one in known]
        yield (
            counter,
            sum(value for value in values if value is not None)
            if any(value is not None for value in values)
            else None,
        )
    times = [one.cpu_s for one in known if one.cpu_s is not None]
    yield "cpu_s", sum(times) if times else None


def _matching(found: list[Rise], name: str, labels: Mapping[str, str]) -> list[Rise]:
    return [
        one for one in found
        if one.name == name and all(one.labels.get(key) == value for key, value in labels.items())
    ]  # fmt: skip


def _sum(found: list[Rise], name: str, **labels: str) -> float | None:
    matching = _matching(found, name, labels)
    return sum(one.rise for one in matching) if matching else None


def _first(found: list[Rise], *names: str, **labels: str) -> float | None:
    return next(
        (value for value in (_sum(found, name, **labels) for name in names) if value is not None), None
    )


def _frequency(found: list[Rise]) -> float | None:
    means = [one.mean for one in found if one.name == "system.cpu.frequency" and one.mean]
    return sum(means) / len(means) if means else None
