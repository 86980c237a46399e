"""The directory at a zip's end: what it holds and where (PKWARE's APPNOTE.TXT, 4.3.7 to 4.3.16 and 4.5.3).

Python's zipfile takes as long for an entry as inflating ten kilobytes does. Names are taken as Go takes them, flagged as UTF-8 or not.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

STORED, DEFLATED = 0, 8

_LOCAL = struct.Struct("<I22xHH")
_ENTRY = struct.Struct("<I4x2xH4xIIIHHH8xI")
_END = struct.Struct("<I6xHII2x")
_LOCATOR = struct.Struct("<I4xQ4x")
_END64 = struct.Struct("<I28xQQQ")
_LARGEST_COMMENT = 0xFFFF
_ELSEWHERE = 0xFFFFFFFF  # the figure is in the zip64 field


class Entry(NamedTuple):
    """A file in a zip: sizes in bytes, ``at`` where its own header begins. Names that are no UTF-8 hold surrogates."""

    name: str
    method: int
    crc32: int
    packed_bytes: int
    size_bytes: int
    at: int


def entries(data: memoryview) -> Iterator[Entry]:
    """Every file of the zip ``data``, in the directory's order. Raises ValueError or struct.error where the directory is damaged."""
    at, count, shift = _directory(data)
    for _ in range(count):
        mark, method, crc32, packed, size, named, more, comment, local = _ENTRY.unpack_from(data, at)
        if mark != 0x02014B50:
            raise ValueError(f"its directory is damaged at byte {at}")
        at += _ENTRY.size
        name = str(data[at : at + named], "utf-8", "surrogateescape")
        at += named
        if _ELSEWHERE in (packed, size, local):
            size, packed, local = _long(data[at : at + more], size, packed, local)
        at += more + comment
        yield Entry(name, method, crc32, packed, size, local + shift)


def packed(data: memoryview, entry: Entry) -> memoryview:
    """The bytes of ``entry`` as the zip holds them. Raises ValueError or struct.error where they are not where the directory says."""
    mark, named, more = _LOCAL.unpack_from(data, entry.at)
    if mark != 0x04034B50:
        raise ValueError(f"{entry.name!r} is not where its directory says")
    at = entry.at + _LOCAL.size + named + more
    return data[at : at + entry.packed_bytes]


def _directory(data: memoryview) -> tuple[int, int, int]:
    """Where the directory begins, how many entries it has, and by how much all offsets are too small: something may stand before a zip."""
    tail = bytes(data[-(_END.size + _LARGEST_COMMENT) :])
    found = tail.rfind(b"PK\5\6", 0, len(tail) - _END.size + 4)
    if found < 0:
        raise ValueError("it has no directory at its end")
    end = len(data) - len(tail) + found
    _, count, size, begin = _END.unpack_from(data, end)
    if end >= _LOCATOR.size and (count == 0xFFFF or _ELSEWHERE in (size, begin)):
        mark, where = _LOCATOR.unpack_from(data, end - _LOCATOR.size)
        if mark == 0x07064B50:
            end = where
            mark, count, size, begin = _END64.unpack_from(data, end)
            if mark != 0x06064B50:
                raise ValueError(f"its directory is damaged at byte {end}")
    if size > end:
        raise ValueError("its directory is cut off")
    return end - size, count, end - size - begin


def _long(field: memoryview, *short: int) -> list[int]:
    """Size, packed size and place, those that did not fit from the zip64 field."""
    found: list[int] = []
    at = 0
    while at + 4 <= len(field) and not found:
        kind, length = struct.unpack_from("<HH", field, at)
        if kind == 1:
            found = [one for (one,) in struct.iter_unpack("<Q", field[at + 4 : at + 4 + length // 8 * 8])]
        at += 4 + length
    wanted = iter(found)
    try:
        return [next(wanted) if one == _ELSEWHERE else one for one in short]
    except StopIteration:
        raise ValueError("its zip64 field is cut off") from None
