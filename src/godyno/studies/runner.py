"""Runs a plan: every trial is saved as it ends (``trialfile``), an interrupted study goes on where it stopped, decided arms stop early.

What runs a trial is given, so the runner knows neither Go nor recordings.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from godyno.errors import GodynoError
from godyno.model import Record, Trial
from godyno.stats.changepoint import warmup
from godyno.stats.compare import Verdict
from godyno.stats.sample import robust_scale
from godyno.stats.sequential import Look, Sequential
from godyno.studies.factors import Arm
from godyno.studies.plan import Plan
from godyno.studies.schedule import Slot, pairs
from godyno.studies.survey.interrupt import OutOfTime
from godyno.studies.trialfile import read, resume, save

__all__ = ["End", "Outcome", "PairedRule", "Progress", "Rule", "read", "run"]

_GIVE_UP_AFTER = 3  # failures of one arm in a row


class End(enum.Enum):
    """Why a run of a plan ended."""

    DECIDED = "decided"
    COMPLETE = "complete"  # every block was run
    BUDGET = "budget"
    INTERRUPTED = "interrupted"
    FAILED = "failed"  # an arm failed again and again


@dataclass(frozen=True, slots=True)
class Progress(Record):
    """Where a study stands. ``remaining_s`` assumes that what is undecided stays so; None before anything was timed."""

    done: int
    planned: int
    block: int
    elapsed_s: float
    remaining_s: float | None
    undecided: tuple[str, ...]
    last: Trial
    subjects: tuple[str, ...] = ()  # those of which some arm is undecided


@dataclass(frozen=True, slots=True)
class Outcome(Record):
    """What was measured. ``warmup_blocks`` were run and saved and are not used by the rule."""

    end: End
    trials: tuple[Trial, ...]
    warmup_blocks: int = 0
    warnings: tuple[str, ...] = ()


class Rule(Protocol):
    """Decides after each block which arms still need runs; ``idle`` holds the (subject, arm's name) that need none any more."""

    warmup_blocks: int
    idle: set[tuple[str, str]]

    def undecided(self, trials: Sequence[Trial], blocks: int) -> list[Arm]:
        """The arms to go on with, given all trials of ``blocks`` whole blocks; empty ends the study."""


@dataclass
class PairedRule:
    """Each arm against the baseline on each deciding measure, looked at after every block; alpha is shared over all of them.

    Warm-up is judged once, before the first look, by change points of the blocks' mean: swapping arms inside a block does not change that
    mean, so leaving the first blocks out cannot favour either arm.

    ``settled`` says of a measure's look whether it is enough (default: there is a verdict). An arm is done with a subject when all of its
    measures are settled, or with ``any_measure`` one of them; a measure that will see no more pairs counts as settled.
    """

    plan: Plan
    alpha: float = 0.005
    margin: float | None = None
    first: int = 6
    seed: int = 0
    settled: Callable[[str, Look], bool] = lambda measure, look: look.verdict is not Verdict.UNDECIDED
    any_measure: bool = False
    warmup_blocks: int = field(default=0, init=False)
    idle: set[tuple[str, str]] = field(default_factory=set, init=False)
    looks: dict[tuple[str, str], Look] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._tests: dict[tuple[str, str], Sequential] = {}
        self._fed: dict[tuple[str, str], int] = {}
        self._judged = False

    def undecided(self, trials: Sequence[Trial], blocks: int) -> list[Arm]:
        """The baseline and every arm with a measure that is neither decided nor out of pairs."""
        baseline, others = self.plan.arms[0], self.plan.arms[1:]
        if not others or not self.plan.measures:
            return list(self.plan.arms)
        if blocks < self.first:
            return list(self.plan.arms)
        if not self._judged:
            self.warmup_blocks, self._judged = self._warmup(trials), True
        alpha = self.alpha / (len(others) * len(self.plan.measures))
        for arm in others:
            for measure in self.plan.measures:
                key = (arm.name, measure)
                old, new, at = pairs(trials, baseline.levels, arm.levels, measure)
                test = self._tests.setdefault(
                    key,
                    Sequential(
                        alpha=alpha,
                        budget=self.plan.blocks - self.warmup_blocks,
                        margin=self.margin,
                        first=self.first,
                        seed=self.seed,
                    ),
                )
                for before, after, block in zip(old, new, at, strict=True):
                    fresh = block >= self.warmup_blocks and block > self._fed.get(key, -1)
                    if fresh and before > 0 < after and not self._done(key):
                        self.looks[key] = test.add(before, after)
                        self._fed[key] = block
            for subject in self.plan.subjects:
                if self._enough(arm, subject):
                    self.idle.add((subject, arm.name))
        for subject in self.plan.subjects:
            if all((subject, arm.name) in self.idle for arm in others):
                self.idle.add((subject, baseline.name))
        return [
            arm
            for arm in self.plan.arms
            if any((subject, arm.name) not in self.idle for subject in self.plan.subjects)
        ]

    def _done(self, key: tuple[str, str]) -> bool:
        return key in self.looks and self.settled(key[1], self.looks[key])

    def _enough(self, arm: Arm, subject: str) -> bool:
        wanted = [measure for measure in self.plan.measures if self.plan.subject_of(measure) == subject]
        done = [self._done((arm.name, measure)) for measure in wanted]
        return any(done) if self.any_measure and done else all(done)

    def _warmup(self, trials: Sequence[Trial]) -> int:
        """Of the mean over all measures, each in its own spread: one judgement, so that many measures do not find one by chance.

        It never takes so many blocks that those still to come could prove nothing: a little warm-up in them is only noise.
        """
        blocks: dict[str, dict[int, list[float]]] = {measure: {} for measure in self.plan.measures}
        for trial in trials:
            for measure in self.plan.measures:
                if trial.measures.get(measure, 0.0) > 0:
                    blocks[measure].setdefault(trial.block, []).append(float(np.log(trial.measures[measure])))
        whole: dict[int, list[float]] = {}
        for found in blocks.values():
            means = {block: float(np.mean(values)) for block, values in found.items()}
            spread = robust_scale(np.array(list(means.values()))) if len(means) >= self.first else 0.0
            if spread > 0:
                center = float(np.median(list(means.values())))
                for block, mean in means.items():
                    whole.setdefault(block, []).append((mean - center) / spread)
        series = [float(np.mean(whole[block])) for block in sorted(whole)]
        if len(series) < self.first:
            return 0
        spare = max(0, self.plan.blocks - self.first)
        return warmup(series, most=min(0.5, spare / len(series)))


def run(
    plan: Plan,
    run_trial: Callable[[Slot], Trial],
    out: Path,
    *,
    pool: str,
    rule: Rule | None = None,
    budget_s: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    drop_failing: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Runs ``plan`` into ``out``, going on where that file stops. Ctrl-C ends it and keeps what was measured.

    A GodynoError of ``run_trial`` makes a trial with the verdict ``failed``; three in a row of one arm end its subject, and the run with
    the last subject, or with ``drop_failing`` that arm alone. An arm with a trial ``unavailable`` is not tried again. ``budget_s``
    counts this call only: no trial is begun that is not expected to end inside it. Raises UsageError where ``out`` holds another plan,
    or trials of an unlike machine or toolchain; FormatError where it is not such a file.
    """
    saved, warnings = resume(out, plan, pool)
    trials = list(saved)
    have = {_key(trial) for trial in trials}
    took: dict[tuple[str, str], list[float]] = {}
    failures: dict[tuple[str, str], int] = {}
    slots = plan.slots()
    active = list(plan.arms)
    gone = {Arm(trial.levels).name for trial in trials if trial.verdict == "unavailable"}
    idle = rule.idle if rule is not None else set()
    began, end = clock(), End.COMPLETE
    with out.open("a", encoding="utf-8") as journal:
        try:
            for block in range(plan.blocks):
                names = {arm.name for arm in active} - gone
                for slot in (slot for slot in slots if slot.block == block):
                    name = Arm(slot.levels).name
                    if (
                        name not in names
                        or _key(slot) in have
                        or {(slot.subject, name), (slot.subject, "")} & idle
                    ):
                        continue
                    if budget_s is not None and clock() - began + _expected(took, slot) > budget_s:
                        end = End.BUDGET
                        break
                    before = clock()
                    trial = _try(run_trial, slot)
                    took.setdefault(_work(slot), []).append(clock() - before)
                    save(journal, {"trial": trial.as_json()})
                    trials.append(trial)
                    have.add(_key(slot))
                    failures[_work(slot)] = (
                        failures.get(_work(slot), 0) + 1 if trial.verdict == "failed" else 0
                    )
                    given_up = failures[_work(slot)] >= _GIVE_UP_AFTER
                    if given_up:
                        what = " ".join(filter(None, (name, *slot.subject.split("\t"))))
                        warnings.append(
                            f"{what} failed {_GIVE_UP_AFTER} times in a row: {'; '.join(trial.warnings)}"
                        )
                    if trial.verdict == "unavailable" or (given_up and drop_failing):
                        gone.add(name)
                    elif given_up:  # without one arm the others have nothing to be compared with
                        idle.add((slot.subject, ""))
                    if progress:
                        left = [arm for arm in active if arm.name not in gone]
                        progress(
                            _progress(plan, trials, have, idle, left, slots, took, clock() - began, budget_s)
                        )
                    if given_up and all((subject, "") in idle for subject in plan.subjects):
                        end = End.FAILED
                        break
                if end is not End.COMPLETE:
                    break
                if rule is not None:
                    # Of a file that goes on, only what was known then: the same trials give the same decisions.
                    known = [trial for trial in trials if trial.block <= block]
                    active = rule.undecided(known, block + 1)
                if not active or all(
                    (subject, "") in idle or _settled(plan, subject, idle) for subject in plan.subjects
                ):
                    end = End.DECIDED
                    break
        except OutOfTime:  # in the middle of a trial: the ones before it are kept
            end = End.BUDGET
        except KeyboardInterrupt:
            end = End.INTERRUPTED
    return Outcome(end, tuple(trials), rule.warmup_blocks if rule else 0, tuple(warnings))


def _settled(plan: Plan, subject: str, idle: set[tuple[str, str]]) -> bool:
    return all((subject, arm.name) in idle for arm in plan.arms)


def _key(one: Slot | Trial) -> tuple[int, str, str]:
    return one.block, one.subject, Arm(one.levels).name


def _work(slot: Slot) -> tuple[str, str]:
    return slot.subject, Arm(slot.levels).name


def _try(run_trial: Callable[[Slot], Trial], slot: Slot) -> Trial:
    try:
        return run_trial(slot)
    except GodynoError as error:
        text = f"{error} {error.hint}".strip()
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, verdict="failed", warnings=(text,), subject=slot.subject
        )  # fmt: skip


def _expected(took: Mapping[tuple[str, str], list[float]], slot: Slot) -> float:
    if took.get(_work(slot)):
        return float(np.median(took[_work(slot)]))
    others = [duration for durations in took.values() for duration in durations]
    return float(np.median(others)) if others else 0.0


def _progress(
    plan: Plan, trials: Sequence[Trial], have: set[tuple[int, str, str]], idle: set[tuple[str, str]], active: Sequence[Arm],
    slots: Sequence[Slot], took: Mapping[tuple[str, str], list[float]], elapsed_s: float, budget_s: float | None,
) -> Progress:  # fmt: skip
    names, last = {arm.name for arm in active}, trials[-1]
    left = [
        slot
        for slot in slots
        if slot.block >= last.block
        and _key(slot) not in have
        and Arm(slot.levels).name in names
        and not {_work(slot), (slot.subject, "")} & idle
    ]
    seconds = {_work(slot): _expected(took, slot) for slot in left}
    remaining = sum(seconds[_work(slot)] for slot in left)
    if budget_s is not None:
        remaining = min(remaining, max(0.0, budget_s - elapsed_s))
    others = names - {plan.arms[0].name}
    going = [
        subject
        for subject in plan.subjects
        if subject and (subject, "") not in idle and any((subject, name) not in idle for name in others)
    ]
    return Progress(
        len(trials), len(trials) + len(left), last.block, elapsed_s, remaining,
        tuple(arm.name for arm in active if arm != plan.arms[0]), last, tuple(going),
    )  # fmt: skip
