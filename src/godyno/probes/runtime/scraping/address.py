"""Where a program serves ``net/http/pprof``, and with which credentials. Standard library only."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from godyno.errors import UsageError

AUTHORIZATION = "GODYNO_SCRAPE_AUTHORIZATION"
USUAL_PATH = "/debug/pprof"
_HINT = "Write it as http://localhost:6060/debug/pprof."


@dataclass(frozen=True, slots=True)
class Address:
    """An address without credentials, which are never part of it: it may be shown and kept."""

    scheme: str
    host: str
    port: int
    path: str  # without a slash at its end

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def address(url: str, path: str = USUAL_PATH) -> Address:
    """The address in ``url``; one without a path means ``path``. Raises UsageError for anything but plain http and https."""
    try:
        parts: SplitResult = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError("That address cannot be read", hint=_HINT) from error
    if parts.scheme not in ("http", "https"):
        raise UsageError(f"{parts.scheme or 'That'} cannot be scraped: only http and https can", hint=_HINT)
    if not host or any(ord(char) <= 32 or ord(char) >= 127 for char in url):
        raise UsageError("That address cannot be read", hint=_HINT)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "An address with a password in it would be seen in every list of processes",
            hint=f"Put user:password, or a whole header's value, into the environment's {AUTHORIZATION}.",
        )
    if parts.query or parts.fragment:
        raise UsageError("That address has a query", hint=f"Give it without what follows ? or #. {_HINT}")
    return Address(
        parts.scheme, host, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/") or path
    )


def authorization(environ: Mapping[str, str] | None = None) -> str:
    """The Authorization header from the environment: ``user:password``, or the header's value as it stands. Raises UsageError."""
    value = (os.environ if environ is None else environ).get(AUTHORIZATION, "")
    if any(not 32 <= ord(char) < 256 for char in value):
        raise UsageError(f"{AUTHORIZATION} is no header's value", hint="It must be one line.")
    if value and " " not in value and ":" in value:
        return "Basic " + base64.b64encode(value.encode()).decode()
    return value
