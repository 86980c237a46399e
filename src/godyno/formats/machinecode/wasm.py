"""Effects of WebAssembly code: the few instructions that Go's compiler uses to move values, by the core specification's opcodes.

Locals and globals are the registers (``local1``, ``global0``); the value stack is followed while decoding. A conditional block is
passed over: in what is read here it is a check that fails only in an error (a nil pointer, a stack that is too small).
"""

from __future__ import annotations

from collections.abc import Iterator

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
)
from godyno.formats.machinecode.listing import Code

_I32, _I64 = 0x7F, 0x7E
_LOADS = range(0x28, 0x36)
_STORES = range(0x36, 0x3F)
_UNARY = frozenset(
    (*range(0x67, 0x6A), *range(0x79, 0x7C), *range(0x8B, 0x92), *range(0x99, 0xA0), *range(0xA7, 0xC5))
)
_IDENTITY = frozenset((0xA7, 0xAC, 0xAD))  # wrap and extend: an address stays one
_COMPARISONS = frozenset((*range(0x46, 0x50), *range(0x51, 0x5B), *range(0x5B, 0x67)))
_EQZ = frozenset((0x45, 0x50))
_BINARY = frozenset((*range(0x6A, 0x79), *range(0x7C, 0x8B), *range(0x92, 0x99), *range(0xA0, 0xA7)))
_ADD = {0x6A: 1, 0x7C: 1, 0x6B: -1, 0x7D: -1}


class _Reader:
    """The bytes of a function; the linker inserts what relocations stand for, so there is nothing of it in them yet."""

    def __init__(self, code: Code) -> None:
        self.code, self.at = code, 0

    def byte(self) -> int:
        self.at += 1
        return self.code.code[self.at - 1]

    def number(self, signed: bool = False) -> int | str:
        """A LEB128 number, or the symbol whose address or index the linker will write here."""
        if (relocation := self.code.relocations.get(self.at)) is not None:
            return relocation.symbol
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value - (1 << shift) if signed and byte & 0x40 else value


# Opcodes with what follows them: so many LEB128 numbers, or so many bytes.
_NUMBERS = {
    **dict.fromkeys((0x0C, 0x0D, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x41, 0x42, 0xD2), 1),
    0x11: 2,
} | dict.fromkeys((*_LOADS, *_STORES), 2)
_BYTES = {0x02: 1, 0x03: 1, 0x04: 1, 0x3F: 1, 0x40: 1, 0x43: 4, 0x44: 8, 0xD0: 1}
_EXTENDED = {
    8: (1, 1),
    9: (1, 0),
    10: (0, 2),
    11: (0, 1),
    12: (2, 0),
    14: (2, 0),
}  # after 0xfc and a kind: numbers, bytes


def opcodes(code: Code) -> Iterator[int]:
    """Every opcode of a function, those with a prefix as ``0xfc0a``; it ends with one that is not read (vectors, atomics)."""
    reader = _Reader(code)
    try:
        for _ in range(_count(reader)):
            reader.number()
            reader.byte()
        while reader.at < len(code.code):
            opcode = reader.byte()
            numbers, skipped = _NUMBERS.get(opcode, 0), _BYTES.get(opcode, 0)
            if opcode in (0xFC, 0xFD, 0xFE):
                kind = reader.number()
                numbers, skipped = _EXTENDED.get(int(kind), (0, 0)) if isinstance(kind, int) else (0, 0)
                yield opcode << 8 | (kind & 0xFF if isinstance(kind, int) else 0)
                if opcode != 0xFC:
                    return
            else:
                yield opcode
            if opcode == 0x0E:
                numbers = _count(reader) + 1
            for _ in range(numbers):
                reader.number()
            reader.at += skipped
    except IndexError:
        return


def effects(code: Code) -> Iterator[Effect]:
    """The effects of a function's code up to its first return. An opcode that is not known ends it."""
    reader, stack, fresh = _Reader(code), list[Source](), 0
    try:
        for _ in range(_count(reader)):
            reader.number()
            reader.byte()
        while reader.at < len(code.code):
            opcode = reader.byte()
            if opcode in (0x02, 0x03):  # block, loop
                reader.byte()
            elif opcode == 0x04:  # if
                reader.byte()
                stack.pop()
                _skip(reader)
            elif opcode == 0x0E:  # br_table
                for _ in range(_count(reader) + 1):
                    reader.number()
                stack.pop()
            elif opcode in (0x0C, 0x0D):  # br, br_if
                reader.number()
                if opcode == 0x0D:
                    stack.pop()
            elif opcode == 0x0F:
                yield Return()
                return
            elif opcode in (0x10, 0x11):  # call, call_indirect
                symbol = reader.number()
                through = ""
                if opcode == 0x11:
                    reader.number()
                    index = stack.pop()
                    through = index.name if isinstance(index, Register) else ""
                stack.pop()  # PC_B, the block to begin with
                yield Call(symbol if isinstance(symbol, str) else "", through)
                # The callee drops the return address that was stored below the stack pointer.
                yield Move(Register("global0"), Sum("global0", 8))
                stack.append(None)
            elif opcode in (0x20, 0x23):
                stack.append(Register(f"{'local' if opcode == 0x20 else 'global'}{reader.number()}"))
            elif opcode in (0x21, 0x22, 0x24):
                value = stack[-1] if opcode == 0x22 else stack.pop()
                to = Register(f"{'global' if opcode == 0x24 else 'local'}{reader.number()}")
                yield Move(to, value)
                if opcode == 0x22:
                    stack[-1] = to  # what it was made of may be what has just changed
            elif opcode in _LOADS or opcode in _STORES:
                reader.number()
                offset = reader.number()
                value = stack.pop() if opcode in _STORES else None
                place = _place(stack.pop(), offset if isinstance(offset, int) else 0)
                if opcode in _STORES and place:
                    yield Move(place, value)
                elif opcode in _LOADS:
                    fresh += 1
                    yield Move(Register(f"value{fresh}"), place)
                    stack.append(Register(f"value{fresh}"))
            elif opcode in (0x41, 0x42):
                number = reader.number(signed=True)
                stack.append(Constant(number) if isinstance(number, int) else None)
            elif opcode in (0x43, 0x44):
                reader.at += 4 if opcode == 0x43 else 8
                stack.append(None)
            elif opcode in _EQZ:
                stack[-1] = None
            elif opcode in _COMPARISONS:
                right, left = stack.pop(), stack.pop()
                yield Compare((left, right))
                stack.append(None)
            elif opcode in _BINARY:
                right, left = stack.pop(), stack.pop()
                stack.append(_sum(left, right, _ADD.get(opcode, 0)))
            elif opcode in _UNARY:
                if opcode not in _IDENTITY:
                    stack[-1] = None
            elif opcode == 0xFC:  # saturating truncations, memory.copy and memory.fill
                kind = reader.number()
                if kind in (0x0A, 0x0B):
                    reader.at += 2 if kind == 0x0A else 1
                    del stack[-3:]
                else:
                    stack[-1] = None
            elif opcode == 0x1A:
                stack.pop()
            elif opcode not in (0x01, 0x0B):  # nop, end
                return
    except IndexError:
        return  # cut short, or a stack that does not add up


def _count(reader: _Reader) -> int:
    number = reader.number()
    return number if isinstance(number, int) else 0


def _place(address: Source, offset: int) -> Memory | None:
    if isinstance(address, Register):
        return Memory(address.name, offset)
    return Memory(address.base, address.offset + offset) if isinstance(address, Sum) else None


def _sum(left: Source, right: Source, sign: int) -> Source:
    if not sign or not isinstance(right, Constant):
        return None
    if isinstance(left, Register):
        return Sum(left.name, sign * right.value)
    return Sum(left.base, left.offset + sign * right.value) if isinstance(left, Sum) else None


def _skip(reader: _Reader) -> None:
    """Moves behind the end of a conditional block. Its instructions are only stepped over."""
    depth = 1
    while depth:
        opcode = reader.byte()
        if opcode in (0x02, 0x03, 0x04):
            reader.byte()
            depth += 1
        elif opcode == 0x0B:
            depth -= 1
        elif opcode in (0x0C, 0x0D, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x41, 0x42):
            reader.number(signed=opcode in (0x41, 0x42))
        elif opcode in _LOADS or opcode in _STORES or opcode == 0x11:
            reader.number()
            reader.number()
        elif opcode in (0x43, 0x44):
            reader.at += 4 if opcode == 0x43 else 8
        elif opcode == 0x0E:
            for _ in range(_count(reader) + 1):
                reader.number()
