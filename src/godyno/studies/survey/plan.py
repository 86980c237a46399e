"""What is measured in which order within the budget, and an honest word on how long it will still take.

The most useful comes first: one run of each activity, then the least memory of the build and what settings gain, then
rounds of all activities until each has enough runs. Within a round the order is shuffled, so that a drift of the
machine does not fall on one activity alone.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

WANTED_RUNS = 6  # the fewest with a 95 % interval of the median
CHEAP_S = 4.0  # activities below this are repeated first: much certainty for little time


class Budget:
    """Seconds that may be spent, from its making. ``clock`` is monotonic and in seconds."""

    def __init__(self, budget_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget_s, self._clock, self._began = budget_s, clock, clock()

    def spent_s(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    def left_s(self) -> float:
        """What may still be spent; never below 0."""
        return max(0.0, self.budget_s - self.spent_s())


@dataclass
class Times:
    """What each kind of step took here so far, wall seconds with recording and sealing; guesses for the rest.

    A guess is a share of the cold build's time (``shares``), which is usually known first. Without even that: None.
    """

    shares: Mapping[str, float]
    anchor: str = "build-cold"
    seen: dict[str, list[float]] = field(default_factory=dict)
    overhead_s: float = 1.5  # of recording one run: replaced by what is measured

    def add(self, step: str, took_s: float) -> None:
        """One more."""
        self.seen.setdefault(step, []).append(took_s)

    def known(self, step: str) -> bool:
        """Whether it was measured rather than guessed."""
        return bool(self.seen.get(step))

    def expected_s(self, step: str) -> float | None:
        """Seconds that ``step`` will take; the longest so far, since an underestimate would overrun the budget."""
        if self.seen.get(step):
            return max(self.seen[step])
        if self.seen.get(self.anchor) and step in self.shares:
            return self.overhead_s + self.shares[step] * max(self.seen[self.anchor])
        return None


def left_to_do_s(times: Times, steps: Iterable[str], budget: Budget) -> tuple[float, bool]:
    """Seconds until the survey ends, and whether every step of it has been measured before.

    Never more than the budget: what does not fit is left out.
    """
    expected = [(step, times.expected_s(step)) for step in steps]
    total = sum(seconds for _, seconds in expected if seconds is not None)
    sure = all(times.known(step) for step, _ in expected)
    if any(seconds is None for _, seconds in expected):
        return budget.left_s(), False
    return min(total, budget.left_s()), sure


def rounds(
    names: Sequence[str], done: Mapping[str, int], expected_s: Mapping[str, float], seed: int
) -> list[str]:
    """The runs that are still wanted, round by round: cheap activities first to their full number, then the others."""
    rng = random.Random(seed)
    order: list[str] = []
    cheap = [name for name in names if expected_s.get(name, CHEAP_S) < CHEAP_S]
    for group in (cheap, [name for name in names if name not in cheap]):
        missing = {name: max(0, WANTED_RUNS - done.get(name, 0)) for name in group}
        while any(missing.values()):
            turn = [name for name in group if missing[name]]
            rng.shuffle(turn)
            order += turn
            for name in turn:
                missing[name] -= 1
    return order
