"""What an instruction does, in the few words that following a value needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Register:
    """A register by the name that Go's tools give it; a WebAssembly local or global."""

    name: str


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory at a register plus a number of bytes."""

    base: str
    offset: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A number in the instruction."""

    value: int


@dataclass(frozen=True, slots=True)
class Sum:
    """A register plus a number: an address, or a moved stack pointer."""

    base: str
    offset: int


Place = Register | Memory
Source = Register | Memory | Constant | Sum | None  # None: something that is not followed


@dataclass(frozen=True, slots=True)
class Move:
    """``to`` becomes ``value``."""

    to: Place
    value: Source


@dataclass(frozen=True, slots=True)
class Masked:
    """``to`` becomes ``register`` without the bits that ``mask`` has not: how a stack pointer is aligned."""

    to: str
    register: str
    mask: int


@dataclass(frozen=True, slots=True)
class Compare:
    """The operands of an instruction that only looks: a comparison, or a branch that compares."""

    operands: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a symbol, or of what a register holds (then ``symbol`` is empty)."""

    symbol: str
    through: str = ""


@dataclass(frozen=True, slots=True)
class Return:
    """The function ends."""


Effect = Move | Masked | Compare | Call | Return
