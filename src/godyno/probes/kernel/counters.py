"""Counters of the whole tree over time: cycles, instructions, cache and branch misses, switches, migrations.

A virtual machine often counts no cycles at all; what is not supported is named with the kernel's reason, never left out. Where the
processor has fewer counters than are wanted the kernel takes turns, and values are scaled to the whole time.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from typing import ClassVar

from godyno.clock import now_ns
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Availability, Clock, Machine
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_probe import open_scope, perf_availability

_HARD, _SOFT = pe.TYPE_HARDWARE, pe.TYPE_SOFTWARE
# series, unit, event type, config
COUNTERS = (
    ("perf.cycles", "{cycle}", _HARD, pe.CPU_CYCLES),
    ("perf.instructions", "{instruction}", _HARD, pe.INSTRUCTIONS),
    ("perf.cache_references", "{access}", _HARD, pe.CACHE_REFERENCES),
    ("perf.cache_misses", "{miss}", _HARD, pe.CACHE_MISSES),
    ("perf.branches", "{branch}", _HARD, pe.BRANCHES),
    ("perf.branch_misses", "{miss}", _HARD, pe.BRANCH_MISSES),
    ("perf.task_clock", "s", _SOFT, pe.TASK_CLOCK),
    ("perf.context_switches", "{switch}", _SOFT, pe.CONTEXT_SWITCHES),
    ("perf.cpu_migrations", "{migration}", _SOFT, pe.CPU_MIGRATIONS),
    ("perf.minor_faults", "{fault}", _SOFT, pe.PAGE_FAULTS_MINOR),
    ("perf.major_faults", "{fault}", _SOFT, pe.PAGE_FAULTS_MAJOR),
)
_UNSUPPORTED = {
    errno.ENOENT: "not supported here: the processor, or the virtual machine, has no such counter",
    errno.EOPNOTSUPP: "not supported here: the processor has no such counter",
    errno.EACCES: "not allowed (kernel.perf_event_paranoid)",
    errno.EPERM: "not allowed (kernel.perf_event_paranoid)",
}


class Counters(SimpleProbe):
    """Counters of the tree. ``period_s`` is between two readings."""

    name: ClassVar[str] = "counters"
    summary: ClassVar[str] = "cycles, instructions, cache and branch misses, switches, migrations of the tree"
    tables: ClassVar[Mapping[str, Clock]] = {"points": Clock.READER}
    levels: ClassVar[tuple[str, ...]] = ("standard", "deep")

    def __init__(self, *, period_s: float = 0.1) -> None:
        self.period_s = period_s

    def availability(self, machine: Machine) -> Availability:
        """As perf's records."""
        return perf_availability(machine, kernel=False)

    def start(self, target: Target, sink: Sink) -> None:
        """Opens what can be counted here."""
        self.sink = sink
        self.counters: list[pe.Counter] = []
        self.units: list[float] = []
        self.half_width_ns = 0
        missing: dict[str, str] = {}
        ids: list[int] = []
        refused: OSError | None = None
        for series, unit, kind, config in COUNTERS:
            event = pe.Event(series, kind, config, kernel=True)
            try:
                open_scope([event], target, ("cgroup", "tasks"), self._open)
            except OSError as error:
                refused = error
                missing[series] = _UNSUPPORTED.get(
                    error.errno or 0, error.strerror or os.strerror(error.errno or 0)
                )
                continue
            ids.append(sink.series(series, unit, "perf", {"kind": "counter"}))
            self.units.append(1e-9 if unit == "s" else 1.0)
        if not self.counters:
            raise refused or OSError(errno.ENOENT, "nothing can be counted here")
        if missing:
            sink.note("not_supported", missing)
        self.group = sink.rows(ids)
        target.loop.every(self.period_s, self.look)

    def _open(self, events: Sequence[pe.Event], scope: pe.Scope) -> None:
        self.counters.append(pe.Counter(events[0], scope))

    def look(self, t_ns: int) -> None:
        """Reads all."""
        values = []
        for counter, scale in zip(self.counters, self.units, strict=True):
            value, enabled, running = counter.read()
            shared = counter.event.type == _HARD and 0 < running < enabled
            values.append(scale * (value * enabled / running if shared else value))
        self.half_width_ns = max(self.half_width_ns, (now_ns() - t_ns) // 2)
        self.sink.row(self.group, t_ns, values)

    def stop(self) -> None:
        """A last reading, then lets go."""
        try:
            self.look(now_ns())
            self.sink.note("alignment_error_ns", self.half_width_ns)
        finally:
            for counter in self.counters:
                counter.close()
