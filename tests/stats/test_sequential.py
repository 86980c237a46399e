import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats.compare import Verdict
from godyno.stats.sequential import Sequential


def _follow(differences, **settings):
    test = Sequential(**settings)
    for difference in differences:
        look = test.add_log_ratio(float(difference), interval=False)
        if look.stop:
            break
    return look


def test_looking_after_every_pair_keeps_the_error_rate():
    rng = np.random.default_rng(1)
    called = sum(
        _follow(
            np.where(rng.random(40) < 0.9, rng.normal(0, 0.05, 40), rng.normal(0, 0.5, 40)), budget=40
        ).verdict
        is not Verdict.UNDECIDED
        for _ in range(120)
    )
    assert called <= 4  # 0.5 % of 120 is 0.6; more than 4 has a chance below one in 2000


def test_a_large_change_is_decided_long_before_the_budget():
    rng = np.random.default_rng(2)
    looks = [_follow(rng.normal(np.log(1.3), 0.05, 80), budget=80) for _ in range(20)]
    assert all(look.verdict is Verdict.HIGHER for look in looks)
    assert max(look.n for look in looks) <= 20


def test_arms_within_the_margin_are_found_equivalent():
    rng = np.random.default_rng(3)
    looks = [_follow(rng.normal(0, 0.02, 60), budget=60, margin=0.03) for _ in range(20)]
    assert sum(look.verdict is Verdict.EQUIVALENT for look in looks) >= 18
    assert np.mean([look.n for look in looks]) < 40


def test_a_change_at_the_margin_is_rarely_called_equivalent():
    rng = np.random.default_rng(4)
    wrong = sum(
        _follow(rng.normal(np.log(1.03), 0.03, 40), budget=40, margin=0.03).verdict is Verdict.EQUIVALENT
        for _ in range(60)
    )
    assert wrong <= 3


def test_without_a_budget_it_never_stops_undecided():
    rng = np.random.default_rng(5)
    look = _follow(rng.normal(0, 0.05, 100), budget=None)
    assert look.n == 100 and not look.stop and look.verdict is Verdict.UNDECIDED
    found = _follow(rng.normal(np.log(1.2), 0.05, 100), budget=None)
    assert found.stop and found.verdict is Verdict.HIGHER


def test_the_interval_at_the_stop_covers_the_truth():
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(40):
        test = Sequential(budget=40)
        for difference in rng.normal(np.log(1.1), 0.08, 40):
            look = test.add_log_ratio(float(difference))
            if look.stop:
                break
        covered += 1.1 in look.interval
    assert covered >= 35


def test_the_same_seed_gives_the_same_looks():
    differences = np.random.default_rng(7).normal(0.02, 0.05, 30)
    assert _follow(differences, seed=3) == _follow(differences, seed=3)


def test_values_and_settings_out_of_range_are_refused():
    with pytest.raises(UsageError, match="above zero"):
        Sequential().add(0.0, 1.0)
    for bad in ({"alpha": 0.0}, {"budget": 0}, {"margin": -0.1}):
        with pytest.raises(UsageError):
            Sequential(**bad)
    with pytest.raises(UsageError):
        Sequential().add_all([], [])


def test_add_all_stops_where_it_is_decided():
    look = Sequential(budget=80).add_all([1.0] * 80, [2.0] * 80)
    assert look.verdict is Verdict.HIGHER
    assert look.n < 30
    assert look.ratio == pytest.approx(2.0)
