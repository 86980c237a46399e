import math

import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats import interval


def test_the_median_needs_six_values_at_95_percent():
    assert math.isinf(interval.median_interval([1.0, 2, 3, 4, 5]).low)
    found = interval.median_interval([-10.0, 2, 3, 4, 5, 6])
    assert (found.low, found.high, found.level) == (-10.0, 6.0, 1 - 0.03125)


@pytest.mark.parametrize(
    ("n", "level", "ranks"), [(10, 0.95, (2, 9)), (20, 0.95, (6, 15)), (1, 0.95, (0, 2)), (8, 0.99, (1, 8))]
)
def test_ranks_are_those_of_the_binomial(n, level, ranks):
    low, high, real = interval.quantile_ranks(n, 0.5, level)
    assert (low, high) == ranks
    assert real >= level


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("n", [25, 60, 400])
def test_quantile_intervals_cover_at_least_94_percent(n, q):
    rng = np.random.default_rng(n)
    truth = -math.log(1 - q)
    covered = sum(truth in interval.quantile_interval(rng.exponential(size=n), q) for _ in range(400))
    assert covered >= 368  # 94 % of 400 is 376; fewer than 368 has a chance below one in a hundred


def test_a_full_level_covers_everything_and_nonsense_is_refused():
    assert interval.quantile_ranks(40, 0.5, 1.0) == (0, 41, 1.0)
    with pytest.raises(UsageError):
        interval.quantile_interval([], 0.5)
    with pytest.raises(UsageError):
        interval.quantile_interval([1.0], 1.0)


def test_the_bootstrap_is_deterministic_and_covers_a_mean():
    rng = np.random.default_rng(4)
    data = rng.lognormal(0, 0.5, 40)
    assert interval.bootstrap_interval(data, np.mean, resamples=999) == interval.bootstrap_interval(
        data, np.mean, resamples=999
    )
    truth = math.exp(0.125)
    covered = sum(
        truth in interval.bootstrap_interval(rng.lognormal(0, 0.5, 40), np.mean, resamples=499)
        for _ in range(100)
    )
    assert covered >= 86


def test_the_bootstrap_of_equal_values_is_a_point():
    found = interval.bootstrap_interval([2.0] * 9, np.mean)
    assert (found.low, found.high) == (2.0, 2.0)


def test_a_series_with_memory_gets_a_wider_interval_than_independence_would_give():
    rng = np.random.default_rng(5)
    covered, naive = 0, 0
    for _ in range(200):
        noise = rng.normal(size=600)
        series = np.empty(600)
        series[0] = noise[0]
        for i in range(1, 600):
            series[i] = 0.7 * series[i - 1] + noise[i]
        covered += 0.0 in interval.series_interval(series)
        naive += abs(series.mean()) < 1.96 * series.std() / math.sqrt(600)
    assert covered >= 178 > naive
