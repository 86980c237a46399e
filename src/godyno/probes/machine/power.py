"""Energy that the processor took (RAPL), and what the battery gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from godyno.interfaces import Target
from godyno.machine.power import batteries, energy_counters
from godyno.model import Availability, Machine
from godyno.probes.machine.sweep import COUNTER, NAN, Sweep, needs_linux, readable


class Power(Sweep):
    """Joules of each RAPL domain, watts and charge of each battery; once a second."""

    name: ClassVar[str] = "power"
    summary: ClassVar[str] = "energy of the processor (RAPL) in joules, power and charge of batteries"
    most_hz: ClassVar[float] = 1.0

    def availability(self, machine: Machine) -> Availability:
        """Needs a RAPL domain that may be read, or a battery."""
        other = needs_linux(machine.os, "energy")
        if other is not None:
            return other
        counters = energy_counters(self.root)
        if any(not readable(one.path) for one in counters) or batteries(self.root):
            return Availability(True)
        if counters:
            return Availability(
                False,
                "RAPL energy may only be read by root (CVE-2020-8694)",
                "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj",
            )
        if machine.cpu.hypervisor:
            return Availability(
                False,
                "a virtual machine shows no energy counters",
                "Record on the host, or on a machine of your own.",
            )
        return Availability(False, "/sys/class/powercap shows no RAPL domain", "modprobe intel_rapl_msr")

    def open(self, target: Target) -> None:
        """Energy counters first, then of each battery power and charge."""
        series: list[tuple[str, str, str, dict[str, str]]] = []
        self.ranges: list[float] = []  # of the counters; 0 for what is no counter
        self.factors: list[float] = []
        for counter in energy_counters(self.root):
            if self.keep(counter.path, 64):
                series.append(("hw.energy", "J", "machine", {"id": counter.name, **COUNTER}))
                self.ranges.append(counter.range_j)
                self.factors.append(1e-6)
        for battery in batteries(self.root):
            for file, name, unit, factor in (
                ("power_now", "hw.power", "W", 1e-6),
                ("capacity", "hw.battery.charge", "1", 1e-2),
            ):
                if self.keep(battery / file, 64):
                    series.append((name, unit, "machine", {"id": battery.name}))
                    self.ranges.append(0.0)
                    self.factors.append(factor)
        self.meters = self.row(series)
        self.last = [NAN] * len(series)
        self.turned = [0.0] * len(series)

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """A counter that has become smaller has started again from 0: its range is added, so that it only
        ever grows."""
        values = []
        for at, text in enumerate(texts):
            try:
                value = int(text) * self.factors[at]
            except ValueError:
                values.append(NAN)
                continue
            if self.ranges[at]:
                if value < self.last[at]:
                    self.turned[at] += self.ranges[at]
                self.last[at] = value
                value += self.turned[at]
            values.append(value)
        self.meters.write(t_ns, values)
