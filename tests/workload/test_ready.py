"""What counts as ready, and how it is asked for."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from godyno.errors import UsageError
from godyno.workload.ready import EXIT, GRPC, HTTP, LISTEN, LOG, TCP, ready_of
from godyno.workload.ready.asking import Asking, asking_for, is_taken
from godyno.workload.ready.grpc_health import _said


def test_every_form_is_understood() -> None:
    assert ready_of("listen").kind == LISTEN
    assert ready_of("exit").kind == EXIT
    assert (ready_of("tcp:8080").kind, ready_of("tcp:8080").port, ready_of("tcp:8080").host) == (
        TCP,
        8080,
        "127.0.0.1",
    )
    assert (ready_of("tcp:[::1]:80").host, ready_of("tcp:[::1]:80").port) == ("::1", 80)
    assert (ready_of("grpc:9090/links.Links").kind, ready_of("grpc:9090/links.Links").service) == (
        GRPC,
        "links.Links",
    )
    assert (ready_of("http://localhost/healthz").kind, ready_of("http://localhost/healthz").port) == (
        HTTP,
        80,
    )
    assert (ready_of("log:started in \\d+").kind, ready_of("log:a:b").pattern) == (LOG, "a:b")


@pytest.mark.parametrize(
    "text",
    ["", "tcp:", "tcp:0", "tcp:99999", "tcp:x", "grpc", "log:", "log:(", "http://", "http://a:x/", "udp:53"],
)
def test_what_says_nothing_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        ready_of(text)
    assert "tcp:8080" in caught.value.hint


class _Answers(http.server.BaseHTTPRequestHandler):
    codes: list[int]

    def do_GET(self) -> None:
        self.send_response(self.codes.pop(0) if len(self.codes) > 1 else self.codes[0])
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[int, type[_Answers]]]:
    kind = type("Answers", (_Answers,), {"codes": [200]})
    found = http.server.HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield found.server_port, kind
    found.shutdown()
    thread.join()
    found.server_close()


def test_an_answer_that_is_not_2xx_is_not_ready_yet_and_the_doubt_reaches_back_to_it(
    server: tuple[int, type[_Answers]],
) -> None:
    port, answers = server
    answers.codes = [503, 503, 204]
    asking = Asking(ready_of(f"http://127.0.0.1:{port}/healthz"))
    asking.begin()
    assert asking._thread is not None
    asking._thread.join(5.0)
    asking.stop()
    assert asking.t_ns > 0
    assert asking.doubt_ns >= 5_000_000  # the pause after an answer that was no yes


def test_a_status_is_what_was_said(server: tuple[int, type[_Answers]]) -> None:
    port, answers = server
    answers.codes = [404]
    assert asking_for(ready_of(f"http://127.0.0.1:{port}/"))() == "HTTP 404"


def test_a_port_that_is_taken_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert is_taken(ready_of(f"tcp:{port}"))
    assert not is_taken(ready_of(f"tcp:{port}"))
    assert not is_taken(ready_of("listen"))


def test_a_health_answer_is_read() -> None:
    assert _said(b"\0\0\0\0\x02\x08\x01", "0") == ""
    assert _said(b"\0\0\0\0\x02\x08\x02", "0") == "NOT_SERVING"
    assert _said(b"", "12") == "the server has no health service"
    assert _said(b"\0\0\0\0\x02\x08", "0") == "an answer that is no health message"


def test_grpc_health_of_what_speaks_http_1_is_an_answer_and_no_crash(
    server: tuple[int, type[_Answers]],
) -> None:
    pytest.importorskip("h2")
    from godyno.workload.ready.grpc_health import serving

    try:
        said = serving("127.0.0.1", server[0], "", 2.0)
    except OSError:
        return  # it hung up
    assert "gRPC" in said
