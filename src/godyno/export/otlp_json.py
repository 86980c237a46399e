"""OTLP requests as JSON, as the protocol writes it: 64-bit integers as text, ids in hexadecimal, enumerations as numbers.

protobuf's own conversion looks at every field of every message (a million points took 49 s with it, 20 s with this), and its
ids are not hexadecimal. A test holds that protobuf reads this back as the same message.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]


def line(signal: str, message: Any) -> bytes:
    """A request as one line of JSON; ``signal`` is ``metrics``, ``traces`` or ``logs``."""
    kind, inner, items = _SIGNALS[signal]
    resources = []
    for resource in getattr(message, f"resource_{kind}"):
        scopes = []
        for scope in getattr(resource, f"scope_{kind}"):
            about = {"name": scope.scope.name, "version": scope.scope.version}
            scopes.append({"scope": about, inner: [items(one) for one in getattr(scope, _snake(inner))]})
        attributes = {"attributes": _attributes(resource.resource.attributes)}
        resources.append({"resource": attributes, f"scope{kind.title()}": scopes})
    found = {f"resource{kind.title()}": resources}
    return json.dumps(found, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _metric(metric: Any) -> Json:
    out: Json = {"name": metric.name, "unit": metric.unit}
    if metric.WhichOneof("data") == "sum":
        out["sum"] = {
            "dataPoints": list(_points(metric.sum.data_points)),
            "aggregationTemporality": metric.sum.aggregation_temporality,
            "isMonotonic": metric.sum.is_monotonic,
        }
    else:
        out["gauge"] = {"dataPoints": list(_points(metric.gauge.data_points))}
    return out


def _points(points: Sequence[Any]) -> Iterator[Json]:
    last: Any = None
    attributes: list[Json] = []
    for point in points:
        if last is None or point.attributes != last:  # the points of a series follow each other
            last, attributes = point.attributes, _attributes(point.attributes)
        out: Json = {
            "attributes": attributes,
            "timeUnixNano": str(point.time_unix_nano),
            "asDouble": _double(point.as_double),
        }
        if point.start_time_unix_nano:
            out["startTimeUnixNano"] = str(point.start_time_unix_nano)
        yield out


def _span(span: Any) -> Json:
    out: Json = {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_time_unix_nano),
        "endTimeUnixNano": str(span.end_time_unix_nano),
        "attributes": _attributes(span.attributes),
    }
    if span.parent_span_id:
        out["parentSpanId"] = span.parent_span_id.hex()
    if span.HasField("status"):
        out["status"] = {"code": span.status.code, "message": span.status.message}
    return out


def _record(record: Any) -> Json:
    return {
        "timeUnixNano": str(record.time_unix_nano),
        "observedTimeUnixNano": str(record.observed_time_unix_nano),
        "severityNumber": record.severity_number,
        "body": {"stringValue": record.body.string_value},
        "attributes": _attributes(record.attributes),
        "eventName": record.event_name,
    }


def _attributes(attributes: Sequence[Any]) -> list[Json]:
    return [{"key": one.key, "value": _value(one.value)} for one in attributes]


def _value(value: Any) -> Json:
    kind = value.WhichOneof("value")
    if kind == "int_value":
        return {"intValue": str(value.int_value)}
    if kind == "double_value":
        return {"doubleValue": _double(value.double_value)}
    if kind == "bool_value":
        return {"boolValue": value.bool_value}
    if kind == "array_value":
        return {"arrayValue": {"values": [_value(one) for one in value.array_value.values]}}
    return {"stringValue": value.string_value}


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _snake(name: str) -> str:
    return "log_records" if name == "logRecords" else name


# signal -> the word in the messages' names, the list in a scope, what writes one of it
_SIGNALS = {
    "metrics": ("metrics", "metrics", _metric),
    "traces": ("spans", "spans", _span),
    "logs": ("logs", "logRecords", _record),
}
