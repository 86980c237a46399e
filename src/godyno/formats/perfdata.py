"""perf.data, read directly: samples with stacks, tracepoints with their fields, and what was mapped where.

Format: linux/tools/perf/Documentation/perf.data-file-format.txt and include/uapi/linux/perf_event.h. Reading
it here skips ``perf script``'s symbol look-up, which is most of its time, and gives the clock: a file whose
events are not on CLOCK_MONOTONIC is refused, since perf's own clock is milliseconds off and drifts.
"""

from __future__ import annotations

import gc
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from godyno.errors import FormatError

CLOCK_MONOTONIC = 1
_CLOCKS = {0: "realtime", 1: "monotonic", 4: "monotonic_raw", 7: "boottime", 11: "tai"}

# perf_event_type
_MMAP, _LOST, _COMM, _EXIT, _THROTTLE, _FORK, _SAMPLE, _MMAP2, _LOST_SAMPLES = 1, 2, 3, 4, 5, 7, 9, 10, 13
# sample_type
_IP, _TID, _TIME, _ADDR, _READ, _CALLCHAIN, _ID, _CPU, _PERIOD, _STREAM_ID, _RAW = (
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024,
)  # fmt: skip
_IDENTIFIER = 1 << 16
_READABLE = _IP | _TID | _TIME | _ADDR | _CALLCHAIN | _ID | _CPU | _PERIOD | _STREAM_ID | _RAW | _IDENTIFIER
_CONTEXT_KERNEL, _CONTEXT_USER, _CONTEXT_MAX = (1 << 64) - 128, (1 << 64) - 512, (1 << 64) - 4095
_KERNEL_HALF = (
    1 << 63
)  # addresses from here on are the kernel's, on every machine that perf runs on with 64 bits
_FEATURE_TRACING, _FEATURE_EVENT_DESC, _FEATURE_COMPRESSED = 1, 12, 27
_MAX_STACK = 4096


@dataclass(frozen=True, slots=True)
class PerfEvent:
    """An event that was recorded. ``clock`` is the name of its clock, empty where perf's own was used.

    ``frequency_hz`` or ``period`` as asked for; ``format`` holds a tracepoint's fields as (offset, size,
    signed).
    """

    name: str
    type: int
    config: int
    sample_type: int
    clock: str
    frequency_hz: int = 0
    period: int = 0
    format: Mapping[str, tuple[int, int, bool]] | None = None


class PerfSample(NamedTuple):
    """A sample. ``kernel`` and ``user`` are addresses, leaf first (all but the leaf are return addresses).

    ``period`` is what the sample stands for, in the event's own unit: ns for cpu-clock and task-clock.
    """

    t_ns: int
    event: PerfEvent
    pid: int
    tid: int
    cpu: int
    period: int
    ip: int
    kernel: tuple[int, ...] = ()
    user: tuple[int, ...] = ()
    raw: bytes = b""

    def field(self, name: str) -> int:
        """A number of the tracepoint's own, 0 where it has none of that name."""
        where = (self.event.format or {}).get(name)
        if where is None:
            return 0
        offset, size, signed = where
        return int.from_bytes(self.raw[offset : offset + size], "little", signed=signed)

    def text(self, name: str) -> str:
        """A string of the tracepoint's own, such as ``comm``; empty where it has none of that name."""
        where = (self.event.format or {}).get(name) or (self.event.format or {}).get(f"__data_loc {name}")
        if where is None:
            return ""
        offset, size, _ = where
        if f"__data_loc {name}" in (self.event.format or {}):
            packed = int.from_bytes(self.raw[offset : offset + 4], "little")
            offset, size = packed & 0xFFFF, packed >> 16
        return self.raw[offset : offset + size].partition(b"\0")[0].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class PerfMmap:
    """A file mapped executable: address a of the process is file offset ``a - start + offset``."""

    t_ns: int
    pid: int
    start: int
    size: int
    offset: int
    path: str


@dataclass(frozen=True, slots=True)
class PerfTask:
    """``what``: comm, exec, fork or exit. ``other`` is the parent's pid for fork and exit; ``name`` for comm
    and exec.
    """

    t_ns: int
    what: str
    pid: int
    tid: int
    other: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class PerfLost:
    """Events that the kernel dropped since the buffer was full."""

    t_ns: int
    count: int


PerfRecord = PerfSample | PerfMmap | PerfTask | PerfLost


@dataclass(frozen=True, slots=True)
class PerfData:
    """A recording. ``records`` gives its records in the file's order, which is by processor and not by
    time.
    """

    events: tuple[PerfEvent, ...]
    data: memoryview
    start: int
    end: int
    by_id: Mapping[int, PerfEvent]

    def records(self) -> Iterator[PerfRecord]:
        """Every record that is understood; others are passed over. Raises FormatError for one that
        contradicts itself.

        A file that ends in the middle of a record gives those before it.
        """
        reader = _Reader(self)
        position, data, end = self.start, self.data, min(self.end, len(self.data))
        head, sample = struct.Struct("<IHH").unpack_from, reader.sample
        record: PerfRecord | None
        while position + 8 <= end:
            kind, misc, size = head(data, position)
            if size < 8:
                raise FormatError(f"A perf record of {size} bytes at offset {position}")
            if position + size > end:
                return
            try:
                if kind == _SAMPLE:
                    record = sample(position + 8, position + size)
                else:
                    record = reader.record(kind, misc, position + 8, position + size)
            except (struct.error, IndexError, ValueError) as error:
                raise FormatError(f"A perf record at offset {position} that contradicts itself") from error
            if record is not None:
                yield record
            position += size

    def sorted_records(self) -> list[PerfRecord]:
        """All records by time."""
        # Hundreds of thousands of new tuples and none of them garbage: the collector would only walk them.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return sorted(self.records(), key=attrgetter("t_ns"))
        finally:
            if collecting:
                gc.enable()


def read_perf_data(path: str | Path) -> PerfData:
    """The recording in a file. Raises FormatError, OSError."""
    return perf_data(Path(path).read_bytes())


def perf_data(data: bytes | memoryview) -> PerfData:
    """The recording in ``data``. Raises FormatError for what is none, or is on another clock than
    CLOCK_MONOTONIC.
    """
    view = memoryview(data)
    if bytes(view[:8]) != b"PERFILE2" or len(view) < 104:
        raise FormatError(
            "Not a perf.data file", hint="Files of another byte order and pipe mode are not read."
        )
    try:
        return _perf_data(view)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise FormatError("A perf.data file whose header contradicts itself") from error


def _perf_data(view: memoryview) -> PerfData:
    size, attr_size, attrs_at, attrs_size, data_at, data_size = struct.unpack_from("<6Q", view, 8)
    if size == 16:
        raise FormatError("A perf.data file written to a pipe", hint="Record with -o FILE.")
    if not 64 <= attr_size <= 4096 or attrs_at + attrs_size > len(view):
        raise FormatError("A perf.data file whose header contradicts itself")
    features = struct.unpack_from("<4Q", view, 72)
    sections = dict(_features(view, features, data_at + data_size))
    if _FEATURE_COMPRESSED in sections:
        raise FormatError("A compressed perf.data file", hint="Record without -z.")
    described = _descriptions(view, sections.get(_FEATURE_EVENT_DESC))
    formats = _formats(view, sections.get(_FEATURE_TRACING))
    events: list[PerfEvent] = []
    by_id: dict[int, PerfEvent] = {}
    for index in range(attrs_size // attr_size):
        at = attrs_at + index * attr_size
        ids_at, ids_size = struct.unpack_from("<2Q", view, at + attr_size - 16)
        count = min(ids_size, max(len(view) - ids_at, 0)) // 8
        ids = struct.unpack_from(f"<{count}Q", view, ids_at) if count else ()
        event = _event(view, at, described[index] if index < len(described) else "", formats)
        events.append(event)
        by_id.update(dict.fromkeys(ids, event))
    if not events:
        raise FormatError("A perf.data file without events")
    wrong = [event for event in events if event.clock != "monotonic"]
    if wrong:
        raise FormatError(
            f"{wrong[0].name or 'an event'} was recorded on {wrong[0].clock or 'perf’s own clock'}, not on CLOCK_MONOTONIC",
            hint="Record with `perf record -k CLOCK_MONOTONIC`.",
        )
    # A recorder that was killed leaves a size of zero: what follows the header then is data.
    end = data_at + data_size if data_size else len(view)
    return PerfData(tuple(events), view, data_at, end, by_id)


def _event(view: memoryview, at: int, name: str, formats: Mapping[int, tuple[str, Any]]) -> PerfEvent:
    kind, _, config, amount, sample_type, _, flags = struct.unpack_from("<IIQQQQQ", view, at)
    clockid = struct.unpack_from("<i", view, at + 92)[0]
    # The kernel's default is no clock that others can read.
    clock = _CLOCKS.get(clockid, f"clock {clockid}") if flags >> 25 & 1 else ""
    fields = None
    if kind == 2 and config in formats:
        tracepoint, fields = formats[config]
        name = name or tracepoint
    by_frequency = bool(flags >> 10 & 1)
    return PerfEvent(
        name,
        kind,
        config,
        sample_type,
        clock,
        amount if by_frequency else 0,
        0 if by_frequency else amount,
        fields,
    )


def _features(view: memoryview, bits: tuple[int, ...], at: int) -> Iterator[tuple[int, tuple[int, int]]]:
    for number in range(256):
        if bits[number // 64] >> number % 64 & 1:
            if at + 16 > len(view):
                return  # a recorder that was killed has not written them
            yield number, struct.unpack_from("<2Q", view, at)
            at += 16


def _descriptions(view: memoryview, section: tuple[int, int] | None) -> list[str]:
    names: list[str] = []
    if section is None or sum(section) > len(view):
        return names
    at, end = section[0], sum(section)
    count, attr_size = struct.unpack_from("<II", view, at)
    at += 8
    for _ in range(min(count, 4096)):
        at += attr_size
        if at + 8 > end:
            break
        ids, length = struct.unpack_from("<II", view, at)
        names.append(
            bytes(view[at + 8 : at + 8 + min(length, 256)]).partition(b"\0")[0].decode("utf-8", "replace")
        )
        at += 8 + length + ids * 8
    return names


_FORMAT = re.compile(rb"name: (\w+)\nID: (\d+)\nformat:\n((?:\t?[^\n]*;\n|\n)+)")
_FIELD = re.compile(rb"field:([^;]*?)(\w+)(?:\[\w*\])?;\s*offset:(\d+);\s*size:(\d+);\s*signed:([01]);")


def _formats(
    view: memoryview, section: tuple[int, int] | None
) -> dict[int, tuple[str, dict[str, tuple[int, int, bool]]]]:
    if section is None or sum(section) > len(view):
        return {}
    found = {}
    for name, number, body in _FORMAT.findall(bytes(view[section[0] : sum(section)])):
        fields = {}
        for kind, field_name, offset, size, signed in _FIELD.findall(body):
            key = field_name.decode()
            fields["__data_loc " + key if kind.startswith(b"__data_loc") else key] = (
                int(offset),
                int(size),
                signed == b"1",
            )
        found[int(number)] = (name.decode(), fields)
    return found


class _Reader:
    """Unpacks records; holds what does not change from one to the next."""

    def __init__(self, source: PerfData) -> None:
        self.data, self.by_id = source.data, source.by_id
        self.only = source.events[0] if len(source.events) == 1 else None
        kinds = {event.sample_type for event in source.events}
        if any(kind & ~_READABLE for kind in kinds):
            raise FormatError(
                "A perf.data file with samples of a form that is not read",
                hint="Record with --call-graph fp at most.",
            )
        # Where records of different form are mixed, perf puts an identifier first.
        self.identified = all(kind & _IDENTIFIER for kind in kinds)
        if len(kinds) > 1 and not self.identified:
            raise FormatError("A perf.data file of several events whose samples cannot be told apart")
        self.kind = next(iter(kinds))
        self.layouts = {kind: _Layout(kind) for kind in kinds}
        self.chains: dict[bytes, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def record(self, kind: int, misc: int, at: int, end: int) -> PerfRecord | None:
        if kind in (_MMAP, _MMAP2):
            pid, _, start, size, offset = struct.unpack_from("<IIQQQ", self.data, at)
            if misc >> 13 & 1:  # data, not code
                return None
            path = self._text(at + (64 if kind == _MMAP2 else 32), end)
            return PerfMmap(self._time(end), pid, start, size, offset, path)
        if kind == _COMM:
            pid, tid = struct.unpack_from("<II", self.data, at)
            what = "exec" if misc >> 13 & 1 else "comm"
            return PerfTask(self._time(end), what, pid, tid, 0, self._text(at + 8, end))
        if kind in (_FORK, _EXIT):
            pid, parent, tid, _, t_ns = struct.unpack_from("<IIIIQ", self.data, at)
            return PerfTask(t_ns, "fork" if kind == _FORK else "exit", pid, tid, parent)
        if kind in (_LOST, _LOST_SAMPLES):
            count = struct.unpack_from("<Q", self.data, at + (8 if kind == _LOST else 0))[0]
            return PerfLost(self._time(end), count)
        return None

    def _time(self, end: int) -> int:
        """The time in what sample_id_all appends; its fields come in a fixed order before the record's
        end.
        """
        kind = self.kind
        after = 8 * sum(bool(kind & bit) for bit in (_ID, _STREAM_ID, _CPU, _IDENTIFIER))
        if not kind & _TIME:
            return 0
        t_ns: int = struct.unpack_from("<Q", self.data, end - after - 8)[0]
        return t_ns

    def _text(self, at: int, end: int) -> str:
        return bytes(self.data[at : min(end, at + 4096)]).partition(b"\0")[0].decode("utf-8", "replace")

    def sample(self, at: int, end: int) -> PerfSample | None:
        data, event = self.data, self.only
        if self.identified:
            event = self.by_id.get(_word(data, at)[0], event)
        layout = self.layouts[self.kind if event is None else event.sample_type]
        row = (*layout.head.unpack_from(data, at), 0)  # what is not there is at -1
        at += layout.head.size
        if layout.id >= 0:
            event = self.by_id.get(row[layout.id], event)
        if event is None:
            return None
        kernel: tuple[int, ...] = ()
        user: tuple[int, ...] = ()
        if layout.chain:
            count = row[-2]
            if count > _MAX_STACK or at + 8 * count > end:
                raise ValueError("a stack longer than its record")
            chain = bytes(data[at : at + 8 * count])
            found = self.chains.get(chain)  # about every second stack has been seen before
            if found is None:
                found = self.chains[chain] = _contexts(struct.unpack(f"<{count}Q", chain))
            kernel, user = found
            at += 8 * count
        raw = b""
        if layout.raw:
            size = struct.unpack_from("<I", data, at)[0]
            if at + 4 + size > end:
                raise ValueError("more raw data than its record holds")
            raw = bytes(data[at + 4 : at + 4 + size])
        return PerfSample(
            row[layout.time], event, row[layout.pid], row[layout.tid], row[layout.cpu],
            row[layout.period] or event.period, row[layout.ip], kernel, user, raw,
        )  # fmt: skip


_word = struct.Struct("<Q").unpack_from


class _Layout:
    """Where each field of a sample is, in the numbers that ``head`` unpacks; -1 where it has none."""

    def __init__(self, kind: int) -> None:
        form, count = "<", 0
        self.ip = self.pid = self.tid = self.time = self.id = self.cpu = self.period = -1
        for bit, part, names in (
            (_IDENTIFIER, "8x", ()), (_IP, "Q", ("ip",)), (_TID, "II", ("pid", "tid")), (_TIME, "Q", ("time",)),
            (_ADDR, "8x", ()), (_ID, "Q", ("id",)), (_STREAM_ID, "8x", ()), (_CPU, "I4x", ("cpu",)), (_PERIOD, "Q", ("period",)),
            (_CALLCHAIN, "Q", ("",)),
        ):  # fmt: skip
            if kind & bit:
                form += part
                for name in names:
                    if name:
                        setattr(self, name, count)
                    count += 1
        self.head = struct.Struct(form)
        self.chain, self.raw = bool(kind & _CALLCHAIN), bool(kind & _RAW)


def _contexts(chain: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The kernel's and the process's part of a chain, which markers tell apart.

    Code without frame pointers leads the kernel's walk of a process's stack astray. What it picked up where it first came
    to an address of the kernel's half, and all after it, is no caller: it is left out.
    """
    # By far the most: the process's part alone, or after the kernel's.
    if chain and chain[0] == _CONTEXT_USER:
        rest = chain[1:]
        if not rest or max(rest) < _KERNEL_HALF:
            return (), rest
    elif chain and chain[0] == _CONTEXT_KERNEL and _CONTEXT_USER in chain:
        cut = chain.index(_CONTEXT_USER)
        before, rest = chain[1:cut], chain[cut + 1 :]
        if max(before, default=0) < _CONTEXT_MAX and max(rest, default=0) < _KERNEL_HALF:
            return before, rest
    parts: dict[int, list[int]] = {_CONTEXT_KERNEL: [], _CONTEXT_USER: []}
    current: list[int] = []
    for address in chain:
        if address >= _CONTEXT_MAX:
            current = parts.get(address, [])
        else:
            current.append(address)
    user = parts[_CONTEXT_USER]
    astray = next((at for at, address in enumerate(user) if address >= _KERNEL_HALF), len(user))
    return tuple(parts[_CONTEXT_KERNEL]), tuple(user[:astray])


@dataclass(frozen=True, slots=True)
class Syscall:
    """A system call by its number, from entry to exit; ``result`` is negative errno where it failed."""

    t_start_ns: int
    t_end_ns: int
    pid: int
    tid: int
    number: int
    result: int
    args: tuple[int, ...]


def syscalls(records: Iterable[PerfRecord]) -> Iterator[Syscall]:
    """The system calls that raw_syscalls:sys_enter and sys_exit tell of, as they end; ``records`` by time.

    An exit without its entry (it began before) is left out, and so is an entry without an exit.
    """
    open_calls: dict[int, PerfSample] = {}
    for record in records:
        if not isinstance(record, PerfSample):
            continue
        if record.event.name.endswith("sys_enter"):
            open_calls[record.tid] = record
        elif record.event.name.endswith("sys_exit"):
            entry = open_calls.pop(record.tid, None)
            if entry is None or entry.field("id") != record.field("id"):
                continue
            offset = (entry.event.format or {}).get("args", (16, 48, False))[0]
            words = entry.raw[offset : offset + 48]
            args = struct.unpack(f"<{len(words) // 8}Q", words[: len(words) // 8 * 8])
            yield Syscall(
                entry.t_ns, record.t_ns, record.pid, record.tid, record.field("id"), record.field("ret"), args
            )
