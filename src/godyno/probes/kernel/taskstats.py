"""taskstats over generic netlink: the kernel's own accounting of every thread, sent as it exits.

Exact CPU time, peak resident memory, storage I/O and context switches of processes far too short to be sampled.
Needs CAP_NET_ADMIN in the initial namespaces. Layouts: linux/taskstats.h (append-only by version), linux/genetlink.h;
Documentation/accounting/taskstats.rst.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_NETLINK_GENERIC = 16
_CTRL, _GETFAMILY, _ATTR_FAMILY_ID, _ATTR_FAMILY_NAME = 16, 3, 1, 2
_REQUEST, _ACK, _ERROR = 1, 4, 2
_CMD_GET, _ATTR_REGISTER_CPUMASK, _ATTR_DEREGISTER_CPUMASK = 1, 3, 4
_AGGR_PID, _STATS, _NESTED = 4, 3, 0x3FFF
_SO_RCVBUFFORCE = 33
_RECEIVE_BYTES = 8 << 20

_NLMSG = struct.Struct("<IHHII")
_GENL = struct.Struct("<BBH")
_ATTR = struct.Struct("<HH")
_PID = struct.Struct("<I")
# version u16, exitcode u32, flag u8, nice u8 … ; offsets below are from linux/taskstats.h with its alignment.
_HEAD = struct.Struct("<HxxIBB")


@dataclass(frozen=True, slots=True)
class TaskStats:
    """What one thread used in its life. ``rss_peak_bytes`` is of its whole address space."""

    tid: int
    pid: int  # 0 where the kernel is older than 5.19, which does not say
    comm: str
    exit_code: int  # as wait(2) gives it; of the thread
    last_of_group: bool
    cpu_s: float
    user_s: float
    system_s: float
    minor_faults: int
    major_faults: int
    rss_peak_bytes: int
    read_bytes: int
    write_bytes: int
    voluntary_switches: int
    involuntary_switches: int
    run_delay_s: float
    block_delay_s: float
    swap_delay_s: float
    reclaim_delay_s: float
    start_s: int  # REALTIME, whole seconds


class Listener:
    """A socket that receives every exit on the machine. Raises OSError where that is not allowed."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_GENERIC)
        try:
            self._socket.bind((0, 0))
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BYTES)
            except OSError:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
            self._family = self._resolve()
            self._cpus = f"0-{max(0, (os.cpu_count() or 1) - 1)}\0".encode()
            self._ask(self._family, _CMD_GET, _ATTR_REGISTER_CPUMASK, self._cpus)
            self._socket.setblocking(False)
        except BaseException:
            self._socket.close()
            raise
        self.overruns = 0

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def take(self, most: int = 256) -> list[bytes]:
        """Up to ``most`` messages that are waiting; counts the kernel's overruns, of which it tells only that they were."""
        out: list[bytes] = []
        while len(out) < most:
            try:
                out.append(self._socket.recv(8192))
            except BlockingIOError:
                break
            except OSError:  # ENOBUFS: messages were dropped
                self.overruns += 1
        return out

    def close(self) -> None:
        """Stops listening."""
        try:
            self._socket.setblocking(False)
            self._send(self._family, _CMD_GET, _ATTR_DEREGISTER_CPUMASK, self._cpus)
        except OSError:
            pass  # closing the socket deregisters too, at the next exit
        self._socket.close()

    def _send(self, family: int, command: int, attribute: int, value: bytes) -> None:
        body = _GENL.pack(command, 1, 0) + _ATTR.pack(4 + len(value), attribute) + value
        body += b"\0" * (-len(body) % 4)
        self._socket.send(_NLMSG.pack(16 + len(body), family, _REQUEST | _ACK, 1, 0) + body)

    def _ask(self, family: int, command: int, attribute: int, value: bytes) -> bytes:
        self._socket.settimeout(1.0)
        self._send(family, command, attribute, value)
        while True:
            answer = self._socket.recv(8192)
            _, kind, *_ = _NLMSG.unpack_from(answer)
            if kind == _ERROR:
                (code,) = struct.unpack_from("<i", answer, 16)
                if code:
                    raise OSError(-code, os.strerror(-code))
                return b""
            if family == _CTRL:
                return answer

    def _resolve(self) -> int:
        answer = self._ask(_CTRL, _GETFAMILY, _ATTR_FAMILY_NAME, b"TASKSTATS\0")
        for kind, value in _attributes(answer[20:]):
            if kind == _ATTR_FAMILY_ID:
                return int(struct.unpack("<H", value[:2])[0])
        raise OSError(2, "the kernel has no taskstats")


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(data):
        length, kind = _ATTR.unpack_from(data, position)
        if length < 4:
            return
        yield kind & _NESTED, data[position + 4 : position + length]
        position += (length + 3) & ~3


def exits(message: bytes) -> Iterator[TaskStats]:
    """The threads whose exit ``message`` (one datagram) tells; nothing where it tells something else or is torn."""
    if len(message) < 20:
        return
    length, kind, *_ = _NLMSG.unpack_from(message)
    if kind <= 16:
        return
    for outer, value in _attributes(message[20:length]):
        if outer != _AGGR_PID:
            continue
        for inner, stats in _attributes(value):
            if inner == _STATS and len(stats) >= 328:
                yield _stats(stats)


def process_of(message: bytes) -> int:
    """The process whose thread's exit ``message`` tells, without parsing the rest; its thread where the kernel is older than
    5.19, 0 where it tells something else.
    """
    if len(message) < 20 or _NLMSG.unpack_from(message)[1] <= 16:
        return 0
    position = 20
    for wanted in (_AGGR_PID, _STATS):  # the one lies in the other
        while position + 4 <= len(message):
            length, kind = _ATTR.unpack_from(message, position)
            if length < 4:
                return 0
            if kind & _NESTED == wanted:
                break
            position += (length + 3) & ~3
        else:
            return 0
        position += 4
    if position + 372 <= len(message):
        tgid = int(_PID.unpack_from(message, position + 368)[0])
        if tgid:
            return tgid
    return int(_PID.unpack_from(message, position + 128)[0]) if position + 132 <= len(message) else 0


def _stats(data: bytes) -> TaskStats:
    version, exit_code, flag, _ = _HEAD.unpack_from(data, 0)
    _, block_delay, _, swap_delay, _cpu_real, cpu_virtual = struct.unpack_from("<6Q", data, 32)
    cpu_delay = struct.unpack_from("<Q", data, 24)[0]
    comm = data[80:112].split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
    tid, _, begin = struct.unpack_from("<III", data, 128)[:3]
    elapsed, user, system, minor, major = struct.unpack_from("<5Q", data, 144)
    del elapsed
    rss_kib, _ = struct.unpack_from("<2Q", data, 200)
    read_bytes, write_bytes = struct.unpack_from("<2Q", data, 248)
    voluntary, involuntary = struct.unpack_from("<2Q", data, 272)
    reclaim = struct.unpack_from("<Q", data, 320)[0]
    pid = struct.unpack_from("<I", data, 368)[0] if version >= 12 and len(data) >= 372 else 0
    return TaskStats(
        tid, pid, comm, exit_code, bool(flag & 0x20), cpu_virtual * 1e-9, user * 1e-6, system * 1e-6,
        minor, major, rss_kib * 1024, read_bytes, write_bytes, voluntary, involuntary,
        cpu_delay * 1e-9, block_delay * 1e-9, swap_delay * 1e-9, reclaim * 1e-9, begin,
    )  # fmt: skip
