import math

import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats.threshold import Posterior, Probe, Search

_TRUTH = 1.0e9


def _search(rng, spread, **settings):
    search = Search(**settings)
    while not search.done:
        limit = search.next_limit()
        peak = _TRUTH * math.exp(rng.normal(0, spread))
        if limit is None:
            search.observe(Probe(True, None, peak))
        else:
            search.observe(Probe(peak <= limit, limit, peak if peak <= limit else None))
    return search


@pytest.mark.parametrize("spread", [0.005, 0.026])
def test_the_median_limit_is_within_two_percent_in_at_most_six_probing_runs(spread):
    rng = np.random.default_rng(1)
    searches = [_search(rng, spread) for _ in range(40)]
    near = sum(abs(search.result().limit_bytes / _TRUTH - 1) <= 0.02 for search in searches)
    assert near >= 36
    assert max(search.probing_runs for search in searches) <= 6
    assert sum(_TRUTH in search.result().interval for search in searches) >= 36


def test_little_spread_needs_fewer_runs():
    rng = np.random.default_rng(2)
    assert np.mean([_search(rng, 0.003).probing_runs for _ in range(10)]) <= 3.5


def test_large_spread_gives_an_honest_wider_interval():
    rng = np.random.default_rng(3)
    results = [_search(rng, 0.12).result() for _ in range(25)]
    assert sum(_TRUTH in result.interval for result in results) >= 21
    assert np.median([result.half_width_ratio for result in results]) > 0.05


def test_a_limit_for_95_percent_lies_above_the_median_and_covers_the_truth():
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(20):
        result = _search(rng, 0.04, q=0.95, most=10).result()
        covered += _TRUTH * math.exp(1.645 * 0.04) in result.interval
        assert result.limit_bytes > 0.95 * _TRUTH
    assert covered >= 16


def test_killed_runs_push_the_limit_up():
    peaks = [Probe(True, None, 1.00e9), Probe(True, None, 1.02e9)]
    before = Posterior(peaks).limit().limit_bytes
    after = Posterior([*peaks, Probe(False, 1.03e9), Probe(False, 1.03e9)]).limit().limit_bytes
    assert after > before * 1.005


def test_a_pass_without_a_readable_peak_pulls_it_down():
    peaks = [Probe(True, None, 1.00e9), Probe(True, None, 1.02e9)]
    before = Posterior(peaks).limit().limit_bytes
    assert Posterior([*peaks, Probe(True, 0.99e9), Probe(True, 0.99e9)]).limit().limit_bytes < before


def test_will_it_pass_here():
    posterior = Posterior([Probe(True, None, 1e9 * factor) for factor in (0.99, 1.0, 1.01, 1.0, 0.995)])
    rate, interval = posterior.p_pass(1.2e9)
    assert rate > 0.98 and interval.low > 0.9
    assert posterior.p_pass(0.8e9)[0] < 0.02
    assert posterior.p_pass(1.0e9)[0] == pytest.approx(0.5, abs=0.15)


def test_kills_far_above_every_peak_are_doubted():
    probes = [Probe(True, None, 1e9 * factor) for factor in (0.99, 1.0, 1.01)] + [Probe(False, 1.6e9)]
    assert "something else" in Posterior(probes).limit().warnings[0]


def test_nothing_that_passed_is_no_answer_and_asks_for_more():
    with pytest.raises(UsageError, match="No run has passed"):
        Posterior([Probe(False, 1e9)])
    search = Search(probes=(Probe(False, 1e9),))
    assert search.next_limit() == 2e9
    assert not search.done


def test_probes_that_say_nothing_are_refused():
    for bad in (Probe(False, None), Probe(True), Probe(True, -1.0), Probe(True, 1.0, math.nan)):
        with pytest.raises(UsageError):
            Search().observe(bad)
