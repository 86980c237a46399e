"""Steps in a history of figures, and warm-up at the head of a run; spikes are not steps.

A step is the split of a series whose two sides differ most, measured against their own spread by Huber's estimate: each side is taken
about its median, residuals beyond two robust standard deviations are cut there. Where one is found, both sides are searched again.
Where neighbouring points resemble each other, the step's standard error grows by what first-order autocorrelation of the residuals makes
of it (Hamed and Rao, Journal of Hydrology 204, 1998, do so for trends), with the bias of short series mended (Marriott and Pope,
Biometrika 41, 1954). CUSUM of ranks (E-divisive's rank cost), permutation p-values and PELT were tried: ranks saturate and see a fresh step
late, PELT's penalty has no error rate. Critical values come from simulation; benchmarks/stats_history shows the rates that they give.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from godyno.errors import UsageError
from godyno.model import Record
from godyno.stats.sample import MAD_TO_SD, Floats, floats

_CLIP = 2.0
_WINDOW = 400  # a longer stretch is searched in its last points; older steps were found when they were new

# (points on the shorter side, what |z| must exceed). A handful after a step may all be spikes, so they need more; from ten on the step is
# fresh and few splits compete; with many on both sides a step of any size stands out, and most splits that chance can choose lie there.
# At most 1 % of stable series of 100 – plain, spiky, skewed or with memory – exceed it …
_ONCE = ((8, 5.2), (10, 3.6), (11, 3.9), (14, 4.3))  # … when the whole series is looked at once
_MONITORED = (
    (10, 5.2),
    (12, 5.0),
    (14, 4.7),
    (25, 4.4),
)  # … when it is looked at again after every new point


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
    """Every step of ``history``, in order; at most 1 % of stable series of 100 show one, with 5 % spikes, skewed, or with memory of 0.3.

    ``monitored``: that rate holds for a history that is judged again after every new point, at the price of later discovery.
    Raises UsageError for values that are not finite. Fewer than 16 points have no steps that could be told.
    """
    values = floats(history)
    logs = bool((values > 0).all())
    scaled = np.log(values) if logs else values
    cuts: list[int] = []
    _search(scaled, 0, scaled.size, cuts, monitored)
    cuts.sort()
    # Judged only now: another step that is not yet known would look like memory.
    widening = _memory(scaled, cuts)
    while cuts:
        ends = [0, *cuts, scaled.size]
        found = [
            _judged(values, scaled, ends[i : i + 3], widening, monitored) for i in range(len(cuts))
        ]  # each between its neighbours: a first cut may have been drawn by a later one
        weakest = min(range(len(cuts)), key=lambda i: abs(found[i].z) / found[i].critical)
        if abs(found[weakest].z) >= found[weakest].critical:
            return found
        del cuts[weakest]
    return []


def _judged(values: Floats, scaled: Floats, ends: list[int], widening: float, monitored: bool) -> Change:
    low, cut, high = ends
    z = float(_z(scaled[low:high], np.array([cut - low]))[0]) / widening
    before, after = float(np.median(values[low:cut])), float(np.median(values[cut:high]))
    ratio = after / before if before > 0 and after > 0 else math.nan
    return Change(cut, before, after, ratio, z, critical(min(cut - low, high - cut), monitored=monitored))


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
    before, after = _running_medians(values)[splits - 1], _running_medians(values[::-1])[n - splits - 1]
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
    sure: Floats = np.where(exact & (before != after), np.sign(after - before) * 1e9, np.where(exact, 0.0, z))
    return sure


def _running_medians(values: Floats) -> Floats:
    """The median of the first value, the first two, … all."""
    ordered: list[float] = []
    medians = []
    for count, value in enumerate(values.tolist()):
        bisect.insort(ordered, value)
        middle = count // 2
        medians.append(ordered[middle] if count % 2 == 0 else (ordered[middle] + ordered[middle + 1]) / 2)
    return np.array(medians)


def _memory(values: Floats, cuts: list[int]) -> float:
    """By how much resemblance of neighbours between ``cuts`` widens a mean's standard error; 1 where they do not resemble each other."""
    pieces = np.split(values, cuts)
    residual = np.concatenate([piece - np.median(piece) for piece in pieces])
    scale = MAD_TO_SD * float(np.median(np.abs(residual)))
    if scale == 0:
        return 1.0
    cut = np.split(np.clip(residual / scale, -_CLIP, _CLIP), cuts)
    rest = [piece - piece.mean() for piece in cut]
    squares = sum(float(np.sum(piece**2)) for piece in rest)
    lag = sum(float(np.sum(piece[:-1] * piece[1:])) for piece in rest) / squares if squares else 0.0
    if lag <= 0:
        return 1.0
    lag = min(lag + (1 + 4 * lag) / values.size, 0.8)
    return math.sqrt((1 + lag) / (1 - lag))


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
