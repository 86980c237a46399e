"""Gates on a start's time."""

from __future__ import annotations

import pytest

from godyno.errors import UsageError
from godyno.studies.startup.gate import BROKEN, PASSED, UNPROVEN, Gate, judge, statistic


def test_a_gate_is_read_as_one_writes_it() -> None:
    assert Gate.parse("p95<500ms") == Gate("p95", 0.5)
    assert Gate.parse("cold:max < 2s") == Gate("max", 2.0, "cold")
    assert Gate.parse("median<=10ms").text == "median<10.0ms"


@pytest.mark.parametrize("text", ["", "p95", "p95>3s", "p95<", "p95<x", "p100<1s", "hot:p95<1s"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Gate.parse(text)


def test_a_gate_that_many_starts_break_is_broken() -> None:
    (found,) = judge(Gate.parse("p95<100ms"), {"warm": [0.2] * 10})
    assert found.code == BROKEN


def test_a_gate_that_chance_could_break_is_not_proven() -> None:
    (found,) = judge(Gate.parse("p95<100ms"), {"warm": [0.05] * 9 + [0.2]})
    assert found.code == UNPROVEN and "chance" in found.said


def test_a_gate_that_holds_says_how_many_starts_would_prove_it() -> None:
    (found,) = judge(Gate.parse("p95<100ms"), {"warm": [0.05] * 20})
    assert found.code == PASSED and "59 starts" in found.said
    (found,) = judge(Gate.parse("p95<100ms"), {"warm": [0.05] * 59})
    assert found.code == PASSED and "prove" not in found.said


def test_a_gate_on_the_longest_start_says_how_many_were_too_long() -> None:
    (found,) = judge(Gate.parse("max<100ms"), {"warm": [0.05, 0.2, 0.3]})
    assert (found.code, found.said) == (BROKEN, "2 of 3 starts were not below 100 ms")


def test_each_state_is_judged_unless_one_is_named() -> None:
    took = {"warm": [0.05] * 10, "cold": [0.5] * 10}
    assert [one.code for one in judge(Gate.parse("median<100ms"), took)] == [PASSED, BROKEN]
    assert [one.state for one in judge(Gate.parse("warm:median<100ms"), took)] == ["warm"]


def test_a_gate_that_judges_nothing_does_not_pass() -> None:
    with pytest.raises(UsageError):
        judge(Gate.parse("cold:p95<1s"), {"warm": [0.1]})


def test_statistics_of_known_values() -> None:
    values = [4.0, 1.0, 3.0, 2.0]
    assert (statistic("median", values), statistic("max", values), statistic("mean", values)) == (
        2.5,
        4.0,
        2.5,
    )
    assert statistic("p95", [1.0]) == 1.0
