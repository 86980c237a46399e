"""A claim names a place with the time that was spent there, and not with that of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer
from godyno.diagnose.why.causes import Cause
from godyno.diagnose.why.telling import placed

Made = Callable[..., Capture]
SLEEP = ("k:schedule", "k:do_nanosleep", "k:hrtimer_nanosleep", "k:__x64_sys_nanosleep", "time.Sleep")
GO = ("main.work", "main.main", "runtime.main", "runtime.goexit")
CROSSING = (
    "runtime.asmcgocall.abi0",
    "runtime.cgocall",
    "main._Cfunc_add",
    "main.sum",
    "main.main",
    "runtime.main",
)
WITHIN = (
    "stepOne",
    "_cgo_0123_Cfunc_step",
    *CROSSING[:2],
    "example.com/db._Cfunc_step",
    "example.com/db.Query",
    "main.report",
)


def _cause(capture: Capture, kind: str) -> Cause:
    return next(cause for cause in answer(capture).causes if cause.kind == kind)


def test_the_time_of_two_places_is_not_told_of_one(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.thread(
            1,
            (0, 10, "running"),
            (10, 510, "sleeping"),
            (510, 520, "running", 0),
            (520, 920, "sleeping"),
            (920, 1000, "running", 0),
        )
        s.sample("off_cpu", 10, (*SLEEP, "main.first", "main.main"))
        s.sample("off_cpu", 520, (*SLEEP, "main.second", "main.main"))
        s.sample("cpu", 5, GO)

    found = _cause(scene(fill), "sleep")
    assert found.claim == "It slept for 900 ms, 90% of the path: 500 ms in main.first, 400 ms in main.second"
    assert found.what == "main.first"
    assert [name for name, _ in found.detail] == ["main.first", "main.second"]


@pytest.mark.parametrize(
    ("place", "by", "claim"),
    [
        (" in", {"a.F": 1.0}, "It waited in a.F for 1.00 s, 50% of the path"),
        (" in", {"a.F": 0.95, "a.G": 0.05}, "It waited in a.F for 1.00 s, 50% of the path"),
        (":", {"sleep 1": 1.0}, "It waited: sleep 1 for 1.00 s, 50% of the path"),
        (" in", {}, "It waited in a place that was not recorded for 1.00 s, 50% of the path"),
        (None, {"a.F": 1.0}, "It waited for 1.00 s, 50% of the path"),
        (", called by", {"a.F": 0.5, "a.G": 0.5}, "It waited for 1.00 s, 50% of the path: 500 ms called by a.F, 500 ms called by a.G"),
        (":", {"ls": 0.6, "cat": 0.4}, "It waited for 1.00 s, 50% of the path: 600 ms for ls, 400 ms for cat"),
        (" in", {"a.F": 0.5, **{f"b.{i}": 0.05 for i in range(10)}},
         "It waited for 1.00 s, 50% of the path: 500 ms in a.F, the rest in 10 others"),
        (" in", {"a.F": 0.5}, "It waited for 1.00 s, 50% of the path: 500 ms in a.F, the rest elsewhere"),
    ],
)  # fmt: skip
def test_a_place_has_its_own_time(place: str | None, by: dict[str, float], claim: str) -> None:
    assert placed("It waited", place, by, 1.0, 0.5) == claim


def _in_c(scene: Made, stack: Sequence[str], looked: Sequence[str] = ()) -> Cause:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.thread(1, (0, 1000, "running"))
        for at in (5, 995):
            s.sample("cpu", at, GO)
        for at in range(20, 980, 10):
            s.sample("cpu", at, stack)
        if looked:
            s.look(10)
            s.seen(1, 10, 990, "syscall", "", looked)

    return _cause(scene(fill), "cgo")


def test_who_computes_in_c_is_told_where_in_it_and_by_whom(scene: Made) -> None:
    found = _in_c(scene, WITHIN)
    assert found.claim.startswith("It was in C code, called by main.report for 9")
    assert "most in stepOne (9" in found.advice and "less often" not in found.advice


def test_a_look_tells_who_called_where_the_stack_ends_in_c(scene: Made) -> None:
    found = _in_c(scene, ("stepOne", "0x12"), WITHIN[2:])
    assert "called by main.report" in found.claim and "stepOne" in found.advice


def test_who_calls_c_too_often_is_told_so(scene: Made) -> None:
    found = _in_c(scene, CROSSING)
    assert found.claim.startswith("It was in C code, or calling it, in main.sum for 9")
    assert "Call less often" in found.advice
