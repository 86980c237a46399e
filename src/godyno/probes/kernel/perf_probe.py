"""What the probes that keep perf's records have in common: opening, draining, keeping, letting go.

A cgroup is watched where the tree has one of its own: its events belong to a CPU, so no thread is missed, none is too short,
and making threads costs nothing more. Elsewhere, and without privilege, the kernel hands each event down to every child.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from godyno.capture.appender import Appender
from godyno.errors import NotAvailableHere
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Availability, Machine
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_records import write_meta

# The kernel stamps with CLOCK_MONOTONIC itself. What a program reads beside it lies this near at the 99th percentile, on a busy
# machine too (benchmarks/alignment); most of that is the time until the program gets to read its clock.
CLOCK_ERROR_NS = 100_000
_TAKE_EVERY_S = 0.25
_MOST_ROUNDS = 8


class PerfProbe(SimpleProbe):
    """A probe that keeps the records of some events; a subclass says which.

    ``pages`` is each ring's size (a power of two), ``kernel_needed`` whether it is useless without watching the kernel.
    """

    pages: ClassVar[int] = 128
    kernel_needed: ClassVar[bool] = False
    levels: ClassVar[tuple[str, ...]] = ("standard", "deep")
    level_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def events(self) -> Sequence[pe.Event]:
        """What to open, a ring shared by all. May raise OSError or NotAvailableHere."""
        raise NotImplementedError

    def settings(self) -> Mapping[str, Any]:
        """What ``decode`` must know of how this was recorded (JSON types)."""
        return {}

    def scope_kinds(self) -> tuple[str, ...]:
        """Whom to watch, the best first."""
        return ("cgroup", "tasks")

    def availability(self, machine: Machine) -> Availability:
        """Whether perf_event_open gives what this needs here."""
        return perf_availability(machine, self.kernel_needed)

    def start(self, target: Target, sink: Sink) -> None:
        """Opens the events and takes their records four times a second, and whenever a ring is half full."""
        self.target, self.sink = target, sink
        wanted = self.events()
        try:
            self.events_open, self.scope = open_scope(
                wanted, target, self.scope_kinds(), self._open, not self.kernel_needed
            )
        except PermissionError as error:
            if not self.kernel_needed:
                raise
            raise NotAvailableHere(
                "the kernel refuses this to a user without CAP_PERFMON", hint="Record as root."
            ) from error
        if any(asked.kernel for asked in wanted) and not any(one.kernel for one in self.events_open):
            sink.note(
                "kernel_side", "not watched: needs root, CAP_PERFMON, or kernel.perf_event_paranoid at 1"
            )
        sink.note("alignment_error_ns", CLOCK_ERROR_NS)
        self.files: dict[int, Appender] = {}
        self.by_name = {event.name: event for event in self.events_open}
        try:
            folder = sink.raw("x").parent
            for ring in self.rings.rings:
                self.files[ring.cpu] = Appender(folder / f"cpu{ring.cpu}.records", self._full)
                target.loop.on_readable(ring.fd, lambda ring=ring: self._take(ring))  # type: ignore[misc]
            write_meta(folder, self.rings, self.by_name, self.scope.kind, self.settings(), complete=False)
        except BaseException:
            self._let_go()
            raise
        self.folder = folder
        target.loop.every(_TAKE_EVERY_S, lambda t_ns: self.take())

    def _open(self, events: Sequence[pe.Event], scope: pe.Scope) -> None:
        wakeup_bytes = self.pages * os.sysconf("SC_PAGE_SIZE") // 2
        events = [replace(events[0], flags=events[0].flags | pe.TASK), *events[1:]]
        self.rings = pe.Rings(events, scope, self.pages, wakeup_bytes)
        if scope.kind == "tasks" and len(scope.tids) > 1:
            try:
                follow_new_threads(self.rings, events, scope.tids, wakeup_bytes)
            except BaseException:
                self.rings.close()
                raise

    def take(self) -> None:
        """Takes what waits, and makes it safe from a kill."""
        for ring in self.rings.rings:
            self._take(ring)
        for file in self.files.values():
            file.flush()

    def stop(self) -> None:
        """Takes the rest, keeps the counts, lets go."""
        try:
            self.take()
            write_meta(self.folder, self.rings, self.by_name, self.scope.kind, self.settings(), complete=True)
            self.sink.note("scope", self.scope.kind)
            self.sink.note("raw_bytes", sum(file.written_bytes for file in self.files.values()))
        except OSError as error:
            self.sink.warn(f"{self.name}: its counts could not be kept: {error.strerror}")
        finally:
            self._let_go()

    def _let_go(self) -> None:
        for ring in self.rings.rings:
            self.target.loop.forget(ring.fd)
        self.rings.close()
        for file in self.files.values():
            file.close()

    def _take(self, ring: pe.Ring) -> None:
        data = ring.take()
        if data:
            self.files[ring.cpu].write(data)

    def _full(self, error: OSError) -> None:
        self.sink.warn(f"{self.name}'s records could not be written whole: {error.strerror}")


def perf_availability(machine: Machine, kernel: bool) -> Availability:
    """Whether perf_event_open may be used here, with the kernel's side of things where ``kernel``."""
    if machine.os not in ("", "linux"):
        return Availability(False, "perf_event_open is Linux's", "Run it on Linux.")
    if sys.byteorder != "little":
        return Availability(
            False, "perf's records are read on little-endian machines only", "Record elsewhere."
        )
    text = machine.sysctl.get("kernel.perf_event_paranoid", "")
    level = int(text) if text.lstrip("-").isdecimal() else 2
    if machine.root or {"cap_perfmon", "cap_sys_admin"} & set(machine.capabilities):
        return Availability(True)
    most = 1 if kernel else 2
    if level > most:
        return Availability(
            False,
            f"kernel.perf_event_paranoid is {text or 'unknown'}, and this needs {most} or less",
            f"sudo sysctl kernel.perf_event_paranoid={most}",
        )
    return Availability(True)


def open_scope(
    events: Sequence[pe.Event], target: Target, kinds: Iterable[str],
    open_: Callable[[Sequence[pe.Event], pe.Scope], None], users_alone: bool = True,
) -> tuple[Sequence[pe.Event], pe.Scope]:  # fmt: skip
    """Opens ``events`` by ``open_`` on the first of ``kinds`` that the kernel takes; without the
    kernel's side where that is forbidden and ``users_alone`` is still of use.

    Gives what was opened. Raises OSError.
    """
    refused: OSError | None = None
    for kind in kinds:
        fd = -1
        tids: tuple[int, ...] = ()
        if kind == "cgroup":
            directory = perf_cgroup(target)
            if directory is None:
                continue
            try:
                fd = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                refused = error
                continue
        elif kind == "tasks":
            tids = threads_of(target)
        try:
            scope = pe.Scope(kind, tids, fd)
            try:
                open_(events, scope)
                return events, replace(scope, cgroup_fd=-1)
            except PermissionError:
                if not users_alone or kind != "tasks" or not any(event.kernel for event in events):
                    raise
                users = [replace(event, kernel=False) for event in events]
                open_(users, scope)
                return users, scope
        except OSError as error:
            refused = error
        finally:
            if fd >= 0:
                os.close(fd)
    raise refused or OSError(22, "there is nothing to watch")


def perf_cgroup(target: Target) -> Path | None:
    """The tree's own directory in the hierarchy that perf's cgroups live in: v1's perf_event, else v2."""
    return target.cgroups.get("perf_event") or target.cgroups.get("unified")


def threads_of(target: Target) -> tuple[int, ...]:
    """The threads that exist already. A command that is still held has one; what is attached to may have many."""
    processes = set(target.pids()) | {target.pid}
    out: list[int] = []
    for pid in processes:
        try:
            out.extend(int(name) for name in os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208
        except OSError:
            continue
    return tuple(sorted(out)) or (target.pid,)


def follow_new_threads(
    rings: pe.Rings, events: Sequence[pe.Event], tids: Sequence[int], wakeup_bytes: int
) -> None:
    """Watches also what was made, while the events were being opened, by threads that were not watched yet.

    What a watched thread made has the events by inheritance, and would count twice: the rings' own fork records tell them
    apart. (Attaching to a young process without this lost up to 30 % of its samples.)
    """
    known = set(tids)
    processes = {_process_of(tid) for tid in tids} - {0}
    for _ in range(_MOST_ROUNDS):
        new: set[int] = set()
        for pid in processes:
            try:
                new |= {int(name) for name in os.listdir(f"/proc/{pid}/task")}  # noqa: PTH208
            except OSError:
                continue
        new -= known
        if not new:
            return
        time.sleep(0.001)  # a fork is told a moment after the thread is in /proc
        known |= new
        rings.add(events, sorted(new - rings.forked()), wakeup_bytes)


def _process_of(tid: int) -> int:
    try:
        with open(f"/proc/{tid}/status", "rb", buffering=0) as file:  # noqa: PTH123
            return int(file.read(512).split(b"Tgid:", 1)[1].split()[0])
    except (OSError, IndexError, ValueError):
        return 0
