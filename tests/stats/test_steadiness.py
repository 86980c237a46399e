import math

import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats.steadiness import detectable, noise_ratio


def _pairs(sd, n=40, seed=1):
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(0, sd, n)), np.exp(rng.normal(0, sd, n))


def test_more_pairs_see_smaller_changes():
    found = detectable(*_pairs(0.05), (10, 40, 160))
    assert found[10].value > found[40].value > found[160].value > 0
    assert found[40].value in found[40].interval


def test_what_is_seen_follows_from_the_noise():
    calm, restless = (detectable(*_pairs(sd), (40,))[40].value for sd in (0.02, 0.04))
    assert restless / calm == pytest.approx(2, rel=0.2)


def test_too_few_pairs_to_show_anything_see_nothing():
    assert math.isinf(detectable(*_pairs(0.05), (6,))[6].value)


def test_a_measure_that_halves_the_spread_quarters_the_variance():
    found = noise_ratio(_pairs(0.08, 400), _pairs(0.04, 400, seed=2))
    assert found.value == pytest.approx(0.25, rel=0.3)
    assert found.interval.high < 1


def test_nothing_changed_is_not_called_calmer():
    hits = sum(
        1
        not in noise_ratio(
            _pairs(0.05, 20, seed=seed), _pairs(0.05, 20, seed=1000 + seed), draws=400
        ).interval
        for seed in range(60)
    )
    assert hits <= 8


def test_unequal_or_few_blocks_are_refused():
    with pytest.raises(UsageError):
        noise_ratio(_pairs(0.05, 4), _pairs(0.05, 4))
    with pytest.raises(UsageError):
        noise_ratio(_pairs(0.05, 8), _pairs(0.05, 9))
