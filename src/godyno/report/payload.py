"""The block of data that the page carries: a JSON header, then columns of numbers, gzip'd and in base64.

Base64 cannot hold a ``<``, so whatever a capture's names and lines contain, no browser can read it as markup. Bytes are
little-endian; the reader is ``web/src/payload.ts``.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import struct
from typing import Any

import numpy as np

FORMAT = 1
_LARGEST = float(np.finfo(np.float32).max)
Array = np.ndarray[Any, Any]
_TYPES: dict[str, np.dtype[Any]] = {
    "u32": np.dtype("<u4"),
    "i32": np.dtype("<i4"),
    "f32": np.dtype("<f4"),
    "f64": np.dtype("<f8"),
}


class Payload:
    """Collects columns; equal ones are stored once, since series that are read together share their instants."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._known: dict[tuple[bytes, str, bool], dict[str, Any]] = {}

    def column(self, values: Array, kind: str, delta: bool = False) -> dict[str, Any]:
        """Adds a column of ``kind`` u32, i32, f32 or f64 and gives its reference. ``delta`` stores differences, which pack better."""
        if kind == "f32":
            values = np.clip(values, -_LARGEST, _LARGEST)
        stored = np.ascontiguousarray(values, _TYPES[kind])
        if delta and len(stored):
            # Differences wrap around in unsigned 32 bits, and so does adding them up again.
            stored = np.diff(stored, prepend=np.zeros(1, stored.dtype)).astype(_TYPES[kind])
        data = stored.tobytes()
        key = (data, kind, delta)
        found = self._known.get(key)
        if found is None:
            found = {"at": self._size, "n": len(stored), "type": kind}
            if delta:
                found["delta"] = True
            self._known[key] = found
            data += b"\0" * (-len(data) % 8)
            self._parts.append(data)
            self._size += len(data)
        return found

    @property
    def size(self) -> int:
        """Bytes so far, before packing."""
        return self._size

    def packed(self, header: dict[str, Any]) -> str:
        """The whole block as base64 text."""
        text = json.dumps(header, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()
        head = struct.pack("<I", len(text)) + text
        head += b"\0" * (-len(head) % 8)
        return base64.b64encode(gzip.compress(head + b"".join(self._parts), 6, mtime=0)).decode()


# DEL, C1 controls, and the marks that turn the direction of what follows: a name must not reorder the line it stands in.
_UNSEEN = {
    ord(letter): f"\\x{ord(letter):02x}" if ord(letter) < 0x100 else f"\\u{ord(letter):04x}"
    for letter in (
        *(chr(code) for code in (*range(9), *range(10, 32), *range(0x7F, 0xA0))),
        *"\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    )
}
_COLOR = re.compile(r"\x1b\[[0-9;:]*m")


def clean(text: str) -> str:
    """Text without what a terminal or a page could act upon: control characters become their visible names, colours go."""
    return _COLOR.sub("", text).translate(_UNSEEN)
