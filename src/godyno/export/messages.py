"""The protobuf messages of Prometheus' remote write 1.0, which no well-kept Python package carries.

Declared here field by field (prometheus.io/docs/specs/prw/remote_write_spec); the protobuf runtime does the encoding.
"""

from __future__ import annotations

from functools import cache
from typing import Any

# message -> fields as (number, name, type); a type is a scalar or another message, with [] where it is repeated
_FIELDS = {
    "WriteRequest": ((1, "timeseries", "TimeSeries[]"), (3, "metadata", "MetricMetadata[]")),
    "TimeSeries": ((1, "labels", "Label[]"), (2, "samples", "Sample[]")),
    "Label": ((1, "name", "string"), (2, "value", "string")),
    "Sample": ((1, "value", "double"), (2, "timestamp", "int64")),
    "MetricMetadata": (
        (1, "type", "int32"), (2, "metric_family_name", "string"), (4, "help", "string"), (5, "unit", "string"),
    ),
}  # fmt: skip


@cache
def write_request() -> Any:
    """The class of ``WriteRequest``."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    package = "godyno.prometheus"
    file = descriptor_pb2.FileDescriptorProto(
        name="godyno/remote_write.proto", package=package, syntax="proto3"
    )
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for number, field_name, written in fields:
            kind = written.removesuffix("[]")
            field = message.field.add(name=field_name, number=number)
            field.label = kinds.LABEL_REPEATED if kind != written else kinds.LABEL_OPTIONAL
            if kind in _FIELDS:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".{package}.{kind}"
            else:
                field.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.WriteRequest"))
