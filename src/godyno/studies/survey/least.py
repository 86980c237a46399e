"""The smallest memory limit under which a command still passes, found in few runs.

The answer is a bracket: it passed at one limit and did not at another. The peak of the unlimited run gives the start, so
most searches take four or five runs. Just below the limit a build may not be killed at all but re-read its own evicted
pages without end; so every limited run has a time-out a little above the unlimited one, and running into it counts as
thrashing, with the major page faults beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from godyno.studies.survey.records import PASS, STOPPED, Run

RATIO = 1.12  # a bracket this narrow is an answer: what passes and what fails differ by an eighth
# Downward the first step is small, since a limit that fails costs its whole time-out and the peak is a good guess; each
# further pass makes it larger.
_STEPS = (1.12, 1.25, 1.5, 2.0)
_LEAST_BYTES = 16 << 20
_PAGE = 1 << 20  # limits are whole MiB: what a person would write

TryAt = Callable[[int], Run | None]


@dataclass
class Search:
    """A search in progress: usable at any moment, so that a budget may cut it short."""

    start_bytes: int
    runs: list[Run] = field(default_factory=list)

    def add(self, run: Run) -> None:
        """What happened at the limit of ``run``."""
        self.runs.append(run)

    @property
    def failed(self) -> list[Run]:
        """The runs that their limit made fail."""
        return [
            run
            for run in self.runs
            if run.verdict not in (PASS, STOPPED) and run.memory_limit_bytes is not None
        ]

    @property
    def low(self) -> Run | None:
        """The failing run with the largest limit. A pass at or below it was chance: near the edge both happen."""
        return max(self.failed, key=_limit, default=None)

    @property
    def high(self) -> Run | None:
        """The passing run with the smallest limit at which, and above which, nothing failed."""
        floor = _limit(self.low) if self.low else -1
        return min(
            (run for run in self.runs if run.verdict == PASS and _limit(run) > floor),
            key=_limit,
            default=None,
        )

    def next_limit(self) -> int | None:
        """The limit to try next; None where the bracket is narrow enough (or nothing smaller makes sense)."""
        low, high = self.low, self.high
        if low is None and high is None:
            return _whole(self.start_bytes)
        if high is None:
            assert low is not None
            return _whole(_limit(low) * _step(len(self.failed)))
        if low is None:
            passes = sum(1 for run in self.runs if run.verdict == PASS)
            limit = _whole(_limit(high) / _step(passes))
            return limit if limit < _limit(high) else None
        middle = _whole(math.sqrt(_limit(low) * _limit(high)))
        wide = _limit(high) / _limit(low) > RATIO
        return middle if wide and _limit(low) < middle < _limit(high) else None

    def passes_at_high(self) -> int:
        """How many runs passed at the smallest passing limit."""
        high = self.high
        if high is None:
            return 0
        return sum(1 for run in self.runs if run.verdict == PASS and _limit(run) == _limit(high))


def _limit(run: Run) -> int:
    return run.memory_limit_bytes or 0


def _step(number: int) -> float:
    return _STEPS[min(number, len(_STEPS)) - 1]


def search(start_bytes: int, try_at: TryAt, most_runs: int = 8, confirm: int = 1) -> Search:
    """Narrows until the bracket is narrow, ``most_runs`` are used up, or ``try_at`` gives None (the budget ends).

    The last ``confirm`` runs repeat the smallest passing limit.
    """
    found = Search(max(_LEAST_BYTES, start_bytes))
    while len(found.runs) < most_runs:
        limit, high = found.next_limit(), found.high
        repeats = found.passes_at_high() - 1
        if high is not None and (limit is None or most_runs - len(found.runs) <= confirm - repeats):
            if repeats >= confirm:
                break
            limit = high.memory_limit_bytes
        if limit is None:
            break
        run = try_at(limit)
        if run is None:
            break
        found.add(run)
        if run.verdict == STOPPED:
            break
    return found


def limited_timeout_s(unlimited_s: float) -> float:
    """The time-out under a limit: 1.6 times the slowest unlimited run, and 3 s for its start.

    A build that takes longer than that is of no use even if it should end, and waiting longer tells no more.
    """
    return 1.6 * unlimited_s + 3.0


def _whole(limit_bytes: float) -> int:
    return max(_LEAST_BYTES, math.ceil(limit_bytes / _PAGE) * _PAGE)
