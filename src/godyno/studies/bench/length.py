"""How long a run is: the spread between two runs falls with their CPU time until about 100 ms, and hardly beyond.

The table is benchmarks/stats_tape/pilot.md. Go's own ``-benchtime`` counts wall time, of which a busy machine gives a benchmark only a
part: the same 100 ms were 40 to 100 ms of CPU. So each benchmark's run is measured once, and lengthened where it fell short.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from godyno import units
from godyno.model import Record

LEAST_CPU_S = 0.1
USUAL = "100ms"  # what Go is asked for at first
_MOST = 4.0  # a run that falls shorter waits by itself, for storage or a timer, and would only become long
_NEAR = 0.9
_BLOCKS = 20  # that the budget must leave room for


@dataclasses.dataclass(frozen=True, slots=True)
class Length(Record):
    """A run as the pilot saw it, in seconds: ``cpu_s`` of its work after lengthening by ``factor``, ``wall_s`` before."""

    name: str
    cpu_s: float
    wall_s: float
    factor: float = 1.0


def lengthened(name: str, cpu_s: float, wall_s: float, room: float) -> Length:
    """``room`` is how many times longer all runs may become within the budget (infinite without one)."""
    missing = LEAST_CPU_S / cpu_s if cpu_s > 0 else _MOST + 1
    factor = min(missing, room) if 1 / _NEAR < missing <= _MOST else 1.0
    factor = max(factor, 1.0)
    return Length(name, cpu_s * factor, wall_s, factor)


def room_for(budget_s: float | None, block_s: float) -> float:
    """How many times longer a block may become so that the budget still holds twenty."""
    return float("inf") if budget_s is None or block_s <= 0 else max(1.0, budget_s / (_BLOCKS * block_s))


def summary(lengths: Sequence[Length]) -> str:
    """One sentence: the CPU time of a run, what was lengthened, and what is shorter than it should be; empty where none was measured."""
    if not lengths:
        return ""
    show = units.show_seconds
    sizes = sorted(one.cpu_s for one in lengths)
    text = f"a run's work takes {show(sizes[len(sizes) // 2])} of CPU"
    if len(sizes) > 1:
        text += f" (median; {show(sizes[0])} to {show(sizes[-1])})"
    longer = sum(one.factor > 1 for one in lengths)
    if longer:
        text += f"; {longer} lengthened towards {show(LEAST_CPU_S)}, from where on the spread between runs hardly falls"
    short = [one for one in lengths if one.cpu_s < _NEAR * LEAST_CPU_S]
    if short:
        names = ", ".join(one.name for one in short[:3]) + (
            f" and {len(short) - 3} more" if len(short) > 3 else ""
        )
        waits = all(one.cpu_s * _MOST < LEAST_CPU_S for one in short)
        why = "it mostly waits" if waits else "a larger --budget or --benchtime steadies it"
        text += f"; shorter: {names} ({why})"
    return text
