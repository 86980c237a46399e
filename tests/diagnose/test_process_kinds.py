from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.process_kinds import ProcessKinds
from godyno.testing.captures import SECOND, T0


def rows(capture: Capture) -> dict[str, list[Any]]:
    (finding,) = ProcessKinds().analyze(capture)
    return {row[0]: row[1:] for row in finding.data["rows"]}


def test_each_kind_has_its_count_cpu_and_largest_process(build: Capture) -> None:
    found = rows(build)
    assert set(found) == {"go", "compile", "link"}
    count, cpu_s, _, at_once, largest, together = found["compile"]
    assert (count, at_once, largest) == (12, 2, 200_000_000)
    assert cpu_s == pytest.approx(12 * 8 / 6, rel=0.02)
    # Two at a time: p0 with 60 MB and p1 with 200 MB are the heaviest pair, sampled a little before their ends.
    assert 0.85 * 260e6 < together <= 260e6


def test_the_kind_with_most_cpu_comes_first_and_is_the_claim(build: Capture) -> None:
    (finding,) = ProcessKinds().analyze(build)
    assert finding.data["rows"][0][0] == "compile"
    assert finding.claim.startswith("14 processes of 3 kinds: compile took 9")


def test_its_evidence_runs_and_agrees(build: Capture) -> None:
    (finding,) = ProcessKinds().analyze(build)
    answer = {row["kind"]: row for row in build.sql(finding.evidence[0].sql).to_pylist()}
    assert answer["compile"]["processes"] == 12
    assert answer["compile"]["rss_peak_bytes"] == 200_000_000


def test_processes_one_after_another_are_not_added_up(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        for pid, start in ((5, T0), (6, T0 + SECOND)):
            writer.span(start, start + SECOND, "process", str(pid), "compile", pid, pid, {"ppid": 1})
            series = writer.series("process.memory.usage", "By", "process", {"pid": str(pid)})
            writer.point(series, start, 100.0)
            writer.point(series, start + SECOND // 2, 300.0)

    assert rows(made(fill))["compile"][-1] == 300.0


def test_cpu_that_is_not_known_is_said_to_be(made: Callable[..., Capture]) -> None:
    capture = made(lambda writer: writer.span(T0, T0 + SECOND, "process", "5", "go", 5, 5, {}))
    (finding,) = ProcessKinds().analyze(capture)
    assert finding.data["rows"][0][2] is None
    assert finding.warnings == ("CPU time is not known of 1 of 1 processes.",)


def test_a_capture_without_processes_says_nothing(made: Callable[..., Capture]) -> None:
    assert ProcessKinds().analyze(made(lambda writer: None)) == []
