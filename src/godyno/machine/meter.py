"""What the machine and a cgroup counted between two instants, for runs that are not recorded: the counters of ``stats.noise``.

A reading takes well under a millisecond: /proc/stat, /proc/pressure, each disk's statistics, and the group's own files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from godyno.machine.cgroupfs import values_in
from godyno.machine.hierarchies import SLASH, read_text

_VIRTUAL = ("loop", "ram", "zram", "fd", "sr", "dm-", "md")


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters since boot, or since the group was made; what cannot be read is not there."""

    values: Mapping[str, float]

    def since(self, before: Reading) -> dict[str, float]:
        """What each counter rose by since ``before``."""
        return {
            name: max(0.0, value - before.values[name])
            for name, value in self.values.items()
            if name in before.values
        }


class Meter:
    """Reads a machine's counters, and a group's where its ``paths`` (controller to directory) are given."""

    def __init__(self, root: Path = SLASH, paths: Mapping[str, Path] | None = None) -> None:
        self.root, self.paths = root, dict(paths or {})
        self.disks = [
            disk / "stat"
            for disk in _children(root / "sys/block")
            if not disk.name.startswith(_VIRTUAL) and read_text(disk / "stat").split()
        ]

    def read(self) -> Reading:
        """Everything that can be read now."""
        values: dict[str, float] = {}
        words = read_text(self.root / "proc/stat").partition("\n")[0].split()
        if len(words) >= 9:
            tick = os.sysconf("SC_CLK_TCK")
            user, nice, system, _, _, irq, softirq, steal = (int(word) / tick for word in words[1:9])
            values |= {"busy_s": user + nice + system + irq + softirq, "steal_s": steal}
        values |= self._pressure()
        values |= self._group()
        sectors = [read_text(disk).split() for disk in self.disks]
        known = [columns for columns in sectors if len(columns) >= 11]
        if known:
            values["disk_read_bytes"] = 512.0 * sum(int(columns[2]) for columns in known)
            values["disk_written_bytes"] = 512.0 * sum(int(columns[6]) for columns in known)
        throttles = [
            read_text(
                self.root / f"sys/devices/system/cpu/cpu0/thermal_throttle/{name}_throttle_count"
            ).strip()
            for name in ("core", "package")
        ]
        if any(text.isdecimal() for text in throttles):
            values["thermal_events"] = float(sum(int(text) for text in throttles if text.isdecimal()))
        return Reading(values)

    def hz(self) -> float | None:
        """The processors' mean frequency now; None where no driver tells."""
        texts = [
            read_text(cpu / "cpufreq/scaling_cur_freq").strip()
            for cpu in _children(self.root / "sys/devices/system/cpu")
            if cpu.name[3:].isdecimal()
        ]
        known = [int(text) * 1e3 for text in texts if text.isdecimal()]
        return sum(known) / len(known) if known else None

    def _pressure(self) -> dict[str, float]:
        unified = self.paths.get("unified") or self.paths.get("memory")
        found = {}
        for name, resource, kind in (
            ("starved_s", "cpu", "full"), ("memory_stall_s", "memory", "some"), ("io_stall_s", "io", "some"),
        ):  # fmt: skip
            own = _total(read_text(unified / f"{resource}.pressure"), kind) if unified else None
            if own is None and resource != "cpu":  # the machine's own "full" of cpu means nothing
                own = _total(read_text(self.root / "proc/pressure" / resource), kind)
            if own is not None:
                found[name] = own
        return found

    def _group(self) -> dict[str, float]:
        found: dict[str, float] = {}
        if "cpu" in self.paths:
            values = values_in(self.paths["cpu"] / "cpu.stat")
            if "throttled_usec" in values:
                found["throttled_s"] = values["throttled_usec"] * 1e-6
            elif "throttled_time" in values:
                found["throttled_s"] = values["throttled_time"] * 1e-9
        if "memory" in self.paths:
            values = values_in(self.paths["memory"] / "memory.stat")
            for name, (second, first) in {
                "refaults": ("workingset_refault_file", "total_workingset_refault_file"),
                "major_faults": ("pgmajfault", "total_pgmajfault"),
            }.items():
                if second in values or first in values:
                    found[name] = float(values.get(first, values.get(second, 0)))
        return found


def run_queue(root: Path = SLASH) -> int:
    """Tasks that run or could run now, this one included (proc(5), /proc/loadavg)."""
    words = read_text(root / "proc/loadavg").split()
    text = words[3].partition("/")[0] if len(words) > 3 else ""
    return int(text) if text.isdecimal() else 0


def _total(pressure: str, kind: str) -> float | None:
    for line in pressure.splitlines():
        if line.startswith(kind) and "total=" in line:
            text = line.rpartition("total=")[2]
            return int(text) * 1e-6 if text.isdecimal() else None
    return None


def _children(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []
