"""Effects of MIPS machine code, decoded by capstone; registers are named as Go names them, R0 to R31 and F0 to F31.

A branch's delay slot stands after it in the code and runs before it takes effect; Go's assembler fills it with a NOP, so order as
written is order as run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from godyno.formats.machinecode.effects import (
    Call,
    Compare,
    Constant,
    Effect,
    Memory,
    Move,
    Register,
    Return,
    Source,
    Sum,
)  # fmt: skip
from godyno.formats.machinecode.listing import Code

_LOADS = frozenset(("lw", "ld", "lwu", "lwc1", "ldc1", "lb", "lbu", "lh", "lhu"))
_STORES = frozenset(("sw", "sd", "swc1", "sdc1", "sb", "sh"))
_ADDS = frozenset(("addiu", "daddiu", "addi", "daddi"))
_COPIES = frozenset(
    ("move", "mov.d", "mov.s", "or", "addu", "daddu")
)  # the last three with zero as their last operand
_COMPARES = frozenset(("sltu", "slt", "sltiu", "slti", "beq", "bne", "beqz", "bnez"))
_RETURN_ADDRESS = "R31"


def effects(code: Code, goarch: str) -> Iterator[Effect]:
    """The effects of a function's code up to its return. Raises ImportError without capstone."""
    for instruction in disassembly(code.code, goarch):
        relocation = code.relocations.get(instruction.address)
        operands = [_operand(instruction, one) for one in instruction.operands]
        name = instruction.mnemonic
        if name in _LOADS and isinstance(operands[0], Register):
            yield Move(operands[0], operands[1])
        elif name in _STORES and isinstance(operands[1], Memory):
            yield Move(operands[1], operands[0])
        elif name in _ADDS and isinstance(operands[0], Register):
            yield Move(operands[0], _sum(operands[-2], operands[-1]))
        elif (
            name in _COPIES
            and operands[-1] in (operands[1], Constant(0))
            and isinstance(operands[0], Register)
        ):
            yield Move(operands[0], operands[1])
        elif name in ("jal", "jalr", "bal"):
            symbol = relocation.symbol if relocation else ""
            yield Call(symbol, operands[-1].name if isinstance(operands[-1], Register) else "")
        elif name == "jr" and operands == [Register(_RETURN_ADDRESS)]:
            yield Return()
            return
        elif name in _COMPARES:
            yield Compare(tuple(operands[1:] if name.startswith("slt") else operands))
        elif operands and isinstance(operands[0], Register):
            yield Move(operands[0], None)


def _sum(base: Source, number: Source) -> Source:
    if isinstance(base, Register) and isinstance(number, Constant):
        return Sum(base.name, number.value)
    return number if base == Constant(0) else None


def disassembly(code: bytes, goarch: str) -> Iterator[Any]:
    """capstone's instructions of ``code``."""
    yield from _decoder(goarch).disasm(code, 0)


@cache
def _decoder(goarch: str) -> Any:
    import capstone

    mode = capstone.CS_MODE_MIPS64 if "64" in goarch else capstone.CS_MODE_MIPS32
    mode |= capstone.CS_MODE_LITTLE_ENDIAN if goarch.endswith("le") else capstone.CS_MODE_BIG_ENDIAN
    decoder = capstone.Cs(capstone.CS_ARCH_MIPS, mode)
    decoder.detail = True
    return decoder


def _operand(instruction: Any, operand: Any) -> Source:
    from capstone import mips

    if operand.type == mips.MIPS_OP_REG:
        name = _register(operand.reg)
        return Constant(0) if name == "R0" else Register(name) if name else None
    if operand.type == mips.MIPS_OP_MEM:
        return Memory(_register(operand.mem.base), operand.mem.disp)
    return Constant(operand.imm) if operand.type == mips.MIPS_OP_IMM else None


def _register(number: int) -> str:
    from capstone import mips

    if mips.MIPS_REG_0 <= number <= mips.MIPS_REG_31:
        return f"R{number - mips.MIPS_REG_0}"
    if mips.MIPS_REG_F0 <= number <= mips.MIPS_REG_F31:
        return f"F{number - mips.MIPS_REG_F0}"
    return ""
