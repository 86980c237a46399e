"""What a study varies: factors, their levels, and the combinations that make sense."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from godyno.errors import UsageError
from godyno.model import Record


@dataclass(frozen=True, slots=True)
class Level(Record):
    """One setting of a factor. ``settings`` is for whoever runs the trial (environment, flags); the name is what is shown."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Factor(Record):
    """Something that is varied on purpose. The first level is the baseline that the others are compared with."""

    name: str
    levels: tuple[Level, ...]
    summary: str = ""

    @classmethod
    def of(cls, name: str, *levels: str, summary: str = "") -> Factor:
        """A factor whose levels need no settings."""
        return cls(name, tuple(Level(level) for level in levels), summary)


@dataclass(frozen=True, slots=True)
class Constraint:
    """Keeps combinations for which ``allows`` says yes; ``reason`` is shown for those that are left out."""

    reason: str
    allows: Callable[[Mapping[str, str]], bool]


@dataclass(frozen=True, slots=True)
class Arm(Record):
    """One combination of levels."""

    levels: Mapping[str, str]

    @property
    def name(self) -> str:
        """The levels in the factors' order: ``go=1.27 GOGC=50``."""
        return " ".join(f"{factor}={level}" for factor, level in self.levels.items()) or "only"


def arms(
    factors: Sequence[Factor], constraints: Sequence[Constraint] = ()
) -> tuple[list[Arm], dict[str, int]]:
    """Every allowed combination, the baseline's first, and how many each constraint's reason left out.

    Raises UsageError for a factor without levels, doubled names, or where nothing is left.
    """
    if len({factor.name for factor in factors}) != len(factors):
        raise UsageError("Two factors have the same name")
    for factor in factors:
        names = [level.name for level in factor.levels]
        if not names or len(set(names)) != len(names):
            raise UsageError(
                f"The levels of {factor.name!r} are not distinct",
                hint="Give it at least one level, each once.",
            )
    kept, left_out = [], {constraint.reason: 0 for constraint in constraints}
    for combination in itertools.product(*(factor.levels for factor in factors)):
        levels = {factor.name: level.name for factor, level in zip(factors, combination, strict=True)}
        broken = next((constraint for constraint in constraints if not constraint.allows(levels)), None)
        if broken is None:
            kept.append(Arm(levels))
        else:
            left_out[broken.reason] += 1
    if not kept:
        raise UsageError(
            "No combination of levels is left",
            hint="; ".join(reason for reason in left_out if left_out[reason]),
        )
    return kept, {reason: count for reason, count in left_out.items() if count}
