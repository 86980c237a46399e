"""OTLP: metrics, spans and log records of OpenTelemetry, to a file of JSON lines or to a collector over HTTP.

The file is what the collector's ``otlpjsonfile`` receiver reads (opentelemetry.io, "OTLP File exporter"): one request a
line, ids in hexadecimal. To an address, requests go as protobuf to ``/v1/metrics``, ``/v1/traces`` and ``/v1/logs`` below it.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import EndpointError
from godyno.export.otlp_json import line
from godyno.export.otlp_messages import Requests
from godyno.export.source import Source
from godyno.export.target import is_url, whole_file

_PATHS = {"metrics": "/v1/metrics", "traces": "/v1/traces", "logs": "/v1/logs"}
_REJECTED = {
    "metrics": ("rejected_data_points", "data point"),
    "traces": ("rejected_spans", "span"),
    "logs": ("rejected_log_records", "log record"),
}


class Otlp:
    """Series become gauges and cumulative sums, spans one trace below the command's, events and lines log records."""

    name: ClassVar[str] = "otlp"
    summary: ClassVar[str] = (
        "OpenTelemetry metrics, spans and logs as JSON lines; --to sends them to a collector"
    )
    suffix: ClassVar[str] = ".otlp.jsonl"

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes or sends. Raises GodynoError, EndpointError, CaptureCorrupt."""
        source = Source(capture)
        requests = Requests(source)
        if is_url(out):
            self._send(source, requests.all(), out)
        else:
            with whole_file(Path(out)) as file:
                for signal, message in requests.all():
                    file.write(line(signal, message))
        source.omitted.say(source.wall.caveat)
        source.omit_tables("OpenTelemetry's profiles are not stable yet; use pprof", "stacks")
        source.omit_tables("OpenTelemetry has no place for findings", "findings")
        return source.omitted.sentences()

    def _send(self, source: Source, requests: Iterator[tuple[str, Any]], url: str) -> None:
        from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

        from godyno.export.endpoint import Endpoint

        answers = {
            "metrics": metrics_service_pb2.ExportMetricsServiceResponse,
            "traces": trace_service_pb2.ExportTraceServiceResponse,
            "logs": logs_service_pb2.ExportLogsServiceResponse,
        }
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
        with Endpoint(url) as endpoint:
            for signal, message in requests:
                body = gzip.compress(message.SerializeToString(), 6, mtime=0)
                answer = endpoint.post(body, headers, _PATHS[signal])
                if answer.status >= 300:
                    raise EndpointError(
                        f"{endpoint} refuses {signal}: {answer.status} {answer.text}".strip(),
                        hint="Give the address below which it takes /v1/metrics, /v1/traces and /v1/logs.",
                    )
                self._count_rejected(source, signal, answers[signal], answer.body)

    def _count_rejected(self, source: Source, signal: str, kind: Any, body: bytes) -> None:
        from google.protobuf.message import DecodeError

        try:
            partial = kind.FromString(body).partial_success
        except DecodeError:
            return  # it took the request; what else it says is not protobuf
        field, one = _REJECTED[signal]
        rejected = getattr(partial, field)
        if rejected > 0:
            why = " ".join(partial.error_message.split())[:200].rstrip(".") or "it does not say why"
            source.omitted.count(rejected, one, f"refused by the server: {why}")
        elif partial.error_message:
            source.omitted.say(f"The server warns: {' '.join(partial.error_message.split())[:200]}")
