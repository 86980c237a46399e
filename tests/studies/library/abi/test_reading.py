"""Held against Go's own documents: cmd/compile/abi-internal.md for the register ABI, cmd/internal/obj's headers for the roles without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from godyno.errors import GodynoError, ToolchainError
from godyno.formats.machinecode.effects import Memory, Move, Register, Return
from godyno.formats.machinecode.gosyntax import THREAD_LOCAL
from godyno.formats.machinecode.symbolic import Trace, follow
from godyno.studies.library.abi.boundary import read_boundary, with_call_to_c
from godyno.studies.library.abi.compiling import read_abi, traces_of
from godyno.studies.library.abi.reading import Refused, read
from godyno.toolchain import Go, find_go, versions
from godyno.toolchain.programs import Disassembler, disassembler

integration = pytest.mark.integration


def numbered(letter: str, *parts: int | tuple[int, int]) -> tuple[str, ...]:
    """R 3-10 14-17, as the document writes it."""
    names: list[str] = []
    for part in parts:
        first, last = part if isinstance(part, tuple) else (part, part)
        names += [f"{letter}{i}" for i in range(first, last + 1)]
    return tuple(names)


@dataclass(frozen=True)
class Said:
    """What the document says of an architecture."""

    integers: tuple[str, ...] = ()
    floats: tuple[str, ...] = ()
    g: str = ""
    closure: str = ""
    stack_pointer: str = ""
    stack_alignment: int = 8
    link: str = ""
    later: bool = False  # whether Go 1.21 has no register ABI there yet


SAID = {
    "amd64": Said(
        ("AX", "BX", "CX", "DI", "SI", "R8", "R9", "R10", "R11"), numbered("X", (0, 14)), "R14", "DX", "SP"
    ),
    "arm64": Said(numbered("R", (0, 15)), numbered("F", (0, 15)), "R28", "R26", "RSP", 16, "R30"),
    "loong64": Said(numbered("R", (4, 19)), numbered("F", (0, 15)), "R22", "R29", "R3", 8, "R1", later=True),
    "ppc64": Said(numbered("R", (3, 10), (14, 17)), numbered("F", (1, 12)), "R30", "R11", "R1", 8, "LR"),
    "ppc64le": Said(numbered("R", (3, 10), (14, 17)), numbered("F", (1, 12)), "R30", "R11", "R1", 8, "LR"),
    "riscv64": Said(
        numbered("X", (10, 17), 8, 9, (18, 23)), numbered("F", (10, 17), 8, 9, (18, 23)), "X27", "X26", "X2", 8, "X1"
    ),
    "s390x": Said(numbered("R", (2, 9)), numbered("F", (0, 15)), "R13", "R12", "R15", 8, "R14", later=True),
    # Without a register ABI: the roles by cmd/internal/obj (REGG, REGCTXT, REGSP, REGLINK; for wasm the globals' order)
    "386": Said((), (), THREAD_LOCAL, "DX", "SP", 4),
    "arm": Said((), (), "R10", "R7", "R13", 4, "R14"),
    "mips": Said((), (), "R30", "R22", "R29", 4, "R31"),
    "mips64": Said((), (), "R30", "R22", "R29", 8, "R31"),
    "wasm": Said((), (), "global2", "global1", "global0", 8),
}  # fmt: skip
# C's own first, second and fourth integer argument, by each platform's psABI
C_ARGUMENTS = {
    "linux/amd64": ("DI", "SI", "CX"), "windows/amd64": ("CX", "DX", "R9"), "linux/386": ("stack+4", "stack+8", "stack+16"),
    "linux/arm": ("R0", "R1", "R3"), "linux/arm64": ("R0", "R1", "R3"), "linux/loong64": ("R4", "R5", "R7"),
    "linux/mips": ("R4", "R5", "R7"), "linux/mips64": ("R4", "R5", "R7"), "linux/ppc64le": ("R3", "R4", "R6"),
    "linux/riscv64": ("X10", "X11", "X13"), "linux/s390x": ("R2", "R3", "R5"),
}  # fmt: skip
OLD = "1.21"


@cache
def toolchain(version: str) -> Go:
    try:
        return versions.fetch(version) if version != "newest" else find_go({"PATH": ""})
    except GodynoError as error:
        pytest.skip(f"no Go {version}: {error}")


@cache
def reader() -> Disassembler:
    return disassembler(toolchain("newest"))


def goos_of(goarch: str) -> str:
    return "js" if goarch == "wasm" else "linux"


@integration
@pytest.mark.parametrize("version", ["newest", OLD])
@pytest.mark.parametrize("goarch", SAID)
def test_what_is_read_is_what_gos_document_says(goarch: str, version: str) -> None:
    said, go = SAID[goarch], toolchain(version)
    found = read_abi(go, goos_of(goarch), goarch, reader())
    by_registers = bool(said.integers) and not (version == OLD and said.later)
    wanted = (said.integers, said.floats) if by_registers else ((), ())
    assert (found.internal.integer_arguments, found.internal.float_arguments) == wanted
    assert (found.internal.integer_results, found.internal.float_results) == wanted
    assert (found.g, found.closure_context, found.stack_pointer) == (said.g, said.closure, said.stack_pointer)
    assert (found.stack_step_bytes, found.link_register) == (said.stack_alignment, said.link)
    assert (found.abi0 is not None) == by_registers
    if found.abi0:
        assert found.abi0.integer_arguments == found.abi0.float_results == ()
    assert found.leaf.size_bytes == 0 < found.non_leaf.size_bytes


@integration
def test_abi0_finds_g_elsewhere_on_amd64_only() -> None:
    found = [
        read_abi(toolchain("newest"), "linux", goarch, reader()) for goarch in ("amd64", "arm64", "riscv64")
    ]
    assert [(one.g, one.g_abi0) for one in found] == [("R14", THREAD_LOCAL), ("R28", "R28"), ("X27", "X27")]


@integration
@pytest.mark.parametrize("target", C_ARGUMENTS)
def test_c_hands_over_its_arguments_as_the_platforms_abi_says(target: str) -> None:
    go = toolchain("newest")
    goos, _, goarch = target.partition("/")
    found = read_boundary(go, read_abi(go, goos, goarch, reader()), reader())
    assert tuple(found.c_arguments[key] for key in ("0", "1", "3")) == C_ARGUMENTS[target]


@integration
def test_the_registers_that_c_counts_on_are_those_of_system_v() -> None:
    go = toolchain("newest")
    found = read_boundary(go, read_abi(go, "linux", "amd64", reader()), reader())
    assert set(found.c_saved) == {"BX", "BP", "R12", "R13", "R14", "R15"}


@integration
def test_wasm_has_no_border_to_c_and_says_so() -> None:
    go = toolchain("newest")
    with pytest.raises(Refused, match="no cgo"):
        read_boundary(go, read_abi(go, "js", "wasm", reader()), reader())


@integration
def test_a_target_that_go_does_not_know_is_a_clear_error() -> None:
    with pytest.raises(ToolchainError):
        read_abi(toolchain("newest"), "linux", "pdp11", reader())


ASMCGOCALL = """TEXT runtime.asmcgocall_landingpad.abi0(SB) /go/src/runtime/asm_amd64.s
  asm_amd64.s:1\t\t0x1\t\t4889df\t\tMOVQ BX, DI\t
  asm_amd64.s:1\t\t0x2\t\tffe0\t\tJMP AX\t
TEXT runtime.asmcgocall.abi0(SB) /go/src/runtime/asm_amd64.s
  asm_amd64.s:1\t\t0x3\t\t55\t\tPUSHQ BP\t
  asm_amd64.s:1\t\t0x4\t\t488b\t\tMOVQ 0x10(SP), AX\t
  asm_amd64.s:1\t\t0x5\t\t488b\t\tMOVQ 0x18(SP), BX\t
  asm_amd64.s:1\t\t0x6\t\te8\t\tCALL gosave_systemstack_switch(SB)\t
  asm_amd64.s:1\t\t0x7\t\t4883\t\tANDQ $-0x10, SP\t
  asm_amd64.s:1\t\t0x8\t\te8\t\tCALL runtime.asmcgocall_landingpad.abi0(SB)\t
  asm_amd64.s:1\t\t0x9\t\tc3\t\tRET\t
"""


@integration
def test_the_call_of_c_is_found_also_in_a_helper() -> None:
    go = toolchain("newest")
    abi = read_abi(go, "linux", "amd64", reader())
    found = with_call_to_c(read_boundary(go, abi, reader()), abi, ASMCGOCALL)
    assert (found.to_c, found.c_alignment_bytes) == ("DI", 16)


# ---- what must be refused


@cache
def amd64(directory: str) -> tuple[dict[str, Trace], dict[str, Trace], int]:
    return traces_of(toolchain("newest"), "linux", "amd64", reader(), Path(directory))


def without(traces: dict[str, Trace], name: str, trace: Trace | None = None) -> dict[str, Trace]:
    kept = {key: value for key, value in traces.items() if key != name}
    return {**kept, name: trace} if trace else kept


@integration
def test_a_caller_that_leaves_something_else_is_refused(tmp_path: Path) -> None:
    traces, bridges, size = amd64(str(tmp_path))
    swapped = {**traces, "IntArgs": traces["FloatArgs"]}
    with pytest.raises(Refused):
        read("linux", "amd64", "go1", swapped, bridges, size)


@integration
@pytest.mark.parametrize("name", ["IntArgs", "CallFloatResults", "Checked", "MakeClosure.func1", "Frame3"])
def test_a_probe_that_is_missing_is_refused_by_name(name: str, tmp_path: Path) -> None:
    traces, bridges, size = amd64(str(tmp_path))
    with pytest.raises(Refused, match=name.replace(".", r"\.")):
        read("linux", "amd64", "go1", without(traces, name), bridges, size)


def test_code_that_moves_no_register_down_is_refused() -> None:
    trace = follow([Move(Register("AX"), Memory("BX", 0)), Return()])
    with pytest.raises(Refused, match="moves down"):
        read("linux", "amd64", "go1", {"NonLeaf": trace}, {}, 0)
