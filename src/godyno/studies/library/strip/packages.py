"""Which package a program's bytes belong to: code by the function table that even a stripped program has, constants by its symbols."""

from __future__ import annotations

import bisect
import itertools
import struct
from collections import Counter
from collections.abc import Iterator

from godyno.formats.elf import Elf, Section, elf
from godyno.formats.pclntab import Pclntab, pclntab

# Symbols of the linker that mark where something begins or ends, and are nothing themselves.
_MARKS = ("runtime.rodata", "runtime.erodata", "runtime.etypes")
TYPES, STRINGS, OTHER = "(types)", "(string constants)", "(not Go's)"
NUMBERS, ASSEMBLY = "(number constants)", "(assembly's constants)"
_SYMBOL = struct.Struct("<IBBHQQ")


def package_of(symbol: str) -> str:
    """The import path of a function or variable; what belongs to no package in brackets.

    ``github.com/a/b.(*T).M`` is of ``github.com/a/b``: the path ends at the first dot after its last slash. The linker escapes dots
    in a path's last element as ``%2e`` (cmd/internal/objabi.PathToPrefix).
    """
    name = symbol.split("[", 1)[0]
    if name.startswith(("type:", "type.")):
        return TYPES
    if name.startswith(("go:string", "go.string")):
        return STRINGS
    if name.startswith(("go:", "go.")) and not name.startswith("go.uber") and "/" not in name:
        return "(linker)"
    slash = name.rfind("/")
    dot = name.find(".", slash + 1)
    return name[:dot].replace("%2e", ".") if dot > 0 else OTHER


def text_by_package(data: bytes) -> tuple[Counter[str], int]:
    """Bytes of code by package, and all bytes of the text section. Raises FormatError where there is no function table."""
    program = elf(data)
    section = program.section(".text")
    if section is None:
        return Counter(), 0
    table = pclntab(data)
    end = table.text[1]
    found: Counter[str] = Counter()
    functions = [*table.function_names(), (end, "")]
    for (address, name), (following, _) in itertools.pairwise(functions):
        owner = package_of(name)
        if owner == OTHER:  # a label of an assembly file: its package is where that file lies
            owner = _directory(table, address)
        found[owner] += max(0, following - address)
    total = section.size
    found[OTHER] += max(0, total - sum(found.values()))
    return found, total


def _directory(table: Pclntab, address: int) -> str:
    """The import path of the source file at ``address``, as far as a standard library's file tells it; ``OTHER`` elsewhere."""
    frames = table.frames(address)
    directory = frames[-1].file.rpartition("/")[0] if frames else ""
    path = directory.rpartition("/src/")[2]
    return path if path and not path.startswith("/") else OTHER


def rodata_by_package(data: bytes) -> tuple[Counter[str], int]:
    """Bytes of constants by package, and all bytes of the section; nothing without a symbol table (a stripped program).

    Each byte is of the last symbol at or before it. Types and strings have one symbol for all, so they are no package's.
    """
    program = elf(data)
    section = program.section(".rodata")
    table, strings = program.section(".symtab"), program.section(".strtab")
    if section is None or table is None or strings is None or program.pointer != 8 or program.order != "<":
        return Counter(), 0
    named = sorted(_symbols(program, section, table, strings))
    found: Counter[str] = Counter()
    if not named:
        return found, 0
    ends = [address for address, _ in named[1:]] + [section.address + section.size]
    found[OTHER] += max(0, named[0][0] - section.address)
    for (address, owner), end in zip(named, ends, strict=True):
        found[owner] += end - address
    return found, section.size


def _symbols(program: Elf, section: Section, table: Section, strings: Section) -> Iterator[tuple[int, str]]:
    names, end = bytes(program.contents(strings)), section.address + section.size
    raw = bytes(program.contents(table))
    for name, _, _, _, value, _ in _SYMBOL.iter_unpack(raw[: len(raw) - len(raw) % _SYMBOL.size]):
        if section.address <= value < end:
            text = names[name : names.find(b"\0", name)].decode("utf-8", "replace")
            if text in ("runtime.types", "type:*", "type.*"):
                yield value, TYPES
            elif text and text not in _MARKS:
                owner = package_of(text)
                number = text.startswith(("$f", "$i"))
                yield value, (NUMBERS if number else ASSEMBLY) if owner == OTHER or number else owner


def module_of(packages: Counter[str], path: str) -> int:
    """The bytes of a module's own packages (its commands are called ``main``)."""
    names = sorted(packages)
    at = bisect.bisect_left(names, path)
    own = sum(packages[name] for name in names[at:] if name == path or name.startswith(f"{path}/"))
    return own + packages["main"]
