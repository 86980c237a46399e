"""Runs a plan: every trial is saved as it ends, an interrupted study goes on where it stopped, decided arms stop early.

The file is JSON lines: first the plan and the pool (machine and toolchain), then one trial a line, each synced to disk before the next
trial begins. What runs a trial is given, so the runner knows neither Go nor recordings.
"""

from __future__ import annotations

import enum
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

import numpy as np

from godyno.errors import FormatError, GodynoError, UsageError
from godyno.model import Json, Record, Trial
from godyno.stats.changepoint import warmup
from godyno.stats.compare import Verdict
from godyno.stats.sequential import Look, Sequential
from godyno.studies.factors import Arm
from godyno.studies.plan import Plan
from godyno.studies.schedule import Slot, pairs

_VERSION = 1
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


@dataclass(frozen=True, slots=True)
class Outcome(Record):
    """What was measured. ``warmup_blocks`` were run and saved and are not used by the rule."""

    end: End
    trials: tuple[Trial, ...]
    warmup_blocks: int = 0
    warnings: tuple[str, ...] = ()


class Rule(Protocol):
    """Decides after each block which arms still need runs."""

    warmup_blocks: int

    def undecided(self, trials: Sequence[Trial], blocks: int) -> list[Arm]:
        """The arms to go on with, given all trials of ``blocks`` whole blocks; empty ends the study."""


@dataclass
class PairedRule:
    """Each arm against the baseline on each deciding measure, looked at after every block; alpha is shared over all of them.

    Warm-up is judged once, before the first look, by change points of the blocks' mean: swapping arms inside a block does not change that
    mean, so leaving the first blocks out cannot favour either arm.
    """

    plan: Plan
    alpha: float = 0.005
    margin: float | None = None
    first: int = 6
    seed: int = 0
    warmup_blocks: int = field(default=0, init=False)
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
        going = []
        for arm in others:
            for measure in self.plan.measures:
                key = (arm.name, measure)
                old, new, at = pairs(trials, baseline.levels, arm.levels, measure)
                test = self._tests.setdefault(
                    key,
                    Sequential(
                        alpha=alpha,
                        budget=self.plan.blocks,
                        margin=self.margin,
                        first=self.first,
                        seed=self.seed,
                    ),
                )
                for before, after, block in zip(old, new, at, strict=True):
                    done = key in self.looks and self.looks[key].stop
                    if (
                        block >= self.warmup_blocks
                        and block > self._fed.get(key, -1)
                        and before > 0 < after
                        and not done
                    ):
                        self.looks[key] = test.add(before, after)
                        self._fed[key] = block
            if any(not self._stopped((arm.name, measure)) for measure in self.plan.measures):
                going.append(arm)
        return [baseline, *going] if going else []

    def _stopped(self, key: tuple[str, str]) -> bool:
        return key in self.looks and self.looks[key].verdict is not Verdict.UNDECIDED

    def _warmup(self, trials: Sequence[Trial]) -> int:
        longest = 0
        for measure in self.plan.measures:
            blocks: dict[int, list[float]] = {}
            for trial in trials:
                value = trial.measures.get(measure, 0.0)
                if value > 0:
                    blocks.setdefault(trial.block, []).append(float(np.log(value)))
            means = [float(np.mean(blocks[block])) for block in sorted(blocks)]
            if len(means) >= self.first:
                longest = max(longest, warmup(means))
        return longest


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

    A GodynoError of ``run_trial`` makes a trial with the verdict ``failed``; three in a row of one arm end the run, or with
    ``drop_failing`` that arm alone. An arm with a trial ``unavailable`` is not tried again. ``budget_s`` counts this call only: no
    trial is begun that is not expected to end inside it. Raises UsageError where ``out`` holds another plan, or
    trials of an unlike machine or toolchain; FormatError where it is not such a file.
    """
    saved, warnings = _resume(out, plan, pool)
    trials = list(saved)
    have = {(trial.block, Arm(trial.levels).name) for trial in trials}
    took: dict[str, list[float]] = {}
    failures: dict[str, int] = {}
    slots = plan.slots()
    active = list(plan.arms)
    gone = {Arm(trial.levels).name for trial in trials if trial.verdict == "unavailable"}
    began, end = clock(), End.COMPLETE
    with out.open("a", encoding="utf-8") as journal:
        try:
            for block in range(plan.blocks):
                names = {arm.name for arm in active} - gone
                for slot in (slot for slot in slots if slot.block == block):
                    name = Arm(slot.levels).name
                    if name not in names or (block, name) in have:
                        continue
                    if budget_s is not None and clock() - began + _expected(took, name) > budget_s:
                        end = End.BUDGET
                        break
                    before = clock()
                    trial = _try(run_trial, slot)
                    took.setdefault(name, []).append(clock() - before)
                    _save(journal, {"trial": trial.as_json()})
                    trials.append(trial)
                    failures[name] = failures.get(name, 0) + 1 if trial.verdict == "failed" else 0
                    given_up = failures[name] >= _GIVE_UP_AFTER
                    if given_up:
                        warnings.append(
                            f"{name} failed {_GIVE_UP_AFTER} times in a row: {'; '.join(trial.warnings)}"
                        )
                    if trial.verdict == "unavailable" or (given_up and drop_failing):
                        gone.add(name)
                    if progress:
                        left = [arm for arm in active if arm.name not in gone]
                        progress(_progress(plan, trials, trial, left, slots, took, clock() - began, budget_s))
                    if given_up and not drop_failing:
                        end = End.FAILED
                        break
                if end is not End.COMPLETE:
                    break
                if rule is not None:
                    active = rule.undecided(trials, block + 1)
                    if not active:
                        end = End.DECIDED
                        break
        except KeyboardInterrupt:
            end = End.INTERRUPTED
    return Outcome(end, tuple(trials), rule.warmup_blocks if rule else 0, tuple(warnings))


def _try(run_trial: Callable[[Slot], Trial], slot: Slot) -> Trial:
    try:
        return run_trial(slot)
    except GodynoError as error:
        text = f"{error} {error.hint}".strip()
        return Trial(slot.study, slot.index, slot.block, slot.levels, verdict="failed", warnings=(text,))


def _expected(took: dict[str, list[float]], name: str) -> float:
    if took.get(name):
        return float(np.median(took[name]))
    others = [duration for durations in took.values() for duration in durations]
    return float(np.median(others)) if others else 0.0


def _progress(
    plan: Plan, trials: Sequence[Trial], last: Trial, active: Sequence[Arm], slots: Sequence[Slot],
    took: dict[str, list[float]], elapsed_s: float, budget_s: float | None,
) -> Progress:  # fmt: skip
    names = {arm.name for arm in active}
    have = {(trial.block, Arm(trial.levels).name) for trial in trials}
    ahead = [
        Arm(slot.levels).name
        for slot in slots
        if slot.block >= last.block
        and Arm(slot.levels).name in names
        and (slot.block, Arm(slot.levels).name) not in have
    ]
    remaining = sum(_expected(took, name) for name in ahead)
    if budget_s is not None:
        remaining = min(remaining, max(0.0, budget_s - elapsed_s))
    return Progress(
        len(trials), len(trials) + len(ahead), last.block, elapsed_s, remaining,
        tuple(arm.name for arm in active if arm != plan.arms[0]), last,
    )  # fmt: skip


def _save(journal: IO[str], entry: Json) -> None:
    journal.write(json.dumps(entry, separators=(",", ":")) + "\n")
    journal.flush()
    os.fsync(journal.fileno())


def _resume(out: Path, plan: Plan, pool: str) -> tuple[list[Trial], list[str]]:
    if not out.exists() or out.stat().st_size == 0:
        with out.open("w", encoding="utf-8") as journal:
            _save(journal, {"version": _VERSION, "plan": plan.as_json(), "pool": pool})
        return [], []
    written, trials, warnings, whole_bytes = _read(out)
    if warnings:  # a torn line would swallow the next one
        with out.open("rb+") as journal:
            journal.truncate(whole_bytes)
    kept = Plan.from_json(written["plan"])
    if (kept.study, kept.arms, kept.seed, kept.order) != (plan.study, plan.arms, plan.seed, plan.order):
        raise UsageError(
            f"{out} holds another plan", hint="Name another file, or use the same arms and seed."
        )
    if written["pool"] != pool:
        raise UsageError(
            f"{out} was measured on another machine or toolchain ({written['pool']}), this is {pool}",
            hint="Unlike machines are never pooled: name another file and compare the two.",
        )
    return trials, warnings


def read(path: Path) -> tuple[Plan, str, list[Trial], list[str]]:
    """A study's file: plan, pool, trials, and what was torn. Raises FormatError where it is not one."""
    written, trials, warnings, _ = _read(path)
    return Plan.from_json(written["plan"]), str(written["pool"]), trials, warnings


def _read(path: Path) -> tuple[Json, list[Trial], list[str], int]:
    data = path.read_bytes()
    lines = data.split(b"\n")
    warnings = []
    if lines.pop():  # what follows the last newline was never finished
        warnings.append("the last trial was being written when the study was killed; it will be run again")
    try:
        written = json.loads(lines[0])
        if written["version"] != _VERSION or not isinstance(written["pool"], str):
            raise ValueError(f"version {written['version']!r}")
        Plan.from_json(written["plan"])
        trials = [Trial.from_json(json.loads(line)["trial"]) for line in lines[1:]]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise FormatError(
            f"{path} is not a study's file: {error!r}", hint="Name the .jsonl file that the study wrote."
        ) from error
    return written, trials, warnings, len(data) - len(data.split(b"\n")[-1])
