from __future__ import annotations

from collections.abc import Callable

import pytest

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.pressure import Pressure
from godyno.testing.captures import SECOND, T0


def rising(name: str, per_second: float, **labels: str) -> Callable[[TableWriter], None]:
    def fill(writer: TableWriter) -> None:
        series = writer.series(name, "s", "machine", labels)
        for step in range(11):
            writer.point(series, T0 + step * SECOND, 1000.0 + per_second * step)

    return fill


@pytest.mark.parametrize(
    ("fill", "kind", "severity"),
    [
        (rising("system.pressure.cpu", 0.3, type="some"), "cpu-pressure", "note"),
        (rising("cgroup.pressure.memory", 0.2, type="some"), "memory-pressure", "warning"),
        (rising("cgroup.cpu.throttled_time", 0.2), "throttled", "warning"),
        (rising("cgroup.cpu.throttled_time", 0.01), "throttled", "note"),
    ],
)
def test_what_was_waited_for_is_named(
    made: Callable[..., Capture], fill: Callable[[TableWriter], None], kind: str, severity: str
) -> None:
    (finding,) = Pressure().analyze(made(fill))
    assert (finding.kind, finding.severity) == (kind, severity)
    assert finding.advice and finding.tried


def test_the_share_is_of_the_time_that_was_watched(made: Callable[..., Capture]) -> None:
    (finding,) = Pressure().analyze(made(rising("system.pressure.cpu", 0.3, type="some")))
    assert finding.estimate and finding.estimate.value == pytest.approx(0.3)
    assert finding.claim.startswith("For 30 % of the time")


def test_full_pressure_is_not_told_beside_some(made: Callable[..., Capture]) -> None:
    (finding,) = Pressure().analyze(made(rising("system.pressure.cpu", 0.9, type="full")))
    assert finding.kind == "no-pressure"


def test_steal_is_a_share_of_all_cpu_time(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        rising("system.cpu.time", 0.9, mode="user")(writer)
        rising("system.cpu.time", 0.1, mode="steal")(writer)

    (finding,) = Pressure().analyze(made(fill))
    assert finding.kind == "steal" and finding.claim.startswith("10 % of the machine's CPU time")


def test_a_quiet_machine_is_said_to_be_quiet(build: Capture) -> None:
    (finding,) = Pressure().analyze(build)
    assert finding.kind == "no-pressure" and finding.data["series"] == ["system.cpu.time"]


def test_what_was_not_watched_is_not_called_quiet(made: Callable[..., Capture]) -> None:
    assert Pressure().analyze(made(lambda writer: None)) == []
