"""What the command's own cgroup was charged: CPU time, throttling, memory by kind, processes. v1 and v2."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from godyno.interfaces import Target
from godyno.model import Availability, Machine
from godyno.probes.machine.sweep import COUNTER, NAN, Sweep, needs_linux, positions

Series = tuple[str, str, str, dict[str, str]]
# memory.stat: v2's name, v1's name (with nested groups), the series.
_MEMORY: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
    ("anon", "total_rss", "cgroup.memory.anon", "By", {}),
    ("file", "total_cache", "cgroup.memory.file", "By", {}),
    ("shmem", "total_shmem", "cgroup.memory.shmem", "By", {}),
    ("file_mapped", "total_mapped_file", "cgroup.memory.file_mapped", "By", {}),
    ("kernel", "", "cgroup.memory.kernel", "By", {}),
    ("pgfault", "total_pgfault", "cgroup.paging.faults", "{fault}", {"type": "all", **COUNTER}),
    ("pgmajfault", "total_pgmajfault", "cgroup.paging.faults", "{fault}", {"type": "major", **COUNTER}),
    ("workingset_refault_file", "total_workingset_refault_file", "cgroup.memory.refaults", "{page}", COUNTER),
)
# cpu.stat: v2's name and factor to the base unit, v1's.
_CPU: tuple[tuple[str, float, str, float, str, str, dict[str, str]], ...] = (
    ("usage_usec", 1e-6, "", 0.0, "cgroup.cpu.usage", "s", {}),
    ("user_usec", 1e-6, "", 0.0, "cgroup.cpu.time", "s", {"mode": "user"}),
    ("system_usec", 1e-6, "", 0.0, "cgroup.cpu.time", "s", {"mode": "system"}),
    ("nr_periods", 1.0, "nr_periods", 1.0, "cgroup.cpu.periods", "{period}", {}),
    ("nr_throttled", 1.0, "nr_throttled", 1.0, "cgroup.cpu.throttled_periods", "{period}", {}),
    ("throttled_usec", 1e-6, "throttled_time", 1e-9, "cgroup.cpu.throttled_time", "s", {}),
)
# Files with one number: v2's, v1's, controller of each.
_SINGLE: tuple[tuple[str, str, str, str, str], ...] = (
    ("memory", "memory.current", "memory.usage_in_bytes", "cgroup.memory.usage", "By"),
    ("memory", "memory.swap.current", "", "cgroup.memory.swap", "By"),
    ("pids", "pids.current", "pids.current", "cgroup.process.count", "{process}"),
)


class Cgroup(Sweep):
    """CPU, memory and processes of the group in which the command runs; the peak is noted at the end."""

    name: ClassVar[str] = "cgroup"
    summary: ClassVar[str] = (
        "CPU time, throttling, memory by kind and number of processes of the command's own cgroup"
    )

    def availability(self, machine: Machine) -> Availability:
        """Needs a place where a cgroup of our own can be made."""
        other = needs_linux(machine.os, "a cgroup")
        if other is not None:
            return other
        if machine.cgroup.writable:
            return Availability(True)
        if machine.cgroup.version == 0:
            return Availability(
                False, "no cgroup hierarchy is mounted here", "mount -t cgroup2 none /sys/fs/cgroup"
            )
        remedy = "systemd-run --user --scope -p Delegate=yes godyno record -- COMMAND"
        if machine.container:
            remedy = "Run as root in a container that was started with --privileged."
        elif machine.cgroup.version == 1:
            remedy = "sudo godyno record -- COMMAND"
        return Availability(
            False, "no child cgroup with a memory controller may be made by this user", remedy
        )

    def open(self, target: Target) -> None:
        """Whatever of the two versions' files is there."""
        self.parts: list[tuple[str, list[int], list[float]]] = []
        series: list[Series] = []
        groups = {name: path for name, path in target.cgroups.items() if name != "unified"}
        if not groups and "unified" in target.cgroups:
            groups = {"cpu": target.cgroups["unified"]}
        self.memory = groups.get("memory")
        self._open_cpu(groups, series)
        self._open_memory(series)
        for controller, second, first, name, unit in _SINGLE:
            place = groups.get(controller)
            for file in (second, first):
                if place is not None and file and (place / file).exists() and self.keep(place / file, 64):
                    series.append((name, unit, "cgroup", {}))
                    self.parts.append(("number", [0], [1.0]))
                    break
        self.values = self.row(series) if series else None
        self.most_anon = 0.0
        self.anon_at = next((at for at, one in enumerate(series) if one[0] == "cgroup.memory.anon"), -1)

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """All files become one row, since they were read together."""
        values: list[float] = []
        for (_, places, factors), data in zip(self.parts, texts, strict=True):
            words = data.split()
            for at, factor in zip(places, factors, strict=True):
                try:
                    values.append(int(words[at]) * factor)
                except (IndexError, ValueError):
                    values.append(NAN)
        if self.values is not None:
            self.values.write(t_ns, values)
            if self.anon_at >= 0 and values[self.anon_at] > self.most_anon:
                self.most_anon = values[self.anon_at]

    def finish(self) -> None:
        """The kernel's own peak covers what lies between looks; that of anonymous memory is the highest that
        was seen."""
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            try:
                peak = int((self.memory / name).read_bytes()) if self.memory is not None else None
            except (OSError, ValueError):
                continue
            if peak is not None:
                self.sink.note("memory_peak_bytes", peak)
                self.sink.note("memory_peak_source", name)
                break
        if self.anon_at >= 0:
            self.sink.note("highest_anon_seen_bytes", int(self.most_anon))

    def _open_cpu(self, groups: dict[str, Path], series: list[Series]) -> None:
        account = groups.get("cpuacct")
        place = (
            groups.get("cpu") or account
        )  # v2 counts time in every group, with a cpu controller or without
        if place is not None:
            wanted = [
                ((second, first), (factor, first_factor), (name, unit, "cgroup", {**labels, **COUNTER}))
                for second, factor, first, first_factor, name, unit, labels in _CPU
            ]
            self._open_pairs(place / "cpu.stat", wanted, series)
        if account is not None and self.keep(account / "cpuacct.usage", 64):
            series.append(("cgroup.cpu.usage", "s", "cgroup", COUNTER))
            self.parts.append(("cpuacct.usage", [0], [1e-9]))
        if account is not None and self.keep(account / "cpuacct.stat", 128):
            tick_s = 1 / os.sysconf("SC_CLK_TCK")
            series.extend(
                ("cgroup.cpu.time", "s", "cgroup", {"mode": mode, **COUNTER}) for mode in ("user", "system")
            )
            self.parts.append(("cpuacct.stat", [1, 3], [tick_s, tick_s]))

    def _open_memory(self, series: list[Series]) -> None:
        if self.memory is None:
            return
        self._open_pairs(
            self.memory / "memory.stat",
            [
                ((second, first), (1.0, 1.0), (name, unit, "cgroup", labels))
                for second, first, name, unit, labels in _MEMORY
            ],
            series,
        )

    def _open_pairs(
        self,
        path: Path,
        wanted: Sequence[tuple[tuple[str, str], tuple[float, float], Series]],
        series: list[Series],
    ) -> None:
        if not self.keep(path, 4096):
            return
        data = self._files[-1].read()
        places: list[int] = []
        factors: list[float] = []
        for names, scales, one in wanted:
            for name, scale in zip(names, scales, strict=True):
                (at,) = positions(data, [name]) if name else (-1,)
                if at >= 0:
                    places.append(at)
                    factors.append(scale)
                    series.append(one)
                    break
        self.parts.append((path.name, places, factors))
