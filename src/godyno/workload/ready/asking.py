"""Asking a server whether it is ready, in a thread: a connect that is refused costs the server nothing, the kernel answers it.

The answer's doubt is the time between the last try that failed and the one that did not.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from godyno.clock import now_ns
from godyno.workload.ready import GRPC, HTTP, Ready

REFUSED_EVERY_S, ANSWERED_EVERY_S = 0.001, 0.005  # between tries: nobody listens; it listens and is not ready
_ANSWER_S = 5.0


class Asking:
    """Asks until it is ready or ``stop``; then ``fd`` is readable, and ``t_ns`` and ``doubt_ns`` say when. ``said`` is the last refusal."""

    def __init__(self, ready: Ready) -> None:
        self.ready = ready
        self.t_ns = self.doubt_ns = 0
        self.said = ""
        self.fd, self._told = os.pipe()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """From now on; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """No more tries; waits for the one that is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_ANSWER_S + 1.0)
        os.close(self.fd)
        os.close(self._told)

    def _run(self) -> None:
        ask = asking_for(self.ready)
        failed_ns = 0
        while not self._stop.is_set():
            began_ns, pause_s = now_ns(), REFUSED_EVERY_S
            try:
                self.said = ask()
                if not self.said:
                    self.t_ns = now_ns()
                    self.doubt_ns = self.t_ns - (failed_ns or began_ns)
                    with contextlib.suppress(OSError):
                        os.write(self._told, b"r")
                    return
                pause_s = ANSWERED_EVERY_S
            except ConnectionRefusedError:
                self.said = "nobody listens there"
            except (OSError, HTTPException, ValueError) as error:
                self.said, pause_s = str(error) or type(error).__name__, ANSWERED_EVERY_S
            failed_ns = began_ns
            self._stop.wait(pause_s)


def asking_for(ready: Ready) -> Callable[[], str]:
    """One try: empty where it is ready, else what it said. Raises OSError, HTTPException, ValueError where nothing answers."""
    if ready.kind == HTTP:
        return _http(ready)
    if ready.kind == GRPC:
        from godyno.workload.ready.grpc_health import serving

        return lambda: serving(ready.host, ready.port, ready.service, _ANSWER_S)
    return lambda: _connect(ready)


def is_taken(ready: Ready) -> bool:
    """Whether somebody listens already where the program is to listen."""
    if not ready.port:
        return False
    try:
        _connect(ready)
    except OSError:
        return False
    return True


def _connect(ready: Ready) -> str:
    with socket.create_connection((ready.host, ready.port), timeout=_ANSWER_S):
        return ""


def _http(ready: Ready) -> Callable[[], str]:
    from urllib.parse import urlsplit

    parts = urlsplit(ready.text)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def ask() -> str:
        connection: HTTPConnection
        if parts.scheme == "https":
            import ssl

            # Whether it is ready is asked, not who it is.
            connection = HTTPSConnection(
                ready.host, ready.port, timeout=_ANSWER_S, context=ssl._create_unverified_context()
            )
        else:
            connection = HTTPConnection(ready.host, ready.port, timeout=_ANSWER_S)
        try:
            connection.request("GET", path, headers={"User-Agent": "godyno-startup", "Connection": "close"})
            status = connection.getresponse().status
        finally:
            connection.close()
        return "" if 200 <= status < 300 else f"HTTP {status}"

    return ask
