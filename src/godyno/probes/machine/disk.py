"""What each disk read and wrote, and for how long it was busy, from ``/sys/block/DEVICE/stat`` (Linux
``block/stat.rst``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from godyno.interfaces import Target
from godyno.model import Availability, Machine
from godyno.probes.machine.sweep import COUNTER, Row, Sweep, needs_linux

_SECTOR_BYTES = 512  # always, whatever the disk's own sector is
_MOST_DISKS = 8
_VIRTUAL = ("loop", "ram", "fd", "sr", "dm-", "md")  # dm and md would count what their disks count


class Disk(Sweep):
    """The disks with most traffic so far, at most eight; loop devices and volumes on other disks are left
    out."""

    name: ClassVar[str] = "disk"
    summary: ClassVar[str] = "bytes, operations and busy time of each disk"
    rate: ClassVar[float] = 0.5

    def availability(self, machine: Machine) -> Availability:
        """Needs a block device in /sys."""
        other = needs_linux(machine.os, "disk traffic")
        if other is not None:
            return other
        if self._devices():
            return Availability(True)
        return Availability(
            False, "/sys/block shows no disk (a container may hide it)", "Record outside of the container."
        )

    def open(self, target: Target) -> None:
        """One file a disk."""
        self.rows: list[Row] = []
        for device in self._devices()[:_MOST_DISKS]:
            if self.keep(f"sys/block/{device}/stat", 512):
                self.rows.append(
                    self.row(
                        [
                            (name, unit, "machine", {"device": device, **labels, **COUNTER})
                            for name, unit, labels in _SERIES
                        ]
                    )
                )

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """Columns: reads, merged, sectors, ms; writes, merged, sectors, ms; in flight, ms busy, ms
        weighted."""
        for row, data in zip(self.rows, texts, strict=True):
            words = data.split()
            if len(words) < 11:
                continue
            reads, _, read, read_ms, writes, _, written, write_ms, _, busy_ms, _ = map(int, words[:11])
            row.write(
                t_ns,
                [
                    read * _SECTOR_BYTES, written * _SECTOR_BYTES, reads, writes,
                    read_ms / 1e3, write_ms / 1e3, busy_ms / 1e3,
                ],
            )  # fmt: skip

    def _devices(self) -> list[str]:
        found = []
        try:
            entries = list((self.root / "sys/block").iterdir())
        except OSError:
            return []
        for entry in entries:
            if entry.name.startswith(_VIRTUAL):
                continue
            try:
                words = (entry / "stat").read_bytes().split()
                found.append((int(words[2]) + int(words[6]), entry.name))
            except (OSError, ValueError, IndexError):
                continue
        busiest = sorted(found, key=lambda pair: (-pair[0], pair[1]))
        # One that nobody has used since the machine started will hardly be used now.
        return [name for sectors, name in busiest if sectors] or [name for _, name in busiest]


_SERIES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("system.disk.io", "By", {"direction": "read"}),
    ("system.disk.io", "By", {"direction": "write"}),
    ("system.disk.operations", "{operation}", {"direction": "read"}),
    ("system.disk.operations", "{operation}", {"direction": "write"}),
    ("system.disk.operation_time", "s", {"direction": "read"}),
    ("system.disk.operation_time", "s", {"direction": "write"}),
    ("system.disk.io_time", "s", {}),
)
