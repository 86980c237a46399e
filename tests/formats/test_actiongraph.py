import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError
from godyno.formats.actiongraph import Action, action_graph, critical_path

DATA = Path(__file__).parent.parent / "data" / "actiongraph"


@pytest.mark.parametrize("version", ["1.21.13", "1.27.3"])
def test_a_real_build_s_actions_are_read(version: str) -> None:
    actions = action_graph((DATA / f"build-{version}.json").read_bytes())
    compiles = {
        action.package: action for action in actions if action.mode == "build" and action.ran_commands
    }
    compile_b = compiles["example.com/m/b"]
    assert compile_b.command_real_s > 0.005
    assert compile_b.work_s >= compile_b.command_real_s
    assert 0 <= compile_b.queueing_s < 1
    assert "-p example.com/m/b" in compile_b.commands[0]
    assert compile_b.objdir in compile_b.commands[0]


@pytest.mark.parametrize("version", ["1.21.13", "1.27.3"])
def test_the_critical_path_of_a_real_build_ends_at_the_binary_and_accounts_for_all_the_time(
    version: str,
) -> None:
    actions = action_graph((DATA / f"build-{version}.json").read_bytes())
    path = critical_path(actions)
    names = [(action.mode, action.package) for action in path if action.ran_commands]
    assert names[-1][0] in ("link", "link-install")
    assert ("build", "example.com/m/cmd/x") in names
    assert [a.done_at_ns for a in path] == sorted(a.done_at_ns for a in path)
    first, last = path[0].ready_at_ns, path[-1].done_at_ns
    assert sum(action.work_s + action.queueing_s for action in path) == pytest.approx(
        (last - first) * 1e-9, rel=0.02
    )


def action(number: int, ready: int, start: int, done: int, *deps: int) -> Action:
    return Action(number, "build", f"p{number}", deps, ready, start, done)


def test_the_dependency_that_ended_last_is_the_critical_one() -> None:
    chain = critical_path([action(0, 60, 61, 90, 1, 2), action(1, 0, 5, 60), action(2, 0, 1, 50)])
    assert [(each.id, each.queueing_s, each.work_s) for each in chain] == [
        (1, pytest.approx(5e-9), pytest.approx(55e-9)),
        (0, pytest.approx(1e-9), pytest.approx(29e-9)),
    ]


def test_cycles_unknown_dependencies_and_actions_that_never_ran_do_not_matter() -> None:
    assert [
        a.id for a in critical_path([action(0, 0, 1, 2, 1, 99), action(1, 0, 0, 1, 0), Action(5, "nop")])
    ] == [1, 0]
    assert critical_path([]) == ()
    assert critical_path([Action(1, "nop")]) == ()


def test_zero_times_mean_that_it_never_ran() -> None:
    (only,) = action_graph('[{"ID": 3, "Mode": "nop", "TimeReady": "0001-01-01T00:00:00Z"}]')
    assert (only.ready_at_ns, only.queueing_s, only.work_s) == (None, 0.0, 0.0)


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '[{"Mode": "build"}]', '[{"ID": 1', '[{"ID":1,"TimeDone":"soon"}]']
)
def test_what_is_no_action_graph_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        action_graph(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda x: st.lists(x, max_size=3),
)
FIELDS = st.sampled_from(
    ["ID", "Mode", "Package", "Deps", "TimeReady", "TimeDone", "Cmd", "CmdReal", "Objdir", "Target"]
)


@given(st.binary() | st.text() | st.lists(st.dictionaries(FIELDS, JSON)).map(json.dumps))
def test_nothing_raises_anything_but_format_error(text: str | bytes) -> None:
    try:
        critical_path(action_graph(text))
    except FormatError:
        pass
