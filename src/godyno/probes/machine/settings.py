"""Kernel settings and Go's environment before and after the command, and what changed in between.

Nothing is read while the command runs. Go's environment costs a process of its own, so it comes from a
callable that is given, and is called before the command is let go and after it has ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from godyno.clock import now_ns
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.machine.hierarchies import read_text
from godyno.machine.memory import chosen
from godyno.machine.sysctl import changes, read_settings
from godyno.model import Availability, Clock, Machine
from godyno.probes.machine.sweep import needs_linux
from godyno.redact import go_environment


class Settings(SimpleProbe):
    """``go_env`` gives Go's environment as ``go env -json`` does; None leaves it out."""

    name: ClassVar[str] = "settings"
    summary: ClassVar[str] = (
        "kernel settings that matter to Go and Go's environment, before and after, with what changed"
    )
    tables: ClassVar[Mapping[str, Clock]] = {"events": Clock.READER}

    def __init__(
        self,
        *,
        root: str | os.PathLike[str] = "/",
        go_env: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self.root, self.go_env = Path(root), go_env

    def availability(self, machine: Machine) -> Availability:
        """Kernel settings need /proc/sys."""
        return needs_linux(machine.os, "a kernel setting") or Availability(True)

    def start(self, target: Target, sink: Sink) -> None:
        """Reads and notes what is set before."""
        self.sink = sink
        self.before_ns = now_ns()
        self.kernel = read_settings(self.root) | self._governors()
        self.go = self._go_environment()
        sink.note("kernel", self.kernel)
        if self.go:
            sink.note("go", self.go)

    def stop(self) -> None:
        """Reads again and notes what differs, each also as an event."""
        changed = changes(self.kernel, read_settings(self.root) | self._governors())
        changed_go = changes(self.go, self._go_environment()) if self.go else {}
        t_ns = now_ns()
        for layer, found in (("kernel", changed), ("go", changed_go)):
            self.sink.note(f"{layer}_changed", {name: list(values) for name, values in found.items()})
            for name, (before, after) in found.items():
                args = {"before": before, "after": after, "since_ns": self.before_ns}
                self.sink.event(t_ns, "settings", layer, name, args=args)
                self.sink.warn(f"{name} was changed while the command ran: from {before!r} to {after!r}")

    def _governors(self) -> dict[str, str]:
        cpufreq = self.root / "sys/devices/system/cpu/cpu0/cpufreq"
        found = {
            "cpufreq.governor": read_text(cpufreq / "scaling_governor").strip(),
            "cpufreq.energy_performance_preference": read_text(
                cpufreq / "energy_performance_preference"
            ).strip(),
            "cpufreq.no_turbo": read_text(self.root / "sys/devices/system/cpu/intel_pstate/no_turbo").strip(),
            "cpufreq.boost": read_text(self.root / "sys/devices/system/cpu/cpufreq/boost").strip(),
            "smt": read_text(self.root / "sys/devices/system/cpu/smt/control").strip(),
            "swap_devices": " ".join(
                line.split()[0]
                for line in read_text(self.root / "proc/swaps").splitlines()[1:]
                if line.split()
            ),
            "io_scheduler": self._schedulers(),
        }
        return {name: text for name, text in found.items() if text}

    def _schedulers(self) -> str:
        try:
            devices = sorted(path.name for path in (self.root / "sys/block").iterdir())
        except OSError:
            return ""
        pairs = (
            (name, chosen(read_text(self.root / "sys/block" / name / "queue/scheduler")))
            for name in devices
            if not name.startswith(("loop", "ram"))
        )
        return " ".join(f"{name}={scheduler}" for name, scheduler in pairs if scheduler)

    def _go_environment(self) -> dict[str, str]:
        if self.go_env is None:
            return {}
        try:
            return go_environment(self.go_env())
        except (
            Exception
        ) as error:  # it runs a foreign program; whatever fails there must not end the recording
            self.sink.warn(f"Go's environment could not be read: {error}")
            return {}
