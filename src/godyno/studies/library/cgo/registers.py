"""Which registers the runtime saves around a cgo call and a callback, read from the machine code of a program.

A register counts as saved where a function stores it on its stack and loads the same one from the same place again (or pushes and
pops it). The text is ``go tool objdump``'s, in Go's own assembly syntax.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

CALL = ("runtime.cgocall", "runtime.asmcgocall", "runtime.asmcgocall.abi0")
CALLBACK = ("crosscall2", "runtime.cgocallback", "runtime.cgocallback.abi0")
PATTERN = r"^(runtime\.cgocall|runtime\.asmcgocall(\.abi0)?|crosscall2|runtime\.cgocallback(\.abi0)?)$"

_PLACE = r"(?P<place>-?(?:0x)?[0-9a-f]*\((?:SP|RSP|R1|R15|X2)\))"
_REGISTERS = r"(?P<registers>\(?[A-Z]+\d*(?:, [A-Z]+\d*\))?)"
_STORE = re.compile(rf"\s(?:F?MOV\w*|F?ST\w*) {_REGISTERS}, {_PLACE}\s*$")
_LOAD = re.compile(rf"\s(?:F?MOV\w*|F?LD\w*) {_PLACE}, {_REGISTERS}\s*$")
_PUSH, _POP = re.compile(r"\sPUSH\w* (\w+)\s*$"), re.compile(r"\sPOP\w* (\w+)\s*$")
_FLOAT = re.compile(r"(X\d+|F\d+|V\d+)")


def saved(listing: str) -> Mapping[str, tuple[str, ...]]:
    """Function to the registers that it saves and restores, from ``go tool objdump``'s text."""
    found: dict[str, tuple[str, ...]] = {}
    for block in re.split(r"^TEXT ", listing, flags=re.MULTILINE)[1:]:
        lines = block.splitlines()
        name = lines[0].split("(SB)")[0].strip()
        found[name] = tuple(dict.fromkeys(_restored(lines[1:])))
    return found


def _restored(lines: list[str]) -> list[str]:
    stored: dict[str, set[str]] = {}  # the same place is used again when the stack pointer has moved
    pushed: list[str] = []
    out: list[str] = []
    for line in lines:
        if store := _STORE.search(line):
            stored.setdefault(store["place"], set()).add(store["registers"])
        elif load := _LOAD.search(line):
            if load["registers"] in stored.get(load["place"], ()):
                out += re.findall(r"\w+", load["registers"])
        elif push := _PUSH.search(line):
            pushed.append(push[1])
        elif (pop := _POP.search(line)) and pop[1] in pushed:
            out.append(pop[1])
    return out


def floats(registers: tuple[str, ...]) -> int:
    """How many of them are floating point or vector registers."""
    return sum(1 for one in registers if _FLOAT.fullmatch(one))
