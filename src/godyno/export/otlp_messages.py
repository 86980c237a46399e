"""A capture as OTLP requests: metrics, one trace, log records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from godyno import __version__
from godyno.export.source import Series, Source, Span, clean, placed

_POINTS, _SPANS, _RECORDS = 10_000, 2_000, 5_000  # of a request
_MOST_NS = 2**62
_CUMULATIVE = 2  # AGGREGATION_TEMPORALITY_CUMULATIVE
_INTERNAL = 1  # SPAN_KIND_INTERNAL
_INFO = 9  # SEVERITY_NUMBER_INFO
_ERROR_STATUS = 2  # STATUS_CODE_ERROR


class Requests:
    """The requests of one capture; ids depend on the capture alone, so that a second export says the same."""

    def __init__(self, source: Source) -> None:
        self.source = source
        manifest = source.manifest
        who = json.dumps([manifest.created_at, manifest.recorder.as_json(), source.name]).encode()
        self.trace_id = hashlib.blake2b(who, digest_size=16).digest()
        self.root_id = self._id("root")
        self.processes: dict[int, list[tuple[int, int]]] = {}
        self.lost: dict[str, int] = {}

    def all(self) -> Iterator[tuple[str, Any]]:
        """Every request as (signal, message); signals are ``metrics``, ``traces`` and ``logs``."""
        for message in self.metrics():
            yield "metrics", message
        for message in self.traces():
            yield "traces", message
        for message in self.logs():
            yield "logs", message
        for what, number in self.lost.items():
            self.source.omitted.count(number, what, "times of day before 1970 or too far ahead")

    # ---- metrics

    def metrics(self) -> Iterator[Any]:
        """Gauges and cumulative sums under their OpenTelemetry names."""
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2

        series = {one.id: one for one in self.source.series()}
        request, count = None, 0
        made: dict[Any, Any] = {}
        for number, t_ns, value in self.source.rows(
            f"SELECT series_id, t_ns, value FROM points WHERE {placed('t_ns')} ORDER BY series_id, t_ns",
            "points",
        ):
            if (one := series.get(number)) is None:
                continue
            if (unix_ns := self.unix_ns(t_ns, "point")) is None:
                continue
            if request is None or count == _POINTS:
                if request is not None:
                    yield request
                request, made, count = metrics_service_pb2.ExportMetricsServiceRequest(), {}, 0
                scope = request.resource_metrics.add()
                self.about(scope)
                scope = scope.scope_metrics.add()
                scope.scope.name, scope.scope.version = "godyno", __version__
            if number not in made:
                made[number] = self.metric(scope, made, one)
            points, start_ns, labels = made[number]
            point = points.add(time_unix_nano=unix_ns, as_double=value)
            if start_ns:
                point.start_time_unix_nano = start_ns
            point.attributes.extend(labels)
            count += 1
        if request is not None:
            yield request

    def metric(self, scope: Any, made: dict[Any, Any], series: Series) -> tuple[Any, int, list[Any]]:
        """Where the points of a series go in this request, since when it counts, and its attributes."""
        rises = series.cumulative and series.least >= 0
        key = (series.name, series.unit, rises)
        metric = made.get(key)
        if metric is None:
            metric = made[key] = scope.metrics.add(name=series.name, unit=series.unit)
            if rises:
                metric.sum.aggregation_temporality, metric.sum.is_monotonic = _CUMULATIVE, True
        first = self.source.wall.unix_ns(series.first_ns)
        labels = {
            name: value
            for name, value in sorted(series.labels.items())
            if (name, value) != ("kind", "counter")
        }
        points = metric.sum.data_points if rises else metric.gauge.data_points
        start = first if rises and 0 <= first < _MOST_NS else 0
        return points, start, _attributes({**labels, "godyno.layer": series.layer})

    # ---- spans

    def traces(self) -> Iterator[Any]:
        """The command as the root, its processes below it by who started whom, everything else below its process."""
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

        for pid, start, end in self.source.rows(
            "SELECT pid, t_start_ns, t_end_ns FROM spans WHERE layer = 'process' AND pid > 0"
            f" AND {placed('t_start_ns')} AND {placed('t_end_ns')} AND t_end_ns >= t_start_ns ORDER BY 2"
        ):
            self.processes.setdefault(pid, []).append((start, end))
        request, scope, count = None, None, 0
        for at, span in enumerate(self._with_root()):
            start, end = self.unix_ns(span.start_ns, "span"), self.unix_ns(span.end_ns, "span", counted=False)
            if start is None or end is None:
                continue
            if request is None or count == _SPANS:
                if request is not None:
                    yield request
                request, count = trace_service_pb2.ExportTraceServiceRequest(), 0
                resource = request.resource_spans.add()
                self.about(resource)
                scope = resource.scope_spans.add()
                scope.scope.name, scope.scope.version = "godyno", __version__
            assert scope is not None
            self.span(scope.spans.add(), span, at, start, end)
            count += 1
        if request is not None:
            yield request

    def _with_root(self) -> Iterator[Span]:
        result = self.source.manifest.result
        if result is not None and 0 <= result.t_start_ns <= result.t_end_ns < _MOST_NS:
            argv = self.source.argv
            args = {"process.exit.code": result.exit_code, "process.command_args": argv}
            yield Span(result.t_start_ns, result.t_end_ns, "root", "", " ".join(argv)[:200], 0, 0, args)
        yield from self.source.spans()

    def span(self, message: Any, span: Span, at: int, start: int, end: int) -> None:
        """Fills one span."""
        root = span.layer == "root" and at == 0
        message.trace_id, message.name, message.kind = self.trace_id, span.name, _INTERNAL
        message.start_time_unix_nano, message.end_time_unix_nano = start, end
        if root:
            message.span_id = self.root_id
        elif span.layer == "process":
            message.span_id = self._id("process", span.pid, span.start_ns)
            parent = span.args.get("ppid")
            message.parent_span_id = self._process_at(parent if isinstance(parent, int) else 0, span.start_ns)
        else:
            message.span_id = self._id("span", at)
            message.parent_span_id = self._process_at(span.pid, span.start_ns)
        notes = dict(span.args)
        if not root:
            notes |= {"godyno.layer": span.layer, "godyno.track": span.track}
            notes |= {"process.pid": span.pid} if span.pid else {}
            notes |= {"thread.id": span.tid} if span.tid else {}
        message.attributes.extend(_attributes(notes))
        code = span.args.get("process.exit.code" if root else "exit_code")
        if isinstance(code, int) and code != 0:
            message.status.code, message.status.message = _ERROR_STATUS, f"exit code {code}"

    def _process_at(self, pid: int, t_ns: int) -> bytes:
        for start, end in self.processes.get(pid, ()):
            if start <= t_ns <= end:
                return self._id("process", pid, start)
        return self.root_id

    # ---- log records

    def logs(self) -> Iterator[Any]:
        """Events by their name, and lines of output by their text."""
        from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

        request, scope, count = None, None, 0
        for t_ns, name, body, notes in self._records():
            if (unix_ns := self.unix_ns(t_ns, "log record")) is None:
                continue
            if request is None or count == _RECORDS:
                if request is not None:
                    yield request
                request, count = logs_service_pb2.ExportLogsServiceRequest(), 0
                resource = request.resource_logs.add()
                self.about(resource)
                scope = resource.scope_logs.add()
                scope.scope.name, scope.scope.version = "godyno", __version__
            assert scope is not None
            record = scope.log_records.add(
                time_unix_nano=unix_ns, observed_time_unix_nano=unix_ns, event_name=name,
                severity_number=0 if name else _INFO,
            )  # fmt: skip
            record.body.string_value = body
            record.attributes.extend(_attributes(notes))
            count += 1
        if request is not None:
            yield request

    def _records(self) -> Iterator[tuple[int, str, str, Mapping[str, Any]]]:
        for event in self.source.events():
            notes = {**event.args, "godyno.layer": event.layer, "godyno.track": event.track}
            yield (
                event.t_ns,
                event.name,
                event.name,
                notes | ({"process.pid": event.pid} if event.pid else {}),
            )
        for t_ns, stream, pid, text in self.source.lines():
            yield t_ns, "", text, {"log.iostream": stream, **({"process.pid": pid} if pid else {})}

    # ---- common

    def about(self, message: Any) -> None:
        """The resource: which command, on which machine."""
        manifest = self.source.manifest
        machine, argv = manifest.machine, self.source.argv
        known = {
            "service.name": (argv[0].rpartition("/")[2] if argv else "") or "godyno",
            "host.name": machine.hostname, "host.arch": machine.cpu.arch, "os.type": machine.os,
            "os.version": machine.kernel, "process.command_args": argv, "godyno.capture": self.source.name,
            "godyno.version": manifest.godyno_version, **{f"godyno.tag.{k}": v for k, v in self.source.tags.items()},
        }  # fmt: skip
        message.resource.attributes.extend(_attributes({key: value for key, value in known.items() if value}))

    def unix_ns(self, t_ns: int, what: str, counted: bool = True) -> int | None:
        """The time of day, or None where it cannot be one, which is counted."""
        unix_ns = self.source.wall.unix_ns(t_ns)
        if 0 <= unix_ns < _MOST_NS:
            return unix_ns
        if counted:
            self.lost[what] = self.lost.get(what, 0) + 1
        return None

    def _id(self, *parts: object) -> bytes:
        return hashlib.blake2b(repr(parts).encode(), digest_size=8, key=self.trace_id).digest()


def _attributes(notes: Mapping[str, Any]) -> list[Any]:
    from opentelemetry.proto.common.v1 import common_pb2

    return [
        common_pb2.KeyValue(key=str(key), value=_any(common_pb2, value))
        for key, value in notes.items()
        if value is not None
    ]


def _any(common: Any, value: Any) -> Any:
    if isinstance(value, str):
        return common.AnyValue(string_value=clean(value))
    if isinstance(value, bool):
        return common.AnyValue(bool_value=value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return common.AnyValue(int_value=value)
    if isinstance(value, float):
        return common.AnyValue(double_value=value)
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return common.AnyValue(array_value=common.ArrayValue(values=[_any(common, one) for one in value]))
    return common.AnyValue(string_value=json.dumps(value))
