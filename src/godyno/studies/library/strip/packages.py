"""Which package a function or variable is of: by its name, or by the file that it comes from."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from godyno.formats.elf import Elf
from godyno.formats.pclntab import Pclntab

TYPES, STRINGS, OTHER = "(types)", "(string constants)", "(not Go's)"
LINKER = "(linker)"
_COMPARES = re.compile(r"type[:.]\.(?:eq|hash)\.(?:\[\d+\])*((?!struct |interface |func\().*\..*)")
_SYMBOL = struct.Struct("<IBBHQQ")


def package_of(symbol: str) -> str:
    """The import path of a function or variable; what belongs to no package in brackets.

    ``github.com/a/b.(*T).M`` is of ``github.com/a/b``: the path ends at the first dot after its last slash. The linker escapes dots
    in a path's last element as ``%2e`` (cmd/internal/objabi.PathToPrefix).
    """
    if compared := _COMPARES.match(symbol):  # made for a type: equality, hashing
        symbol = compared[1]
    elif symbol.startswith("go:itab."):  # a type as an interface: of the type's package
        symbol = symbol.removeprefix("go:itab.").lstrip("*").partition(",")[0]
    name, method, _ = symbol.split("[", 1)[0].partition(".(")
    if name.startswith(("type:", "type.", "go.shape", "go:struct", "go:(", "struct ", "interface ", "func(")):
        return TYPES
    if name.startswith(("go:string", "go.string")):
        return STRINGS
    if name.startswith(("go:", "go.")) and not name.startswith("go.uber") and "/" not in name:
        return LINKER
    slash = name.rfind("/")
    dot = name.find(".", slash + 1)
    if dot > 0:
        name = name[:dot].rstrip("(")
    return name.replace("%2e", ".") if dot > 0 or method else OTHER


def owners_of_code(table: Pclntab) -> tuple[list[int], list[str]]:
    """Every function's address, in order, and its package."""
    addresses, owners = [], []
    for address, name in table.function_names():
        owner = package_of(name)
        if owner == OTHER:  # a label of an assembly file: its package is where that file lies
            owner = _directory(table, address)
        addresses.append(address)
        owners.append(owner)
    known = set(owners)
    return addresses, [_receivers(owner, known) if owner.count(".") > 1 else owner for owner in owners]


def _receivers(owner: str, known: set[str]) -> str:
    """The receiver's package of ``a/b.T.c/d``, a method of ``c/d`` that a type of ``a/b`` has by embedding."""
    for dot in (place for place, letter in enumerate(owner) if letter == "."):
        if owner[:dot] in known and "." in owner[dot + 1 :].partition("/")[0]:
            return owner[:dot]
    return owner


def _directory(table: Pclntab, address: int) -> str:
    """The import path of the source file at ``address``, as far as a standard library's file tells it; ``OTHER`` elsewhere."""
    frames = table.frames(address)
    directory = frames[-1].file.rpartition("/")[0] if frames else ""
    path = directory.rpartition("/src/")[2]
    return path if path and not path.startswith("/") else OTHER


def symbols(program: Elf) -> Iterator[tuple[int, str]]:
    """Address and name of each symbol; none of a stripped program."""
    table, strings = program.section(".symtab"), program.section(".strtab")
    if table is None or strings is None:
        return
    names, raw = bytes(program.contents(strings)), bytes(program.contents(table))
    for name, _, _, _, value, size in _SYMBOL.iter_unpack(raw[: len(raw) - len(raw) % _SYMBOL.size]):
        if size:  # those without mark where something begins or ends, and are nothing themselves
            yield value, names[name : names.find(b"\0", name)].decode("utf-8", "replace")
