"""Which package the bytes of a program belong to that are no code: constants, tables of functions, data; stripped or not.

The bytes are cut into pieces wherever something refers to: an instruction, a function's entry in the pclntab, a type descriptor, a word
of another piece, or a symbol where there are any. A piece is of the package that it is made for (a type's, a symbol's), else of the one
whose code and data refer to it. What several packages refer to is none's alone, and said to be shared.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from godyno.errors import FormatError
from godyno.formats.elf import Elf, Section, elf
from godyno.formats.gotypes import GoType, Types
from godyno.formats.machinecode.addresses import data_addresses
from godyno.formats.pclntab import Pclntab, pclntab
from godyno.studies.library.strip.packages import OTHER, owners_of_code, package_of, symbols

SHARED, UNKNOWN = "(shared by packages)", "(nothing refers to it)"
KINDS = CODE, CONSTANTS, TABLES, DATA = "code", "constants", "function tables", "data"
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    CONSTANTS: (".rodata", ".go.type", ".go.func", ".typelink", ".itablink", ".data.rel.ro", ".data.rel.ro.typelink",
                ".data.rel.ro.itablink", ".data.rel.ro.go.type", ".data.rel.ro.go.func"),
    TABLES: (".gopclntab", ".data.rel.ro.gopclntab"),
    DATA: (".data", ".noptrdata"),
}  # fmt: skip
_ARCHITECTURES = {62: "amd64", 183: "arm64", 243: "riscv64"}
_DEEP = 6  # types of types


@dataclass(frozen=True)
class Attribution:
    """By kind (``code`` and the others): bytes by package, all of the kind. ``unread`` says whose references are not read."""

    packages: Mapping[str, Counter[str]]
    unread: str = ""

    def total(self, kind: str) -> int:
        """All bytes of a kind."""
        return sum(self.packages[kind].values())


def attributed(data: bytes) -> Attribution:
    """The attribution of a Go program. Raises FormatError where it is none that can be read: ELF, 64 bits, little-endian."""
    program = elf(data)
    if program.pointer != 8 or program.order != "<":
        raise FormatError("Only programs of 64 bits with the low byte first are read")
    try:
        work = _Work(program, pclntab(data))
        packages = {CODE: work.code(), **work.others()}
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise FormatError(f"The program contradicts itself: {error}") from error
    architecture = _ARCHITECTURES.get(program.machine)
    return Attribution(
        packages, "" if architecture else "the code's references are not read for this architecture"
    )


@dataclass
class _Pieces:
    """Pieces by their first address. ``owner`` is None until something refers to one; ``made`` are those that are a package's own."""

    starts: list[int]
    owner: list[str | None] = field(init=False)
    made: set[int] = field(default_factory=set)
    _to: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self.owner = [None] * len(self.starts)

    def at(self, address: int) -> int:
        """The piece that holds an address; -1 before the first."""
        return bisect_right(self.starts, address) - 1

    def make(self, address: int, owner: str) -> None:
        """The piece at ``address`` is this package's, whoever refers to it."""
        piece = self.at(address)
        self.owner[piece] = owner
        self.made.add(piece)

    def refer(self, owner: str, address: int) -> None:
        """Code or tables of a package refer to an address."""
        self._join(self.at(address), owner)

    def link(self, source: int, address: int) -> None:
        """A piece refers to an address."""
        piece = self.at(address)
        if piece != source and piece not in self.made:
            self._to[source].add(piece)

    def spread(self) -> None:
        """Owners along the links: a piece ends with none, one, or shared, so each changes twice at most."""
        waiting = [piece for piece, owner in enumerate(self.owner) if owner is not None and piece in self._to]
        while waiting:
            source = waiting.pop()
            owner = self.owner[source]
            assert owner is not None
            waiting += [piece for piece in self._to[source] if self._join(piece, owner) and piece in self._to]

    def _join(self, piece: int, owner: str) -> bool:
        before = self.owner[piece]
        if piece < 0 or piece in self.made or before in (owner, SHARED):
            return False
        self.owner[piece] = owner if before is None else SHARED
        return True


class _Work:
    def __init__(self, program: Elf, table: Pclntab) -> None:
        self.program, self.table = program, table
        self.kinds = {
            kind: [
                section for name in names if (section := program.section(name)) and program.contents(section)
            ]
            for kind, names in _SECTIONS.items()
        }
        self.functions, self.owners = owners_of_code(table)
        self.moved = program.relative_relocations(0, 1 << 64) if program.dynamic else {}
        self._packages: dict[tuple[int, int], str] = {}
        module = table.module
        self.types = Types(self._read, module.types, module.end_types, module.release) if module else None
        self.ranges = [
            (one.address, one.address + one.size) for sections in self.kinds.values() for one in sections
        ]

    def code(self) -> Counter[str]:
        """Bytes of code by package; all of the text section."""
        section = self.program.section(".text")
        found: Counter[str] = Counter()
        ends = [*self.functions[1:], self.table.text[1]]
        for start, end, owner in zip(self.functions, ends, self.owners, strict=True):
            found[owner] += max(0, end - start)
        found[OTHER] += max(0, (section.size if section else 0) - sum(found.values()))
        return found

    def others(self) -> dict[str, Counter[str]]:
        """Bytes of the rest by package."""
        referred = list(self._code_refers())
        words = list(self._words_refer())
        types = self._types(target for _, target in (*referred, *words))
        named = [one for one in symbols(self.program) if self._inside(one[0])]
        starts = {low for low, _ in self.ranges} | {address for address, _ in named} | set(types)
        starts |= {target for _, target in referred} | {target for _, target in words}
        listed = list(self._lists())
        starts |= {entry for entry, _ in listed}
        starts |= {use for one in types.values() for use in one.uses if self._inside(use)}
        pieces = _Pieces(sorted(starts))
        for address, symbol in named:
            if (owner := package_of(symbol))[:1] != "(" and not symbol.startswith("$"):
                pieces.make(address, owner)
        packages = {address: package for address, one in types.items() if (package := self._package(one))}
        for address, package in packages.items():
            pieces.make(address, package)
        self._by_contents(pieces, packages)
        for owner, target in referred:
            pieces.refer(owner, target)
        lists = {pieces.at(entry) for entry, _ in listed}
        for source, target in words:
            if (piece := pieces.at(source)) not in lists:
                pieces.link(piece, target)
        for entry, target in listed:
            pieces.link(pieces.at(target), entry)
        for address, one in types.items():
            for use in (*one.parts, *one.uses):
                if self._inside(use):
                    pieces.link(pieces.at(address), use)
        pieces.spread()
        return {kind: self._summed(pieces, sections) for kind, sections in self.kinds.items()}

    # ---- who refers to what

    def _code_refers(self) -> Iterator[tuple[str, int]]:
        """Package and address, of instructions and of the pclntab."""
        section = self.program.section(".text")
        architecture = _ARCHITECTURES.get(self.program.machine, "")
        if section is not None:
            at, to = data_addresses(
                architecture, self.program.contents(section), section.address, self.ranges
            )
            of = np.searchsorted(np.array(self.functions, np.int64), at, side="right") - 1
            pairs = np.unique(np.stack([of[of >= 0], to[of >= 0]]), axis=1)
            yield from (
                (self.owners[function], address) for function, address in zip(*pairs.tolist(), strict=True)
            )
        for function, address in self.table.uses():
            if self._inside(address):
                yield self.owners[function], address

    def _words_refer(self) -> Iterator[tuple[int, int]]:
        """Where a word lies that is an address of one of the ranges, and that address."""
        if self.program.dynamic:
            yield from ((at, to) for at, to in self.moved.items() if self._inside(at) and self._inside(to))
            return
        # .noptrdata holds no pointers: a number there that looks like an address is none.
        for section in (*self.kinds[CONSTANTS], *(one for one in self.kinds[DATA] if one.name == ".data")):
            contents = self.program.contents(section)
            words = np.frombuffer(contents, "<u8", count=len(contents) // 8)
            good = np.zeros(len(words), dtype=bool)
            for low, high in self.ranges:
                good |= (words >= low) & (words < high)
            places = np.flatnonzero(good)
            yield from zip((section.address + 8 * places).tolist(), words[places].tolist(), strict=True)

    def _lists(self) -> Iterator[tuple[int, int]]:
        """The entries of the lists of all types and of all pairs of types: each is of what it names."""
        for section in self.kinds[CONSTANTS]:
            contents = self.program.contents(section)
            if section.name.endswith(".typelink") and self.types is not None:
                for index, (offset,) in enumerate(
                    struct.iter_unpack("<i", contents[: len(contents) // 4 * 4])
                ):
                    yield section.address + 4 * index, self.types.base + offset
            elif section.name.endswith(".itablink"):
                for address in range(section.address, section.address + section.size - 7, 8):
                    yield address, int.from_bytes(self._read(address, 8), "little")

    def _types(self, roots: Iterable[int]) -> dict[int, GoType]:
        """Every type descriptor that is reached from ``roots``."""
        found: dict[int, GoType] = {}
        if self.types is None:
            return found
        waiting = [root for root in set(roots) if self.types.base <= root < self.types.end]
        while waiting:
            address = waiting.pop()
            if address in found or (one := self.types.read(address)) is None:
                continue
            found[address] = one
            waiting += [*one.parts, *(use for use in one.uses if self.types.base <= use < self.types.end)]
        return found

    def _package(self, one: GoType, deep: int = _DEEP) -> str:
        """The package of a type: its own, or that of the only ones that it is made of."""
        key = one.address, deep
        if key not in self._packages:
            self._packages[key] = self._find_package(one, deep)
        return self._packages[key]

    def _find_package(self, one: GoType, deep: int) -> str:
        if one.package == "go.shape":  # stands for any type of its form
            return ""
        if one.package or not deep or self.types is None:
            return one.package
        parts = [part for address in one.parts if (part := self.types.read(address)) is not None]
        packages = {package for part in parts if (package := self._package(part, deep - 1))}
        return packages.pop() if len(packages) == 1 else ""

    def _by_contents(self, pieces: _Pieces, packages: Mapping[int, str]) -> None:
        """Pairs of types (an interface, and what is stored in it) are of the stored type's package, function values of the function's."""
        entries = dict(zip(self.functions, self.owners, strict=True))
        ends = [*pieces.starts[1:], max(high for _, high in self.ranges)]
        for section in self.kinds[CONSTANTS]:
            for index in range(max(0, pieces.at(section.address)), len(pieces.starts)):
                start, end = pieces.starts[index], ends[index]
                if start >= section.address + section.size:
                    break
                if index in pieces.made or end - start < 8 or start % 8:
                    continue
                first = int.from_bytes(self._read(start, 8), "little")
                if end - start == 8 and first in entries:
                    pieces.make(start, entries[first])
                elif end - start >= 24 and (
                    second := packages.get(int.from_bytes(self._read(start + 8, 8), "little"))
                ):
                    interface = self.types.read(first) if self.types else None
                    if interface is not None and interface.is_interface:
                        pieces.make(start, second)

    def _read(self, address: int, size: int) -> bytes:
        """Bytes as they are once the program is loaded."""
        raw = bytes(self.program.at(address, size))
        if not self.moved:
            return raw
        for place in range(address + -address % 8, address + size - 7, 8):
            if place in self.moved:
                start = place - address
                raw = raw[:start] + self.moved[place].to_bytes(8, "little") + raw[start + 8 :]
        return raw

    def _inside(self, address: int) -> bool:
        return any(low <= address < high for low, high in self.ranges)

    def _summed(self, pieces: _Pieces, sections: Sequence[Section]) -> Counter[str]:
        found: Counter[str] = Counter()
        for section in sections:
            end = section.address + section.size
            index = pieces.at(section.address)
            while index < len(pieces.starts) and pieces.starts[index] < end:
                following = pieces.starts[index + 1] if index + 1 < len(pieces.starts) else end
                found[pieces.owner[index] or UNKNOWN] += min(following, end) - pieces.starts[index]
                index += 1
        return found
