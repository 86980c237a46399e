from __future__ import annotations

from collections.abc import Callable

import pytest

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.packages import Packages
from godyno.testing.captures import SECOND, T0


def test_time_and_memory_each_have_their_own_order(build: Capture) -> None:
    time, memory = Packages().analyze(build)
    assert time.kind == "packages-by-time" and len(time.data["rows"]) == 12
    assert memory.data["rows"][0][:2] == ["example.com/p1", 200_000_000]
    assert sum(row[2] for row in time.data["rows"]) == pytest.approx(1.0)


def test_without_packages_of_processes_the_action_graph_tells_the_time(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        writer.span(T0, T0 + SECOND, "action", "build", "a", 0, 0, {"cmd_user_s": 0.7, "cmd_sys_s": 0.1})
        writer.span(T0, T0 + SECOND, "action", "build", "cached", 0, 0, {})

    (finding,) = Packages().analyze(made(fill))
    assert [row[0] for row in finding.data["rows"]] == ["a"]
    assert finding.estimate and finding.estimate.value == pytest.approx(0.8)


def test_nothing_built_is_nothing_said(made: Callable[..., Capture]) -> None:
    assert Packages().analyze(made(lambda writer: None)) == []
