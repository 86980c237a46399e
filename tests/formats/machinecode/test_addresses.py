"""Which data machine code refers to: instructions by hand, from the manufacturers' manuals."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from godyno.formats.elf import elf
from godyno.formats.machinecode.addresses import KNOWN, data_addresses
from godyno.toolchain import find_go

_CODE, _DATA = 0x401000, 0x500000
_RANGES = [(_DATA, _DATA + 0x1000)]
_PAD = b"\x90" * 16


def _amd64(head: bytes, tail: bytes = b"") -> bytes:
    """An instruction whose displacement reaches the data's 0x10th byte from its end."""
    start = _CODE + len(_PAD)
    displacement = _DATA + 0x10 - (start + len(head) + 4 + len(tail))
    return _PAD + head + struct.pack("<i", displacement) + tail + _PAD


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("LEAQ x(IP), AX", _amd64(b"\x48\x8d\x05")),
        ("MOVQ x(IP), R12", _amd64(b"\x4c\x8b\x25")),
        ("MOVUPS x(IP), X0", _amd64(b"\x0f\x10\x05")),
        ("MOVSD x(IP), X1", _amd64(b"\xf2\x0f\x10\x0d")),
        ("CMPQ x(IP), $0", _amd64(b"\x48\x83\x3d", b"\x00")),
        ("MOVL $7, x(IP)", _amd64(b"\xc7\x05", b"\x07\x00\x00\x00")),
        ("VMOVDQU x(IP), Y0", _amd64(b"\xc5\xfe\x6f\x05")),
        ("VMOVDQU64 x(IP), Z0", _amd64(b"\x62\xf1\xfe\x48\x6f\x05")),
    ],
)
def test_displacements_from_the_instruction_pointer_are_found_on_amd64(name: str, code: bytes) -> None:
    at, to = data_addresses("amd64", code, _CODE, _RANGES)
    assert to.tolist() == [_DATA + 0x10], name
    assert _CODE + 16 <= at[0] < _CODE + 32


def test_a_page_and_the_offset_after_it_are_one_address_on_arm64() -> None:
    pages = (_DATA >> 12) - (_CODE >> 12)
    adrp = 0x90000000 | (pages & 3) << 29 | (pages >> 2) << 5 | 3  # ADRP x, R3
    add = 0x91000000 | 0x20 << 10 | 3 << 5 | 3  # ADD $32, R3, R3
    load = 0xF9400000 | 4 << 10 | 3 << 5 | 1  # MOVD 32(R3), R1
    nop = 0xD503201F
    code = struct.pack("<8I", nop, adrp, add, nop, adrp, load, nop, nop)
    at, to = data_addresses("arm64", code, _CODE, _RANGES)
    assert to.tolist() == [_DATA + 0x20, _DATA + 0x20]
    assert at.tolist() == [_CODE + 4, _CODE + 16]


def test_upper_and_lower_bits_are_one_address_on_riscv64_also_where_code_is_compressed() -> None:
    offset = _DATA + 0x7F8 - (_CODE + 2)
    auipc = (offset + 0x800) & 0xFFFFF000 | 5 << 7 | 0x17  # AUIPC, X5
    addi = (offset & 0xFFF) << 20 | 5 << 15 | 5 << 7 | 0x13  # ADDI X5, X5
    code = struct.pack("<HII", 0x0001, auipc, addi) + b"\x01\x00" * 8  # after a compressed NOP
    at, to = data_addresses("riscv64", code, _CODE, _RANGES)
    assert to.tolist() == [_DATA + 0x7F8]
    assert at.tolist() == [_CODE + 2]


def test_what_lies_elsewhere_is_not_told() -> None:
    code = _amd64(b"\x48\x8d\x05")
    assert data_addresses("amd64", code, _CODE, [(0x900000, 0x901000)])[1].size == 0


@pytest.mark.parametrize("goarch", [*KNOWN, "s390x"])
def test_no_code_refers_to_nothing(goarch: str) -> None:
    assert data_addresses(goarch, b"", _CODE, _RANGES)[0].size == 0


@pytest.mark.integration
def test_a_disassembler_finds_the_same_in_a_real_program(tmp_path: Path) -> None:
    capstone = pytest.importorskip("capstone")
    (tmp_path / "go.mod").write_text("module a\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n')
    env: dict[str, str | None] = {"GOFLAGS": "", "GOWORK": "off", "GOARCH": "amd64", "CGO_ENABLED": "0"}
    find_go().run("build", "-o", "a", ".", cwd=tmp_path, env=env)
    program = elf((tmp_path / "a").read_bytes())
    text, rodata = program.section(".text"), program.section(".rodata")
    assert text and rodata
    ranges = [(rodata.address, rodata.address + rodata.size)]
    code = bytes(program.contents(text))
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    decoder.skipdata = True
    wanted = set()
    for address, size, _, operands in decoder.disasm_lite(code, text.address):
        if match := re.search(r"rip ([+-]) (0x[0-9a-f]+|\d+)", operands):
            to = address + size + int(match[1] + match[2], 0)
            wanted |= {to} if ranges[0][0] <= to < ranges[0][1] else set()
    found = set(data_addresses("amd64", code, text.address, ranges)[1].tolist())
    assert len(wanted) > 500
    assert len(found ^ wanted) < 0.005 * len(wanted)
