"""The gRPC health protocol (grpc.health.v1, Check), over HTTP/2 without TLS. Needs the package h2 (the extra ``grpc``)."""

from __future__ import annotations

import socket
from typing import Any

from godyno.errors import NotAvailableHere
from godyno.formats.protowire import message

_SERVING = 1
_STATES = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_STATUS = {"5": "the health service does not know this name", "12": "the server has no health service"}


def available() -> bool:
    """Whether h2 is here; imports it, so that the first question is not late."""
    try:
        import h2.connection  # noqa: F401
    except ImportError:
        return False
    return True


def serving(host: str, port: int, service: str, timeout_s: float) -> str:
    """One question: empty where the answer is SERVING, else what was said. Raises OSError where nothing answers.

    Raises NotAvailableHere where h2 is not installed.
    """
    try:
        from h2.config import H2Configuration
        from h2.connection import H2Connection
    except ImportError as error:
        raise NotAvailableHere(
            "gRPC's health cannot be asked without the package h2", hint="pip install 'godyno[grpc]'"
        ) from error
    name = service.encode()
    request = b"\x0a" + bytes([len(name)]) + name if name else b""
    headers = [
        (":method", "POST"), (":scheme", "http"), (":authority", f"{host}:{port}"), (":path", "/grpc.health.v1.Health/Check"),
        ("content-type", "application/grpc"), ("te", "trailers"),
    ]  # fmt: skip
    with socket.create_connection((host, port), timeout=timeout_s) as line:
        connection = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        connection.initiate_connection()
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, headers)
        connection.send_data(stream, b"\0" + len(request).to_bytes(4, "big") + request, end_stream=True)
        line.sendall(connection.data_to_send())
        return _answer(line, connection)


def _answer(line: socket.socket, connection: Any) -> str:
    from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset, TrailersReceived
    from h2.exceptions import ProtocolError

    body, status = b"", ""
    while piece := line.recv(65536):
        try:
            events = connection.receive_data(piece)
        except ProtocolError as error:
            return f"it does not speak gRPC ({error})"
        for event in events:
            if isinstance(event, DataReceived):
                body += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, ResponseReceived | TrailersReceived):
                told = {_text(name): _text(value) for name, value in event.headers or ()}
                status = told.get("grpc-status", status)
            elif isinstance(event, StreamEnded | StreamReset):
                return _said(body, status)
        line.sendall(connection.data_to_send())
    raise ConnectionResetError("the connection was closed before an answer")


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _said(body: bytes, status: str) -> str:
    if status not in ("", "0"):
        return _STATUS.get(status, f"gRPC status {status}")
    state = 0
    try:
        for number, value in message(body[5:]):
            if number == 1 and isinstance(value, int):
                state = value
    except ValueError:
        return "an answer that is no health message"
    return "" if state == _SERVING else _STATES.get(state, f"state {state}")
