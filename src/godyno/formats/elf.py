"""As much of ELF as naming Go functions needs: sections, loaded segments, relative relocations."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from godyno.errors import FormatError

_MAX_SECTIONS = 4096
_PT_LOAD, _PT_INTERP, _PT_NOTE, _SHT_RELA, _SHT_NOBITS, _SHT_NOTE = 1, 3, 4, 4, 8, 7
# R_*_RELATIVE: the word is the load address plus the addend.
_RELATIVE = {62: 8, 183: 1027, 243: 3, 22: 12, 21: 22, 258: 3}


@dataclass(frozen=True, slots=True)
class Section:
    """A section; ``size`` bytes at ``offset`` of the file and at ``address`` of the process (before
    relocation).
    """

    name: str
    kind: int
    address: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A loaded segment: ``file_size`` bytes at ``offset`` come to ``address``."""

    address: int
    offset: int
    file_size: int


@dataclass(frozen=True, slots=True)
class Elf:
    """A parsed file. ``order`` is struct's byte order, ``pointer`` 4 or 8 bytes; ``dynamic`` says PIE or
    shared. ``entry`` is the address at which it begins, ``interpreter`` the loader that it asks for, empty where it is static.
    """

    data: memoryview
    order: str
    pointer: int
    machine: int
    dynamic: bool
    sections: tuple[Section, ...]
    segments: tuple[Segment, ...]
    entry: int = 0
    interpreter: str = ""

    def section(self, *names: str) -> Section | None:
        """The first of ``names`` that the file has."""
        for name in names:
            for section in self.sections:
                if section.name == name:
                    return section
        return None

    def contents(self, section: Section) -> memoryview:
        """The bytes of a section; shorter where the file is cut."""
        if section.kind == _SHT_NOBITS:
            return self.data[:0]
        return self.data[section.offset : section.offset + section.size]

    def at(self, address: int, size: int) -> memoryview:
        """``size`` bytes at a virtual address, fewer at a segment's end, none outside."""
        for segment in self.segments:
            inside = address - segment.address
            if 0 <= inside < segment.file_size:
                start = segment.offset + inside
                return self.data[start : start + min(size, segment.file_size - inside)]
        return self.data[:0]

    def address_of(self, offset: int) -> int | None:
        """The virtual address of a file offset, as a memory mapping of the file shows it; None outside all
        segments.
        """
        for segment in self.segments:
            if segment.offset <= offset < segment.offset + segment.file_size:
                return offset - segment.offset + segment.address
        return None

    def offset_of(self, address: int) -> int | None:
        """The file offset that comes to a virtual address; None outside what is loaded from the file."""
        for segment in self.segments:
            if segment.address <= address < segment.address + segment.file_size:
                return address - segment.address + segment.offset
        return None

    def relative_relocations(self, start: int, end: int) -> dict[int, int]:
        """Address to addend of the relative relocations inside [start, end): what a PIE's pointers hold
        before loading.
        """
        found: dict[int, int] = {}
        wanted = _RELATIVE.get(self.machine)
        if self.pointer != 8 or wanted is None:
            return found
        entry = struct.Struct(self.order + "QQq")
        for section in self.sections:
            if section.kind != _SHT_RELA:
                continue
            contents = self.contents(section)
            usable = len(contents) // entry.size * entry.size
            found |= {
                address: addend
                for address, info, addend in entry.iter_unpack(contents[:usable])
                if start <= address < end and info & 0xFFFFFFFF == wanted
            }
        return found

    def build_id(self, owner: str = "GNU") -> str:
        """The build ID note of ``owner`` (``GNU``: hex as perf prints it; ``Go``: Go's own text), or
        empty.
        """
        for section in self.sections:
            if section.kind != _SHT_NOTE:
                continue
            note = bytes(self.contents(section)[:4096])
            if len(note) < 12:
                continue
            name_size, size, kind = struct.unpack_from(self.order + "III", note)
            name = note[12 : 12 + min(name_size, 16)].rstrip(b"\0")
            start = 12 + (name_size + 3) // 4 * 4
            content = note[start : start + size]
            if name == owner.encode() and owner == "GNU" and kind == 3:
                return content.hex()
            if name == owner.encode() and owner == "Go" and kind == 4:
                return content.decode("utf-8", "replace")
        return ""


def elf(data: bytes | memoryview) -> Elf:
    """The ELF file in ``data`` (may be a memory map). Raises FormatError for what is none."""
    view = memoryview(data)
    if len(view) < 52 or bytes(view[:4]) != b"\x7fELF" or view[4] not in (1, 2) or view[5] not in (1, 2):
        raise FormatError("Not an ELF file")
    order, wide = "<" if view[5] == 1 else ">", view[4] == 2
    header = struct.Struct(order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"))
    try:
        (
            kind,
            machine,
            _,
            entry,
            ph_offset,
            sh_offset,
            _,
            _,
            ph_size,
            ph_count,
            sh_size,
            sh_count,
            names_index,
        ) = header.unpack_from(view, 16)
        segments, interpreter = [], ""
        program = struct.Struct(order + ("IIQQQQQQ" if wide else "IIIIIIII"))
        for index in range(min(ph_count, _MAX_SECTIONS)):
            fields = program.unpack_from(view, ph_offset + index * ph_size)
            offset, address, size = (
                (fields[2], fields[3], fields[5]) if wide else (fields[1], fields[2], fields[4])
            )
            if fields[0] == _PT_LOAD:
                segments.append(Segment(address, offset, size))
            elif fields[0] == _PT_INTERP:
                interpreter = _name(bytes(view[offset : offset + min(size, 4096)]), 0)
        section = struct.Struct(order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"))
        rows = [
            section.unpack_from(view, sh_offset + i * sh_size) for i in range(min(sh_count, _MAX_SECTIONS))
        ]
    except (struct.error, OverflowError) as error:  # an offset beyond what an index can be
        raise FormatError("An ELF file that is cut short or damaged") from error
    names = b""
    if names_index < len(rows):
        names = bytes(view[rows[names_index][4] : rows[names_index][4] + min(rows[names_index][5], 1 << 20)])
    sections = tuple(Section(_name(names, row[0]), row[1], row[3], row[4], row[5]) for row in rows)
    return Elf(
        view, order, 8 if wide else 4, machine, kind == 3, sections, tuple(segments), entry, interpreter
    )


def _name(names: bytes, offset: int) -> str:
    end = names.find(b"\0", offset)
    return names[offset:end].decode("utf-8", "replace") if 0 <= offset < end else ""
