"""Go's type descriptors, as reflection reads them: what each refers to and which package it is of.

Layout: internal/abi/type.go and map.go, Go 1.18 and newer, little-endian programs of 64 bits. Only what is found by following references
is read, so that a version that adds kinds of data loses nothing but those.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

_FIXED = struct.Struct("<QQIBBBBQQii")
_EXTRA_STAR, _UNCOMMON, _NAMED = 2, 1, 4
_ARRAY, _CHAN, _FUNC, _INTERFACE, _MAP, _POINTER, _SLICE, _STRUCT, _LAST = 17, 18, 19, 20, 21, 22, 23, 25, 26
_SIZE = {_ARRAY: 72, _CHAN: 64, _FUNC: 56, _INTERFACE: 80, _POINTER: 56, _SLICE: 56, _STRUCT: 80}
_MOST = 4096  # fields, methods, parameters of one type
_TAG, _PACKAGE = 2, 4  # flags of a name


@dataclass(frozen=True, slots=True)
class GoType:
    """A descriptor at ``address``. ``package`` is the import path of a type with methods or a name, else empty.

    ``parts`` are the types that it is made of; ``uses`` all other addresses that it refers to: names, masks, the types of its methods.
    """

    address: int
    name: str
    package: str
    kind: int
    parts: tuple[int, ...]
    uses: tuple[int, ...]

    @property
    def is_interface(self) -> bool:
        """Whether it is an interface's."""
        return self.kind == _INTERFACE


@dataclass
class Types:
    """Reads descriptors. ``at`` gives bytes at an address (relocated), ``base`` to ``end`` is where types and names lie."""

    at: Callable[[int, int], bytes]
    base: int
    end: int
    release: int = 0
    _known: dict[int, GoType | None] = field(default_factory=dict)

    def read(self, address: int) -> GoType | None:
        """The descriptor at ``address``, or None where none is."""
        if address not in self._known:
            try:
                self._known[address] = self._read(address)
            except (struct.error, ValueError, IndexError):
                self._known[address] = None
        return self._known[address]

    def _read(self, address: int) -> GoType | None:
        if address % 8 or not self.base <= address < self.end:
            return None
        _, _, _, flags, align, _, kind, _, mask, name_at, pointer = _FIXED.unpack(
            self.at(address, _FIXED.size)
        )
        kind &= 31
        if not 1 <= kind <= _LAST or align not in (1, 2, 4, 8) or name_at <= 0:
            return None
        name = self._name(self.base + name_at)
        if flags & _EXTRA_STAR:
            name = name[1:]
        parts, uses = self._kind(address, kind)
        uses = [self.base + name_at, mask, *([self.base + pointer] if pointer > 0 else []), *uses]
        package = ""
        if flags & _UNCOMMON:
            package, more = self._uncommon(address + self._size(kind))
            uses += more
        return GoType(address, name, package, kind, tuple(parts), tuple(use for use in uses if use))

    def _size(self, kind: int) -> int:
        if kind == _MAP:
            return 136 if self.release >= 27 else 112 if self.release >= 24 else 88
        return _SIZE.get(kind, _FIXED.size)

    def _kind(self, address: int, kind: int) -> tuple[list[int], list[int]]:
        """The types that it is made of, and other addresses."""
        rest = address + _FIXED.size
        if kind in (_CHAN, _POINTER, _SLICE):
            return [self._word(rest)], []
        if kind == _ARRAY:
            return [self._word(rest)], [self._word(rest + 8)]
        if kind == _MAP:
            return [self._word(rest), self._word(rest + 8)], [self._word(rest + 16)]
        if kind == _FUNC:
            taken, given = struct.unpack("<HH", self.at(rest, 4))
            flags = self.at(address + 20, 1)[0]
            first = address + _SIZE[_FUNC] + (16 if flags & _UNCOMMON else 0)
            return [
                self._word(first + 8 * index) for index in range(min(taken + (given & 0x7FFF), _MOST))
            ], []
        if kind == _INTERFACE:
            package, methods, count = struct.unpack("<QQQ", self.at(rest, 24))
            found = [self.at(methods + 8 * index, 8) for index in range(min(count, _MOST))]
            offsets = [self.base + offset for one in found for offset in struct.unpack("<ii", one)]
            return [], [package, methods, *offsets]
        if kind == _STRUCT:
            package, fields, count = struct.unpack("<QQQ", self.at(rest, 24))
            found = [self.at(fields + 24 * index, 16) for index in range(min(count, _MOST))]
            pairs = [struct.unpack("<QQ", one) for one in found]
            return [kind_of for _, kind_of in pairs], [package, fields, *(name for name, _ in pairs)]
        return [], []

    def _uncommon(self, address: int) -> tuple[str, list[int]]:
        path, count, _, offset = struct.unpack("<iHHI", self.at(address, 12))
        uses = [self.base + path] if path > 0 else []
        for index in range(min(count, _MOST)):
            name, kind = struct.unpack("<ii", self.at(address + offset + 16 * index, 8))
            uses += [self.base + one for one in (name, kind) if one > 0]
        return (self._name(self.base + path) if path > 0 else ""), uses

    def _word(self, address: int) -> int:
        word: int = struct.unpack("<Q", self.at(address, 8))[0]
        return word

    def _name(self, address: int) -> str:
        """A name: flags, length as varint, text. Raises ValueError where none is."""
        if not self.base <= address < self.end:
            raise ValueError("a name outside the types")
        head = self.at(address, 6)
        length, at = head[1] & 0x7F, 2
        if head[1] & 0x80:
            length |= (head[2] & 0x7F) << 7
            at = 3
            if head[2] & 0x80:
                length, at = length | (head[3] & 0x7F) << 14, 4
        if head[0] > 15 or length > _MOST * 16:
            raise ValueError("no name")
        return self.at(address + at, length).decode("utf-8", "replace")
