"""Parts of an executable add up to the file, whatever the file is."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from godyno.errors import FormatError
from godyno.formats.sections import HEADERS, PADDING, parts
from godyno.toolchain import find_go


def _wasm(*sections: tuple[int, bytes]) -> bytes:
    out = b"\0asm\1\0\0\0"
    for kind, body in sections:
        out += bytes([kind, len(body)]) + body
    return out


def _pe(*sections: tuple[bytes, bytes]) -> bytes:
    optional = struct.pack("<H", 0x20B) + bytes(58) + struct.pack("<I", 512) + bytes(48)
    header = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, len(optional), 0) + optional
    table, body, at = b"", b"", 512
    for name, data in sections:
        table += struct.pack("<8sIIIIIIHHI", name, len(data), 0, len(data), at, 0, 0, 0, 0, 0)
        body, at = body + data, at + len(data)
    start = b"MZ" + bytes(58) + struct.pack("<I", 64)
    return (start + header + table).ljust(512, b"\0") + body


def _macho(name: bytes, data: bytes) -> bytes:
    section = struct.pack("<16s16sQQIIIIIIII", name, b"__TEXT", 0, len(data), 300, 0, 0, 0, 0, 0, 0, 0)
    segment = struct.pack("<II16sQQQQiiII", 0x19, 72 + 80, b"__TEXT", 0, 0, 0, 0, 0, 0, 1, 0) + section
    header = struct.pack("<IIIIIIII", 0xFEEDFACF, 0, 0, 2, 1, len(segment), 0, 0)
    return (header + segment).ljust(300, b"\0") + data


def _total(data: bytes) -> int:
    return sum(part.size for part in parts(data))


def test_every_byte_of_a_pe_file_is_in_one_part() -> None:
    data = _pe((b".text", b"x" * 100), (b".rdata", b"y" * 50)) + b"overlay"
    found = {part.name: part.size for part in parts(data)}
    assert found == {HEADERS: 512, ".text": 100, ".rdata": 50, PADDING: 7}


def test_every_byte_of_a_mach_o_file_is_in_one_part() -> None:
    data = _macho(b"__text", b"code" * 8)
    found = {part.name: part.size for part in parts(data)}
    assert found["__text"] == 32
    assert _total(data) == len(data)


def test_every_byte_of_a_wasm_module_is_in_one_part() -> None:
    data = _wasm((1, b"types"), (0, b"\4name" + b"n" * 20), (10, b"code"))
    assert [part.name for part in parts(data)] == [HEADERS, "type", "name", "code"]
    assert _total(data) == len(data)


def test_overlapping_sections_are_counted_once() -> None:
    data = bytearray(_pe((b".a", b"x" * 100), (b".b", b"y" * 50)))
    at = data.index(b".b\0\0") + 20
    data[at : at + 4] = struct.pack("<I", 520)  # inside .a
    assert _total(bytes(data)) == len(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"#!/bin/sh\n", b"\x7fELF", b"MZ" + bytes(60), b"\0asm\1\0\0\0\1" + b"\xff" * 9 + b"\1",
     b"\xcf\xfa\xed\xfe" + b"\xff" * 60],
)  # fmt: skip
def test_what_is_no_executable_or_is_cut_off_is_one_clear_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        parts(data)


@pytest.mark.parametrize(
    "make", [_pe((b".text", b"x" * 64)), _macho(b"__text", b"y" * 64), _wasm((10, b"z" * 64))]
)
def test_a_damaged_executable_gives_parts_or_a_format_error(make: bytes) -> None:
    for at in range(len(make)):
        for value in (0, 0x7F, 0xFF):
            damaged = make[:at] + bytes([value]) + make[at + 1 :]
            try:
                assert _total(damaged) == len(damaged)
            except FormatError:
                continue


@pytest.mark.integration
def test_the_parts_of_a_go_program_are_those_that_readelf_lists() -> None:
    program = Path(find_go().path)
    data = program.read_bytes()
    found = parts(data)
    assert sum(part.size for part in found) == len(data)
    names = {part.name for part in found}
    listed = subprocess.run(
        ["readelf", "-SW", str(program)], capture_output=True, text=True, check=True
    ).stdout
    assert {".text", ".rodata", ".gopclntab"} <= names
    assert all(name in listed for name in names if name.startswith("."))
