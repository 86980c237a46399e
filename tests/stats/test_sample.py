import math

import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats.sample import floats, lag1, robust_scale, summarize


def test_a_summary_names_spikes_and_drift():
    rng = np.random.default_rng(1)
    drifting = 100 + np.cumsum(rng.normal(0.5, 0.3, 40))
    assert any("drifted" in warning for warning in summarize(drifting).warnings)
    spiky = rng.normal(100, 1, 40)
    spiky[[3, 30]] = 200
    found = summarize(spiky)
    assert found.spikes == 2
    assert found.median == pytest.approx(100, abs=1)
    assert found.cv_ratio == pytest.approx(0.01, rel=0.5)
    assert not any("drifted" in warning for warning in found.warnings)


def test_too_few_values_are_said_to_be_too_few():
    found = summarize([1.0, 2.0])
    assert math.isinf(found.interval.low)
    assert "too few" in found.warnings[0]


def test_values_that_are_no_figures_are_refused():
    for bad in ([], [math.nan], [math.inf]):
        with pytest.raises(UsageError):
            floats(bad)
    with pytest.raises(UsageError, match="above zero"):
        floats([1.0, 0.0], positive=True)


def test_the_scale_is_a_standard_deviation_that_spikes_cannot_move():
    values = np.random.default_rng(2).normal(0, 2, 4000)
    values[:200] = 1e6
    assert robust_scale(values) == pytest.approx(2, rel=0.15)
    assert robust_scale(np.array([1.0, 1, 1, 1, 5])) > 0


def test_memory_is_a_rank_correlation():
    assert lag1(np.arange(30.0)) > 0.95
    assert lag1(np.ones(30)) == 0.0
    assert abs(lag1(np.random.default_rng(3).normal(size=500))) < 0.15
