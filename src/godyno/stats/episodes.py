"""Episodes in a long series of figures: stretches in which it left its usual range, of any length from one point to half of it.

A scan statistic: residuals from the median in robust standard deviations, clipped, summed over every window of 1, 2, 4 … points and divided
by the sum's own spread, which grows with how much neighbours resemble each other (first-order autocorrelation, as in ``changepoint``). The
best window is taken, what touches it is left out, and so on. Clipping keeps one wild point from making a long window stand out, and most of
a window must also differ by a factor that matters: in an hour of 7,200 points anything that is only significant happens, and a wide window
over several episodes is none by itself. How much neighbours resemble each other is told by the points that differ by no such factor:
episodes themselves would make everything look alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from godyno.errors import UsageError
from godyno.model import Record
from godyno.stats.sample import MAD_TO_SD, Floats

_CLIP_HIGH, _CLIP_LOW = 6.0, -3.0
_LEAST_SPREAD = 0.05  # of the level: a series steadier than this is no reason to call its noise an episode
_CRITICAL = 8.0
_CRITICAL_ALONE = 15.0  # of a single point, which is not clipped: its tail is heavier than that of sums
_MOSTLY = 0.6  # of a window's figures that differ by the factor
_MOST = 100
_BLOCK = 20
_AHEAD = 4
_APART = 4  # points as usual, in a row, end an episode


@dataclass(frozen=True, slots=True)
class Episode(Record):
    """Points ``start`` (0-based) to ``end`` (exclusive); the usual level, the level within, the window's score."""

    start: int
    end: int
    before: float
    during: float
    score: float

    @property
    def ratio(self) -> float:
        """``during`` over ``before``; infinite where it used to be nothing."""
        return self.during / self.before if self.before > 0 else math.inf


def episodes(values: Iterable[float], *, factor: float = 1.5, low: bool = False) -> list[Episode]:
    """The stretches in which ``values`` (none below zero; NaN is no figure) lay at ``factor`` times the usual level or more, in order.

    ``low`` looks for those at 1/``factor`` or less. How often chance makes one is in benchmarks/results/anomalies.md. Fewer than 30 figures
    have no usual level, and nothing is found. Raises UsageError for figures below zero or a factor that is not above 1.
    """
    series = np.asarray(list(values), dtype=np.float64)
    if not factor > 1 or (series < 0).any():
        raise UsageError("Episodes are of figures from zero on, at a factor above 1")
    known = np.isfinite(series)
    if known.sum() < 30:
        return []
    usual = float(np.median(series[known]))
    # What is usually nothing (errors, throttling) has no logarithm: there a unit of the smallest figure counts.
    unit = usual if usual > 0 else float(series[known & (series > 0)].min(initial=math.inf))
    if not math.isfinite(unit):
        return []
    odd = known & ((series <= usual / factor) if low else (series >= factor * usual) & (series > 0))
    kept = (
        known & ~odd if odd.sum() < known.sum() / 2 else known
    )  # what is odd says nothing of the usual spread
    scaled = np.where(known, np.log1p(series / unit), np.log1p(usual / unit))
    if low:
        scaled = -scaled
    center = float(np.median(scaled[kept]))
    spread = max(MAD_TO_SD * float(np.median(np.abs(scaled[kept] - center))), _LEAST_SPREAD)
    raw = (scaled - center) / spread
    residual = np.clip(raw, _CLIP_LOW, _CLIP_HIGH)
    widening = _memory(residual[kept])
    sums, odds, knowns = (np.concatenate(([0.0], np.cumsum(one))) for one in (residual, odd, known))
    free = np.ones(series.size, dtype=bool)
    best = [(float(raw[at]), int(at), int(at) + 1) for at in np.flatnonzero(odd & (raw >= _CRITICAL_ALONE))]
    width = 2
    while width <= series.size // 2:
        score = (sums[width:] - sums[:-width]) / math.sqrt(width * widening)
        mostly = odds[width:] - odds[:-width] >= _MOSTLY * np.maximum(knowns[width:] - knowns[:-width], 1)
        best += [
            (float(score[at]), int(at), int(at) + width)
            for at in np.flatnonzero((score >= _CRITICAL) & mostly)
        ]
        width *= 2
    out: list[Episode] = []
    for score_, start, end in sorted(best, key=lambda row: (-row[0], row[1])):
        if len(out) >= _MOST:
            break
        if not free[start:end].all():
            continue
        start, end = _trimmed(residual, start, end)
        inside = series[start:end][known[start:end]]
        during = float(np.median(inside)) if inside.size else usual
        if free[start:end].all() and (
            (during <= usual / factor) if low else (during >= factor * usual and during > 0)
        ):
            free[start:end] = False
            out.append(Episode(start, end, usual, during, score_))
    apart = []
    for part in (part for one in out for part in _split(one, odd | ~known)):
        width = part.end - part.start
        score = (
            raw[part.start]
            if width == 1
            else (sums[part.end] - sums[part.start]) / math.sqrt(width * widening)
        )
        if score >= (_CRITICAL_ALONE if width == 1 else _CRITICAL):  # by itself, too
            apart.append(replace(part, score=float(score)))
    return _joined(sorted(apart, key=lambda one: one.start), series)


def _trimmed(residual: Floats, start: int, end: int) -> tuple[int, int]:
    """Windows have lengths of powers of two: grown while what follows is nearer to the inside than to the usual, then cut to that."""
    level = float(residual[start:end].mean()) / 2
    ahead = max(_AHEAD, (end - start) // 16)
    while end < residual.size and residual[end : end + ahead].mean() > level:
        end += 1
    while start > 0 and residual[max(0, start - ahead) : start].mean() > level:
        start -= 1
    while end < residual.size and residual[end] > level:
        end += 1
    while start > 0 and residual[start - 1] > level:
        start -= 1
    inside = np.flatnonzero(residual[start:end] > level)
    if inside.size:
        start, end = start + int(inside[0]), start + int(inside[-1]) + 1
    return start, end


def _split(one: Episode, odd: NDArray[np.bool_]) -> list[Episode]:
    """A window of mostly odd figures may hold two episodes: cut where it was as usual for some points in a row."""
    at = np.flatnonzero(odd[one.start : one.end]) + one.start
    if not at.size:
        return [one]
    cuts = np.flatnonzero(np.diff(at) > _APART) + 1
    return [replace(one, start=int(part[0]), end=int(part[-1]) + 1) for part in np.split(at, cuts)]


def _joined(found: list[Episode], series: Floats) -> list[Episode]:
    """Episodes with hardly anything between them are one; the level within is that of the whole."""
    out: list[Episode] = []
    for one in found:
        if out and one.start - out[-1].end < _APART:
            last = out.pop()
            one = replace(last, end=max(last.end, one.end), score=max(last.score, one.score))
        out.append(one)
    return [replace(one, during=float(np.nanmedian(series[one.start : one.end]))) for one in out]


def _memory(residual: Floats) -> float:
    """By how much resemblance of neighbours widens a sum's variance; measured within short blocks, so that a shift is not taken for it."""
    if residual.size < _BLOCK:
        return 1.0
    blocks = np.array_split(np.clip(residual, -3, 3), max(1, residual.size // _BLOCK))
    rest = [block - block.mean() for block in blocks]
    squares = sum(float((one**2).sum()) for one in rest)
    lag = sum(float((one[:-1] * one[1:]).sum()) for one in rest) / squares if squares else 0.0
    lag = min(max(lag + (1 + 3 * lag) / _BLOCK, 0.0), 0.8)  # short blocks show less of it (Marriott and Pope)
    return (1 + lag) / (1 - lag)
