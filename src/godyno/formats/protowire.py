"""protobuf's wire format, read by hand: as much as profile.proto needs.

Format: https://protobuf.dev/programming-guides/encoding. Importing protobuf takes longer than most profiles take to read,
and its messages hand out one number at a time; here a packed field is taken apart at once. Groups are refused.
"""

from __future__ import annotations

import re

_MAX_VARINT = 10
_WORD = 1 << 64

chunks = re.compile(rb"[\x80-\xff]*[\x00-\x7f]").findall  # the varints of a packed field, undecoded


def message(data: bytes) -> list[tuple[int, int | bytes]]:
    """The fields of a message in order: number, and an unsigned integer or the bytes. Raises ValueError."""
    found: list[tuple[int, int | bytes]] = []
    at, end = 0, len(data)
    try:
        while at < end:
            key = data[at]
            at += 1
            if key >= 128:
                key, at = varint(data, at - 1)
            kind = key & 7
            if kind == 0:
                value = data[at]
                at += 1
                if value >= 128:
                    value, at = varint(data, at - 1)
                found.append((key >> 3, value))
                continue
            if kind == 2:
                size = data[at]
                at += 1
                if size >= 128:
                    size, at = varint(data, at - 1)
            elif kind in (1, 5):
                size = 8 if kind == 1 else 4
            else:
                raise ValueError(f"a field of wire type {kind}")
            if not key >> 3:
                raise ValueError("a field of number 0")
            if size > end - at:
                raise ValueError("a field longer than what holds it")
            found.append((key >> 3, data[at : at + size]))
            at += size
    except IndexError:
        raise ValueError("it ends in the middle of a field") from None
    return found


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned integer at ``at``, and where it ends. Raises IndexError at the end of data, ValueError."""
    value = shift = 0
    for _ in range(_MAX_VARINT):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value % _WORD, at
        shift += 7
    raise ValueError("a number that does not end")


def signed(value: int) -> int:
    """The int64 that an unsigned integer stands for."""
    return value - _WORD if value >> 63 else value


class Numbers(dict[bytes, int]):
    """Undecoded varint to int64, each worked out once."""

    def __missing__(self, chunk: bytes) -> int:
        number = self[chunk] = signed(varint(chunk, 0)[0])
        return number


def whole(packed: bytes) -> bytes:
    """``packed``, if its last number ends. Raises ValueError."""
    if packed and packed[-1] >= 128:
        raise ValueError("a number that does not end")
    return packed
