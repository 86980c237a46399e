"""pprof profiles written, by protobuf; the description of the messages is built here, so that no generated code is carried."""

from __future__ import annotations

import gzip
from functools import cache
from typing import Any

from godyno.formats.pprof import Profile


def encoded(source: Profile, *, compress: bool = True) -> bytes:
    """``source`` as profile.proto, gzipped unless told otherwise, reproducibly (no time stamp in the gzip
    header).
    """
    profile = _message("Profile")()
    strings: dict[str, int] = {"": 0}

    def string(text: str) -> int:
        return strings.setdefault(text, len(strings))

    for kind in source.sample_types:
        profile.sample_type.add(type=string(kind.type), unit=string(kind.unit))
    for mapping in source.mappings:
        profile.mapping.add(
            id=mapping.id, memory_start=mapping.start, memory_limit=mapping.limit, file_offset=mapping.offset,
            filename=string(mapping.file), build_id=string(mapping.build_id),
            has_functions=mapping.has_functions, has_filenames=mapping.has_filenames,
            has_line_numbers=mapping.has_line_numbers, has_inline_frames=mapping.has_inline_frames,
        )  # fmt: skip
    functions: dict[tuple[str, str, str, int], int] = {}
    for location in source.locations:
        target = profile.location.add(
            id=location.id,
            mapping_id=location.mapping,
            address=location.address,
            is_folded=location.is_folded,
        )
        for frame in location.frames:
            key = (frame.function, frame.system_name or frame.function, frame.file, frame.start_line)
            target.line.add(function_id=functions.setdefault(key, len(functions) + 1), line=frame.line)
    for (name, system_name, file, start_line), number in functions.items():
        profile.function.add(
            id=number,
            name=string(name),
            system_name=string(system_name),
            filename=string(file),
            start_line=start_line,
        )
    ids = [location.id for location in source.locations]
    for sample in source.samples:
        target = profile.sample.add(location_id=[ids[index] for index in sample.stack], value=sample.values)
        for name, texts in sample.labels.items():
            for text in texts:
                target.label.add(key=string(name), str=string(text))
        for name, numbers in sample.numbers.items():
            for number, unit in numbers:
                target.label.add(key=string(name), num=number, num_unit=string(unit))
    if source.period_type:
        profile.period_type.type = string(source.period_type.type)
        profile.period_type.unit = string(source.period_type.unit)
    profile.period, profile.time_nanos, profile.duration_nanos = (
        source.period,
        source.time_ns,
        source.duration_ns,
    )
    profile.comment.extend(string(text) for text in source.comments)
    profile.default_sample_type = string(source.default_sample_type)
    profile.drop_frames, profile.keep_frames = string(source.drop_frames), string(source.keep_frames)
    profile.string_table.extend(strings)
    raw: bytes = profile.SerializeToString()
    return gzip.compress(raw, 6, mtime=0) if compress else raw


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
    for name_of_message, fields in _FIELDS.items():
        described = file.message_type.add(name=name_of_message)
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
