"""CPU time, memory, faults and I/O of one process over time, from its files under /proc."""

from __future__ import annotations

import os
from collections.abc import Callable

from godyno.interfaces import Sink

_NAN = float("nan")
_TICKS = float(os.sysconf("SC_CLK_TCK"))
_PAGE = os.sysconf("SC_PAGE_SIZE")


_Series = tuple[tuple[str, str, dict[str, str]], ...]
SERIES: _Series = (
    ("process.cpu.time", "s", {"mode": "user", "kind": "counter"}),
    ("process.cpu.time", "s", {"mode": "system", "kind": "counter"}),
    ("process.memory.usage", "By", {}),
    ("process.memory.anonymous", "By", {}),
    ("process.thread.count", "{thread}", {}),
    ("process.paging.faults", "{fault}", {"type": "minor", "kind": "counter"}),
    ("process.paging.faults", "{fault}", {"type": "major", "kind": "counter"}),
)
SLOW_SERIES: _Series = (
    ("process.disk.io", "By", {"direction": "read", "kind": "counter"}),
    ("process.disk.io", "By", {"direction": "write", "kind": "counter"}),
    ("process.context_switches", "{switch}", {"type": "voluntary", "kind": "counter"}),
    ("process.context_switches", "{switch}", {"type": "involuntary", "kind": "counter"}),
    ("process.memory.peak", "By", {}),
)


class SampledProcess:
    """One process's files under /proc, kept open."""

    __slots__ = ("group", "io", "pid", "skipped", "slow_group", "stat", "statm", "status", "was", "was_row")

    def __init__(self, pid: int, sink: Sink) -> None:
        self.pid = pid
        self.stat = self.statm = self.io = self.status = -1
        try:
            self.stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
            self.statm = os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self.close()
            raise
        labels = {"pid": str(pid)}
        self.group: Callable[[int, tuple[float, ...]], None] = _group(sink, SERIES, labels)
        self.slow_group = _group(sink, SLOW_SERIES, labels)
        self.was = b""
        self.was_row: tuple[float, ...] = ()
        self.skipped = 0

    def look(self, t_ns: int, slow: bool) -> None:
        """One row, unless nothing changed since the last one; then one row closes the gap before the next change."""
        stat = os.pread(self.stat, 1024, 0)
        if not stat:
            raise OSError("gone")
        statm = os.pread(self.statm, 128, 0)
        now = stat + statm
        if now == self.was:
            self.skipped = t_ns
            return
        self.was = now
        if self.skipped:
            self.group(self.skipped, self.was_row)
            self.skipped = 0
        fields = stat[stat.rindex(b")") + 2 :].split()
        memory = statm.split()
        resident = int(memory[1]) * _PAGE
        self.was_row = (
            int(fields[11]) / _TICKS, int(fields[12]) / _TICKS, resident, resident - int(memory[2]) * _PAGE,
            int(fields[17]), int(fields[7]), int(fields[9]),
        )  # fmt: skip
        self.group(t_ns, self.was_row)
        if slow:
            self._look_slowly(t_ns)

    def close(self) -> None:
        """Closes its files."""
        for fd in (self.stat, self.statm, self.io, self.status):
            if fd >= 0:
                os.close(fd)
        self.stat = self.statm = self.io = self.status = -1

    def _look_slowly(self, t_ns: int) -> None:
        read = written = voluntary = involuntary = peak = _NAN
        try:
            if self.io == -1:
                self.io = self.status = -2
                self.status = os.open(f"/proc/{self.pid}/status", os.O_RDONLY | os.O_CLOEXEC)
                self.io = os.open(f"/proc/{self.pid}/io", os.O_RDONLY | os.O_CLOEXEC)
            if self.status >= 0:
                status = os.pread(self.status, 4096, 0)
                peak = _field(status, b"VmHWM:") * 1024
                voluntary = _field(status, b"\nvoluntary_ctxt_switches:")
                involuntary = _field(status, b"nonvoluntary_ctxt_switches:")
            if self.io >= 0:
                io = os.pread(self.io, 512, 0)
                read, written = _field(io, b"read_bytes:"), _field(io, b"\nwrite_bytes:")
        except OSError:
            pass  # another user's process: /proc/PID/io is private
        self.slow_group(t_ns, (read, written, voluntary, involuntary, peak))


def _group(sink: Sink, series: _Series, labels: dict[str, str]) -> Callable[[int, tuple[float, ...]], None]:
    group = sink.rows([sink.series(name, unit, "process", {**labels, **more}) for name, unit, more in series])
    return lambda t_ns, values: sink.row(group, t_ns, values)


def _field(text: bytes, key: bytes) -> float:
    at = text.find(key)
    if at < 0:
        return _NAN
    at += len(key)
    return float(text[at : text.index(b"\n", at)].split()[0])
