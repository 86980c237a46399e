"""MONOTONIC, BOOTTIME and REALTIME brackets, and conversion with a stated error.

Every instant in a capture is int64 nanoseconds of CLOCK_MONOTONIC. A source that stamps with another clock is converted
through a bracket: that clock read between two readings of MONOTONIC, so that half the bracket's width bounds the error
of the offset. Two brackets, one at each end of a recording, bound the drift (and any step) of the other clock between them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

MONOTONIC, BOOTTIME, REALTIME = "CLOCK_MONOTONIC", "CLOCK_BOOTTIME", "CLOCK_REALTIME"
# macOS has no BOOTTIME; there only REALTIME is bracketed.
_IDS = {REALTIME: time.CLOCK_REALTIME, BOOTTIME: getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)}


def now_ns() -> int:
    """The present instant, ns of CLOCK_MONOTONIC."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class Bracket:
    """One reading of ``clock``: at MONOTONIC ``t_ns`` it showed ``t_ns + offset_ns``, give or take ``error_ns``."""

    clock: str
    t_ns: int
    offset_ns: int
    error_ns: int


def bracket(clock: str = REALTIME, tries: int = 16) -> Bracket:
    """Reads ``clock`` between two readings of MONOTONIC, ``tries`` times, and keeps the narrowest.

    The narrowest of several readings is Cristian's method (Distributed Computing 3, 1989): an interruption between the
    readings only ever widens a bracket, so the narrowest is the most exact.
    """
    other_id, best = _IDS[clock], None
    for _ in range(tries):
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        other = time.clock_gettime_ns(other_id)
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        width = after - before
        if best is None or width < best[0]:
            best = (width, (before + after) // 2, other)
    assert best is not None
    width, middle, other = best
    return Bracket(clock, middle, other - middle, width // 2 + 1)


@dataclass(frozen=True, slots=True)
class Conversion:
    """From another clock to MONOTONIC by two brackets of it, linear in between (a slewing NTP is linear to first order)."""

    first: Bracket
    last: Bracket

    @property
    def error_ns(self) -> int:
        """The bound on a converted instant's error inside the brackets: their own, plus what the clock moved in between."""
        return max(self.first.error_ns, self.last.error_ns) + abs(self.last.offset_ns - self.first.offset_ns)

    def monotonic_ns(self, other_ns: int) -> int:
        """The MONOTONIC instant at which the other clock showed ``other_ns``."""
        span = self.last.t_ns - self.first.t_ns
        drift = self.last.offset_ns - self.first.offset_ns
        estimate = other_ns - self.first.offset_ns
        if span <= 0 or drift == 0:
            return estimate
        return estimate - drift * (estimate - self.first.t_ns) // (span + drift)
