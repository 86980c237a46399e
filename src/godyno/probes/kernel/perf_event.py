"""perf_event_open(2) by ctypes: ring buffers and counters of what a tree, a cgroup or the machine does.

Every record is stamped with CLOCK_MONOTONIC. No perf binary is needed, and with ``kernel.perf_event_paranoid`` at 2 or
below one's own processes need no privilege. Layouts are those of linux/perf_event.h; reading the records is
``godyno.probes.kernel.perf_records``.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import platform
import resource
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

_SYSCALL = {"x86_64": 298, "aarch64": 241, "riscv64": 241, "loongarch64": 241, "ppc64le": 319, "s390x": 331}
_FLAG_PID_CGROUP, _FLAG_CLOEXEC = 4, 8
_IOC_ID = 0x80082407 if platform.machine() != "ppc64le" else 0x40082407
_IOC_SET_FILTER = 0x40082406 if platform.machine() != "ppc64le" else 0x80082406
_IOC_SET_OUTPUT = 0x2405 if platform.machine() != "ppc64le" else 0x20002405
_CLOCK_MONOTONIC = 1

TYPE_HARDWARE, TYPE_SOFTWARE, TYPE_TRACEPOINT = 0, 1, 2
CPU_CYCLES, INSTRUCTIONS, CACHE_REFERENCES, CACHE_MISSES, BRANCHES, BRANCH_MISSES = 0, 1, 2, 3, 4, 5
CPU_CLOCK, TASK_CLOCK, CONTEXT_SWITCHES, CPU_MIGRATIONS = 0, 1, 3, 4
PAGE_FAULTS_MINOR, PAGE_FAULTS_MAJOR, DUMMY = 5, 6, 9

SAMPLE_IP, SAMPLE_TID, SAMPLE_TIME = 1 << 0, 1 << 1, 1 << 2
SAMPLE_ADDR, SAMPLE_CALLCHAIN, SAMPLE_PERIOD = 1 << 3, 1 << 5, 1 << 8
SAMPLE_RAW, SAMPLE_REGS_USER, SAMPLE_IDENTIFIER = 1 << 10, 1 << 12, 1 << 16

INHERIT, EXCLUDE_KERNEL, EXCLUDE_HV = 1 << 1, 1 << 5, 1 << 6
MMAP, COMM, FREQUENCY, TASK, WATERMARK = 1 << 8, 1 << 9, 1 << 10, 1 << 13, 1 << 14
SAMPLE_ID_ALL, EXCLUDE_CALLCHAIN_KERNEL, MMAP2, COMM_EXEC = 1 << 18, 1 << 21, 1 << 23, 1 << 24
USE_CLOCKID, CONTEXT_SWITCH = 1 << 25, 1 << 26

RECORD_LOST, RECORD_COMM, RECORD_EXIT, RECORD_THROTTLE, RECORD_FORK = 2, 3, 4, 5, 7
RECORD_SAMPLE, RECORD_MMAP2, RECORD_LOST_SAMPLES, RECORD_SWITCH, RECORD_SWITCH_CPU_WIDE = 9, 10, 13, 14, 15
MISC_COMM_EXEC = MISC_SWITCH_OUT = 1 << 13
MISC_SWITCH_OUT_PREEMPTED = 1 << 14

_READ_TIMES = 3  # PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING
_HEADER = struct.Struct("<IHH")
_POSITION = struct.Struct("<Q")
_FORK = struct.Struct("<IIII")  # pid, ppid, tid, ptid
_COUNT = struct.Struct("<QQQ")
_DATA_HEAD, _DATA_TAIL = 1024, 1032
_PAGE = mmap.PAGESIZE
_LEAST_PAGES = 8


class _Attr(ctypes.Structure):
    """struct perf_event_attr, PERF_ATTR_SIZE_VER5 (112 bytes), which every kernel since 4.1 takes."""

    _fields_: ClassVar = [
        ("type", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("config", ctypes.c_uint64),
        ("sample_period", ctypes.c_uint64),
        ("sample_type", ctypes.c_uint64),
        ("read_format", ctypes.c_uint64),
        ("flags", ctypes.c_uint64),
        ("wakeup", ctypes.c_uint32),
        ("bp_type", ctypes.c_uint32),
        ("config1", ctypes.c_uint64),
        ("config2", ctypes.c_uint64),
        ("branch_sample_type", ctypes.c_uint64),
        ("sample_regs_user", ctypes.c_uint64),
        ("sample_stack_user", ctypes.c_uint32),
        ("clockid", ctypes.c_int32),
        ("sample_regs_intr", ctypes.c_uint64),
        ("aux_watermark", ctypes.c_uint32),
        ("sample_max_stack", ctypes.c_uint16),
        ("reserved", ctypes.c_uint16),
    ]


@dataclass(frozen=True, slots=True)
class Event:
    """One event to open. ``period`` is of the event's own count, or a rate in Hz with FREQUENCY among the ``flags``.

    ``sample`` holds what a sample carries beside thread and time; ``identified`` puts the event's id into each record, which
    rings with more than one event need. ``kernel`` also watches while the kernel runs for the task, which an unprivileged
    user may not (``kernel.perf_event_paranoid`` above 1). ``path`` and ``offset`` place a uprobe in a file, of the
    watched threads alone; ``registers`` is the mask of the user registers that a sample carries with SAMPLE_REGS_USER. ``filter`` is an
    expression over a tracepoint's fields: the kernel drops records for which it is false, which is ten times cheaper than reading them.
    """

    name: str
    type: int = TYPE_SOFTWARE
    config: int = DUMMY
    period: int = 0
    sample: int = 0
    flags: int = 0
    kernel: bool = False
    identified: bool = True
    path: str = ""
    offset: int = 0
    registers: int = 0
    filter: str = ""

    @property
    def sample_type(self) -> int:
        """The whole of ``perf_event_attr.sample_type``."""
        return self.sample | SAMPLE_TID | SAMPLE_TIME | (SAMPLE_IDENTIFIER if self.identified else 0)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom to watch: ``tasks`` (threads and all that they fork), a ``cgroup`` (a descriptor of its directory), the ``machine``."""

    kind: str
    tids: tuple[int, ...] = ()
    cgroup_fd: int = -1

    def targets(self) -> tuple[int, ...]:
        """The pid argument of each perf_event_open."""
        return {"tasks": self.tids, "cgroup": (self.cgroup_fd,)}.get(self.kind, (-1,))


class Rings:
    """One ring buffer a CPU, into which all ``events`` of all of the scope's tasks write; readable after ``wakeup_bytes``.

    ``ids`` tells the event of each id that a record bears. Raises OSError; where only locked memory is short, the buffers
    get smaller (down to 8 pages) first.
    """

    def __init__(self, events: Sequence[Event], scope: Scope, pages: int, wakeup_bytes: int) -> None:
        self.rings: list[Ring] = []
        self.ids: dict[int, str] = {}
        self._counting: list[tuple[str, int]] = []
        self._others: list[int] = []
        allow_files(len(online_cpus()) * len(events) * len(scope.targets()))
        try:
            for cpu in online_cpus():
                self._open(cpu, events, scope, pages, wakeup_bytes)
        except BaseException:
            self.close()
            raise

    def add(self, events: Sequence[Event], tids: Sequence[int], wakeup_bytes: int) -> list[int]:
        """Watches more threads, and gives those that were gone already. Raises OSError for another reason than that."""
        gone = []
        allow_files(len(self.rings) * len(events) * len(tids))
        for tid in tids:
            try:
                for ring in self.rings:
                    self._open_into(ring, events, "tasks", tid, wakeup_bytes)
            except ProcessLookupError:
                gone.append(tid)
        return gone

    def forked(self) -> set[int]:
        """The threads whose making waits to be taken: they have the events by inheritance."""
        return {
            _FORK.unpack_from(data, start)[2]
            for data in (ring.peek() for ring in self.rings)
            for kind, _, start, _ in records(data)
            if kind == RECORD_FORK
        }

    def counts(self) -> dict[str, tuple[int, int]]:
        """By event: its count so far, and the nanoseconds during which it counted; summed over CPUs and children."""
        out: dict[str, tuple[int, int]] = {}
        for name, fd in self._counting:
            value, _, running_ns = read_count(fd)
            before = out.get(name, (0, 0))
            out[name] = (before[0] + value, before[1] + running_ns)
        return out

    def close(self) -> None:
        """Lets go of the buffers and the events."""
        for fd in self._others:
            os.close(fd)
        for ring in self.rings:
            ring.close()
        self._others, self.rings, self._counting = [], [], []

    def _open(self, cpu: int, events: Sequence[Event], scope: Scope, pages: int, wakeup_bytes: int) -> None:
        ring: Ring | None = None
        gone: OSError | None = None
        for target in scope.targets():
            try:
                if ring is None:
                    fd = _open(events[0], scope.kind, target, cpu, wakeup_bytes)
                    ring = Ring(fd, cpu, pages)
                    self.rings.append(ring)
                    self._know(fd, events[0])
                    self._open_into(ring, events[1:], scope.kind, target, wakeup_bytes)
                else:
                    self._open_into(ring, events, scope.kind, target, wakeup_bytes)
            except ProcessLookupError as error:
                gone = error
        if ring is None:
            raise gone or ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))

    def _open_into(
        self, ring: Ring, events: Sequence[Event], kind: str, target: int, wakeup_bytes: int
    ) -> None:
        for event in events:
            fd = _open(event, kind, target, ring.cpu, wakeup_bytes)
            self._others.append(fd)
            fcntl.ioctl(fd, _IOC_SET_OUTPUT, ring.fd)
            self._know(fd, event)

    def _know(self, fd: int, event: Event) -> None:
        answer = bytearray(8)
        fcntl.ioctl(fd, _IOC_ID, answer)
        self.ids[_POSITION.unpack(answer)[0]] = event.name
        self._counting.append((event.name, fd))


class Ring:
    """The ring buffer of the event ``fd``, of ``pages`` pages (a power of two). Owns the descriptor. Raises OSError."""

    def __init__(self, fd: int, cpu: int, pages: int) -> None:
        self.fd, self.cpu = fd, cpu
        self._taken = b""
        while True:
            self.size = pages * _PAGE
            try:
                self.memory = mmap.mmap(fd, self.size + _PAGE)
                return
            except PermissionError:  # RLIMIT_MEMLOCK and kernel.perf_event_mlock_kb
                if pages <= _LEAST_PAGES:
                    os.close(fd)
                    raise
                pages //= 2
            except OSError:
                os.close(fd)
                raise

    def take(self) -> bytes:
        """Every record that is waiting, back to back, and makes room for more."""
        memory = self.memory
        (head,) = _POSITION.unpack_from(memory, _DATA_HEAD)
        (tail,) = _POSITION.unpack_from(memory, _DATA_TAIL)
        before, self._taken = self._taken, b""
        if head == tail:
            return before
        low, high = tail % self.size, head % self.size
        data = memory[_PAGE + low : _PAGE + (high if low < high else self.size)]
        if high <= low:
            data += memory[_PAGE : _PAGE + high]
        _POSITION.pack_into(memory, _DATA_TAIL, head)
        return before + data if before else data

    def peek(self) -> bytes:
        """Every record that is waiting, which the next ``take`` gives again."""
        self._taken = self.take()
        return self._taken

    def close(self) -> None:
        """Lets go of the buffer and the event."""
        self.memory.close()
        os.close(self.fd)


class Counter:
    """An event that only counts, over the whole scope. Raises OSError."""

    def __init__(self, event: Event, scope: Scope) -> None:
        self.event = event
        self._fds: list[int] = []
        cpus = [-1] if scope.kind == "tasks" else online_cpus()
        allow_files(len(cpus) * len(scope.targets()))
        gone: OSError | None = None
        try:
            for target in scope.targets():
                try:
                    self._fds += [_open(event, scope.kind, target, cpu, 0) for cpu in cpus]
                except ProcessLookupError as error:
                    gone = error
        except BaseException:
            self.close()
            raise
        if not self._fds and gone:
            raise gone

    def read(self) -> tuple[int, int, int]:
        """The count, and for how many nanoseconds it was wanted and really counted (less where counters are shared)."""
        value = enabled = running = 0
        for fd in self._fds:
            one = read_count(fd)
            value, enabled, running = value + one[0], enabled + one[1], running + one[2]
        return value, enabled, running

    def close(self) -> None:
        """Lets go of the event."""
        for fd in self._fds:
            os.close(fd)
        self._fds = []


def read_count(fd: int) -> tuple[int, int, int]:
    """An event's count, time enabled and time running (ns), its inherited children included."""
    value, enabled, running = _COUNT.unpack(os.read(fd, _COUNT.size))
    return value, enabled, running


def records(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """The records in ``data`` as (type, misc, start of body, end); ends at a torn one."""
    position, end = 0, len(data)
    while position + 8 <= end:
        kind, misc, size = _HEADER.unpack_from(data, position)
        if size < 8 or position + size > end:
            return
        yield kind, misc, position + 8, position + size
        position += size


def online_cpus() -> list[int]:
    """Every CPU that may come to run something, as numbers."""
    try:
        text = Path("/sys/devices/system/cpu/online").read_text()
    except OSError:
        return list(range(os.cpu_count() or 1))
    out: list[int] = []
    for part in text.strip().split(","):
        low, _, high = part.partition("-")
        out.extend(range(int(low), int(high or low) + 1))
    return out


def allow_files(more: int) -> None:
    """Raises the soft limit of open files, as far as it may be, where ``more`` are about to be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = more + 256
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        in_use = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names are all that is wanted
    except OSError:
        in_use = 64
    wanted += in_use
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _open(event: Event, kind: str, target: int, cpu: int, wakeup_bytes: int) -> int:
    number = _SYSCALL.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, f"perf_event_open has no known number on {platform.machine()}")
    flags = event.flags | EXCLUDE_HV | SAMPLE_ID_ALL | USE_CLOCKID | WATERMARK
    # A uprobe is of one thread: the kernel would read its path again, in the address space of whoever makes a child, whose
    # clone(2) then fails with EFAULT.
    flags |= INHERIT if kind == "tasks" and not event.path else 0
    flags |= 0 if event.kernel else EXCLUDE_KERNEL
    attr = _Attr(
        type=event.type,
        size=ctypes.sizeof(_Attr),
        config=event.config,
        sample_period=event.period,
        sample_type=event.sample_type,
        read_format=_READ_TIMES,
        flags=flags,
        wakeup=wakeup_bytes,
        clockid=_CLOCK_MONOTONIC,
        sample_regs_user=event.registers,
    )
    if event.path:
        path = ctypes.create_string_buffer(os.fsencode(event.path))  # alive until the call below has returned
        attr.config1, attr.config2 = ctypes.addressof(path), event.offset
    libc = ctypes.CDLL(None, use_errno=True)
    options = _FLAG_CLOEXEC | (_FLAG_PID_CGROUP if kind == "cgroup" else 0)
    fd: int = libc.syscall(number, ctypes.byref(attr), target, cpu, -1, options)
    if fd < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    if event.filter:
        with contextlib.suppress(OSError):  # who reads the records knows what is wanted, too
            fcntl.ioctl(fd, _IOC_SET_FILTER, event.filter.encode() + b"\0")
    return fd
