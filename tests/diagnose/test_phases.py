"""The phases of a start, from its milestones."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pyarrow as pa

from godyno.diagnose.phases import (
    EXEC,
    INIT,
    LOADER,
    MAIN,
    OBSERVER,
    PROGRAM,
    RUNTIME,
    Phase,
    gathered,
    phases,
    start_of,
)


class _Capture:
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def sql(self, query: str, parameters: Any = ()) -> Any:
        return pa.Table.from_pylist(self.rows)


def _marks(*marks: tuple[int, str, str]) -> _Capture:
    return _Capture(
        [
            {"t_ns": t, "name": name, "args": json.dumps({"package": package} if package else {})}
            for t, name, package in marks
        ]
    )


GO = (
    (10, "loader", ""), (20, "entry", ""), (21, "runtime", ""), (30, "runtime main", ""), (31, "init", "internal/bytealg"),
    (32, "init", "runtime"),
    (40, "init", "errors"), (41, "init", "runtime"), (50, "init", "example.com/slow"), (90, "main", ""),
)  # fmt: skip


def test_the_phases_follow_each_other_without_a_gap_and_add_up() -> None:
    found = phases(_marks(*GO), 1, 0, 100)
    assert [one.kind for one in found] == [EXEC, LOADER, "C start", RUNTIME, INIT, INIT, MAIN]
    assert all(a.t_end_ns == b.t_start_ns for a, b in pairwise(found))
    assert found[0].t_start_ns == 0 and found[-1].t_end_ns == 100


def test_the_runtimes_own_packages_are_the_runtimes_and_a_task_that_is_done_counts_once() -> None:
    found = phases(_marks(*GO), 1, 0, 100)
    assert [(one.package, one.t_end_ns - one.t_start_ns) for one in found if one.kind == INIT] == [
        ("errors", 10),
        ("example.com/slow", 40),
    ]
    assert next(one for one in found if one.kind == RUNTIME).t_end_ns == 40


def test_a_static_program_has_no_loader_and_its_entry_is_the_runtime() -> None:
    found = phases(_marks(*GO[1:]), 1, 0, 100)
    assert [one.kind for one in found][:2] == [EXEC, RUNTIME]
    assert sum(one.t_end_ns - one.t_start_ns for one in found) == 100


def test_a_program_that_is_not_go_is_one_phase_after_its_loader() -> None:
    found = phases(_marks((10, "loader", ""), (20, "entry", "")), 1, 0, 100)
    assert [one.kind for one in found] == [EXEC, LOADER, PROGRAM]


def test_what_godyno_built_in_is_a_phase_of_its_own() -> None:
    found = phases(
        _marks(*GO[:-1], (60, "observer", ""), (70, "observer done", ""), (80, "main", "")), 1, 0, 100
    )
    assert [(one.kind, one.t_end_ns - one.t_start_ns) for one in found][-3:] == [
        (OBSERVER, 10),
        (INIT, 10),
        (MAIN, 20),
    ]


def test_without_any_milestone_all_is_exec() -> None:
    assert [one.kind for one in phases(_marks(), 1, 0, 100)] == [EXEC] or phases(_marks(), 1, 0, 100) == []


def test_exec_begins_with_the_second_that_succeeded() -> None:
    rows = [
        {"t_start_ns": t, "args": json.dumps({"result": result})} for t, result in ((5, 0), (7, -2), (9, 0))
    ]
    assert start_of(_Capture(rows), 1, 1) == 9
    assert start_of(_Capture(rows[:1]), 1, 1) == 1


def test_small_inits_beside_each_other_share_a_row() -> None:
    found = [
        Phase(INIT, 0, 10, "a"),
        Phase(INIT, 10, 20, "b"),
        Phase(INIT, 20, 10**9, "slow"),
        Phase(INIT, 10**9, 10**9 + 5, "c"),
    ]
    assert [label for label, _ in gathered(found, 1e-6)] == ["init of 2 packages", "init slow", "init c"]
