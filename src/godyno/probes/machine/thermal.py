"""How hot it was, and how often a processor slowed down for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from godyno.interfaces import Target
from godyno.machine.power import thermal_zones
from godyno.model import Availability, Machine
from godyno.probes.machine.sweep import COUNTER, NAN, Sweep, needs_linux

_THROTTLES = ("core_throttle_count", "package_throttle_count")


class Thermal(Sweep):
    """Degrees Celsius of each thermal zone and, on Intel, throttle events; once a second."""

    name: ClassVar[str] = "thermal"
    summary: ClassVar[str] = "temperature of each thermal zone, throttle events of the processor"
    most_hz: ClassVar[float] = 1.0

    def availability(self, machine: Machine) -> Availability:
        """Needs a thermal zone in /sys."""
        other = needs_linux(machine.os, "temperature")
        if other is not None:
            return other
        if thermal_zones(self.root):
            return Availability(True)
        if machine.cpu.hypervisor:
            return Availability(
                False,
                "a virtual machine has no temperature sensors",
                "Record on the host, or on a machine of your own.",
            )
        return Availability(False, "/sys/class/thermal shows no zone", "modprobe x86_pkg_temp_thermal")

    def open(self, target: Target) -> None:
        """Zones first, then the throttle counters of the first processor of the package."""
        series: list[tuple[str, str, str, dict[str, str]]] = []
        self.factors: list[float] = []
        for name, path in thermal_zones(self.root):
            if self.keep(path, 64):
                series.append(("hw.temperature", "Cel", "machine", {"id": name}))
                self.factors.append(1e-3)
        for name in _THROTTLES:
            if self.keep(f"sys/devices/system/cpu/cpu0/thermal_throttle/{name}", 64):
                scope = name.partition("_")[0]
                series.append(("system.cpu.throttles", "{event}", "machine", {"scope": scope, **COUNTER}))
                self.factors.append(1.0)
        self.sensors = self.row(series)

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """Thousandths of a degree; a sensor may be gone for a while."""
        values = []
        for text, factor in zip(texts, self.factors, strict=True):
            try:
                values.append(int(text) * factor)
            except ValueError:
                values.append(NAN)
        self.sensors.write(t_ns, values)
