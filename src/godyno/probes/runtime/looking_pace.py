"""How long to wait until the next look from outside: never dearer than asked for, early ones more often, none in step with the program."""

from __future__ import annotations

_FIRST_S = 0.004
_LOOKS_EACH = 50  # at an age that is so many periods of the first looks, they become rarer
_GOLDEN = 0.6180339887498949


class Pace:
    """Looks every ``period_s`` or less often, for ``share`` of one CPU; ``ahead_s`` of CPU time is free, and while it lasts the first looks
    come every 4 ms, then at a fiftieth of the age: a run of 0.2 s gets 50 of them, one of 2.5 s 165.

    A look's wait is stretched by between a half and one and a half, so that a program that does something at fixed times is not always
    looked at at the same moment of it. The factors are the multiples of the golden ratio, which cover that range evenly.
    """

    def __init__(self, period_s: float, share: float, ahead_s: float = 0.0) -> None:
        self.period_s, self.share, self.ahead_s = period_s, share, ahead_s
        self.early = ahead_s > 0
        self._step = 0.0

    def next_s(self, age_s: float, took_s: float) -> float:
        """Seconds until the next look, of a recording that is ``age_s`` old, after one that took ``took_s`` of CPU time."""
        free = min(self.ahead_s, took_s)
        self.ahead_s -= free
        period_s = self.period_s
        if self.early:
            period_s = min(period_s, max(_FIRST_S, age_s / _LOOKS_EACH))
        self._step = (self._step + _GOLDEN) % 1.0
        return max(period_s, (took_s - free) / self.share) * (0.5 + self._step)
