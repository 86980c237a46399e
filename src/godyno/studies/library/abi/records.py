"""What was read of a target's calling conventions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from godyno.model import Record


@dataclass(frozen=True, slots=True)
class Convention(Record):
    """Where arguments and results travel: registers in order; what is beyond them goes on the stack.

    ``stack_offset`` is where the first argument on the stack lies above the stack pointer when the function is entered (bytes).
    """

    integer_arguments: tuple[str, ...]
    float_arguments: tuple[str, ...]
    integer_results: tuple[str, ...]
    float_results: tuple[str, ...]
    stack_offset: int


@dataclass(frozen=True, slots=True)
class Frame(Record):
    """What a function keeps below the stack pointer that it was entered with: bytes, and the registers it saves there."""

    size_bytes: int
    saved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Abi(Record):
    """The conventions of one target, all of it read from machine code. ``abi0`` is None where the compiler writes no bridge to it.

    ``stack_step_bytes`` is the largest number that every stack pointer at a call is a multiple of below the one at entry.
    ``return_address_bytes`` is what a call itself puts on the stack; where it is 0 the link register holds the return address.
    """

    goos: str
    goarch: str
    version: str
    internal: Convention
    abi0: Convention | None
    stack_pointer: str
    stack_step_bytes: int
    return_address_bytes: int
    link_register: str
    frame_pointer: str
    leaf: Frame
    non_leaf: Frame
    g: str
    g_abi0: str
    closure_context: str
    code_bytes: int  # of the probe functions of the Go file

    @property
    def target(self) -> str:
        """As Go writes it: ``linux/amd64``."""
        return f"{self.goos}/{self.goarch}"


@dataclass(frozen=True, slots=True)
class Boundary(Record):
    """How C and Go call each other: what the runtime's assembly takes from C, keeps for it, and hands to it.

    ``c_arguments`` maps a C argument's number to its register, or to ``stack+N`` for N bytes above the stack pointer at entry.
    ``c_saved`` are the registers that a callback from C finds restored, vector registers of ppc64 not counted. ``to_c`` is the register in
    which Go's call hands C its one argument and ``c_alignment_bytes`` what the stack pointer is then a multiple of; empty and 0 where that
    was not read.
    """

    c_arguments: Mapping[str, str]
    c_saved: tuple[str, ...]
    frame_bytes: int
    to_c: str = ""
    c_alignment_bytes: int = 0
