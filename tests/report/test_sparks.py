from __future__ import annotations

import pytest

from godyno.capture.reader import Capture
from godyno.report.sparks import PARTS, sparks


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
