"""The milestones of a program's start: the loader, the entry, the Go runtime, each package's init, main, and what it listens on.

Uprobes on the command's own file, so that nothing is built anew and no line is printed: the kernel stamps each. An init function of a
package is told by the task that ``runtime.doInit1`` is given, which came with Go 1.21. What listens is told by the tracepoint
sock:inet_sock_set_state.
"""

from __future__ import annotations

import ipaddress
import mmap
import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import FormatError, GodynoError
from godyno.formats.elf import Elf, elf
from godyno.formats.goinit import init_package
from godyno.formats.pclntab import Pclntab
from godyno.interfaces import Sink
from godyno.model import NOT_ASKED, Availability, Clock, Machine
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_probe import PerfProbe
from godyno.probes.kernel.perf_records import Sample, Trouble, read_meta, read_records
from godyno.probes.kernel.tracepoints import tracepoint_ids, tracepoints_availability

STATE = "sock/inet_sock_set_state"
# struct trace_event_raw_inet_sock_set_state: oldstate at 16, newstate, sport, dport, family, protocol, addresses at 32 and 40
_SOCKET = struct.Struct("<16xiiHHHH4s4s16s")
_LISTEN, _INET6 = 10, 10
_TYPE = Path("/sys/bus/event_source/devices/uprobe/type")
# By the runtime's own name what it is called here. The inits' has the task in the first register.
FUNCTIONS = {
    "runtime.rt0_go": "runtime",
    "runtime.main": "runtime main",
    "runtime.doInit1": "init",
    "main.main": "main",
}
ENTRY, LOADER = "entry", "loader"
# In a program that tells of its goroutines (``workload.instrument``) the first init function of main starts its trace.
INSTRUMENT = "main.(*godynoRecorder).loop"
OBSERVED = {"main.init.0": "observer", "main.init.1": "observer done"}
_MOST_BYTES = 1 << 30
Places = dict[str, tuple[str, int, int]]  # by milestone: file, offset in it, address


class Milestones(PerfProbe):
    """``program`` is the command's file, ``places`` what ``milestones_of`` said of it: it is found out before, since reading the file
    would warm what a cold start has to be without.
    """

    name: ClassVar[str] = "milestones"
    summary: ClassVar[str] = "a start's milestones: loader, Go runtime, each package's init, main, listening"
    tables: ClassVar[Mapping[str, Clock]] = {"events": Clock.MONOTONIC}
    pages: ClassVar[int] = 16
    kernel_needed: ClassVar[bool] = True
    levels: ClassVar[
        tuple[str, ...]
    ] = ()  # only where asked for: breakpoints belong to no ordinary recording

    def __init__(self, *, program: str = "", places: Places | None = None) -> None:
        self.program, self.places = program, places or {}

    def availability(self, machine: Machine) -> Availability:
        """Needs uprobes and tracepoints, so root or CAP_PERFMON."""
        if not self.program:
            return Availability(False, NOT_ASKED, "Record with `godyno startup`.")
        found = super().availability(machine)
        found = tracepoints_availability(machine) if found else found
        if found and not _TYPE.exists():
            return Availability(
                False, "this kernel has no uprobes", "A kernel with CONFIG_UPROBE_EVENTS has."
            )
        return found

    def scope_kinds(self) -> tuple[str, ...]:
        """Tasks: a breakpoint is set in the processes that are watched, not in everybody's."""
        return ("tasks",)

    def events(self) -> Sequence[pe.Event]:
        """A uprobe for each place."""
        kind = int(_TYPE.read_text())
        out = [
            pe.Event(
                name, kind, 0, 1, pe.SAMPLE_IP | (pe.SAMPLE_REGS_USER if name == "init" else 0), kernel=True,
                path=path, offset=offset, registers=int(name == "init"),
            )
            for name, (path, offset, _) in self.places.items()
        ]  # fmt: skip
        number = tracepoint_ids([STATE])[STATE]
        return [*out, pe.Event("socket", pe.TYPE_TRACEPOINT, number, 1, pe.SAMPLE_RAW, kernel=True)]

    def settings(self) -> Mapping[str, Any]:
        """Which program, and the addresses of the milestones in it."""
        return {
            "program": self.program,
            "addresses": {name: address for name, (_, _, address) in self.places.items()},
        }

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """Events of layer ``start``: a milestone each, ``init`` with its package; ``listen`` with its port."""
        try:
            meta = read_meta(raw)
        except FormatError as error:
            sink.warn(f"Milestones were not read: {error}")
            return
        if meta is None:
            return
        names = _Packages(str(meta.settings.get("program") or ""), meta.settings.get("addresses"))
        lost = 0
        for record in read_records(raw, meta):
            if isinstance(record, Trouble):
                lost += record.count
            if not isinstance(record, Sample):
                continue
            track, args = str(record.pid), dict[str, Any]()
            if record.event == "socket":
                found = listening(record.raw)
                if found is None:
                    continue
                args = {"address": found[0], "port": found[1]}
            elif record.event == "init":
                args = {"package": names.package(record.register)}
            else:
                names.seen(record.event, record.ip)
            name = "listen" if record.event == "socket" else record.event
            sink.event(record.t_ns, "start", track, name, record.pid, record.tid, args)
        if names.why:
            sink.note("packages", f"not named: {names.why}")
        if lost:
            sink.warn(f"The kernel dropped {lost} records of milestones.")


def listening(raw: bytes) -> tuple[str, int] | None:
    """The address and port that begins to listen, by a record of inet_sock_set_state; None for another change."""
    if len(raw) < _SOCKET.size:
        return None
    _, state, port, _, family, _, four, _, six = _SOCKET.unpack_from(raw)
    if state != _LISTEN:
        return None
    return str(ipaddress.ip_address(six if family == _INET6 else four)), port


def milestones_of(program: Path) -> tuple[Places, str]:
    """By milestone: the file it is in, the offset there and the address; and why some are missing, empty where none are."""
    out: Places = {}
    try:
        with program.open("rb") as file:  # the map outlives it, and goes with what was read from it
            source = elf(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
        if source.interpreter:
            loader = Path(os.path.realpath(source.interpreter))
            _place(out, LOADER, str(loader), elf(loader.read_bytes()))
        _place(out, ENTRY, str(program), source)
        table = Pclntab(source)
        observed = OBSERVED if table.address_of(INSTRUMENT) is not None else {}
        for function, name in {**FUNCTIONS, **observed}.items():
            address = table.address_of(function)
            offset = source.offset_of(address) if address else None
            if address and offset is not None:
                out[name] = (str(program), offset, address)
    except (OSError, FormatError, ValueError) as error:
        return out, str(getattr(error, "strerror", None) or error)
    return out, ""


def _place(out: Places, name: str, path: str, source: Elf) -> None:
    offset = source.offset_of(source.entry)
    if offset is not None:
        out[name] = (path, offset, source.entry)


class _Packages:
    """Names init tasks by the program's file, moved by what the loader moved it."""

    def __init__(self, program: str, addresses: Any) -> None:
        self.addresses = addresses if isinstance(addresses, Mapping) else {}
        self.moved, self.why = 0, ""
        self._table: Pclntab | None = None
        self._known: dict[int, str] = {}
        try:
            path = Path(program)
            if not path.is_file() or path.stat().st_size > _MOST_BYTES:
                raise FormatError("the program is not on this machine any more")
            self._elf = elf(path.read_bytes())
            self._table = Pclntab(self._elf)
        except (OSError, GodynoError) as error:
            self.why = str(getattr(error, "strerror", None) or error)

    def seen(self, name: str, address: int) -> None:
        """A milestone came by at ``address``: where the file lies in memory follows."""
        if name == "runtime" and isinstance(self.addresses.get(name), int):
            self.moved = address - self.addresses[name]

    def package(self, task: int) -> str:
        """The package of the init task at ``task``."""
        if self._table is None:
            return ""
        if task not in self._known:
            try:
                self._known[task] = init_package(self._elf, self._table, task - self.moved)
            except FormatError:
                self._known[task] = ""
        return self._known[task]
