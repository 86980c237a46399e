"""Names of addresses."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.capture.reader import open_capture
from godyno.errors import GodynoError
from godyno.probes.kernel.perf_records import Life, Mapping_, Name
from godyno.probes.kernel.symbols import (
    Frame,
    Mapped,
    Spaces,
    Symbolizer,
    existing_mappings,
    kernel_symbols,
    own_vdso,
    recorded_here,
)
from godyno.recorder import record
from godyno.toolchain import find_go

PROGRAM = Path(__file__).parents[2] / "data" / "programs" / "names"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
USER = (1 << 64) - 512
KERNEL = (1 << 64) - 128


def chain(*addresses: int) -> bytes:
    return struct.pack(f"<{len(addresses)}Q", *addresses)


def test_a_new_mapping_hides_what_it_covers() -> None:
    space = Mapped()
    space.add(0x1000, 0x1000, 0, "/a", 1)
    space.add(0x3000, 0x1000, 0x500, "/b", 2)
    space.add(0x1800, 0x1000, 0, "/c", 3)
    assert space.find(0x1900) == ("/c", 3, 0x100)
    assert space.find(0x3010) == ("/b", 2, 0x510)
    assert space.find(0x2FFF) is None
    assert space.find(0) is None


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 40)), max_size=30), st.integers(0, 150))
def test_an_address_belongs_to_the_last_mapping_over_it(
    mappings: list[tuple[int, int]], address: int
) -> None:
    space = Mapped()
    for number, (start, length) in enumerate(mappings):
        space.add(start, length, 0, str(number), number)
    found = space.find(address)
    covering = [
        number for number, (start, length) in enumerate(mappings) if start <= address < start + length
    ]
    if found is not None:
        assert covering and found[0] == str(covering[-1])


def test_a_fork_inherits_mappings_and_an_exec_drops_them() -> None:
    spaces = Spaces()
    spaces.apply(Mapping_(1, 0, 7, 0x1000, 0x1000, 0, (8, 1), 99, "/program"))
    spaces.apply(Life(2, 0, "fork", 8, 8, 7, 7))
    assert spaces.of(8).find(0x1001) == ("/program", 99, 1)
    spaces.apply(Name(3, 0, 8, 8, "other", True))
    assert spaces.of(8).find(0x1001) is None
    assert spaces.of(7).find(0x1001) is not None


@linux
def test_a_function_of_libc_and_one_of_the_vdso_are_named(tmp_path: Path) -> None:
    address = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p).value
    assert address is not None
    spaces = Spaces()
    for row in existing_mappings(os.getpid()):
        spaces.map(*row[:4], row[5], row[4])
    symbols = Symbolizer(tmp_path, tmp_path, same_boot=True)
    ((function, _, _, binary),) = symbols.frames(chain(USER, address), spaces.of(os.getpid()))
    assert "getpid" in function
    assert "libc" in binary
    vdso = next((row for row in existing_mappings(os.getpid()) if row[5] == "[vdso]"), None)
    if vdso is None:
        pytest.skip("this kernel gives no vdso")
    assert own_vdso()[:4] == b"\x7fELF"
    ((_, _, _, binary),) = symbols.frames(chain(USER, vdso[1] + 0x800), spaces.of(os.getpid()))
    assert binary == "[vdso]"


def test_two_programs_at_the_same_addresses_are_told_apart(tmp_path: Path) -> None:
    symbols, found = Symbolizer(tmp_path, tmp_path, same_boot=True), []
    for name in ("one", "other"):
        space = Mapped()  # as of a process that was looked at: it has no version
        space.add(0x1000, 0x1000, 0, str(tmp_path / name), 1)
        found += symbols.frames(chain(USER, 0x1010), space)
    assert [frame[3] for frame in found] == [str(tmp_path / "one"), str(tmp_path / "other")]


def test_addresses_are_asked_for_once_and_give_the_frames_of_the_chain(tmp_path: Path) -> None:
    spaces, asked = Spaces(), list[tuple[Frame, ...]]()
    spaces.map(7, 0x1000, 0x1000, 0, str(tmp_path / "gone"), 1)
    symbols = Symbolizer(tmp_path, tmp_path, same_boot=True)

    def ids_of(frames: Sequence[Frame]) -> bytes:
        asked.append(tuple(frames))
        return bytes([len(asked)])

    # A leaf is where something ran, a caller's address the one behind its call: the same number is two places.
    assert symbols.ids(chain(USER, 0x1010, 0x1020, 0x1010), spaces.of(7), ids_of) == b"\1\2\3"
    assert symbols.ids(chain(KERNEL, USER, 0x1010, 0x1010), spaces.of(7), ids_of) == b"\1\3"
    assert [frame[0] for (frame,) in asked] == ["+0x10", "+0x1f", "+0xf"]


def test_what_cannot_be_named_keeps_its_place_and_says_why(tmp_path: Path) -> None:
    spaces = Spaces()
    spaces.map(7, 0x1000, 0x1000, 0x200, str(tmp_path / "gone"), 12345)
    symbols = Symbolizer(tmp_path, tmp_path, same_boot=True)
    assert symbols.frames(chain(USER, 0x1010, 0x9001), spaces.of(7)) == [
        ("+0x210", "", 0, str(tmp_path / "gone")),
        ("0x9000", "", 0, "[unmapped]"),
    ]
    assert "No such file" in symbols.missing[str(tmp_path / "gone")]


def test_a_strangers_records_make_no_file_here_be_read(tmp_path: Path) -> None:
    spaces = Spaces()
    spaces.map(7, 0x1000, 0x1000, 0, "/etc/passwd", Path("/etc/passwd").stat().st_ino)
    symbols = Symbolizer(tmp_path, tmp_path, same_boot=False)
    symbols.frames(chain(USER, 0x1010), spaces.of(7))
    assert "not on this machine" in symbols.missing["/etc/passwd"]
    assert not recorded_here({"recorder": {"boot_id": "another"}})


def test_a_program_replaced_since_is_not_taken_for_the_one_that_ran(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF")
    spaces = Spaces()
    spaces.map(7, 0x1000, 0x1000, 0, str(program), program.stat().st_ino + 1)
    symbols = Symbolizer(tmp_path, tmp_path, same_boot=True, began_s=program.stat().st_ctime - 10)
    symbols.frames(chain(USER, 0x1010), spaces.of(7))
    assert "another program" in symbols.missing[str(program)]


def test_kernel_names_that_were_needed_are_kept_for_another_machine(tmp_path: Path) -> None:
    addresses, names = kernel_symbols()
    if not addresses:
        pytest.skip("the kernel hides its addresses (kernel.kptr_restrict)")
    at = addresses[len(addresses) // 2] + 3
    first = Symbolizer(tmp_path, tmp_path, same_boot=True)
    frames = first.frames(chain(KERNEL, at), Mapped())
    first.close()
    assert frames == Symbolizer(tmp_path, tmp_path, same_boot=False).frames(chain(KERNEL, at), Mapped())
    assert len(names) == len(addresses)


def test_what_a_walk_astray_took_for_callers_is_left_out(tmp_path: Path) -> None:
    """Assembly without a frame pointer leaves anything in its place, also what looks like an address of the kernel's."""
    walked = chain(USER, 0x1000, 0xEFBE4786384F25E2, 0x2000)
    frames = Symbolizer(tmp_path, tmp_path, same_boot=True).frames(walked, Mapped())
    assert [function for function, *_ in frames] == ["0x1000"]


def test_hidden_kernel_addresses_are_no_symbols(tmp_path: Path) -> None:
    (tmp_path / "kallsyms").write_text("0000000000000000 T start\n0000000000000000 t other\nnonsense\n")
    assert kernel_symbols(tmp_path / "kallsyms") == ([], [])


def build(out: Path, *flags: str, cgo: bool = False) -> Path:
    try:
        go = find_go()
    except GodynoError as error:
        pytest.skip(str(error))
    if cgo and shutil.which("gcc") is None:
        pytest.skip("there is no C compiler here")
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "CGO_ENABLED": str(int(cgo))}
    subprocess.run([go.path, "build", *flags, "-o", str(out), "."], cwd=PROGRAM, env=env, check=True)
    return out


def stacks_of(program: Path, scratch: Path) -> list[list[str]]:
    """Every stack of a recording of ``program``, leaf first, as FUNCTION FILE:LINE."""
    recording = record([str(program)], scratch / "c", level="deep")
    assert recording.result.exit_code == 0
    with open_capture(recording.capture) as capture:
        found = capture.sql(
            "SELECT list(function || ' ' || regexp_replace(file, '.*/', '') || ':' || line ORDER BY depth) AS stack FROM frames "
            "WHERE stack_id IN (SELECT stack_id FROM stacks WHERE layer = 'cpu') GROUP BY stack_id"
        )["stack"].to_pylist()
    if not found:
        pytest.skip("CPU cannot be sampled here")
    return found


def seen(stacks: list[list[str]], *pattern: str) -> bool:
    """Whether a stack holds frames that match ``pattern`` one after the other, the innermost first."""
    return any(
        all(re.fullmatch(one, frame) for one, frame in zip(pattern, stack[at:], strict=False))
        for stack in stacks
        for at in range(len(stack) - len(pattern) + 1)
    )


GENERIC = r"main\.\(\*counter\[\.\.\.\]\)\.Add main\.go:(16|17)"
INLINED = r"main\.step\[\.\.\.\] main\.go:21"


@linux
@pytest.mark.integration
@pytest.mark.parametrize(
    "flags", [("-ldflags=-s -w",), ("-buildmode=pie", "-ldflags=-s -w")], ids=["stripped", "stripped PIE"]
)
def test_generic_inlined_and_anonymous_functions_are_named_without_symbols(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    stacks = stacks_of(build(tmp_path / "names", *flags), tmp_path)
    assert seen(stacks, INLINED, GENERIC, r"main\.during main\.go:\d+", r"main\.main main\.go:(65|66)")
    assert seen(stacks, r"main\.machine\.turn main\.go:\d+")
    assert seen(stacks, r"main\.main\.func\d+ main\.go:(69|70)")
    assert not any(
        frame.startswith(("+0x", "0x")) and "names" in frame for stack in stacks for frame in stack
    )


@linux
@pytest.mark.integration
def test_what_only_a_profile_made_the_compiler_inline_is_a_frame_of_its_own(tmp_path: Path) -> None:
    # As `go tool preprofile` writes it: caller, callee, the call's line within the caller and its weight.
    profile = tmp_path / "hot.pgo"
    profile.write_text("GO PREPROFILE V1\nmain.turns\nmain.machine.turn\n2 1000\n")
    stacks = stacks_of(build(tmp_path / "names", f"-gcflags=-pgoprofile={profile}"), tmp_path)
    assert seen(stacks, r"main\.machine\.turn main\.go:\d+", r"main\.turns main\.go:49")


@linux
@pytest.mark.integration
def test_a_stack_goes_from_c_through_the_call_to_the_goroutine(tmp_path: Path) -> None:
    stacks = stacks_of(build(tmp_path / "names", cgo=True), tmp_path)
    assert seen(
        stacks, r"burn_in_c .*", r"_cgo_\w+_Cfunc_called_from_go .*", r"runtime\.asmcgocall .*", r"runtime\.cgocall .*",
        r"main\._Cfunc_called_from_go .*", r"main\.burnInC c\.go:\d+", r"main\.during .*",
    )  # fmt: skip
