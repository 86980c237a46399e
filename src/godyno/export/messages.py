"""Protobuf messages of two formats that no well-kept Python package carries, declared here field by field.

``Profile`` is pprof's (github.com/google/pprof, proto/profile.proto), ``WriteRequest`` Prometheus' remote write 1.0
(prometheus.io/docs/specs/prw/remote_write_spec). Field numbers are the formats'; the protobuf runtime does the encoding.
"""

from __future__ import annotations

from functools import cache
from typing import Any

# message -> fields as (number, name, type); a type is a scalar, another message, with [] where it is repeated
_PROFILE = {
    "Profile": (
        (1, "sample_type", "ValueType[]"), (2, "sample", "Sample[]"), (3, "mapping", "Mapping[]"),
        (4, "location", "Location[]"), (5, "function", "Function[]"), (6, "string_table", "string[]"),
        (7, "drop_frames", "int64"), (8, "keep_frames", "int64"), (9, "time_nanos", "int64"),
        (10, "duration_nanos", "int64"), (11, "period_type", "ValueType"), (12, "period", "int64"),
        (13, "comment", "int64[]"), (14, "default_sample_type", "int64"),
    ),
    "ValueType": ((1, "type", "int64"), (2, "unit", "int64")),
    "Sample": ((1, "location_id", "uint64[]"), (2, "value", "int64[]"), (3, "label", "Label[]")),
    "Label": ((1, "key", "int64"), (2, "str", "int64"), (3, "num", "int64"), (4, "num_unit", "int64")),
    "Mapping": (
        (1, "id", "uint64"), (2, "memory_start", "uint64"), (3, "memory_limit", "uint64"),
        (4, "file_offset", "uint64"), (5, "filename", "int64"), (6, "build_id", "int64"),
        (7, "has_functions", "bool"), (8, "has_filenames", "bool"), (9, "has_line_numbers", "bool"),
        (10, "has_inline_frames", "bool"),
    ),
    "Location": (
        (1, "id", "uint64"), (2, "mapping_id", "uint64"), (3, "address", "uint64"), (4, "line", "Line[]"),
        (5, "is_folded", "bool"),
    ),
    "Line": ((1, "function_id", "uint64"), (2, "line", "int64"), (3, "column", "int64")),
    "Function": (
        (1, "id", "uint64"), (2, "name", "int64"), (3, "system_name", "int64"), (4, "filename", "int64"),
        (5, "start_line", "int64"),
    ),
}  # fmt: skip
_REMOTE_WRITE = {
    "WriteRequest": ((1, "timeseries", "TimeSeries[]"), (3, "metadata", "MetricMetadata[]")),
    "TimeSeries": ((1, "labels", "Label[]"), (2, "samples", "Sample[]")),
    "Label": ((1, "name", "string"), (2, "value", "string")),
    "Sample": ((1, "value", "double"), (2, "timestamp", "int64")),
    "MetricMetadata": (
        (1, "type", "int32"), (2, "metric_family_name", "string"), (4, "help", "string"), (5, "unit", "string"),
    ),
}  # fmt: skip


def profile() -> Any:
    """The class of pprof's ``Profile``."""
    return _package("godyno.pprof", tuple(_PROFILE.items()))["godyno.pprof.Profile"]


def write_request() -> Any:
    """The class of remote write's ``WriteRequest``."""
    return _package("godyno.prometheus", tuple(_REMOTE_WRITE.items()))["godyno.prometheus.WriteRequest"]


@cache
def _package(
    package: str, messages: tuple[tuple[str, tuple[tuple[int, str, str], ...]], ...]
) -> dict[str, Any]:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    field_type = descriptor_pb2.FieldDescriptorProto
    for name, fields in messages:
        message = file.message_type.add(name=name)
        for number, field_name, written in fields:
            kind = written.removesuffix("[]")
            field = message.field.add(
                name=field_name,
                number=number,
                label=field_type.LABEL_REPEATED if kind != written else field_type.LABEL_OPTIONAL,
            )
            if kind[0].isupper():
                field.type, field.type_name = field_type.TYPE_MESSAGE, f".{package}.{kind}"
            else:
                field.type = getattr(field_type, f"TYPE_{kind.upper()}")
    return dict(message_factory.GetMessages([file], pool=descriptor_pool.DescriptorPool()))
