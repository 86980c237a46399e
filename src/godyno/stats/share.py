"""The interval of a share, from how many of how many."""

from __future__ import annotations

import math
from statistics import NormalDist

from godyno.errors import UsageError
from godyno.model import Interval


def share_interval(share: float, n: float, level: float = 0.95) -> Interval:
    """The interval of a true share of which ``share`` was seen in ``n`` draws (Wilson 1927): holds near 0 and 1 too.

    Draws are taken to be independent; neighbouring samples of one program resemble each other, so it is the least doubt there is.
    Raises UsageError for no draws, or a share or level that is none.
    """
    if not (n > 0 and 0 <= share <= 1 + 1e-9 and 0 < level < 1):
        raise UsageError(f"No interval for a share of {share:g} of {n:g} at level {level:g}")
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(max(0.0, share * (1 - share)) / n + z * z / (4 * n * n))
    return Interval(max(0.0, middle - reach), min(1.0, middle + reach), level)
