import math

import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats import compare, signflip
from godyno.stats.compare import Comparison, Verdict


def _drifting_runs(rng, n):
    """Log times of 2 n runs in a row: drift, a neighbour that comes and goes, spikes."""
    noise = rng.normal(0, 0.02, 2 * n) + np.cumsum(rng.normal(0, 0.01, 2 * n))
    noise += np.where(rng.random(2 * n) < 0.05, rng.exponential(0.5, 2 * n), 0)
    return noise + 0.5 * (np.cumsum(rng.random(2 * n) < 0.1) % 2)


def _pairs(rng, n, ratio=1.0):
    logs = _drifting_runs(rng, n).reshape(n, 2)
    first = rng.random(n) < 0.5
    old, new = np.where(first, logs[:, 0], logs[:, 1]), np.where(first, logs[:, 1], logs[:, 0])
    return np.exp(old), np.exp(new) * ratio


def _log_ratios(rng, n):
    old, new = _pairs(rng, n)
    return np.log(new / old)


def test_identical_arms_are_called_different_in_at_most_one_of_a_hundred():
    rng = np.random.default_rng(1)
    for n in (10, 25):
        called = sum(signflip.p_value(_log_ratios(rng, n)) <= compare.ALPHA for _ in range(300))
        assert called <= 6  # 0.5 % of 300 is 1.5; 7 or more has a chance of one in a thousand


def test_the_interval_of_the_ratio_covers_the_truth():
    rng = np.random.default_rng(2)
    covered = sum(1.1 in compare.paired(*_pairs(rng, 15, 1.1)).interval for _ in range(200))
    assert covered >= 180


def test_a_planted_slowdown_is_found_and_sized():
    rng = np.random.default_rng(3)
    old = 1 + rng.normal(0, 0.02, 20)
    found = compare.paired(old, old * 1.05 * (1 + rng.normal(0, 0.02, 20)))
    assert found.verdict is Verdict.HIGHER
    assert found.change == pytest.approx(0.05, abs=0.02)
    assert 1.05 in found.interval
    assert 0.01 < found.detectable < 0.04


def test_detectable_is_what_is_found_in_four_of_five():
    rng = np.random.default_rng(4)

    def runs(ratio):
        old = np.exp(rng.normal(0, 0.05, 25))
        return compare.paired(old, np.exp(rng.normal(0, 0.05, 25)) * ratio)

    detectable = float(np.median([runs(1.0).detectable for _ in range(30)]))
    power = np.mean([runs(1 + detectable).verdict is Verdict.HIGHER for _ in range(100)])
    assert 0.66 <= power <= 0.93


def test_equivalence_needs_a_margin_and_a_narrow_interval():
    rng = np.random.default_rng(5)
    old = np.exp(rng.normal(0, 0.01, 30))
    new = np.exp(rng.normal(0, 0.01, 30))
    assert compare.paired(old, new).verdict is Verdict.UNDECIDED
    assert compare.paired(old, new, margin=0.03).verdict is Verdict.EQUIVALENT
    assert compare.paired(old, new, margin=0.0005).verdict is Verdict.UNDECIDED


def test_counts_that_may_be_zero_are_compared_by_difference():
    found = compare.paired([0.0] * 12, [3.0] * 12)
    assert found.scale == "difference"
    assert (found.estimate, found.interval.low, found.interval.high) == (3.0, 3.0, 3.0)
    assert found.verdict is Verdict.HIGHER


def test_equal_counts_are_a_ratio_of_one_without_doubt():
    found = compare.paired([7.0] * 10, [7.0] * 10)
    assert (found.estimate, found.interval.low, found.interval.high, found.p) == (1.0, 1.0, 1.0, 1.0)


def test_too_few_pairs_are_said_to_be_too_few():
    found = compare.paired([1.0, 1.1, 1.2], [2.0, 2.1, 2.2])
    assert found.verdict is Verdict.UNDECIDED
    assert "at least 9" in found.warnings[0]
    assert math.isinf(found.detectable)


def test_pairs_that_do_not_match_are_refused():
    with pytest.raises(UsageError, match="cannot be paired"):
        compare.paired([1.0, 2.0], [1.0])
    with pytest.raises(UsageError, match="finite"):
        compare.paired([1.0, math.nan], [1.0, 2.0])


def test_unpaired_says_what_the_missing_interleaving_costs():
    found = compare.unpaired([1.0, 1.1, 1.2, 1.3, 1.15, 1.05], [2.0, 2.1, 2.2, 2.3, 2.05, 2.15])
    assert found.verdict is Verdict.HIGHER
    assert found.p == pytest.approx(0.002164502164502164)
    assert "not interleaved" in found.warnings[0]
    assert found.interval.low < found.estimate < found.interval.high


def test_holm_equals_the_worked_example():
    # Holm's steps on 0.01, 0.02, 0.03, 0.04: 4 x, 3 x, 2 x, 1 x, never falling
    assert compare.holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert compare.holm([]) == []


def test_benjamini_hochberg_equals_the_worked_example():
    assert compare.benjamini_hochberg([0.01, 0.02, 0.03, 0.5]) == pytest.approx([0.04, 0.04, 0.04, 0.5])
    assert compare.benjamini_hochberg([]) == []


def test_a_family_of_fifty_identical_benchmarks_has_no_false_call_in_twenty_tries():
    rng = np.random.default_rng(6)
    for _ in range(20):
        adjusted = compare.holm([signflip.p_value(_log_ratios(rng, 16)) for _ in range(50)])
        assert min(adjusted) > compare.ALPHA


def test_a_family_judges_each_by_all():
    rng = np.random.default_rng(7)
    alone = [compare.paired(*_pairs(rng, 12, ratio)) for ratio in (1.0, 1.0, 3.0)]
    judged = compare.family(alone)
    assert [one.verdict for one in judged] == [Verdict.UNDECIDED, Verdict.UNDECIDED, Verdict.HIGHER]
    assert judged[2].p == pytest.approx(3 * alone[2].p)


def test_a_comparison_survives_json():
    found = compare.paired([1.0, 1.1, 1.2] * 4, [1.3, 1.2, 1.25] * 4, margin=0.02)
    assert Comparison.from_json(found.as_json()) == found
