"""Memory, swap, faults and reclaim of the whole machine, from ``/proc/meminfo`` and ``/proc/vmstat``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from godyno.interfaces import Target
from godyno.model import Availability, Machine
from godyno.probes.machine.sweep import COUNTER, NAN, Sweep, needs_linux, positions, readable

_MEMORY = (
    "MemTotal",
    "MemFree",
    "MemAvailable",
    "Buffers",
    "Cached",
    "SReclaimable",
    "AnonPages",
    "Dirty",
    "Writeback",
)
_SWAP = ("SwapTotal", "SwapFree")
# vmstat's name to the series; those in pages become bytes.
_EVENTS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("pgfault", "system.paging.faults", "{fault}", {"type": "all"}),
    ("pgmajfault", "system.paging.faults", "{fault}", {"type": "major"}),
    ("pswpin", "system.paging.swapped", "{page}", {"direction": "in"}),
    ("pswpout", "system.paging.swapped", "{page}", {"direction": "out"}),
    ("pgsteal_kswapd", "system.memory.reclaimed", "By", {"by": "kswapd"}),
    ("pgsteal_direct", "system.memory.reclaimed", "By", {"by": "direct"}),
    ("pgscan_kswapd", "system.memory.scanned", "By", {"by": "kswapd"}),
    ("pgscan_direct", "system.memory.scanned", "By", {"by": "direct"}),
    ("workingset_refault_file", "system.memory.refaulted", "By", {"type": "file"}),
    ("workingset_refault_anon", "system.memory.refaulted", "By", {"type": "anon"}),
    ("allocstall_normal", "system.memory.allocation_stalls", "{stall}", {}),
    ("compact_stall", "system.memory.compaction_stalls", "{stall}", {}),
    ("oom_kill", "system.memory.oom_kills", "{process}", {}),
)


class SystemMemory(Sweep):
    """Usage by state, what is available, swap, faults, reclaim. Looks half as often as the fastest probes."""

    name: ClassVar[str] = "system_memory"
    summary: ClassVar[str] = "memory of the machine: available, cached, dirty, swap; faults, reclaim, kills"
    rate: ClassVar[float] = 0.5

    def availability(self, machine: Machine) -> Availability:
        """Needs /proc/meminfo."""
        other = needs_linux(machine.os, "memory by state")
        if other is not None:
            return other
        reason = readable(self.root / "proc/meminfo")
        return Availability(not reason, reason and f"/proc/meminfo: {reason}", reason and "Mount /proc.")

    def open(self, target: Target) -> None:
        """meminfo, and vmstat where it may be read."""
        self.page = os.sysconf("SC_PAGE_SIZE")
        self.keep("proc/meminfo")
        self.has_events = self.keep("proc/vmstat", 8192)
        files = [file.read() for file in self._files]
        self.memory_at = positions(files[0], (*_MEMORY, *_SWAP)) if files else []
        self.events_at = positions(files[1], [name for name, *_ in _EVENTS]) if self.has_events else []
        self.memory = self.row(
            [
                *(
                    ("system.memory.usage", "By", "machine", {"state": state})
                    for state in ("used", "free", "cached", "buffers")
                ),
                ("system.memory.available", "By", "machine", {}),
                ("system.memory.anonymous", "By", "machine", {}),
                ("system.memory.dirty", "By", "machine", {}),
                ("system.memory.writeback", "By", "machine", {}),
                ("system.paging.usage", "By", "machine", {"state": "used"}),
            ]
        )
        self.events = self.row(
            [(name, unit, "machine", {**labels, **COUNTER}) for _, name, unit, labels in _EVENTS]
        )
        self.scales = [float(self.page) if unit == "By" else 1.0 for _, _, unit, _ in _EVENTS]

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """meminfo's kB are 1024 bytes; used is what is neither free nor cache, as OpenTelemetry and free(1)
        count."""
        words = texts[0].split()
        total, free, available, buffers, cached, slab, anonymous, dirty, writeback, swap, swap_free = (
            _number(words, at) * 1024 for at in self.memory_at
        )
        caches = cached + (slab if slab == slab else 0.0)
        used = total - free - buffers - caches
        values = [used, free, caches, buffers, available, anonymous, dirty, writeback, swap - swap_free]
        self.memory.write(t_ns, values)
        if self.has_events:
            words = texts[1].split()
            self.events.write(
                t_ns,
                [_number(words, at) * scale for at, scale in zip(self.events_at, self.scales, strict=True)],
            )


def _number(words: list[bytes], at: int) -> float:
    if at < 0:
        return NAN
    try:
        return float(words[at])
    except (IndexError, ValueError):
        return NAN
