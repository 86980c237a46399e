"""The goroutines of a running Go program, read from its memory: what each waits for, since Go's runtime keeps that itself.

Nothing is added to the program and nothing stops it: its list of goroutines (``runtime.allgs``) is found by the binary's symbols and
read with process_vm_readv(2), as Delve reads that of a stopped one. So a look is not one instant; a goroutine that moves
meanwhile may be seen between two states, and every value is checked before it is believed.

The places of the fields are those of ``runtime.g`` and ``runtime.m`` (runtime/runtime2.go) on 64-bit machines, as the DWARF of each
version tells them; tests hold them against the binaries of every version at hand.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from godyno.errors import FormatError
from godyno.formats.elf import elf

_MACHINES = (62, 183)  # x86-64 and arm64
MOST_GOROUTINES = 20_000
_MOST_FOLLOWED = 1000  # in one look; the others' turn comes in the next
_MOST_FRAMES = 64
_LEAST_STACK_BYTES = 256
_STACK_BYTES = 4096  # of a goroutine's stack from its pointer on: what a look reads at once
_MOST_FRAME_BYTES = 1024  # of those that are searched for a frame pointer that was not saved
_WANTED = ("runtime.allgs", "runtime.waitReasonStrings", "runtime.buildVersion")
# A channel, which runtime.main makes, and closes before it calls main.main; the second name since Go 1.27.
_INITIALISED = ("runtime.main_init_done", "runtime.mainInitDoneChan")
_CLOSED_AT = 28  # of runtime.hchan.closed, Go 1.21 to 1.27
_OBSERVED = b"\0main.(*godynoRecorder)."  # a program with such methods tells of its goroutines itself
_SYMBOL = struct.Struct("<IBBHQQ")
_WORD, _PAIR, _SLICE = struct.Struct("<Q"), struct.Struct("<QQ"), struct.Struct("<QQQ")
_VERSION = re.compile(r"go1\.(\d+)")
_SCAN = 0x1000  # set in a status while the collector looks at the stack
STATES = {1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 8: "running", 9: "waiting"}
_MOST_TEXT = 64
_LEAST_POINTER, _MOST_POINTER = 1 << 12, 1 << 56


@dataclass(frozen=True, slots=True)
class Layout:
    """Offsets in ``runtime.g`` (``procid``: in ``runtime.m``), bytes. ``bp`` is of the saved frame pointer."""

    bp: int
    status: int
    goid: int
    reason: int
    parent: int
    startpc: int
    procid: int
    saves_bp: bool = True  # whether one that enters a system call saves its frame pointer, too
    m: int = 48
    sp: int = 56
    pc: int = 64

    def fields(self) -> struct.Struct:
        """Reads m, sp, pc, bp, status, goid, reason, parent and startpc of a ``runtime.g`` at once."""
        code, at = "<", 0
        for kind, where in (("Q", self.m), ("Q", self.sp), ("Q", self.pc), ("Q", self.bp), ("I", self.status), ("Q", self.goid),
                            ("B", self.reason), ("Q", self.parent), ("Q", self.startpc)):  # fmt: skip
            code += f"{where - at}x{kind}"
            at = where + struct.calcsize(f"<{kind}")
        return struct.Struct(code)


# The minor version of Go from which on a layout holds.
LAYOUTS: tuple[tuple[int, Layout], ...] = (
    (26, Layout(bp=96, status=144, goid=152, reason=176, parent=280, startpc=304, procid=64)),
    (25, Layout(bp=96, status=144, goid=152, reason=176, parent=272, startpc=296, procid=64)),
    (23, Layout(bp=104, status=152, goid=160, reason=184, parent=280, startpc=304, procid=72)),
    (
        21,
        Layout(bp=104, status=144, goid=152, reason=176, parent=272, startpc=296, procid=72, saves_bp=False),
    ),
)


class Goroutine(NamedTuple):
    """One goroutine at a look. ``state`` is of ``STATES``, ``reason`` the runtime's own words for a wait, ``thread`` the tid that it is on
    or 0, ``chain`` its call chain (addresses, leaf first; only of one that does not run), ``root`` the address it was started with.
    """

    number: int
    state: str
    reason: str
    thread: int
    chain: tuple[int, ...]
    parent: int
    root: int


class Unreadable(Exception):
    """A process whose goroutines cannot be read; the text says why."""


class NotGo(Unreadable):
    """It has none."""


class NotBegun(OSError):
    """Its runtime has not begun yet: it is still being loaded."""


class TellsItself(Unreadable):
    """It was built to tell of them: they need not be read."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """Where a Go binary keeps what is asked for: addresses before relocation."""

    allgs: int
    reasons: int
    reasons_size: int
    version: int
    low: int  # of the text: where the file would begin
    text: tuple[int, int]
    initialised: int = 0  # 0 where it is not known


def symbols_of(fd: int) -> Symbols:
    """The symbols of the Go binary behind a descriptor. Raises Unreadable for one that is not Go's, or has none, or needs none."""
    try:
        data = mmap.mmap(fd, 0, prot=mmap.PROT_READ)  # let go when nothing looks into it any more
        return _symbols_in(data)
    except (OSError, ValueError, FormatError, struct.error) as error:
        raise Unreadable(str(error)) from None


def _symbols_in(data: mmap.mmap) -> Symbols:
    file = elf(memoryview(data))
    if file.pointer != 8 or file.order != "<" or file.machine not in _MACHINES:
        raise Unreadable("not a 64-bit program of x86 or ARM")
    if file.section(".gopclntab", ".data.rel.ro.gopclntab") is None:
        raise NotGo("not Go")
    table, names, text = file.section(".symtab"), file.section(".strtab"), file.section(".text")
    if table is None or names is None or text is None:
        raise Unreadable("its symbols were stripped (-ldflags=-s)")
    if data.find(_OBSERVED, names.offset, names.offset + names.size) >= 0:
        raise TellsItself("it tells of its goroutines itself")
    found = []
    for name in _WANTED:
        entry = _symbol(data, table.offset, table.size, _offset(data, names.offset, names.size, name))
        if entry is None:
            raise Unreadable(f"it has no {name}")
        found.append(entry)
    low = text.address - text.offset
    (allgs, _), (reasons, size), (version, _) = found
    known = (_offset(data, names.offset, names.size, name) for name in _INITIALISED)
    closed = _symbol(data, table.offset, table.size, next(filter(None, known), None))
    span = (text.address, text.address + text.size)
    return Symbols(allgs, reasons, size, version, low, span, closed[0] if closed else 0)


def _offset(data: mmap.mmap, start: int, size: int, name: str) -> int | None:
    at = data.find(b"\0" + name.encode() + b"\0", start, start + size)
    return None if at < 0 else at + 1 - start


def _symbol(data: mmap.mmap, start: int, size: int, name: int | None) -> tuple[int, int] | None:
    """Address and size of the symbol whose name has this offset: found by its bytes, as a table may hold hundreds of thousands."""
    if name is None:
        return None
    wanted, at, end = struct.pack("<I", name), start, start + size
    while (at := data.find(wanted, at, end)) >= 0:
        if (at - start) % _SYMBOL.size == 0 and at + _SYMBOL.size <= end:
            *_, address, length = _SYMBOL.unpack_from(data, at)
            return address, length
        at += 1
    return None


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


_libc = ctypes.CDLL(None, use_errno=True)
_MOST_VECTORS = 512  # the kernel takes 1024 at once


class Memory:
    """Reads another process's memory."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def read(self, address: int, size: int) -> bytes:
        """Raises OSError where it is not there, or may not be read."""
        reading = Places(self, ((address, size),))
        if reading.read() < size:
            raise OSError(14, "not mapped")
        return reading.buffer.raw


class Places:
    """Places in a process's memory that are read together, again and again: one after the other into ``buffer``."""

    def __init__(self, memory: Memory, places: Sequence[tuple[int, int]]) -> None:
        self.memory = memory
        self.buffer = ctypes.create_string_buffer(sum(size for _, size in places))
        at = ctypes.addressof(self.buffer)
        self._batches = []
        for first in range(0, len(places), _MOST_VECTORS):
            part = places[first : first + _MOST_VECTORS]
            total = sum(size for _, size in part)
            self._batches.append(
                (
                    ctypes.byref(_Vector(at, total)),
                    (_Vector * len(part))(*[_Vector(*place) for place in part]),
                    len(part),
                    total,
                )
            )
            at += total

    def read(self) -> int:
        """Reads all; how many bytes came, up to the first place that is not there. Raises OSError where none did."""
        found = 0
        for local, remote, count, total in self._batches:
            got = _libc.process_vm_readv(self.memory.pid, local, 1, remote, count, 0)
            if got < 0 and not found:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
            found += max(0, got)
            if got < total:
                break
        return found


class GoProgram:
    """One Go process. ``symbols`` are its binary's, ``base`` where the file begins by the mapping of its code. Raises Unreadable, NotBegun
    where it has no goroutine yet, OSError.

    Only what changed since the last look is followed again: a thousand goroutines that wait cost little.
    """

    def __init__(self, pid: int, symbols: Symbols, base: int) -> None:
        self.memory = Memory(pid)
        self.shift = base - symbols.low  # 0 where it is not position independent
        self.text = (symbols.text[0] + self.shift, symbols.text[1] + self.shift)
        self._list = Places(self.memory, ((symbols.allgs + self.shift, _SLICE.size),))
        self._list.read()
        if not _SLICE.unpack_from(self._list.buffer)[1]:  # before that no pointer in it need be right
            raise NotBegun(11, "it has no goroutines yet")
        self.version = self._string(symbols.version + self.shift)
        self.layout = layout_of(self.version)
        self.reasons = tuple(self._strings(symbols.reasons + self.shift, symbols.reasons_size // 16))
        self.passed_over = 0
        self._fields = self.layout.fields()
        self._initialised = symbols.initialised + self.shift if symbols.initialised else 0
        self._count = 0
        self._all: Places | None = None
        self._threads: dict[int, int] = {}
        self._was: list[tuple[int, ...]] = []
        self._known: list[Goroutine | None] = []

    def look(self) -> list[Goroutine]:
        """Every goroutine that is alive now, of the first ``MOST_GOROUTINES`` of the list; one that has not moved since the last look is
        the same object. Raises OSError where the process is gone.
        """
        self._list.read()
        address, count, _ = _SLICE.unpack_from(self._list.buffer)
        self.passed_over = max(0, count - MOST_GOROUTINES)
        count = min(count, MOST_GOROUTINES)
        if count != self._count or self._all is None:
            pointers = self.memory.read(address, count * 8) if count else b""
            self._all = Places(
                self.memory, [(place, self._fields.size) for (place,) in _WORD.iter_unpack(pointers)]
            )
            self._was += [()] * (count - len(self._was))
            self._known += [None] * (count - len(self._known))
            self._count = count
        came = self._all.read() // self._fields.size if count else 0
        moved: list[int] = []
        for index in range(min(count, came)):
            values = self._fields.unpack_from(self._all.buffer, index * self._fields.size)
            if values != self._was[index] and len(moved) < _MOST_FOLLOWED:
                self._was[index] = values
                moved.append(index)
        if moved:
            self._follow(moved)
        return [one for one in self._known[:came] if one is not None]

    def initialising(self) -> bool:
        """Whether its packages are still being initialised, so that main.main has not been called; False where that is not known."""
        if self._initialised:
            (channel,) = _WORD.unpack(self.memory.read(self._initialised, 8))
            if not channel or not any(self.memory.read(channel + _CLOSED_AT, 4)):
                return True
            self._initialised = 0
        return False

    def _follow(self, moved: Sequence[int]) -> None:
        """The goroutines at these places of the list, anew."""
        waiting = [
            index for index in moved if STATES.get(self._was[index][4] & ~_SCAN, "running") != "running"
        ]
        places = [(self._was[index][1], within_page(self._was[index][1])) for index in waiting]
        stacks = Places(self.memory, places)
        came = stacks.read() if places else 0
        chains, at, raw = {}, 0, stacks.buffer.raw
        for index, (_, size) in zip(waiting, places, strict=True):
            data = raw[at : at + size] if at + size <= came else b""
            chains[index] = self._chain(self._was[index], data)
            at += size
        for index in moved:
            machine, _, _, _, status, number, reason, parent, root = self._was[index]
            state = STATES.get(status & ~_SCAN)
            if state is None:
                self._known[index] = None
                continue
            waits = state == "waiting"
            words = self.reasons[reason] if waits and reason < len(self.reasons) else ""
            thread = 0 if waits or not machine else self._thread(machine)
            self._known[index] = Goroutine(number, state, words, thread, chains.get(index, ()), parent, root)

    def _thread(self, machine: int) -> int:
        """The tid of a ``runtime.m``: those are never moved, and keep their thread."""
        found = self._threads.get(machine)
        if found is None:
            try:
                found = _WORD.unpack(self.memory.read(machine + self.layout.procid, 8))[0] & 0x7FFFFFFF
            except OSError:
                found = 0
            if found:
                self._threads[machine] = found
        return found

    def _chain(self, values: tuple[int, ...], data: bytes) -> tuple[int, ...]:
        """Follows the frame pointers from a goroutine's saved registers; ``data`` is its stack from the pointer on."""
        _, sp, pc, bp, status, *_ = values
        if STATES.get(status & ~_SCAN) == "syscall" and not self.layout.saves_bp:
            bp = 0
        low, high = self.text
        chain = [pc] if low <= pc < high else []
        end = sp + len(data)
        bp = bp or self._saved_pointer(sp, data)
        while len(chain) < _MOST_FRAMES and bp:
            if sp <= bp <= end - 16:
                above, back = _PAIR.unpack_from(data, bp - sp)
            else:
                try:  # beyond what was read: the rest of a deep stack
                    above, back = _PAIR.unpack(self.memory.read(bp, 16))
                except OSError:
                    break
            if not low <= back < high:
                break
            chain.append(back)
            if above <= bp:
                break
            bp = above
        return tuple(chain)

    def _saved_pointer(self, sp: int, data: bytes) -> int:
        """Where the nearest frame keeps its caller's frame pointer: the first word that points up the stack and has a return address beside
        it. 0 where there is none.
        """
        low, high = self.text
        for at in range(0, min(len(data), _MOST_FRAME_BYTES) - 15, 8):
            above, back = _PAIR.unpack_from(data, at)
            if 0 < above - (sp + at) < _MOST_FRAME_BYTES and low <= back < high:
                return sp + at
        return 0

    def _string(self, address: int) -> str:
        return next(self._strings(address, 1))

    def _strings(self, address: int, count: int) -> Iterator[str]:
        """The Go strings that lie one after the other."""
        for where, size in _PAIR.iter_unpack(self.memory.read(address, 16 * min(count, 256))):
            there = 0 < size <= _MOST_TEXT and _LEAST_POINTER < where < _MOST_POINTER
            yield self.memory.read(where, size).decode("ascii", "replace") if there else ""


def within_page(sp: int) -> int:
    """How much may be read from a stack pointer on without leaving what is surely mapped: up to the page's end, or that of the next."""
    left = -sp % _STACK_BYTES or _STACK_BYTES
    return left if left >= _LEAST_STACK_BYTES else left + _STACK_BYTES


def layout_of(version: str) -> Layout:
    """The layout of a version such as ``go1.26.1``; of one yet unknown that of the newest known. Raises Unreadable for older ones."""
    found = _VERSION.match(version)
    minor = int(found[1]) if found else 99 if version.startswith("devel") else 0
    for since, layout in LAYOUTS:
        if minor >= since:
            return layout
    raise Unreadable(f"Go {version or 'of an unknown version'} lays its goroutines out in another way")


def supported() -> bool:
    """Whether this is a system where programs' memory can be read so."""
    return sys.platform == "linux" and hasattr(_libc, "process_vm_readv")
