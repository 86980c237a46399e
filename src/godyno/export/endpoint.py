"""Sending to an address: http and https only, no redirects, patience with a busy server, credentials never shown.

Credentials are taken from the URL (``https://user:password@host/``) or, so that no process list shows them, from the
environment variable ``GODYNO_EXPORT_AUTHORIZATION``, which becomes the ``Authorization`` header as it stands.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from godyno import __version__
from godyno.errors import EndpointError, UsageError
from godyno.prose import printable
from godyno.redact import REDACTED

AUTHORIZATION = "GODYNO_EXPORT_AUTHORIZATION"
_TRIES = 6
_MOST_WAIT_S = 30.0
_MOST_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. ``text`` is at most a megabyte of it."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The body on one line, shortened."""
        line = " ".join(self.body.decode("utf-8", "replace").split())
        shown = printable(line, "\ufffd")
        return shown[:300] + ("…" if len(shown) > 300 else "")


class Endpoint:
    """One address. Keeps its connection; close it, or use it in a ``with``."""

    def __init__(self, url: str, *, timeout_s: float = 30.0, tries: int = _TRIES) -> None:
        parts = _checked(url)
        self._parts, self._timeout_s, self._tries = parts, timeout_s, tries
        self._authorization = _authorization(parts)
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        """The address without credentials and without its query, which may hold some."""
        host = self._parts.hostname or ""
        port = f":{self._parts.port}" if self._parts.port else ""
        query = f"?{REDACTED}" if self._parts.query else ""
        return f"{self._parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{self._parts.path}{query}"

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def post(self, body: bytes, headers: Mapping[str, str], path: str = "") -> Answer:
        """Sends ``body``, to ``path`` below the address where one is given. Waits and tries again where the server is busy.

        Gives whatever it answers below 500, except redirects. Raises EndpointError.
        """
        target = self._parts.path.rstrip("/") + path if path else self._parts.path or "/"
        if self._parts.query:
            target += f"?{self._parts.query}"
        everything = {"User-Agent": f"godyno/{__version__}", **headers}
        if self._authorization:
            everything["Authorization"] = self._authorization
        wait_s, why = 0.25, ""
        for attempt in range(self._tries):
            try:
                answer, after_s = self._once(target, body, everything)
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise EndpointError(
                        f"{self} has a certificate that cannot be trusted: {error.verify_message}",
                        hint="Set SSL_CERT_FILE to the authority's certificate.",
                    ) from error
                self.close()
                why, after_s = f"{type(error).__name__}: {error}", None
            else:
                if answer.status < 500 and answer.status != 429:
                    return self._accepted(answer)
                why = f"{answer.status} {answer.text}".strip()
            if attempt + 1 < self._tries:
                time.sleep(min(_MOST_WAIT_S, wait_s if after_s is None else after_s))
                wait_s *= 2
        raise EndpointError(
            f"{self} did not take it after {self._tries} tries: {why}",
            hint="See that the server is up and the address is the one it takes such data at.",
        )

    def _once(self, target: str, body: bytes, headers: Mapping[str, str]) -> tuple[Answer, float | None]:
        if self._connection is None:
            kind = (
                http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            )
            self._connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._timeout_s)
        self._connection.request("POST", target, body, dict(headers))
        response = self._connection.getresponse()
        answer = Answer(response.status, response.read(_MOST_ANSWER_BYTES))
        if response.will_close or not response.isclosed():
            self.close()
        after = response.headers.get("Retry-After", "")
        return answer, float(after) if after.isdigit() else None

    def _accepted(self, answer: Answer) -> Answer:
        if answer.status in (401, 403):
            raise EndpointError(
                f"{self} refuses these credentials ({answer.status})",
                hint=f"Give them in the address, or a whole header's value in the environment's {AUTHORIZATION}.",
            )
        if 300 <= answer.status < 400:
            raise EndpointError(
                f"{self} sends elsewhere ({answer.status}), and redirects are not followed",
                hint="Give the address itself.",
            )
        if answer.status == 404:
            raise EndpointError(
                f"There is nothing at {self} (404)",
                hint="Prometheus takes remote write at /api/v1/write when it was started with"
                " --web.enable-remote-write-receiver; an OTLP collector takes /v1/metrics below its address.",
            )
        return answer


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError("That address cannot be read", hint="Write it as http://host:port/path.") from error
    if parts.scheme not in ("http", "https"):
        raise UsageError(
            f"{parts.scheme or 'That'} is no address to send to", hint="Only http:// and https:// are."
        )
    if not host or any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise UsageError("That address cannot be read", hint="Write it as http://host:port/path.")
    return parts


def _authorization(parts: SplitResult) -> str:
    if parts.username is None and parts.password is None:
        value = os.environ.get(AUTHORIZATION, "")
        if any(ord(char) < 32 for char in value):
            raise UsageError(f"{AUTHORIZATION} is no header's value", hint="It must be one line.")
        return value
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
