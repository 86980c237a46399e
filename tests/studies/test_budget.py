"""What a study says of the time that it takes."""

from __future__ import annotations

from godyno.model import Trial
from godyno.studies.budget import Times, ended_early, suggested
from godyno.studies.factors import Factor
from godyno.studies.plan import Plan


def _plan(blocks: int = 3) -> Plan:
    return Plan.of("s", [Factor.of("a", "x", "y", "z")], blocks)


def test_once_round_counts_preparation_and_guesses_arms_that_never_ran_by_the_others() -> None:
    times = Times(10.0, {"a=x": 2.0, "a=y": 4.0})
    assert times.once_s(_plan()) == 10.0 + 2.0 + 4.0 + 3.0
    assert times.whole_s(_plan()) == 10.0 + 3 * 9.0


def test_a_plan_says_what_its_budget_holds() -> None:
    times = Times(10.0, {"a=x": 2.0, "a=y": 2.0, "a=z": 2.0})
    assert "holds all of it" in times.text(_plan(), 60.0)
    assert "every arm at least once" in times.text(_plan(), 20.0)
    assert "not every arm: that needs --budget 30s" in times.text(_plan(), 12.0)


def test_a_suggested_budget_has_room_and_a_whole_number() -> None:
    assert (suggested(20.0), suggested(100.0), suggested(90.0)) == ("30s", "3m", "2m")


def test_only_a_budget_that_left_arms_out_is_told() -> None:
    done = [Trial("s", index, 0, {"a": level}, verdict="pass") for index, level in enumerate("xyz")]
    assert ended_early(_plan(), done, Times(0.0), 5.0, "") == ""
    said = ended_early(_plan(), done[:1], Times(1.0, {"a=x": 4.0}), 5.0, "")
    assert "2 of 3 are missing" in said and "--budget 30s" in said
    assert "while it was compiling" in ended_early(_plan(), [], Times(0.0), 5.0, "compiling")
