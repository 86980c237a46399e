"""Type descriptors, laid out by hand as internal/abi says."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from godyno.formats.gotypes import Types

_BASE, _SIZE = 0x10000, 0x1000
_UNCOMMON, _EXTRA_STAR, _NAMED = 1, 2, 4
_INT, _POINTER, _STRUCT, _INTERFACE = 2, 22, 25, 20


class _Memory:
    """Bytes at ``_BASE``."""

    def __init__(self) -> None:
        self.bytes = bytearray(_SIZE)

    def put(self, offset: int, layout: str, *values: int) -> None:
        struct.pack_into("<" + layout, self.bytes, offset, *values)

    def name(self, offset: int, text: str) -> int:
        raw = text.encode()
        length = bytes([len(raw)]) if len(raw) < 128 else bytes([len(raw) & 0x7F | 0x80, len(raw) >> 7])
        self.bytes[offset : offset + 1 + len(length) + len(raw)] = b"\1" + length + raw
        return offset

    def type(self, offset: int, kind: int, name: int, flags: int = 0) -> None:
        self.put(offset, "QQIBBBBQQii", 8, 8, 1, flags, 8, 8, kind, 0, 0, name, 0)

    def at(self, address: int, size: int) -> bytes:
        return bytes(self.bytes[address - _BASE : address - _BASE + size])


def _types(release: int = 26) -> tuple[Types, _Memory]:
    memory = _Memory()
    read: Callable[[int, int], bytes] = memory.at
    return Types(read, _BASE, _BASE + _SIZE, release), memory


def test_a_named_struct_has_its_package_its_fields_and_their_names() -> None:
    types, memory = _types()
    memory.type(0x100, _INT, memory.name(0x800, "int"), _NAMED)
    memory.type(0x200, _STRUCT, memory.name(0x820, "*b.T"), _UNCOMMON | _EXTRA_STAR | _NAMED)
    memory.put(0x230, "QQQQ", 0, _BASE + 0x600, 1, 1)
    memory.put(0x250, "iHHII", memory.name(0x840, "a/b"), 0, 0, 16, 0)
    memory.put(0x600, "QQQ", _BASE + memory.name(0x860, "Field"), _BASE + 0x100, 0)
    found = types.read(_BASE + 0x200)
    assert found is not None
    assert (found.name, found.package, found.parts) == ("b.T", "a/b", (_BASE + 0x100,))
    assert {_BASE + 0x820, _BASE + 0x840, _BASE + 0x860, _BASE + 0x600} <= set(found.uses)
    integer = types.read(_BASE + 0x100)
    assert integer is not None
    assert (integer.name, integer.package, integer.parts) == ("int", "", ())


def test_a_pointer_is_made_of_what_it_points_to_and_of_no_package() -> None:
    types, memory = _types()
    memory.type(0x300, _POINTER, memory.name(0x800, "*" + "x" * 200))
    memory.put(0x330, "Q", _BASE + 0x100)
    found = types.read(_BASE + 0x300)
    assert found is not None
    assert (found.name, found.package, found.parts) == ("*" + "x" * 200, "", (_BASE + 0x100,))


def test_an_interface_is_told_by_its_kind() -> None:
    types, memory = _types()
    memory.type(0x300, _INTERFACE, memory.name(0x800, "any"))
    found = types.read(_BASE + 0x300)
    assert found is not None
    assert found.is_interface


@pytest.mark.parametrize("offset", [0x301, _SIZE + 8, -8, _SIZE - 16])
def test_what_cannot_be_a_descriptor_is_none(offset: int) -> None:
    types, memory = _types()
    memory.type(0x300, _INT, memory.name(0x800, "int"))
    assert types.read(_BASE + offset) is None


@pytest.mark.parametrize(("place", "value"), [(23, 0), (23, 31), (21, 3), (40, 0), (40, 0xFF)])
def test_a_descriptor_with_an_impossible_field_is_none(place: int, value: int) -> None:
    types, memory = _types()
    memory.type(0x300, _INT, memory.name(0x800, "int"))
    memory.bytes[0x300 + place : 0x300 + place + 4] = bytes(
        [value, *memory.bytes[0x301 + place : 0x304 + place]]
    )
    if place == 40:
        memory.put(0x300 + 40, "i", 0 if value == 0 else _SIZE * 2)
    assert types.read(_BASE + 0x300) is None
