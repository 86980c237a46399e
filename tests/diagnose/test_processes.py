from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.diagnose.processes import (
    Process,
    arguments,
    at_once,
    busy_s,
    depths,
    parents,
    process,
    processes,
)


def one(pid: int, ppid: int, start: int, end: int = 100) -> Process:
    return Process(pid, "x", "x", start, end, ppid=ppid)


TOOLS = "/usr/lib/go/pkg/tool/linux_amd64"


@pytest.mark.parametrize(
    ("name", "args", "label"),
    [
        ("compile", {"exe": f"{TOOLS}/compile", "argv": ["compile", "-p", "net/http"]}, "compile net/http"),
        ("compile", {"kind": "compile", "package": "net/http"}, "compile net/http"),
        ("cli.test", {"argv": ["/tmp/go-build1/b001/cli.test", "-test.v"]}, "test cli.test"),
        ("cli.test", {"kind": "test", "package": "example.com/cli"}, "test example.com/cli"),
        ("grep", {"argv": ["grep", "-p", "net/http"]}, "grep"),
        ("mytool.exe", {}, "mytool"),
        ("", {}, "unknown"),
    ],
)
def test_a_process_is_told_by_what_it_runs_and_works_on(name: str, args: dict[str, Any], label: str) -> None:
    assert process(0, 1, "1", name, 1, args).label == label


def test_the_parent_is_the_life_of_that_pid_which_had_begun() -> None:
    found = [one(7, 0, 0), one(7, 0, 50), one(8, 7, 20), one(9, 7, 60)]
    assert parents(found) == {0: None, 1: None, 2: 0, 3: 1}
    assert depths(found) == [0, 0, 1, 1]


def test_a_forged_cycle_of_parents_ends() -> None:
    assert max(depths([one(1, 2, 0), one(2, 1, 0)])) <= 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)), max_size=12))
def test_depths_end_whatever_the_parents_say(rows: list[tuple[int, int, int]]) -> None:
    found = sorted((one(pid, ppid, start) for pid, ppid, start in rows), key=lambda p: p.t_start_ns)
    assert len(depths(found)) == len(found)


def test_overlapping_lives_count_once_in_busy_time() -> None:
    assert busy_s([(0, 10), (5, 20), (30, 40), (31, 32)]) == pytest.approx(30e-9)
    assert at_once([(0, 10), (5, 20), (10, 12), (7, 8)]) == 3


@pytest.mark.parametrize("text", [None, "", "[1]", "{", '"x"', "[" * 10_000])
def test_arguments_that_are_no_object_are_empty(text: str | None) -> None:
    assert arguments(text) == {}


def test_values_of_the_wrong_type_are_unknown_not_an_error() -> None:
    found = process(
        0,
        1,
        "1",
        "x",
        1,
        json.loads(
            '{"user_s": "a", "argv": 5, "ppid": [], "rss_peak_bytes": 1e999, "kind": {}, "exit_code": true}'
        ),
    )
    assert (found.cpu_s, found.argv, found.ppid, found.rss_peak_bytes, found.kind, found.exit_code) == (
        None,
        (),
        0,
        None,
        "x",
        None,
    )


def test_every_process_of_a_capture_is_read(build: object) -> None:
    found = processes(build)
    assert [p.kind for p in found].count("compile") == 12
    assert found[0].kind == "go" and found[1].package == "example.com/p0"
