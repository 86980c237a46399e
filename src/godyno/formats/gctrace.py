"""GODEBUG=gctrace=1: one line per garbage collection, Go 1.21 to 1.27.

Format: runtime/mgc.go (``gcMarkTermination``), described in runtime/extern.go. Sizes are printed in whole
MiB, rounded down; times have two or three significant figures. Go 1.27 may add a remark after ``%``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from godyno.errors import FormatError

_N = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_LINE = re.compile(
    rf"gc (\d+) @{_N}s (\d+)%(?: \(([^()\n]*)\))?: "
    rf"{_N}\+{_N}\+{_N} ms clock, "
    rf"{_N}\+{_N}/{_N}/{_N}\+{_N} ms cpu, "
    r"(\d+)->(\d+)->(\d+) MB, (\d+) MB goal, "
    r"(?:(\d+) MB stacks, )?(?:(\d+) MB globals, )?"
    r"(\d+) P( \(forced\))?(?: (.*))?"
)
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class GcCycle:
    """One garbage collection. Seconds, bytes; ``since_start_s`` counts from ``runtime.runtimeInitTime``.

    ``stw_*`` are the two pauses; ``mark_s`` between them is concurrent, no pause. ``*_cpu_s`` are those
    phases times processors, not CPU time: under a quota they exceed what the quota allowed. ``cpu_ratio`` is
    the share of all available CPU that GC took since the program's start.
    """

    number: int
    since_start_s: float
    cpu_ratio: float
    stw_sweep_termination_s: float
    mark_s: float
    stw_mark_termination_s: float
    stw_sweep_termination_cpu_s: float
    assist_cpu_s: float
    background_cpu_s: float
    idle_cpu_s: float
    stw_mark_termination_cpu_s: float
    heap_start_bytes: int
    heap_end_bytes: int
    heap_live_bytes: int
    heap_goal_bytes: int
    stacks_bytes: int | None
    globals_bytes: int | None
    procs: int
    forced: bool
    remark: str = ""

    @property
    def pause_s(self) -> float:
        """Both pauses together."""
        return self.stw_sweep_termination_s + self.stw_mark_termination_s

    @property
    def duration_s(self) -> float:
        """From the first pause's start to the second's end."""
        return self.pause_s + self.mark_s


def gc_cycle(line: str) -> GcCycle:
    """The collection that ``line`` (whole, its newline optional) tells of. Raises FormatError where it tells
    of none.
    """
    match = _LINE.fullmatch(line.rstrip("\r\n"))
    if not match:
        raise FormatError(f"Not a gctrace line: {line[:120]!r}")
    g = match.groups()
    ms = [float(g[i]) * 1e-3 for i in range(4, 12)]
    sizes = [int(g[i]) * _MIB for i in range(12, 16)]
    return GcCycle(
        int(g[0]), float(g[1]), int(g[2]) / 100,
        ms[0], ms[1], ms[2], ms[3], ms[4], ms[5], ms[6], ms[7],
        sizes[0], sizes[1], sizes[2], sizes[3],
        None if g[16] is None else int(g[16]) * _MIB,
        None if g[17] is None else int(g[17]) * _MIB,
        int(g[18]), g[19] is not None, "; ".join(part for part in (g[3], g[20]) if part),
    )  # fmt: skip
