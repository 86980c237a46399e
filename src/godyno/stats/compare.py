"""Is the new one different from the old one, by how much, and what could have been seen?

``paired`` is for runs that were interleaved: pair i of ``old`` and ``new`` ran next to each other in an order drawn by coin
(``studies.schedule``). ``unpaired`` is for files from elsewhere and equals benchstat's; it cannot tell drift from a change.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from godyno.errors import UsageError
from godyno.model import Interval, Record
from godyno.stats import mannwhitney, signflip
from godyno.stats.sample import Floats, floats

# Below the 1 % that is promised: a rate that is to be shown in a few hundred comparisons needs room for chance.
ALPHA = 0.005
POWER = 0.8


class Verdict(enum.Enum):
    """What a comparison says of the new against the old."""

    HIGHER = "higher"
    LOWER = "lower"
    EQUIVALENT = "equivalent"  # within the margin that was asked for
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Comparison(Record):
    """New against old.

    ``scale`` says what ``estimate``, ``interval`` and ``detectable`` are: ``ratio`` (new / old; detectable 0.03 is 3 %) or
    ``difference`` (new - old, in the measure's unit), used where a value is zero or below. ``detectable`` is the smallest
    change that this many runs with this noise would have found in 80 of 100 tries. ``p`` is the chance of signs at least this
    lopsided if nothing changed; in a family, after ``holm``, it is adjusted.
    """

    scale: str
    estimate: float
    interval: Interval
    p: float
    n_old: int
    n_new: int
    median_old: float
    median_new: float
    detectable: float
    verdict: Verdict
    alpha: float
    method: str
    margin: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def change(self) -> float:
        """The relative change of a ratio (0.03 is 3 % more), or the difference."""
        return self.estimate - 1 if self.scale == "ratio" else self.estimate


def paired(
    old: Iterable[float], new: Iterable[float],
    *, alpha: float = ALPHA, level: float = 0.95, margin: float | None = None,
) -> Comparison:  # fmt: skip
    """Compares runs that were interleaved pair by pair; exact whatever the machine did, see ``signflip``.

    ``margin`` is the relative change (0.03) within which the two count as the same. Raises UsageError where the pairs do not match.
    """
    before, after = floats(old), floats(new)
    if before.size != after.size:
        raise UsageError(
            f"{before.size} old values cannot be paired with {after.size} new ones",
            hint="Drop the run whose partner is missing, or compare without pairs.",
        )
    scale = "ratio" if (before > 0).all() and (after > 0).all() else "difference"
    differences = np.log(after) - np.log(before) if scale == "ratio" else after - before
    p = signflip.p_value(differences)
    found = signflip.interval(differences, level)
    estimate = signflip.location(differences)
    if not found.low <= estimate <= found.high:  # only where more than half of the differences are equal
        estimate = min(max(estimate, found.low), found.high)
    warnings = []
    if 2.0 ** (1 - before.size) > alpha and np.any(differences):
        least = math.ceil(1 - math.log2(alpha))
        warnings.append(
            f"{before.size} pairs cannot show any difference at alpha {alpha:g}: at least {least} are needed"
        )
    transform = math.exp if scale == "ratio" else float
    return _decide(
        Comparison(
            scale=scale, estimate=transform(estimate),
            interval=Interval(_bound(transform, found.low), _bound(transform, found.high), level), p=p,
            n_old=before.size, n_new=after.size, median_old=float(np.median(before)), median_new=float(np.median(after)),
            detectable=detectable_change(differences, alpha, scale), verdict=Verdict.UNDECIDED, alpha=alpha,
            method="sign-flip test of paired runs, t3 scores", margin=margin, warnings=tuple(warnings),
        )
    )  # fmt: skip


def _bound(transform: object, bound: float) -> float:
    if transform is math.exp:
        return math.inf if bound > 700 else math.exp(bound)
    return bound


def detectable_change(differences: Floats, alpha: float, scale: str) -> float:
    """The smallest change that pairs with this noise find in 80 of 100 tries, relative for ``scale`` ratio (differences of logarithms).

    From the half width of the interval at 1 - alpha, which already holds the price of few pairs; infinite where they are too few.
    """
    at_alpha = signflip.interval(differences, 1 - alpha)
    if math.isinf(at_alpha.low) or math.isinf(at_alpha.high):
        return math.inf
    half = (at_alpha.high - at_alpha.low) / 2
    reach = half * (1 + stats.norm.ppf(POWER) / stats.norm.isf(alpha / 2))
    return float(math.expm1(min(reach, 700.0)) if scale == "ratio" else reach)


def _decide(comparison: Comparison) -> Comparison:
    verdict = Verdict.UNDECIDED
    at_one = 1.0 if comparison.scale == "ratio" else 0.0
    if comparison.p <= comparison.alpha and comparison.estimate != at_one:
        verdict = Verdict.HIGHER if comparison.estimate > at_one else Verdict.LOWER
    elif comparison.scale == "ratio" and comparison.margin is not None:
        low, high = 1 / (1 + comparison.margin), 1 + comparison.margin
        if low <= comparison.interval.low and comparison.interval.high <= high:
            verdict = Verdict.EQUIVALENT
    return dataclasses.replace(comparison, verdict=verdict)


def unpaired(
    old: Iterable[float], new: Iterable[float], *, alpha: float = 0.05, level: float = 0.95
) -> Comparison:
    """Compares two files' runs as benchstat does: Mann-Whitney's U, exact with ties up to n = 25 (50 without).

    ``p`` and the medians equal benchstat's. The estimate is Hodges and Lehmann's shift of logarithms, its interval Moses's. Its
    warnings say what the missing interleaving costs.
    """
    before, after = floats(old), floats(new)
    scale = "ratio" if (before > 0).all() and (after > 0).all() else "difference"
    u = mannwhitney.u_test(before, after)
    first, second = (np.log(before), np.log(after)) if scale == "ratio" else (before, after)
    shifts = np.sort((second[:, None] - first[None, :]).ravel())
    found = mannwhitney.shift_interval(shifts, before.size, after.size, level)
    wide = mannwhitney.shift_interval(shifts, before.size, after.size, 1 - alpha)
    half = (wide.high - wide.low) / 2
    reach = half * (1 + stats.norm.ppf(POWER) / stats.norm.isf(alpha / 2))
    warnings = ["the two sides were not interleaved: a drift of the machine between them looks like a change"]
    if u.all_equal:
        warnings.append("all values are equal")
    elif u.p > alpha and max(before.size, after.size) < (least := mannwhitney.least_n(alpha)):
        warnings.append(f"need at least {least} runs a side to detect a difference at alpha {alpha:g}")
    transform = math.exp if scale == "ratio" else float
    comparison = Comparison(
        scale=scale, estimate=transform(float(np.median(shifts))),
        interval=Interval(_bound(transform, found.low), _bound(transform, found.high), level), p=u.p,
        n_old=before.size, n_new=after.size, median_old=float(np.median(before)), median_new=float(np.median(after)),
        detectable=math.inf if math.isinf(half) else math.expm1(min(reach, 700.0)) if scale == "ratio" else reach,
        verdict=Verdict.UNDECIDED, alpha=alpha, method="Mann-Whitney U test, unpaired", warnings=tuple(warnings),
    )  # fmt: skip
    if u.p > alpha or comparison.median_new == comparison.median_old:
        return comparison
    higher = comparison.median_new > comparison.median_old
    return dataclasses.replace(comparison, verdict=Verdict.HIGHER if higher else Verdict.LOWER)


# ---- families


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: calling those at or below alpha keeps the chance of *any* false call at alpha (Holm 1979)."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)))
    adjusted = np.empty_like(stepped)
    adjusted[order] = stepped
    return [float(value) for value in adjusted]


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: of those called at or below q, at most the share q is false on average (Benjamini, Hochberg 1995)."""
    return [float(value) for value in stats.false_discovery_control(p_values)] if len(p_values) else []


def family(comparisons: Sequence[Comparison], *, alpha: float | None = None) -> list[Comparison]:
    """The same comparisons judged together: p by Holm, verdicts again, so that alpha holds for the whole family."""
    adjusted = holm([comparison.p for comparison in comparisons])
    return [
        _decide(dataclasses.replace(comparison, p=p, alpha=comparison.alpha if alpha is None else alpha))
        for comparison, p in zip(comparisons, adjusted, strict=True)
    ]
