"""pprof profiles: profile.proto, gzipped or plain.

Format: https://github.com/google/pprof/blob/main/proto/profile.proto. Read by hand (``protowire``);
``pprof_writing`` writes them,
and ``pprof_legacy`` reads what came before.
"""

from __future__ import annotations

import gc
import gzip
import io
import zlib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from godyno.errors import FormatError
from godyno.formats.protowire import Numbers, chunks, message, signed, varint, whole

# Frames, locations and samples are named tuples and not dataclasses: a profile has hundreds of thousands of them, and
# building a frozen dataclass takes three times as long.
_NONE: Mapping[str, Any] = MappingProxyType({})
MAX_BYTES = 2 << 30  # of an unpacked profile: what protobuf takes, and a stop for gzip bombs


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a value counts: ``cpu`` in ``nanoseconds``, ``inuse_space`` in ``bytes``."""

    type: str
    unit: str


@dataclass(frozen=True, slots=True)
class MemoryMapping:
    """A file mapped into the process. ``build_id`` is the linker's, where known."""

    id: int
    start: int = 0
    limit: int = 0
    offset: int = 0
    file: str = ""
    build_id: str = ""
    has_functions: bool = False
    has_filenames: bool = False
    has_line_numbers: bool = False
    has_inline_frames: bool = False


class Frame(NamedTuple):
    """One source line; ``system_name`` is the mangled name, ``start_line`` the function's first line, 0 where
    unknown.
    """

    function: str
    file: str = ""
    line: int = 0
    system_name: str = ""
    start_line: int = 0


class Location(NamedTuple):
    """An address. ``frames`` are its source lines, innermost inlined function first; empty where not
    symbolised.
    """

    id: int
    address: int = 0
    mapping: int = 0
    frames: tuple[Frame, ...] = ()
    is_folded: bool = False


class Sample(NamedTuple):
    """A stack (indices into ``Profile.locations``, leaf first), one value for each sample type, and
    labels.
    """

    stack: tuple[int, ...]
    values: tuple[int, ...]
    labels: Mapping[str, tuple[str, ...]] = _NONE
    numbers: Mapping[str, tuple[tuple[int, str], ...]] = _NONE  # (value, unit)


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile. ``time_ns`` is REALTIME of its beginning (0 unknown); a CPU profile has no time for each
    sample.
    """

    sample_types: tuple[ValueType, ...]
    samples: tuple[Sample, ...] = ()
    locations: tuple[Location, ...] = ()
    mappings: tuple[MemoryMapping, ...] = ()
    period_type: ValueType | None = None
    period: int = 0
    time_ns: int = 0
    duration_ns: int = 0
    comments: tuple[str, ...] = ()
    default_sample_type: str = ""
    drop_frames: str = ""
    keep_frames: str = ""

    def totals(self) -> tuple[int, ...]:
        """The sum of each sample type over all samples."""
        if not self.samples:
            return (0,) * len(self.sample_types)
        return tuple(map(sum, zip(*(sample.values for sample in self.samples), strict=True)))

    def frames(self, sample: Sample) -> Iterator[Frame]:
        """The frames of ``sample``, leaf first, inlined ones included; a location without symbols gives its
        address.
        """
        for index in sample.stack:
            location = self.locations[index]
            yield from location.frames or (Frame(f"0x{location.address:x}"),)


def profile(data: bytes, most_bytes: int = MAX_BYTES) -> Profile:
    """The profile in ``data``. Raises FormatError for what is none, for what unpacks to more than ``most_bytes``, and for
    references to what it does not hold.
    """
    raw = _unpacked(data, most_bytes)
    # Hundreds of thousands of new tuples and none of them garbage: the collector would only walk them again
    # and again.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _profile(raw)
    except KeyError as error:
        what = error.args[0] if isinstance(error.args[0], str) else f"string {error.args[0]}"
        raise FormatError(f"A pprof profile that refers to {what}, which it does not hold") from error
    except ValueError as error:
        from godyno.formats.pprof_legacy import legacy_profile

        if found := legacy_profile(raw):
            return found
        raise FormatError(f"Not a pprof profile: {error}") from error
    finally:
        if collecting:
            gc.enable()


def _profile(raw: bytes) -> Profile:
    parts: list[list[bytes]] = [[] for _ in range(7)]  # by field number: what there may be many of
    numbers: dict[int, int] = {}
    comments: list[int] = []
    period_type = None
    for number, value in message(raw):
        if number == 13:
            comments += (
                [value] if isinstance(value, int) else map(Numbers().__getitem__, chunks(whole(value)))
            )
        elif isinstance(value, int):
            if number < 7 or number == 11:
                raise ValueError(f"a number where field {number} should be")
            numbers[number] = signed(value)
        elif number < 7:
            parts[number].append(value)
        elif number == 11:
            period_type = value
    # A dict, not the list: a negative number is as wrong as one beyond the end.
    strings = dict(enumerate([text.decode("utf-8", "replace") for text in parts[6]]))
    if strings.get(0) != "":
        raise ValueError("its first string is not empty")
    mappings = tuple(_mapping(_numbers(part), strings) for part in parts[3])
    locations, index = _locations(parts[4], parts[5], strings, {mapping.id for mapping in mappings} | {0})
    types = tuple(_value_type(part, strings) for part in parts[1])
    if not types and parts[2]:
        raise ValueError("samples without a sample type")
    number_of = numbers.get
    return Profile(
        types, _samples(parts[2], index, strings, len(types)), locations, mappings,
        None if period_type is None else _value_type(period_type, strings),
        number_of(12, 0), number_of(9, 0), number_of(10, 0), tuple(strings[i] for i in comments),
        strings[number_of(14, 0)], strings[number_of(7, 0)], strings[number_of(8, 0)],
    )  # fmt: skip


def _numbers(part: bytes) -> Callable[[int], int]:
    """The integers of a message by field number, 0 where there is none; the last counts, as protobuf has it."""
    found = {number: value for number, value in message(part) if isinstance(value, int)}
    return lambda number: found.get(number, 0)


def _value_type(part: bytes, strings: Mapping[int, str]) -> ValueType:
    number = _numbers(part)
    return ValueType(strings[number(1)], strings[number(2)])


def _mapping(number: Callable[[int], int], strings: Mapping[int, str]) -> MemoryMapping:
    return MemoryMapping(
        number(1), number(2), number(3), number(4), strings[number(5)], strings[number(6)],
        *(number(flag) != 0 for flag in (7, 8, 9, 10)),
    )  # fmt: skip


def _locations(
    parts: Sequence[bytes], functions: Sequence[bytes], strings: Mapping[int, str], mappings: Container[int]
) -> tuple[tuple[Location, ...], dict[int, int]]:
    """The locations, and where among them each id is."""
    by_id = {}
    for part in functions:
        number = _numbers(part)
        by_id[number(1)] = strings[number(2)], strings[number(4)], strings[number(3)], signed(number(5))
    locations: list[Location] = []
    index: dict[int, int] = {}
    for part in parts:
        known, frames = {1: 0, 2: 0, 3: 0, 5: 0}, []
        for field, value in message(part):
            if isinstance(value, int):
                known[field] = value
            elif field == 4:
                line = _numbers(value)
                if function := line(1):
                    if function not in by_id:
                        raise KeyError(f"function {function}")
                    name, file, system_name, start_line = by_id[function]
                    frames.append(Frame(name, file, signed(line(2)), system_name, start_line))
        if known[2] not in mappings:
            raise KeyError(f"mapping {known[2]}")
        index[known[1]] = len(locations)
        locations.append(Location(known[1], known[3], known[2], tuple(frames), known[5] != 0))
    return tuple(locations), index


class _Places(dict[bytes, int]):
    """Where the location is whose id an undecoded varint gives, each found once."""

    def __init__(self, index: Mapping[int, int]) -> None:
        self.index = index

    def __missing__(self, chunk: bytes) -> int:
        place = self[chunk] = self.index[varint(chunk, 0)[0]]
        return place


def _samples(
    parts: Sequence[bytes], index: Mapping[int, int], strings: Mapping[int, str], width: int
) -> tuple[Sample, ...]:
    """Nearly all of a profile. What can be looked up whole is: stacks, values and labels repeat."""
    small, place, number_of = index.__getitem__, _Places(index).__getitem__, Numbers().__getitem__
    labels: dict[bytes, tuple[str, int | str, str]] = {}
    samples = []
    for part in parts:
        stack: tuple[int, ...] = ()
        values: tuple[int, ...] = ()
        texts: dict[str, tuple[str, ...]] = {}
        numbers: dict[str, tuple[tuple[int, str], ...]] = {}
        try:
            for field, value in message(part):
                if field == 1:
                    if isinstance(value, int):
                        stack += (small(value),)
                    elif value.isascii():  # each id in a byte
                        stack += tuple(map(small, value))
                    else:
                        stack += tuple(map(place, chunks(whole(value))))
                elif field == 2:
                    values += (
                        (signed(value),)
                        if isinstance(value, int)
                        else tuple(map(number_of, chunks(whole(value))))
                    )
                elif field == 3 and not isinstance(value, int):
                    label = labels.get(value)
                    if label is None:
                        label = labels[value] = _label(_numbers(value), strings)
                    key, what, unit = label
                    if isinstance(what, str):
                        texts[key] = (*texts.get(key, ()), what)
                    else:
                        numbers[key] = (*numbers.get(key, ()), (what, unit))
        except KeyError as error:
            number = error.args[0]
            raise KeyError(number if isinstance(number, str) else f"location {number}") from None
        if len(values) != width:
            raise ValueError(f"a sample has {len(values)} values for {width} sample types")
        samples.append(Sample(stack, values, texts or _NONE, numbers or _NONE))
    return tuple(samples)


def _label(number: Callable[[int], int], strings: Mapping[int, str]) -> tuple[str, int | str, str]:
    """Key, text or number, unit of the number."""
    for field in (1, 2, 4):
        if number(field) not in strings:
            raise KeyError(f"string {signed(number(field))}")
    text = number(2)
    return strings[number(1)], strings[text] if text else signed(number(3)), strings[number(4)]


def _unpacked(data: bytes, most_bytes: int) -> bytes:
    if data[:2] != b"\x1f\x8b":
        if not data:
            raise FormatError(
                "An empty file is no pprof profile", hint="Was the profile stopped before it was read?"
            )
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            raw = file.read(most_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"A pprof profile whose gzip data is damaged: {error}") from error
    if len(raw) > most_bytes:
        raise FormatError(f"A pprof profile that unpacks to more than {most_bytes >> 20} MiB")
    return raw
