import math

import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats.changepoint import changes, critical, warmup


def _stable(rng, n=100, spread=0.02):
    return 100 * np.exp(
        spread * (rng.normal(size=n) + np.where(rng.random(n) < 0.05, rng.exponential(8, n), 0))
    )


def test_stable_series_with_spikes_have_no_step():
    rng = np.random.default_rng(1)
    called = sum(bool(changes(_stable(rng))) for _ in range(250))
    assert called <= 5


def test_a_step_of_two_sigma_is_found_within_ten_points():
    rng = np.random.default_rng(2)
    found = 0
    for _ in range(100):
        series = _stable(rng, 70)
        series[60:] *= math.exp(0.04)
        found += any(abs(change.index - 60) <= 10 for change in changes(series))
    assert found >= 85


def test_a_step_has_place_levels_and_ratio():
    rng = np.random.default_rng(3)
    series = np.concatenate((rng.normal(100, 2, 40), rng.normal(120, 2, 30)))
    (change,) = changes(series)
    assert abs(change.index - 40) <= 1
    assert change.ratio == pytest.approx(1.2, abs=0.02)
    assert change.z > change.critical


def test_two_steps_are_told_apart_also_up_and_down_again():
    rng = np.random.default_rng(4)
    series = np.concatenate((rng.normal(100, 2, 30), rng.normal(110, 2, 30), rng.normal(100, 2, 30)))
    assert [round(change.index / 30) for change in changes(series)] == [1, 2]


def test_exact_counts_show_their_step():
    (change,) = changes([12.0] * 20 + [13.0] * 20)
    assert (change.index, change.before, change.after) == (20, 12.0, 13.0)
    assert changes([12.0] * 40) == []


def test_a_short_or_negative_history_is_no_error():
    assert changes([1.0, 2.0, 3.0]) == []
    (change,) = changes([-1.0] * 12 + [5.0] * 12)
    assert math.isnan(change.ratio)
    with pytest.raises(UsageError):
        changes([1.0, math.nan])


def test_monitoring_is_stricter_than_one_look():
    rng = np.random.default_rng(5)
    found = [0, 0]
    for _ in range(60):
        series = _stable(rng, 60)
        series[50:] *= math.exp(0.04)
        found[0] += bool(changes(series))
        found[1] += bool(changes(series, monitored=True))
    assert found[0] > found[1] > 20


def test_warm_up_is_the_head_that_differs():
    rng = np.random.default_rng(6)
    steady = rng.normal(100, 2, 30)
    cold = steady.copy()
    cold[:3] = (180, 150, 130)
    assert warmup(cold) == 3
    single = steady.copy()
    single[0] = 160
    assert warmup(single) == 1
    assert warmup(single[:6]) == 1


def test_a_steady_run_has_almost_never_a_warm_up():
    rng = np.random.default_rng(7)
    dropped = [warmup(rng.normal(100, 2, n)) for n in (6, 10, 20, 50) for _ in range(100)]
    assert np.mean(np.array(dropped) > 0) <= 0.06


def test_at_most_half_of_a_run_is_warm_up():
    assert warmup([200.0] * 9 + [100.0] * 3, most=0.5) <= 6
    assert warmup([5.0]) == 0


def test_ranks_halve_the_calls_that_a_run_of_the_rarer_mode_makes(monkeypatch):
    def called():
        rng = np.random.default_rng(8)
        found = 0
        for _ in range(40):
            high = rng.random(60) < np.where(np.arange(60) < 50, 0.3, 0.7)
            found += bool(changes(100 * np.exp(0.02 * (0.5 * rng.normal(size=60) + 3 * high))))
        return found

    with_ranks = called()
    monkeypatch.setattr("godyno.stats.changepoint._RANKED", 1e-9)
    assert with_ranks < 0.7 * called()


def test_ten_points_are_enough_at_the_end_and_not_at_the_head():
    assert critical(50, 10) < critical(10, 50)
