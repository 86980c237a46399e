"""What is sent, and what becomes of a refusal; that real servers take it is in test_prometheus."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import cramjam
import pytest

from godyno.capture.reader import Capture, open_capture
from godyno.errors import EndpointError
from godyno.export import remote_write
from godyno.export.messages import write_request
from godyno.export.prometheus import Prometheus
from godyno.testing.samples import samples

from .conftest import LAST_S


class Receiver(HTTPServer):
    """Refuses a request with a sample before ``oldest_ms``, as Prometheus does: the whole of it."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.oldest_ms = 0
        self.requests = 0
        super().__init__(("127.0.0.1", 0), Handler)

    def samples(self) -> list[tuple[str, int, float]]:
        return [
            (
                next(one.value for one in series.labels if one.name == "__name__"),
                sample.timestamp,
                sample.value,
            )
            for request in self.taken
            for series in request.timeseries
            for sample in series.samples
        ]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement

    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        assert self.headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"
        assert (self.headers["Content-Encoding"], self.headers["Content-Type"]) == (
            "snappy",
            "application/x-protobuf",
        )
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message = write_request().FromString(bytes(cramjam.snappy.decompress_raw(body)))
        self.server.requests += 1
        for series in message.timeseries:
            names = [one.name for one in series.labels]
            assert names == sorted(names) and len(set(names)) == len(names)
        refused = any(
            sample.timestamp < self.server.oldest_ms
            for series in message.timeseries
            for sample in series.samples
        )
        answer = b"out of bounds\n" if refused else b""
        if not refused:
            self.server.taken.append(message)
        self.send_response(400 if refused else 204)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def send(capture: Capture, receiver: Receiver) -> list[str]:
    return list(Prometheus().export(capture, f"http://127.0.0.1:{receiver.server_port}/api/v1/write"))


def test_all_series_come_together_in_the_order_of_time(
    capture: Capture, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_write, "_SAMPLES", 100)
    send(capture, receiver)
    ranges = [
        [sample.timestamp for series in request.timeseries for sample in series.samples]
        for request in receiver.taken
    ]
    assert len(ranges) > 10
    assert all(max(before) < min(after) for before, after in itertools.pairwise(ranges))
    points = capture.sql("SELECT count(*) AS n FROM points")["n"][0].as_py()
    ends = [value for _, _, value in receiver.samples() if value != value]
    assert len(receiver.samples()) == points + len(ends) + 4  # how the run ended is four metrics
    assert {struct.pack(">d", value).hex() for value in ends} == {"7ff0000000000002"} and len(ends) == 6


def test_a_refused_slice_is_halved_so_that_only_what_is_too_old_is_lost(
    capture: Capture, start_s: float, receiver: Receiver
) -> None:
    receiver.oldest_ms = int((start_s + 10) * 1000)
    lost = send(capture, receiver)
    wanted = capture.sql(
        f"SELECT count(*) AS n FROM points WHERE t_ns < (SELECT min(t_ns) + {10 * 10**9} FROM points)"
    )
    old = wanted["n"][0].as_py() + 1  # and the mark of the end of the process that ended after 5 s
    assert any(
        one.startswith(f"{old} samples were not carried: refused by the server: out of bounds")
        for one in lost
    )
    assert min(t_ms for _, t_ms, _ in receiver.samples()) == receiver.oldest_ms
    assert max(t_ms for _, t_ms, _ in receiver.samples()) == int((start_s + LAST_S) * 1000) + 1


def test_a_server_that_takes_nothing_is_an_error_with_the_reason(
    capture: Capture, receiver: Receiver
) -> None:
    receiver.oldest_ms = 2**62
    with pytest.raises(EndpointError, match=r"takes no sample of this capture: out of bounds") as caught:
        send(capture, receiver)
    assert "create-blocks-from" in caught.value.hint and receiver.requests < 900


@pytest.mark.parametrize("which", ["empty", "hostile"])
def test_odd_captures_are_sent_too(which: str, receiver: Receiver, tmp_path: Path) -> None:
    with open_capture(samples(tmp_path / "captures")[which]) as capture:
        send(capture, receiver)
    assert all(t_ms >= 0 for _, t_ms, _ in receiver.samples())
