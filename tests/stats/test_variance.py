import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats.variance import advise, split

_LAYERS = ("build", "process", "iteration")


def _runs(rng, builds, sd, processes=(2, 6), iterations=(3, 9)):
    keys, values = [], []
    for build in range(builds):
        of_build = rng.normal(0, sd[0])
        for process in range(rng.integers(*processes)):
            of_process = rng.normal(0, sd[1])
            for _ in range(rng.integers(*iterations)):
                keys.append((f"build {build}", f"process {process}"))
                values.append(float(np.exp(of_build + of_process + rng.normal(0, sd[2]))))
    return keys, values


def test_unequal_groups_are_split_into_what_was_put_in():
    rng = np.random.default_rng(1)
    keys, values = _runs(rng, 60, (0.08, 0.04, 0.02))
    found = split(_LAYERS, keys, values)
    for layer, sd in zip(_LAYERS, (0.08, 0.04, 0.02), strict=True):
        assert found.component(layer).sd_ratio == pytest.approx(sd, rel=0.3)
        assert found.component(layer).interval.low < sd < found.component(layer).interval.high
    assert sum(part.share for part in found.components) == pytest.approx(1)


def test_a_layer_without_effect_gets_nearly_nothing():
    keys, values = _runs(np.random.default_rng(2), 40, (0.0, 0.05, 0.02))
    assert split(_LAYERS, keys, values).component("build").share < 0.1


def test_the_next_run_goes_where_the_noise_is():
    costs = {"build": 1.0, "process": 1.0, "iteration": 1.0}
    keys, values = _runs(np.random.default_rng(3), 8, (0.001, 0.001, 0.10))
    assert advise(split(_LAYERS, keys, values), costs).layer == "iteration"
    keys, values = _runs(np.random.default_rng(4), 8, (0.10, 0.001, 0.001))
    found = advise(split(_LAYERS, keys, values), costs)
    assert found.layer == "build"
    assert found.error_ratio_after < found.error_ratio_now
    assert found.best_counts["iteration"] >= 1


def test_a_layer_seen_once_is_said_to_be_unknown():
    keys, values = _runs(np.random.default_rng(5), 1, (0.1, 0.05, 0.02))
    assert "only one build" in split(_LAYERS, keys, values).warnings[0]


def test_keys_that_do_not_fit_are_refused():
    with pytest.raises(UsageError):
        split(_LAYERS, [("b",)] * 4, [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(UsageError):
        split(_LAYERS, [("b", "p")] * 2, [1.0, 2.0])
