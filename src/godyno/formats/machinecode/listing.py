"""The machine code in what ``go tool compile -S`` and ``go tool asm -S`` print.

For the architectures that ``go tool objdump`` cannot read. After each function's assembler text stand its bytes as a hex dump and its
relocations (cmd/internal/obj, writeSymDebug): ``rel 20+4 t=R_CALL runtime.morestack+0``. The text itself is not used: it is what
the compiler meant, the bytes are what it made. Before Go 1.22 a relocation's kind is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from godyno.formats.machinecode.objdump import Relocation

_HEAD = re.compile(r"(?P<name>\S.*?) STEXT ")
_BYTES = re.compile(r"\t0x[0-9a-f]{4,} (?P<hex>(?:[0-9a-f]{2} ){1,16})")
_REL = re.compile(
    r"\trel (?P<at>\d+)\+(?P<size>\d+) t=(?P<kind>R_\w+|\d+)(?: (?P<symbol>.*?)(?:[+-][0-9a-f]+)?)?$"
)


@dataclass(frozen=True, slots=True)
class Code:
    """A function's bytes and, by their offset, its relocations."""

    name: str
    code: bytes
    relocations: Mapping[int, Relocation] = field(default_factory=dict)


def codes(text: str) -> Iterator[Code]:
    """The functions in ``text``, in its order."""
    name, code, relocations = "", bytearray(), dict[int, Relocation]()
    for line in text.splitlines():
        if not line.startswith("\t"):
            if name:
                yield Code(name, bytes(code), relocations)
            head = _HEAD.match(line)
            name, code, relocations = head["name"] if head else "", bytearray(), {}
        elif name and (match := _BYTES.match(line)):
            code += bytes.fromhex(match["hex"])
        elif name and (match := _REL.match(line)):
            relocations.setdefault(int(match["at"]), Relocation(match["kind"], match["symbol"] or ""))
    if name:
        yield Code(name, bytes(code), relocations)
