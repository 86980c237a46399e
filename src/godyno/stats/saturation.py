"""Throughput against a level of parallelism: model, knee, recommended level, from few noisy runs.

No single rule wins: the universal scalability law (Gunther 2007) rounds off a hard cap, a hinge has no decline, the largest measured value
follows noise. So curves of several families are drawn from broad priors, each is weighed by how well it fits, with scale and noise
integrated out in closed form, and every answer is taken over the weighed curves: the knee with its interval, and a level chosen
by the share of the best throughput that it gives under all curves that are still possible.

Families: USL (contention and coherency), hinge (a cap by processors or by one long package, with or without decline beyond), rounds
(equal tasks that run in whole rounds, so that throughput climbs in steps).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from godyno.errors import UsageError
from godyno.model import Interval, Record
from godyno.stats.sample import Floats, floats

_DRAWS = 6000  # of each family
_FLOOR = 0.015  # models are never truer than this: keeps many repeats from leaving one curve standing
_NOISE, _NOISE_WEIGHT = (
    0.06,
    4.0,
)  # what a run varies by before any is repeated, and how many runs that belief is worth
_NEARLY, _AS_GOOD = 0.95, 0.02  # share of the best, and how much less likely counts as equally likely
FAMILIES = ("usl", "hinge", "rounds")


@dataclass(frozen=True, slots=True)
class Point(Record):
    """The curve at one level: median throughput (unit of the data), interval, share of the best."""

    level: int
    throughput: float
    interval: Interval
    share: float
    share_low: float  # one-sided at 95 %


@dataclass(frozen=True, slots=True)
class Saturation(Record):
    """What the runs say. ``recommended``: the lowest level that gives at least the share ``aim`` of the best, at 95 %, else the best bet.

    ``knee`` is where one more unit of parallelism stops paying half of what the first paid. ``families`` holds the models' weights.
    """

    recommended: int
    best: int
    knee: float
    knee_interval: Interval
    points: tuple[Point, ...]
    families: dict[str, float]
    noise_ratio: float
    runs: int
    warnings: tuple[str, ...] = ()


class Curves:
    """Weighed curves. levels and throughputs are of the runs, one entry a run; ``candidates`` the levels that may be chosen.

    tasks: how many tasks of about equal length there are, if known (packages). Raises UsageError for levels below 1 or no runs.
    """

    def __init__(
        self, levels: Sequence[int], throughputs: Sequence[float], candidates: Sequence[int],
        *, tasks: int | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        runs = np.asarray(levels, dtype=np.int64)
        logs = np.log(floats(throughputs, positive=True))
        if runs.size != logs.size or (runs < 1).any() or not candidates or min(candidates) < 1:
            raise UsageError("Each run needs a level of at least 1 and a throughput")
        self.candidates = np.array(
            sorted({int(level) for level in candidates} | {int(level) for level in runs})
        )
        self.runs, self.logs = runs, logs
        shapes, self.family, self.knees = _draw(tuple(map(int, self.candidates)), tasks, seed)
        at_runs = shapes[:, np.searchsorted(self.candidates, runs)]
        self.weight, offset, self.noise = _weigh(at_runs, logs)
        self.curves = shapes + offset[:, None]  # log throughput at each candidate

    def result(self, aim: float = 0.97, level: float = 0.95) -> Saturation:
        """The answers over all curves."""
        share = np.exp(self.curves - self.curves.max(axis=1, keepdims=True))
        expected = self.weight @ share
        sure = np.array([_quantile(share[:, i], self.weight, 1 - level) for i in range(share.shape[1])])
        good = np.flatnonzero(sure >= aim)
        best = int(np.argmax(expected))
        # Where none is sure: the lowest whose chance of nearly the best is as good as any's. The largest expected share alone would
        # follow noise up to where throughput declines (benchmarks/stats_saturation).
        nearly = self.weight @ (share >= _NEARLY)
        chosen = int(good[0]) if good.size else int(np.flatnonzero(nearly >= nearly.max() - _AS_GOOD)[0])
        tail = (1 - level) / 2
        points = tuple(
            Point(
                int(at), math.exp(_quantile(self.curves[:, i], self.weight, 0.5)),
                self._interval(i, level),
                float(expected[i]), float(sure[i]),
            )
            for i, at in enumerate(self.candidates)
        )  # fmt: skip
        knee, low, high = (_quantile(self.knees, self.weight, q) for q in (0.5, tail, 1 - tail))
        warnings = []
        if not good.size:
            warnings.append(
                f"no level is sure to give {aim:.0%} of the best yet: the recommended one is the best bet"
            )
        if int(self.candidates[chosen]) not in self.runs:
            warnings.append(f"level {self.candidates[chosen]} was not run: its throughput is predicted")
        families = {name: float(self.weight[self.family == i].sum()) for i, name in enumerate(FAMILIES)}
        return Saturation(
            int(self.candidates[chosen]), int(self.candidates[best]), knee, Interval(low, high, level), points, families,
            self.noise, int(self.runs.size), tuple(warnings),
        )  # fmt: skip

    def _interval(self, i: int, level: float) -> Interval:
        low, high = (_quantile(self.curves[:, i], self.weight, q) for q in ((1 - level) / 2, (1 + level) / 2))
        return Interval(math.exp(low), math.exp(high), level)

    def next_level(self) -> int:
        """The level to run next: where curves that are still possible disagree most about levels that may be the best."""
        share = np.exp(self.curves - self.curves.max(axis=1, keepdims=True))
        mean = self.weight @ self.curves
        spread = np.sqrt(np.maximum(self.weight @ self.curves**2 - mean**2, 0))
        may_be_good = self.weight @ (share >= 0.95)
        known = np.array([np.count_nonzero(self.runs == level) for level in self.candidates])
        return int(self.candidates[int(np.argmax(spread * np.sqrt(may_be_good + 0.02) / np.sqrt(1 + known)))])


def first_levels(candidates: Sequence[int]) -> list[int]:
    """The runs to begin with: the lowest, the highest, and the one in the middle of the scale of doublings."""
    ordered = sorted(set(candidates))
    middle = min(
        ordered, key=lambda level: abs(math.log(level) - (math.log(ordered[0]) + math.log(ordered[-1])) / 2)
    )
    return list(dict.fromkeys([ordered[0], ordered[-1], middle]))


@lru_cache(maxsize=4)  # a search asks for the same ones again after each run
def _draw(levels: tuple[int, ...], tasks: int | None, seed: int) -> tuple[Floats, Floats, Floats]:
    """Log shapes at ``levels`` (0 at level 1), the family of each, and its knee."""
    rng = np.random.default_rng(seed)
    p = np.array(levels, dtype=np.float64)[None, :]
    top = float(max(levels))

    def log_uniform(low: float, high: float) -> Floats:
        return np.exp(rng.uniform(math.log(low), math.log(high), _DRAWS))

    contention, coherency = log_uniform(1e-3, 0.9), log_uniform(1e-6, 0.3)
    usl = np.log(p) - np.log1p(contention[:, None] * (p - 1) + coherency[:, None] * p * (p - 1))
    # marginal gain at p is (1 - s - k p^2) / (1 + s (p-1) + k p (p-1))^2, at 1 it is 1 - s - k
    fine = np.linspace(1, max(2 * top, 4), 200)
    usl_knee = _half_gain(fine, contention, coherency)

    cap = log_uniform(1.0, 1.5 * top)
    decline = np.where(rng.random(_DRAWS) < 0.5, 0.0, log_uniform(1e-3, 0.3))
    serial = np.where(rng.random(_DRAWS) < 0.4, 0.0, log_uniform(3e-3, 0.3))
    sharp = np.where(rng.random(_DRAWS) < 0.5, 40.0, log_uniform(2.0, 20.0))
    # Below the cap, tasks that end unevenly leave processors idle: about 1/p + serial of the work (Graham 1969).
    climb = np.log(p) - np.log1p(serial[:, None] * (p - 1))
    hinge = _hinge(climb, np.log(cap)[:, None], sharp[:, None])
    beyond = np.where(
        rng.random((_DRAWS, 1)) < 0.5,
        np.maximum(np.log(p) - np.log(cap)[:, None], 0),
        np.maximum(p - cap[:, None], 0) / 4,
    )
    hinge = hinge - decline[:, None] * beyond

    count = np.full(_DRAWS, float(tasks)) if tasks else np.floor(log_uniform(2, 4 * top))
    rounds_cap = log_uniform(1.0, 3 * top)
    rounds = np.log(count)[:, None] - np.log(np.ceil(count[:, None] / p - 1e-9))
    rounds = np.minimum(rounds, np.log(rounds_cap)[:, None])

    shapes = np.concatenate((usl, hinge, rounds))
    family = np.repeat(np.arange(3.0), _DRAWS)
    knees = np.concatenate((usl_knee, cap, np.minimum(rounds_cap, count)))
    return shapes - shapes[:, :1] * (levels[0] == 1), family, np.minimum(knees, 2 * top)


def _hinge(x: Floats, cap: Floats, sharp: Floats) -> Floats:
    """min(x, cap), rounded off the more the smaller ``sharp`` is; 0 at x = 0 as long as the cap is not near."""
    low: Floats = -np.logaddexp(-sharp * x, -sharp * cap) / sharp
    return low


def _half_gain(fine: Floats, contention: Floats, coherency: Floats) -> Floats:
    grid = fine[None, :]
    s, k = contention[:, None], coherency[:, None]
    gain = (1 - s - k * grid**2) / (1 + s * (grid - 1) + k * grid * (grid - 1)) ** 2
    below = gain < 0.5 * (1 - s - k)
    found: Floats = fine[np.where(below.any(axis=1), below.argmax(axis=1), fine.size - 1)]
    return found


def _weigh(at_runs: Floats, logs: Floats) -> tuple[Floats, Floats, float]:
    """Each curve's weight, its fitted scale (log), and the noise: scale is integrated out flat, noise with an inverse gamma prior."""
    n = logs.size
    residual = logs[None, :] - at_runs
    offset = residual.mean(axis=1)
    squares = ((residual - offset[:, None]) ** 2).sum(axis=1) + n * _FLOOR**2
    prior = _NOISE_WEIGHT * _NOISE**2
    log_weight = -(n - 1 + _NOISE_WEIGHT) / 2 * np.log(squares + prior)
    weight = np.exp(log_weight - special.logsumexp(log_weight))
    noise = math.sqrt(float(weight @ ((squares + prior) / (n - 1 + _NOISE_WEIGHT))))
    return weight, offset, noise


def _quantile(values: Floats, weight: Floats, q: float) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    return float(values[order][min(int(np.searchsorted(total, q * total[-1])), values.size - 1)])
