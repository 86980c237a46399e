"""What an executable file is made of, to the byte: sections, headers, and what lies between, of ELF, Mach-O, PE and WebAssembly.

Every byte of the file belongs to exactly one part, so that sizes add up. Sources: the ELF gABI chapter 4, Apple's
``mach-o/loader.h``, Microsoft's "PE Format", the WebAssembly core specification, section 5.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from godyno.errors import FormatError
from godyno.model import Record

HEADERS, PADDING = "(headers)", "(padding)"
_MAX = 65536  # sections or load commands: more is not an executable that a linker made
_SHT_NOBITS = 8
_LC_SEGMENT, _LC_SYMTAB, _LC_DYSYMTAB, _LC_SEGMENT_64 = 0x1, 0x2, 0xB, 0x19
# Load commands of the form (cmd, size, offset, length) that point into __LINKEDIT, by what they hold.
_LINKEDIT = {
    0x1D: "code signature",
    0x1E: "split info",
    0x26: "function starts",
    0x29: "data in code",
    0x80000033: "exports",
    0x80000034: "fixups",
}
_ZERO_FILL = (1, 12, 18)
_WASM_SECTIONS = (
    "custom",
    "type",
    "import",
    "function",
    "table",
    "memory",
    "global",
    "export",
    "start",
    "element",
    "code",
    "data",
    "data count",
)


@dataclass(frozen=True, slots=True)
class Part(Record):
    """``size`` bytes at ``offset`` of the file; ``name`` is a section's, or in brackets what else it is."""

    name: str
    offset: int
    size: int


def parts(data: bytes | memoryview) -> tuple[Part, ...]:
    """The parts of an executable in the file's order; their sizes add up to the file's. Raises FormatError where it is none."""
    view = memoryview(data)
    magic = bytes(view[:4])
    try:
        if magic == b"\x7fELF":
            found = list(_elf(view))
        elif magic in (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"):
            found = list(_macho(view, magic))
        elif magic[:2] == b"MZ":
            found = list(_pe(view))
        elif magic == b"\0asm":
            found = list(_wasm(view))
        else:
            raise FormatError(
                "This is no executable of a known format", hint="ELF, Mach-O, PE and WebAssembly are read."
            )
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise FormatError(f"The executable is cut off or damaged: {error}") from error
    return _filled(found, len(view))


def _filled(found: list[Part], size: int) -> tuple[Part, ...]:
    """The parts in order with what lies between them; a byte that two claim is the first one's."""
    out: list[Part] = []
    at = 0
    for part in sorted((one for one in found if one.size > 0), key=lambda one: (one.offset, -one.size)):
        start, end = max(part.offset, at), min(part.offset + part.size, size)
        if end <= start:
            continue
        if start > at:
            out.append(Part(PADDING, at, start - at))
        out.append(Part(part.name, start, end - start))
        at = end
    if at < size:
        out.append(Part(PADDING, at, size - at))
    return tuple(out)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")


def _elf(view: memoryview) -> Iterator[Part]:
    wide, order = view[4] == 2, ">" if view[5] == 2 else "<"
    if wide:
        phoff, shoff, _, ehsize, phsize, phnum, shsize, shnum, names = struct.unpack_from(
            f"{order}QQIHHHHHH", view, 32
        )
        header = f"{order}IIQQQQIIQQ"
    else:
        phoff, shoff, _, ehsize, phsize, phnum, shsize, shnum, names = struct.unpack_from(
            f"{order}IIIHHHHHH", view, 28
        )
        header = f"{order}10I"
    yield Part(HEADERS, 0, ehsize)
    yield Part(HEADERS, phoff, phsize * phnum)
    yield Part(HEADERS, shoff, shsize * shnum)
    headers = [struct.unpack_from(header, view, shoff + i * shsize) for i in range(shnum)]
    strings = headers[names] if names < len(headers) else None
    for name, kind, _, _, offset, size, *_ in headers:
        if kind in (0, _SHT_NOBITS):
            continue
        shown = _text(bytes(view[strings[4] + name : strings[4] + name + 256])) if strings else ""
        yield Part(shown or "(unnamed)", offset, size)


def _macho(view: memoryview, magic: bytes) -> Iterator[Part]:
    order = ">" if magic[0] == 0xFE else "<"
    wide = magic in (b"\xfe\xed\xfa\xcf", b"\xcf\xfa\xed\xfe")
    count, commands = struct.unpack_from(f"{order}II", view, 16)
    at = 32 if wide else 28
    yield Part(HEADERS, 0, at + commands)
    for _ in range(min(count, _MAX)):
        command, length = struct.unpack_from(f"{order}II", view, at)
        if length < 8:
            raise FormatError("A load command of the Mach-O file has no length")
        if command in (_LC_SEGMENT, _LC_SEGMENT_64):
            yield from _macho_sections(view, order, at, command == _LC_SEGMENT_64)
        elif command == _LC_SYMTAB:
            symbols, number, strings, strings_size = struct.unpack_from(f"{order}IIII", view, at + 8)
            yield Part("(symbol table)", symbols, number * (16 if wide else 12))
            yield Part("(string table)", strings, strings_size)
        elif command == _LC_DYSYMTAB:
            indirect, number = struct.unpack_from(f"{order}II", view, at + 56)
            yield Part("(indirect symbols)", indirect, number * 4)
        elif command in _LINKEDIT:
            offset, size = struct.unpack_from(f"{order}II", view, at + 8)
            yield Part(f"({_LINKEDIT[command]})", offset, size)
        at += length


def _macho_sections(view: memoryview, order: str, at: int, wide: bool) -> Iterator[Part]:
    count = struct.unpack_from(f"{order}I", view, at + (64 if wide else 48))[0]
    place, step = at + (72 if wide else 56), 80 if wide else 68
    for i in range(min(count, _MAX)):
        start = place + i * step
        section, segment = _text(bytes(view[start : start + 16])), _text(bytes(view[start + 16 : start + 32]))
        if wide:
            _, size, offset, _, _, _, flags = struct.unpack_from(f"{order}QQIIIII", view, start + 32)
        else:
            _, size, offset, _, _, _, flags = struct.unpack_from(f"{order}7I", view, start + 32)
        if flags & 0xFF not in _ZERO_FILL:
            yield Part(
                f"{segment},{section}" if segment not in ("__TEXT", "__DATA", "__DATA_CONST") else section,
                offset,
                size,
            )


def _pe(view: memoryview) -> Iterator[Part]:
    start = struct.unpack_from("<I", view, 60)[0]
    if bytes(view[start : start + 4]) != b"PE\0\0":
        raise FormatError("This DOS executable holds no PE header")
    _, count, _, symbols, number, optional = struct.unpack_from("<HHIIIH", view, start + 4)
    magic = struct.unpack_from("<H", view, start + 24)[0]
    headers = (
        struct.unpack_from("<I", view, start + 24 + 60)[0]
        if optional >= 64 and magic in (0x10B, 0x20B)
        else 0
    )
    yield Part(HEADERS, 0, headers or start + 24 + optional + 40 * count)
    strings = symbols + 18 * number
    strings_size = struct.unpack_from("<I", view, strings)[0] if symbols and strings + 4 <= len(view) else 0
    for i in range(min(count, _MAX)):
        at = start + 24 + optional + 40 * i
        name = _text(bytes(view[at : at + 8]))
        if (
            name.startswith("/") and name[1:].isdecimal() and strings_size
        ):  # a long name is an offset into the string table
            name = _text(bytes(view[strings + int(name[1:]) : strings + int(name[1:]) + 256]))
        size, offset = struct.unpack_from("<II", view, at + 16)
        yield Part(name or "(unnamed)", offset, size)
    if symbols:
        yield Part("(symbol table)", symbols, 18 * number)
        yield Part("(string table)", strings, strings_size)


def _wasm(view: memoryview) -> Iterator[Part]:
    yield Part(HEADERS, 0, 8)
    at = 8
    while at < len(view):
        start, kind = at, view[at]
        size, at = _leb128(view, at + 1)
        name = _WASM_SECTIONS[kind] if kind < len(_WASM_SECTIONS) else f"section {kind}"
        if kind == 0:
            length, text = _leb128(view, at)
            name = bytes(view[text : text + min(length, 256)]).decode("utf-8", "replace")
        at += size
        if at > len(view):
            raise FormatError("A section of the WebAssembly module reaches beyond its end")
        yield Part(name, start, at - start)


def _leb128(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64:
        byte = view[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
    raise FormatError("A number of the WebAssembly module does not end")
