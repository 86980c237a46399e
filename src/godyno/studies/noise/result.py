"""What was found of a machine's noise, as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from godyno.model import Estimate, Interval, Record
from godyno.stats.variance import Split

TOO_FEW = "too few blocks were measured"
_SLOWER = 1.05  # a measure that costs more than this must be shown to help


@dataclass(frozen=True, slots=True)
class Steadiness(Record):
    """One measure (wall or CPU seconds) of the plain runs: its median, robust spread, and the smallest change seen by N pairs."""

    median_s: float
    interval: Interval
    cv_ratio: float
    lag1: float
    sees: Mapping[str, Estimate]  # by N


@dataclass(frozen=True, slots=True)
class Seen(Record):
    """A cause over all plain runs: in how many it was named, its median share of their wall time there, and of all of it."""

    name: str
    runs: int
    of: int
    share: float
    interval: Interval
    overall: float


@dataclass(frozen=True, slots=True)
class Tried(Record):
    """A measure and what it gave here: variance of paired runs with it over without (below 1 is calmer), and duration with over without."""

    name: str
    summary: str
    missing: str = ""
    wall: Estimate | None = None
    cpu: Estimate | None = None
    duration: Estimate | None = None
    verdict: str = ""  # helps, hurts, no difference shown, or TOO_FEW
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Noisiness(Record):
    """What was found. ``advice`` is ordered, the most helpful first; each says what trying it gave, or that it was not tried."""

    command: str
    blocks: int
    runs: int
    end: str
    took_s: float
    wall: Steadiness | None
    cpu: Steadiness | None
    causes: tuple[Seen, ...] = ()
    untold: tuple[str, ...] = ()
    layers: Split | None = None
    late_s: float | None = None
    tried: tuple[Tried, ...] = ()
    advice: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def worth_using(tried: Sequence[Tried]) -> list[str]:
    """The measures to use: what was shown to help, and what is free of cautions, was no noisier here and does not slow down."""
    return [one.name for one in tried if one.verdict == "helps" or _harmless(one)]


def _harmless(one: Tried) -> bool:
    if one.caution or one.verdict != "no difference shown" or one.wall is None or one.duration is None:
        return False
    return one.wall.value <= 1 and one.duration.value < _SLOWER
