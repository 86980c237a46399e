"""A plan: what will be run, in which order, how long it takes. It can be printed before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from godyno.model import Record
from godyno.prose import INDENT, wrapped
from godyno.studies.factors import Arm, Constraint, Factor, arms
from godyno.studies.schedule import Order, Slot, schedule
from godyno.units import show_seconds

_INTERVAL_BLOCKS = 6


@dataclass(frozen=True, slots=True)
class Plan(Record):
    """Which arms, at most how many blocks, in which order. ``measures`` are those that decide, the most telling first.

    ``most`` holds, by arm's name, how many runs are enough where that is fewer than there are blocks (a size is the same each time);
    they come after six blocks, or in the last ones: six pairs have an interval, and more of them matter less than what was never run.
    ``subjects`` are measured one by one in every block (a benchmark each); their measures are named ``SUBJECT<tab>UNIT``.
    """

    study: str
    factors: tuple[Factor, ...]
    arms: tuple[Arm, ...]
    blocks: int
    seed: int = 0
    order: Order = Order.SHUFFLED
    measures: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    most: Mapping[str, int] = field(default_factory=dict)
    subjects: tuple[str, ...] = ("",)

    @classmethod
    def of(
        cls, study: str, factors: Sequence[Factor], blocks: int,
        *, constraints: Sequence[Constraint] = (), seed: int = 0, order: Order = Order.SHUFFLED, measures: Sequence[str] = (),
        most: Callable[[Mapping[str, str]], int | None] = lambda levels: None, subjects: Sequence[str] = ("",),
    ) -> Plan:  # fmt: skip
        """The plan over every allowed combination. Raises UsageError where none is left."""
        kept, left_out = arms(factors, constraints)
        enough = {
            arm.name: count for arm in kept if (count := most(arm.levels)) is not None and count < blocks
        }
        return cls(
            study,
            tuple(factors),
            tuple(kept),
            blocks,
            seed,
            order,
            tuple(measures),
            left_out,
            enough,
            tuple(subjects),
        )

    def slots(self) -> tuple[Slot, ...]:
        """The trials in order."""
        drawn = schedule(self.study, self.arms, self.blocks, self.seed, self.order, self.subjects)
        return tuple(slot for slot in drawn if slot.block in self.blocks_of(Arm(slot.levels).name))

    def blocks_of(self, name: str) -> range:
        """The blocks in which an arm is run."""
        count = self.most.get(name, self.blocks)
        first = min(_INTERVAL_BLOCKS, self.blocks - count)
        return range(first, first + count)

    def subject_of(self, measure: str) -> str:
        """The subject that a measure belongs to."""
        return measure.rpartition("\t")[0] if self.subjects != ("",) else ""

    def settings(self, levels: Mapping[str, str]) -> dict[str, str]:
        """What the levels' settings say together; later factors override earlier ones."""
        merged: dict[str, str] = {}
        for factor in self.factors:
            for level in factor.levels:
                if levels.get(factor.name) == level.name:
                    merged.update(level.settings)
        return merged

    def text(self, pilot_s: Mapping[str, float] | None = None, *, show: int = 3) -> str:
        """The plan for a person. ``pilot_s`` holds one measured duration of a block per arm's name, which gives the estimate of time."""
        subjects = [" ".join(filter(None, subject.split("\t"))) for subject in self.subjects]
        fewer = f" ({len(self.most)} arms in fewer)" if self.most else ""
        each = f" x {len(self.subjects)} subjects" if len(self.subjects) > 1 else ""
        lines = [
            f"{self.study}: {len(self.arms)} arms{each} x at most {self.blocks} blocks{fewer} = at most {len(self.slots())} runs"
        ]
        if len(subjects) > 1:
            more = f" and {len(subjects) - 12} more" if len(subjects) > 12 else ""
            lines += [f"  subjects: {', '.join(subjects[:12])}{more}"]
        for factor in self.factors:
            names = ", ".join(level.name for level in factor.levels)
            lines.append(f"  {factor.name}: {names}" + (f"  ({factor.summary})" if factor.summary else ""))
        lines += [f"  left out {count}: {reason}" for reason, count in self.left_out.items()]
        lines.append(f"  order: {self.order.value} blocks, seed {self.seed}")
        if self.measures:
            decisive = dict.fromkeys(measure.rpartition("\t")[2] for measure in self.measures)
            lines.append(f"  decided by: {', '.join(decisive)}")
        slots = self.slots()
        used = sorted({slot.block for slot in slots})  # those in which every arm needs fewer runs are empty
        # What is the same in every arm stands above already.
        varied = [one.name for one in self.factors if len(one.levels) > 1]
        for block in used[:show]:
            first = next(slot.subject for slot in slots if slot.block == block)
            order = " → ".join(
                Arm({name: slot.levels[name] for name in varied or slot.levels}).name
                for slot in slots if slot.block == block and slot.subject == first
            )  # fmt: skip
            subject = " ".join(filter(None, first.split("\t")))
            lines.append(f"  block {block + 1}: {f'{subject}: ' if subject else ''}{order}")
        if len(used) > show:
            lines.append(f"  … and {len(used) - show} more blocks")
        if pilot_s:
            known = [pilot_s[arm.name] for arm in self.arms if arm.name in pilot_s]
            if known:
                per_block = sum(known) * len(self.arms) / len(known)
                lines.append(
                    f"  time: {show_seconds(per_block)} a block, at most {show_seconds(per_block * self.blocks)};"
                    " it stops earlier where it is decided"
                )
        else:
            lines.append("  time: not known before a pilot run")
        return "\n".join(lines)


def for_terminal(text: str, width: int = 80) -> str:
    """A plan's text with no line wider than ``width``; what does not fit is set in below its line."""
    return "\n".join(
        part
        for line in text.splitlines()
        for part in wrapped(line, width, line[: len(line) - len(line.lstrip())], INDENT)
    )
