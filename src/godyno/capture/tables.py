"""From rows to Parquet: the writer of a sealed capture's tables. Runs in the sealing process, never in the recorder.

Storage was measured on ten million points: Parquet with zstd, delta-encoded time and byte-split values, sorted by series,
takes a quarter of SQLite's space and a fortieth of its time, and one series of it is read in milliseconds.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from godyno.capture import schema

_ARROW = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string(), "json": pa.string()}
_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
_CODE = {"int64": "q", "float64": "d"}
_EMPTY: dict[str, Any] = {"int64": 0, "float64": 0.0, "string": "", "json": "{}"}
_INT64 = 2**63
FANOUT = 16  # points of one level under one bucket of the next
_LEAST_FOR_PYRAMID = 512
_GROUP_ROWS = 1 << 18
_STACKS_AT_ONCE = 1 << 12


def arrow_schema(table: str) -> pa.Schema:
    """The Arrow schema of a table."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in schema.BY_NAME[table].columns])


class TableWriter:
    """``interfaces.Sink`` onto tables in memory; ``write`` puts them below a directory. Text is made valid UTF-8."""

    def __init__(self, raw: Path) -> None:
        self._raw = raw
        self.notes: dict[str, Any] = {}
        self.warnings: list[str] = []
        # Numbers lie in arrays, 8 bytes each: as objects in lists those of a large build's samples took a gigabyte.
        self._rows: dict[str, list[Any]] = {
            table.name: [
                array(_CODE[column.type]) if column.type in _CODE else [] for column in table.columns
            ]
            for table in schema.TABLES
            if table.name not in ("points", "pyramid", "frames")
        }
        self._many: dict[str, list[pa.Table]] = {}
        self._series: dict[str, int] = {}
        self._times: list[array[int]] = []
        self._values: list[array[float]] = []
        self._groups: list[tuple[int, ...]] = []
        # A build has millions of frames and few that differ: a stack is the ids of its frames, 4 bytes each, leaf first.
        self._frames: dict[tuple[str, str, int, str], int] = {}
        self._stacks: dict[bytes, int] = {}

    def series(self, name: str, unit: str, layer: str, labels: Mapping[str, str] | None = None) -> int:  # noqa: D102
        text = _json({str(k): str(v) for k, v in sorted((labels or {}).items())})
        key = "\0".join((name, unit, layer, text))
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = len(self._series) + 1
            self._times.append(array("q"))
            self._values.append(array("d"))
            self._add("series", found, name, unit, layer, text)
        return found

    def rows(self, ids: Sequence[int]) -> int:  # noqa: D102
        self._groups.append(tuple(ids))
        return len(self._groups) - 1

    def row(self, group: int, t_ns: int, values: Sequence[float]) -> None:  # noqa: D102
        t_ns = _int(t_ns)
        for series, value in zip(self._groups[group], values, strict=True):
            if value == value:  # not NaN
                self._times[series - 1].append(t_ns)
                self._values[series - 1].append(value)

    def point(self, series: int, t_ns: int, value: float) -> None:  # noqa: D102
        if value == value:  # not NaN
            self._times[series - 1].append(_int(t_ns))
            self._values[series - 1].append(value)

    def span(  # noqa: D102
        self, t_start_ns: int, t_end_ns: int, layer: str, track: str, name: str,
        pid: int = 0, tid: int = 0, args: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._add(
            "spans",
            _int(t_start_ns),
            _int(t_end_ns),
            layer,
            track,
            name,
            _int(pid),
            _int(tid),
            _json(args or {}),
        )

    def event(  # noqa: D102
        self, t_ns: int, layer: str, track: str, name: str,
        pid: int = 0, tid: int = 0, args: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._add("events", _int(t_ns), layer, track, name, _int(pid), _int(tid), _json(args or {}))

    def line(self, t_ns: int, stream: str, text: str, pid: int = 0) -> None:  # noqa: D102
        self._add("lines", _int(t_ns), stream, _int(pid), text)

    def stack(self, frames: Sequence[tuple[str, str, int, str]]) -> int:  # noqa: D102
        return self.stack_of(self.frame_ids(frames))

    def frame_ids(self, frames: Sequence[tuple[str, str, int, str]]) -> bytes:  # noqa: D102
        known = self._frames
        return array("i", [known.setdefault(frame, len(known)) for frame in frames]).tobytes()

    def stack_of(self, ids: bytes) -> int:  # noqa: D102
        return self._stacks.setdefault(ids, len(self._stacks) + 1)

    def sample(  # noqa: D102
        self, t_ns: int, layer: str, stack: int, weight: float,
        pid: int = 0, tid: int = 0, goroutine: int = 0,
    ) -> None:  # fmt: skip
        # Not by _add, which takes three times as long: a large build has millions of samples.
        times, layers, pids, tids, goroutines, weights, stacks = self._rows["stacks"]
        times.append(_int(t_ns))
        layers.append(_text(layer))
        pids.append(_int(pid))
        tids.append(_int(tid))
        goroutines.append(_int(goroutine))
        weights.append(weight)
        stacks.append(stack)

    def many(self, table: str, count: int, /, **columns: Any) -> None:  # noqa: D102
        wanted = arrow_schema(table)
        if unknown := columns.keys() - set(wanted.names):
            raise TypeError(f"{table} has no column {', '.join(sorted(unknown))}")
        arrays = [
            _column(columns.get(f.name, _EMPTY[c.type]), f.type, count)
            for f, c in zip(wanted, schema.BY_NAME[table].columns, strict=True)
        ]
        self._many.setdefault(table, []).append(pa.table(arrays, names=wanted.names))

    def curve(self, series: int, t_ns: Any, values: Any) -> None:  # noqa: D102
        t, v = np.asarray(t_ns, np.int64), np.asarray(values, np.float64)
        there = ~np.isnan(v)
        self._times[series - 1].frombytes(t[there].tobytes())
        self._values[series - 1].frombytes(v[there].tobytes())

    def finding(self, source: str, kind: str, claim: str, severity: str, whole: Mapping[str, Any]) -> None:
        """A finding, as JSON."""
        self._add("findings", source, kind, claim, severity, _json(whole))

    def raw(self, name: str) -> Path:  # noqa: D102
        return self._raw / name

    def note(self, key: str, value: Any) -> None:  # noqa: D102
        self.notes[key] = value

    def warn(self, text: str) -> None:  # noqa: D102
        if text not in self.warnings:
            self.warnings.append(text)

    def largest_sum(self, name: str) -> float | None:
        """The largest sum over all series called ``name``, each holding its value until its next point or its last one.

        None where there is no such series.
        """
        changes: list[tuple[int, float]] = []
        for index, found in enumerate(self._rows["series"][1]):
            if found != name or not self._times[index]:
                continue
            t, v = self._times[index], self._values[index]
            previous = 0.0
            for t_ns, value in zip(t, v, strict=True):
                changes.append((t_ns, value - previous))
                previous = value
            changes.append((t[-1] + 1, -previous))
        if not changes:
            return None
        total = most = 0.0
        for _, change in sorted(changes):
            total += change
            most = max(most, total)
        return most

    def write(self, directory: Path) -> dict[str, int]:
        """Writes every table that has rows as ``TABLE.parquet`` and gives the number of rows of each."""
        counts = {}
        for name in list(self._rows):
            counts[name] = write_tables(_sorted(self._table(name), name), directory / f"{name}.parquet")
        for name, table in zip(("points", "pyramid"), self._points(), strict=True):
            counts[name] = write_tables([table], directory / f"{name}.parquet")
        if rows := write_tables(self._frame_tables(), directory / "frames.parquet"):
            counts["frames"] = rows
        return {name: rows for name, rows in counts.items() if rows}

    def _add(self, table: str, *values: Any) -> None:
        for column, value in zip(self._rows[table], values, strict=True):
            column.append(_text(value) if type(value) is str else value)

    def _table(self, name: str) -> pa.Table:
        """The rows of a table, which are let go; text by dictionary, as most of it comes again and again."""
        rows, self._rows[name] = self._rows[name], []
        wanted = pa.schema(
            [
                (field.name, _DICTIONARY if field.type == pa.string() else field.type)
                for field in arrow_schema(name)
            ]
        )
        arrays = [
            pa.array(
                np.frombuffer(column, column.typecode) if isinstance(column, array) else column, type=kind
            )
            for column, kind in zip(rows, wanted.types, strict=True)
        ]
        many = [table.cast(wanted) for table in self._many.pop(name, ())]
        return (
            pa.concat_tables([pa.table(arrays, schema=wanted), *many]).unify_dictionaries().combine_chunks()
        )

    def _frame_tables(self) -> Iterator[pa.Table]:
        """The frames of all stacks, some at a time, since as text they take a hundred times the memory."""
        wanted = arrow_schema("frames")
        function, file, line, binary = zip(*self._frames, strict=True) if self._frames else ((), (), (), ())
        texts = {
            name: pa.array([_text(one) for one in column], pa.string())
            for name, column in (("function", function), ("file", file), ("binary", binary))
        }
        lines = np.array([_int(one) for one in line], np.int64)
        keys = list(self._stacks)
        for first in range(0, len(keys), _STACKS_AT_ONCE):
            some = keys[first : first + _STACKS_AT_ONCE]
            of = np.frombuffer(b"".join(some), np.int32)
            deep = np.array([len(key) // 4 for key in some], np.int64)
            begins = np.cumsum(deep) - deep
            found = {
                "stack_id": np.repeat(np.arange(first + 1, first + 1 + len(some), dtype=np.int64), deep),
                "depth": np.arange(len(of), dtype=np.int64) - np.repeat(begins, deep),
                "line": lines[of],
                **{name: text.take(pa.array(of)) for name, text in texts.items()},
            }
            yield pa.table([found[name] for name in wanted.names], schema=wanted)
        yield from (table.cast(wanted) for table in self._many.get("frames", ()))

    def _points(self) -> tuple[pa.Table, pa.Table]:
        ids: list[Any] = []
        times: list[Any] = []
        values: list[Any] = []
        levels: list[tuple[Any, ...]] = []
        for index, (t_array, v_array) in enumerate(zip(self._times, self._values, strict=True)):
            t, v = np.frombuffer(t_array, np.int64), np.frombuffer(v_array, np.float64)
            if len(t) > 1 and np.any(t[1:] < t[:-1]):
                order = np.argsort(t, kind="stable")
                t, v = t[order], v[order]
            ids.append(np.full(len(t), index + 1, np.int64))
            times.append(t)
            values.append(v)
            levels.extend((index + 1, *level) for level in pyramid(t, v))
        empty = np.zeros(0, np.int64)
        points = pa.table(
            [
                np.concatenate(ids or [empty]),
                np.concatenate(times or [empty]),
                np.concatenate(values or [np.zeros(0)]),
            ],
            schema=arrow_schema("points"),
        )
        columns = [
            np.concatenate([np.full(len(level[2]), level[0], np.int64) for level in levels] or [empty]),
            np.concatenate([np.full(len(level[2]), level[1], np.int64) for level in levels] or [empty]),
            *(np.concatenate([level[k] for level in levels] or [empty]) for k in range(2, 7)),
        ]
        return points, pa.table(columns, schema=arrow_schema("pyramid"))


def pyramid(
    t_ns: np.ndarray[Any, Any], values: np.ndarray[Any, Any]
) -> list[tuple[int, Any, Any, Any, Any, Any]]:
    """The levels (level, t_start_ns, t_end_ns, min, max, count) over one sorted series; none for a short one."""
    if len(t_ns) < _LEAST_FOR_PYRAMID:
        return []
    out, start, end, low, high = [], t_ns, t_ns, values, values
    count = np.ones(len(t_ns), np.int64)
    level = 0
    while len(start) > FANOUT:
        level += 1
        cuts = np.arange(0, len(start), FANOUT)
        last = np.minimum(cuts + FANOUT, len(end)) - 1
        start, end = start[cuts], end[last]
        low, high = np.minimum.reduceat(low, cuts), np.maximum.reduceat(high, cuts)
        count = np.add.reduceat(count, cuts)
        out.append((level, start, end, low, high, count))
    return out


def _sorted(table: pa.Table, name: str) -> Iterator[pa.Table]:
    """The rows of a table by time, in the capture's own types; some at once, since as text they take much memory."""
    key = {"spans": "t_start_ns", "events": "t_ns", "lines": "t_ns", "stacks": "t_ns"}.get(name)
    order = pa.compute.sort_indices(table[key]) if key else np.arange(len(table))
    for first in range(0, len(table), _GROUP_ROWS):
        yield table.take(order[first : first + _GROUP_ROWS]).cast(arrow_schema(name))


def write_tables(tables: Iterable[pa.Table], path: Path) -> int:
    """Writes tables of one schema below each other and gives the rows; no file where there are none. zstd, integers as deltas, floats
    byte-split, text by dictionary. Raises OSError.
    """
    count, writer = 0, None
    try:
        for table in tables:
            if len(table):
                writer = writer or pq.ParquetWriter(path, table.schema, **_how(table.schema))
                writer.write_table(table, row_group_size=_GROUP_ROWS)
                count += len(table)
    finally:
        if writer is not None:
            writer.close()
    return count


def _how(wanted: pa.Schema) -> dict[str, Any]:
    encodings = {}
    for field in wanted:
        if field.type == pa.int64():
            encodings[field.name] = "DELTA_BINARY_PACKED"
        elif field.type == pa.float64():
            encodings[field.name] = "BYTE_STREAM_SPLIT"
    text = [field.name for field in wanted if field.type == pa.string()]
    return {
        "compression": "zstd", "compression_level": 3, "use_dictionary": text, "column_encoding": encodings, "write_statistics": True,
    }  # fmt: skip


def _column(value: Any, kind: pa.DataType, count: int) -> Any:
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value
    if isinstance(value, np.ndarray):
        return pa.array(value, kind)
    if isinstance(
        value, str
    ):  # one value, and a number for each row: Arrow has no shorter way to say "the same"
        return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([_text(value)]))
    return pa.array(np.full(count, value), kind)


def _json(value: Mapping[str, Any]) -> str:
    if not value:
        return "{}"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _text(value: str) -> str:
    """Valid UTF-8: bytes that were not (kept as lone surrogates by Python) are shown as \\xNN."""
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogateescape" if _only_escapes(value) else "surrogatepass").decode(
        "utf-8", "backslashreplace"
    )


def _only_escapes(value: str) -> bool:
    return all(not 0xD800 <= ord(letter) <= 0xDFFF or 0xDC80 <= ord(letter) <= 0xDCFF for letter in value)


def _int(value: float) -> int:
    if type(value) is int and -_INT64 <= value < _INT64:
        return value
    whole = int(value) if math.isfinite(value) else 0
    return max(-_INT64, min(_INT64 - 1, whole))
