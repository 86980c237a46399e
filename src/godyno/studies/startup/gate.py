"""Gates on a start's time: ``p95<500ms``, ``median<200ms``, ``cold:max<2s``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from godyno import units
from godyno.errors import UsageError
from godyno.model import Record

PASSED, BROKEN, UNPROVEN = 0, 1, 2  # also the exit codes
_GATE = re.compile(r"(?:(warm|cold):)?(p\d{1,2}(?:\.\d+)?|median|max|mean)\s*<=?\s*(.+)")
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Gate(Record):
    """``statistic`` of the starts in ``state`` (empty: in every one) has to be below ``bound_s``."""

    statistic: str
    bound_s: float
    state: str = ""

    @classmethod
    def parse(cls, text: str) -> Gate:
        """``p95<500ms``. Raises UsageError for anything else."""
        found = _GATE.fullmatch(text.strip())
        if not found:
            raise UsageError(
                f"{text!r} is not a gate", hint="Write it as 'p95<500ms', 'median<200ms' or 'cold:max<2s'."
            )
        return cls(found[2], units.seconds(found[3].strip()), found[1] or "")

    @property
    def text(self) -> str:
        """As one writes it."""
        return f"{self.state + ':' if self.state else ''}{self.statistic}<{units.show_seconds(self.bound_s).replace(' ', '')}"

    @property
    def share(self) -> float | None:
        """The share of starts that has to be below the bound; None for max and mean."""
        if self.statistic == "median":
            return 0.5
        return float(self.statistic[1:]) / 100 if self.statistic.startswith("p") else None


@dataclass(frozen=True, slots=True)
class Judged(Record):
    """A gate in one state: its code, what was found, and how sure that is."""

    gate: Gate
    state: str
    code: int
    value_s: float
    said: str


def judge(gate: Gate, took: Mapping[str, Sequence[float]]) -> list[Judged]:
    """The gate in each state that it is about. Raises UsageError where there is none: a gate that judges nothing must not pass."""
    states = [state for state in took if gate.state in ("", state) and took[state]]
    if not states:
        raise UsageError(
            f"The gate {gate.text} has no starts to judge", hint="Add --cold for a gate on cold starts."
        )
    return [_judged(gate, state, took[state]) for state in states]


def _judged(gate: Gate, state: str, took: Sequence[float]) -> Judged:
    value, share = statistic(gate.statistic, took), gate.share
    n, beyond = len(took), sum(one >= gate.bound_s for one in took)
    holds = value < gate.bound_s
    said = f"{beyond} of {n} starts were not below {units.show_seconds(gate.bound_s)}"
    if share is None:
        return Judged(gate, state, PASSED if holds else BROKEN, value, said)
    # If the share of starts below the bound were just what the gate wants, how probable are as many beyond it, or as few?
    as_many = sum(_mass(n, k, 1 - share) for k in range(beyond, n + 1))
    as_few = sum(_mass(n, k, 1 - share) for k in range(beyond + 1))
    if not holds:
        proven = as_many <= 1 - _LEVEL
        return Judged(
            gate,
            state,
            BROKEN if proven else UNPROVEN,
            value,
            said + ("" if proven else "; chance alone could do that"),
        )
    if as_few > 1 - _LEVEL:
        said += (
            f"; {_needed(share)} starts without one would prove it"
            if beyond == 0
            else "; more starts would prove it"
        )
    return Judged(gate, state, PASSED, value, said)


def statistic(name: str, took: Sequence[float]) -> float:
    """A statistic by its name, seconds."""
    ordered = sorted(took)
    if name == "max":
        return ordered[-1]
    if name == "mean":
        return sum(ordered) / len(ordered)
    share = 0.5 if name == "median" else float(name[1:]) / 100
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (at - low)


def _mass(n: int, k: int, p: float) -> float:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def _needed(share: float) -> int:
    return math.ceil(math.log(1 - _LEVEL) / math.log(share)) if 0 < share < 1 else 1
