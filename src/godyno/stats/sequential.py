"""Comparison with a look after every pair and a stop: looking often does not raise the error rate.

Alpha is spent over the looks (Lan and DeMets, Biometrika 70, 1983). The boundary at each look is not taken from a normal table: many sign
patterns drawn by coin are carried along with the data's own magnitudes, and a boundary is set so that the share of patterns that
crossed by now is what may be spent by now. That is exact under the same design as ``signflip``: noise may drift, spike or remember.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from godyno.errors import UsageError
from godyno.model import Interval, Record
from godyno.stats import signflip
from godyno.stats.compare import ALPHA, Verdict
from godyno.stats.sample import Floats, floats

_CHUNK = 32


@dataclass(frozen=True, slots=True)
class Look(Record):
    """What is known after ``n`` pairs. ``ratio`` is new / old. ``interval`` holds at every look at once.

    ``stop`` says that nothing more is to be learned within the rules: decided, or the budget is used up.
    """

    n: int
    ratio: float
    interval: Interval
    verdict: Verdict
    stop: bool
    spent: float


class Sequential:
    """One comparison that is looked at after every pair.

    alpha: chance of ever calling identical arms different, over all looks. budget: the most pairs there will be; None is
    open-ended (alpha is then spread over all n, at a price in runs). margin: relative change (0.03) that does not matter; when
    both ends are excluded, also at alpha, the arms are equivalent. first: no look before this many pairs.
    Deterministic given ``seed``. Raises UsageError for settings outside their range.
    """

    def __init__(
        self, *, alpha: float = ALPHA, budget: int | None = 80, margin: float | None = None,
        level: float = 0.95, first: int = 6, seed: int = 0,
    ) -> None:  # fmt: skip
        if not 0 < alpha < 1 or not 0 < level < 1 or (budget is not None and budget < 1) or first < 1:
            raise UsageError("alpha and level lie between 0 and 1; budget and first are at least 1")
        if margin is not None and margin <= 0:
            raise UsageError(f"A margin of {margin:g} cannot be shown", hint="0.03 asks for 3 %.")
        self.alpha, self.budget, self.margin, self.level, self.first, self.seed = (
            alpha,
            budget,
            margin,
            level,
            first,
            seed,
        )
        # 40 patterns beyond the last boundary keep its own chance small
        self.replicates = min(200_000, max(20_000, math.ceil(40 / alpha)))
        self._differences: list[float] = []
        self._different = _Boundary(alpha, self)
        self._interval = _Boundary(1 - level, self)
        self._above, self._below = _Boundary(2 * alpha, self), _Boundary(2 * alpha, self)
        self._not_above = self._not_below = False
        self._nominal = 0.0
        self._called: Verdict | None = None

    def spendable(self, alpha: float, n: int) -> float:
        """How much of ``alpha`` may be spent by pair ``n``: in proportion to n, or alpha (1 - first / (n + 1)) without a budget."""
        if self.budget is None:
            return alpha * (1 - self.first / (n + 1))
        return alpha * min(1.0, n / self.budget)

    def add(self, old: float, new: float) -> Look:
        """One more pair (values above zero, in the measure's unit), and what is known now."""
        pair = floats((old, new), positive=True)
        return self.add_log_ratio(float(np.log(pair[1]) - np.log(pair[0])))

    def add_all(self, old: Iterable[float], new: Iterable[float]) -> Look:
        """Adds pairs until they end or a look says stop; the look at that point. Raises UsageError without any pair."""
        look = None
        for before, after in zip(old, new, strict=True):
            look = self.add(before, after)
            if look.stop:
                break
        if look is None:
            raise UsageError("No pair to look at")
        return look

    def add_log_ratio(self, difference: float, *, interval: bool = True) -> Look:
        """One more pair as log(new / old). Without ``interval`` the look is quicker and its interval infinite."""
        self._differences.append(difference)
        d = np.asarray(self._differences)
        n = d.size
        unknown = Interval(-math.inf, math.inf, self.level)
        center = signflip.location(d)
        if n < self.first:
            used_up = self.budget is not None and n >= self.budget
            return Look(n, math.exp(center), unknown, Verdict.UNDECIDED, used_up, 0.0)
        patterns = self._patterns(d)
        score, _ = self._different.look(patterns)
        _, self._nominal = self._interval.look(patterns)
        if score and self._called is None:
            self._called = Verdict.HIGHER if score > 0 else Verdict.LOWER
        if self.margin is not None:
            edge = math.log1p(self.margin)
            self._not_above |= self._above.look(self._patterns(d - edge))[0] < 0
            self._not_below |= self._below.look(self._patterns(d + edge))[0] > 0
            if self._called is None and self._not_above and self._not_below:
                self._called = Verdict.EQUIVALENT
        found = self.interval() if interval else unknown
        stop = self._called is not None or (self.budget is not None and n >= self.budget)
        return Look(
            n, math.exp(center), found, self._called or Verdict.UNDECIDED, stop, self._different.share_crossed
        )

    def interval(self) -> Interval:
        """The interval of the ratio at the last look: the slow part of one, so it may be left until the comparison stops."""
        if self._nominal <= 0:
            return Interval(-math.inf, math.inf, self.level)
        logs = signflip.interval(np.asarray(self._differences), 1 - self._nominal)
        if math.isinf(logs.low):
            return Interval(0.0, math.inf, self.level)
        return Interval(math.exp(max(logs.low, -700)), math.exp(min(logs.high, 700)), self.level)

    def _patterns(self, differences: Floats) -> _Patterns:
        weight = signflip.weights(differences)
        norm = math.sqrt(float(np.sum(weight**2)))
        n = differences.size
        if norm == 0:
            return _Patterns(n, 0.0, None)
        weight = weight / norm
        coins = _coins(self.seed, self.replicates, -(-n // _CHUNK))[:n]
        return _Patterns(
            n, float(np.sum(np.sign(differences) * weight)), np.abs(weight.astype(np.float32) @ coins)
        )


@dataclass(frozen=True, slots=True)
class _Patterns:
    """How lopsided the signs of ``n`` differences are, and all sign patterns drawn by coin; None where all are zero."""

    n: int
    observed: float
    coins: NDArray[np.float32] | None


class _Boundary:
    """A spending of ``alpha``, two-sided, carried from look to look."""

    def __init__(self, alpha: float, owner: Sequential) -> None:
        self.alpha, self.owner = alpha, owner
        self.crossed: NDArray[np.bool_] = np.zeros(owner.replicates, dtype=np.bool_)

    @property
    def share_crossed(self) -> float:
        return float(self.crossed.mean())

    def look(self, patterns: _Patterns) -> tuple[int, float]:
        """Whether the data crosses now (+1 above, -1 below, 0 not), and the two-sided level of this look taken alone."""
        n, observed, coins = patterns.n, patterns.observed, patterns.coins
        if coins is None:
            return 0, 0.0
        size = self.crossed.size
        allowed = math.floor(self.owner.spendable(self.alpha, n) * size + 1e-9) - int(self.crossed.sum())
        waiting = coins[~self.crossed]
        rank = waiting.size - 1 - allowed
        limit = float(np.partition(waiting, rank)[rank]) if rank >= 0 else 0.0
        # Strictly above, with room for float32: patterns that tie with the boundary stay inside, as the data does.
        limit = limit * (1 + 1e-5)
        beyond = coins > limit
        self.crossed |= beyond
        return (int(math.copysign(1, observed)) if abs(observed) > limit else 0), float(beyond.mean())


@lru_cache(maxsize=8)
def _coins(seed: int, replicates: int, chunks: int) -> NDArray[np.float32]:
    """Coins as +1 and -1, a row a pair, shape (chunks * 32, replicates); the first rows are the same whatever ``chunks`` is."""
    rows = [
        2
        * np.random.default_rng((seed, replicates, index)).integers(
            0, 2, size=(_CHUNK, replicates), dtype=np.int8
        )
        - 1
        for index in range(chunks)
    ]
    return np.concatenate(rows).astype(np.float32)
