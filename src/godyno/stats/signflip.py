"""The exact test behind paired comparison: under the null, each pair's sign is a fair coin.

The order inside every pair is drawn by coin when runs are scheduled. Then, if the two arms do the same, a pair's log ratio has
the same chance of either sign *whatever the machine did* – drift, neighbours, memory from run to run – so the signs alone, given the
magnitudes, have a known distribution (Fisher, The Design of Experiments, 1935). No assumption on the noise is made.

The statistic may weigh magnitudes as it likes. Wilcoxon's ranks give a spike the largest weight; the score of Student's t with three
degrees of freedom lets the weight fall again for magnitudes far above the usual, and sees 10 to 20 points more of power on spiky or
bimodal noise, with none lost on normal noise (benchmarks/stats_comparison). Wilcoxon, the t-test and the median were tried and dropped.
So were scores of each run against the mode of the runs around it, which keep the same exactness: on real runs they saw 5 to 10 points more
at 20 pairs and lost as much at 10 pairs and under drift, where a sequential comparison decides. Weights by how long a pair waited for a
processor helped wall time and hurt CPU time; taking the wait off (``sample.without_wait``) helps wall time more.

Tail probabilities are counted where few patterns lie in the tail (always up to n = 13, and in the far tail at any n); elsewhere they are
Lugannani and Rice's saddlepoint (Advances in Applied Probability 12, 1980), within 1 % of the count where both can be had.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from godyno.model import Interval

Floats = NDArray[np.float64]

_DEGREES = 3.0
_COUNT_TO = 8192
_TIE = 1e-9


def weights(differences: Floats) -> Floats:
    """The weight of each difference by its magnitude alone: the t3 score, scaled by the magnitudes' median. Zeros weigh nothing."""
    size = np.abs(differences)
    some = size[size > 0]
    if some.size == 0:
        return np.zeros_like(size)
    # Two middle values averaged keep the scale a function of the magnitudes only, which is all that exactness asks.
    unit = size / (float(np.median(some)) * 1.4826022185056018)
    return unit / (_DEGREES + unit**2)


def p_value(differences: Floats, shift: float = 0.0) -> float:
    """Two-sided: how often signs by coin are at least as lopsided as those of ``differences - shift``; 1 where all are zero."""
    moved = differences - shift
    # Cancellation leaves dust where a difference equals the shift; dust must not count as a sign.
    moved = np.where(np.abs(moved) <= 1e-12 * (np.abs(differences) + abs(shift)), 0.0, moved)
    weight = weights(moved)
    keep = weight > 0
    weight, observed = weight[keep], abs(float(np.sum(np.sign(moved) * weight)))
    n = weight.size
    if n == 0:
        return 1.0
    counted = _count(weight, observed)
    if counted is not None:
        return min(1.0, counted * 2.0 ** (1 - n))
    return _saddlepoint(weight, observed)


def _count(weight: Floats, observed: float) -> int | None:
    """How many sign patterns sum to ``observed`` or more; None beyond 8192 of them.

    Such a pattern turns down signs that weigh no more than half the gap to the total: subsets of small sums, grown weight by weight.
    """
    total = float(weight.sum())
    gap = (total - observed) / 2 + _TIE * total
    sums = np.zeros(1)
    for one in np.sort(weight):
        if one > gap:
            break
        sums = np.concatenate((sums, sums[sums <= gap - one] + one))
        if sums.size > _COUNT_TO:
            return None
    return int(sums.size)


def _saddlepoint(weight: Floats, observed: float) -> float:
    """Two-sided tail of a sum of coins with these weights at ``observed`` (not negative)."""
    total = float(weight.sum())
    floor = 2.0 ** (1 - weight.size)
    spread = math.sqrt(float(np.sum(weight**2)))
    if observed >= total * (1 - 1e-12):
        return floor
    if observed < 0.05 * spread:  # the formula is 0/0 at the centre, where the normal is as good
        return float(special.erfc(observed / spread / math.sqrt(2)))
    tilt = observed / spread**2
    low, high = 0.0, math.inf
    for _ in range(200):
        tanh = np.tanh(tilt * weight)
        gap = float(np.sum(weight * tanh)) - observed
        low, high = (tilt, high) if gap < 0 else (low, tilt)
        if abs(gap) <= 1e-12 * total:
            break
        slope = float(np.sum(weight**2 * (1 - tanh**2)))
        step = tilt - gap / slope if slope > 0 else math.inf
        tilt = step if low < step < high else (low + high) / 2 if math.isfinite(high) else 2 * tilt
    bend = float(np.sum(weight**2 * (1 - np.tanh(tilt * weight) ** 2)))
    # log cosh without overflow
    log_cosh = np.abs(tilt * weight) + np.log1p(np.exp(-2 * np.abs(tilt * weight))) - math.log(2)
    signed_root = math.sqrt(max(2 * (tilt * observed - float(np.sum(log_cosh))), 1e-300))
    slope_term = tilt * math.sqrt(max(bend, 1e-300))
    density = math.exp(-(signed_root**2) / 2) / math.sqrt(2 * math.pi)
    tail = special.ndtr(-signed_root) + density * (1 / slope_term - 1 / signed_root)
    return float(min(1.0, max(2 * tail, floor)))


def location(differences: Floats) -> float:
    """The t3 M-estimate of location: what a redescending weight takes the differences to be. Starts from their median."""
    center = float(np.median(differences))
    scale = 1.4826022185056018 * float(np.median(np.abs(differences - center)))
    if scale == 0:
        return center
    for _ in range(100):
        weight = 1 / (_DEGREES + ((differences - center) / scale) ** 2)
        moved = float(np.sum(weight * differences) / np.sum(weight))
        if abs(moved - center) <= 1e-10 * scale:
            return moved
        center = moved
    return center


def interval(differences: Floats, level: float) -> Interval:
    """All shifts that the test at 1 - level does not reject, outermost bounds; infinite where n allows no rejection."""
    alpha = 1 - level
    some = int(differences.size)
    if 2.0 ** (1 - some) > alpha:
        return Interval(-math.inf, math.inf, level)
    center = location(differences)
    reach = float(np.max(np.abs(differences - center)))
    if reach == 0:
        return Interval(center, center, level)
    return Interval(
        _edge(differences, center, -reach, alpha), _edge(differences, center, reach, alpha), level
    )


def _edge(differences: Floats, center: float, reach: float, alpha: float) -> float:
    """The bound on one side: from beyond every difference, where the test rejects, inward by bisection."""
    outside, inside = center + reach * (1 + 1e-9) + math.copysign(1e-300, reach), center
    tolerance = 1e-4 * abs(reach) / math.sqrt(differences.size)
    while abs(outside - inside) > tolerance:
        middle = (outside + inside) / 2
        if middle in (outside, inside):  # differences that are equal but for rounding: nothing lies between
            break
        if p_value(differences, middle) <= alpha:
            outside = middle
        else:
            inside = middle
    return outside
