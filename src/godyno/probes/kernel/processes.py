"""Every process of the tree: fork, exec, exit from the kernel's own records; CPU, memory, faults and I/O over time.

Which source saw the tree is in the manifest, best first:

``perf``
    side-band records of perf_event_open, inherited by every child: complete, whatever the length of a life.
``walk``
    /proc/PID/task/*/children at each look, where perf may not be used: misses processes shorter than a look.

Values over time are sampled from /proc with files kept open; what each process used in all comes from taskstats where it
may be read (exact), else from the last sample (a lower bound, and said so).
"""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from godyno.capture.appender import Appender
from godyno.clock import now_ns
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Availability, Clock, Machine
from godyno.probes.kernel import perf_event, taskstats
from godyno.probes.kernel.perf_probe import follow_new_threads, threads_of
from godyno.redact import redact_argv

_LENGTH = struct.Struct("<I")
_PIDS = struct.Struct("<IIII")  # pid, ppid or comm.., tid, ptid of a FORK or EXIT record
_MOST_SAMPLED = 256  # processes in one look; more are taken in turn
_SLOW_EVERY = 5  # looks between two readings of the files that cost more
_COMMAND_LINE_RETRIES_S = (0.0003, 0.001, 0.003)
_MOST_ARGV_BYTES = 1 << 14
# An exec writes some 300 bytes of records, a thread's fork or exit 56: with this mark every exec wakes the recorder, and the
# bursts of threads rarely do. The kernel tells of the exec before the arguments are in place, hence the short wait.
_WAKEUP_BYTES = 256
_ARGUMENTS_IN_PLACE_S = 0.0003
_EVENT = perf_event.Event(
    "tree",
    period=1,
    flags=perf_event.TASK | perf_event.MMAP | perf_event.MMAP2 | perf_event.COMM | perf_event.COMM_EXEC,
    identified=False,
)

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


class Processes(SimpleProbe):
    """The process tree. ``source`` forces ``perf`` or ``walk``; ``accounting`` turns taskstats off."""

    name: ClassVar[str] = "processes"
    summary: ClassVar[str] = (
        "every process: fork, exec, exit, command line; CPU, memory, faults, I/O over time"
    )
    tables: ClassVar[Mapping[str, Clock]] = {"spans": Clock.MONOTONIC, "points": Clock.READER}

    def __init__(self, *, source: str = "", accounting: bool = True) -> None:
        self.source, self.accounting = source, accounting

    def availability(self, machine: Machine) -> Availability:
        """Needs /proc."""
        if machine.os not in ("", "linux"):
            return Availability(
                False, "process events are read from Linux's /proc and perf_event_open", "Run it on Linux."
            )
        return Availability(True)

    def start(self, target: Target, sink: Sink) -> None:
        """Attaches to the held command before it is exec'd."""
        self.target, self.sink = target, sink
        self.alive = _Tree((target.pid, *target.pids()))
        self.sampled: dict[int, _Sampled] = {}
        self.looks = 0
        self.half_width_ns = 0
        self.tree: _PerfTree | _WalkedTree = self._tree()
        self.stats = self._accounting()
        target.loop.every(1.0 / target.hz, self.look)

    def pids(self) -> Iterator[int]:
        """The processes known to be alive."""
        return iter(tuple(self.alive))

    def stop(self) -> None:
        """A last look, then lets go."""
        self.look(now_ns())
        for one in self.sampled.values():
            one.close()
        self.tree.close()
        if self.stats:
            self.stats.close()
        self.sink.note("source", self.tree.name)
        self.sink.note("looks", self.looks)
        self.sink.note("alignment_error_ns", self.half_width_ns)

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """One span for each process, from the kernel's records, the command lines, and the accounting."""
        from godyno.probes.kernel.process_table import decode_processes  # the recorder itself never parses

        decode_processes(raw, sink, manifest)

    def look(self, t_ns: int) -> None:
        """Samples every process that is alive."""
        self.tree.refresh()
        self.looks += 1
        slow = self.looks % _SLOW_EVERY == 0
        pids = list(self.alive)
        if len(pids) > _MOST_SAMPLED:
            start = (self.looks * _MOST_SAMPLED) % len(pids)
            pids = (pids + pids)[start : start + _MOST_SAMPLED]
        before = now_ns()
        for pid in pids:
            one = self.sampled.get(pid)
            try:
                if one is None:
                    one = self.sampled[pid] = _Sampled(pid, self.sink)
                one.look(now_ns(), slow)
            except (OSError, ValueError, IndexError):
                if one is not None:
                    one.close()
                    self.sampled.pop(pid, None)
                if self.tree.name == "walk":
                    self.alive.discard(pid)
        for gone in self.sampled.keys() - self.alive:
            self.sampled.pop(gone).close()
        self.half_width_ns = max(self.half_width_ns, (now_ns() - before) // max(1, 2 * len(pids)))

    def _tree(self) -> _PerfTree | _WalkedTree:
        if self.source != "walk":
            try:
                return _PerfTree(self.target, self.sink, self.alive)
            except OSError as error:
                if self.source == "perf":
                    raise
                self.sink.note("perf_refused", str(error))
                self.sink.warn(
                    f"Processes were found by walking /proc, which misses short ones, because perf_event_open was refused "
                    f"({error.strerror}); `sysctl kernel.perf_event_paranoid=2` or CAP_PERFMON enables it."
                )
        return _WalkedTree(self.target, self.sink, self.alive)

    def _accounting(self) -> _Accounting | None:
        if not self.accounting:
            return None
        try:
            found = _Accounting(self.target, self.sink, self.alive)
        except OSError as error:
            self.sink.note("accounting", f"last sample, because taskstats was refused: {error.strerror}")
            return None
        self.sink.note("accounting", "taskstats")
        return found


class _PerfTree:
    """The tree by perf's side-band records, kept as they came in ``raw/processes/perf.records``."""

    name = "perf"

    def __init__(self, target: Target, sink: Sink, alive: set[int]) -> None:
        self.target, self.sink, self.alive = target, sink, alive
        tids = threads_of(target)
        self.rings = perf_event.Rings([_EVENT], perf_event.Scope("tasks", tids), 64, _WAKEUP_BYTES)
        if len(tids) > 1:
            follow_new_threads(self.rings, [_EVENT], tids, _WAKEUP_BYTES)
        self.records = _append_to(sink, "perf.records")
        self.commands = _CommandLines(target, sink)
        self.lost = 0
        if getattr(target, "running", False):
            self._keep_existing()
        for ring in self.rings.rings:
            target.loop.on_readable(ring.fd, self._wake)

    def _keep_existing(self) -> None:
        """Those that were there before, since no record tells of them: ``existing.jsonl``."""
        out = _append_to(self.sink, "existing.jsonl")
        for pid in sorted(self.alive):
            row = existing_process(pid)
            if row is not None:
                out.write(json.dumps(row).encode() + b"\n")
            self.commands.read(pid)
        out.close()

    def refresh(self) -> None:
        """Takes what waits in the rings, and makes it safe from a kill."""
        for ring in self.rings.rings:
            self._take(ring)
        self.records.flush()
        self.commands.out.flush()

    def close(self) -> None:
        """Takes the rest."""
        self.refresh()
        for ring in self.rings.rings:
            self.target.loop.forget(ring.fd)
        self.rings.close()
        self.records.close()
        self.commands.close()
        if self.lost:
            self.sink.note("lost_records", self.lost)
            self.sink.warn(f"The kernel dropped {self.lost} process records because the recorder was late.")

    def _wake(self) -> None:
        """An exec happened, or several forks and exits; a command line must be read while its process lives."""
        time.sleep(_ARGUMENTS_IN_PLACE_S)
        for ring in self.rings.rings:
            self._take(ring)

    def _take(self, ring: perf_event.Ring) -> None:
        data = ring.take()
        if not data:
            return
        self.records.write(data)
        unpack = _PIDS.unpack_from
        for kind, misc, start, _ in perf_event.records(data):
            if kind == perf_event.RECORD_FORK:
                pid, parent, _, _ = unpack(data, start)
                if pid != parent:
                    self.alive.add(pid)
            elif kind == perf_event.RECORD_EXIT:
                pid, _, tid, _ = unpack(data, start)
                if pid == tid:
                    self.alive.discard(pid)
            elif kind == perf_event.RECORD_COMM:
                if misc & perf_event.MISC_COMM_EXEC:
                    pid, tid = struct.unpack_from("<II", data, start)
                    self.alive.add(pid)
                    self.commands.read(pid)
            elif kind == perf_event.RECORD_LOST:
                self.lost += struct.unpack_from("<QQ", data, start)[1]


class _WalkedTree:
    """The tree by /proc/PID/task/*/children, at each look; lives are written as they are first and last seen."""

    name = "walk"

    def __init__(self, target: Target, sink: Sink, alive: set[int]) -> None:
        self.target, self.alive = target, alive
        self.commands = _CommandLines(target, sink)
        self.seen: dict[int, list[int]] = {}  # pid to [parent, first, last, start ticks]
        self.out = _append_to(sink, "walk.jsonl")
        self.names: dict[int, str] = {}
        self.refresh()

    def refresh(self) -> None:
        """Finds the tree anew, with whatever is in its cgroup (daemons whose parent is gone)."""
        t_ns = now_ns()
        parents: dict[int, int] = {}
        waiting = [(self.target.pid, os.getpid())]
        group = self.target.cgroups.get("memory") or next(iter(self.target.cgroups.values()), None)
        if group is not None:
            try:
                waiting += [(int(pid), 0) for pid in (group / "cgroup.procs").read_text().split()]
            except (OSError, ValueError):
                pass
        while waiting:
            pid, parent = waiting.pop()
            if parents.get(pid):
                continue
            parents[pid] = parent or parents.get(pid, 0)
            waiting.extend((child, pid) for child in _children(pid))
        for pid, parent in parents.items():
            name = _comm(pid)
            if not name:
                continue
            if pid not in self.seen:
                self.seen[pid] = [parent, t_ns, t_ns]
                self.alive.add(pid)
            if self.names.get(pid) != name:
                self.names[pid] = name
                self.commands.read(pid)
            self.seen[pid][2] = t_ns
        for pid in [pid for pid in self.seen if pid not in parents]:
            self._ended(pid)
        self.commands.out.flush()

    def close(self) -> None:
        """Writes the lives that are not over."""
        for pid in list(self.seen):
            self._ended(pid)
        self.out.close()
        self.commands.close()

    def _ended(self, pid: int) -> None:
        parent, first, last = self.seen.pop(pid)
        self.alive.discard(pid)
        self.out.write(json.dumps([pid, parent, first, last, self.names.pop(pid, "")]).encode() + b"\n")
        self.out.flush()


class _CommandLines:
    """Reads /proc/PID/cmdline right after an exec, again a little later where the kernel has not filled it in yet."""

    def __init__(self, target: Target, sink: Sink) -> None:
        self.loop = target.loop
        self.out = _append_to(sink, "commands.jsonl")

    def read(self, pid: int, attempt: int = 0) -> None:
        """Keeps the command line of ``pid``, without what looks like a secret."""
        t_ns = now_ns()
        try:
            with open(f"/proc/{pid}/cmdline", "rb", buffering=0) as file:  # noqa: PTH123  Path costs ten times the read
                data = file.read(_MOST_ARGV_BYTES)
            if not data:
                if attempt < len(_COMMAND_LINE_RETRIES_S):
                    self.loop.after(_COMMAND_LINE_RETRIES_S[attempt], lambda: self.read(pid, attempt + 1))
                return
            with open(f"/proc/{pid}/cgroup", "rb", buffering=0) as file:  # noqa: PTH123
                group = file.read(4096)
        except OSError:
            return
        argv = data.rstrip(b"\0").decode("utf-8", "surrogateescape").split("\0")
        kept = [_shortened(word) for word in redact_argv(argv)]
        groups = group.decode("utf-8", "surrogateescape").splitlines()
        memory = next((line for line in groups if ":memory:" in line), groups[-1] if groups else "")
        row = {"t": t_ns, "pid": pid, "argv": kept, "cgroup": memory.rpartition(":")[2]}
        self.out.write(json.dumps(row, ensure_ascii=True).encode() + b"\n")

    def close(self) -> None:
        """Writes the rest."""
        self.out.close()


class _Tree(set[int]):
    """The processes of the tree that are alive; ``ever`` are all that ever were."""

    def __init__(self, pids: Iterable[int]) -> None:
        super().__init__(pids)
        self.ever = set(self)

    def add(self, pid: int) -> None:
        """``pid`` has come to life."""
        super().add(pid)
        self.ever.add(pid)


class _Accounting:
    """taskstats of the tree, kept as it came: ``raw/processes/taskstats``, each message behind its length.

    The kernel tells of every exit on the machine, which on a busy one is hundreds of megabytes an hour; what is not of the
    tree is dropped. A message may come before the record of the fork was read, so a stranger's waits for one look more.
    """

    def __init__(self, target: Target, sink: Sink, tree: _Tree) -> None:
        self.listener = taskstats.Listener()
        self.target, self.sink, self.tree = target, sink, tree
        self.out = _append_to(sink, "taskstats")
        self.strangers: list[tuple[int, bytes]] = []
        target.loop.every(1.0 / target.hz, lambda t_ns: self.take())

    def take(self) -> None:
        """Keeps what waits."""
        again, self.strangers = self.strangers, []
        ever = self.tree.ever
        for pid, message in again:
            if pid in ever:
                self.out.write(_LENGTH.pack(len(message)) + message)
        while messages := self.listener.take():
            for message in messages:
                pid = taskstats.process_of(message)
                if pid in ever:
                    self.out.write(_LENGTH.pack(len(message)) + message)
                elif pid:
                    self.strangers.append((pid, message))
        self.out.flush()

    def close(self) -> None:
        """Takes the rest. An exit is told a moment after the parent can know of it, so one is given that moment."""
        time.sleep(0.002)
        self.take()
        self.take()
        self.listener.close()
        self.out.close()
        if self.listener.overruns:
            self.sink.warn(
                "Some processes' totals are missing: the kernel's accounting came faster than it was read."
            )


class _Sampled:
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


_NAN = float("nan")
_TICKS = float(os.sysconf("SC_CLK_TCK"))
_PAGE = os.sysconf("SC_PAGE_SIZE")


def _group(sink: Sink, series: _Series, labels: dict[str, str]) -> Callable[[int, tuple[float, ...]], None]:
    group = sink.rows([sink.series(name, unit, "process", {**labels, **more}) for name, unit, more in series])
    return lambda t_ns, values: sink.row(group, t_ns, values)


def _append_to(sink: Sink, name: str) -> Appender:
    return Appender(
        sink.raw(name), lambda error: sink.warn(f"{name} could not be written whole: {error.strerror}")
    )


def _field(text: bytes, key: bytes) -> float:
    at = text.find(key)
    if at < 0:
        return _NAN
    at += len(key)
    return float(text[at : text.index(b"\n", at)].split()[0])


def _children(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return []
    out: list[int] = []
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb", buffering=0) as file:  # noqa: PTH123
                out.extend(int(child) for child in file.read(65536).split())
        except (OSError, ValueError):
            continue
    return out


def existing_process(pid: int) -> list[Any] | None:
    """[pid, parent, t_ns, name, program, threads] of a running process; None where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123
            fields = file.read(1024).rpartition(b")")[2].split()
        try:
            exe = os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115
        except OSError:
            exe = ""
        return [pid, int(fields[1]), now_ns(), _comm(pid), exe, int(fields[17])]
    except (OSError, ValueError, IndexError):
        return None


def _comm(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", "rb", buffering=0) as file:  # noqa: PTH123
            return file.read(64).rstrip(b"\n").decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def _shortened(word: str) -> str:
    return word if len(word) <= 1024 else word[:1000] + f"… ({len(word)} characters)"
