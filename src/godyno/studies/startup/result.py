"""What ``godyno startup`` found: the starts, the waterfall with its causes, what was tried, what a change of code would save."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from godyno.model import Estimate, Interval, Record
from godyno.stats.interval import median_interval, quantile_interval
from godyno.stats.sample import summarize
from godyno.studies.startup.gate import Judged, statistic

DOMINATES = (
    0.5  # of a start's own time; the largest part of one in which nothing was planted takes up to 44 %
)


@dataclass(frozen=True, slots=True)
class Distribution(Record):
    """The starts in one state of the page cache, in order of time: how long, and ``at_s`` after the first of all.

    ``doubt_s`` is the largest of any start's moment of readiness.
    """

    state: str
    took_s: tuple[float, ...]
    doubt_s: float
    failed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    at_s: tuple[float, ...] = ()

    @property
    def median(self) -> Estimate:
        """With its interval by order statistics; none below 6 starts."""
        return _estimate(
            self.took_s, statistic("median", self.took_s), median_interval(self.took_s), "median"
        )

    @property
    def p95(self) -> Estimate:
        """The 95th percentile; its interval is open above below 59 starts, and then not given."""
        return _estimate(
            self.took_s,
            statistic("p95", self.took_s),
            quantile_interval(self.took_s, 0.95),
            "95th percentile",
        )


@dataclass(frozen=True, slots=True)
class Cause(Record):
    """What the time from exec to ready went to: seconds and share in the recorded start that is shown; over all recorded starts in that
    state of the cache the share's mean with its interval. ``details`` says where, the longest first: (what, seconds).
    """

    state: str
    title: str
    seconds: float
    share: float
    estimate: Estimate
    details: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Row(Record):
    """A row of the waterfall: a phase, when it began after exec, how long it took, and of what (title, seconds)."""

    label: str
    kind: str
    start_s: float
    took_s: float
    causes: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Place(Record):
    """Where in the start the time went: a package's init, the loader, a function that main calls. ``seconds`` and ``causes`` are of the
    recorded start that is shown, ``estimate`` is the share over all recorded ones. ``own_s`` leaves out what others took from it, and of
    the waits for a quota has those that its work used up, wherever they fell. ``bare_s`` is what it is taken to be in a start that is not
    recorded. ``own_share`` is the median over the recorded starts of its own time in what the machine, and watching, left of them.
    """

    label: str
    kind: str
    seconds: float
    own_s: float
    estimate: Estimate
    causes: tuple[tuple[str, float], ...] = ()  # (title, seconds), the longest first
    cause: str = ""  # the state that is most of own_s
    package: str = ""
    function: str = ""
    bare_s: float = 0.0
    own_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Waterfall(Record):
    """One recorded start, the one whose length is the middle of those that were recorded in this state.

    ``slower`` is how much longer recorded starts took than bare ones, without what godyno had built in. ``sum_s`` is the attribution's sum.
    """

    state: str
    took_s: float
    sum_s: float
    starts: int
    slower: float
    rows: tuple[Row, ...]
    causes: tuple[Cause, ...]
    places: tuple[Place, ...] = ()
    capture: str = ""
    notes: tuple[str, ...] = ()

    @property
    def dominating(self) -> Place | None:
        """Where most of the time went that is the program's own; None where that is below ``DOMINATES`` of it: some part of every
        start takes the most, which is no reason to accuse it.
        """
        return self.places[0] if self.places and self.places[0].own_share >= DOMINATES else None


@dataclass(frozen=True, slots=True)
class Tried(Record):
    """A remedy, tried beside starts without it. ``gain_s`` is what it saves at the median; its interval from the paired ratio."""

    name: str
    title: str
    state: str
    pairs: int
    ratio: float
    interval: Interval
    p: float
    gain_s: float
    verdict: str  # faster, slower, no difference shown
    advice: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class WhatIf(Record):
    """A change of code and what it would save: predicted from the time on the path, never tried by godyno."""

    what: str
    state: str
    gain_s: float
    share: float
    basis: str


@dataclass(frozen=True, slots=True)
class Startup(Record):
    """Everything. ``ended`` is complete, budget or interrupted."""

    argv: tuple[str, ...]
    ready: str
    meant: str
    distributions: tuple[Distribution, ...]
    waterfalls: tuple[Waterfall, ...] = ()
    inits: tuple[Mapping[str, Any], ...] = ()
    tried: tuple[Tried, ...] = ()
    what_if: tuple[WhatIf, ...] = ()
    gates: tuple[Judged, ...] = ()
    missing: tuple[str, ...] = ()  # what could not be told here, and why
    warnings: tuple[str, ...] = ()
    machine: str = ""
    conditions: str = ""  # the limits under which it was started
    ended: str = "complete"
    elapsed_s: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0, or the worst of the gates: 1 broken, 2 broken as far as was seen; 130 after Ctrl-C."""
        if self.ended == "interrupted":
            return 130
        codes = {one.code for one in self.gates}
        return 1 if 1 in codes else 2 if 2 in codes else 0

    def distribution(self, state: str) -> Distribution | None:
        """The starts in a state of the page cache."""
        return next((one for one in self.distributions if one.state == state), None)

    def waterfall(self, state: str) -> Waterfall | None:
        """The recorded start in a state of the page cache."""
        return next((one for one in self.waterfalls if one.state == state), None)


def distribution(
    state: str, took_s: Sequence[float], doubt_s: float, failed: Sequence[str], at_s: Sequence[float] = ()
) -> Distribution:
    """From the starts that became ready; at least one."""
    warnings = summarize(took_s).warnings if len(took_s) > 5 else ()
    return Distribution(state, tuple(took_s), doubt_s, tuple(failed), warnings, tuple(at_s))


def mean_share(shares: Sequence[float]) -> Estimate:
    """The mean of a share over recorded starts, with Student's interval, kept within 0 and 1; none for a single start."""
    n = len(shares)
    mean = sum(shares) / n
    if n < 2:
        return Estimate(mean, "1", None, n, "one recorded start")
    from scipy import stats

    spread = math.sqrt(sum((one - mean) ** 2 for one in shares) / (n - 1) / n)
    reach = float(stats.t.ppf(0.975, n - 1)) * spread
    interval = Interval(max(0.0, mean - reach), min(1.0, mean + reach))
    return Estimate(mean, "1", interval, n, "mean over recorded starts, Student's t")


def _estimate(took: Sequence[float], value: float, interval: Interval, method: str) -> Estimate:
    whole = math.isfinite(interval.low) and math.isfinite(interval.high)
    return Estimate(value, "s", interval if whole else None, len(took), method)
