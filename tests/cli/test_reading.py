"""show, query, list and report, as a user runs them, by their whole output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from godyno.model import Workload
from godyno.testing.captures import a_build, write_capture


@pytest.fixture
def build(tmp_path: Path) -> Path:
    return write_capture(tmp_path / "build.dyno", a_build())


def test_show_tells_the_build_on_80_columns(godyno: Any, build: Path) -> None:
    ran = godyno("show", "build.dyno")
    text = ran.out.decode()
    assert ran.code == 0 and ran.err == b""
    assert text.startswith("go build ./...\nRecorded 2026-01-01T00:00:00Z on bench\nWall time    10.0 s")
    assert max(len(line) for line in text.splitlines()) <= 80
    for heading in (
        "Peak memory against the limits",
        "Time and memory by kind of process",
        "The critical path of the build",
        "The packages that cost most",
        "Garbage collection",
        "Waiting for the machine",
        "What this capture does not show",
    ):
        assert f"\n{heading}\n" in text


def test_show_as_json_holds_manifest_and_findings(godyno: Any, build: Path) -> None:
    answer = godyno("show", "build.dyno", "--json").json
    assert answer["manifest"]["workload"]["argv"] == ["go", "build", "./..."]
    assert {"peak-memory", "process-kinds", "critical-path"} <= {
        finding["kind"] for finding in answer["findings"]
    }


def test_query_gives_text_json_and_csv(godyno: Any, build: Path) -> None:
    sql = "SELECT name, count(*) AS n FROM spans WHERE layer = 'process' GROUP BY 1 ORDER BY 2 DESC, 1"
    assert godyno("query", "build.dyno", sql).out == b"name      n\ncompile  12\ngo        1\nlink      1\n"
    assert godyno("query", "build.dyno", sql, "--json").json[0] == {"name": "compile", "n": 12}
    assert godyno("query", "build.dyno", sql, "--csv").out == b"name,n\ncompile,12\ngo,1\nlink,1\n"
    nested = godyno("query", "build.dyno", "SELECT ['a', NULL] AS l, {'k': 1} AS s", "--csv")
    assert nested.out == b'l,s\n"[""a"", null]","{""k"": 1}"\n'


def test_json_of_a_query_is_json_whatever_the_numbers(godyno: Any, build: Path) -> None:
    ran = godyno("query", "build.dyno", "SELECT 'nan'::DOUBLE AS a, 'inf'::DOUBLE AS b, 1.5 AS c", "--json")
    assert json.loads(ran.out, parse_constant=lambda name: pytest.fail(name)) == [
        {"a": None, "b": None, "c": 1.5}
    ]


def test_sql_that_does_not_run_is_one_error_with_the_tables(godyno: Any, build: Path) -> None:
    ran = godyno("query", "build.dyno", "SELECT nope FROM spans")
    assert ran.code == 6 and ran.out == b""
    assert b"nope" in ran.err and b"The tables are series, points" in ran.err


def test_list_shows_the_newest_first_and_names_what_is_broken(
    godyno: Any, tmp_path: Path, build: Path
) -> None:
    write_capture(tmp_path / "later.dyno", lambda writer: None, workload=Workload(("go", "vet", "a b")))
    (tmp_path / "broken.dyno").mkdir()
    rows = {Path(row["capture"]).name: row for row in godyno("list", "--json").json}
    assert rows["later.dyno"]["command"] == "go vet 'a b'"
    assert rows["build.dyno"]["wall_s"] == 10.0 and rows["build.dyno"]["peak_bytes"] == 250_000_000
    assert rows["broken.dyno"]["state"] == "unreadable"
    text = godyno("list").out.decode()
    assert "build.dyno" in text and "10.0 s  250 MB  exit 0" in text


def test_list_of_an_empty_directory_says_how_to_make_one(godyno: Any) -> None:
    assert godyno("list").out == b"There are no captures in . yet: `godyno record -- COMMAND` makes one.\n"


def test_report_writes_a_page_or_markdown(godyno: Any, tmp_path: Path, build: Path) -> None:
    assert godyno("report", "build.dyno").out == b"build.html\n"
    assert (tmp_path / "build.html").read_text().startswith("<!doctype html>")
    assert godyno("report", "build.dyno", "-o", "pr.md").code == 0
    assert (tmp_path / "pr.md").read_text().startswith("# `go build ./...`")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show", "absent.dyno"), 5, b"does not exist"),
        (("report", "build.dyno", "-o", "x.pdf"), 64, b"FILE.html or FILE.md"),
        (("report", "build.dyno", "-o", "no/such/x.md"), 70, b"cannot be written"),
        (("query", "build.dyno", "SELECT 1", "--json", "--csv"), 64, b"exclude each other"),
        (("list", "absent"), 64, b"is no directory"),
    ],
)
def test_bad_input_is_one_error_and_a_way_on(
    godyno: Any, build: Path, arguments: tuple[str, ...], code: int, words: bytes
) -> None:
    ran = godyno(*arguments)
    assert ran.code == code and words in ran.err and b"Traceback" not in ran.err


def test_of_what_was_attached_to_no_end_is_told(godyno: Any, tmp_path: Path) -> None:
    write_capture(tmp_path / "at.dyno", a_build(), notes={"attached": {"pids": [7], "cgroup": ""}})
    head = godyno("show", "at.dyno").out.decode().partition("Over time")[0]
    assert "for which it was watched" in head and "not started by godyno" in head and "exit 0" not in head
