from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.critical_path import Action, CriticalPath, least_s, path_of, read_actions
from godyno.model import Confidence
from godyno.testing.captures import SECOND, T0


def action(name: str, start: int, end: int, *deps: int) -> Action:
    return Action(name, "build", start * SECOND, end * SECOND, None, deps)


def test_the_path_follows_the_dependency_that_ended_last() -> None:
    actions = {
        1: action("a", 0, 2),
        2: action("b", 0, 5),
        3: action("c", 5, 6, 1, 2),
        4: action("d", 2, 3, 1),
    }
    assert path_of(actions) == [2, 3]


def test_the_bound_is_the_longest_chain_by_duration_not_by_clock() -> None:
    # On one slot b waited for a, though it does not depend on it: with two it would take 5 s, not 8.
    actions = {1: action("a", 0, 3), 2: action("b", 3, 6), 3: action("c", 6, 8, 1, 2)}
    assert least_s(actions) == pytest.approx(5.0)


def test_a_graph_with_a_cycle_ends() -> None:
    actions = {1: action("a", 0, 1, 2), 2: action("b", 0, 1, 1), 3: action("c", 1, 2, 3)}
    assert path_of(actions)[-1] == 3
    assert least_s(actions) > 0


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 20), st.lists(st.integers(0, 9), max_size=4)),
        min_size=1,
        max_size=10,
    )
)
def test_no_graph_makes_it_run_on_or_repeat_a_step(rows: list[tuple[int, int, list[int]]]) -> None:
    actions = {
        index: action(str(index), start, start + length, *deps)
        for index, (start, length, deps) in enumerate(rows)
    }
    path = path_of(actions)
    assert len(set(path)) == len(path) >= 1
    assert least_s(actions) >= max(length for _, length, _ in rows)


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    actions = {i: action(str(i), i, i + 1, i - 1) for i in range(1, 20_000)}
    assert least_s(actions) == pytest.approx(19_999)


def test_the_build_of_pairs_is_bound_by_its_chain(build: Capture) -> None:
    (finding,) = CriticalPath().analyze(build)
    names = [step["name"] for step in finding.data["path"]]
    assert names[-1] == "example.com/cmd" and len(names) == 7
    assert finding.data["least_s"] == pytest.approx(finding.data["work_s"], rel=0.01)
    assert "hardly help" in finding.advice and finding.tried == "Not tried."


def test_work_and_waiting_add_up_to_the_whole(build: Capture) -> None:
    (finding,) = CriticalPath().analyze(build)
    rows: list[list[Any]] = finding.data["rows"]
    assert rows[0][1] + sum(row[2] + row[3] for row in rows) == pytest.approx(
        finding.data["wall_s"], abs=1e-6
    )


def test_without_an_action_graph_it_is_guessed_and_says_so(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        for pid, (start, end) in enumerate(((0, 2), (0, 1), (2, 5))):
            writer.span(T0 + start * SECOND, T0 + end * SECOND, "process", str(pid), "compile", pid, pid, {})

    (finding,) = CriticalPath().analyze(made(fill))
    assert finding.confidence is Confidence.LOW and finding.assumption
    assert finding.estimate and finding.estimate.value == pytest.approx(5.0)


def test_actions_that_are_not_of_the_form_are_left_out(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        writer.span(T0, T0 + 1, "action", "build", "a", 0, 0, {"id": "x", "deps": 5})
        writer.span(T0, T0 + 1, "action", "build", "b", 0, 0, {"id": 1, "deps": ["y", 7], "mode": 3})

    assert read_actions(made(fill)) == {1: Action("b", "build", T0, T0 + 1, None, (7,))}
