from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.counters import counters
from godyno.diagnose.noise import Noise
from godyno.testing.captures import SECOND, T0

# A run of ten seconds on two processors, with nothing beside it: (series, labels) to what it rises by in that time.
_QUIET: dict[tuple[str, str, str], float] = {
    ("cgroup.cpu.usage", "", ""): 9.0,
    ("cgroup.cpu.throttled_time", "", ""): 0.0,
    ("cgroup.pressure.cpu", "kind", "full"): 0.01,
    ("cgroup.pressure.memory", "kind", "some"): 0.0,
    ("cgroup.pressure.io", "kind", "some"): 0.02,
    ("cgroup.memory.refaults", "", ""): 0.0,
    ("system.cpu.time", "mode", "user"): 9.2,
    ("system.cpu.time", "mode", "steal"): 0.0,
    ("system.disk.io", "direction", "read"): 0.0,
    ("system.disk.io", "direction", "write"): 1e5,
}


def a_run(
    changed: Mapping[tuple[str, str, str], float] | None = None, **args: object
) -> Callable[[TableWriter], None]:
    """Each counter looked at every second, from half a second before the run to half a second after it; ``args`` are its process's."""

    def fill(writer: TableWriter) -> None:
        used = {
            "user_s": 9.0,
            "system_s": 0.0,
            "read_bytes": 0,
            "write_bytes": 0,
            "run_delay_s": 0.02,
            **args,
        }
        writer.span(T0, T0 + 10 * SECOND, "process", "100", "work", 100, 100, {"ppid": 1, **used})
        for (name, key, value), rise in (_QUIET | dict(changed or {})).items():
            series = writer.series(name, "s", "machine", {key: value} if key else {})
            for look in range(12):
                # It rises inside the run only; what happened before and after it is none of its business.
                at = T0 - SECOND // 2 + look * SECOND
                inside = min(max(at - T0, 0), 10 * SECOND) / (10 * SECOND)
                writer.point(series, at, 500.0 + rise * inside)

    return fill


_CAUSES: list[tuple[str, dict[tuple[str, str, str], float], dict[str, object]]] = [
    (
        "cpu-quota",
        {("cgroup.cpu.throttled_time", "", ""): 4.0, ("cgroup.pressure.cpu", "kind", "full"): 4.0},
        {},
    ),
    ("steal", {("system.cpu.time", "mode", "steal"): 3.0}, {}),
    (
        "neighbours",
        {("cgroup.pressure.cpu", "kind", "full"): 3.0, ("system.cpu.time", "mode", "user"): 18.0},
        {},
    ),
    ("memory-pressure", {("cgroup.pressure.memory", "kind", "some"): 3.0}, {}),
    (
        "cold-caches",
        {("cgroup.pressure.io", "kind", "some"): 2.0, ("system.disk.io", "direction", "read"): 5e8},
        {"read_bytes": 500_000_000},
    ),
    (
        "disk-load",
        {("cgroup.pressure.io", "kind", "some"): 2.0, ("system.disk.io", "direction", "write"): 9e9},
        {},
    ),
]


@pytest.mark.parametrize(("kind", "changed", "args"), _CAUSES, ids=[kind for kind, _, _ in _CAUSES])
def test_each_cause_is_named_alone_with_its_size_bounds_and_evidence(
    made: Callable[..., Capture], kind: str, changed: Any, args: Any
) -> None:
    capture = made(a_run(changed, **args))
    (finding,) = Noise().analyze(capture)
    assert finding.kind == kind and finding.severity == "warning"
    assert finding.estimate and finding.estimate.interval
    assert finding.estimate.interval.low <= finding.estimate.value <= finding.estimate.interval.high
    assert finding.evidence and all(capture.sql(one.sql).num_rows for one in finding.evidence)
    assert finding.advice and finding.tried


def test_a_quiet_run_is_said_to_be_undisturbed_and_what_cannot_be_told_is_named(
    made: Callable[..., Capture],
) -> None:
    (finding,) = Noise().analyze(made(a_run()))
    assert finding.kind == "undisturbed"
    assert [text for text in finding.warnings if "frequency" in text]


def test_the_share_is_of_the_runs_time_not_of_the_watched_time(made: Callable[..., Capture]) -> None:
    (finding,) = Noise().analyze(made(a_run(dict(_CAUSES[3][1]))))
    assert finding.estimate and finding.estimate.value == pytest.approx(0.3)
    assert "3.00 s" in finding.claim


def test_files_read_back_after_eviction_are_memory_pressure_not_cold_caches(
    made: Callable[..., Capture],
) -> None:
    changed = {
        ("cgroup.pressure.memory", "kind", "some"): 1.0, ("cgroup.pressure.io", "kind", "some"): 3.0,
        ("cgroup.memory.refaults", "", ""): 122_000.0, ("system.disk.io", "direction", "read"): 5e8,
    }  # fmt: skip
    (finding,) = Noise().analyze(made(a_run(changed, read_bytes=500_000_000)))
    assert finding.kind == "memory-pressure"
    assert finding.estimate and finding.estimate.value == pytest.approx(0.3, abs=0.01)


def test_the_recorders_own_cpu_is_no_neighbour(made: Callable[..., Capture]) -> None:
    capture = made(a_run())
    recorder = capture.manifest.cost.during_cpu_s
    assert recorder > 0
    assert counters(capture)["other_cpu_s"] == pytest.approx(0.2 - recorder, abs=0.3)


def test_running_on_battery_is_named(made: Callable[..., Capture]) -> None:
    capture = made(a_run())
    capture.manifest = replace(
        capture.manifest, machine=replace(capture.manifest.machine, power_source="battery")
    )
    assert "on-battery" in [finding.kind for finding in Noise().analyze(capture)]


def test_pauses_of_the_collector_and_its_own_queue_are_told_apart_from_disturbances(
    made: Callable[..., Capture],
) -> None:
    def fill(writer: TableWriter) -> None:
        a_run(run_delay_s=6.0)(writer)
        for cycle in range(5):
            start = T0 + cycle * SECOND
            writer.span(start, start + SECOND // 10, "gc", "work", "mark termination (STW)", 100, 0, {})

    found = {finding.kind: finding for finding in Noise().analyze(made(fill))}
    assert set(found) == {"undisturbed", "own-queue", "gc-pauses"}
    pauses = found["gc-pauses"].estimate
    assert pauses and pauses.value == pytest.approx(0.05) and pauses.n == 5


def test_what_was_not_watched_is_not_called_quiet(made: Callable[..., Capture]) -> None:
    assert Noise().analyze(made(lambda writer: None)) == []
