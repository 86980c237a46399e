"""When is a program ready? What a user may say (``tcp:8080``, a URL, ``grpc:9090``, ``log:REGEX``, ``exit``), and how it is found out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from godyno.errors import UsageError
from godyno.model import Record

LISTEN, TCP, HTTP, GRPC, LOG, EXIT = "listen", "tcp", "http", "grpc", "log", "exit"
_HINT = "Write tcp:8080, http://127.0.0.1:8080/healthz, grpc:9090, log:REGEX, listen or exit."


@dataclass(frozen=True, slots=True)
class Ready(Record):
    """What counts as ready. ``kind`` is one of

    - ``listen``: the program listens on any TCP port
    - ``tcp``: on this one, so that the kernel takes connections
    - ``http``: a GET of ``text`` is answered with 2xx
    - ``grpc``: the health service says SERVING for ``service`` (empty: for the whole server)
    - ``log``: a line of output holds ``pattern``
    - ``exit``: it has ended with 0
    """

    kind: str
    text: str
    host: str = ""
    port: int = 0
    service: str = ""
    pattern: str = ""

    @property
    def meant(self) -> str:
        """For a reader."""
        return {
            LISTEN: "it listens", TCP: f"it listens on port {self.port}", HTTP: f"{self.text} answers with 2xx",
            GRPC: f"gRPC health on port {self.port} says SERVING", LOG: f"a line matches {self.pattern!r}",
            EXIT: "it has ended",
        }[self.kind]  # fmt: skip


def ready_of(text: str) -> Ready:
    """What a user wrote. Raises UsageError."""
    kind, colon, rest = text.partition(":")
    if text in (LISTEN, EXIT):
        return Ready(text, text)
    if kind in ("http", "https"):
        return _url(text)
    if kind == LOG and rest:
        try:
            re.compile(rest)
        except re.error as error:
            raise UsageError(f"{rest!r} is no regular expression: {error}", hint=_HINT) from error
        return Ready(LOG, text, pattern=rest)
    if kind in (TCP, GRPC) and colon:
        where, _, service = rest.partition("/")
        host, _, port = where.rpartition(":")
        if port.isdecimal() and 0 < int(port) < 65536:
            return Ready(
                kind, text, host.strip("[]") or "127.0.0.1", int(port), service if kind == GRPC else ""
            )
    raise UsageError(f"--ready {text!r} says nothing that can be waited for", hint=_HINT)


def _url(text: str) -> Ready:
    try:
        found = urlsplit(text)
        port = found.port or (443 if found.scheme == "https" else 80)
    except ValueError as error:
        raise UsageError(f"--ready {text!r} is no URL: {error}", hint=_HINT) from error
    if not found.hostname:
        raise UsageError(f"--ready {text!r} names no host", hint=_HINT)
    return Ready(HTTP, text, found.hostname, port)
