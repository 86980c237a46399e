"""The tree of processes as it grows and shrinks: by perf's side-band records, or by walking /proc where they are refused."""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Iterable, Sequence
from typing import Any

from godyno.clock import now_ns
from godyno.interfaces import Sink, Target
from godyno.probes.kernel import perf_event
from godyno.probes.kernel.command_lines import CommandLines
from godyno.probes.kernel.perf_probe import follow_new_threads, threads_of
from godyno.probes.kernel.raw_files import append_to

_PIDS = struct.Struct("<IIII")  # pid, ppid or comm.., tid, ptid of a FORK or EXIT record
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


def in_turn(pids: Sequence[int], most: int, turn: int) -> Sequence[int]:
    """All of ``pids``, or where these are too many the next ``most``."""
    if len(pids) <= most:
        return pids
    start = (turn * most) % len(pids)
    return [*pids, *pids][start : start + most]


class LivingProcesses(set[int]):
    """The processes of the tree that are alive; ``ever`` are all that ever were."""

    def __init__(self, pids: Iterable[int]) -> None:
        super().__init__(pids)
        self.ever = set(self)

    def add(self, pid: int) -> None:
        """``pid`` has come to life."""
        super().add(pid)
        self.ever.add(pid)


class PerfTree:
    """The tree by perf's side-band records, kept as they came in ``raw/processes/perf.records``."""

    name = "perf"

    def __init__(self, target: Target, sink: Sink, alive: set[int]) -> None:
        self.target, self.sink, self.alive = target, sink, alive
        tids = threads_of(target)
        self.rings = perf_event.Rings([_EVENT], perf_event.Scope("tasks", tids), 64, _WAKEUP_BYTES)
        if len(tids) > 1:
            follow_new_threads(self.rings, [_EVENT], tids, _WAKEUP_BYTES)
        self.records = append_to(sink, "perf.records")
        self.commands = CommandLines(target, sink)
        self.lost = 0
        if getattr(target, "running", False):
            self._keep_existing()
        for ring in self.rings.rings:
            target.loop.on_readable(ring.fd, self._wake)

    def _keep_existing(self) -> None:
        """Those that were there before, since no record tells of them: ``existing.jsonl``."""
        out = append_to(self.sink, "existing.jsonl")
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


class WalkedTree:
    """The tree by /proc/PID/task/*/children, at each look; lives are written as they are first and last seen."""

    name = "walk"

    def __init__(self, target: Target, sink: Sink, alive: set[int]) -> None:
        self.target, self.alive = target, alive
        self.commands = CommandLines(target, sink)
        self.seen: dict[int, list[int]] = {}  # pid to [parent, first, last, start ticks]
        self.out = append_to(sink, "walk.jsonl")
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


def _comm(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", "rb", buffering=0) as file:  # noqa: PTH123
            return file.read(64).rstrip(b"\n").decode("utf-8", "surrogateescape")
    except OSError:
        return ""
