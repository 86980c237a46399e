"""Where samples are: by function as pprof counts, by what each process worked on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

import godyno
from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.cli.show import command
from godyno.diagnose.hottest import hottest
from godyno.errors import UsageError
from godyno.testing.captures import T0

MAIN = ("main.main", "/src/main.go", 3, "x")
WORK = ("main.work", "/src/work.go", 9, "x")
KERNEL = ("", "", 0, "[kernel]")


def a_build(sink: TableWriter) -> None:
    """A pid of two lives (a compiler, then a linker), a test binary, a process that nothing is known of."""
    for start, end, pid, name, args in (
        (0, 50, 7, "compile", {"kind": "compile", "package": "net/http"}),
        (50, 100, 7, "link", {"kind": "link"}),
        (0, 100, 8, "cli.test", {"kind": "test", "package": "example.com/cli"}),
    ):
        sink.span(T0 + start, T0 + end, "process", str(pid), name, pid, pid, args)
    recursive, main, unnamed = sink.stack([WORK, WORK, MAIN]), sink.stack([MAIN]), sink.stack([KERNEL])
    for t_ns, stack, weight, pid, goroutine in (
        (10, recursive, 3.0, 7, 1), (60, recursive, 1.0, 7, 1), (20, main, 2.0, 8, 5), (30, unnamed, 2.0, 9, 0),
    ):  # fmt: skip
        sink.sample(T0 + t_ns, "cpu", stack, weight, pid, pid, goroutine)
    for t_ns, weight in ((10, 100.0), (20, 40.0)):
        sink.sample(T0 + t_ns, "heap", main, weight, 8)


@pytest.fixture
def capture(made: Callable[..., Capture]) -> Capture:
    return made(a_build)


def figures(capture: Capture, **asked: Any) -> dict[str, tuple[float, float]]:
    return {row.name: (row.flat, row.cum) for row in hottest(capture, **asked).rows}


def test_a_function_counts_once_in_a_sample_however_often_it_is_on_the_stack(capture: Capture) -> None:
    assert figures(capture) == {"main.work": (4.0, 4.0), "main.main": (2.0, 6.0), "[unknown]": (2.0, 2.0)}
    assert hottest(capture).rows[0].function == "/src/work.go"


def test_processes_are_told_apart_by_what_they_worked_on_at_that_time(capture: Capture) -> None:
    assert figures(capture, by="package") == {
        "compile net/http": (3.0, 3.0), "link": (1.0, 1.0), "test example.com/cli": (2.0, 2.0), "process 9": (2.0, 2.0),
    }  # fmt: skip
    assert set(figures(capture, by="process")) == {
        "compile net/http (7)", "link (7)", "test example.com/cli (8)", "process (9)",
    }  # fmt: skip
    assert figures(capture, by="goroutine")["goroutine 5 of test example.com/cli (8)"] == (2.0, 2.0)


def test_of_states_the_last_counts_and_carries_no_doubt_of_chance(capture: Capture) -> None:
    found = hottest(capture, "heap")
    assert (found.total, found.unit, found.rows[0].flat_interval) == (40.0, "By", None)
    (first, *_) = hottest(capture).rows
    assert first.flat_interval is not None and 0.5 in first.flat_interval


def test_the_command_says_what_the_api_says(capture: Capture) -> None:
    path = str(capture.path)
    shown = CliRunner().invoke(command, [path, "--top", "2", "--json"])
    assert json.loads(shown.stdout) == {"capture": path, **godyno.hottest(capture, most=2).as_json()}
    text = CliRunner().invoke(command, [path, "--top"]).stdout
    assert text.startswith("On-CPU: 8.00 s in 4 samples; 3 of 3 functions.")
    assert "4.00 s  50.0%" in text
    assert CliRunner().invoke(command, ["--top", path]).stdout == text  # as `go tool pprof -top FILE`
    for wrong in (["--top", "0", path], ["--top", "x", path], [path, "--by", "package"], ["--top"], []):
        assert CliRunner().invoke(command, wrong).exit_code


@pytest.mark.parametrize("asked", [{"layer": "nix"}, {"by": "nix"}])
def test_what_is_not_there_is_refused_with_what_is(capture: Capture, asked: dict[str, str]) -> None:
    with pytest.raises(UsageError) as error:
        hottest(capture, **asked)
    assert error.value.hint


def test_a_capture_without_samples_says_how_to_get_them(made: Callable[..., Capture]) -> None:
    with pytest.raises(UsageError, match="no samples"):
        hottest(made(lambda writer: None))
