"""What each network interface received and sent, from ``/proc/net/dev`` of this network namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from godyno.interfaces import Target
from godyno.model import Availability, Machine
from godyno.probes.machine.sweep import COUNTER, Row, Sweep, needs_linux, readable

_MOST_INTERFACES = 32


class Network(Sweep):
    """Bytes, packets, errors and drops by interface, the loopback too; interfaces that come later are taken
    in."""

    name: ClassVar[str] = "network"
    summary: ClassVar[str] = "bytes, packets, errors and drops of each network interface"
    rate: ClassVar[float] = 0.5

    def availability(self, machine: Machine) -> Availability:
        """Needs /proc/net/dev."""
        other = needs_linux(machine.os, "network traffic")
        if other is not None:
            return other
        reason = readable(self.root / "proc/net/dev")
        return Availability(not reason, reason and f"/proc/net/dev: {reason}", reason and "Mount /proc.")

    def open(self, target: Target) -> None:
        """/proc/net is a link to this thread's own namespace."""
        self.keep("proc/net/dev")
        self.interfaces: dict[bytes, Row] = {}

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """Eight columns received (bytes, packets, errs, drop …), then eight transmitted."""
        for line in texts[0].split(b"\n")[2:]:
            name, colon, rest = line.partition(b":")
            if not colon:
                continue
            row = self.interfaces.get(name)
            if row is None:
                # One without traffic, of which containers' hosts have hundreds, is taken in when its first
                # packet comes.
                if not any(word != b"0" for word in rest.split()) or len(self.interfaces) >= _MOST_INTERFACES:
                    continue
                row = self._declare(name)
            words = rest.split()
            if len(words) < 12:
                continue
            row.write(t_ns, [float(words[at]) for at in (0, 8, 1, 9, 2, 10, 3, 11)])

    def _declare(self, name: bytes) -> Row:
        device = name.strip().decode("utf-8", "replace")
        row = self.row(
            [
                (series, unit, "machine", {"device": device, "direction": direction, **COUNTER})
                for series, unit in (
                    ("system.network.io", "By"),
                    ("system.network.packet.count", "{packet}"),
                    ("system.network.errors", "{error}"),
                    ("system.network.packet.dropped", "{packet}"),
                )
                for direction in ("receive", "transmit")
            ]
        )
        self.interfaces[name] = row
        return row
