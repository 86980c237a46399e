"""How fast the processors ran: cpufreq where there is one, else the clock in ``/proc/cpuinfo`` where it
really changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from godyno.interfaces import Target
from godyno.machine.cpu import cpu_numbers
from godyno.machine.hierarchies import read_text
from godyno.model import Availability, Machine
from godyno.probes.machine.sweep import Row, Sweep, needs_linux

_MOST_CPUS = 32
_CUR = "sys/devices/system/cpu/cpu{}/cpufreq/scaling_cur_freq"


class Frequency(Sweep):
    """Hz of each processor (of the first 32), once a second: asking a processor interrupts it."""

    name: ClassVar[str] = "frequency"
    summary: ClassVar[str] = "clock frequency of each processor"
    most_hz: ClassVar[float] = 1.0

    def availability(self, machine: Machine) -> Availability:
        """Needs cpufreq, or a clock in cpuinfo that is not a virtual machine's."""
        other = needs_linux(machine.os, "clock frequency")
        if other is not None:
            return other
        if (self.root / _CUR.format(0)).exists():
            return Availability(True)
        if machine.cpu.hypervisor:
            return Availability(
                False,
                "the hypervisor shows a guest no clock frequency; what it takes away is in system.cpu.time's steal",
                "Record on the host, or on a machine of your own.",
            )
        if "cpu MHz" in read_text(self.root / "proc/cpuinfo"):
            return Availability(True)
        return Availability(
            False, "the kernel has no cpufreq driver for this processor", "modprobe acpi-cpufreq"
        )

    def open(self, target: Target) -> None:
        """A file for each processor, or cpuinfo for all."""
        self.cpus: list[int] = []
        online = cpu_numbers(read_text(self.root / "sys/devices/system/cpu/online")) or [0]
        for cpu in online[:_MOST_CPUS]:
            if self.keep(_CUR.format(cpu), 64):
                self.cpus.append(cpu)
        self.by_driver = bool(self.cpus)
        self.first: list[float] = []
        self.first_ns = 0
        self.clocks: Row | None = None
        if self.by_driver:
            self.clocks = self._declare(len(self.cpus))
        else:
            self.keep("proc/cpuinfo", 1 << 16)

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """cpufreq tells kHz, cpuinfo MHz."""
        if self.by_driver and self.clocks is not None:
            self.clocks.write(
                t_ns, [int(text) * 1e3 if text[:1].isdigit() else float("nan") for text in texts]
            )
            return
        values = [
            float(line.partition(b":")[2]) * 1e6
            for line in texts[0].split(b"\n")
            if line.startswith(b"cpu MHz")
        ][:_MOST_CPUS]
        if self.clocks is None:
            # A clock that never moves is a number that the kernel was told at boot, not a measurement.
            if not self.first:
                self.first, self.first_ns = values, t_ns
            if values == self.first or len(values) != len(self.first):
                return
            self.cpus = list(range(len(values)))
            self.clocks = self._declare(len(values))
            self.clocks.write(self.first_ns, self.first)
        if len(values) == self.clocks.width:
            self.clocks.write(t_ns, values)

    def finish(self) -> None:
        """Says which source it was."""
        constant = not self.by_driver and self.clocks is None
        self.sink.note("source", "cpufreq" if self.by_driver else "cpuinfo")
        if constant:
            self.sink.note("constant", "the clock in /proc/cpuinfo did not change, so it was not kept")

    def _declare(self, count: int) -> Row:
        cpus = self.cpus[:count]
        return self.row([("system.cpu.frequency", "Hz", "machine", {"cpu": str(cpu)}) for cpu in cpus])
