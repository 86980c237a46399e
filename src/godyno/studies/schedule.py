"""The order of trials: blocks that hold every arm once, next to each other, each in an order of its own.

Running all of one arm and then all of the next takes drift for a change. Here neighbours in time are compared, and which of them comes
first is drawn, so the comparison is exact whatever the machine does (``stats.signflip``).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from godyno.errors import UsageError
from godyno.model import Machine, Record, Trial
from godyno.studies.factors import Arm


class Order(enum.Enum):
    """How the order inside blocks is drawn.

    SHUFFLED draws each block afresh: A B, B A, B A, … It is the default, since signs of pairs are then independent coins under any
    noise, periodic too. MIRRORED draws every other block and repeats it backwards, A B B A, B A A B, …: steady drift cancels inside
    each four, and each arm is first equally often; noise that remembers makes its pairs resemble each other, which costs about half
    a percent of false positives at 0.5 % (benchmarks/stats_comparison).
    """

    SHUFFLED = "shuffled"
    MIRRORED = "mirrored"


@dataclass(frozen=True, slots=True)
class Slot(Record):
    """A trial to be run: its place in the whole order, its block, its arm's levels, and what is run of that arm."""

    study: str
    index: int
    block: int
    levels: Mapping[str, str]
    subject: str = ""


def schedule(
    study: str, arms: Sequence[Arm], blocks: int, seed: int, order: Order = Order.SHUFFLED, subjects: Sequence[str] = ("",)
) -> tuple[Slot, ...]:  # fmt: skip
    """``blocks`` blocks of every arm once. The same seed gives the same order; more blocks only add to it.

    With several ``subjects`` a block holds every arm once for each, the arms of one subject next to each other, subjects in an
    order drawn anew, so that what is compared is seconds apart however many subjects there are.
    """
    if blocks < 1 or not arms or not subjects:
        raise UsageError("A schedule needs at least one block, one arm and one subject")
    slots: list[Slot] = []
    for block in range(blocks):
        drawn = block - block % 2 if order is Order.MIRRORED else block
        for subject in np.random.default_rng((seed, block, len(subjects))).permutation(len(subjects)):
            key = (seed, drawn, int(subject)) if len(subjects) > 1 else (seed, drawn)
            places = np.random.default_rng(key).permutation(len(arms))
            for place in places[::-1] if drawn != block else places:
                slots.append(Slot(study, len(slots), block, arms[int(place)].levels, subjects[int(subject)]))
    return tuple(slots)


def pool(machine: Machine, toolchain: str = "") -> str:
    """What must be equal for two trials to be pooled: the machine as far as it decides speed and memory, and the toolchain."""
    cpu, memory, cgroup = machine.cpu, machine.memory, machine.cgroup
    parts = (
        machine.hostname, machine.os, machine.kernel, cpu.arch, cpu.model, f"{cpu.online} CPUs, {cpu.allowed} allowed",
        cpu.hypervisor, f"{memory.total_bytes} B", f"quota {cgroup.cpu_quota}, limit {cgroup.memory_bytes}", toolchain,
    )  # fmt: skip
    return " | ".join(part for part in parts if part)


def pairs(
    trials: Sequence[Trial], baseline: Mapping[str, str], other: Mapping[str, str], measure: str
) -> tuple[list[float], list[float], list[int]]:
    """The values of two arms, block by block, and the blocks: only blocks in which both passed and have the measure."""
    values: dict[int, dict[bool, float]] = {}
    for trial in trials:
        if trial.verdict not in ("", "pass") or measure not in trial.measures:
            continue
        for is_other, levels in ((False, baseline), (True, other)):
            if dict(trial.levels) == dict(levels):
                values.setdefault(trial.block, {})[is_other] = trial.measures[measure]
    whole = sorted(block for block, both in values.items() if len(both) == 2)
    return [values[block][False] for block in whole], [values[block][True] for block in whole], whole
