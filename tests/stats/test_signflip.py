import itertools
import math

import numpy as np
import pytest

from godyno.stats import signflip


def _by_hand(differences):
    weight = signflip.weights(differences)
    observed = abs(np.sum(np.sign(differences) * weight))
    sums = [abs(np.dot(signs, weight)) for signs in itertools.product((-1, 1), repeat=len(weight))]
    return np.mean(np.array(sums) >= observed - 1e-9)


@pytest.mark.parametrize("n", [5, 8, 11])
def test_p_is_the_share_of_sign_patterns_that_are_as_lopsided(n):
    rng = np.random.default_rng(n)
    for _ in range(5):
        differences = rng.standard_t(2, n) * 0.05 + rng.choice([0.0, 0.04])
        assert signflip.p_value(differences) == pytest.approx(_by_hand(differences), rel=1e-9)


def test_the_saddlepoint_agrees_with_counting_where_it_takes_over():
    rng = np.random.default_rng(3)
    compared = 0
    while compared < 3:  # it is used where more than 8192 patterns lie in the tail
        differences = rng.normal(0.015, 0.05, 17)
        weight = signflip.weights(differences)
        observed = abs(float(np.sum(np.sign(differences) * weight)))
        if signflip._count(weight, observed) is None:
            assert signflip._saddlepoint(weight, observed) == pytest.approx(_by_hand(differences), rel=0.03)
            compared += 1


def test_no_rejection_below_the_least_p_that_n_allows():
    assert signflip.p_value(np.array([0.1, 0.2, 0.3, 0.4])) == 2 / 2**4


def test_equal_pairs_say_nothing_and_a_constant_step_says_everything():
    assert signflip.p_value(np.zeros(20)) == 1.0
    assert signflip.p_value(np.full(20, 0.01)) == 2.0**-19
    exact = signflip.interval(np.full(20, 0.01), 0.95)
    assert exact.low == exact.high == 0.01


def test_the_interval_holds_just_what_the_test_does_not_reject():
    differences = np.random.default_rng(5).normal(0.03, 0.05, 25)
    found = signflip.interval(differences, 0.95)
    width = found.high - found.low
    assert signflip.p_value(differences, found.low - 0.01 * width) < 0.05
    assert signflip.p_value(differences, found.low + 0.01 * width) > 0.05
    assert signflip.p_value(differences, found.high - 0.01 * width) > 0.05
    assert signflip.p_value(differences, found.high + 0.01 * width) < 0.05


def test_too_few_pairs_give_an_infinite_interval():
    found = signflip.interval(np.array([0.1, 0.2, 0.1]), 0.95)
    assert math.isinf(found.low) and math.isinf(found.high)


def test_one_wild_spike_moves_the_estimate_by_little():
    calm = np.random.default_rng(8).normal(0.05, 0.02, 30)
    wild = calm.copy()
    wild[3] = 3.0
    assert abs(signflip.location(wild) - signflip.location(calm)) < 0.005


def test_swapping_the_arms_mirrors_everything():
    differences = np.random.default_rng(9).normal(0.02, 0.05, 17)
    there, back = signflip.interval(differences, 0.9), signflip.interval(-differences, 0.9)
    assert signflip.p_value(differences) == pytest.approx(signflip.p_value(-differences))
    assert there.low == pytest.approx(-back.high, abs=1e-5)
    assert signflip.location(differences) == pytest.approx(-signflip.location(-differences))


def test_differences_that_are_equal_but_for_rounding_have_an_interval_all_the_same() -> None:
    base = 2.0 * (1 + 0.01 * np.arange(6))
    found = signflip.interval(np.log(1.5 * (1 + 0.01 * np.arange(6)) / base), 0.95)
    assert found.low == pytest.approx(math.log(0.75))
    assert found.high == pytest.approx(math.log(0.75))
