"""When a benchmark has been run often enough: decided on time or CPU time, or by the gates that are asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from godyno.stats.compare import Verdict
from godyno.stats.sequential import Look
from godyno.studies.bench.gate import Gate
from godyno.studies.bench.settings import Settings
from godyno.studies.plan import Plan
from godyno.studies.runner import PairedRule

_USUAL = ("sec/op", "cpu-sec/op")
# Counts repeat exactly or nearly so: they need the fewest pairs that can prove anything, and never a look at noise.
_COUNTED = frozenset(("B/op", "allocs/op", "exit-code"))


def deciding(subject: str, units: Sequence[str], gates: Sequence[Gate]) -> list[str]:
    """The measures of a subject that decide: its time and CPU time, or what the gates judge."""
    wanted = [gate.unit for gate in gates] if gates else list(_USUAL)
    return [f"{subject}\t{unit}" for unit in dict.fromkeys(wanted) if unit in units]


@dataclass
class BenchRule(PairedRule):
    """Without gates a benchmark is done when time or CPU time is proven different, or both are within the margin; with gates, when each is
    proven or excluded. No look is taken before the first that could prove anything at this alpha and this many benchmarks."""

    gates: Sequence[Gate] = field(default_factory=tuple)

    def _done(self, key: tuple[str, str]) -> bool:
        unit = key[1].rpartition("\t")[2]
        if unit in _COUNTED:
            return True
        look = self.looks.get(key)
        if look is None:
            return False
        if not self.gates:
            return look.verdict is not Verdict.UNDECIDED
        return all(settles(gate, look) for gate in self.gates if gate.unit == unit)


def settles(gate: Gate, look: Look) -> bool:
    """Whether the look proves that the gate is broken, or that it holds."""
    bound, interval = 1 + gate.change, look.interval
    beyond = interval.high < bound if gate.above else interval.low > bound
    within = interval.low >= bound if gate.above else interval.high <= bound
    return within or (beyond and look.verdict in (Verdict.HIGHER, Verdict.LOWER))


def rule_for(plan: Plan, settings: Settings) -> BenchRule:
    """The rule for a plan."""
    comparisons = max(1, (len(plan.arms) - 1) * len(plan.measures))
    first = max(6, math.ceil(1 - math.log2(settings.alpha / comparisons)))
    return BenchRule(
        plan, alpha=settings.alpha, margin=settings.margin, first=min(first, plan.blocks), seed=settings.seed,
        any_measure=not settings.gates, gates=settings.gates,
    )  # fmt: skip
