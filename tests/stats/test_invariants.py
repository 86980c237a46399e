"""What holds for any figures, not only for those that somebody thought of."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from godyno.stats import compare, interval, mannwhitney, signflip
from godyno.stats.changepoint import changes
from godyno.stats.compare import Verdict, paired
from godyno.stats.sample import without_wait
from godyno.stats.sequential import Sequential
from godyno.stats.threshold import Posterior, Probe

times = st.floats(1e-3, 1e3)
runs = st.lists(st.tuples(times, times), min_size=2, max_size=24)
factors = st.integers(-8, 8).map(lambda power: 2.0**power)
quick = settings(max_examples=60, deadline=None)
MIRROR = {
    Verdict.HIGHER: Verdict.LOWER, Verdict.LOWER: Verdict.HIGHER,
    Verdict.UNDECIDED: Verdict.UNDECIDED, Verdict.EQUIVALENT: Verdict.EQUIVALENT,
}  # fmt: skip


def split(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [old for old, _ in pairs], [new for _, new in pairs]


@quick
@given(runs, factors)
def test_the_unit_of_a_measure_changes_no_comparison(pairs: list[tuple[float, float]], factor: float):
    old, new = split(pairs)
    before, after = paired(old, new), paired([factor * x for x in old], [factor * x for x in new])
    assert after.p == pytest.approx(before.p)
    assert after.estimate == pytest.approx(before.estimate, rel=1e-6)
    assert after.verdict is before.verdict


@quick
@given(runs)
def test_swapping_the_arms_mirrors_the_answer(pairs: list[tuple[float, float]]):
    old, new = split(pairs)
    there, back = paired(old, new), paired(new, old)
    assert back.p == pytest.approx(there.p)
    assert math.log(back.estimate) == pytest.approx(-math.log(there.estimate), abs=1e-6)
    assert back.verdict is MIRROR[there.verdict]


@quick
@given(runs, st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_no_p_value(pairs: list[tuple[float, float]], random):
    mixed = list(pairs)
    random.shuffle(mixed)
    assert paired(*split(mixed)).p == pytest.approx(paired(*split(pairs)).p, rel=1e-6)


@quick
@given(runs, st.sampled_from((0.5, 0.8, 0.95, 0.99)))
def test_an_interval_holds_the_estimate_and_grows_with_its_level(
    pairs: list[tuple[float, float]], level: float
):
    old, new = split(pairs)
    narrow, wide = paired(old, new, level=level), paired(old, new, level=0.995)
    assert narrow.interval.low <= narrow.estimate <= narrow.interval.high
    slack = 1e-3 * np.ptp(np.log(new) - np.log(old)) + 1e-9
    assert math.log(max(wide.interval.low, 1e-300)) <= math.log(max(narrow.interval.low, 1e-300)) + slack
    assert (
        math.isinf(wide.interval.high)
        or math.log(narrow.interval.high) <= math.log(wide.interval.high) + slack
    )


@quick
@given(runs)
def test_a_p_value_is_a_probability_and_no_smaller_than_coins_allow(pairs: list[tuple[float, float]]):
    old, new = split(pairs)
    assert 2.0 ** (1 - len(pairs)) * (1 - 1e-9) <= paired(old, new).p <= 1


@quick
@given(st.lists(times, min_size=2, max_size=24))
def test_arms_of_equal_runs_are_never_called_different(values: list[float]):
    result = paired(values, values)
    assert result.p == 1
    assert result.verdict is Verdict.UNDECIDED


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from((0.0, 0.02, 0.05, 0.1, -0.1)))
def test_a_sequential_verdict_is_one_that_the_fixed_comparison_at_that_n_would_give(seed: int, effect: float):
    rng = np.random.default_rng(seed)
    old, new = np.exp(rng.normal(0, 0.03, 40)), np.exp(rng.normal(effect, 0.03, 40))
    look = Sequential(budget=40).add_all(old, new)
    assume(look.verdict is not Verdict.UNDECIDED)
    fixed = paired(old[: look.n], new[: look.n])
    assert fixed.p <= 1.2 * compare.ALPHA  # the boundary is drawn from some 20,000 patterns
    assert (fixed.estimate > 1) == (look.verdict is Verdict.HIGHER)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_an_interval_that_holds_at_every_look_is_wider_than_one_for_a_single_look(seed: int):
    rng = np.random.default_rng(seed)
    old, new = np.exp(rng.normal(0, 0.03, 20)), np.exp(rng.normal(0, 0.03, 20))
    look = Sequential(budget=40).add_all(old, new)
    alone = signflip.interval(np.log(new[: look.n]) - np.log(old[: look.n]), 0.95)
    slack = 0.01
    assert look.interval.low <= math.exp(alone.low) + slack
    assert look.interval.high >= math.exp(alone.high) - slack


@quick
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_holm_only_raises_p_values_and_keeps_their_order(p: list[float]):
    adjusted = compare.holm(p)
    assert all(before <= after <= 1 for before, after in zip(p, adjusted, strict=True))
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(np.array(adjusted)[order]) >= 0)


@quick
@given(st.lists(times, min_size=1, max_size=12), st.lists(times, min_size=1, max_size=12))
def test_mann_whitney_sees_the_same_from_both_sides(first: list[float], second: list[float]):
    a, b = np.array(first), np.array(second)
    assert mannwhitney.u_test(a, b).u + mannwhitney.u_test(b, a).u == pytest.approx(a.size * b.size)


@quick
@given(st.lists(times, min_size=1, max_size=40))
def test_the_interval_of_a_median_holds_the_median(values: list[float]):
    found = interval.median_interval(values)
    assert found.low <= float(np.median(values)) <= found.high


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), factors, st.integers(20, 120), st.floats(0.0, 0.2))
def test_the_unit_of_a_history_changes_no_step(seed: int, factor: float, n: int, step: float):
    rng = np.random.default_rng(seed)
    history = np.exp(rng.normal(0, 0.02, n) + step * (np.arange(n) >= n // 2))
    assert [change.index for change in changes(history)] == [
        change.index for change in changes(factor * history)
    ]


@quick
@given(st.integers(16, 60), times)
def test_a_constant_history_has_no_step_and_an_exact_one_has_its_own(n: int, level: float):
    assert changes([level] * n) == []
    found = changes([level] * n + [2 * level] * n)
    assert [change.index for change in found] == [n]
    assert found[0].ratio == pytest.approx(2)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.5, 2), min_size=2, max_size=6), st.sampled_from((0.25, 4.0, 1024.0)))
def test_a_memory_limit_scales_with_the_peaks(peaks: list[float], factor: float):
    def limit(unit: float) -> float:
        return Posterior([Probe(True, None, unit * peak) for peak in peaks]).limit(0.5).limit_bytes

    assert limit(factor * 1e9) == pytest.approx(factor * limit(1e9), rel=1e-6)


@quick
@given(st.lists(st.tuples(times, st.floats(0, 1e3), st.floats(0, 1)), min_size=1, max_size=20))
def test_wall_without_wait_lies_between_cpu_and_wall(figures: list[tuple[float, float, float]]):
    wall = np.array([run[0] for run in figures])
    wait, cpu = np.array([run[1] for run in figures]), wall * np.array([run[2] for run in figures])
    off = without_wait(wall, wait, cpu)
    assert np.all(cpu <= off)
    assert np.all(off <= wall)
