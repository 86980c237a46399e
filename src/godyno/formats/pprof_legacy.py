"""pprof profiles from before profile.proto: text (heap, growth, contention, mutex, threads, counts, Java's) and perftools' binary.

Go still writes the text forms at ``/debug/pprof/NAME?debug=1``. Formats as google/pprof reads them
(profile/legacy_profile.go) and gperftools documents the binary one. Sampled values are scaled up as there, so totals are
the same. Locations are addresses without symbols: what tells their names is in the program, or in the comments of Go's text.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping

from godyno.errors import FormatError
from godyno.formats.pprof import Location, Profile, Sample, ValueType

_ADDRESSES = re.compile(r"0x([0-9a-fA-F]{1,16})")
_HEAP = re.compile(r"heap profile: *(\d+): *(\d+) *\[ *(\d+): *(\d+) *\] *@ *(\w+)/?(\d*)")
_HEAP_SAMPLE = re.compile(r"(-?\d+): *(-?\d+) *\[ *(\d+): *(\d+) *\] @([ x0-9a-fA-F]*)")
_CONTENTION = re.compile(r"--- (?:contentionz \d+ |contention:|mutex:)")
_PAIR_SAMPLE = re.compile(r" *(\d+) +(\d+) +@([ x0-9a-fA-F]*)")
_ATTRIBUTE = re.compile(r"([\w /]+?) *= *([\w .]+)")
_COUNTS = re.compile(r"(\S+) profile: total \d+")
_COUNT_SAMPLE = re.compile(r"(\d+) @((?: 0x[0-9a-fA-F]+)+)")
_THREADS = re.compile(r"--- threadz \d+ ---")
_THREAD = re.compile(r"--- Thread [0-9a-fA-F]+ \(name: .*/\d+\) stack: ---")
_MAPS = ("MAPPED_LIBRARIES:", "--- Memory map: ---", "MEMORY MAP:")
_JAVA_HEAP_RATE = 512 << 10
_WORD = 1 << 63
_MAX_STACK = 1 << 16

_Rows = Iterator[
    tuple[Iterable[int], tuple[int, ...], int]
]  # addresses, values, bytes of one object (0: not told)


def legacy_profile(data: bytes) -> Profile | None:
    """The profile in ``data``, None where it is of no form known here. Raises FormatError for one that is damaged."""
    if (binary := _binary(data)) is not None:
        return binary
    lines = data.decode("utf-8", "replace").splitlines()
    while lines and _is_empty(lines[0]):
        del lines[0]
    if not lines:
        return None
    head = lines[0].strip()
    if head in ("--- heapz 1 ---", "--- contentionz 1 ---") and any(
        "format = java" in line for line in lines[1:4]
    ):
        return _java(head, lines[1:])
    if match := _HEAP.match(head):
        return _heap(match, lines[1:])
    if _CONTENTION.match(head):
        return _contention(lines[1:])
    if match := _COUNTS.fullmatch(head):
        return _profile([(match[1], "count")], _counts(lines[1:]))
    if _THREADS.match(head) or _THREAD.match(head):
        return _profile([("thread", "count")], _threads(lines))
    return None


def _profile(
    types: list[tuple[str, str]],
    rows: _Rows,
    period: tuple[str, str, int] | None = None,
    duration_ns: int = 0,
) -> Profile:
    index: dict[int, int] = {}
    samples = []
    for addresses, values, size in rows:
        if any(abs(value) >= _WORD for value in values):
            raise FormatError("A legacy pprof profile with a value beyond 64 bits")
        stack = tuple(index.setdefault(address, len(index)) for address in addresses)
        numbers: Mapping[str, tuple[tuple[int, str], ...]] = {"bytes": ((size, "bytes"),)} if size else {}
        samples.append(Sample(stack, values, {}, numbers))
    kind = ValueType(*period[:2]) if period else ValueType(*types[0])
    return Profile(
        tuple(ValueType(*pair) for pair in types), tuple(samples),
        tuple(Location(place + 1, address) for address, place in index.items()),
        period_type=kind, period=period[2] if period else 1, duration_ns=duration_ns,
    )  # fmt: skip


def _calls(text: str) -> list[int]:
    """The addresses of the calls: those in a stack are where they return to."""
    return [max(int(digits, 16) - 1, 0) for digits in _ADDRESSES.findall(text)]


def _is_empty(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _samples(lines: Iterable[str], pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """The sample lines up to the memory map; another line between them is damage."""
    for line in lines:
        text = line.strip()
        if text in _MAPS or text.startswith("---"):
            return
        if _is_empty(text):
            continue
        match = pattern.match(text)
        if not match:
            raise FormatError(f"A legacy pprof profile with a line that is no sample: {text[:80]!r}")
        yield match


def _heap(head: re.Match[str], lines: list[str]) -> Profile:
    kind, rate, scaled = head[5], int(head[6][:18] or 0), False
    if kind in ("heap_v2", "heapz_v2", "heap"):
        rate, scaled = rate // 2 if kind == "heap" else rate, True
    elif kind in ("heapprofile", "growthz", "fragmentationz"):
        rate = 1
    else:
        raise FormatError(f"A legacy heap profile of unknown kind {kind[:40]!r}")
    told_apart = any(head[a] != head[b] and head[a] != "0" for a, b in ((3, 1), (4, 2))) and kind not in (
        "growthz",
        "fragmentationz",
    )

    def rows() -> _Rows:
        for match in _samples(lines, _HEAP_SAMPLE):
            values: tuple[int, ...] = ()
            each = 0
            for count, size in ([(match[3], match[4])] if told_apart else []) + [(match[1], match[2])]:
                n, total = _int(count), _int(size)
                if not n and total:
                    raise FormatError(f"A legacy heap profile with bytes in no object: {match[0][:80]!r}")
                each = int(total / n) if n else 0
                values += _unsampled(n, total, rate) if scaled else (n, total)
            yield _calls(match[5]), values, each

    names = (
        [("alloc_objects", "alloc_space"), ("inuse_objects", "inuse_space")]
        if told_apart
        else [("objects", "space")]
    )
    types = [pair for count, size in names for pair in ((count, "count"), (size, "bytes"))]
    return _profile(types, rows(), ("space", "bytes", rate))


def _unsampled(count: int, size: int, rate: int) -> tuple[int, int]:
    """How many objects and bytes a sampled row stands for, when about one of ``rate`` bytes was sampled."""
    if not count or not size:
        return 0, 0
    if rate <= 1:
        return count, size
    chance = -math.expm1(-(size / count) / rate)
    if chance <= 0:
        raise FormatError(f"A legacy heap profile with {size} bytes in {count} objects")
    return int(count / chance), int(size / chance)


def _contention(lines: list[str]) -> Profile:
    cycles_per_s, period, duration_ns, start = 0, 0, 0, 0
    for start, line in enumerate(lines):  # noqa: B007
        match = _ATTRIBUTE.fullmatch(line.strip())
        if match is None and not _is_empty(line):
            break
        if match:
            key, number = match[1], _int(match[2])
            cycles_per_s = number if key == "cycles/second" else cycles_per_s
            period = number if key == "sampling period" else period
            duration_ns = number * 1_000_000 if key == "ms since reset" else duration_ns
    scale = period / (cycles_per_s / 1e9) if period and cycles_per_s else 1.0

    def rows() -> _Rows:
        for match in _samples(lines[start:], _PAIR_SAMPLE):
            delay, count = _int(match[1]), _int(match[2])
            yield _calls(match[3]), (count * (period or 1), int(delay * scale) if scale != 1.0 else delay), 0

    types = [("contentions", "count"), ("delay", "nanoseconds")]
    return _profile(types, rows(), ("contentions", "count", period or 1), min(duration_ns, _WORD - 1))


def _counts(lines: list[str]) -> _Rows:
    for match in _samples(lines, _COUNT_SAMPLE):
        yield _calls(match[2]), (_int(match[1]),), 0


def _threads(lines: list[str]) -> _Rows:
    """A thread's stack is lines of addresses; where it is the same as the one before, that is said instead."""
    stack: list[int] | None = None
    last: list[int] = []
    for line in [*lines, _MAPS[0]]:
        text = line.strip()
        starts = text.startswith("---")
        if (starts or text in _MAPS) and stack is not None:
            last = stack or last
            if last:
                yield [last[0], *(max(address - 1, 0) for address in last[1:])], (1,), 0
            stack = None
        if text in _MAPS:
            return
        if _THREAD.match(text):
            stack = []
        elif stack is not None and "same as previous thread" not in text:
            stack += [int(digits, 16) for digits in _ADDRESSES.findall(text)]


def _java(head: str, lines: list[str]) -> Profile:
    """Java's end with a table of what each address is, which has no @."""
    heap = "heapz" in head
    attributes = {
        match[1]: match[2]
        for line in lines
        if "@" not in line and (match := _ATTRIBUTE.fullmatch(line.strip()))
    }
    period = _int(attributes.get("sampling period", "0"))

    def rows() -> _Rows:
        for match in filter(None, map(_PAIR_SAMPLE.match, lines)):
            first, count = _int(match[1]), _int(match[2])
            addresses = [int(digits, 16) for digits in _ADDRESSES.findall(match[3])]
            if heap:
                yield addresses, _unsampled(count, first, _JAVA_HEAP_RATE), int(first / count) if count else 0
            else:
                yield addresses, (count * (period or 1), first * (period or 1)), 0

    if heap:
        return _profile(
            [("inuse_objects", "count"), ("inuse_space", "bytes")],
            rows(),
            ("space", "bytes", _JAVA_HEAP_RATE),
        )
    return _profile(
        [("contentions", "count"), ("delay", attributes.get("resolution", "microseconds"))], rows()
    )


def _binary(data: bytes) -> Profile | None:
    """Words of either size and order: 0, 3, 0 (1 from Java), period in µs, 0; then count, depth, addresses, for each stack."""
    for form in ("<I", "<Q", ">I", ">Q"):
        word = struct.Struct(form)
        head = [
            word.unpack_from(data, at)[0]
            for at in range(0, min(len(data) // word.size, 5) * word.size, word.size)
        ]
        if len(head) == 5 and head[:2] == [0, 3] and head[2] in (0, 1) and head[3] and not head[4]:
            period_ns = head[3] * 1000
            types = [("samples", "count"), ("cpu", "nanoseconds")]
            return _profile(
                types,
                _stacks(data, word, period_ns, head[2] == 1),
                ("cpu", "nanoseconds", min(period_ns, _WORD - 1)),
            )
    return None


def _stacks(data: bytes, word: struct.Struct, period_ns: int, java: bool) -> _Rows:
    read: Callable[[int], int] = lambda at: int(word.unpack_from(data, at)[0])  # noqa: E731
    at = 5 * word.size
    try:
        while at < len(data):
            count, depth = read(at), read(at + word.size)
            at += 2 * word.size
            if depth > min(_MAX_STACK, (len(data) - at) // word.size):
                raise FormatError(
                    f"A perftools profile with a stack of {depth} frames, which it does not hold"
                )
            stack = [read(at + index * word.size) for index in range(depth)]
            at += depth * word.size
            if not count and stack == [0]:  # its end: text follows
                return
            if stack:
                leaf, callers = stack[0], stack[1:]
                yield (
                    [leaf, *(callers if java else (max(a - 1, 0) for a in callers))],
                    (count, count * period_ns),
                    0,
                )
    except struct.error as error:
        raise FormatError("A perftools profile that is cut short") from error


def _int(text: str) -> int:
    """A number of at most 64 bits. Raises FormatError."""
    try:
        number = int(text) if len(text) <= 20 else _WORD
    except ValueError:
        number = _WORD
    if abs(number) >= _WORD:
        raise FormatError(f"A legacy pprof profile with {text[:40]!r} where a number belongs")
    return number
