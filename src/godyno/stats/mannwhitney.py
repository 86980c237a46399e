"""Mann and Whitney's U as benchstat computes it: exact with ties, and the interval of the shift that goes with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from godyno.model import Interval

Floats = NDArray[np.float64]

# benchstat's bounds (golang.org/x/perf uses github.com/aclements/go-moremath): beyond them a normal approximation.
_EXACT_TO = 50
_EXACT_WITH_TIES_TO = 25


@dataclass(frozen=True, slots=True)
class U:
    """The statistic of the first sample (ties count half) and its two-sided p; ``p`` is 1 where all values are equal."""

    u: float
    p: float
    all_equal: bool = False


def u_test(first: Floats, second: Floats) -> U:
    """Two-sided test that neither sample tends to be larger."""
    n1, n2 = first.size, second.size
    _, group, ties = np.unique(np.concatenate((first, second)), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[group]
    u1 = float(ranks[:n1].sum()) - n1 * (n1 + 1) / 2
    tied = bool((ties > 1).any())
    if ties.size == 1:
        return U(u1, 1.0, all_equal=True)
    if max(n1, n2) <= (_EXACT_WITH_TIES_TO if tied else _EXACT_TO):
        small = min(u1, n1 * n2 - u1)
        if 2 * u1 == n1 * n2:
            return U(u1, 1.0)
        # With ties the distribution of U need not be symmetric. benchstat doubles the lower tail all the same.
        return U(u1, min(1.0, 2 * float(_cdf(n1, tuple(int(tie) for tie in ties))[round(2 * small)])))
    n = n1 + n2
    correction = float(np.sum(ties.astype(np.float64) ** 3 - ties)) / (n * (n - 1))
    sd = math.sqrt(n1 * n2 * (n + 1 - correction) / 12)
    gap = u1 - n1 * n2 / 2
    z = (gap - math.copysign(0.5, gap) * (gap != 0)) / sd
    return U(u1, float(2 * min(stats.norm.cdf(z), stats.norm.sf(z))))


@lru_cache(maxsize=512)
def _cdf(n1: int, ties: tuple[int, ...]) -> Floats:
    """P(U <= k/2) for k = 0 … 2 n1 n2, given how many values share each rank: counts of choices of n1, rank by rank."""
    n = sum(ties)
    largest = n1 * (2 * n - n1 + 1)  # twice the largest rank sum
    ways = np.zeros((n1 + 1, largest + 1))
    ways[0, 0] = 1
    below = 0
    for tie in ties:
        doubled_rank = 2 * below + tie + 1
        grown = ways.copy()
        for taken in range(1, min(tie, n1) + 1):
            step = doubled_rank * taken
            if step > largest:
                break
            grown[taken:, step:] += math.comb(tie, taken) * ways[: n1 + 1 - taken, : largest + 1 - step]
        ways, below = grown, below + tie
    start = n1 * (n1 + 1)
    u_ways = ways[n1, start : start + 2 * n1 * (n - n1) + 1]
    cumulated: Floats = np.cumsum(u_ways) / math.comb(n, n1)
    return cumulated


def shift_interval(shifts: Floats, n1: int, n2: int, level: float) -> Interval:
    """The interval of the shift from all ``n1 n2`` sorted differences (Moses 1953); infinite where n allows none."""
    alpha = 1 - level
    if max(n1, n2) <= _EXACT_TO:
        lower = _cdf(n1, (1,) * (n1 + n2))[::2]
        cut = int(np.searchsorted(lower, alpha / 2, side="right")) - 1
    else:
        cut = math.floor(
            n1 * n2 / 2 - stats.norm.isf(alpha / 2) * math.sqrt(n1 * n2 * (n1 + n2 + 1) / 12) - 0.5
        )
    if cut < 0:
        return Interval(-math.inf, math.inf, level)
    return Interval(float(shifts[cut]), float(shifts[n1 * n2 - 1 - cut]), level)


def least_n(alpha: float) -> int:
    """The smallest n with which two samples of n can differ at ``alpha``."""
    n = 1
    while 2 / math.comb(2 * n, n) > alpha:
        n += 1
    return n
