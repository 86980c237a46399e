from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from godyno.capture.reader import Capture
from godyno.errors import EndpointError, UsageError
from godyno.export.endpoint import Endpoint
from godyno.export.otlp import Otlp

from .conftest import LAST_S, T0_NS

REQUESTS = {
    "/v1/metrics": ExportMetricsServiceRequest, "/v1/traces": ExportTraceServiceRequest, "/v1/logs": ExportLogsServiceRequest,
}  # fmt: skip


class Collector(HTTPServer):
    """Takes OTLP over HTTP as the protocol says, by its own messages; ``answers`` come before the usual ones."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement

    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.headers.append(dict(self.headers.items()))
        status, headers, answer = self.server.answers.pop(0) if self.server.answers else (200, {}, b"")
        if status == 200:
            assert self.headers["Content-Type"] == "application/x-protobuf"
            assert self.headers["Content-Encoding"] == "gzip"
            self.server.taken.append(REQUESTS[self.path].FromString(gzip.decompress(body)))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_collector_gets_every_point_as_sql_has_it(
    capture: Capture, start_s: float, collector: Collector
) -> None:
    Otlp().export(capture, collector.url)
    points = {}
    for request in collector.taken:
        if isinstance(request, ExportMetricsServiceRequest):
            resource = {
                one.key: one.value.string_value for one in request.resource_metrics[0].resource.attributes
            }
            assert (resource["host.name"], resource["service.name"], resource["godyno.tag.commit"]) == (
                "bench",
                "go",
                "abc",
            )
            for metric in request.resource_metrics[0].scope_metrics[0].metrics:
                if metric.name == "system.cpu.time":
                    assert (metric.unit, metric.sum.is_monotonic, metric.sum.aggregation_temporality) == (
                        "s",
                        True,
                        2,
                    )
                    for point in metric.sum.data_points:
                        labels = {one.key: one.value.string_value for one in point.attributes}
                        points[(labels["mode"], point.time_unix_nano)] = point.as_double
                        assert point.start_time_unix_nano == int(start_s) * 10**9
    offset = capture.manifest.brackets[0].offset_ns
    assert points == {
        (row["mode"], row["t_ns"] + offset): row["value"]
        for row in capture.sql(
            "SELECT labels->>'mode' AS mode, t_ns, value FROM points JOIN series USING (series_id)"
            " WHERE name = 'system.cpu.time'"
        ).to_pylist()
    }


def test_spans_are_one_trace_below_the_command(capture: Capture, collector: Collector) -> None:
    Otlp().export(capture, collector.url)
    spans = [
        span
        for request in collector.taken
        if isinstance(request, ExportTraceServiceRequest)
        for span in request.resource_spans[0].scope_spans[0].spans
    ]
    root = next(one for one in spans if not one.parent_span_id)
    assert root.name == "go build ./..."
    assert root.end_time_unix_nano - root.start_time_unix_nano == LAST_S * 10**9
    assert len({one.trace_id for one in spans}) == 1 and len(root.trace_id) == 16
    assert len({one.span_id for one in spans}) == len(spans) == 8
    go = next(one for one in spans if one.name == "go")
    compiles = [one for one in spans if one.name == "compile"]
    assert go.parent_span_id == root.span_id and {one.parent_span_id for one in compiles} == {go.span_id}
    assert [one.status.code for one in compiles] == [0, 2]  # the second one failed


def test_the_file_reads_back_as_what_is_sent(capture: Capture, collector: Collector, tmp_path: Path) -> None:
    Otlp().export(capture, str(tmp_path / "x.jsonl"))
    Otlp().export(capture, collector.url)
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert len(lines) == len(collector.taken)
    for line, sent in zip(lines, collector.taken, strict=True):
        for resource in line.get(
            "resourceSpans", ()
        ):  # the protocol's JSON has ids in hexadecimal, protobuf's in base64
            for span in resource["scopeSpans"][0]["spans"]:
                assert len(span["traceId"]) == 32 and len(span["spanId"]) == 16
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        import base64

                        span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
        assert json_format.ParseDict(line, type(sent)()) == sent


def test_lines_and_events_are_log_records(capture: Capture, collector: Collector) -> None:
    Otlp().export(capture, collector.url)
    records = [
        record
        for request in collector.taken
        if isinstance(request, ExportLogsServiceRequest)
        for record in request.resource_logs[0].scope_logs[0].log_records
    ]
    assert {(one.event_name, one.body.string_value) for one in records} == {
        ("vm.swappiness", "vm.swappiness"), ("", 'a "line", of; output'),
    }  # fmt: skip
    assert records[0].time_unix_nano == T0_NS + 2 * 10**9 + capture.manifest.brackets[0].offset_ns


def test_what_a_server_rejects_is_said(capture: Capture, collector: Collector) -> None:
    partial = ExportMetricsServiceResponse()
    partial.partial_success.rejected_data_points = 17
    partial.partial_success.error_message = "too many\nseries."
    collector.answers.append((200, {}, partial.SerializeToString()))
    lost = Otlp().export(capture, collector.url)
    assert "17 data points were not carried: refused by the server: too many series." in lost


def test_a_busy_server_is_tried_again(capture: Capture, collector: Collector) -> None:
    collector.answers += [(503, {"Retry-After": "0"}, b""), (429, {"Retry-After": "0"}, b"")]
    Otlp().export(capture, collector.url)
    assert len(collector.headers) == len(collector.taken) + 2


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "refuses these credentials"),
        (302, "redirects are not followed"),
        (404, "nothing at"),
        (400, "400 no"),
    ],
)
def test_a_refusal_is_a_clear_error_that_names_no_credentials(
    capture: Capture, collector: Collector, status: int, said: str
) -> None:
    collector.answers.append((status, {"Location": "http://elsewhere/"}, b"no"))
    with pytest.raises(EndpointError, match=said) as caught:
        Otlp().export(capture, collector.url.replace("http://", "http://me:geheim@") + "/?token=geheim")
    assert "geheim" not in str(caught.value) + caught.value.hint
    assert caught.value.hint and len(collector.headers) == 1
    assert collector.headers[0]["Authorization"] == "Basic bWU6Z2VoZWlt"


def test_a_header_of_the_environment_is_sent_and_not_shown(
    capture: Capture, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GODYNO_EXPORT_AUTHORIZATION", "Bearer geheim")
    collector.answers.append((403, {}, b""))
    with pytest.raises(EndpointError) as caught:
        Otlp().export(capture, collector.url)
    assert collector.headers[0]["Authorization"] == "Bearer geheim" and "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "file:///etc/passwd", "http://", "http://a b/", "http://h:99999/", "gopher://x"]
)
def test_only_http_and_https_are_addresses(url: str) -> None:
    with pytest.raises(UsageError):
        Endpoint(url)


def test_a_server_that_is_not_there_is_a_clear_error(capture: Capture) -> None:
    with Collector() as server:
        url = server.url  # closed in a moment
    with Endpoint(url, tries=2) as endpoint, pytest.raises(EndpointError, match="after 2 tries"):
        endpoint.post(b"", {})
