"""Function names, files and lines of a Go program, inlined frames included, from its pclntab: stripped
binaries have it too.

Layout: runtime/symtab.go, debug/gosym and cmd/link/internal/ld/pcln.go; Go 1.18 and newer, PIE or not.
Inlined frames need Go 1.21: their table lies outside the pclntab, and the runtime's moduledata tells where.
"""

from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from godyno.errors import FormatError
from godyno.formats.elf import Elf, elf
from godyno.formats.moduledata import module_data

_MAGIC = {0xFFFFFFF0: "1.18", 0xFFFFFFF1: "1.20"}
_OLD = {0xFFFFFFFB: "1.2", 0xFFFFFFFA: "1.16"}
_PCDATA_INLINE_TREE, _FUNCDATA_INLINE_TREE = 2, 3
_MAX_INLINED = 200
_MAX_NAME = 1 << 16
_NONE = 0xFFFFFFFF
_MAX_TABLES = 64  # of program counters, beside three: there are four
_VERSION = re.compile(rb"go1\.(\d+)")


@dataclass(frozen=True, slots=True)
class GoFrame:
    """One source position. ``inlined`` says that the next frame's function contains this one's code."""

    function: str
    file: str
    line: int
    inlined: bool = False
    start_line: int = 0


@dataclass(frozen=True, slots=True)
class _Function:
    entry: int
    name: str
    start_line: int
    files: tuple[list[int], list[int]]  # ends of ranges (offsets from entry), values
    lines: tuple[list[int], list[int]]
    inline: tuple[list[int], list[int]]
    unit: int
    tree: int  # address of the inline tree, 0 without


class Pclntab:
    """The table of one program. Addresses are the file's own, before any relocation (see ``formats.elf``)."""

    def __init__(self, source: Elf) -> None:
        self._elf = source
        section = source.section(".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab")
        where = _find(source) if section is None else section.address
        data = (
            source.contents(section) if section else (source.at(where, 1 << 40) if where else source.data[:0])
        )
        if where is None or len(data) < 8:
            raise FormatError("No pclntab: this is no Go program, or one whose sections were removed")
        order = source.order
        magic, quantum, pointer = struct.unpack_from(order + "I2xBB", data)
        if magic in _OLD:
            raise FormatError(f"A pclntab of Go {_OLD[magic]}: Go 1.18 or newer is read")
        if magic not in _MAGIC or quantum not in (1, 2, 4) or pointer not in (4, 8):
            raise FormatError(f"A pclntab of unknown form (it begins with {magic:#x})")
        self.address, self.version = where, _MAGIC[magic]
        try:
            words = struct.unpack_from(f"{order}8{'Q' if pointer == 8 else 'I'}", data, 8)
        except struct.error as error:
            raise FormatError("A pclntab that is cut short") from error
        self._order, self._quantum, self._data = order, quantum, data
        count = words[0]
        self._names, self._units, self._files, self._pcs, self._functions = (
            data[min(offset, len(data)) :] for offset in words[3:8]
        )
        if count > len(self._functions) // 8:
            raise FormatError(f"A pclntab that claims {count} functions and is cut short")
        table = array("I", bytes(self._functions[: count * 8 + 4]))
        if table.itemsize != 4 or len(table) != count * 2 + 1:
            raise FormatError("A pclntab that is cut short")
        if order == ">":
            table.byteswap()
        self._entries, self._offsets = table[0::2], table[1::2]
        self._release = _release(source)
        module = module_data(source, where, self._release)
        text = source.section(".text", "__text")
        # The header's word may not be relocated yet, and .text may begin with C's start code: moduledata
        # knows best.
        self._text = module.text if module else words[2] or (text.address if text else 0)
        self._gofunc = module.gofunc if module and self._release >= 21 else 0
        self.module = module
        self._function = lru_cache(4096)(self._read_function)
        self._file = lru_cache(16384)(self._read_file)

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def has_inlined_frames(self) -> bool:
        """Whether the inline tables were found; without them only the outermost function is named."""
        return self._gofunc != 0

    @property
    def text(self) -> tuple[int, int]:
        """The addresses that hold Go code: first, and one beyond the last."""
        return self._text, self._text + (self._entries[-1] if len(self._entries) else 0)

    def frames(self, address: int) -> tuple[GoFrame, ...]:
        """The frames at ``address``, innermost first; none outside Go's code.

        For a return address (all frames of a stack but the leaf) pass ``address - 1``, the call itself.
        Raises FormatError where the table contradicts itself.
        """
        offset = address - self._text
        if not self._offsets or not 0 <= offset < self._entries[-1]:
            return ()
        index = bisect_right(self._entries, offset) - 1
        if index < 0 or index >= len(self._offsets):
            return ()
        try:
            return self._frames(self._function(index), offset)
        except (struct.error, IndexError, ValueError, OverflowError) as error:
            raise FormatError(f"A pclntab that contradicts itself at {address:#x}") from error

    def address_of(self, name: str) -> int | None:
        """Where the function ``name`` begins; None where there is none, as when it is inlined everywhere."""
        place = bytes(self._names).find(b"\0" + name.encode() + b"\0") + 1
        if not place:
            return None
        for index, base in enumerate(self._offsets):
            if (
                base + 8 <= len(self._functions)
                and struct.unpack_from(self._order + "i", self._functions, base + 4)[0] == place
            ):
                return self._text + int(self._entries[index])
        return None

    def function_names(self) -> Iterator[tuple[int, str]]:
        """Address and name of every function, by address; inlined away ones are not among them."""
        for index in range(len(self._offsets)):
            try:
                function = self._function(index)
            except (struct.error, IndexError, ValueError, OverflowError) as error:
                raise FormatError(f"A pclntab that contradicts itself at function {index}") from error
            yield self._text + function.entry, function.name

    def uses(self) -> Iterator[tuple[int, int]]:
        """Each function (its number, by address) with the addresses at which what describes it begins: its entries, name, tables of
        program counters, file names, and data (stack maps and the like, where moduledata tells where they lie).
        """
        parts = (self._names, self._units, self._files, self._pcs, self._functions)
        names, units, files, pcs, functions = (self.address + len(self._data) - len(part) for part in parts)
        try:
            found = [self._uses(offset) for offset in self._offsets]
            unit_files = self._unit_files({unit for _, _, unit, _ in found} - {_NONE})
        except (struct.error, IndexError, OverflowError) as error:
            raise FormatError("A pclntab that contradicts itself") from error
        for index, (name, tables, unit, data) in enumerate(found):
            yield index, functions + 8 * index
            yield index, functions + self._offsets[index]
            yield index, names + name
            if unit != _NONE:  # generated functions are of no unit
                yield index, units + 4 * unit
            yield from ((index, pcs + table) for table in tables if table)
            # The functions of a unit are one package's: once is enough.
            yield from ((index, files + file) for file in unit_files.pop(unit, ()))
            yield from ((index, address) for address in data)

    def _uses(self, offset: int) -> tuple[int, tuple[int, ...], int, list[int]]:
        """Of a function: its name, its tables, its compilation unit, the addresses of its data."""
        data, order = self._functions, self._order
        _, name, _, _, *tables, count, unit = struct.unpack_from(order + "IiiIIIIII", data, offset)
        fixed = 36 if self.version == "1.18" else 40
        end = offset + fixed + 4
        more = struct.unpack_from(f"{order}{count}I", data, end) if count <= _MAX_TABLES else ()
        places = struct.unpack_from(f"{order}{data[offset + fixed + 3]}I", data, end + 4 * count)
        known = [self._gofunc + place for place in places if place != _NONE] if self._gofunc else []
        return name, (*tables, *more), unit, known

    def _unit_files(self, units: set[int]) -> dict[int, tuple[int, ...]]:
        """Where the file names of each compilation unit lie; a unit ends where the next one begins."""
        starts = sorted(units)
        ends = [*starts[1:], (len(self._units) - len(self._files)) // 4]
        return {
            start: tuple(
                offset
                for (offset,) in struct.iter_unpack(
                    self._order + "I", self._units[4 * start : 4 * max(start, end)]
                )
                if offset != _NONE
            )
            for start, end in zip(starts, ends, strict=True)
        }

    def _frames(self, function: _Function, offset: int) -> tuple[GoFrame, ...]:
        found = []
        at = offset - function.entry
        for _ in range(_MAX_INLINED):
            file = self._file(function.unit, _value(function.files, at))
            line = _value(function.lines, at)
            index = _value(function.inline, at) if function.tree else -1
            if index < 0:
                break
            entry = self._elf.at(function.tree + index * 16, 16)
            name, parent, start_line = struct.unpack_from(self._order + "4xiii", entry)
            found.append(GoFrame(self._name(name), file, max(line, 0), True, max(start_line, 0)))
            at = parent
        found.append(GoFrame(function.name, file, max(line, 0), False, function.start_line))
        return tuple(found)

    def _read_function(self, index: int) -> _Function:
        data, base = self._functions, self._offsets[index]
        entry, name, _, _, _, files, lines, pcdata_count, unit = struct.unpack_from(
            self._order + "IiiIIIIII", data, base
        )
        fixed = 36 if self.version == "1.18" else 40
        start_line = struct.unpack_from(self._order + "i", data, base + 36)[0] if fixed == 40 else 0
        funcdata_count = data[base + fixed + 3]
        pcdata = base + fixed + 4
        inline, tree = 0, 0
        if self._gofunc and pcdata_count > _PCDATA_INLINE_TREE and funcdata_count > _FUNCDATA_INLINE_TREE:
            inline = struct.unpack_from(self._order + "I", data, pcdata + 4 * _PCDATA_INLINE_TREE)[0]
            where = pcdata + 4 * (pcdata_count + _FUNCDATA_INLINE_TREE)
            tree = struct.unpack_from(self._order + "I", data, where)[0]
            tree = 0 if tree == 0xFFFFFFFF else self._gofunc + tree
        return _Function(
            entry, self._name(name), start_line, self._values(files), self._values(lines),
            self._values(inline) if tree and inline else ([], []), unit, tree,
        )  # fmt: skip

    def _values(self, offset: int) -> tuple[list[int], list[int]]:
        """A table of pctab: pairs of zigzag value difference and pc difference, in varints, ended by a zero
        difference.
        """
        ends: list[int] = []
        values: list[int] = []
        if not offset:
            return ends, values
        data, value, pc, first = self._pcs, -1, 0, True
        while True:
            delta = data[offset]
            delta, offset = (delta, offset + 1) if delta < 0x80 else _varint(data, offset)
            if delta == 0 and not first:
                return ends, values
            first = False
            value += -(delta >> 1) - 1 if delta & 1 else delta >> 1
            step = data[offset]
            step, offset = (step, offset + 1) if step < 0x80 else _varint(data, offset)
            pc += step * self._quantum
            ends.append(pc)
            values.append(value)

    def _name(self, offset: int) -> str:
        # As the runtime prints it, and so pprof and traces: f[go.shape.int] is f[...].
        name = _text(self._names, offset)
        start, end = name.find("["), name.rfind("]")
        return f"{name[:start]}[...]{name[end + 1 :]}" if 0 <= start < end else name

    def _read_file(self, unit: int, number: int) -> str:
        if number < 0:
            return ""
        offset = struct.unpack_from(self._order + "I", self._units, (unit + number) * 4)[0]
        return "" if offset == 0xFFFFFFFF else _text(self._files, offset)


def pclntab(data: bytes | memoryview) -> Pclntab:
    """The table of the ELF program in ``data`` (may be a memory map, which it keeps). Raises FormatError."""
    return Pclntab(elf(data))


def _find(source: Elf) -> int | None:
    """The table's address by its first bytes, where sections are gone."""
    for magic in _MAGIC:
        pattern = struct.pack(source.order + "I", magic) + b"\0\0"
        for segment in source.segments:
            data = bytes(source.data[segment.offset : segment.offset + segment.file_size])
            at = data.find(pattern)
            while at >= 0:
                if (
                    at % 8 == 0
                    and at + 8 <= len(data)
                    and data[at + 6] in (1, 2, 4)
                    and data[at + 7] == source.pointer
                ):
                    return segment.address + at
                at = data.find(pattern, at + 1)
    return None


def _release(source: Elf) -> int:
    """27 for Go 1.27, as the build information says; 0 where there is none."""
    section = source.section(".go.buildinfo", "__go_buildinfo")
    match = _VERSION.search(bytes(source.contents(section)[:256])) if section else None
    return int(match[1]) if match else 0


def _value(table: tuple[list[int], list[int]], at: int) -> int:
    ends, values = table
    index = bisect_right(ends, at)
    return values[index] if index < len(values) else -1


def _varint(data: Any, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, offset
        shift += 7
        if shift > 35:
            raise ValueError("a varint that does not end")


def _text(data: memoryview, offset: int) -> str:
    if not 0 <= offset < len(data):
        raise ValueError("text outside its table")
    piece = bytes(data[offset : offset + 256])
    end = piece.find(b"\0")
    if end < 0:
        piece = bytes(data[offset : offset + _MAX_NAME])
        end = piece.find(b"\0")
        if end < 0:
            raise ValueError("text that does not end")
    return piece[:end].decode("utf-8", "replace")
