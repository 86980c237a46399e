"""How much of what a quota adds to pauses and assists is time in which the group was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from godyno.model import Estimate, Interval, Trial

_DRAWS = 2000
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Growth:
    """Seconds a collection, summed over goroutines: without a quota, under it, and of that while stopped; ``share`` of the growth."""

    without_s: float
    under_s: float
    stopped_s: float
    share: Estimate
    trials: int

    @property
    def sure(self) -> bool:
        """Whether it grew beyond what runs vary by: else a share of the growth says nothing."""
        return self.share.interval is not None

    @property
    def shown(self) -> str:
        """The share with its interval."""
        between = self.share.interval
        return (
            f"{self.share.value:.0%} [{between.low:.0%}, {between.high:.0%}]" if between else "no sure growth"
        )


def cycles(trials: Sequence[Trial]) -> float:
    """Collections in all of an arm's runs."""
    return sum(one.measures.get("mark_count", 0.0) for one in trials)


def growth(base: Sequence[Trial], mine: Sequence[Trial], keys: Sequence[str], seed: int = 0) -> Growth:
    """From the runs without a quota to those under one; the interval by drawing runs anew, none where growth may be none."""
    rng = np.random.default_rng(seed)
    without, under = _sums(base, keys), _sums(mine, keys)
    a, b = _draws(without, rng), _draws(under, rng)
    grown = b[:, 1] - a[:, 1]
    now = _each(without.sum(axis=0)), _each(under.sum(axis=0))
    difference = now[1][1] - now[0][1]
    value = now[1][2] / difference if difference else 0.0
    between = None
    if len(base) > 1 and len(mine) > 1 and np.quantile(grown, (1 - _LEVEL) / 2) > 0:
        low, high = np.quantile(b[:, 2] / np.maximum(grown, 1e-12), [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
        between = Interval(float(low), float(high), _LEVEL)
    return Growth(
        float(now[0][1]),
        float(now[1][1]),
        float(now[1][2]),
        Estimate(float(value), "1", between),
        len(base) + len(mine),
    )


def _sums(trials: Sequence[Trial], keys: Sequence[str]) -> np.typing.NDArray[np.float64]:
    """A row a run: collections, seconds, seconds stopped."""
    return np.array(
        [
            [
                one.measures.get("mark_count", 0.0),
                sum(one.measures.get(key, 0.0) for key in keys),
                sum(one.measures.get(f"{key}_owed", 0.0) for key in keys),
            ]
            for one in trials
        ]
    )


def _draws(rows: np.typing.NDArray[np.float64], rng: np.random.Generator) -> np.typing.NDArray[np.float64]:
    """Per collection, of runs drawn with replacement."""
    sums: np.typing.NDArray[np.float64] = rows[rng.integers(0, len(rows), (_DRAWS, len(rows)))].sum(axis=1)
    return _each(sums)


def _each(sums: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    found: np.typing.NDArray[np.float64] = sums / np.maximum(sums[..., :1], 1e-12)
    return found
