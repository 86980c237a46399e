"""What the linker tells Go's runtime of a program: where its code, its types and its functions' data lie.

Layout: ``moduledata`` in runtime/symtab.go, Go 1.18 and newer, 64 bits; it is found by the pclntab's address, with which it begins.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from godyno.formats.elf import Elf

_SECTIONS = (".go.module", ".noptrdata", ".data", ".data.rel.ro", ".data.rel.ro.go.module")
_MIN_PC, _MAX_PC, _TEXT, _END_TEXT = 20, 21, 22, 23  # in words


@dataclass(frozen=True, slots=True)
class ModuleData:
    """Addresses before relocation. ``gofunc`` (0 where unknown) is what offsets of functions' data count from; ``types`` is where
    offsets of types and names count from, and ``end_types`` one beyond the last. ``release`` is 27 for Go 1.27, 0 where unknown.
    """

    text: int
    gofunc: int
    types: int
    end_types: int
    release: int


def module_data(source: Elf, pclntab: int, release: int) -> ModuleData | None:
    """runtime.firstmoduledata of a program with 64 bits; None where it is not found."""
    if source.pointer != 8:
        return None
    # Go 1.27 has the lengths of type descriptors and itabs before gofunc; up to 1.19 there were no coverage counters.
    types_at, end_at, gofunc_at = (
        (37, 39, 43) if release >= 27 else (37, 38, 40) if release >= 20 or not release else (35, 36, 38)
    )
    for words in _candidates(source, pclntab, gofunc_at + 1):
        text, low, high, end = (words[index] for index in (_TEXT, _MIN_PC, _MAX_PC, _END_TEXT))
        if text <= low < high <= end:
            gofunc = words[gofunc_at] if source.at(words[gofunc_at], 1) else 0
            return ModuleData(text, gofunc, words[types_at], words[end_at], release)
    return None


def _candidates(source: Elf, pclntab: int, count: int) -> Iterator[tuple[int, ...]]:
    """The words wherever the pclntab's address stands, or will stand once the program is relocated."""
    needle = struct.pack(source.order + "Q", pclntab)
    for section in (one for one in source.sections if one.name in _SECTIONS):
        contents = bytes(source.contents(section))
        moved = (
            source.relative_relocations(section.address, section.address + section.size)
            if source.dynamic
            else {}
        )
        starts = [address - section.address for address, addend in moved.items() if addend == pclntab]
        at = contents.find(needle)
        while at >= 0:
            starts.append(at)
            at = contents.find(needle, at + 8)
        for start in starts:
            if start % 8 == 0 and start + 8 * count <= len(contents):
                words = struct.unpack_from(f"{source.order}{count}Q", contents, start)
                yield tuple(
                    moved.get(section.address + start + 8 * index, word) for index, word in enumerate(words)
                )
