"""What the compiler emits for a target and level, found in the disassembled probe functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from godyno.errors import ToolchainError
from godyno.formats.machinecode import listing, objdump, wasm
from godyno.model import Record
from godyno.studies.library.targets.extensions import VECTORS, extension, family, is_packed, wasm_extension
from godyno.toolchain.go import Go
from godyno.toolchain.objects import run_tool
from godyno.toolchain.programs import Disassembler

# How a program asks at run time what its processor can do: runtime.x86HasPOPCNT, internal/cpu.ARM64HasATOMICS …
_CHECK = re.compile(r"\bHas[A-Z]|(x86|arm|arm64|loong64|riscv64?|ppc64|s390x?)Has[A-Z]", re.I)
_STUBS = {"math": "math.go", "math/bits": "bits.go", "sync/atomic": "atomic.go"}
_BY_CAPSTONE = ("386", "amd64", "arm64", "mips")


@dataclass(frozen=True, slots=True)
class Emitted(Record):
    """The instructions of the probe functions.

    ``always`` maps an extension to the probes that use it whatever the processor, ``checked`` to those that ask the processor first.
    ``vectorized`` says whether a plain loop over two slices computes on several elements at once; ``vector_bits`` is the widest
    vector register seen on x86, 0 elsewhere. Registers are those that one function with 40 live values uses.
    """

    always: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    checked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mnemonics: tuple[str, ...] = ()
    vectorized: bool = False
    vector_bits: int = 0
    integer_registers: int = 0
    float_registers: int = 0
    code_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Function:
    name: str
    instructions: tuple[tuple[str, str, bytes], ...]  # mnemonic and operands in lower case, code
    asks: bool
    size_bytes: int


def emitted(
    go: Go, env: Mapping[str, str], disassembler: Disassembler, scratch: Path, roles: Collection[str] = ()
) -> Emitted:
    """What ``go`` emits under ``env`` (GOOS, GOARCH, the level). ``scratch`` is an empty directory.

    ``roles`` are registers that are not counted: stack and frame pointer, g. Raises ToolchainError.
    """
    goarch = env["GOARCH"]
    text = compile_probes(go, env, scratch)
    if goarch.startswith(_BY_CAPSTONE) and goarch != "arm":
        found = list(_from_listing(text, goarch))
    elif goarch == "wasm":
        probes = [one for one in listing.codes(text) if one.name.startswith("probe.")]
        always: dict[str, set[str]] = {}
        for one in probes:
            for name in {wasm_extension(opcode) for opcode in wasm.opcodes(one)} - {""}:
                always.setdefault(name, set()).add(one.name.removeprefix("probe."))
        vectors = "SIMD" in always and "AddSlices" in always["SIMD"]
        return Emitted(
            always=_in_order(always), vectorized=vectors, code_bytes=sum(len(one.code) for one in probes)
        )
    else:
        found = list(_from_objdump(disassembler.text(scratch / "probe.o")))
    return summed(goarch, found, roles)


def summed(goarch: str, found: list[_Function], roles: Collection[str] = ()) -> Emitted:
    """The functions' instructions, told apart by extension."""
    always: dict[str, set[str]] = {}
    checked: dict[str, set[str]] = {}
    mnemonics: set[str] = set()
    bits, packed = 0, False
    for one in found:
        for mnemonic, operands, code in one.instructions:
            mnemonics.add(mnemonic)
            if name := extension(goarch, mnemonic, code):
                (checked if one.asks else always).setdefault(name, set()).add(one.name)
            if one.name == "AddSlices":
                packed = packed or is_packed(goarch, f"{mnemonic} {operands}")
            if family(goarch) == "x86":
                bits = max(
                    bits,
                    *(width for reg, width in (("xmm", 128), ("ymm", 256), ("zmm", 512)) if reg in operands),
                    0,
                )
    return Emitted(
        always=_in_order(always), checked=_in_order(checked), mnemonics=tuple(sorted(mnemonics)), vectorized=packed, vector_bits=bits,
        integer_registers=_registers(goarch, found, "ManyIntegers", 0, roles),
        float_registers=_registers(goarch, found, "ManyFloats", 1, ()),
        code_bytes=sum(one.size_bytes for one in found),
    )  # fmt: skip


def _in_order(found: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(probes)) for name, probes in sorted(found.items())}


def compile_probes(go: Go, env: Mapping[str, str], scratch: Path) -> str:
    """Compiles the probes into ``scratch/probe.o`` and gives the listing with the machine code.

    The packages that they import are empty stand-ins: the compiler knows the functions by name and puts instructions in their place.
    Raises ToolchainError.
    """
    for name, text in sources().items():
        (scratch / name).write_text(text)
    (scratch / "importcfg").write_text(
        "".join(f"packagefile {package}={name.removesuffix('.go')}.a\n" for package, name in _STUBS.items())
    )

    for package, name in _STUBS.items():
        run_tool(go, env, scratch, "compile", "-p", package, "-o", f"{name.removesuffix('.go')}.a", name)
    return run_tool(
        go,
        env,
        scratch,
        "compile",
        "-S",
        "-p",
        "probe",
        "-importcfg",
        "importcfg",
        "-o",
        "probe.o",
        "probe.go",
    )


@cache
def sources() -> Mapping[str, str]:
    """The Go files of the probes, by name."""
    folder = files("godyno.studies.library.targets") / "isa"
    return {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir() if one.name.endswith(".go")}


def known_vectors(go: Go, env: Mapping[str, str], scratch: Path) -> tuple[str, ...]:
    """The vector extensions of which Go's assembler takes an instruction. ``scratch`` is a directory to write to."""
    found = []
    for index, (name, instruction) in enumerate(VECTORS.get(family(env["GOARCH"]), ())):
        (scratch / f"v{index}.s").write_text(f"TEXT ·f(SB), 4, $0-0\n\t{instruction}\n\tRET\n")
        try:
            run_tool(go, env, scratch, "asm", "-p", "probe", "-o", f"v{index}.o", f"v{index}.s")
        except ToolchainError:
            continue
        found.append(name)
    return tuple(found)


def _from_listing(text: str, goarch: str) -> Iterator[_Function]:
    decoder = _decoder(goarch)
    for one in listing.codes(text):
        if one.name.startswith("probe."):
            instructions = tuple(
                (item.mnemonic.rpartition(" ")[2], item.op_str, bytes(item.bytes))
                for item in decoder.disasm(one.code, 0)
            )
            asks = any(_CHECK.search(relocation.symbol) for relocation in one.relocations.values())
            yield _Function(one.name.removeprefix("probe."), instructions, asks, len(one.code))


def _from_objdump(text: str) -> Iterator[_Function]:
    for one in objdump.functions(text):
        if one.name.startswith("probe."):
            instructions = tuple(
                (item.mnemonic.lower().partition(".")[0], item.text.lower().partition(" ")[2], b"")
                for item in one.instructions
            )
            asks = any(item.relocation and _CHECK.search(item.relocation.symbol) for item in one.instructions)
            size = sum(len(item.code) // 2 for item in one.instructions)
            yield _Function(one.name.removeprefix("probe."), instructions, asks, size)


_FILES = {  # integer and float registers as they are written there, aliases of a register's parts folded by _whole
    "x86": (r"\b[re]?(?:ax|bx|cx|dx|si|di|bp)\b|\b[abcd]l\b|\br\d+[bwd]?\b", r"\b[xyz]mm\d+\b"),
    "arm64": (r"\b[xw]\d+\b", r"\b[dsqv]\d+\b"), "mips": (r"\$(?:[astvk]\d|at|fp|ra|gp|s8)\b", r"\$f\d+\b"),
    "riscv64": (r"\bx\d+\b", r"\bf\d+\b"), "arm": (r"\br\d+\b", r"\bf\d+\b"), "ppc64": (r"\br\d+\b", r"\bf\d+\b"),
    "s390x": (r"\br\d+\b", r"\bf\d+\b"), "loong64": (r"\br\d+\b", r"\bf\d+\b"),
}  # fmt: skip


def _registers(goarch: str, found: list[_Function], name: str, which: int, roles: Collection[str]) -> int:
    """How many registers of a kind a function names beside those that have a role."""
    pattern = _FILES.get(family(goarch), ("", ""))[which]
    body = next((one for one in found if one.name == name), None)
    if body is None or not pattern:
        return 0
    named = {
        _whole(register) for _, operands, _ in body.instructions for register in re.findall(pattern, operands)
    }
    return len(named - {_whole(role.lower()) for role in roles})


def _whole(register: str) -> str:
    if match := re.fullmatch(r"[re]?([abcd])[xl]", register):
        return match[1]
    if match := re.fullmatch(r"[re](si|di|bp)", register):
        return match[1]
    match = re.search(r"\d+", register)
    return match[0] if match else register


@cache
def _decoder(goarch: str) -> Any:
    import capstone

    arch, mode = {
        "386": (capstone.CS_ARCH_X86, capstone.CS_MODE_32), "amd64": (capstone.CS_ARCH_X86, capstone.CS_MODE_64),
        "arm64": (capstone.CS_ARCH_ARM64, capstone.CS_MODE_LITTLE_ENDIAN),
    }.get(goarch, (capstone.CS_ARCH_MIPS, 0))  # fmt: skip
    if arch == capstone.CS_ARCH_MIPS:
        mode = capstone.CS_MODE_MIPS64 if "64" in goarch else capstone.CS_MODE_MIPS32
        mode |= capstone.CS_MODE_LITTLE_ENDIAN if goarch.endswith("le") else capstone.CS_MODE_BIG_ENDIAN
    decoder = capstone.Cs(arch, mode)
    decoder.skipdata = True  # constants lie between instructions
    return decoder
