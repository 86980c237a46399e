from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.builds.downloads import Downloads
from godyno.diagnose.builds.flaky_tests import FlakyTests
from godyno.diagnose.builds.schedule import played_s
from godyno.diagnose.builds.serial_tests import SerialTests
from godyno.diagnose.builds.side_work import SideWork
from godyno.diagnose.builds.slots import Slots
from godyno.diagnose.builds.slow_tests import SlowTests
from godyno.diagnose.critical_path import Action
from godyno.model import Result, Workload
from godyno.testing.captures import SECOND, T0

BUILD, TEST = Workload(("go", "build", "./...")), Workload(("go", "test", "-json", "./..."))


def at(seconds: float) -> int:
    return T0 + round(seconds * SECOND)


def action(
    writer: TableWriter,
    number: int,
    mode: str,
    name: str,
    start: float,
    end: float,
    *deps: int,
    ran: bool = True,
    **args: Any,
) -> None:
    writer.span(
        at(start), at(end), "action", mode, name, 0, 0,
        {"id": number, "mode": mode, "deps": list(deps), **({"cmd_real_s": end - start} if ran else {}), **args},
    )  # fmt: skip


def test_of(
    writer: TableWriter,
    name: str,
    start: float,
    end: float,
    outcome: str = "pass",
    paused: float | None = None,
) -> None:
    args: dict[str, Any] = {
        "package": "example.com/p",
        "outcome": outcome,
        "running_s": end - start - (paused or 0.0),
    }
    writer.span(
        at(start),
        at(end),
        "test",
        "example.com/p",
        name,
        args=args | ({} if paused is None else {"paused_s": paused}),
    )


test_of.__test__ = False  # type: ignore[attr-defined]


def binary(writer: TableWriter, start: float, end: float, cpu: float) -> None:
    args = {
        "ppid": 1,
        "kind": "test",
        "exe": "/tmp/go-build1/b001/p.test",
        "argv": ["/tmp/go-build1/b001/p.test"],
        "cpu_s": cpu,
    }
    writer.span(at(start), at(end), "process", "7", "p.test", 7, 7, args)


def ended(seconds: float) -> Result:
    return Result(T0, at(seconds), 0, 0, 1.0, 0.1)


# ---- played again


def done(number: int, start: float, end: float, *deps: int) -> Action:
    return Action(str(number), "build", at(start), at(end), None, deps)


def test_a_build_played_again_takes_as_long_as_it_did() -> None:
    actions = {1: done(1, 0, 2), 2: done(2, 0, 3), 3: done(3, 3, 4, 1, 2), 4: done(4, 2, 5, 1)}
    assert played_s(actions, 2) == pytest.approx(5.0)
    assert played_s(actions, 1) == pytest.approx(9.0)
    assert played_s(actions, 2, {4: 0.0}) == pytest.approx(4.0)


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 20), st.lists(st.integers(0, 9), max_size=4)),
        max_size=10,
    ),
    st.integers(1, 4),
)
def test_no_graph_makes_playing_run_on(rows: list[tuple[int, int, list[int]]], workers: int) -> None:
    actions = {
        index: done(index, start, start + length, *deps) for index, (start, length, deps) in enumerate(rows)
    }
    assert 0 <= played_s(actions, workers) <= sum(length for _, length, _ in rows) + 1e-6


# ---- builds


def test_a_package_that_everything_waited_for_is_named_and_cut(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        action(writer, 1, "build", "example.com/big", 0, 6, source_bytes=9000)
        for number in (2, 3):
            action(writer, number, "build", f"example.com/leaf{number}", 6, 8, 1)

    (finding,) = Slots().analyze(made(fill, workload=BUILD, result=ended(8)))
    assert finding.kind == "alone" and finding.data["alone_s"] == pytest.approx(6.0)
    assert finding.data["saves_s"] == pytest.approx(3.0) and "Cut example.com/big" in finding.advice


def test_more_workers_are_for_a_machine_that_has_more_processors(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        for number in range(8):
            action(writer, number, "build", f"p{number}", number // 2, number // 2 + 1)

    (finding,) = Slots().analyze(made(fill, workload=BUILD, result=ended(4)))
    assert (finding.kind, finding.data["saves_s"], finding.data["needs"]) == (
        "more-workers",
        pytest.approx(2.0),
        "hardware",
    )


def test_vet_saves_only_what_it_held_up(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        action(writer, 1, "build", "a", 0, 2)
        action(writer, 2, "vet", "a", 2, 3, 1)
        action(writer, 3, "link", "a.test", 2, 5, 1)
        action(writer, 4, "test run", "a", 5, 6, 2, 3, ran=False)

    capture = made(fill, workload=TEST, result=ended(6))
    found = SideWork().analyze(capture)
    kinds = {one.kind: one for one in found}
    shown = {kind: capture.sql(one.evidence[0].sql).to_pylist() for kind, one in kinds.items()}
    assert shown["vet"] == [{"name": "a", "track": "vet", "lasted_s": 1.0}]
    assert [row["name"] for row in shown["linking"]] == ["a.test"]
    assert kinds["vet"].data["saves_s"] == pytest.approx(0.0) and kinds["vet"].data["vet_s"] == pytest.approx(
        1.0
    )
    assert (
        kinds["linking"].data["at_most_s"] == kinds["linking"].data["saves_s"] == pytest.approx(2.0)
    )  # vet then ends last, at 3 s, instead of the link at 5


def test_cgo_of_the_standard_library_alone_can_be_left_out(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        action(writer, 1, "build", "net", 0, 5, objdir="/tmp/go-build1/b010")
        for pid, (kind, start, end) in enumerate(
            (("cgo", 0.0, 1.0), ("cc1", 1.0, 3.0), ("as", 3.0, 3.5)), 20
        ):
            args = {"ppid": 1, "kind": kind, "objdir": "/tmp/go-build1/b010"}
            writer.span(at(start), at(end), "process", str(pid), kind, pid, pid, args)

    (finding,) = (
        one for one in SideWork().analyze(made(fill, workload=BUILD, result=ended(5))) if one.kind == "cgo"
    )
    assert finding.data["saves_s"] == pytest.approx(3.5) and "CGO_ENABLED=0" in finding.advice


def test_generated_code_is_weighed_by_its_share_of_the_source(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        action(writer, 1, "build", "example.com/pb", 0, 4, source_bytes=1000, generated_bytes=750)

    found = SideWork().analyze(made(fill, workload=BUILD, result=ended(4)))
    assert [(one.kind, one.data["generated_s"]) for one in found] == [("generated-code", pytest.approx(3.0))]


def test_downloads_are_what_the_build_waited_for(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        writer.line(at(0.5), "stderr", "go: downloading example.com/a v1.0.0")
        writer.line(at(2.5), "stderr", "go: downloading example.com/b v1.2.0")
        action(writer, 1, "build", "example.com/c", 4, 5)

    (finding,) = Downloads().analyze(made(fill, workload=BUILD, result=ended(5)))
    assert finding.data["saves_s"] == pytest.approx(3.5) and finding.data["modules"] == 2
    assert finding.data["rows"][0][:2] == ["example.com/a", "v1.0.0"]


# ---- tests


def test_serial_tests_that_wait_could_wait_together(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        action(writer, 1, "test run", "example.com/p", 0, 4.2, ran=False)
        binary(writer, 0, 4.2, cpu=0.1)
        for index in range(4):
            test_of(writer, f"TestWait{index}", 0.1 + index, 1.1 + index)

    (finding,) = SerialTests().analyze(made(fill, workload=TEST, result=ended(4.2)))
    assert finding.kind == "serial-tests" and finding.data["saves_s"] == pytest.approx(
        2.0, abs=0.05
    )  # two at once, on two processors


def test_serial_tests_that_compute_are_left_alone(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        binary(writer, 0, 4.2, cpu=4.0)
        for index in range(4):
            test_of(writer, f"TestWork{index}", 0.1 + index, 1.1 + index)

    assert SerialTests().analyze(made(fill, workload=TEST, result=ended(4.2))) == []


def test_parallel_tests_behind_a_serial_one_and_a_tail_are_told(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        binary(writer, 0, 9.1, cpu=0.2)
        test_of(writer, "TestSerial", 0, 5)
        for index, end in enumerate((5.5, 5.6, 9.0)):
            test_of(writer, f"TestParallel{index}", 0, end, paused=5.0)

    kinds = {one.kind: one for one in SerialTests().analyze(made(fill, workload=TEST, result=ended(9.1)))}
    assert "TestSerial" in kinds["parallel-waited"].claim
    assert kinds["tail"].data["tail_s"] == pytest.approx(3.4) and "TestParallel2" in kinds["tail"].claim


def test_parallel_tests_that_wait_for_a_turn_to_wait_want_a_larger_parallel(
    made: Callable[..., Capture],
) -> None:
    def fill(writer: TableWriter) -> None:
        binary(writer, 0, 4.1, cpu=0.05)
        for index in range(8):  # two at a time
            end = 1.0 + index // 2
            test_of(writer, f"TestParallel{index}", 0, end, paused=end - 1.0)

    (finding,) = SerialTests().analyze(made(fill, workload=TEST, result=ended(4.1)))
    assert finding.kind == "parallel-limit" and finding.data["try"] == "-parallel=8"
    assert finding.data["saves_s"] == pytest.approx(3.0, abs=0.01)


def test_a_test_with_both_outcomes_is_flaky_and_its_parent_is_not_told_again(
    made: Callable[..., Capture],
) -> None:
    def fill(writer: TableWriter) -> None:
        for index, outcome in enumerate(("pass", "fail", "pass", "pass")):
            test_of(writer, "TestParent", index, index + 0.5, outcome)
            test_of(writer, "TestParent/case", index, index + 0.4, outcome)
            test_of(writer, "TestFirm", index, index + 0.4)

    (finding,) = FlakyTests().analyze(made(fill, workload=TEST, result=ended(4)))
    assert [row[:4] for row in finding.data["rows"]] == [["TestParent/case", "example.com/p", 1, 4]]
    assert finding.estimate and finding.estimate.interval and 0.25 in finding.estimate.interval


def test_the_slowest_test_and_a_long_start_are_told(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        binary(writer, 0, 5, cpu=1)
        test_of(writer, "TestSlow", 2, 4)
        test_of(writer, "TestFast", 4, 4.1)

    kinds = {one.kind: one for one in SlowTests().analyze(made(fill, workload=TEST, result=ended(5)))}
    assert "TestSlow" in kinds["slow-tests"].claim
    assert kinds["test-start"].data["rows"] == [["example.com/p", pytest.approx(2.0), pytest.approx(0.9)]]


def test_a_failed_test_whose_time_is_not_known_is_no_slow_one(made: Callable[..., Capture]) -> None:
    def fill(
        writer: TableWriter,
    ) -> None:  # plain go test: all of the output at the end, of single tests only what failed
        binary(writer, 0, 5, cpu=1)
        test_of(writer, "TestFailed", 5, 5, "fail")

    assert SlowTests().analyze(made(fill, workload=TEST, result=ended(5))) == []
