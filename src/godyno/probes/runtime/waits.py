"""What goroutines and threads wait for, by looking at them from outside: nothing is added to the program, and nothing stops it.

Of a Go program its runtime's own list of goroutines is read (``goroutine_memory``); of a goroutine in a system call, and of every
thread of other programs, also where in the kernel it is blocked (/proc/PID/task/TID/stack, or without that right its call and wait
channel). This samples waiting as a profile samples the CPU: how often something is seen tells how long it took. A look that turns out
dear is taken less often, so that all of them stay below ``share`` of one CPU (``looking_pace``).

At the light level looks are all that is recorded of waiting. They are fewer there, so the first ones come quickly one after the other,
for short runs' sake; and each also tells how many threads of a process were not blocked, and whether a program is still being set up.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from godyno.clock import now_ns
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Availability, Clock, Machine
from godyno.probes.kernel.process_tree import in_turn
from godyno.probes.kernel.raw_files import append_to
from godyno.probes.kernel.symbols import existing_mappings
from godyno.probes.runtime.goroutine_memory import (
    GoProgram,
    NotBegun,
    NotGo,
    Symbols,
    TellsItself,
    Unreadable,
    supported,
    symbols_of,
)
from godyno.probes.runtime.looking_pace import Pace

FILE = "looks.jsonl"
_MOST_PROCESSES = 64  # in one look; more are taken in turn
_MOST_THREADS = 64
_MOST_CHAINS = 100_000
_PREEMPTED = b"exit_to_user_mode"
_TOOLS = "/pkg/tool/"
_FLUSH_NS = 500_000_000


class Waits(SimpleProbe):
    """Looks every ``period_s`` or less often, for ``share`` of one CPU at most; with ``threads`` also at programs that are not Go's.

    ``alone`` where looks are all that is recorded of waiting: ``ahead_s`` of CPU time may then be used before the share is kept to, so that
    the first looks come quickly, and of the programs that build, which nobody can mend, only threads are looked at, which is cheaper.
    """

    name: ClassVar[str] = "waits"
    summary: ClassVar[str] = "what goroutines and threads wait for, looked at from outside"
    tables: ClassVar[Mapping[str, Clock]] = {
        "spans": Clock.READER,
        "stacks": Clock.READER,
        "events": Clock.READER,
    }
    level_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "light": {"period_s": 0.05, "share": 0.004, "ahead_s": 0.03, "alone": True},
        "deep": {"threads": False},  # where they sleep is recorded at every switch there
    }

    def __init__(
        self, *, period_s: float = 0.01, share: float = 0.02, ahead_s: float = 0.0, threads: bool = True,
        alone: bool = False,
    ) -> None:  # fmt: skip
        self.pace = Pace(period_s, share, ahead_s)
        self.threads, self.alone = threads, alone

    def availability(self, machine: Machine) -> Availability:
        """Needs Linux's /proc and process_vm_readv(2)."""
        if not supported():
            return Availability(False, "other programs' memory is read as on Linux only", "Run it on Linux.")
        return Availability(True)

    def start(self, target: Target, sink: Sink) -> None:
        """The first look comes when the command runs."""
        self.target, self.sink = target, sink
        self.out = append_to(sink, FILE)
        self.seen: dict[int, _Watched] = {}
        self.binaries: dict[tuple[int, int], Symbols | Unreadable] = {}
        self.known: dict[Any, int] = {}
        self.looks = self.passed_over = self.cpu_ns = self.flushed_ns = 0
        self.stopped = False
        self.refused: dict[str, str] = {}
        self._write("a", platform.machine())
        self.began_ns = now_ns()
        target.loop.after(self.pace.next_s(0.0, 0.0), self._look)

    def stop(self) -> None:
        """Writes what is left."""
        self.stopped = True
        self.out.close()
        self.sink.note("looks", self.looks)
        self.sink.note("look_cpu_s", round(self.cpu_ns * 1e-9, 6))
        if self.passed_over:
            self.sink.note("goroutines_passed_over", self.passed_over)
        if self.refused:
            self.sink.note("not_read", dict(list(self.refused.items())[:50]))

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """Spans and stacks of what was seen, as long as it looked the same."""
        from godyno.probes.runtime.wait_tables import decode_looks  # the recorder itself never parses

        decode_looks(raw, sink, manifest)

    # ---- looking

    def _look(self) -> None:
        if self.stopped:
            return
        began = time.thread_time_ns()
        alive = set(self.target.pids())
        for gone in self.seen.keys() - alive:
            del self.seen[gone]
        for pid in in_turn(sorted(alive), _MOST_PROCESSES, self.looks):
            try:
                self._look_at(pid)
            except OSError:
                self.seen.pop(pid, None)  # gone, or it runs another program now
        self.looks += 1
        if now_ns() - self.flushed_ns > _FLUSH_NS:
            self.flushed_ns = now_ns()
            self.out.flush()
        took = time.thread_time_ns() - began
        self.cpu_ns += took
        self.target.loop.after(self.pace.next_s((now_ns() - self.began_ns) * 1e-9, took * 1e-9), self._look)

    def _look_at(self, pid: int) -> None:
        status = os.stat(f"/proc/{pid}/exe")  # noqa: PTH116
        key = (status.st_dev, status.st_ino)
        watched = self.seen.get(pid)
        if watched is None or watched.key != key:
            try:
                watched = self.seen[pid] = self._begin(pid, key)
            except NotBegun:
                if self.alone:  # what it is loaded by; the next look begins anew
                    self._threads_of(now_ns(), pid, _Watched(key, None, threads=True), loading=True)
                raise
        t_ns = now_ns()
        if watched.program is not None:
            self._goroutines(t_ns, pid, watched, watched.program)
        elif self.threads and watched.threads:
            self._threads_of(t_ns, pid, watched)

    def _begin(self, pid: int, key: tuple[int, int]) -> _Watched:
        symbols = self.binaries.get(key)
        if symbols is None and self.alone and _TOOLS in os.readlink(f"/proc/{pid}/exe"):  # noqa: PTH115
            symbols = self.binaries[key] = NotGo("nobody asks what a compiler's goroutines wait for")
        if symbols is None:
            symbols = self.binaries[key] = self._symbols(pid)
        if isinstance(symbols, Unreadable):
            # One that tells of itself needs no look; a Go program without symbols is like any other.
            return _Watched(key, None, threads=not isinstance(symbols, TellsItself))
        rows = existing_mappings(pid)
        text = next((row for row in rows if row[4] == key[1]), None)
        if text is None:
            raise NotBegun(2, "its code is not mapped yet")
        try:
            program = GoProgram(pid, symbols, text[1] - text[3])
            if not program.reasons or not any(program.reasons):
                raise Unreadable("its reasons for waiting are not where they should be")
        except Unreadable as error:
            self.binaries[key] = error
            return self._refused(pid, key, str(error))
        except PermissionError as error:
            return self._refused(pid, key, str(error.strerror))
        self._write("m", now_ns(), pid, program.version, [row[1:] for row in rows])
        return _Watched(key, program, threads=False)

    def _refused(self, pid: int, key: tuple[int, int], why: str) -> _Watched:
        self.refused[os.readlink(f"/proc/{pid}/exe")] = why  # noqa: PTH115
        return _Watched(key, None, threads=True)

    def _symbols(self, pid: int) -> Symbols | Unreadable:
        fd = os.open(f"/proc/{pid}/exe", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return symbols_of(fd)
        except Unreadable as error:
            if not isinstance(error, NotGo):
                self.refused[os.readlink(f"/proc/self/fd/{fd}")] = str(error)  # noqa: PTH115
            return error
        finally:
            os.close(fd)

    def _goroutines(self, t_ns: int, pid: int, watched: _Watched, program: GoProgram) -> None:
        was, now, changed = watched.rows, {}, []
        for one in program.look():
            before = was.get(one.number)
            blocked = self._blocked(pid, one.thread, before[1] if before else 0) if one.thread else 0
            now[one.number] = (one, blocked)
            if before is None or before[0] is not one or before[1] != blocked:
                chain = self._id("c", one.chain) if one.chain else 0
                changed.append([*one[:4], chain, blocked, *one[5:]])
        self.passed_over = max(self.passed_over, program.passed_over)
        gone = [number for number in was if number not in now]
        initialising = (1,) if self.alone and program.initialising() else ()
        self._write("g", t_ns, pid, changed, gone, *initialising)
        watched.rows = now

    def _threads_of(self, t_ns: int, pid: int, watched: _Watched, *, loading: bool = False) -> None:
        was, now = watched.rows, {}
        tids = sorted(map(int, os.listdir(f"/proc/{pid}/task")))[:_MOST_THREADS]  # noqa: PTH208
        for tid in tids:
            blocked = self._blocked(pid, tid, was.get(tid, 0))
            if blocked:
                now[tid] = blocked
        changed = [[tid, blocked] for tid, blocked in now.items() if was.get(tid) != blocked]
        gone = [tid for tid in was if tid not in now]
        self._write("t", t_ns, pid, changed, gone, len(tids) - len(now), *((1,) if loading else ()))
        watched.rows = now

    def _blocked(self, pid: int, tid: int, was: int) -> int:
        """The id of where in the kernel a thread is blocked, which ``was`` at the last look; 0 where it is on a CPU, or ready for one."""
        task = f"/proc/{pid}/task/{tid}"
        try:
            stack = _read(f"{task}/stack")
            if not stack or _PREEMPTED in stack:
                return 0
            found = self._id("k", stack.decode("ascii", "replace"))
            # One that lost its CPU within the kernel has a stack there, too, but waits in no place of it.
            return found if found == was or _read(f"{task}/wchan") != b"0" else 0
        except FileNotFoundError:
            return 0
        except OSError:
            pass  # that is root's to see
        try:
            call = _read(f"{task}/syscall").split(maxsplit=1)[0].decode("ascii", "replace")
            return (
                0
                if call == "running"
                else self._id("w", f"{call} {_read(f'{task}/wchan').decode('ascii', 'replace')}")
            )
        except (OSError, IndexError):
            return 0

    def _id(self, kind: str, what: Any) -> int:
        found = self.known.get((kind, what))
        if found is None:
            if len(self.known) >= _MOST_CHAINS:
                return 0
            found = self.known[kind, what] = len(self.known) + 1
            self._write(kind, found, what)
        return found

    def _write(self, *row: Any) -> None:
        self.out.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")


class _Watched:
    """One process: its program's file, its goroutines' memory where it is Go's, and what the last look saw."""

    __slots__ = ("key", "program", "rows", "threads")

    def __init__(self, key: tuple[int, int], program: GoProgram | None, *, threads: bool) -> None:
        self.key, self.program, self.threads = key, program, threads
        self.rows: dict[int, Any] = {}


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)
