"""Throttling laid over collections in a recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from godyno.capture.reader import Capture
from godyno.diagnose.quota import Quota, throttled_windows

_S = 1_000_000_000


def _fill(
    rises: list[float], pauses: list[tuple[float, float]], gc: dict[str, Any] | None = None
) -> Callable[[Any], None]:
    def fill(writer: Any) -> None:
        series = writer.series("cgroup.cpu.throttled_time", "s", "cgroup", {})
        total = 0.0
        for at, rise in enumerate(rises):
            total += rise
            writer.point(series, round(at * 0.1 * _S), total)
        for start, end in pauses:
            writer.span(
                round(start * _S), round(end * _S), "stw", "1", "stop-the-world (GC mark termination)", 1
            )
        if gc is not None:
            writer.span(0, round(0.2 * _S), "gc", "1", "GC 1", 1, 1, gc)

    return fill


def test_pauses_that_meet_throttling_are_told_apart_from_others(made: Callable[..., Capture]) -> None:
    capture = made(_fill([0, 0, 0.08, 0, 0], [(0.12, 0.19), (0.35, 0.3501)]))
    assert [round(window.throttled_s, 3) for window in throttled_windows(capture)] == [0, 0.08, 0, 0]
    (finding,) = Quota().analyze(capture)
    assert finding.kind == "throttled-pauses"
    assert finding.data["throttled_pauses"] == 1
    assert finding.data["pauses"] == 2
    assert round(finding.data["longest_s"], 3) == 0.07


def test_throttling_beside_short_pauses_is_nothing(made: Callable[..., Capture]) -> None:
    assert Quota().analyze(made(_fill([0, 0, 0.08, 0], [(0.12, 0.1201)]))) == []


def test_a_collection_with_more_cpu_than_there_is_was_not_running(made: Callable[..., Capture]) -> None:
    told = {"assist_cpu_s": 4.0, "background_cpu_s": 40.0, "pause_s": 0.1, "procs": 4}
    (finding,) = Quota().analyze(made(_fill([0], [], told)))
    assert finding.kind == "impossible-cpu"
    assert finding.data["impossible"] == 1
    assert Quota().analyze(made(_fill([0], [], {**told, "background_cpu_s": 0.1, "assist_cpu_s": 0.0}))) == []


def test_a_capture_without_collections_says_nothing(made: Callable[..., Capture]) -> None:
    assert Quota().analyze(made(_fill([0, 0.5, 0.5], []))) == []
