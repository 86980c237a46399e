"""The journal: what the recorder appends to while the command runs. Standard library only, and cheap.

A file of frames, each ``length u32, crc32 u32, kind u8, payload``, all little-endian. A frame is written whole by one
``write``; after kill -9 every frame that was written stands, and after a power cut the checksum tells where to stop.

======  ==========================================================================================
kind    payload
======  ==========================================================================================
JSON    objects, one a line: ``{"k": "series" | "rows" | "span" | "event" | "line" | "note" | "warn" …}``
ROWS    ``group u32, t_ns i64, values f64 × (width of the group)``, repeated
CHUNK   ``stream u8, t_ns i64, bytes``: output of the command as it arrived
======  ==========================================================================================

A row costs one ``struct.pack``; text becomes lines, and rows become points, only when sealing.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from godyno.capture.appender import Appender
from godyno.errors import CaptureCorrupt

JOURNAL = "journal"
MAGIC = b"GODYNOJ1"
JSON, ROWS, CHUNK = 1, 2, 3
STREAMS = ("output", "stdout", "stderr")

_FRAME = struct.Struct("<IIB")
_CHUNK = struct.Struct("<Bq")
_ROW = struct.Struct("<Iq")
_MOST_FRAME_BYTES = 64 << 20
_FLUSHED_AT_BYTES = 1 << 20  # output may come by the gigabyte between two ticks

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=str).encode


class Journal:
    """Appends frames. ``flush`` is called once a tick: one ``write`` for everything since the last."""

    def __init__(self, path: Path, on_full: Callable[[OSError], None] = lambda error: None) -> None:
        self._file = Appender(path, on_full)
        self._objects: list[str] = []
        self._rows: list[bytes] = []
        self._series: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], int] = {}
        self._packers: list[struct.Struct] = []
        self._stacks: dict[tuple[tuple[str, str, int, str], ...], int] = {}
        self._file.write(MAGIC)
        self.flush()

    @property
    def written_bytes(self) -> int:
        """How much is on disk."""
        return self._file.written_bytes

    @property
    def lost_bytes(self) -> int:
        """How much a full disk has cost."""
        return self._file.lost_bytes

    def sink(self, probe: str, raw: Path) -> JournalSink:
        """The sink of one probe; ``raw`` is its folder, made when first used."""
        return JournalSink(self, probe, raw)

    def add(self, record: Mapping[str, Any]) -> None:
        """Appends a JSON object."""
        self._objects.append(_encode(record))

    def chunk(self, stream: int, t_ns: int, data: bytes) -> None:
        """Appends output as it arrived; ``stream`` indexes STREAMS."""
        self._frame(CHUNK, _CHUNK.pack(stream, t_ns) + data)

    def series_id(self, name: str, unit: str, layer: str, labels: Mapping[str, str]) -> int:
        """The id of a series, declared once."""
        key = (name, unit, layer, tuple(sorted(labels.items())))
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = len(self._series) + 1
            self.add(
                {
                    "k": "series",
                    "id": found,
                    "name": name,
                    "unit": unit,
                    "layer": layer,
                    "labels": dict(labels),
                }
            )
        return found

    def group_id(self, ids: Sequence[int]) -> int:
        """The id of a group of series that are read together."""
        self._packers.append(struct.Struct(f"<Iq{len(ids)}d"))
        group = len(self._packers) - 1
        self.add({"k": "rows", "id": group, "series": list(ids)})
        return group

    def row(self, group: int, t_ns: int, values: Sequence[float]) -> None:
        """One point of each series of the group."""
        self._rows.append(self._packers[group].pack(group, t_ns, *values))

    def stack_id(self, frames: tuple[tuple[str, str, int, str], ...]) -> int:
        """The id of a stack, declared once."""
        found = self._stacks.get(frames)
        if found is None:
            found = self._stacks[frames] = len(self._stacks) + 1
            self.add({"k": "stack", "id": found, "frames": frames})
        return found

    def flush(self) -> None:
        """Writes what has come since the last flush. Never raises OSError."""
        if self._objects:  # before the rows, which need the groups declared here
            objects, self._objects = self._objects, []
            self._frame(JSON, "\n".join(objects).encode("ascii"))
        if self._rows:
            rows, self._rows = self._rows, []
            self._frame(ROWS, b"".join(rows))
        self._file.flush()

    def close(self) -> None:
        """Flushes, makes it durable, closes."""
        self.flush()
        self._file.close()

    def _frame(self, kind: int, payload: bytes) -> None:
        self._file.write(_FRAME.pack(len(payload), zlib.crc32(payload, kind), kind) + payload)
        if kind == CHUNK and self._file.waiting_bytes > _FLUSHED_AT_BYTES:
            self._file.flush()


class JournalSink:
    """``interfaces.Sink`` onto a journal, for one probe."""

    def __init__(self, journal: Journal, probe: str, raw: Path) -> None:
        self.journal, self.probe, self._raw = journal, probe, raw
        self.rows = journal.group_id
        self.row = journal.row

    def series(self, name: str, unit: str, layer: str, labels: Mapping[str, str] | None = None) -> int:  # noqa: D102
        return self.journal.series_id(name, unit, layer, labels or {})

    def point(self, series: int, t_ns: int, value: float) -> None:  # noqa: D102
        self.journal.add({"k": "point", "s": series, "t": t_ns, "v": value})

    def span(  # noqa: D102
        self, t_start_ns: int, t_end_ns: int, layer: str, track: str, name: str,
        pid: int = 0, tid: int = 0, args: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.journal.add(
            {
                "k": "span",
                "t0": t_start_ns,
                "t1": t_end_ns,
                "layer": layer,
                "track": track,
                "name": name,
                "pid": pid,
                "tid": tid,
                "args": args or {},
            }
        )

    def event(  # noqa: D102
        self, t_ns: int, layer: str, track: str, name: str,
        pid: int = 0, tid: int = 0, args: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.journal.add(
            {
                "k": "event",
                "t": t_ns,
                "layer": layer,
                "track": track,
                "name": name,
                "pid": pid,
                "tid": tid,
                "args": args or {},
            }
        )

    def line(self, t_ns: int, stream: str, text: str, pid: int = 0) -> None:  # noqa: D102
        self.journal.add({"k": "line", "t": t_ns, "stream": stream, "text": text, "pid": pid})

    def stack(self, frames: Sequence[tuple[str, str, int, str]]) -> int:  # noqa: D102
        return self.journal.stack_id(tuple(frames))

    def sample(  # noqa: D102
        self, t_ns: int, layer: str, stack: int, weight: float,
        pid: int = 0, tid: int = 0, goroutine: int = 0,
    ) -> None:  # fmt: skip
        self.journal.add(
            {
                "k": "sample",
                "t": t_ns,
                "layer": layer,
                "stack": stack,
                "w": weight,
                "pid": pid,
                "tid": tid,
                "g": goroutine,
            }
        )

    def raw(self, name: str) -> Path:  # noqa: D102
        self._raw.mkdir(parents=True, exist_ok=True)
        return self._raw / name

    def note(self, key: str, value: Any) -> None:  # noqa: D102
        self.journal.add({"k": "note", "probe": self.probe, "key": key, "value": value})

    def warn(self, text: str) -> None:  # noqa: D102
        self.journal.add({"k": "warn", "probe": self.probe, "text": text})


def frames(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every whole frame of a journal as (kind, payload); ends silently at the first torn or damaged one.

    Raises CaptureCorrupt where the file is no journal at all.
    """
    for kind, payload, _ in frames_from(path, 0):
        yield kind, payload


def frames_from(path: Path, position: int) -> Iterator[tuple[int, bytes, int]]:
    """The same from ``position`` on (0 is the start), each with the position after it, to follow a journal that grows."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise CaptureCorrupt(
                f"{path} is not a journal",
                hint="The recorder was killed before its first write, or the file was damaged.",
            )
        position = file.seek(max(position, len(MAGIC)))
        while len(header := file.read(_FRAME.size)) == _FRAME.size:
            length, checksum, kind = _FRAME.unpack(header)
            if length > _MOST_FRAME_BYTES:
                return
            payload = file.read(length)
            if len(payload) != length or zlib.crc32(payload, kind) != checksum:
                return
            position += _FRAME.size + length
            yield kind, payload, position


def objects(payload: bytes) -> Iterator[dict[str, Any]]:
    """The objects of a JSON frame; what is not an object is passed over."""
    for line in payload.split(b"\n"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def rows(payload: bytes, widths: Mapping[int, int]) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """The rows of a ROWS frame as (group, t_ns, values); ends at a group that was never declared."""
    position, end = 0, len(payload)
    while position + _ROW.size <= end:
        group, t_ns = _ROW.unpack_from(payload, position)
        width = widths.get(group)
        position += _ROW.size
        if width is None or position + 8 * width > end:
            return
        yield group, t_ns, struct.unpack_from(f"<{width}d", payload, position)
        position += 8 * width


def chunk(payload: bytes) -> tuple[str, int, bytes]:
    """A CHUNK frame as (stream, t_ns, data). Raises CaptureCorrupt for one that godyno did not write."""
    if len(payload) < _CHUNK.size:
        raise CaptureCorrupt(
            "A piece of output in a journal has no time", hint="The journal was made by another program."
        )
    stream, t_ns = _CHUNK.unpack_from(payload)
    return STREAMS[min(stream, len(STREAMS) - 1)], t_ns, payload[_CHUNK.size :]
