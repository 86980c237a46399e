"""perf_event_open(2) by ctypes: ring buffers whose records are stamped with CLOCK_MONOTONIC.

Only what godyno reads: side-band records (exec, fork, exit, executable mappings) of a task and everything it forks,
inherited by the kernel, so no process is too short to be seen. No tracefs is needed, and with
``kernel.perf_event_paranoid`` at 2 or below no privilege either. Layouts are those of linux/perf_event.h.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import struct
from collections.abc import Iterator
from typing import ClassVar

_SYSCALL = {"x86_64": 298, "aarch64": 241, "riscv64": 241, "loongarch64": 241, "ppc64le": 319, "s390x": 331}
_CLOEXEC = 8
TYPE_SOFTWARE, DUMMY = 1, 9
SAMPLE_TID, SAMPLE_TIME = 1 << 1, 1 << 2

INHERIT, EXCLUDE_KERNEL, EXCLUDE_HV = 1 << 1, 1 << 5, 1 << 6
MMAP, COMM, TASK, WATERMARK = 1 << 8, 1 << 9, 1 << 13, 1 << 14
SAMPLE_ID_ALL, MMAP2, COMM_EXEC, USE_CLOCKID = 1 << 18, 1 << 23, 1 << 24, 1 << 25

RECORD_LOST, RECORD_COMM, RECORD_EXIT, RECORD_FORK, RECORD_MMAP2 = 2, 3, 4, 7, 10
MISC_COMM_EXEC = 1 << 13

_HEADER = struct.Struct("<IHH")
_POSITION = struct.Struct("<Q")
_DATA_HEAD, _DATA_TAIL = 1024, 1032
_PAGE = mmap.PAGESIZE


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


class Ring:
    """A ring buffer of side-band records of the task ``pid`` and all that it forks, while they run on ``cpu``.

    ``flags`` choose the records; ``wakeup_bytes`` is how many must wait before ``fd`` becomes readable. Raises OSError.
    """

    def __init__(self, pid: int, cpu: int, flags: int, pages: int, wakeup_bytes: int) -> None:
        number = _SYSCALL.get(platform.machine())
        if number is None:
            raise OSError(38, f"perf_event_open has no known number on {platform.machine()}")
        attr = _Attr(
            type=TYPE_SOFTWARE,
            size=ctypes.sizeof(_Attr),
            config=DUMMY,
            sample_period=1,
            sample_type=SAMPLE_TID | SAMPLE_TIME,
            flags=flags | INHERIT | EXCLUDE_KERNEL | EXCLUDE_HV | SAMPLE_ID_ALL | USE_CLOCKID | WATERMARK,
            wakeup=wakeup_bytes,
            clockid=1,  # CLOCK_MONOTONIC
        )
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = libc.syscall(number, ctypes.byref(attr), pid, cpu, -1, _CLOEXEC)
        if self.fd < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        self.size = pages * _PAGE
        try:
            self.memory = mmap.mmap(self.fd, self.size + _PAGE)
        except OSError:
            os.close(self.fd)
            raise

    def take(self) -> bytes:
        """Every record that is waiting, back to back, and makes room for more."""
        memory = self.memory
        (head,) = _POSITION.unpack_from(memory, _DATA_HEAD)
        (tail,) = _POSITION.unpack_from(memory, _DATA_TAIL)
        if head == tail:
            return b""
        low, high = tail % self.size, head % self.size
        data = memory[_PAGE + low : _PAGE + (high if low < high else self.size)]
        if high <= low:
            data += memory[_PAGE : _PAGE + high]
        _POSITION.pack_into(memory, _DATA_TAIL, head)
        return data

    def close(self) -> None:
        """Lets go of the buffer and the event."""
        self.memory.close()
        os.close(self.fd)


def records(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """The records in ``data`` as (type, misc, start of body, end); ends at a torn one."""
    position, end = 0, len(data)
    while position + 8 <= end:
        kind, misc, size = _HEADER.unpack_from(data, position)
        if size < 8 or position + size > end:
            return
        yield kind, misc, position + 8, position + size
        position += size
