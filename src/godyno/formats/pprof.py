"""pprof profiles: profile.proto, gzipped or plain, read and written.

Format: https://github.com/google/pprof/blob/main/proto/profile.proto. The messages are decoded by protobuf;
the description of the messages is built here, so that no generated code is carried. The legacy text and
binary formats of gperftools are not read: Go has not written them by default since 1.10.
"""

from __future__ import annotations

import gc
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from godyno.errors import FormatError

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
    from google.protobuf.message import DecodeError

    message = _message("Profile")()
    try:
        message.ParseFromString(raw)
    except DecodeError as error:
        raise FormatError(
            f"Not a pprof profile: {error}",
            hint="Legacy profiles (text, or perftools binary) convert with `go tool pprof -proto`.",
        ) from error
    # Hundreds of thousands of new tuples and none of them garbage: the collector would only walk them again
    # and again.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _profile(message)
    except IndexError as error:
        raise FormatError("A pprof profile that refers to a string that it does not hold") from error
    except KeyError as error:
        what = error.args[0] if isinstance(error.args[0], str) else f"string {error.args[0]}"
        raise FormatError(f"A pprof profile that refers to {what}, which it does not hold") from error
    except ValueError as error:
        raise FormatError(f"Not a pprof profile: {error}") from error
    finally:
        if collecting:
            gc.enable()


def encoded(source: Profile, *, compress: bool = True) -> bytes:
    """``source`` as profile.proto, gzipped unless told otherwise, reproducibly (no time stamp in the gzip
    header).
    """
    message = _message("Profile")()
    strings: dict[str, int] = {"": 0}

    def string(text: str) -> int:
        return strings.setdefault(text, len(strings))

    for kind in source.sample_types:
        message.sample_type.add(type=string(kind.type), unit=string(kind.unit))
    for mapping in source.mappings:
        message.mapping.add(
            id=mapping.id, memory_start=mapping.start, memory_limit=mapping.limit, file_offset=mapping.offset,
            filename=string(mapping.file), build_id=string(mapping.build_id),
            has_functions=mapping.has_functions, has_filenames=mapping.has_filenames,
            has_line_numbers=mapping.has_line_numbers, has_inline_frames=mapping.has_inline_frames,
        )  # fmt: skip
    functions: dict[tuple[str, str, str, int], int] = {}
    for location in source.locations:
        target = message.location.add(
            id=location.id,
            mapping_id=location.mapping,
            address=location.address,
            is_folded=location.is_folded,
        )
        for frame in location.frames:
            key = (frame.function, frame.system_name or frame.function, frame.file, frame.start_line)
            target.line.add(function_id=functions.setdefault(key, len(functions) + 1), line=frame.line)
    for (name, system_name, file, start_line), number in functions.items():
        message.function.add(
            id=number,
            name=string(name),
            system_name=string(system_name),
            filename=string(file),
            start_line=start_line,
        )
    ids = [location.id for location in source.locations]
    for sample in source.samples:
        target = message.sample.add(location_id=[ids[index] for index in sample.stack], value=sample.values)
        for name, texts in sample.labels.items():
            for text in texts:
                target.label.add(key=string(name), str=string(text))
        for name, numbers in sample.numbers.items():
            for number, unit in numbers:
                target.label.add(key=string(name), num=number, num_unit=string(unit))
    if source.period_type:
        message.period_type.type = string(source.period_type.type)
        message.period_type.unit = string(source.period_type.unit)
    message.period, message.time_nanos, message.duration_nanos = (
        source.period,
        source.time_ns,
        source.duration_ns,
    )
    message.comment.extend(string(text) for text in source.comments)
    message.default_sample_type = string(source.default_sample_type)
    message.drop_frames, message.keep_frames = string(source.drop_frames), string(source.keep_frames)
    message.string_table.extend(strings)
    raw: bytes = message.SerializeToString()
    return gzip.compress(raw, 6, mtime=0) if compress else raw


def _profile(message: Any) -> Profile:
    # A dict, not the list: a negative number is as wrong as one beyond the end.
    strings = dict(enumerate(message.string_table))
    if strings.get(0) != "":
        raise ValueError("its first string is not empty")
    functions = {
        f.id: (strings[f.name], strings[f.filename], strings[f.system_name], f.start_line)
        for f in message.function
    }
    mappings = tuple(
        MemoryMapping(
            m.id, m.memory_start, m.memory_limit, m.file_offset, strings[m.filename], strings[m.build_id],
            m.has_functions, m.has_filenames, m.has_line_numbers, m.has_inline_frames,
        )
        for m in message.mapping
    )  # fmt: skip
    known = {mapping.id for mapping in mappings} | {0}
    index: dict[int, int] = {}
    locations: list[Location] = []
    for location in message.location:
        frames: tuple[Frame, ...] = ()
        if lines := location.line:
            try:
                frames = tuple(
                    [
                        Frame(name, file, line.line, system_name, start_line)
                        for line in lines
                        if line.function_id
                        for name, file, system_name, start_line in (functions[line.function_id],)
                    ]
                )
            except KeyError as error:
                raise KeyError(f"function {error.args[0]}") from None
        number, mapping = location.id, location.mapping_id
        if mapping not in known:
            raise KeyError(f"mapping {mapping}")
        index[number] = len(locations)
        locations.append(Location(number, location.address, mapping, frames, location.is_folded))
    types = tuple(ValueType(strings[kind.type], strings[kind.unit]) for kind in message.sample_type)
    if not types and message.sample:
        raise ValueError("samples without a sample type")
    samples = _samples(message.sample, index, strings, len(types))
    has_period = message.HasField("period_type")
    return Profile(
        types, samples, tuple(locations), mappings,
        ValueType(strings[message.period_type.type], strings[message.period_type.unit]) if has_period else None,
        message.period, message.time_nanos, message.duration_nanos, tuple(strings[i] for i in message.comment),
        strings[message.default_sample_type], strings[message.drop_frames], strings[message.keep_frames],
    )  # fmt: skip


def _samples(
    messages: Any, index: Mapping[int, int], strings: Mapping[int, str], width: int
) -> tuple[Sample, ...]:
    find, samples = index.__getitem__, []
    try:
        for sample in messages:
            values = tuple(sample.value)
            if len(values) != width:
                raise ValueError(f"a sample has {len(values)} values for {width} sample types")
            stack = tuple(map(find, sample.location_id))
            if sample.label:
                samples.append(Sample(stack, values, *_labels(sample.label, strings)))
            else:
                samples.append(Sample(stack, values))
    except KeyError as error:
        number = error.args[0]
        raise KeyError(number if isinstance(number, str) else f"location {number}") from None
    return tuple(samples)


def _labels(
    labels: Any, strings: Mapping[int, str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[tuple[int, str], ...]]]:
    texts: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, tuple[tuple[int, str], ...]] = {}
    try:
        for label in labels:
            key = strings[label.key]
            if label.str:
                texts[key] = (*texts.get(key, ()), strings[label.str])
            else:
                numbers[key] = (*numbers.get(key, ()), (label.num, strings[label.num_unit]))
    except KeyError as error:
        raise KeyError(f"string {error.args[0]}") from None
    return texts, numbers


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


# (name, number, type); a type in lower case is a scalar of protobuf, [] after it repeats it.
_FIELDS: dict[str, tuple[tuple[str, int, str], ...]] = {
    "ValueType": (("type", 1, "int64"), ("unit", 2, "int64")),
    "Label": (("key", 1, "int64"), ("str", 2, "int64"), ("num", 3, "int64"), ("num_unit", 4, "int64")),
    "Sample": (("location_id", 1, "uint64[]"), ("value", 2, "int64[]"), ("label", 3, "Label[]")),
    "Mapping": (
        ("id", 1, "uint64"), ("memory_start", 2, "uint64"), ("memory_limit", 3, "uint64"), ("file_offset", 4, "uint64"),
        ("filename", 5, "int64"), ("build_id", 6, "int64"), ("has_functions", 7, "bool"), ("has_filenames", 8, "bool"),
        ("has_line_numbers", 9, "bool"), ("has_inline_frames", 10, "bool"),
    ),
    "Line": (("function_id", 1, "uint64"), ("line", 2, "int64"), ("column", 3, "int64")),
    "Location": (
        ("id", 1, "uint64"), ("mapping_id", 2, "uint64"), ("address", 3, "uint64"), ("line", 4, "Line[]"),
        ("is_folded", 5, "bool"),
    ),
    "Function": (
        ("id", 1, "uint64"), ("name", 2, "int64"), ("system_name", 3, "int64"), ("filename", 4, "int64"),
        ("start_line", 5, "int64"),
    ),
    "Profile": (
        ("sample_type", 1, "ValueType[]"), ("sample", 2, "Sample[]"), ("mapping", 3, "Mapping[]"),
        ("location", 4, "Location[]"), ("function", 5, "Function[]"), ("string_table", 6, "string[]"),
        ("drop_frames", 7, "int64"), ("keep_frames", 8, "int64"), ("time_nanos", 9, "int64"),
        ("duration_nanos", 10, "int64"), ("period_type", 11, "ValueType"), ("period", 12, "int64"),
        ("comment", 13, "int64[]"), ("default_sample_type", 14, "int64"), ("doc_url", 15, "int64"),
    ),
}  # fmt: skip


@cache
def _message(name: str) -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    scalar = descriptor_pb2.FieldDescriptorProto
    kinds = {
        "int64": scalar.TYPE_INT64, "uint64": scalar.TYPE_UINT64, "bool": scalar.TYPE_BOOL, "string": scalar.TYPE_STRING,
    }  # fmt: skip
    file = descriptor_pb2.FileDescriptorProto(
        name="godyno/pprof.proto", package="godyno.pprof", syntax="proto3"
    )
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        for field_name, number, kind in fields:
            base = kind.removesuffix("[]")
            described.field.add(
                name=field_name,
                number=number,
                label=scalar.LABEL_REPEATED if kind.endswith("[]") else scalar.LABEL_OPTIONAL,
                type=kinds.get(base, scalar.TYPE_MESSAGE),
                type_name=None if base in kinds else f".godyno.pprof.{base}",
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"godyno.pprof.{name}"))
