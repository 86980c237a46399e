"""The file of a study: JSON lines, first the plan and the pool, then one trial a line, each synced to disk before the next begins."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO

from godyno.errors import FormatError, UsageError
from godyno.model import Json, Trial
from godyno.studies.plan import Plan

_VERSION = 1


def save(journal: IO[str], entry: Json) -> None:
    """Writes one line and waits until the disk has it."""
    journal.write(json.dumps(entry, separators=(",", ":")) + "\n")
    journal.flush()
    os.fsync(journal.fileno())


def resume(out: Path, plan: Plan, pool: str) -> tuple[list[Trial], list[str]]:
    """The trials that ``out`` holds and what was torn; a new file begins with the plan. Raises as ``runner.run`` says."""
    if not out.exists() or out.stat().st_size == 0:
        with out.open("w", encoding="utf-8") as journal:
            save(journal, {"version": _VERSION, "plan": plan.as_json(), "pool": pool})
        return [], []
    written, trials, warnings, whole_bytes = _read(out)
    if warnings:  # a torn line would swallow the next one
        with out.open("rb+") as journal:
            journal.truncate(whole_bytes)
    kept = Plan.from_json(written["plan"])
    if (kept.study, kept.arms, kept.subjects, kept.seed, kept.order) != (
        plan.study, plan.arms, plan.subjects, plan.seed, plan.order,
    ):  # fmt: skip
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
