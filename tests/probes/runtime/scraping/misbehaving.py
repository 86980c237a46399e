"""Servers that misbehave on a port of their own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"


@contextmanager
def answering(answer: Callable[[socket.socket, str], None]) -> Iterator[str]:
    """A server that reads a request's head, gives its path to ``answer`` with the connection, and closes it after; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(4096)
                if not piece:
                    return
                head += piece
            answer(connection, head.split(b" ", 2)[1].decode())

    def accept() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/debug/pprof"
    finally:
        ended.set()
        listener.close()


def said(data: bytes) -> Callable[[socket.socket, str], None]:
    """Answers with ``data``, whatever is asked for."""
    return lambda connection, path: connection.sendall(data)
