"""What a study came to: the record that is written, and what it says of arms that failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from godyno.errors import GodynoError, NotAvailableHere
from godyno.model import Finding, Machine, Record, Trial
from godyno.studies.factors import Arm
from godyno.studies.runner import End
from godyno.studies.study import FAILED, UNAVAILABLE


@dataclass(frozen=True, slots=True)
class StudyResult(Record):
    """What a study came to. ``ended`` is a value of ``runner.End``; what the source says is in findings of kind ``claim``."""

    study: str
    summary: str
    created_at: str
    godyno_version: str
    go_version: str
    module: str
    machine: Machine
    plan: str
    seed: int
    quick: bool
    spent_s: float
    ended: str
    directory: str
    findings: tuple[Finding, ...]
    trials: tuple[Trial, ...]
    sure: str = ""
    cannot_say: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


def failures(trials: Sequence[Trial]) -> list[tuple[str, str]]:
    """Arms that failed or cannot be had here, each with its first reason."""
    found: dict[str, str] = {}
    for trial in trials:
        if trial.verdict in (FAILED, UNAVAILABLE):
            reason = re.sub(r"\s+", " ", "; ".join(trial.warnings)) or trial.verdict
            found.setdefault(Arm(trial.levels).name, reason)
    return list(found.items())


def is_error(result: StudyResult) -> GodynoError | None:
    """The error that a result stands for: a study that could try nothing."""
    if any(trial.verdict in ("", "pass") for trial in result.trials) or result.ended == End.INTERRUPTED.value:
        return None
    reasons = "; ".join(f"{arm}: {reason}" for arm, reason in failures(result.trials)[:3])
    return NotAvailableHere(
        f"{result.study} could try nothing: {reasons or 'no trial fitted into the budget'}"
    )
