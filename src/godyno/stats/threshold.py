"""The memory limit under which a run passes with a given probability, in few runs.

Peak memory of a run is random, so the answer is a quantile of peaks, and bisection is misled. Every run tells more than pass or fail: one
that passed shows its peak, one that was killed shows that its peak was above the limit (a right-censored observation), one that passed
without a usable peak that it was below. log peak is taken as normal with unknown mean and spread; the posterior of both is computed on a
grid. Peaks must be of memory that cannot be reclaimed (anonymous), else the page cache makes every limit look too small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from godyno.errors import UsageError
from godyno.model import Interval, Record
from godyno.stats.sample import Floats

# Spread of log peak before anything is seen: 3 % with GOMEMLIMIT and 12 % without were measured, so e^±1 around 4 %.
_SPREAD, _SPREAD_SD = math.log(0.04), 1.0
_SPREADS = (0.001, 0.5)


@dataclass(frozen=True, slots=True)
class Probe(Record):
    """One run. ``limit_bytes`` None is unlimited; ``peak_bytes`` is of unreclaimable memory, None where it was not read.

    A run that neither passed nor was killed (it thrashed until a time-out) counts as not passed.
    """

    passed: bool
    limit_bytes: float | None = None
    peak_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class Limit(Record):
    """The limit under which a run passes with probability ``q``, and the spread of peaks behind it (SD of log, a ratio)."""

    q: float
    limit_bytes: float
    interval: Interval
    spread_ratio: float
    spread_interval: Interval
    probes: int
    warnings: tuple[str, ...] = ()

    @property
    def half_width_ratio(self) -> float:
        """Half of the interval's width, as a share of the limit."""
        return (self.interval.high - self.interval.low) / 2 / self.limit_bytes


class Posterior:
    """What ``probes`` say about the peaks. Raises UsageError for none, or where every run was killed (there is no upper end yet)."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self.probes = tuple(_checked(probe) for probe in probes)
        if not any(probe.passed for probe in self.probes):
            raise UsageError(
                "No run has passed yet", hint="Run it once without a limit, or with a far larger one."
            )
        known = [
            math.log(value)
            for probe in self.probes
            for value in (probe.limit_bytes, probe.peak_bytes)
            if value
        ]
        spreads = np.geomspace(*_SPREADS, 33)
        self._fill(np.linspace(min(known) - 0.8, max(known) + 0.8, 321), spreads)
        for _ in range(2):  # zoom in on where the mass is
            self._fill(self._around(self.mu, self.mass.sum(axis=1)), self._spread_around())

    def _around(self, grid: Floats, mass: Floats) -> Floats:
        total = np.cumsum(mass)
        low = float(grid[int(np.searchsorted(total, 1e-5))])
        high = float(grid[min(int(np.searchsorted(total, 1 - 1e-5)), grid.size - 1)])
        step = grid[1] - grid[0]
        return np.linspace(low - step, high + step, 161)

    def _spread_around(self) -> Floats:
        total = np.cumsum(self.mass.sum(axis=0))
        low = self.sigma[max(int(np.searchsorted(total, 1e-5)) - 1, 0)]
        high = self.sigma[min(int(np.searchsorted(total, 1 - 1e-5)) + 1, self.sigma.size - 1)]
        return np.geomspace(low, high, 33)

    def _fill(self, mu: Floats, sigma: Floats) -> None:
        self.mu, self.sigma = mu, sigma
        log = -(((np.log(sigma) - _SPREAD) / _SPREAD_SD) ** 2)[None, :] / 2 + np.zeros((mu.size, 1))
        for probe in self.probes:
            if probe.passed and probe.peak_bytes is not None:
                log += (
                    -(((math.log(probe.peak_bytes) - mu[:, None]) / sigma[None, :]) ** 2) / 2
                    - np.log(sigma)[None, :]
                )
            elif probe.limit_bytes is not None:
                z = (math.log(probe.limit_bytes) - mu[:, None]) / sigma[None, :]
                log += special.log_ndtr(z if probe.passed else -z)
        mass = np.exp(log - log.max())
        self.mass = mass / mass.sum()

    def limit(self, q: float = 0.5, level: float = 0.95) -> Limit:
        """The limit of pass probability ``q``. Raises UsageError for q outside (0, 1)."""
        if not 0 < q < 1:
            raise UsageError(
                f"{q:g} is not a probability that a limit can have", hint="Use 0.5, 0.95, 0.99 …"
            )
        logs = self.mu[:, None] + special.ndtri(q) * self.sigma[None, :]
        tail = (1 - level) / 2
        low, middle, high = (math.exp(value) for value in _quantiles(logs, self.mass, (tail, 0.5, 1 - tail)))
        spreads = np.broadcast_to(self.sigma[None, :], self.mass.shape)
        least, spread, most = _quantiles(spreads, self.mass, (tail, 0.5, 1 - tail))
        return Limit(
            q,
            middle,
            Interval(low, high, level),
            spread,
            Interval(least, most, level),
            len(self.probes),
            tuple(self._doubts()),
        )

    def p_pass(self, limit_bytes: float, level: float = 0.95) -> tuple[float, Interval]:
        """The probability that the next run passes under ``limit_bytes``, and the interval of the true pass rate."""
        rates = self._rates(limit_bytes)
        tail = (1 - level) / 2
        low, high = _quantiles(rates, self.mass, (tail, 1 - tail))
        return float(np.sum(rates * self.mass)), Interval(low, high, level)

    def _rates(self, limit_bytes: float) -> Floats:
        rates: Floats = special.ndtr((math.log(limit_bytes) - self.mu[:, None]) / self.sigma[None, :])
        return rates

    def next_limit(self, q: float = 0.5) -> float:
        """Under which limit, bytes, to run next.

        Where about 9 of 10 runs pass (more for a higher ``q``): an exact peak tells half as much again as a kill at the median does, and
        the run still happens under a limit close enough to behave as it will there.
        """
        aim = max(0.9, 1 - (1 - q) / 2)
        low, high = float(self.mu[0] - 4 * self.sigma[-1]), float(self.mu[-1] + 4 * self.sigma[-1])
        for _ in range(24):
            middle = (low + high) / 2
            low, high = (
                (middle, high) if np.sum(self._rates(math.exp(middle)) * self.mass) < aim else (low, middle)
            )
        return math.exp(high)

    def _doubts(self) -> list[str]:
        doubts = []
        peaks = [probe for probe in self.probes if probe.passed and probe.peak_bytes is not None]
        killed = [probe for probe in self.probes if not probe.passed]
        if len(peaks) >= 3 and killed:
            logs = np.log([probe.peak_bytes for probe in peaks if probe.peak_bytes])
            center, spread = float(np.median(logs)), max(float(np.std(logs, ddof=1)), 0.01)
            far = [
                probe
                for probe in killed
                if probe.limit_bytes and math.log(probe.limit_bytes) > center + 4 * spread
            ]
            if far:
                doubts.append(
                    f"{len(far)} runs were killed far above every peak that was seen: something else than this memory counts too"
                )
        if not peaks:
            doubts.append("no run showed its peak: the spread is mostly assumed")
        return doubts


def _checked(probe: Probe) -> Probe:
    for value in (probe.limit_bytes, probe.peak_bytes):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise UsageError(f"{value!r} bytes is neither a limit nor a peak")
    if not probe.passed and probe.limit_bytes is None:
        raise UsageError(
            "A run without a limit was not killed by one", hint="Say which limit held, or leave the run out."
        )
    if probe.passed and probe.peak_bytes is None and probe.limit_bytes is None:
        raise UsageError("A run without limit and peak says nothing")
    return probe


def _quantiles(values: Floats, mass: Floats, qs: Sequence[float]) -> list[float]:
    order = np.argsort(values, axis=None)
    flat, total = values.ravel()[order], np.cumsum(mass.ravel()[order])
    # Mid-point of each cell's mass, so that the grid's step does not shift the answer.
    centre = total - mass.ravel()[order] / 2
    return [float(np.interp(q, centre, flat)) for q in qs]


@dataclass(slots=True)
class Search:
    """Asks for runs until the limit is known well enough: ``next_limit``, run, ``observe``, again until ``done``.

    q: probability of passing. tolerance: how far off, as a share, the limit may be; it stops where the interval is
    well inside. most: probing runs at most
    (the first run, without a limit, is not one). Deterministic.
    """

    q: float = 0.5
    tolerance: float = 0.02
    level: float = 0.95
    most: int = 6
    probes: tuple[Probe, ...] = ()

    def observe(self, probe: Probe) -> None:
        """Adds a run."""
        self.probes = (*self.probes, _checked(probe))

    @property
    def probing_runs(self) -> int:
        """Runs so far that had a limit."""
        return sum(probe.limit_bytes is not None for probe in self.probes)

    def next_limit(self) -> float | None:
        """Bytes for the next run; None asks for a run without a limit. Doubles while nothing has passed."""
        if any(probe.passed for probe in self.probes):
            return Posterior(self.probes).next_limit(self.q)
        limits = [probe.limit_bytes for probe in self.probes if probe.limit_bytes is not None]
        return 2 * max(limits) if limits else None

    def result(self) -> Limit:
        """The limit as known now. Raises UsageError while no run has passed."""
        return Posterior(self.probes).limit(self.q, self.level)

    @property
    def done(self) -> bool:
        """Narrow enough, or out of probing runs."""
        if self.probing_runs >= self.most:
            return True
        if self.probing_runs < 2 or not any(probe.passed for probe in self.probes):
            return False
        # A spread that a few runs make look small is the usual reason to stop, and the usual error: ask for some room.
        return self.result().half_width_ratio <= 0.7 * self.tolerance
