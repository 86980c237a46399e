from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from godyno.capture.reader import Capture, open_capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.critical_path import CriticalPath
from godyno.model import Finding
from godyno.report.lanes import lanes, pack, path_lane
from godyno.report.page_data import Window, window_of
from godyno.report.payload import Payload
from godyno.report.why_lane import why_lane
from godyno.testing.captures import SECOND, T0, write_capture


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 50), st.integers(0, 20)), max_size=40))
def test_rows_hold_every_span_once_in_order_and_never_two_at_a_time(
    spans: list[tuple[str, int, int]],
) -> None:
    tracks = [track for track, _, _ in spans]
    start = np.array([begin for _, begin, _ in spans], dtype=np.uint32)
    end = np.array([begin + length for _, begin, length in spans], dtype=np.uint32)
    rows = pack(tracks, start, end, ["a", "b"])
    assert sorted(index for _, members in rows for index in members) == list(range(len(spans)))
    for track, members in rows:
        assert all(tracks[index] == track for index in members)
        assert all(start[b] >= max(end[a], start[a] + 1) for a, b in pairwise(members))


def test_no_more_rows_than_spans_at_once() -> None:
    start = np.array([0, 5, 10, 11], dtype=np.uint32)
    end = np.array([5, 10, 20, 20], dtype=np.uint32)
    assert [members for _, members in pack(["x"] * 4, start, end, ["x"])] == [[0, 1, 2], [3]]


def test_the_process_tree_is_stacked_by_depth(build: Capture) -> None:
    tree = lanes(build, window_of(build), Payload(), 1000)[0]
    assert tree["title"] == "Process tree"
    assert [track["label"] for track in tree["tracks"]] == ["command", "children", ""]
    assert [track["n"] for track in tree["tracks"]] == [1, 7, 6]
    assert tree["colors"] == ["go", "compile", "link"]


def test_of_too_many_spans_the_longest_are_kept_and_the_rest_counted(tmp_path: Path) -> None:
    def fill(writer: TableWriter) -> None:
        for index in range(3000):
            writer.span(T0 + index, T0 + 2 * index, "syscall", "1", "read", 1, 1, {})

    with open_capture(write_capture(tmp_path / "many.dyno", fill)) as capture:
        (lane,) = lanes(capture, Window(T0, T0 + 6000), Payload(), 500)
    assert lane["note"].startswith("3,000 spans, the 1,000 longest on this page")


def test_the_critical_path_is_a_lane_of_one_row(build: Capture) -> None:
    (lane,) = path_lane(CriticalPath().analyze(build), window_of(build), Payload())
    assert [track["n"] for track in lane["tracks"]] == [7]
    assert lane["names"][-1] == "link example.com/cmd" and lane["colors"] == ["build", "link"]


def test_a_forged_path_is_left_out(build: Capture) -> None:
    for path in ("x", [5, {}, {"t_start_ns": 5, "t_end_ns": 1}, {"t_start_ns": "a", "t_end_ns": 1}]):
        assert (
            path_lane([Finding("x", "critical-path", "", data={"path": path})], window_of(build), Payload())
            == []
        )
    huge = [{"t_start_ns": -(10**40), "t_end_ns": 10**40, "name": None}]
    (lane,) = path_lane([Finding("x", "critical-path", "", data={"path": huge})], window_of(build), Payload())
    assert lane["names"] == [""]


def test_events_are_a_lane_of_their_own(tmp_path: Path) -> None:
    with open_capture(
        write_capture(tmp_path / "e.dyno", lambda writer: writer.event(T0, "go", "proc", "GOMAXPROCS"))
    ) as capture:
        (lane,) = lanes(capture, Window(T0, T0 + 10), Payload(), 500)
    assert (lane["title"], lane["note"], lane["names"]) == ("Events: go", "1 event", ["GOMAXPROCS"])


def test_the_runs_critical_path_is_a_lane_of_one_row_coloured_by_state(tmp_path: Path) -> None:
    def fill(writer: Any) -> None:
        writer.span(T0, T0 + SECOND, "process", "7", "service", 7, 7, {})
        half = T0 + SECOND // 2
        for start, end, state in (
            (T0, half, "running"),
            (half, T0 + SECOND - 1000, "sleeping"),
            (T0 + SECOND - 1000, T0 + SECOND, "running"),
        ):
            writer.span(start, end, "thread_state", "7/7", state, 7, 7, None)
        stack = writer.stack(
            [(name, "", 0, "[kernel]") for name in ("schedule", "do_nanosleep", "__x64_sys_nanosleep")]
        )
        writer.sample(half, "off_cpu", stack, 0.5, 7, 7, 0)

    with open_capture(write_capture(tmp_path / "path.dyno", fill)) as capture:
        (lane,) = why_lane(capture, window_of(capture), Payload())
        assert len(lane["tracks"]) == 1 and lane["tracks"][0]["n"] >= 2
        assert "timer" in lane["colors"] and any(name.startswith("blocked: timer") for name in lane["names"])


def test_without_threads_states_there_is_no_such_lane(build: Capture) -> None:
    assert why_lane(build, window_of(build), Payload()) == []
