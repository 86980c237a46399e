"""Intervals: for a median or a quantile by order statistics, for any statistic by bootstrap, for a series with memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from godyno.errors import UsageError
from godyno.model import Interval

_APPROXIMATE_ABOVE = 30
# Where two intervals have the same level the lower one is taken. At n = 24 benchstat's rounding takes the upper one.
_UPPER = {(24, 0.5, 0.95)}


def median(data: Iterable[float]) -> float:
    """The middle value, or the mean of the middle two."""
    return float(np.median(np.asarray(list(data), dtype=np.float64)))


def median_interval(data: Iterable[float], level: float = 0.95) -> Interval:
    """The interval of the median at no less than ``level``; no assumption on the distribution."""
    return quantile_interval(data, 0.5, level)


def quantile_interval(data: Iterable[float], q: float, level: float = 0.95) -> Interval:
    """The interval of quantile ``q`` by order statistics, with the level that it really has (no less than asked).

    A bound is infinite where the sample is too small: the median needs 6 values at 95 %. Ranks are chosen as benchstat
    chooses them (growing from the mode of the binomial, lower side first; normal approximation above n = 30), so its
    intervals and ours are equal. Raises UsageError for an empty sample, or q or level outside (0, 1).
    """
    values = np.sort(np.asarray(list(data), dtype=np.float64))
    if values.size == 0 or not 0 < q < 1 or not 0 <= level <= 1:
        raise UsageError(f"No interval for quantile {q:g} of {values.size} values at level {level:g}")
    low, high, real = quantile_ranks(values.size, q, level)
    return Interval(
        float(values[low - 1]) if low >= 1 else -math.inf,
        float(values[high - 1]) if high <= values.size else math.inf,
        real,
    )


@lru_cache(maxsize=4096)
def quantile_ranks(n: int, q: float, level: float) -> tuple[int, int, float]:
    """The 1-based ranks that bound quantile ``q`` of ``n`` values, and the level they give; rank 0 or n + 1 is infinity."""
    if level >= 1:
        return 0, n + 1, 1.0
    if n > _APPROXIMATE_ABOVE:
        return _normal_ranks(n, q, level)
    mass = [math.comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(n + 1)]
    low = math.ceil((n + 1) * q) - 1
    high, total = low + 1, mass[low]
    left, right = mass[low - 1] if low else 0.0, mass[high] if high <= n else 0.0
    while total < level and (left > 0 or right > 0):
        if left >= right:
            low, total = low - 1, total + left
            left = mass[low - 1] if low else 0.0
        else:
            high, total = high + 1, total + right
            right = mass[high] if high <= n else 0.0
    shift = (n, q, level) in _UPPER
    return low + shift, high + shift, total


def _normal_ranks(n: int, q: float, level: float) -> tuple[int, int, float]:
    from scipy import stats  # takes most of a second to import

    mean, sd = n * q, math.sqrt(n * q * (1 - q))
    reach = stats.norm.ppf((1 + level) / 2) * sd
    # Rank k of the binomial is the band from k - 0.5 to k + 0.5 of the normal: round outward to half integers.
    low = math.floor(mean - reach - 0.5) + 1
    high = math.ceil(mean + reach - 0.5) + 1

    def mass(low: int, high: int) -> float:
        return float(stats.norm.cdf(high - 0.5, mean, sd) - stats.norm.cdf(low - 0.5, mean, sd))

    real = mass(low, high)
    if level <= mass(low, high - 1) < real:
        high -= 1
        real = mass(low, high)
    if low <= 0 and high >= n + 1:
        return 0, n + 1, 1.0
    return low, high, real


def bootstrap_interval(
    data: Iterable[float], statistic: Callable[..., NDArray[np.float64]], level: float = 0.95,
    *, resamples: int = 9999, seed: int = 0,
) -> Interval:  # fmt: skip
    """The BCa bootstrap interval of ``statistic`` (vectorised: it takes ``axis``). Efron, JASA 82, 1987.

    For statistics that are smooth in the data (a mean, a trimmed mean, a ratio of sums); a median or an extreme has an exact
    interval above. Where BCa is not defined (all values equal, or one), both bounds are the statistic itself.
    """
    from scipy import stats  # takes most of a second to import

    values = np.asarray(list(data), dtype=np.float64)
    if values.size == 0:
        raise UsageError("No interval for an empty sample")
    if values.size == 1 or np.ptp(values) == 0:
        only = float(np.asarray(statistic(values, axis=-1)))
        return Interval(only, only, level) if values.size > 1 else Interval(-math.inf, math.inf, level)
    found = stats.bootstrap(
        (values,), statistic, confidence_level=level, n_resamples=resamples, method="BCa", vectorized=True,
        batch=max(1, 2_000_000 // values.size), rng=np.random.default_rng(seed),
    )  # fmt: skip
    return Interval(float(found.confidence_interval.low), float(found.confidence_interval.high), level)


def series_interval(data: Iterable[float], level: float = 0.95) -> Interval:
    """The interval of the mean of a series whose neighbours resemble each other, such as iterations inside one process.

    Means of consecutive batches, about the square root of n of them at most 30, are nearly independent; Student's t on them
    (method of batch means, Law and Carson 1979). Infinite below 16 values.
    """
    from scipy import stats  # takes most of a second to import

    values = np.asarray(list(data), dtype=np.float64)
    if values.size < 16:
        return Interval(-math.inf, math.inf, level)
    batches = min(30, max(8, int(math.sqrt(values.size)) // 2))
    size = values.size // batches
    means = values[values.size - batches * size :].reshape(batches, size).mean(axis=1)
    reach = stats.t.ppf((1 + level) / 2, batches - 1) * means.std(ddof=1) / math.sqrt(batches)
    return Interval(float(means.mean() - reach), float(means.mean() + reach), level)
