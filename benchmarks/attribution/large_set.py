"""How a large set of held-out programs is put together, and at which level each of its cases is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from catalogue import Case, Planted, Program, _neighbours, _quota
from sets import SETS, names_of

# A quota of CPUs that a healthy program cannot use up: one that computes in one place, and one that does in two.
ONE_CPU, BOTH = "1.6", "2.5"


@dataclass(frozen=True)
class LargeSet:
    """The truth about a set's programs. ``alone`` holds units that two at once cannot do; ``healthy`` rows are a whole (or none), a task,
    a frame (or none), a quota that cannot be used up, and settings. ``borrowed`` are the plants of other sets that pairs are made of.
    """

    of_set: int
    one: list[Planted]
    alone: set[str]
    pairs: list[tuple[str, str]]
    healthy: list[tuple[str, str, str, str, dict[str, Any]]]
    tasks: tuple[str, ...]
    frames: tuple[str, ...]
    alone_frames: tuple[str, ...]
    pair_frames: tuple[str, ...]
    loaded: tuple[tuple[str, str], ...]  # the task and frame of those that are run beside busy loops
    confined: tuple[tuple[str, str], ...]  # and of those that are run under a quota
    borrowed: list[Planted] = field(default_factory=list)

    def programs(self) -> list[Program]:
        """All of them. A third of those with a plant are also recorded under a quota."""
        names = iter(names_of(SETS[self.of_set]))
        made = []
        for index, cause in enumerate(self.one):
            frames = self.alone_frames if cause.unit in self.alone else self.frames
            frame, task = frames[index % len(frames)], self.tasks[index % len(self.tasks)]
            made.append(Program(next(names), (cause,), task, frame))
        by_unit = {cause.unit: cause for cause in self.one + self.borrowed}
        for index, pair in enumerate(self.pairs):
            causes = tuple(by_unit[unit] for unit in pair)
            task = self.tasks[(index + 2) % len(self.tasks)]
            frame = self.pair_frames[index % len(self.pair_frames)]
            made.append(Program(next(names), causes, task, frame, strengths=("both",)))
        made = [
            replace(one, conditions=("bare", "neighbours", "quota") if i % 3 == 0 else one.conditions)
            for i, one in enumerate(made)
        ]
        for whole, task, frame, quota, more in self.healthy:
            made.append(
                Program(
                    next(names), (), task, frame, whole=whole, strengths=("none",), conditions=("bare", "neighbours", "generous"),
                    generous=quota, turns=3, span_s=1.6, **more,
                )
            )  # fmt: skip
        made += [_neighbours(next(names), task, frame) for task, frame in self.loaded]
        made += [_quota(next(names), task, frame) for task, frame in self.confined]
        return [replace(program, of_set=self.of_set) for program in made]


def recorded(cases: list[Case]) -> list[tuple[Case, str]]:
    """At which level each is recorded. Healthy ones twice at deep with what the program tells of itself, then once without that; every
    seventh of the others is recorded again without it, at deep or at standard.
    """
    wanted = []
    for index, case in enumerate(cases):
        less = ("plain", "standard")[index // 7 % 2]
        if case.program.kind == "healthy":
            wanted.append((case, "deep" if case.turn < 3 else less))
        else:
            wanted.append((case, "deep"))
            if index % 7 == 0:
                wanted.append((case, less))
    return wanted
