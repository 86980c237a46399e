"""What studies have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from godyno.errors import UsageError
from godyno.model import Machine, Trial
from godyno.studies.factors import Arm, Constraint
from godyno.studies.study import CONFIRMED, BaseStudy, figure, passed, ratio, shown


class Colours(BaseStudy):
    """A study of two factors."""

    name = "colours"
    summary = "Which colour is best?"
    factors: ClassVar = {"colour": ("red", "green", "blue"), "size": ("s", "m")}
    quick_factors: ClassVar = {"colour": ("red",)}
    choices: ClassVar = {"size": ("s", "m", "l")}
    blocks = 4
    quick_blocks = 2

    def runs(self, levels: Mapping[str, str]) -> int | None:
        return 1 if levels["colour"] == "blue" else None

    def constraints(self) -> tuple[Constraint, ...]:
        return (Constraint("no small green", lambda one: one != {"colour": "green", "size": "s"}),)


def _trial(block: int, colour: str, value: float, verdict: str = "pass") -> Trial:
    return Trial(
        "colours", block, block, {"colour": colour, "size": "s"}, measures={"time": value}, verdict=verdict
    )


def test_levels_are_those_of_the_class_unless_told() -> None:
    assert Colours().levels() == {"colour": ("red", "green", "blue"), "size": ("s", "m")}
    assert Colours(quick=True).levels()["colour"] == ("red",)
    assert Colours(levels={"colour": ("violet",)}, quick=True).levels()["colour"] == ("violet",)


@pytest.mark.parametrize(("levels", "said"), [({"taste": ("x",)}, "no factor 'taste'"), ({"size": ("xl",)}, "cannot be xl"),
                                            ({"colour": ()}, "nothing")])  # fmt: skip
def test_a_factor_or_level_that_there_is_not_is_told(levels: dict[str, tuple[str, ...]], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Colours(levels=levels).plan(Machine(), 0)


def test_what_needs_no_repetition_runs_once_and_in_the_last_block() -> None:
    plan = Colours().plan(Machine(), 3)
    blue = [
        slot.block for slot in plan.slots() if slot.levels["colour"] == "blue" and slot.levels["size"] == "s"
    ]
    red = [slot.block for slot in plan.slots() if Arm(slot.levels).name == "colour=red size=s"]
    assert blue == [3]
    assert red == [0, 1, 2, 3]
    assert "at most 14 runs" in plan.text()


def test_a_plan_of_arms_that_run_once_can_be_printed() -> None:
    plan = Colours(levels={"colour": ("blue",)}).plan(Machine(), 0)
    assert len(plan.slots()) == 2
    assert "block 4: " in plan.text()


def test_constraints_leave_combinations_out_and_say_why() -> None:
    plan = Colours().plan(Machine(), 0)
    assert len(plan.arms) == 5
    assert plan.left_out == {"no small green": 1}


def test_a_ratio_pairs_the_trials_of_a_block_only() -> None:
    trials = [_trial(block, "red", 2.0 + block) for block in range(8)]
    trials += [_trial(block, "green", 3 * (2.0 + block)) for block in range(8) if block != 4]
    found = ratio(trials, "time", {"colour": "red"}, {"colour": "green"})
    assert found is not None
    assert found.n == 7
    assert found.value == pytest.approx(3.0)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(3.0)


def test_few_pairs_give_their_range_with_the_level_that_it_has() -> None:
    trials = [_trial(0, "red", 1.0), _trial(0, "green", 2.0), _trial(1, "red", 1.0), _trial(1, "green", 4.0)]
    found = ratio(trials, "time", {"colour": "red"}, {"colour": "green"})
    assert found is not None
    assert found.interval is not None
    assert (found.interval.low, found.interval.high, found.interval.level) == (2.0, 4.0, 0.5)
    single = ratio(trials[:2], "time", {"colour": "red"}, {"colour": "green"})
    assert single is not None
    assert (single.value, single.interval, single.n) == (2.0, None, 1)
    assert ratio(trials[:1], "time", {"colour": "red"}, {"colour": "green"}) is None


def test_failed_trials_count_nowhere() -> None:
    trials = [_trial(0, "red", 1.0), _trial(1, "red", 100.0, verdict="failed")]
    assert len(passed(trials, colour="red")) == 1
    one = figure(passed(trials), "time", "s")
    assert one is not None
    assert one.value == 1.0
    assert figure(passed(trials), "absent", "s") is None


def test_an_estimate_is_shown_with_its_interval() -> None:
    two = figure([_trial(0, "red", 1.0), _trial(1, "red", 3.0)], "time", "s")
    assert shown(two) == "2.00 s [1.00 s, 3.00 s]"
    assert shown(None) == "–"


def test_a_claim_keeps_what_was_said_and_what_was_found_apart() -> None:
    made = Colours().claim("Red is faster", CONFIRMED, "1.2 times")
    assert made.kind == "claim"
    assert made.data == {"claim": "Red is faster", "verdict": CONFIRMED, "found": "1.2 times"}
