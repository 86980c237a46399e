"""Steps in a history of figures, and warm-up at the head of a run; spikes are not steps.

A step is the split of a series whose two sides differ most, measured against their own spread by Huber's estimate: each side is taken
about its median, residuals beyond two robust standard deviations are cut there. Where one is found, both sides are searched again.
CUSUM of ranks (E-divisive's rank cost), permutation p-values and PELT were tried: ranks saturate and see a fresh step late, PELT's
penalty has no error rate. Critical values come from simulation with 5 % spikes (benchmarks/stats_history prints them).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from godyno.errors import UsageError
from godyno.model import Record
from godyno.stats.sample import MAD_TO_SD, Floats, floats

_CLIP = 2.0
_WINDOW = 400  # a longer stretch is searched in its last points; older steps were found when they were new

# A few points after a step may all be spikes, so a split needs more evidence the fewer points lie on its shorter side:
# (points on the shorter side, what |z| must exceed). At most 1 % of stable series of 100 with 5 % spikes exceed it …
_ONCE = ((5, 5.0), (8, 3.7))  # … when the whole series is looked at once
_MONITORED = ((9, 5.1),)  # … when it is looked at again after every new point


@dataclass(frozen=True, slots=True)
class Change(Record):
    """A step before point ``index`` (0-based: the first of the new level), from level ``before`` to ``after``.

    ``ratio`` is after / before (NaN where a level is not above zero), ``z`` the step over its standard error, ``critical`` what it
    had to exceed.
    """

    index: int
    before: float
    after: float
    ratio: float
    z: float
    critical: float


def changes(history: Iterable[float], *, monitored: bool = False) -> list[Change]:
    """Every step of ``history``, in order; at most 1 % of stable series of 100 show one, if each has 5 % spikes.

    ``monitored``: that rate holds for a history that is judged again after every new point, at the price of later discovery.
    Raises UsageError for values that are not finite. Fewer than 10 points have no steps that could be told.
    """
    values = floats(history)
    logs = bool((values > 0).all())
    scaled = np.log(values) if logs else values
    cuts: list[int] = []
    _search(scaled, 0, scaled.size, cuts, monitored)
    cuts.sort()
    found: list[Change] = []
    # A first cut may have been drawn by a later one: each must still stand between its neighbours.
    for cut in list(cuts):
        place = cuts.index(cut)
        low, high = (
            (cuts[place - 1] if place else 0),
            (cuts[place + 1] if place + 1 < len(cuts) else scaled.size),
        )
        z = float(_z(scaled[low:high], np.array([cut - low]))[0])
        limit = critical(min(cut - low, high - cut), monitored=monitored)
        if abs(z) < limit:
            cuts.remove(cut)
            continue
        before, after = float(np.median(values[low:cut])), float(np.median(values[cut:high]))
        ratio = after / before if before > 0 and after > 0 else math.nan
        found.append(Change(cut, before, after, ratio, z, limit))
    return found


def _search(values: Floats, low: int, high: int, cuts: list[int], monitored: bool) -> None:
    low = max(low, high - _WINDOW)
    least = (_MONITORED if monitored else _ONCE)[0][0]
    if high - low < 2 * least or len(cuts) > 64:
        return
    splits = np.arange(least, high - low - least + 1)
    limits = np.array([critical(min(int(at), high - low - int(at)), monitored=monitored) for at in splits])
    excess = np.abs(_z(values[low:high], splits)) / limits
    best = int(np.argmax(excess))
    if excess[best] < 1:
        return
    at = low + int(splits[best])
    cuts.append(at)
    _search(values, low, at, cuts, monitored)
    _search(values, at, high, cuts, monitored)


def critical(shorter: int, *, monitored: bool = False) -> float:
    """What ``|z|`` has to exceed at a split with ``shorter`` points on its shorter side; infinite for too few."""
    table = _MONITORED if monitored else _ONCE
    return next((limit for least, limit in reversed(table) if shorter >= least), math.inf)


def _z(values: Floats, splits: np.typing.NDArray[np.int_]) -> Floats:
    """Huber's z of the step at each split; a row a split."""
    n = values.size
    left = np.arange(n)[None, :] < splits[:, None]
    before = np.array([np.median(values[:split]) for split in splits])
    after = np.array([np.median(values[split:]) for split in splits])
    residual = values[None, :] - np.where(left, before[:, None], after[:, None])
    scale = MAD_TO_SD * np.median(np.abs(residual), axis=1)
    # More than half equal (counts, sizes): any other step is then judged against the mean absolute deviation.
    scale = np.where(scale > 0, scale, np.abs(residual).mean(axis=1))
    exact = scale <= 1e-12 * max(float(np.abs(values).max()), 1e-300)
    scale = np.where(exact, 1.0, scale)
    unit = residual / scale[:, None]
    cut = np.clip(unit, -_CLIP, _CLIP)
    sizes = splits.astype(np.float64)
    first, second = (cut * left).sum(axis=1) / sizes, (cut * ~left).sum(axis=1) / (n - sizes)
    rest = cut - np.where(left, first[:, None], second[:, None])
    sd = np.sqrt((rest**2).sum(axis=1) / max(n - 2, 1))
    kept = (np.abs(unit) < _CLIP).mean(
        axis=1
    )  # Huber's correction: the cut shrinks the estimate's slope by this much
    error = sd / np.maximum(kept, 0.5) * np.sqrt(1 / sizes + 1 / (n - sizes))
    step = (after - before) / scale + second - first
    z = np.divide(step, error, out=np.zeros_like(step), where=error > 0)
    # No spread at all on either side: any step is certain.
    sure: Floats = np.where(exact & (before != after), np.sign(after - before) * 1e3, np.where(exact, 0.0, z))
    return sure


# ---- warm-up

_WARM_Z = 4.0


def warmup(values: Iterable[float], *, most: float = 0.5) -> int:
    """How many leading values are warm-up: the head that differs from the rest, at most the share ``most`` of all.

    Judged by a robust z of the head's median against the rest, repeatedly, so that a slow decay is followed. A single cold first
    run is found from 6 values on; a spike that happens to be first is dropped too, which costs one value and biases nothing.
    """
    series = floats(values)
    if not 0 <= most < 1:
        raise UsageError(f"A share of {most:g} cannot be warm-up", hint="Use a share between 0 and 1.")
    if (series > 0).all():
        series = np.log(series)
    limit, dropped = int(series.size * most), 0
    while True:
        rest = series[dropped:]
        best, at = 0.0, 0
        for head in range(1, min(limit - dropped, rest.size - 4) + 1):
            tail = rest[head:]
            center = float(np.median(tail))
            scale = MAD_TO_SD * float(np.median(np.abs(tail - center)))
            # A robust spread of few values is itself uncertain; Student's correction is close enough for a median.
            error = 1.2533 * scale * math.sqrt(1 / head + 1 / tail.size) * (1 + 2 / tail.size)
            gap = abs(float(np.median(rest[:head])) - center)
            z = gap / error if error > 0 else (math.inf if gap > 0 else 0.0)
            if z > best:
                best, at = z, head
        if best <= _WARM_Z or at == 0:
            return dropped
        dropped += at
