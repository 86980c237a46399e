"""Effects of instructions in Go's assembler syntax, as ``go tool objdump`` writes it for nine architectures.

Go's syntax is nearly the same everywhere: sources first, destination last, memory as ``8(SP)``, constants as ``$8``. What differs is
handled here; an instruction that is not known is taken to make its last register unknown, which can lose a value and never invents one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from godyno.formats.machinecode.effects import (
    Call,
    Compare,
    Constant,
    Effect,
    Masked,
    Memory,
    Move,
    Register,
    Return,
    Source,
    Sum,
)  # fmt: skip
from godyno.formats.machinecode.objdump import Instruction

THREAD_LOCAL = (
    "thread-local storage"  # the base of what is read through a segment register or a TLS relocation
)

_NUMBER = r"-?(?:0x[0-9a-fA-F]+|\d+)"
_REGISTER = re.compile(r"[A-Z][A-Z0-9]*$")
_MEMORY = re.compile(rf"(?P<offset>{_NUMBER})?\((?P<base>[A-Z][A-Z0-9]*)\)(?:\((?P<index>[A-Z0-9]+)\*\d\))?$")
_SEGMENT = re.compile(rf"[FG]S:(?:{_NUMBER})?")
_PAIR = re.compile(r"\((?P<first>\w+),\s*(?P<second>\w+)\)$")
_SPLIT = re.compile(r",\s*(?![^()]*\))")
_MOVE = re.compile(r"(F|V)?MOV[A-Z_0-9]*$")
_ADD = re.compile(r"(ADD|SUB)[A-Z]{0,2}$")
_CALLS = frozenset(("CALL", "BL", "BLX", "JAL", "JALR", "BASR", "BCLRL", "BRASL"))
_RETURNS = frozenset(("RET",))
_LOOKS = re.compile(
    r"(CMP|TEST|B(LT|GE|LE|GT|EQ|NE|LTU|GEU|LS|HI|CC|CS)?$|B\.|J[A-Z]+$|SGT|SLT|BR$|C[GLR]*J|CMPU?B)"
)
# What holds zero always: the instruction sets say so. R0 is it on loong64 only.
_ZERO = {"riscv64": "X0", "arm64": "ZR", "loong64": "R0"}


def effects(instructions: Iterable[Instruction], goarch: str) -> Iterator[Effect]:
    """The effects of ``instructions``, in their order and as if no branch were taken, up to the first return."""
    for instruction in instructions:
        for effect in _effects(instruction, goarch):
            yield effect
            if isinstance(effect, Return):
                return


def _effects(instruction: Instruction, goarch: str) -> Iterator[Effect]:
    full, _, rest = instruction.text.partition(" ")
    mnemonic, _, suffix = full.partition(".")
    texts = [text.strip() for text in _SPLIT.split(rest.strip())] if rest.strip() else []
    relocation = instruction.relocation
    # tls_g holds where in the thread's own memory g is, where the linker cannot know that (Android, Windows).
    if relocation and ("TLS" in relocation.kind or relocation.symbol.endswith("tls_g")) and texts:
        yield from _to_last(texts, Memory(THREAD_LOCAL, 0))
        return
    operands = [_operand(text, goarch) for text in texts]
    last = operands[-1] if operands else None
    pointer = 4 if goarch in ("386", "arm") else 8
    if mnemonic in _RETURNS or _is_return(mnemonic, texts):
        yield Return()
    elif mnemonic in _CALLS:
        through = "LR" if mnemonic == "BCLRL" else _base(last)  # BCLRL names no register
        symbol = relocation.symbol if relocation else ""
        if not symbol and texts and texts[-1].endswith("(SB)"):  # in a linked binary
            symbol = texts[-1].removesuffix("(SB)")
        yield Call(symbol, "" if symbol else through)
    elif mnemonic in ("JMP", "BR") and isinstance(last, Register | Memory):  # a call in the place of a return
        yield Call("", _base(last))
        yield Return()
    elif mnemonic in ("PUSHQ", "PUSHL", "PUSHFQ"):
        yield Move(Register("SP"), Sum("SP", -pointer))
        yield Move(Memory("SP", 0), operands[0] if operands else None)
    elif mnemonic in ("POPQ", "POPL", "POPFQ"):
        if isinstance(last, Register):
            yield Move(last, Memory("SP", 0))
        yield Move(Register("SP"), Sum("SP", pointer))
    elif (
        mnemonic.startswith("AND")
        and len(operands) >= 2
        and isinstance(operands[0], Constant)
        and isinstance(last, Register)
    ):
        of = operands[-2] if len(operands) > 2 else last
        yield Masked(last.name, of.name if isinstance(of, Register) else last.name, operands[0].value)
    elif len(operands) >= 2 and (mnemonic.startswith("LEA") or _is_load_address(instruction, goarch)):
        yield from _to_last(texts, _address(operands[0]))
    elif mnemonic in ("PUSH", "POP") and texts:  # arm: a list of registers
        yield from _list(mnemonic, texts, pointer)
    elif mnemonic in ("STP", "LDP", "FSTPD", "FLDPD", "STMG", "LMG", "STMY", "LMY"):
        yield from _several(mnemonic, suffix, texts, operands, pointer, goarch)
    elif _LOOKS.match(mnemonic) and not mnemonic.startswith("BIC"):
        yield Compare(tuple(operands))
    elif _MOVE.match(mnemonic) and len(operands) == 2:
        yield from _move(mnemonic, suffix, operands, goarch)
    elif isinstance(last, Register):
        yield Move(last, _arithmetic(mnemonic, operands))
    elif isinstance(last, Memory):
        yield Move(last, None)


def _operand(text: str, goarch: str) -> Source:
    if text.startswith("$"):
        try:
            return Constant(_signed(int(text[1:], 0), 32 if goarch in ("386", "arm") else 64))
        except ValueError:
            return None
    if text == _ZERO.get(goarch):
        return Constant(0)
    if text == "g" and goarch.startswith("ppc64"):
        return Register("R30")  # what this disassembler calls by its role
    if _SEGMENT.match(text):
        return Memory(THREAD_LOCAL, 0)
    if match := _MEMORY.match(text):
        offset = int(match["offset"] or "0", 0)
        if match["index"] and match["base"] == "R0" and goarch == "s390x":  # as a base, R0 stands for nothing
            return Memory(match["index"], offset)
        return None if match["index"] else Memory(match["base"], offset)
    return Register(text) if _REGISTER.match(text) else None


def _base(operand: Source) -> str:
    if isinstance(operand, Register):
        return operand.name
    return operand.base if isinstance(operand, Memory) else ""


def _signed(value: int, bits: int) -> int:
    """The disassembler writes a negative constant as its two's complement."""
    return value - (1 << bits) if value >> (bits - 1) == 1 else value


def _to_last(texts: list[str], value: Source) -> Iterator[Effect]:
    if _REGISTER.match(texts[-1]):
        yield Move(Register(texts[-1]), value)


def _is_return(mnemonic: str, texts: list[str]) -> bool:
    # arm: ADD $0, R14, R15; s390x and others print RET
    return bool(texts) and texts[-1] == "R15" and "R14" in texts and mnemonic in ("ADD", "MOVW")


def _is_load_address(instruction: Instruction, goarch: str) -> bool:
    # Go's disassembler writes s390x's LAY and LA as moves; the code tells them apart.
    code = instruction.code
    return goarch == "s390x" and (
        (code[:2] == "e3" and code[-2:] == "71") or (code[:2] == "41" and len(code) == 8)
    )


def _address(operand: Source) -> Source:
    return Sum(operand.base, operand.offset) if isinstance(operand, Memory) else None


def _move(mnemonic: str, suffix: str, operands: list[Source], goarch: str) -> Iterator[Effect]:
    value, to = operands
    memory = to if isinstance(to, Memory) else value if isinstance(value, Memory) else None
    if memory and (suffix == "W" or (goarch.startswith("ppc64") and re.match(r"F?MOV[A-Z]+U$", mnemonic))):
        yield Move(Register(memory.base), Sum(memory.base, memory.offset))  # before the access
        value, to = (_at_base(one, memory) for one in (value, to))
    if isinstance(to, Register | Memory):
        after = memory is not None and suffix == "P"
        if after:
            value, to = (_at_base(one, memory) for one in (value, to))
        assert isinstance(to, Register | Memory)
        yield Move(to, value)
        if after and memory:
            yield Move(Register(memory.base), Sum(memory.base, memory.offset))


def _at_base(operand: Source, memory: Memory | None) -> Source:
    return Memory(operand.base, 0) if operand == memory and isinstance(operand, Memory) else operand


def _several(
    mnemonic: str, suffix: str, texts: list[str], operands: list[Source], pointer: int, goarch: str
) -> Iterator[Effect]:
    """Two or more registers to or from memory: arm64's pairs, s390x's ranges."""
    memory = next((one for one in operands if isinstance(one, Memory)), None)
    names = [name for text in texts if (pair := _PAIR.match(text)) for name in pair.groups()]
    if mnemonic in ("STMG", "LMG", "STMY", "LMY"):
        ends = [one.name for one in operands if isinstance(one, Register)]
        if len(ends) == 2:
            first, last = (int(name[1:]) for name in ends)
            names = [f"R{number % 16}" for number in range(first, (last if last >= first else last + 16) + 1)]
        elif len(ends) == 1:
            names = ends
    if memory is None:
        return
    if suffix == "W":
        yield Move(Register(memory.base), Sum(memory.base, memory.offset))
    start = 0 if suffix in ("W", "P") else memory.offset
    for index, name in enumerate(names):
        place, register = Memory(memory.base, start + index * pointer), _operand(name, goarch)
        if "ST" in mnemonic:
            yield Move(place, register)
        elif isinstance(register, Register):
            yield Move(register, place)
    if suffix == "P":
        yield Move(Register(memory.base), Sum(memory.base, memory.offset))


def _list(mnemonic: str, texts: list[str], pointer: int) -> Iterator[Effect]:
    names = []
    for part in ",".join(texts).strip("[]").split(","):
        first, _, last = part.strip().partition("-")
        numbers = range(int(first[1:]), int((last or first)[1:]) + 1)
        names += [f"R{number}" for number in numbers]
    if mnemonic == "PUSH":
        yield Move(Register("R13"), Sum("R13", -pointer * len(names)))
    for index, name in enumerate(names):
        place, register = Memory("R13", index * pointer), Register(name)
        yield Move(place, register) if mnemonic == "PUSH" else Move(register, place)
    if mnemonic == "POP":
        yield Move(Register("R13"), Sum("R13", pointer * len(names)))


def _arithmetic(mnemonic: str, operands: list[Source]) -> Source:
    *sources, to = operands
    constants = [one for one in sources if isinstance(one, Constant)]
    registers = [one for one in sources if isinstance(one, Register)]
    if _ADD.match(mnemonic) and len(constants) == 1 and len(sources) == len(constants) + len(registers):
        base = registers[0] if registers else to
        if isinstance(base, Register):
            return Sum(base.name, -constants[0].value if mnemonic.startswith("SUB") else constants[0].value)
    # How a register is copied where there is no move: OR R3,R3,R11 (ppc64), OR with zero (loong64)
    if (
        mnemonic.startswith("OR")
        and registers
        and len(set(registers)) == 1
        and (len(registers) == 2 or constants == [Constant(0)])
    ):
        return registers[0]
    return None
