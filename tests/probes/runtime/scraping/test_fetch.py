import socket
import threading
import time
from pathlib import Path

import pytest
from tests.probes.runtime.scraping.misbehaving import OK, answering, said

from godyno.probes.runtime.scraping.address import address
from godyno.probes.runtime.scraping.fetch import Fetch, FetchError


def test_what_is_served_lies_in_the_file_with_the_times_of_its_request(tmp_path: Path) -> None:
    with answering(said(OK + b"Content-Length: 5\r\n\r\nhello")) as url:
        found = Fetch(address(url), "/heap", tmp_path / "out").run()
    assert (tmp_path / "out").read_bytes() == b"hello"
    assert (found.bytes, found.whole) == (5, True)
    assert found.sent_ns <= found.first_ns <= found.end_ns


def endless(connection: socket.socket, path: str) -> None:
    connection.sendall(OK + b"\r\n")
    while True:
        connection.sendall(bytes(65536))


def dripping(connection: socket.socket, path: str) -> None:
    connection.sendall(OK + b"Content-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def silent(connection: socket.socket, path: str) -> None:
    time.sleep(5)


def endless_headers(connection: socket.socket, path: str) -> None:
    connection.sendall(OK)
    while True:
        connection.sendall(b"X-Y: z\r\n")


def continuing(connection: socket.socket, path: str) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


def test_an_endless_body_ends_at_the_most_that_is_kept(tmp_path: Path) -> None:
    with answering(endless) as url:
        found = Fetch(address(url), "/trace", tmp_path / "out", most_bytes=1 << 20).run()
    assert not found.whole
    assert 1 << 20 <= found.bytes < 2 << 20


def test_a_body_that_drips_ends_in_time_and_what_came_is_kept(tmp_path: Path) -> None:
    with answering(dripping) as url:
        found = Fetch(address(url), "/trace", tmp_path / "out", within_s=0.5).run()
    assert not found.whole
    assert 0 < found.bytes < 100


@pytest.mark.parametrize("server", [silent, continuing])
def test_a_server_that_does_not_come_to_an_answer_is_left_in_time(server: object, tmp_path: Path) -> None:
    with answering(server) as url, pytest.raises(FetchError, match=r"not done within 0\.5 s"):  # type: ignore[arg-type]
        Fetch(address(url), "/heap", tmp_path / "out", within_s=0.5).run()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html>", "answers with text/html"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "redirects are not followed"),
        (b"HTTP/1.1 401 No\r\n\r\n", "GODYNO_SCRAPE_AUTHORIZATION"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "net/http/pprof"),
        (b"HTTP/1.1 500 Oh\r\n\r\nCould not enable tracing: \x1b[31mtracing is already enabled\n", "500 Could not enable tracing:  "),
        (b"SSH-2.0-OpenSSH_9\r\n", "does not speak HTTP"),
        (b"", "closed the connection|reset"),
        (OK + b"Content-Length: 0\r\n\r\n", "sent nothing"),
        (OK + b"Content-Length: -9\r\n\r\n", "sent nothing"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "sent nothing"),
        (b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000, "does not speak HTTP"),
    ],
)  # fmt: skip
def test_what_is_no_profile_is_named(answer: bytes, why: str, tmp_path: Path) -> None:
    with answering(said(answer)) as url, pytest.raises(FetchError, match=why) as caught:
        Fetch(address(url), "/heap", tmp_path / "out").run()
    assert "\x1b" not in str(caught.value)


def test_endless_headers_are_no_http(tmp_path: Path) -> None:
    with answering(endless_headers) as url, pytest.raises(FetchError, match="does not speak HTTP"):
        Fetch(address(url), "/heap", tmp_path / "out").run()


def test_nothing_there_may_be_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchError, match="refused") as caught:
        Fetch(address(f"http://127.0.0.1:{port}"), "/heap", tmp_path / "out").run()
    assert caught.value.transient


def test_stopping_closes_our_half_and_what_then_comes_is_kept(tmp_path: Path) -> None:
    def lasting(connection: socket.socket, path: str) -> None:
        connection.sendall(OK + b"\r\nbegun ")
        assert connection.recv(1) == b""  # as Go's server reads the end of our half
        connection.sendall(b"ended")

    with answering(lasting) as url:
        fetch = Fetch(address(url), "/trace?seconds=1000", tmp_path / "out", within_s=10)
        threading.Timer(0.2, fetch.stop).start()
        assert fetch.run().whole
    assert (tmp_path / "out").read_bytes() == b"begun ended"
