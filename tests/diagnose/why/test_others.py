from __future__ import annotations

from collections.abc import Callable

import pytest

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.why import answer
from godyno.diagnose.why.others import others
from godyno.model import Result, Workload
from godyno.testing.captures import SECOND, T0


def a_build(writer: TableWriter) -> None:
    """Four packages compiled in two seconds on two workers, of which one has to wait for another."""
    for number, (start, end) in enumerate(((0, 1), (0, 1), (1, 2), (1, 2))):
        args = {"id": number, "mode": "build", "deps": [0] if number == 2 else [], "cmd_real_s": 1.0}
        writer.span(
            T0 + start * SECOND, T0 + end * SECOND, "action", "build", f"example.com/p{number}", 0, 0, args
        )
    writer.span(
        T0, T0 + 2 * SECOND, "process", "5", "go", 5, 5, {"ppid": 1, "kind": "go", "argv": ["go", "build"]}
    )


def test_causes_of_builds_are_listed_by_what_they_save_and_hardware_last(
    made: Callable[..., Capture],
) -> None:
    result = Result(T0, T0 + 2 * SECOND, 0, 0, 2.0, 0.0)
    capture = made(a_build, workload=Workload(("go", "build", "./...")), result=result)
    found = others(capture, 2.0)
    assert [one.saves_s for one in found] == sorted((one.saves_s for one in found), reverse=True)
    causes = answer(capture).causes
    assert {"cache-miss"} <= {one.kind for one in causes}
    assert sum(one.saves_s for one in causes if one.kind == "cache-miss") > 0.9
    assert all(one.what for one in found)


def test_a_window_and_what_saves_nothing_have_none(made: Callable[..., Capture]) -> None:
    result = Result(T0, T0 + 2 * SECOND, 0, 0, 2.0, 0.0)
    capture = made(a_build, workload=Workload(("go", "build", "./...")), result=result)
    assert others(capture, 1000.0) == []
    assert not any(one.kind == "cache-miss" for one in answer(capture, T0, T0 + SECOND).causes)


def test_other_commands_have_none(made: Callable[..., Capture]) -> None:
    assert others(made(a_build, workload=Workload(("./service",))), 2.0) == pytest.approx([])


def test_the_path_of_a_run_is_walked_once(made: Callable[..., Capture]) -> None:
    result = Result(T0, T0 + 2 * SECOND, 0, 0, 2.0, 0.0)
    capture = made(a_build, workload=Workload(("./service",)), result=result)
    assert answer(capture).attribution is answer(capture).attribution
    assert answer(capture, T0, T0 + SECOND).attribution is not answer(capture).attribution


@pytest.mark.parametrize(("flag", "told"), [("-count=1", True), ("-v", False), ("-json", False)])
def test_a_test_run_whose_tests_go_did_not_tell_of_says_so(
    made: Callable[..., Capture], flag: str, told: bool
) -> None:
    def fill(writer: TableWriter) -> None:
        writer.span(
            T0, T0 + SECOND, "process", "5", "go", 5, 5, {"ppid": 1, "kind": "go", "argv": ["go", "test"]}
        )
        writer.span(T0, T0 + SECOND, "thread_state", "5/5", "running", 5, 5)

    result = Result(T0, T0 + SECOND, 0, 0, 1.0, 0.0)
    capture = made(fill, workload=Workload(("go", "test", flag, "./...")), result=result)
    assert any("Without -v or -json" in text for text in answer(capture).attribution.missing) is told
