"""Time of all processors by what they did, from ``/proc/stat``: user, system, idle, waiting for disk,
stolen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from godyno.interfaces import Target
from godyno.model import Availability, Machine
from godyno.probes.machine.sweep import COUNTER, Row, Sweep, needs_linux, readable

# The columns of a cpu line (proc_stat(5)); irq and softirq together are OpenTelemetry's interrupt.
_MODES = ("user", "nice", "system", "idle", "iowait", "interrupt", "steal")
_MOST_CPUS = 64
_PER_CPU_EVERY_NS = 1_000_000_000


class SystemCpu(Sweep):
    """All processors at every look, each by itself once a second (``per_cpu``; left out beyond 64)."""

    name: ClassVar[str] = "system_cpu"
    summary: ClassVar[str] = "CPU time of the machine by mode (user, system, iowait, steal …), runnable tasks"

    def __init__(
        self, *, root: str | os.PathLike[str] = "/", hz: float | None = None, per_cpu: bool = True
    ) -> None:
        super().__init__(root=root, hz=hz)
        self.per_cpu = per_cpu

    def availability(self, machine: Machine) -> Availability:
        """Needs /proc/stat."""
        other = needs_linux(machine.os, "CPU time by mode")
        if other is not None:
            return other
        reason = readable(self.root / "proc/stat")
        return Availability(not reason, reason and f"/proc/stat: {reason}", reason and "Mount /proc.")

    def open(self, target: Target) -> None:
        """One file holds it all."""
        self.ticks = os.sysconf("SC_CLK_TCK")
        self.keep("proc/stat", 8192)
        self.all = self.row(_times("system.cpu.time", {}))
        self.tasks = self.row(
            [
                ("system.process.count", "{process}", "machine", {"status": "running"}),
                ("system.process.count", "{process}", "machine", {"status": "blocked"}),
                ("system.process.created", "{process}", "machine", COUNTER),
                ("system.context_switches", "{switch}", "machine", COUNTER),
            ]
        )
        self.each: dict[bytes, Row] = {}
        self.due_ns = 0

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """The first line is the sum; the counts of tasks stand behind the long line of interrupts."""
        data = texts[0]
        end = data.find(b"\n")
        if end > 0:
            self.all.write(t_ns, self._seconds(data[:end].split()))
        behind = data.rfind(b"\nctxt ")
        if behind >= 0:
            words = data[behind:].split()
            pairs = dict(zip(words[0:10:2], words[1:11:2], strict=False))
            self.tasks.write(
                t_ns,
                [
                    float(pairs.get(name, b"nan"))
                    for name in (b"procs_running", b"procs_blocked", b"processes", b"ctxt")
                ],
            )
        if self.per_cpu and t_ns >= self.due_ns:
            self.due_ns = t_ns + _PER_CPU_EVERY_NS
            self._write_each(t_ns, data[end + 1 : data.find(b"\nintr ")])

    def _write_each(self, t_ns: int, lines: bytes) -> None:
        processors = lines.split(b"\n")
        if len(processors) > _MOST_CPUS:
            return
        for line in processors:
            words = line.split()
            if len(words) < 8 or not words[0].startswith(b"cpu"):
                continue
            row = self.each.get(words[0])
            if row is None:  # also one that comes online meanwhile
                row = self.each[words[0]] = self.row(
                    _times("system.cpu.logical.time", {"cpu": words[0][3:].decode()})
                )
            row.write(t_ns, self._seconds(words))

    def _seconds(self, words: list[bytes]) -> list[float]:
        user, nice, system, idle, iowait, irq, softirq, steal = (
            int(word) / self.ticks for word in words[1:9]
        )
        return [user, nice, system, idle, iowait, irq + softirq, steal]


def _times(name: str, labels: dict[str, str]) -> list[tuple[str, str, str, dict[str, str]]]:
    # Each processor's has another name, so that who adds up system.cpu.time does not count all of it twice.
    return [(name, "s", "machine", {**labels, "mode": mode, **COUNTER}) for mode in _MODES]
