"""One GET that ends: bounded in time and bytes whatever the server does, redirects not followed. Standard library only.

A request that lasts (``trace?seconds=…``, ``profile?seconds=…``) is ended early by closing our half of the connection: Go's
server then cancels the handler's context, the handler stops tracing or profiling and still sends all that it has.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

from godyno import __version__
from godyno.clock import now_ns
from godyno.probes.runtime.scraping.address import AUTHORIZATION, Address
from godyno.prose import printable

_CONNECT_S = 5.0
_CHUNK = 1 << 16
_SAYS_BYTES = 400


class FetchError(Exception):
    """A request that brought nothing usable. ``transient`` says that trying again may help."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: MONOTONIC ns of the request's sending, the first byte of the body and its end; ``whole`` is False where it broke off."""

    sent_ns: int
    first_ns: int
    end_ns: int
    bytes: int
    whole: bool = True


class Fetch:
    """One request of ``path`` below ``address`` into the file ``out``. ``run()`` once, ``stop()`` from any thread."""

    def __init__(
        self, address: Address, path: str, out: Path, *, header: str = "", within_s: float = 10.0, most_bytes: int = 64 << 20
    ) -> None:  # fmt: skip
        self.address, self.path, self.out = address, path, out
        self.header, self.within_s, self.most_bytes = header, within_s, most_bytes
        self._socket: socket.socket | None = None
        self._late = self._stopped = False

    def run(self) -> Fetched:
        """Fetches. Raises FetchError, and leaves no file then; OSError where ``out`` cannot be written."""
        watchdog = threading.Timer(self.within_s, self.give_up)
        watchdog.daemon = True
        watchdog.start()
        connection = self._connection()
        try:
            return self._fetch(connection)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, OSError) and error.filename is not None:
                raise  # of the file, not of the network
            self.out.unlink(missing_ok=True)
            raise self._explained(error) from error
        finally:
            watchdog.cancel()
            connection.close()
            self._socket = None

    def stop(self) -> None:
        """Ends a request that lasts; what the server still sends is kept."""
        self._stopped = True
        self._shut(socket.SHUT_WR)

    def give_up(self) -> None:
        """Breaks it off; what came is kept."""
        self._late = True
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        found = self._socket
        if found is not None:
            with contextlib.suppress(OSError):
                # Of a TLS connection this is the socket below: Go's server takes that for the end as well.
                socket.socket.shutdown(found, how)

    def _connection(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self.address.scheme == "https" else http.client.HTTPConnection
        return kind(self.address.host, self.address.port, timeout=min(_CONNECT_S, self.within_s))

    def _fetch(self, connection: http.client.HTTPConnection) -> Fetched:
        connection.connect()
        self._socket = connection.sock
        connection.sock.settimeout(self.within_s)
        if self._late or self._stopped:
            raise FetchError("it was stopped", transient=True)
        headers = {
            "User-Agent": f"godyno/{__version__}",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        if self.header:
            headers["Authorization"] = self.header
        sent = now_ns()
        connection.request("GET", self.address.path + self.path, headers=headers)
        with connection.getresponse() as response:
            self._check(response)
            first, taken, whole = self._keep(response)
        end = now_ns()
        if not taken:
            raise FetchError("it sent nothing" if not self._late else self._too_late(), transient=True)
        return Fetched(sent, first, end, taken, whole)

    def _keep(self, response: http.client.HTTPResponse) -> tuple[int, int, bool]:
        """When the first byte came, how many did, and whether it was all."""
        first = taken = 0
        with self.out.open("wb", buffering=0) as file:
            while taken < self.most_bytes:
                try:
                    piece = response.read1(_CHUNK)
                except (OSError, http.client.HTTPException, ValueError):
                    return first, taken, False
                if not piece:
                    return first, taken, not self._late and not response.length
                first = first or now_ns()
                taken += len(piece)
                file.write(piece)
        return first, taken, False

    def _check(self, response: http.client.HTTPResponse) -> None:
        status, kind = response.status, response.headers.get("Content-Type", "")
        if status in (401, 403):
            raise FetchError(
                f"it refuses these credentials ({status}); give them in the environment's {AUTHORIZATION}"
            )
        if 300 <= status < 400:
            raise FetchError(f"it sends elsewhere ({status}), and redirects are not followed")
        if status == 404:
            raise FetchError('there is nothing (404); does the program import _ "net/http/pprof"?')
        if status != 200:
            raise FetchError(f"it answers {status} {_said(response)}".rstrip(), transient=status >= 500)
        if kind.partition(";")[0].strip().lower() in ("text/html", "application/json", "text/xml"):
            raise FetchError(f"it answers with {kind.partition(';')[0].strip()[:40]}, which is no profile")

    def _explained(self, error: Exception) -> FetchError:
        # Once connected, the socket's own limit is as long, and may be over before the watchdog woke.
        if self._late or (self._socket is not None and isinstance(error, TimeoutError)):
            return FetchError(self._too_late(), transient=True)
        if isinstance(error, ssl.SSLCertVerificationError):
            return FetchError(
                f"its certificate cannot be trusted: {error.verify_message}; SSL_CERT_FILE names another authority's"
            )
        if isinstance(error, http.client.RemoteDisconnected):
            return FetchError("it closed the connection without an answer", transient=True)
        if isinstance(error, http.client.HTTPException | ValueError):
            return FetchError(f"it does not speak HTTP: {type(error).__name__}")
        return FetchError(
            f"{error.strerror or error}" if isinstance(error, OSError) else str(error), transient=True
        )

    def _too_late(self) -> str:
        return f"it was not done within {self.within_s:g} s"


def _said(response: http.client.HTTPResponse) -> str:
    try:
        text = response.read1(_SAYS_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, ValueError):
        return ""
    return printable(text).strip()[:160]
