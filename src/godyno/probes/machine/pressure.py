"""Pressure stall information: for how long tasks waited for CPU, memory or disk (Linux
``accounting/psi.rst``).

``total`` is taken, which the kernel brings up to date at every read; its averages are too slow for a build.
Of the command's own group it is read too, where there is a v2 cgroup, also one beside v1 that has no
controllers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from godyno.interfaces import Target
from godyno.model import Availability, Machine
from godyno.probes.machine.sweep import NAN, Row, Sweep, needs_linux, readable

_RESOURCES = ("cpu", "memory", "io")


class Pressure(Sweep):
    """Stall time of the machine and of the command's group; label ``kind`` is ``some`` (a task waits) or
    ``full`` (all)."""

    name: ClassVar[str] = "pressure"
    summary: ClassVar[str] = (
        "time for which tasks stalled on CPU, memory and I/O, in the machine and in the command's group"
    )

    def availability(self, machine: Machine) -> Availability:
        """Needs a kernel with PSI switched on."""
        other = needs_linux(machine.os, "pressure")
        if other is not None:
            return other
        reason = readable(self.root / "proc/pressure/cpu")
        if not reason:
            return Availability(True)
        return Availability(
            False,
            f"/proc/pressure: {reason} (the kernel is older than 4.20, or pressure stall information is off)",
            "Boot with the kernel parameter psi=1.",
        )

    def open(self, target: Target) -> None:
        """Up to three files of the machine and three of the group."""
        self.rows: list[Row] = []
        for resource in _RESOURCES:
            if self.keep(f"proc/pressure/{resource}", 512):
                # "full" of CPU is always 0 for the machine: somebody runs.
                kinds = ("some",) if resource == "cpu" else ("some", "full")
                self._declare("system", resource, kinds)
        group = target.cgroups.get("unified")
        for resource in _RESOURCES if group is not None else ():
            if group is not None and self.keep(group / f"{resource}.pressure", 512):
                self._declare("cgroup", resource, ("some", "full"))

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """Lines are ``some avg10=… avg60=… avg300=… total=MICROSECONDS``, and the same with ``full``."""
        for row, data in zip(self.rows, texts, strict=True):
            totals = data.split(b"total=")
            values = [int(part.split(b"\n", 1)[0]) / 1e6 for part in totals[1 : row.width + 1]]
            row.write(t_ns, values + [NAN] * (row.width - len(values)))

    def _declare(self, scope: str, resource: str, kinds: Sequence[str]) -> None:
        name = f"{scope}.pressure.{resource}"
        self.rows.append(self.row([(name, "s", "pressure", {"kind": kind}) for kind in kinds]))
