"""Decodes perf's raw records column by column: a call of Python for each field of millions of records took most of sealing's time.

Places are in words of 8 bytes, to which the kernel aligns all but what a tracepoint tells.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_records import Found, Life, Mapping_, Meta, Name, Rare, Sample, Switch, Trouble

_PAIR = struct.Struct("<II")
_TRAILER = struct.Struct("<IIQQ")  # pid, tid, time, identifier: sample_id of every record that is no sample
_WORD = struct.Struct("<Q")
_FOUR = struct.Struct("<IIII")
_TRAILER_WORDS = 3
_U32 = np.uint64(0xFFFFFFFF)
_READ_BYTES, _LEAST_READ_BYTES = 8 << 20, 1 << 18  # at once: of all CPUs, and of each
_NEVER = 1 << 63
_MOST_FRAMES = 1024

Array = np.ndarray[Any, Any]


def records_by_time(folder: Path, meta: Meta) -> Iterator[Found]:
    """Everything that is understood in the folder's ``cpuN.records``, in order of time."""
    layouts = Layouts(meta.events)
    pieces = rows_by_time(folder, lambda data, cpu: _decoded(data, cpu, layouts))
    return itertools.chain.from_iterable(piece.tolist() for piece in pieces)


def records_of(data: bytes, cpu: int, events: Mapping[int, tuple[str, int]]) -> list[Found]:
    """What is understood of records just taken from a ring; ``events`` as in ``Meta``."""
    found: list[Found] = _decoded(data, cpu, Layouts(events)).rows.tolist()
    return found


def rows_by_time(folder: Path, decode: Decode) -> Iterator[Array]:
    """What ``decode`` gives of the folder's ``cpuN.records``, in order of time; some at once."""
    files = [
        (file, int(number))
        for file in folder.glob("cpu*.records")
        if (number := file.name[3:-8]).isdecimal() and len(number) < 6
    ]
    at_once = max(_LEAST_READ_BYTES, _READ_BYTES // max(1, len(files)))
    return _merged([_one_cpu(file, cpu, decode, at_once) for file, cpu in files])


class Decoded(NamedTuple):
    """An array with a row (or object) a record, as they lie in a file, their times, and how many bytes of the data they were."""

    rows: Array
    times: Array
    bytes: int


Decode = Callable[[bytes, int], Decoded]  # of data, and the CPU that wrote it


class Piece(NamedTuple):
    """Records as they lie: of each its kind, its flags, and where its body begins and ends."""

    data: bytes
    words: Array
    kinds: Array
    miscs: Array
    starts: Array
    ends: Array
    bytes: int

    def others(self, chosen: Array, cpu: int) -> Iterator[tuple[int, Rare]]:
        """Those that are neither samples nor switches and are understood, of ``chosen``: place and record. They are few."""
        for row in np.flatnonzero(chosen).tolist():
            kind, misc, start, end = (
                int(one[row]) for one in (self.kinds, self.miscs, self.starts, self.ends)
            )
            try:
                found = _other(kind, misc, self.data, 8 * start, 8 * end, cpu)
            except struct.error:
                continue  # shorter than its kind must be
            if found is not None:
                yield row, found


def piece_of(data: bytes) -> Piece:
    """The records in ``data``."""
    starts, read_bytes = _starts(data)
    words = np.frombuffer(data, "<u8", len(data) // 8)
    heads = words[starts]
    ends = starts + (heads >> 51).astype(np.int64)
    return Piece(data, words, heads & _U32, heads >> 32 & 0xFFFF, starts + 1, ends, read_bytes)


def _one_cpu(file: Path, cpu: int, decode: Decode, at_once: int) -> Iterator[tuple[Array, Array]]:
    """A CPU's records, some at once, and by what to merge them: the latest time until each."""
    rest, latest = b"", np.uint64(0)
    with file.open("rb") as stream:
        while piece := stream.read(at_once):
            data = rest + piece if rest else piece
            found = decode(data, cpu)
            rest = data[found.bytes :]
            if len(found.times):
                # An interrupt's record can lie behind one with a later time: it stays right behind it.
                order = np.maximum.accumulate(np.maximum(found.times, latest))
                latest = order[-1]
                yield found.rows, order
            if len(rest) > 1 << 16:
                return  # no record is that long: what follows is damaged


def _merged(streams: Sequence[Iterator[tuple[Array, Array]]]) -> Iterator[Array]:
    """The rows of all streams by time, of one time by stream; some at once, since as objects they take much memory."""
    waiting: list[tuple[Array, Array] | None] = [None] * len(streams)
    bounds = [0] * len(streams)  # nothing earlier is still to come from a stream
    while (until := min(bounds, default=_NEVER)) < _NEVER:
        for index, stream in enumerate(streams):
            if bounds[index] == until:
                more = next(stream, None)
                bounds[index] = int(more[1][-1]) if more else _NEVER
                waiting[index] = _joined([waiting[index], more])
        complete = np.uint64(min(bounds))
        ready: list[tuple[Array, Array] | None] = []
        for index, one in enumerate(waiting):
            if one is not None:
                rows, order = one
                cut = int(np.searchsorted(order, complete))
                ready.append((rows[:cut], order[:cut]))
                waiting[index] = (rows[cut:], order[cut:])
        all_ready = _joined(ready)
        if all_ready is not None:
            yield all_ready[0][np.argsort(all_ready[1], kind="stable")]


def _joined(parts: Sequence[tuple[Array, Array] | None]) -> tuple[Array, Array] | None:
    there = [part for part in parts if part is not None]
    if not there:
        return None
    return np.concatenate([rows for rows, _ in there]), np.concatenate([order for _, order in there])


def _decoded(data: bytes, cpu: int, layouts: Layouts) -> Decoded:
    """The records in ``data`` as objects. Samples and switches come by the million, so they are read in columns."""
    piece = piece_of(data)
    kinds, starts, ends = piece.kinds, piece.starts, piece.ends
    records = np.full(len(starts), None, object)
    times = np.zeros(len(starts), "<u8")

    def put(rows: Array, t_ns: Array, found: Iterator[Found]) -> None:
        records[rows], times[rows] = np.fromiter(found, object, len(rows)), t_ns

    is_sample = kinds == pe.RECORD_SAMPLE
    is_switch = (kinds == pe.RECORD_SWITCH) | (kinds == pe.RECORD_SWITCH_CPU_WIDE)
    put(*_switches(piece, np.flatnonzero(is_switch & (ends - starts >= _TRAILER_WORDS)), cpu))
    for samples in layouts.samples(piece):
        put(samples.rows, samples.column["time"], samples.objects(data, cpu))
    for row, found in piece.others(~is_sample & ~is_switch, cpu):
        records[row], times[row] = found, found.t_ns
    understood = np.fromiter((one is not None for one in records.tolist()), bool, len(records))
    return Decoded(records[understood], times[understood], piece.bytes)


def _starts(data: bytes) -> tuple[Array, int]:
    """Where records begin, in words, and the bytes of all; ends at a torn one, or one that the kernel did not write."""
    sizes = np.frombuffer(data, "<u2", len(data) // 8 * 4)[3::4]
    steps = np.where(sizes & 7, 0, sizes >> 3).data  # 0: damaged
    out, at, end = [], 0, len(steps)
    while at < end and (step := steps[at]) and at + step <= end:
        out.append(at)
        at += step
    return np.array(out, np.int64), 8 * at


def _switches(piece: Piece, rows: Array, cpu: int) -> tuple[Array, Array, Iterator[Switch]]:
    """Which of ``rows`` have a time, these times, and the switches."""
    words, ends = piece.words, piece.ends
    rows = rows[words[ends[rows] - 2] >> 63 == 0]
    whose, t_ns, misc = words[ends[rows] - 3], words[ends[rows] - 2], piece.miscs[rows]
    out, preempted = misc & pe.MISC_SWITCH_OUT != 0, misc & pe.MISC_SWITCH_OUT_PREEMPTED != 0
    return rows, t_ns, _made(Switch, t_ns, cpu, whose & _U32, whose >> 32, out, preempted)


def _made(kind: Any, *columns: Any) -> Iterator[Any]:
    """A tuple of ``kind`` for each row. A column is an array, a list, or one value for all; the first is an array."""
    each = (one.tolist() if isinstance(one, np.ndarray) else one for one in columns)
    rows = zip(*(one if isinstance(one, list) else itertools.repeat(one) for one in each), strict=False)
    return map(partial(tuple.__new__, kind), rows)  # what kind._make does, without a call of Python for each


def _other(kind: int, misc: int, data: bytes, start: int, end: int, cpu: int) -> Rare | None:
    """A record that is neither a sample nor a switch; None where it is not understood. Raises struct.error where it is too short."""
    if end - start < _TRAILER.size:
        return None
    t_ns = _TRAILER.unpack_from(data, end - _TRAILER.size)[2]
    if t_ns >> 63:
        return None
    if kind in (pe.RECORD_FORK, pe.RECORD_EXIT):
        own, parent, own_tid, parent_tid = _FOUR.unpack_from(data, start)
        return Life(t_ns, cpu, "fork" if kind == pe.RECORD_FORK else "exit", own, own_tid, parent, parent_tid)
    if kind == pe.RECORD_COMM:
        own, own_tid = _PAIR.unpack_from(data, start)
        return Name(
            t_ns, cpu, own, own_tid, _string(data[start + 8 : end - _TRAILER.size]),
            bool(misc & pe.MISC_COMM_EXEC),
        )  # fmt: skip
    if kind == pe.RECORD_MMAP2:
        own, _, address, length, offset, major, minor, inode = struct.unpack_from("<IIQQQIIQ", data, start)
        return Mapping_(
            t_ns, cpu, own, address, length, offset, (major, minor), inode,
            _string(data[start + 64 : end - _TRAILER.size]),
        )  # fmt: skip
    if kind == pe.RECORD_LOST:
        return Trouble(t_ns, cpu, "lost", _WORD.unpack_from(data, start + 8)[0])
    if kind == pe.RECORD_LOST_SAMPLES:
        return Trouble(t_ns, cpu, "lost", _WORD.unpack_from(data, start)[0])
    if kind == pe.RECORD_THROTTLE:
        return Trouble(t_ns, cpu, "throttled", 1)
    return None


class Layouts:
    """How samples are laid out, by the id of their event: each CPU and each thread has its own, of few kinds."""

    def __init__(self, events: Mapping[int, tuple[str, int]]) -> None:
        kinds = sorted(set(events.values()))
        self.layouts = [_Layout(*kind) for kind in kinds]
        known = sorted((id_, kinds.index(kind)) for id_, kind in events.items() if 0 <= id_ < 1 << 64)
        self.ids = np.array([id_ for id_, _ in known], "<u8")
        self.numbers = np.array([number for _, number in known], np.int64)

    def samples(self, piece: Piece) -> Iterator[Samples]:
        """The samples of each event."""
        rows = np.flatnonzero((piece.kinds == pe.RECORD_SAMPLE) & (piece.ends > piece.starts))
        if not len(self.ids) or not len(rows):
            return
        ids = piece.words[piece.starts[rows]]
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        numbers = np.where(self.ids[at] == ids, self.numbers[at], -1)
        for number, layout in enumerate(self.layouts):
            yield layout.samples(piece, rows[numbers == number])


class Samples(NamedTuple):
    """Samples of one event: their places among the records; ``column`` by field; ``ranges`` of bytes of ``chain`` and ``raw``."""

    event: str
    rows: Array
    column: Mapping[str, Array]
    ranges: Mapping[str, tuple[Array, Array]]

    def objects(self, data: bytes, cpu: int) -> Iterator[Sample]:
        """Each as an object."""
        column = self.column
        parts = {
            name: [data[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True)]
            for name, (first, last) in self.ranges.items()
        }
        return _made(
            Sample, column["time"], cpu, self.event, column["whose"] & _U32, column["whose"] >> 32, column["ip"],
            column["address"], column["period"], parts.get("chain", b""), parts.get("raw", b""), column["register"],
        )  # fmt: skip


class _Layout:
    """How to read the samples of one event: fields come in a fixed order, each only where asked for."""

    def __init__(self, event: str, sample_type: int) -> None:
        self.event = event
        fields = [("id", pe.SAMPLE_IDENTIFIER), ("ip", pe.SAMPLE_IP), ("whose", pe.SAMPLE_TID), ("time", pe.SAMPLE_TIME),
                  ("address", pe.SAMPLE_ADDR), ("period", pe.SAMPLE_PERIOD)]  # fmt: skip
        self.head = [name for name, bit in fields if sample_type & bit]  # a word each
        self.has_chain = bool(sample_type & pe.SAMPLE_CALLCHAIN)
        self.has_raw = bool(sample_type & pe.SAMPLE_RAW)
        self.has_registers = bool(sample_type & pe.SAMPLE_REGS_USER)

    def samples(self, piece: Piece, rows: Array) -> Samples:
        """Those of ``rows`` that are whole: no part reaches beyond the record."""
        words = piece.words
        at, end = piece.starts[rows], piece.ends[rows]
        column = dict.fromkeys(
            ("ip", "whose", "time", "address", "period", "register"), np.zeros(len(rows), "<u8")
        )
        ranges = {}  # of bytes, of the parts that vary in length

        def word(places: Array) -> Array:
            return words[np.minimum(places, len(words) - 1)]  # those beyond are in records that are left out

        for name in self.head:
            column[name] = word(at)
            at = at + 1
        whole = (at <= end) & (column["time"] >> 63 == 0)
        if self.has_chain:
            count = np.minimum(word(at), _MOST_FRAMES + 1).astype(np.int64)
            ranges["chain"] = 8 * (at + 1), 8 * (at + 1 + count)
            at = at + 1 + count
            whole &= (count <= _MOST_FRAMES) & (at <= end)
        if self.has_raw:
            size = (word(at) & _U32).astype(np.int64)
            ranges["raw"] = 8 * at + 4, 8 * at + 4 + size
            whole &= 8 * at + 4 + size <= 8 * end
            at = at + (4 + size + 7 >> 3)
        if self.has_registers:  # a first word of 0: the task has no user side
            column["register"] = np.where((at + 2 <= end) & (word(at) != 0), word(at + 1), 0)
        return Samples(
            self.event, rows[whole], {name: values[whole] for name, values in column.items()},
            {name: (first[whole], last[whole]) for name, (first, last) in ranges.items()},
        )  # fmt: skip


def _string(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
