import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError, GoNotFound
from godyno.formats.elf import elf
from godyno.formats.pclntab import Pclntab, pclntab
from godyno.toolchain import Go, find_go

# Prints a call stack of its own as the runtime names it, and where its code is mapped from.
PROGRAM = """package main

import (
	"os"
	"runtime"
)

//go:noinline
func record() {
	pcs := make([]uintptr, 20)
	pcs = pcs[:runtime.Callers(2, pcs)]
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		println("frame", f.Function, f.File, f.Line)
		if !more {
			break
		}
	}
	maps, _ := os.ReadFile("/proc/self/maps")
	start := 0
	for i, c := range maps {
		if c == '\\n' {
			println("map", string(maps[start:i]))
			start = i + 1
		}
	}
	for _, pc := range pcs {
		println("pc", uint64(pc))
	}
}

func inner() { record() }

func middle[T any](x T) { inner() }

//go:noinline
func outer() { middle(1) }

func main() { outer() }
"""
MODES = {
    "plain": [],
    "stripped": ["-ldflags=-s -w"],
    "stripped-pie": ["-buildmode=pie", "-ldflags=-s -w"],
}


@pytest.fixture(scope="session")
def go() -> Go:
    try:
        return find_go()
    except GoNotFound as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def programs(go: Go, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("pclntab")
    (root / "main.go").write_text(PROGRAM)
    (root / "go.mod").write_text("module example.com/p\n\ngo 1.21\n")
    for mode, flags in MODES.items():
        env = {"GOFLAGS": None, "CGO_ENABLED": "0"}
        go.run("build", "-o", mode, *flags, ".", cwd=root, env=env)
    return {mode: root / mode for mode in MODES}


@pytest.mark.integration
@pytest.mark.parametrize("mode", list(MODES))
def test_a_stack_is_named_as_the_runtime_names_it(programs: dict[str, Path], mode: str) -> None:
    path = programs[mode]
    said = subprocess.run([path], capture_output=True, text=True, check=True).stderr.splitlines()
    expected = [line.split()[1:] for line in said if line.startswith("frame ")]
    data = path.read_bytes()
    table, source = pclntab(data), elf(data)
    assert table.has_inlined_frames
    mapping = next(line for line in said if line.endswith(f"/{mode}") and " r-xp " in line).split()
    start, offset = int(mapping[1].partition("-")[0], 16), int(mapping[3], 16)
    found: list[list[str]] = []
    for pc in (int(line.split()[1]) for line in said if line.startswith("pc ")):
        address = source.address_of(pc - 1 - start + offset)
        assert address is not None
        frames = [[f.function, f.file, str(f.line)] for f in table.frames(address)]
        # The runtime gives one pc for each inlined frame of a position.
        found += [frame for frame in frames if frame not in found]
    assert found[: len(expected)] == expected
    assert [frame[0] for frame in found[:3]] == ["main.inner", "main.middle[...]", "main.outer"]
    assert [f.inlined for f in table.frames(_address(table, "main.outer") + 10)][-1:] == [False]


def _address(table: Pclntab, name: str) -> int:
    return next(address for address, found in table.function_names() if found == name)


@pytest.mark.integration
def test_stripping_changes_no_name(programs: dict[str, Path]) -> None:
    plain, stripped = pclntab(programs["plain"].read_bytes()), pclntab(programs["stripped"].read_bytes())
    order = random.Random(1)
    assert plain.text == stripped.text and len(plain) == len(stripped) > 1000
    for _ in range(500):
        address = order.randrange(*plain.text)
        assert plain.frames(address) == stripped.frames(address)


@pytest.mark.integration
def test_addresses_outside_the_code_have_no_frames(programs: dict[str, Path]) -> None:
    table = pclntab(programs["plain"].read_bytes())
    for address in (0, -5, table.text[0] - 1, table.text[1], 1 << 63, 1 << 70):
        assert table.frames(address) == ()


@pytest.mark.integration
def test_without_section_headers_the_table_is_found_by_its_first_bytes(programs: dict[str, Path]) -> None:
    data = bytearray(programs["plain"].read_bytes())
    data[0x28:0x30] = bytes(8)  # e_shoff
    data[0x3C:0x40] = bytes(4)  # e_shnum, e_shstrndx
    whole, table = pclntab(programs["plain"].read_bytes()), pclntab(bytes(data))
    address = _address(whole, "main.outer")
    assert [f.function for f in table.frames(address)][-1:] == ["main.outer"] or table.text[0] == 0


@pytest.mark.integration
def test_damage_is_a_format_error_and_never_a_crash(programs: dict[str, Path]) -> None:
    data = programs["stripped"].read_bytes()
    source = elf(data)
    section = source.section(".gopclntab")
    assert section is not None
    order = random.Random(2)
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(30):
            broken[order.randrange(section.offset, section.offset + section.size)] = order.randrange(256)
        for _ in range(order.randrange(3)):
            broken[order.randrange(0, 400)] = order.randrange(256)
        try:
            table = pclntab(bytes(broken))
            for _ in range(20):
                try:
                    table.frames(order.randrange(source.segments[0].address, source.segments[-1].address))
                except FormatError:
                    pass
        except FormatError:
            pass
    for cut in (0, 20, 64, 100, 5000, len(data) // 2):
        with pytest.raises(FormatError):
            pclntab(data[:cut])


def test_what_is_no_go_program_is_refused() -> None:
    with pytest.raises(FormatError, match="Not an ELF file"):
        pclntab(b"#!/bin/sh\n" * 20)
    with pytest.raises(FormatError, match="no Go program"):
        pclntab(Path("/bin/true").read_bytes())


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_format_error(tail: bytes) -> None:
    for head in (b"", b"\x7fELF\x02\x01\x01" + bytes(9), b"\x7fELF\x01\x02\x01" + bytes(9)):
        try:
            pclntab(head + tail)
        except FormatError:
            pass
