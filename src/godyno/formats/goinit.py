"""Which package a Go runtime's init task is of: what ``runtime.doInit1`` is given, read out of the program's file.

Layout: ``initTask`` in runtime/proc.go, Go 1.21 and newer: a state and the number of functions, 32 bits each, then that
many addresses of functions. The functions bear the package's path, so a stripped program tells too.
"""

from __future__ import annotations

import struct
from urllib.parse import unquote

from godyno.formats.elf import Elf
from godyno.formats.pclntab import Pclntab

_MOST_FUNCTIONS = 100_000


def init_package(source: Elf, table: Pclntab, address: int) -> str:
    """The import path of the package whose init task lies at ``address`` (of the file, before relocation); empty where unknown."""
    head = bytes(source.at(address, 8))
    if len(head) < 8:
        return ""
    _, count = struct.unpack(source.order + "II", head)
    if not 0 < count < _MOST_FUNCTIONS:
        return ""
    first = address + 8
    word = bytes(source.at(first, source.pointer))
    if len(word) < source.pointer:
        return ""
    (function,) = struct.unpack(source.order + ("Q" if source.pointer == 8 else "I"), word)
    if source.dynamic:  # a PIE's pointers are filled in when it is loaded
        function = source.relative_relocations(first, first + source.pointer).get(first, function)
    frames = table.frames(function)
    return package_of(frames[-1].function) if frames else ""


def package_of(function: str) -> str:
    """The import path in a function's full name: ``net/http`` of ``net/http.init.0`` and of ``net/http.(*Server).Serve``."""
    directory, slash, last = function.rpartition("/")
    return unquote(f"{directory}{slash}{last.split('.', 1)[0]}")
