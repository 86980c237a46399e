from __future__ import annotations

from pathlib import Path

import pytest

from godyno.capture.reader import Capture, open_capture
from godyno.capture.tables import TableWriter
from godyno.report.sparks import PARTS, sparks
from godyno.testing.captures import SECOND, T0, write_capture


def test_the_lines_are_of_the_command_where_the_capture_has_them(build: Capture) -> None:
    lines = {line.label: line for line in sparks(build)}
    assert set(lines) == {"CPU", "memory"}
    assert len(lines["memory"].values) == PARTS
    assert max(value or 0 for value in lines["memory"].values) == pytest.approx(
        200e6, rel=0.02
    )  # anon: 120 to 200 MB


def test_a_counter_adds_up_to_what_was_used(build: Capture) -> None:
    cpu = next(line for line in sparks(build) if line.label == "CPU")
    used = build.sql(
        "SELECT sum(d) AS s FROM (SELECT max(value) - min(value) AS d FROM points JOIN series USING (series_id) "
        "WHERE name = 'process.cpu.time' GROUP BY series_id)"
    )["s"][0].as_py()
    assert sum(value or 0 for value in cpu.values) * 10.0 / PARTS == pytest.approx(used, rel=1e-6)


def test_a_share_of_time_is_never_more_than_all_of_it(tmp_path: Path) -> None:
    def fill(writer: TableWriter) -> None:  # two seconds of waiting are first seen when sampling goes on
        series = writer.series("system.pressure.cpu", "s", "pressure", {"kind": "some"})
        for at, value in ((1, 0.0), (3, 2.0)):
            writer.point(series, T0 + at * SECOND, value)

    with open_capture(write_capture(tmp_path / "paused.dyno", fill)) as capture:
        (waiting,) = sparks(capture)
    assert max(value or 0 for value in waiting.values) == 1.0
