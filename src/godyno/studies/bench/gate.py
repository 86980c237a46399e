"""Gates: ``time/op<+3%`` fails when a regression beyond 3 % is proven, and is undecided when one cannot be ruled out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from godyno.errors import UsageError
from godyno.model import Record
from godyno.stats.compare import Verdict
from godyno.studies.bench.comparing import Row

PASSED, REGRESSION, UNDECIDED = 0, 1, 2  # also the exit codes

_GATE = re.compile(r"(?P<unit>[^<>\s]+)\s*(?P<sign>[<>])\s*(?P<percent>[+-]?\d+(?:\.\d+)?)\s*%")
# What people write for the units that benchmarks print.
_UNITS = {"time/op": "sec/op", "ns/op": "sec/op", "alloc/op": "B/op", "allocated/op": "B/op", "speed": "B/s",
          "cpu/op": "cpu-sec/op", "memory": "peak-B", "peak": "peak-B"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gate(Record):
    """``unit`` may change by less than ``change`` (0.03 is +3 %); with ``above`` by more than it (for throughput, -0.03)."""

    unit: str
    change: float
    above: bool = False

    @property
    def text(self) -> str:
        """As one writes it."""
        return f"{self.unit}{'>' if self.above else '<'}{100 * self.change:+g}%"

    @classmethod
    def parse(cls, text: str) -> Gate:
        """``time/op<+3%``, ``B/op<+0%``, ``B/s>-5%``. Raises UsageError for anything else."""
        match = _GATE.fullmatch(text.strip())
        if not match:
            raise UsageError(f"{text!r} is not a gate", hint="Write it as 'time/op<+3%' or 'B/s>-5%'.")
        return cls(
            _UNITS.get(match["unit"], match["unit"]), float(match["percent"]) / 100, match["sign"] == ">"
        )


@dataclass(frozen=True, slots=True)
class Judged(Record):
    """A gate's outcome: its exit code, and the rows that failed it or leave it open, by name."""

    gate: Gate
    code: int
    failed: tuple[str, ...]
    open: tuple[str, ...]


def judge(gate: Gate, rows: Sequence[Row]) -> Judged:
    """Proven when the whole interval lies beyond the bound and the comparison itself is decided.

    Raises UsageError where no row has the gate's unit: a gate that judges nothing must not pass.
    """
    of_unit = [row for row in rows if row.unit == gate.unit]
    if not of_unit:
        units = ", ".join(sorted({row.unit for row in rows})) or "none"
        raise UsageError(f"No benchmark reports {gate.unit}", hint=f"Units here: {units}.")
    bound = 1 + gate.change
    failed, undecided = [], []
    for row in of_unit:
        found = row.comparison
        if found.scale != "ratio":  # from or to zero: any increase of a count is beyond any percentage
            beyond = found.interval.high < 0 if gate.above else found.interval.low > 0
            within = found.interval.low >= 0 if gate.above else found.interval.high <= 0
        else:
            beyond = found.interval.high < bound if gate.above else found.interval.low > bound
            within = found.interval.low >= bound if gate.above else found.interval.high <= bound
        decided = found.verdict in (Verdict.HIGHER, Verdict.LOWER)
        if beyond and decided:
            failed.append(row.name)
        elif not within:
            undecided.append(row.name)
    code = REGRESSION if failed else UNDECIDED if undecided else PASSED
    return Judged(gate, code, tuple(failed), tuple(undecided))
