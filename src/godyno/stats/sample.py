"""A sample: figures of one measure under one condition, checked, and summarised with their oddities."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from godyno.errors import UsageError
from godyno.model import Interval, Record
from godyno.stats.interval import median_interval

Floats = NDArray[np.float64]

# Normal-consistent: the standard deviation of a normal distribution is this many median absolute deviations.
MAD_TO_SD = 1.4826022185056018


def floats(data: Iterable[float], *, positive: bool = False, least: int = 1) -> Floats:
    """``data`` as an array of float64. Raises UsageError for too few values, NaN, infinities, or non-positive ones if asked."""
    values = np.asarray(data if isinstance(data, np.ndarray) else list(data), dtype=np.float64).ravel()
    if values.size < least:
        raise UsageError(f"{values.size} values where at least {least} are needed", hint="Run it more often.")
    if not np.isfinite(values).all():
        raise UsageError(
            "A sample holds a value that is not a finite number", hint="Drop the run that gave it."
        )
    if positive and not (values > 0).all():
        raise UsageError(
            "A ratio needs values above zero", hint="Compare this measure by differences instead."
        )
    return values


def without_wait(wall_s: Iterable[float], wait_s: Iterable[float], cpu_s: Iterable[float]) -> Floats:
    """Each run's wall seconds without those in which it was runnable and had no processor: on a processor, or blocked.

    ``wait_s`` is the scheduler's own account (``/proc/PID/schedstat``, taskstats ``cpu_delay_total``), so what neighbours took is left
    out and what the program itself waits for (storage, network, locks, timers) stays in; caches that neighbours emptied stay in too.
    Regressing wall on the wait instead gives a slope of 1.0 on the tape in ``benchmarks/stats_tape`` and finds no more. A measure
    beside wall, not in its place: users do wait. Never below the CPU time, as the accounts are read a moment apart. Raises UsageError
    where more than one thread ran at once (CPU above wall time), since waits of threads overlap and cannot be taken off.
    """
    wall, wait, cpu = floats(wall_s, positive=True), floats(wait_s), floats(cpu_s)
    if not wall.size == wait.size == cpu.size or (wait < 0).any():
        raise UsageError("Each run needs its wall time, its wait (not below zero) and its CPU time")
    if (cpu > 1.05 * wall).any():
        raise UsageError(
            "Waits of threads that run side by side overlap and cannot be taken off wall time",
            hint="Compare CPU time and wall time, or run with GOMAXPROCS=1.",
        )
    off: Floats = np.maximum(wall - wait, np.minimum(cpu, wall))
    return off


def robust_scale(values: Floats, *, center: float | None = None) -> float:
    """A standard deviation that a few spikes cannot move: the scaled median absolute deviation, in the values' unit.

    Falls back to the mean absolute deviation where more than half of the values are equal.
    """
    deviations = np.abs(values - (np.median(values) if center is None else center))
    scale = MAD_TO_SD * float(np.median(deviations))
    return scale if scale > 0 else 1.2533141373155003 * float(np.mean(deviations))


def spikes(values: Floats, *, limit: float = 5.0) -> NDArray[np.bool_]:
    """Which values lie more than ``limit`` robust standard deviations off the median."""
    scale = robust_scale(values)
    if scale == 0:
        return np.zeros(values.shape, dtype=np.bool_)
    flags: NDArray[np.bool_] = np.abs(values - np.median(values)) > limit * scale
    return flags


def lag1(values: Floats) -> float:
    """Correlation of each value's rank with its predecessor's; 0 where it cannot be told (fewer than 4, or all equal)."""
    if values.size < 4:
        return 0.0
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(np.float64)
    before, after = ranks[:-1], ranks[1:]
    if np.ptp(values) == 0 or np.std(before) == 0 or np.std(after) == 0:
        return 0.0
    return float(np.corrcoef(before, after)[0, 1])


@dataclass(frozen=True, slots=True)
class Summary(Record):
    """What a sample says about itself. ``interval`` is of the median (order statistics); infinite bounds say n is too small.

    ``cv_ratio`` is robust: scaled MAD over median. ``lag1`` is the rank correlation of neighbours in time.
    """

    n: int
    median: float
    interval: Interval
    mean: float
    low: float
    high: float
    cv_ratio: float
    spikes: int
    lag1: float
    warnings: tuple[str, ...] = ()


def summarize(data: Iterable[float], level: float = 0.95) -> Summary:
    """Median, its interval at ``level``, spread and oddities of ``data``, which is in order of time."""
    values = floats(data)
    center = float(np.median(values))
    interval = median_interval(values, level)
    scale = robust_scale(values)
    odd, memory = int(spikes(values).sum()), lag1(values)
    warnings = []
    if math.isinf(interval.low):
        warnings.append(f"n = {values.size} is too few for an interval at {level:.0%}")
    if values.size >= 12 and memory > 2.8 / math.sqrt(values.size):
        warnings.append(
            f"neighbouring runs resemble each other (rank correlation {memory:.2f}): the machine drifted"
        )
    if odd:
        warnings.append(f"{odd} of {values.size} runs are spikes")
    return Summary(
        n=values.size, median=center, interval=interval, mean=float(values.mean()), low=float(values.min()),
        high=float(values.max()), cv_ratio=scale / abs(center) if center else math.inf if scale else 0.0,
        spikes=odd, lag1=memory, warnings=tuple(warnings),
    )  # fmt: skip
