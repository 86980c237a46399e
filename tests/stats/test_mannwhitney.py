import itertools

import numpy as np
import pytest
from scipy import stats

from godyno.stats import mannwhitney


@pytest.mark.parametrize(("n1", "n2"), [(4, 4), (5, 7), (10, 10), (25, 31)])
def test_without_ties_p_equals_scipys_exact_p(n1, n2):
    rng = np.random.default_rng(n1)
    first, second = rng.normal(size=n1), rng.normal(0.5, size=n2)
    expected = stats.mannwhitneyu(first, second, method="exact").pvalue
    assert mannwhitney.u_test(first, second).p == pytest.approx(expected, rel=1e-9)


def test_with_ties_p_counts_every_assignment():
    first, second = np.array([1.0, 2, 2, 3]), np.array([2.0, 3, 3, 4, 4])
    values = np.concatenate((first, second))

    def u(chosen):
        rest = [i for i in range(values.size) if i not in chosen]
        return sum((values[i] > values[j]) + (values[i] == values[j]) / 2 for i in chosen for j in rest)

    all_u = [u(chosen) for chosen in itertools.combinations(range(values.size), first.size)]
    small = min(u(range(4)), first.size * second.size - u(range(4)))
    assert mannwhitney.u_test(first, second).p == pytest.approx(2 * np.mean(np.array(all_u) <= small))


def test_above_the_exact_sizes_p_is_the_corrected_normal_approximation():
    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 9, 60).astype(float), rng.integers(1, 10, 55).astype(float)
    expected = stats.mannwhitneyu(first, second, method="asymptotic", use_continuity=True).pvalue
    assert mannwhitney.u_test(first, second).p == pytest.approx(expected, rel=1e-9)


def test_equal_values_are_no_evidence():
    found = mannwhitney.u_test(np.ones(8), np.ones(8))
    assert found.all_equal and found.p == 1.0


def test_the_least_n_is_benchstats():
    # four runs a side at 5 %, five at 1 %
    assert (mannwhitney.least_n(0.05), mannwhitney.least_n(0.01)) == (4, 5)


def test_the_shift_interval_covers_the_shift():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(300):
        first, second = rng.normal(0, 1, 8), rng.normal(0.7, 1, 9)
        shifts = np.sort((second[:, None] - first[None, :]).ravel())
        covered += 0.7 in mannwhitney.shift_interval(shifts, 8, 9, 0.95)
    assert covered >= 275
