"""Which sockets the processes of a tree have, looked at now and then: where each listens, and whom it asks.

Whoever reads from a connection either waits for an answer or waits to be asked; that a process listens and has connected to nobody tells
which; and how much it sends over those that it opened, whether it asks or is fed. Read from /proc/PID/fd, the tables of /proc/PID/net
(proc_pid_net(5)) and sock_diag(7); a connection that came and went between two looks is not seen. Addresses and nothing of what is sent is
kept; of a socket in the file system, its path.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar

from godyno.clock import now_ns
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Availability, Clock, Machine
from godyno.probes.kernel import tcp_counts
from godyno.probes.kernel.process_tree import in_turn
from godyno.probes.kernel.raw_files import append_to

FILE = "sockets.jsonl"
LISTENS, ASKS, SENT = "listen", "ask", "sent"
_UNNAMED = "a socket of this machine"
_MOST_PROCESSES = 64  # in one look; more are taken in turn
_MOST_FILES = 4096
_MOST_BYTES = 4 << 20  # of a table: a machine with more connections than fit is not looked through
_MOST_TOLD = 256  # of one process
_STANDARD_FILES = 3  # what it was given as stdin, stdout and stderr is nobody that it asks
# States in the tables (include/net/tcp_states.h); a datagram socket is CLOSE while it is connected to nobody.
_ESTABLISHED, _SYN_SENT, _CLOSE, _CLOSE_WAIT, _LISTEN = "01", "02", "07", "08", "0A"
_UNIX_LISTENS, _UNIX_CONNECTED, _UNIX_UNCONNECTED = 0x10000, "03", "01"


@dataclass(frozen=True, slots=True)
class Socket:
    """A socket of a table: its ``inode``, state, and both ends; ``family`` is the table's name."""

    family: str
    inode: int
    state: str
    local: str
    remote: str

    @property
    def port(self) -> int:
        """The local port; 0 of one in the file system."""
        return int(self.local.rpartition(":")[2] or 0) if self.family != "unix" else 0


class Sockets(SimpleProbe):
    """Looks soon after the start, then every ``period_s`` or less often, for ``share`` of one CPU at most.

    ``first_s`` of CPU time are free: the first look, which reads much for the first time, must not be the only one of a short run.
    """

    name: ClassVar[str] = "sockets"
    summary: ClassVar[str] = (
        "where the processes listen and whom they have connected to, looked at now and then"
    )
    tables: ClassVar[Mapping[str, Clock]] = {"events": Clock.READER}
    level_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {"light": {"share": 0.0005, "first_s": 0.01}}

    def __init__(self, *, period_s: float = 1.0, share: float = 0.002, first_s: float = 0.03) -> None:
        self.period_s, self.share, self.first_s = period_s, share, first_s

    def availability(self, machine: Machine) -> Availability:
        """Needs Linux's /proc."""
        if not Path("/proc/self/net/tcp").exists():
            return Availability(False, "sockets are told by Linux's /proc only", "Run it on Linux.")
        return Availability(True)

    def start(self, target: Target, sink: Sink) -> None:
        """The first look comes when the command has had time to open something."""
        self.target, self.sink = target, sink
        self.out = append_to(sink, FILE)
        self.told: dict[int, set[tuple[str, str]]] = {}
        self.sent: dict[int, dict[int, int]] = {}  # of a process, segments by connection
        self.here = os.readlink("/proc/self/ns/net")  # noqa: PTH115
        self.looks = self.cpu_ns = 0
        self.pause_s, self.stopped, self.began_ns = 0.02, False, now_ns()
        target.loop.after(self.pause_s, self._look)

    def stop(self) -> None:
        """Closes its file."""
        self.stopped = True
        self.out.close()
        self.sink.note("looks", self.looks)
        self.sink.note("look_cpu_s", round(self.cpu_ns * 1e-9, 6))

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """Events of layer ``socket``: ``listen`` and ``ask`` with the address, once for each process and address, and ``sent`` with
        how many segments with data a process has sent so far over the connections that it opened.
        """
        try:
            lines = (raw / FILE).read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            with contextlib.suppress(ValueError, TypeError):
                t_ns, pid, name, what = json.loads(line)
                if not all(isinstance(one, int) and 0 <= one < 1 << 62 for one in (t_ns, pid)):
                    continue
                if name in (LISTENS, ASKS):
                    sink.event(t_ns, "socket", f"{pid}", name, pid, 0, {"address": str(what)[:256]})
                elif name == SENT and isinstance(what, int):
                    sink.event(t_ns, "socket", f"{pid}", name, pid, 0, {"segments": what})

    def _look(self) -> None:
        if self.stopped:
            return
        began = time.thread_time_ns()
        seen = _Look()
        alive = set(self.target.pids())
        for gone in self.told.keys() - alive:
            del self.told[gone]
            self.sent.pop(gone, None)
        for pid in in_turn(sorted(alive), _MOST_PROCESSES, self.looks):
            with contextlib.suppress(OSError):
                self._look_at(pid, seen)
        self.looks += 1
        took = time.thread_time_ns() - began
        self.cpu_ns += took
        self.pause_s = min(self.period_s, 4 * self.pause_s)  # a short run is looked at, too
        due_s = (self.cpu_ns * 1e-9 + took * 1e-9 - self.first_s) / self.share - (
            now_ns() - self.began_ns
        ) * 1e-9
        self.target.loop.after(max(self.pause_s, due_s), self._look)

    def _look_at(self, pid: int, seen: _Look) -> None:
        inodes = _inodes(pid)
        if not inodes:
            return
        place = os.readlink(f"/proc/{pid}/ns/net")  # noqa: PTH115
        if place not in seen.tables:
            seen.tables[place] = {one.inode: one for one in _tables(pid)}
        table, told = seen.tables[place], self.told.setdefault(pid, set())
        known = {address for name, address in told if name == LISTENS}
        listens, asks = sorted_out([table[one] for one in inodes if one in table], known)
        for found in [(LISTENS, one.local) for one in listens] + [
            (ASKS, one.remote or _UNNAMED) for one in asks
        ]:
            if found not in told and len(told) < _MOST_TOLD:
                told.add(found)
                self._write(pid, *found)
        asking = [one.inode for one in asks if one.family.startswith("tcp")]
        if asking and place == self.here:
            now = self.sent.setdefault(pid, {})
            now |= {one: seen.sent[one] for one in asking if one in seen.sent}
            if now:  # also where it sent nothing since: that, too, is known of the time until now
                self._write(pid, SENT, sum(now.values()))
        self.out.flush()

    def _write(self, pid: int, name: str, what: str | int) -> None:
        self.out.write(json.dumps([now_ns(), pid, name, what]).encode() + b"\n")


class _Look:
    """What one look has read already: the tables by network namespace, what was sent by inode."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[int, Socket]] = {}

    @cached_property
    def sent(self) -> dict[int, int]:
        try:
            return tcp_counts.sent()
        except OSError:
            return {}


def sorted_out(sockets: Sequence[Socket], listened: Iterable[str] = ()) -> tuple[list[Socket], list[Socket]]:
    """Those of a process's sockets that listen, and those by which it asks; ``listened`` are addresses at which it listened before.

    A connection at a port where the process listens was accepted. A datagram socket that is connected to nobody listens where its port is
    one that somebody chose, rather than the kernel (ip_local_port_range).
    """
    listens = [one for one in sockets if _listens(one)]
    ports = {int(one.rpartition(":")[2]) for one in listened if one.rpartition(":")[2].isdigit()}
    ports |= {one.port for one in listens}
    return listens, [one for one in sockets if _asks(one, ports)]


def _asks(one: Socket, ports: Collection[int]) -> bool:
    if one.family == "unix":
        return one.state == _UNIX_CONNECTED and not one.local  # who accepts has the listener's path
    if one.family.startswith("udp"):
        return one.state == _ESTABLISHED
    return one.state in (_ESTABLISHED, _SYN_SENT, _CLOSE_WAIT) and one.port not in ports


def _listens(one: Socket) -> bool:
    if one.family.startswith("udp"):
        return one.state == _CLOSE and not _chosen_by_kernel(one.port)
    return one.state == _LISTEN


def _chosen_by_kernel(port: int) -> bool:
    low, high = _kernels_ports()
    return port == 0 or low <= port <= high


@cache
def _kernels_ports() -> tuple[int, int]:
    try:
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    except (OSError, ValueError):
        return 32768, 60999
    return low, high


def _inodes(pid: int) -> list[int]:
    out = []
    with os.scandir(f"/proc/{pid}/fd") as files:
        for count, file in enumerate(files):
            if count >= _MOST_FILES:
                break
            if int(file.name) < _STANDARD_FILES:
                continue
            with contextlib.suppress(OSError, ValueError):
                place = os.readlink(file.path)  # noqa: PTH115
                if place.startswith("socket:["):
                    out.append(int(place[8:-1]))
    return out


def _tables(pid: int) -> Iterator[Socket]:
    for family in ("tcp", "tcp6", "udp", "udp6", "unix"):
        try:
            with Path(f"/proc/{pid}/net/{family}").open("rb") as file:
                text = file.read(_MOST_BYTES + 1)
        except OSError:
            continue
        if len(text) <= _MOST_BYTES:
            yield from read_table(family, text.decode("utf-8", "replace"))


def read_table(family: str, text: str) -> Iterator[Socket]:
    """The sockets of a file /proc/PID/net/``family``; lines that are not as the kernel writes them are passed over."""
    for line in text.splitlines()[1:]:
        fields = line.split(None, 7 if family == "unix" else -1)
        with contextlib.suppress(IndexError, ValueError):
            if family == "unix":
                flags, state, path = int(fields[3], 16), fields[5], fields[7] if len(fields) > 7 else ""
                bound = bool(path) and state == _UNIX_UNCONNECTED and fields[4] == "0002"  # SOCK_DGRAM
                state = _LISTEN if flags & _UNIX_LISTENS or bound else state
                yield Socket(family, int(fields[6]), state, path, "")
            else:
                yield Socket(family, int(fields[9]), fields[3], _address(fields[1]), _address(fields[2]))


def _address(text: str) -> str:
    """ADDRESS:PORT of the kernel's hexadecimal, words of it in the machine's own order of bytes."""
    digits, _, port = text.partition(":")
    words = [bytes.fromhex(digits[at : at + 8]) for at in range(0, len(digits), 8)]
    address = ipaddress.ip_address(
        b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    )
    address = getattr(address, "ipv4_mapped", None) or address
    return f"[{address}]:{int(port, 16)}" if address.version == 6 else f"{address}:{int(port, 16)}"
