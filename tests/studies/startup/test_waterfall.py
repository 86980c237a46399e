"""What a recorded start says of bare ones: which part of it is whose, and whether that part dominates."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from godyno.model import Estimate
from godyno.report.document import Grid
from godyno.studies.startup.causes import Slice, _detail
from godyno.studies.startup.page import _waterfall, dominating
from godyno.studies.startup.result import Cause, Place, Waterfall
from godyno.studies.startup.waterfall import _bare, _called, _places

MS = 1_000_000


def a_slice(start_ms: int, end_ms: int, state: str, call: str = "") -> Slice:
    return Slice(start_ms * MS, end_ms * MS, state, state, "", call)


def recorded(took_s: float, **by_state: float) -> Any:
    taken = by_state.get("neighbours", 0.0) + by_state.get("observer", 0.0)
    return SimpleNamespace(took_s=took_s, taken_s=taken, by_state=by_state)


def a_waterfall(own_share: float) -> Waterfall:
    place = Place(
        "init m/table", "init", 0.01, 0.01, Estimate(own_share, "1"), (), "go", "m/table", "", 0.01, own_share
    )
    return Waterfall("warm", 0.1, 0.1, 3, 1.0, (), (), (place,))


def test_a_moment_without_a_cpu_belongs_to_the_function_that_main_was_in() -> None:
    found = _called(
        [a_slice(0, 5, "go", "main.load"), a_slice(5, 9, "neighbours"), a_slice(9, 12, "quota"), a_slice(12, 14, "observer"),
         a_slice(14, 20, "go", "main.serve")],
        True,
    )  # fmt: skip
    assert [one.call for one in found] == ["main.load", "main.load", "main.load", "", "main.serve"]


def test_outside_of_main_nothing_is_put_to_a_function() -> None:
    found = _called([a_slice(0, 5, "go", "m/table.build"), a_slice(5, 9, "neighbours")], False)
    assert [one.call for one in found] == ["m/table.build", ""]


def test_what_neighbours_take_from_bare_starts_too_is_saved_with_the_work_that_they_slow() -> None:
    one = recorded(0.4, go=0.2, neighbours=0.2)
    assert _bare({"go": 0.18, "neighbours": 0.15}, one, 0.5) == pytest.approx(0.45)


def test_a_wait_is_as_long_without_recording_and_only_work_is_scaled() -> None:
    one = recorded(0.2, dns=0.1, go=0.1)
    assert _bare({"dns": 0.1}, one, 0.15) == pytest.approx(0.1)
    assert _bare({"go": 0.04}, one, 0.15) == pytest.approx(0.02)


def test_waiting_for_a_quota_is_owed_to_who_used_it_up() -> None:
    one = recorded(0.2, go=0.08, kernel=0.02, quota=0.1)
    assert _bare({"go": 0.08}, one, 0.2) == pytest.approx(
        0.16
    )  # though it waited for the quota in none of it
    assert _bare({"kernel": 0.02, "quota": 0.1}, one, 0.2) == pytest.approx(0.04)


def test_an_init_in_which_a_quota_happens_to_run_out_is_not_what_took_the_time() -> None:
    """In each start the wait falls into another small init, or into the one that used it up."""

    def start(wait_in: str) -> Any:
        one = recorded(0.16, go=0.06, quota=0.1)
        parts: dict[tuple[str, str], dict[str, float]] = {
            ("init", "m/table"): {"go": 0.057}, ("init", "os"): {"go": 0.003}, ("init", "errors"): {},
        }  # fmt: skip
        parts["init", wait_in]["quota"] = 0.1
        one.by_place = lambda: parts
        return one

    starts = [start("os"), start("m/table"), start("errors")]
    first, second, *_ = _places(starts[0], starts, 0.16)
    assert (first.package, first.cause) == ("m/table", "quota")
    assert first.own_s == pytest.approx(0.057 + 0.095)
    assert first.own_share == pytest.approx(0.95)
    assert second.package == "os" and second.own_s == pytest.approx(0.008)


def test_the_largest_part_of_a_start_of_many_parts_is_not_accused() -> None:
    assert a_waterfall(0.33).dominating is None
    assert dominating(a_waterfall(0.33)) == (
        "Nothing dominates a warm start: the most, the init of m/table, is 33 % of its own time."
    )
    first = a_waterfall(0.6).dominating
    assert first is not None and first.package == "m/table"


def test_what_dominates_is_told_by_both_measures_that_the_table_has_and_the_table_is_sorted() -> None:
    busy, held = (
        Place(label, "init", seconds, own, Estimate(seconds / 0.1, "1"), (), "go", label, "", 0.01, own / 0.05)
        for label, seconds, own in (("m/busy", 0.03, 0.03), ("m/held", 0.06, 0.015))
    )  # fmt: skip
    found = replace(a_waterfall(0.6), places=(busy, held))
    assert dominating(found).startswith(
        "The init of m/busy is 60 % of a warm start's own time, which is without what the machine took, and 30 % of the whole: "
    )
    table = next(block for block in _waterfall(found) if isinstance(block, Grid))
    assert [row[:3] for row in table.rows] == [("m/held", "60 %", "30 %"), ("m/busy", "30 %", "60 %")]


def test_what_was_waited_through_holds_nothing() -> None:
    segment: Any = SimpleNamespace(detail="main.main", holder="wait: main.main")
    assert _detail(segment) == "main.main"
    segment.holder = "main.keep"
    assert _detail(segment) == "main.main, held by main.keep"


def test_what_watching_took_is_not_the_machines() -> None:
    causes = tuple(
        Cause(state, state, seconds, seconds / 0.1, Estimate(seconds / 0.1, "1"))
        for state, seconds in (("observer", 0.03), ("neighbours", 0.02))
    )
    assert "The machine took 20 % of the recorded start" in dominating(
        replace(a_waterfall(0.6), causes=causes)
    )
