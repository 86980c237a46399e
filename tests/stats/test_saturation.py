import math

import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats.saturation import Curves, first_levels

_LEVELS = list(range(1, 17))


def _capped(level):
    return min(level, 5.0)


def _usl(level):
    return level / (1 + 0.04 * (level - 1) + 0.004 * level * (level - 1))


def _rounds(level):
    return 24 / math.ceil(24 / level)


def _study(curve, rng, runs=8, noise=0.08):
    def run(level):
        return curve(level) * math.exp(rng.normal(0, noise))

    levels = first_levels(_LEVELS)
    throughputs = [run(level) for level in levels]
    while len(levels) < runs:
        levels.append(Curves(levels, throughputs, _LEVELS).next_level())
        throughputs.append(run(levels[-1]))
    return Curves(levels, throughputs, _LEVELS)


@pytest.mark.parametrize("curve", [_capped, _usl, _rounds])
def test_eight_noisy_runs_choose_a_level_near_the_best(curve):
    best = max(curve(level) for level in _LEVELS)
    shares = [
        curve(_study(curve, np.random.default_rng(seed)).result().recommended) / best for seed in range(12)
    ]
    assert sum(share >= 0.93 for share in shares) >= 5


def test_a_cap_is_recognised_and_the_lowest_level_that_reaches_it_is_chosen():
    rng = np.random.default_rng(1)
    levels = _LEVELS * 3
    found = Curves(
        levels, [_capped(level) * math.exp(rng.normal(0, 0.02)) for level in levels], _LEVELS
    ).result()
    assert found.recommended in (5, 6)  # at 5 the cap is just reached
    assert found.knee == pytest.approx(5, abs=0.5)
    assert found.knee in found.knee_interval
    assert found.families["usl"] < 0.05
    assert found.noise_ratio < 0.05
    assert found.warnings == ()


def test_decline_beyond_the_best_level_is_not_recommended():
    rng = np.random.default_rng(2)
    levels = _LEVELS * 3
    found = Curves(
        levels, [_usl(level) * math.exp(rng.normal(0, 0.02)) for level in levels], _LEVELS
    ).result()
    assert 10 <= found.best <= 16
    points = {point.level: point for point in found.points}
    assert _usl(8) in points[8].interval
    assert points[1].share < 0.3 < points[8].share


def test_levels_that_were_not_run_are_marked_as_predicted():
    found = Curves([1, 2, 3], [1.0, 2.0, 3.0], [1, 2, 3, 8]).result()
    if found.recommended == 8:
        assert any("predicted" in warning for warning in found.warnings)
    eight = next(point for point in found.points if point.level == 8)
    three = next(point for point in found.points if point.level == 3)
    assert eight.interval.high / eight.interval.low > three.interval.high / three.interval.low


def test_the_same_runs_give_the_same_answer():
    arguments = ([1, 4, 16, 4], [1.0, 3.5, 5.0, 3.6], _LEVELS)
    assert Curves(*arguments).result() == Curves(*arguments).result()


def test_the_first_levels_span_the_range():
    assert first_levels(_LEVELS) == [1, 16, 4]
    assert first_levels([1, 2]) == [1, 2]
    assert first_levels([3]) == [3]


def test_runs_that_make_no_sense_are_refused():
    for levels, throughputs in (([0], [1.0]), ([1, 2], [1.0]), ([1], [-1.0]), ([], [])):
        with pytest.raises(UsageError):
            Curves(levels, throughputs, _LEVELS)
