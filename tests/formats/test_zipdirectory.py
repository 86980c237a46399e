"""The directory of a zip, beside Python's own reader of it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.formats.zipdirectory import DEFLATED, STORED, entries, packed

FILES = {
    "m@v1/go.mod": b"module m\n",
    "m@v1/a.go": b"package m\n" * 500,
    "m@v1/näme": b"",
    "m@v1/d/b.bin": bytes(range(256)),
}


def made(files: dict[str, bytes] = FILES, *, comment: bytes = b"", long: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = comment
        for number, (name, content) in enumerate(files.items()):
            about = zipfile.ZipInfo(name)
            about.compress_type = zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED
            with archive.open(about, "w", force_zip64=long) as file:
                file.write(content)
    return out.getvalue()


def contents(data: bytes) -> dict[str, bytes]:
    found = {}
    view = memoryview(data)
    for entry in entries(view):
        raw = packed(view, entry)
        assert entry.method in (STORED, DEFLATED)
        content = bytes(raw) if entry.method == STORED else zlib.decompress(raw, -15)
        assert (len(content), zlib.crc32(content)) == (entry.size_bytes, entry.crc32)
        found[entry.name] = content
    return found


@pytest.mark.parametrize(
    "data",
    [
        made(),
        made(comment=b"a comment, and more of it"),
        made(long=True),
        b"#!/bin/sh\nsomething before it\n" + made(),
    ],
    ids=["plain", "with a comment", "with long sizes", "after something else"],
)
def test_every_file_is_found_with_its_bytes(data: bytes) -> None:
    assert contents(data) == FILES


def test_more_files_than_the_short_directory_can_count_are_all_found() -> None:
    many = {f"m@v1/{number}": b"" for number in range(0x10001)}
    assert list(contents(made(many))) == list(many)


def test_sizes_and_places_that_are_too_long_are_taken_from_their_own_field() -> None:
    data = bytearray(made({"a": b"some bytes"}))
    at = data.index(b"PK\1\2")
    name = bytes(data[at + 46 : at + 47])
    head = bytearray(data[at : at + 46])
    head[20:28] = b"\xff" * 8
    head[42:46] = b"\xff" * 4
    field = struct.pack("<HHH", 0xCAFE, 2, 0) + struct.pack("<HHQQQ", 1, 24, 10, 10, 0)
    head[30:32] = struct.pack("<H", len(field))
    end = bytearray(data[data.index(b"PK\5\6") :])
    end[12:16] = struct.pack("<I", 47 + len(field))
    assert contents(bytes(data[:at] + head + name + field + end)) == {"a": b"some bytes"}
    with pytest.raises(ValueError, match="zip64 field is cut off"):
        contents(bytes(data[:at] + head + name + field[:6] + field[6:10] + field[10:18] + b"\0" * 16 + end).replace(
            struct.pack("<HH", 1, 24), struct.pack("<HH", 1, 8)
        ))  # fmt: skip


def test_a_name_that_is_no_utf8_keeps_its_bytes() -> None:
    data = made({"m@v1/x": b"1"}).replace(b"m@v1/x", b"m@v1/\xff")
    (name,) = contents(data)
    assert name.encode("utf-8", "surrogateescape") == b"m@v1/\xff"


@pytest.mark.parametrize("data", [b"", b"PK", b"<html>sign in</html>", made()[:-30], made()[40:]])
def test_what_is_no_whole_zip_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        contents(data)


@given(st.integers(0, len(made()) - 1), st.binary(min_size=1, max_size=8))
def test_damage_is_refused_or_read_and_nothing_else(at: int, garbage: bytes) -> None:
    data = bytearray(made())
    data[at : at + len(garbage)] = garbage
    view = memoryview(bytes(data))
    try:
        for entry in entries(view):
            assert len(packed(view, entry)) <= len(view)
    except (ValueError, struct.error):
        pass
