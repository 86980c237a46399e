from __future__ import annotations

import base64
import gzip
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.capture.reader import Capture, open_capture
from godyno.capture.tables import TableWriter
from godyno.report.charts import Chart, Series
from godyno.report.page_data import Budget, Window, levels, page_data, rate, window_of
from godyno.report.payload import Payload, clean
from godyno.testing.captures import SECOND, T0, write_capture


class Page:
    """What the page's own script reads, read by Python."""

    def __init__(self, text: str) -> None:
        data = gzip.decompress(base64.b64decode(text))
        (length,) = struct.unpack_from("<I", data)
        self.header: dict[str, Any] = json.loads(data[4 : 4 + length])
        self.base = -(-(4 + length) // 8) * 8
        self.data = data

    def column(self, column: dict[str, Any]) -> Any:
        kind = {"u32": "<u4", "i32": "<i4", "f32": "<f4", "f64": "<f8"}[column["type"]]
        values = np.frombuffer(self.data, kind, column["n"], self.base + column["at"])
        return np.cumsum(values, dtype=kind) if column.get("delta") else values

    def chart(self, title: str) -> dict[str, Any]:
        return next(chart for chart in self.header["charts"] if chart["title"].startswith(title))


@given(st.lists(st.integers(0, 2**32 - 1), max_size=50), st.booleans())
def test_columns_come_back_as_they_were(values: list[int], delta: bool) -> None:
    payload = Payload()
    payload.column(np.array([1.5]), "f64")
    reference = payload.column(np.array(values, dtype=np.uint32), "u32", delta)
    assert Page(payload.packed({"c": reference})).column(reference).tolist() == values


def test_equal_columns_are_stored_once() -> None:
    payload = Payload()
    first = payload.column(np.arange(1000), "u32", True)
    size = payload.size
    assert payload.column(np.arange(1000), "u32", True) == first and payload.size == size


def test_a_small_capture_is_carried_whole(build: Capture) -> None:
    page = Page(page_data(build))
    chart = page.chart("The command's cgroup: memory")
    assert [line["label"] for line in chart["series"]] == ["usage", "anon", "file"]
    usage = chart["series"][0]
    sql = build.sql(
        "SELECT t_ns, value FROM points JOIN series USING (series_id) WHERE name = 'cgroup.memory.usage' ORDER BY t_ns"
    )
    assert ((page.column(usage["t"]).astype(int) * page.header["tick_ns"]) + T0).tolist() == sql[
        "t_ns"
    ].to_pylist()
    assert page.column(usage["lo"]).tolist() == pytest.approx(sql["value"].to_pylist(), rel=1e-6)
    assert "hi" not in usage


def test_a_counter_is_carried_as_its_rate(build: Capture) -> None:
    page = Page(page_data(build))
    user = page.chart("Machine: CPU by mode")["series"][0]
    values = build.sql(
        "SELECT (value - lag(value) OVER w) / ((t_ns - lag(t_ns) OVER w) / 1e9) AS rate FROM points JOIN series USING (series_id) "
        "WHERE name = 'system.cpu.time' AND labels->>'mode' = 'user' WINDOW w AS (ORDER BY t_ns) ORDER BY t_ns"
    )["rate"].to_pylist()
    assert page.column(user["lo"]).tolist() == pytest.approx(values[1:], rel=1e-6)


def test_a_reset_counter_gives_no_rate_for_that_step() -> None:
    t, values = rate(np.array([0, 10, 20, 30]) * SECOND // 10, np.array([5.0, 6.0, 1.0, 3.0]))
    assert t.tolist() == [SECOND, 3 * SECOND] and values.tolist() == [1.0, 2.0]


def chart_of(*counts: int) -> Chart:
    return Chart(
        "", "", "", False, True, 0, [Series(i, "x", "", "", {}, count) for i, count in enumerate(counts)]
    )


@given(st.lists(st.integers(1, 2_000_000), min_size=1, max_size=40), st.integers(20_000, 500_000))
def test_a_budget_is_kept_unless_the_coarsest_breaks_it(counts: list[int], buckets: int) -> None:
    level = levels([chart_of(*counts)], buckets)
    spent = sum(-(-count // 16 ** level[i]) for i, count in enumerate(counts))
    assert spent <= max(buckets, len(counts) * 2400)


def test_what_is_seen_first_gets_its_detail_first() -> None:
    level = levels([chart_of(36_000, 36_000)], 40_000)
    assert level == {0: 0, 1: 1}


def test_with_room_every_series_is_exact() -> None:
    assert set(levels([chart_of(10, 5000, 36_000)], 100_000).values()) == {0}


def test_a_long_series_is_bounded_by_its_pyramid(tmp_path: Path) -> None:
    def fill(writer: TableWriter) -> None:
        series = writer.series("go.memory.used", "By", "go")
        for step in range(20_000):
            writer.point(series, T0 + step * SECOND // 1000, float(step % 97))

    with open_capture(write_capture(tmp_path / "long.dyno", fill)) as capture:
        page = Page(page_data(capture, Budget(buckets=2_000)))
        (line,) = page.header["charts"][0]["series"]
        t, low, high = (page.column(line[name]) for name in ("t", "lo", "hi"))
        assert len(t) == 1250
        sql = capture.sql('SELECT "min" AS lo, "max" AS hi FROM pyramid WHERE level = 1 ORDER BY t_start_ns')
        assert low.tolist() == sql["lo"].to_pylist() and high.tolist() == sql["hi"].to_pylist()
        assert "bounds of 16 samples" in page.header["charts"][0]["note"]


def test_processes_are_added_up_by_kind(build: Capture) -> None:
    page = Page(page_data(build))
    memory = {line["label"]: line for line in page.chart("All processes: resident memory")["series"]}
    assert set(memory) == {"all", "go", "compile", "link"}
    assert 0.85 * 260e6 < memory["compile"]["peak"] <= 260e6
    cpu = {line["label"]: page.column(line["lo"]) for line in page.chart("All processes: CPU")["series"]}
    assert cpu["compile"].max() == pytest.approx(
        1.8, rel=0.01
    )  # two at once, 0.9 user CPU seconds a second each


def test_the_window_is_the_commands_run_and_what_outlived_it(build: Capture) -> None:
    assert window_of(build) == Window(T0, T0 + 10 * SECOND)


def test_a_capture_of_forged_times_has_a_bounded_window(tmp_path: Path) -> None:
    def fill(writer: TableWriter) -> None:
        series = writer.series("x", "", "")
        writer.point(series, -(2**63), 1.0)
        writer.point(series, 2**63 - 1, float("inf"))
        writer.span(-(2**63), 2**63 - 1, "gc", "", "", 0, 0, {})
        writer.event(0, "gc", "", "")
        writer.line(5, "stdout", "x" * 10_000)

    with open_capture(write_capture(tmp_path / "forged.dyno", fill, result=None)) as capture:
        header = Page(page_data(capture)).header
        assert header["span_ticks"] < 2**32


def test_an_empty_capture_makes_a_page(tmp_path: Path) -> None:
    with open_capture(write_capture(tmp_path / "empty.dyno", lambda writer: None, result=None)) as capture:
        header = Page(page_data(capture)).header
        assert (header["charts"], header["lanes"], header["lines"]) == ([], [], None)


def test_the_middle_of_too_much_output_stays_out_and_is_counted(tmp_path: Path) -> None:
    def fill(writer: TableWriter) -> None:
        for index in range(1000):
            writer.line(T0 + index, "stdout", f"line {index}")

    with open_capture(write_capture(tmp_path / "lines.dyno", fill)) as capture:
        lines = Page(page_data(capture, Budget(lines=100))).header["lines"]
    assert len(lines["text"]) == 100
    assert (lines["text"][0], lines["text"][24], lines["text"][25], lines["text"][-1]) == (
        "line 0",
        "line 24",
        "line 925",
        "line 999",
    )
    assert lines["note"] == "1,000 lines, 900 of them in the middle not on this page"


def test_control_characters_are_shown_by_name_and_colours_go() -> None:
    assert clean("\x1b[31mred\x1b[0m\ttab\r\x07\u202e") == "red\ttab\\x0d\\x07\\u202e"
