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

from godyno.errors import FormatError
from godyno.formats.elf import elf

MACHINES = (62, 183)  # x86-64 and arm64
MOST_GOROUTINES = 2000
_MOST_FRAMES = 64
_STACK_BYTES = 4096  # of a goroutine's stack from its pointer on: what a look reads at once
_MOST_FRAME_BYTES = 1024  # of those that are searched for a frame pointer that was not saved
_WANTED = ("runtime.allgs", "runtime.waitReasonStrings", "runtime.buildVersion")
_OBSERVED = "main.godynoRecorder"  # a program with this tells of its goroutines itself
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

    @property
    def size(self) -> int:
        """So many bytes of a ``runtime.g`` hold all that is read."""
        return self.startpc + 8


# The minor version of Go from which on a layout holds.
LAYOUTS: tuple[tuple[int, Layout], ...] = (
    (26, Layout(bp=96, status=144, goid=152, reason=176, parent=280, startpc=304, procid=64)),
    (25, Layout(bp=96, status=144, goid=152, reason=176, parent=272, startpc=296, procid=64)),
    (23, Layout(bp=104, status=152, goid=160, reason=184, parent=280, startpc=304, procid=72)),
    (21, Layout(bp=104, status=144, goid=152, reason=176, parent=272, startpc=296, procid=72, saves_bp=False)),
)


@dataclass(frozen=True, slots=True)
class Goroutine:
    """One goroutine at a look. ``state`` is of ``STATES``, ``reason`` the runtime's own words for a wait, ``thread`` the tid that it is on or
    0, ``chain`` its call chain (addresses, leaf first; only of one that does not run), ``root`` the address it was started with.
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


@dataclass(frozen=True, slots=True)
class Symbols:
    """Where a Go binary keeps what is asked for: addresses before relocation."""

    allgs: int
    reasons: int
    reasons_size: int
    version: int
    low: int  # of the text: where the file would begin
    text: tuple[int, int]


def symbols_of(fd: int) -> Symbols:
    """The symbols of the Go binary behind a descriptor. Raises Unreadable for one that is not Go's, or has none, or needs none."""
    try:
        return _symbols_in(mmap.mmap(fd, 0, prot=mmap.PROT_READ))  # let go when nothing looks into it any more
    except (OSError, ValueError, FormatError, struct.error) as error:
        raise Unreadable(str(error)) from None


def _symbols_in(data: mmap.mmap) -> Symbols:
    file = elf(memoryview(data))
    if file.pointer != 8 or file.order != "<" or file.machine not in MACHINES:
        raise Unreadable("not a 64-bit program of x86 or ARM")
    if file.section(".gopclntab", ".data.rel.ro.gopclntab") is None:
        raise Unreadable("not Go")
    table, names, text = file.section(".symtab"), file.section(".strtab"), file.section(".text")
    if table is None or names is None or text is None:
        raise Unreadable("its symbols were stripped (-ldflags=-s)")
    if _offset(data, names.offset, names.size, _OBSERVED) is not None:
        raise Unreadable("it tells of its goroutines itself")
    found = []
    for name in _WANTED:
        entry = _symbol(data, table.offset, table.size, _offset(data, names.offset, names.size, name))
        if entry is None:
            raise Unreadable(f"it has no {name}")
        found.append(entry)
    low = text.address - text.offset
    (allgs, _), (reasons, size), (version, _) = found
    return Symbols(allgs, reasons, size, version, low, (text.address, text.address + text.size))


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
        found = self.pieces(((address, size),))[0]
        if len(found) < size:
            raise OSError(14, "not mapped")
        return found

    def pieces(self, places: Sequence[tuple[int, int]]) -> list[bytes]:
        """The bytes at each (address, size); empty, and all that follow in its batch, where one is not there. Raises OSError."""
        out: list[bytes] = []
        for first in range(0, len(places), _MOST_VECTORS):
            part = places[first : first + _MOST_VECTORS]
            total = sum(size for _, size in part)
            buffer = ctypes.create_string_buffer(total)
            local = _Vector(ctypes.cast(buffer, ctypes.c_void_p), total)
            remote = (_Vector * len(part))(*part)
            got = _libc.process_vm_readv(self.pid, ctypes.byref(local), 1, remote, len(part), 0)
            if got < 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
            raw, at = buffer.raw, 0
            for _, size in part:
                out.append(raw[at : at + size] if at + size <= got else b"")
                at += size
        return out


class GoProgram:
    """One Go process. ``symbols`` are its binary's, ``base`` where the file begins by the mapping of its code. Raises Unreadable, OSError.

    Only what changed since the last look is followed again: a thousand goroutines that wait cost little.
    """

    def __init__(self, pid: int, symbols: Symbols, base: int) -> None:
        self.memory = Memory(pid)
        self.shift = base - symbols.low  # 0 where it is not position independent
        self.text = (symbols.text[0] + self.shift, symbols.text[1] + self.shift)
        self.allgs = symbols.allgs + self.shift
        self.version = self._string(symbols.version + self.shift)
        self.layout = layout_of(self.version)
        self.reasons = tuple(self._strings(symbols.reasons + self.shift, symbols.reasons_size // 16))
        self.passed_over = 0
        self._list = b""
        self._places: list[tuple[int, int]] = []
        self._threads: dict[int, int] = {}
        self._chains: dict[int, tuple[tuple[int, int, int], tuple[int, ...]]] = {}

    def look(self) -> list[Goroutine]:
        """Every goroutine that is alive now, the first ``MOST_GOROUTINES`` of the list. Raises OSError where the process is gone."""
        address, count, _ = _SLICE.unpack(self.memory.read(self.allgs, 24))
        self.passed_over = max(0, count - MOST_GOROUTINES)
        count = min(count, MOST_GOROUTINES)
        if count * 8 != len(self._list):
            self._list = self.memory.read(address, count * 8)
            size = self.layout.size
            self._places = [(place, size) for (place,) in _WORD.iter_unpack(self._list)]
        found = []
        for (place, _), data in zip(self._places, self.memory.pieces(self._places), strict=True):
            if data and (one := self._goroutine(place, data)) is not None:
                found.append(one)
        return self._with_chains(found)

    def _goroutine(self, place: int, data: bytes) -> tuple[int, Goroutine, tuple[int, int, int]] | None:
        at = self.layout
        status = int.from_bytes(data[at.status : at.status + 4], "little") & ~_SCAN
        state = STATES.get(status)
        if state is None:
            return None
        number, parent, root = (_WORD.unpack_from(data, where)[0] for where in (at.goid, at.parent, at.startpc))
        (sp, pc), (bp,) = _PAIR.unpack_from(data, at.sp), _WORD.unpack_from(data, at.bp)
        reason = data[at.reason]
        waits = state == "waiting"
        words = self.reasons[reason] if waits and reason < len(self.reasons) else ""
        machine = 0 if waits else _WORD.unpack_from(data, at.m)[0]
        one = Goroutine(number, state, words, self._thread(machine), (), parent, root)
        if state == "syscall" and not at.saves_bp:
            bp = 0
        return place, one, ((sp, pc, bp) if state != "running" else (0, 0, 0))

    def _thread(self, machine: int) -> int:
        """The tid of a ``runtime.m``: those are never moved, and keep their thread."""
        if not machine:
            return 0
        found = self._threads.get(machine)
        if found is None:
            try:
                found = _WORD.unpack(self.memory.read(machine + self.layout.procid, 8))[0] & 0x7FFFFFFF
            except OSError:
                found = 0
            if found:
                self._threads[machine] = found
        return found

    def _with_chains(self, found: Sequence[tuple[int, Goroutine, tuple[int, int, int]]]) -> list[Goroutine]:
        """Follows the frame pointers of those whose registers are not those of the last look."""
        moved = []
        for place, _, registers in found:
            if registers[0] and self._chains.get(place, (None, ()))[0] != registers:
                moved.append((place, registers))
        stacks = self.memory.pieces([(sp, self._within_page(sp)) for _, (sp, _, _) in moved])
        for (place, registers), data in zip(moved, stacks, strict=True):
            self._chains[place] = (registers, self._chain(registers, data))
        out = []
        for place, one, registers in found:
            chain = self._chains[place][1] if registers[0] and place in self._chains else ()
            out.append(Goroutine(one.number, one.state, one.reason, one.thread, chain, one.parent, one.root))
        return out

    @staticmethod
    def _within_page(sp: int) -> int:
        """How much may be read at a stack pointer without leaving what is surely mapped: a stack of Go is 2 KB at least, and aligned to it."""
        return _STACK_BYTES - sp % _STACK_BYTES if sp % _STACK_BYTES <= _STACK_BYTES - 256 else 2 * _STACK_BYTES - sp % _STACK_BYTES

    def _chain(self, registers: tuple[int, int, int], data: bytes) -> tuple[int, ...]:
        sp, pc, bp = registers
        low, high = self.text
        chain = [pc] if low <= pc < high else []
        end = sp + len(data)
        bp = bp or self._saved_pointer(sp, data)
        while len(chain) < _MOST_FRAMES and bp:
            if not sp <= bp <= end - 16:
                try:  # beyond what was read: the rest of a deep stack
                    more = self.memory.read(bp, 16)
                except OSError:
                    break
                above, back = _PAIR.unpack(more)
            else:
                above, back = _PAIR.unpack_from(data, bp - sp)
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
