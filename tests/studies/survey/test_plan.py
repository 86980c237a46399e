from __future__ import annotations

from collections import Counter

from godyno.studies.survey.plan import WANTED_RUNS, Budget, Times, left_to_do_s, rounds


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_budget_runs_from_its_making_and_never_below_zero() -> None:
    clock = Clock()
    budget = Budget(60.0, clock)
    clock.now_s += 20.0
    assert (budget.spent_s(), budget.left_s()) == (20.0, 40.0)
    clock.now_s += 100.0
    assert budget.left_s() == 0.0


def test_what_was_never_run_is_guessed_from_the_cold_build() -> None:
    times = Times({"build-cold": 1.0, "vet": 0.5}, overhead_s=1.0)
    assert times.expected_s("vet") is None
    times.add("build-cold", 20.0)
    assert times.expected_s("vet") == 11.0
    assert not times.known("vet")


def test_the_longest_run_so_far_is_what_is_expected() -> None:
    times = Times({})
    times.add("vet", 3.0)
    times.add("vet", 5.0)
    times.add("vet", 4.0)
    assert times.expected_s("vet") == 5.0


def test_time_left_is_never_more_than_the_budget() -> None:
    times, clock = Times({}), Clock()
    budget = Budget(10.0, clock)
    times.add("vet", 8.0)
    assert left_to_do_s(times, ["vet"], budget) == (8.0, True)
    assert left_to_do_s(times, ["vet", "vet"], budget) == (10.0, True)


def test_time_left_is_a_guess_while_a_step_was_never_timed() -> None:
    times, budget = Times({}), Budget(10.0, Clock())
    times.add("vet", 1.0)
    assert left_to_do_s(times, ["vet", "test"], budget) == (10.0, False)


def test_rounds_give_every_activity_its_full_number() -> None:
    order = rounds(["a", "b", "c"], {"a": 1, "b": 4}, {"a": 1.0, "b": 9.0, "c": 9.0}, seed=0)
    assert Counter(order) == {"a": WANTED_RUNS - 1, "b": WANTED_RUNS - 4, "c": WANTED_RUNS}


def test_cheap_activities_come_first() -> None:
    order = rounds(["slow", "quick"], {}, {"slow": 30.0, "quick": 0.5}, seed=0)
    assert order == ["quick"] * WANTED_RUNS + ["slow"] * WANTED_RUNS


def test_runs_of_one_kind_are_spread_over_the_rounds() -> None:
    names = ["a", "b", "c", "d"]
    order = rounds(names, {}, dict.fromkeys(names, 1.0), seed=3)
    for start in range(0, len(order), 4):
        assert sorted(order[start : start + 4]) == names
    assert len({tuple(order[start : start + 4]) for start in range(0, len(order), 4)}) > 1


def test_the_order_is_the_same_for_the_same_seed() -> None:
    names = ["a", "b", "c"]
    first, second, other = (rounds(names, {}, dict.fromkeys(names, 1.0), seed) for seed in (1, 1, 2))
    assert first == second != other
