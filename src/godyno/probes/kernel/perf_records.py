"""From the raw records that a perf probe kept to something to work with, in order of time. Runs when sealing.

A probe's folder holds ``perf.json`` (which event has which id and sample layout, who was watched, what was counted) and one
``cpuN.records`` for each CPU, exactly as the kernel wrote them: each is in order of time, so they are merged, never sorted
whole. Whatever a stranger's file holds, nothing here raises but FormatError for a ``perf.json`` that says something else.
"""

from __future__ import annotations

import heapq
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from godyno.errors import FormatError
from godyno.probes.kernel import perf_event as pe

META = "perf.json"
_PAIR = struct.Struct("<II")
_TRAILER = struct.Struct("<IIQQ")  # pid, tid, time, identifier: sample_id of every record that is no sample
_WORD = struct.Struct("<Q")
_FOUR = struct.Struct("<IIII")
_READ_BYTES = 4 << 20
_KNOWN = (
    pe.SAMPLE_IDENTIFIER | pe.SAMPLE_IP | pe.SAMPLE_TID | pe.SAMPLE_TIME | pe.SAMPLE_ADDR | pe.SAMPLE_PERIOD
    | pe.SAMPLE_CALLCHAIN | pe.SAMPLE_RAW | pe.SAMPLE_REGS_USER
)  # fmt: skip
_MOST_FRAMES = 1024


@dataclass(frozen=True, slots=True)
class Meta:
    """What ``perf.json`` says. ``counts`` is by event: its count, and nanoseconds counted."""

    scope: str
    events: Mapping[int, tuple[str, int]]  # id to name and sample_type
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample. ``chain`` is the raw call chain (8 bytes a frame, leaf first), ``raw`` a tracepoint's own record.

    ``register`` is the first of the user registers that were asked for.
    """

    t_ns: int
    cpu: int
    event: str
    pid: int
    tid: int
    ip: int
    address: int
    period: int
    chain: bytes
    raw: bytes
    register: int = 0


@dataclass(frozen=True, slots=True)
class Switch:
    """A thread comes onto a CPU or leaves it; ``preempted`` says that it left while it could have run on."""

    t_ns: int
    cpu: int
    pid: int
    tid: int
    out: bool
    preempted: bool


@dataclass(frozen=True, slots=True)
class Life:
    """A fork (``kind`` "fork") or an exit of a thread."""

    t_ns: int
    cpu: int
    kind: str
    pid: int
    tid: int
    parent: int
    parent_tid: int


@dataclass(frozen=True, slots=True)
class Name:
    """A thread's new name; ``exec`` says that it has a new program, and so new mappings."""

    t_ns: int
    cpu: int
    pid: int
    tid: int
    name: str
    exec: bool


@dataclass(frozen=True, slots=True)
class Mapping_:
    """An executable mapping. ``device`` is (major, minor)."""

    t_ns: int
    cpu: int
    pid: int
    start: int
    length: int
    offset: int
    device: tuple[int, int]
    inode: int
    path: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """The kernel dropped ``count`` records (``lost``), or paused sampling (``throttled``)."""

    t_ns: int
    cpu: int
    kind: str
    count: int


Found = Sample | Switch | Life | Name | Mapping_ | Trouble


def write_meta(
    folder: Path, rings: pe.Rings, events: Mapping[str, pe.Event], scope: str, settings: Mapping[str, Any],
    complete: bool,
) -> None:  # fmt: skip
    """Writes ``perf.json``. Raises OSError."""
    counts = {name: list(count) for name, count in rings.counts().items()} if complete else {}
    text = json.dumps(
        {
            "clock": "monotonic", "byte_order": "little", "scope": scope, "complete": complete, "counts": counts,
            "events": [[id_, name, events[name].sample_type] for id_, name in rings.ids.items()],
            "settings": dict(settings),
        }
    )  # fmt: skip
    scratch = folder / f"{META}.new"
    scratch.write_text(text)
    scratch.replace(folder / META)


def read_meta(folder: Path) -> Meta | None:
    """What ``perf.json`` in ``folder`` says; None where there is none. Raises FormatError for anything else."""
    try:
        data = json.loads((folder / META).read_bytes())
    except OSError:
        return None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{META} is not JSON: {error}") from error
    try:
        if data["clock"] != "monotonic":
            raise FormatError(
                f"These records were stamped with the clock {str(data['clock'])[:40]!r}, which nothing else has",
                hint="Record with CLOCK_MONOTONIC (perf record -k CLOCK_MONOTONIC).",
            )
        if data["byte_order"] != "little":
            raise FormatError("These records are big-endian, which is not read yet")
        events = {int(id_): (str(name), int(kind)) for id_, name, kind in data["events"]}
        counts = {str(name): (int(one[0]), int(one[1])) for name, one in data["counts"].items()}
        settings = dict(data["settings"])
        scope, complete = str(data["scope"]), bool(data["complete"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise FormatError(f"{META} does not hold what it should: {error!r}") from error
    if any(kind & ~_KNOWN for _, kind in events.values()):
        raise FormatError(f"{META} names a layout of samples that is not known")
    return Meta(scope, events, counts, settings, complete)


def read_records(folder: Path, meta: Meta) -> Iterator[Found]:
    """Everything that is understood in the folder's ``cpuN.records``, in order of time."""
    streams = []
    for file in folder.glob("cpu*.records"):
        number = file.name[3:-8]
        if number.isdecimal() and len(number) < 6:
            streams.append(_one_cpu(file, int(number), meta))
    return heapq.merge(*streams, key=_time)


def records_in(data: bytes, cpu: int, events: Mapping[int, tuple[str, int]]) -> Iterator[Found]:
    """What is understood of records just taken from a ring; ``events`` as in ``Meta``."""
    layouts = {id_: (name, _Layout(kind)) for id_, (name, kind) in events.items()}
    for kind, misc, start, end in pe.records(data):
        found = _found(kind, misc, data, start, end, cpu, layouts)
        if found is not None:
            yield found


def _time(found: Found) -> int:
    return found.t_ns


def _one_cpu(file: Path, cpu: int, meta: Meta) -> Iterator[Found]:
    layouts = {id_: (name, _Layout(kind)) for id_, (name, kind) in meta.events.items()}
    rest = b""
    with file.open("rb") as stream:
        while piece := stream.read(_READ_BYTES):
            data = rest + piece if rest else piece
            end = 0
            for kind, misc, start, end in pe.records(data):  # end: of the last whole one
                try:
                    found = _found(kind, misc, data, start, end, cpu, layouts)
                except (struct.error, IndexError):
                    continue  # shorter than its kind must be
                if found is not None:
                    yield found
            rest = data[end:]
            if len(rest) > 1 << 16:
                return  # no record is that long: what follows is damaged


def _found(
    kind: int, misc: int, data: bytes, start: int, end: int, cpu: int, layouts: Mapping[int, tuple[str, _Layout]]
) -> Found | None:  # fmt: skip
    if kind == pe.RECORD_SAMPLE:
        known = layouts.get(_WORD.unpack_from(data, start)[0])
        return known[1].sample(data, start, end, cpu, known[0]) if known else None
    if end - start < _TRAILER.size:
        return None
    pid, tid, t_ns, _ = _TRAILER.unpack_from(data, end - _TRAILER.size)
    if t_ns >> 63:
        return None
    if kind == pe.RECORD_SWITCH or kind == pe.RECORD_SWITCH_CPU_WIDE:
        return Switch(
            t_ns, cpu, pid, tid, bool(misc & pe.MISC_SWITCH_OUT), bool(misc & pe.MISC_SWITCH_OUT_PREEMPTED)
        )
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


class _Layout:
    """How to read the samples of one ``sample_type``: fields come in a fixed order, each only where asked for."""

    def __init__(self, sample_type: int) -> None:
        fields = [("Q", "id", pe.SAMPLE_IDENTIFIER), ("Q", "ip", pe.SAMPLE_IP), ("I", "pid", pe.SAMPLE_TID),
                  ("I", "tid", pe.SAMPLE_TID), ("Q", "time", pe.SAMPLE_TIME), ("Q", "address", pe.SAMPLE_ADDR),
                  ("Q", "period", pe.SAMPLE_PERIOD)]  # fmt: skip
        present = [(code, name) for code, name, bit in fields if sample_type & bit]
        self.head = struct.Struct("<" + "".join(code for code, _ in present))
        names = [name for _, name in present]
        absent = len(names)
        self.where = [names.index(name) if name in names else absent for name in
                      ("time", "pid", "tid", "ip", "address", "period")]  # fmt: skip
        self.has_chain = bool(sample_type & pe.SAMPLE_CALLCHAIN)
        self.has_raw = bool(sample_type & pe.SAMPLE_RAW)
        self.has_registers = bool(sample_type & pe.SAMPLE_REGS_USER)

    def sample(self, data: bytes, start: int, end: int, cpu: int, event: str) -> Sample | None:
        """The sample in [start, end) of ``data``; None where its parts are longer than it is."""
        values = (*self.head.unpack_from(data, start), 0)
        at = start + self.head.size
        chain = raw = b""
        if self.has_chain:
            (count,) = _WORD.unpack_from(data, at)
            at += 8
            if count > _MOST_FRAMES or at + 8 * count > end:
                return None
            chain = data[at : at + 8 * count]
            at += 8 * count
        if self.has_raw:
            (size,) = struct.unpack_from("<I", data, at)
            if at + 4 + size > end:
                return None
            raw = data[at + 4 : at + 4 + size]
            at += 4 + size
        register = 0
        if (
            self.has_registers and at + 16 <= end and _WORD.unpack_from(data, at)[0]
        ):  # 0: the task has no user side
            (register,) = _WORD.unpack_from(data, at + 8)
        time, pid, tid, ip, address, period = (values[index] for index in self.where)
        if time >> 63:
            return None
        return Sample(time, cpu, event, pid, tid, ip, address, period, chain, raw, register)


def _string(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
