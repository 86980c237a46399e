"""How steady runs are: the smallest change that N pairs can see, and what a measure did to the noise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from godyno.errors import UsageError
from godyno.model import Estimate, Interval
from godyno.stats import compare
from godyno.stats.sample import Floats, floats

_DRAWS = 20


def detectable(
    first: Iterable[float], second: Iterable[float], counts: Sequence[int], *, alpha: float = compare.ALPHA, seed: int = 0
) -> dict[int, Estimate]:  # fmt: skip
    """The smallest relative change that N pairs would have found in 80 of 100 tries, from pairs of runs of one and the same thing.

    For each N pairs are drawn anew, it is asked what ``compare.paired`` would say of them, and the median is taken; the interval holds
    90 % of the answers. Infinite where N pairs can show nothing at ``alpha``. Raises UsageError for fewer than 8 pairs or values not
    above zero.
    """
    before, after = floats(first, positive=True, least=8), floats(second, positive=True, least=8)
    differences = np.log(after) - np.log(before)
    rng = np.random.default_rng(seed)
    found = {}
    for count in counts:
        seen = []
        for _ in range(_DRAWS):
            drawn = rng.integers(0, before.size, count)
            # Which of two equal runs came first is chance: a difference may as well have had the other sign.
            signs = np.where(rng.random(count) < 0.5, 1.0, -1.0)
            seen.append(compare.detectable_change(signs * differences[drawn], alpha, "ratio"))
        low, middle, high = (float(value) for value in np.quantile(seen, (0.05, 0.5, 0.95), method="nearest"))
        found[count] = Estimate(
            middle, "1", Interval(low, high, 0.9), before.size, "paired runs of the same command, drawn anew"
        )
    return found


def noise_ratio(
    plain: tuple[Iterable[float], Iterable[float]], other: tuple[Iterable[float], Iterable[float]],
    *, level: float = 0.95, seed: int = 0, draws: int = 2000,
) -> Estimate:  # fmt: skip
    """Variance of paired runs under a measure over that without, block by block; below 1 the measure calmed them.

    The spread is the mean absolute log difference, squared, which one spike cannot own; the interval is a bootstrap over blocks, so that
    what both had to bear in a block cancels. A ratio of 0.5 means: half as many runs for the same answer.
    """
    without, within = _spread(plain), _spread(other)
    if without.size != within.size or without.size < 5:
        raise UsageError("Both need a pair in each of at least five blocks")
    if not without.any() or not within.any():
        return Estimate(math.nan, "1", None, without.size, "one of them never varied")
    rng = np.random.default_rng(seed)
    index = rng.integers(0, without.size, (draws, without.size))
    ratios = (within[index].mean(axis=1) / np.maximum(without[index].mean(axis=1), 1e-12)) ** 2
    tail = (1 - level) / 2
    low, high = (float(value) for value in np.quantile(ratios, (tail, 1 - tail)))
    value = float((within.mean() / without.mean()) ** 2)
    return Estimate(
        value, "1", Interval(min(low, value), max(high, value), level), without.size, "bootstrap over blocks"
    )


def _spread(pair: tuple[Iterable[float], Iterable[float]]) -> Floats:
    first, second = floats(pair[0], positive=True), floats(pair[1], positive=True)
    spread: Floats = np.abs(np.log(second) - np.log(first))
    return spread
