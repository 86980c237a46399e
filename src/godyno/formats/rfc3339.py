"""Instants as Go's encoding/json writes them (RFC 3339 with up to nine decimals), without losing the
nanoseconds.
"""

from __future__ import annotations

import datetime
import re

from godyno.errors import FormatError

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_EPOCH = datetime.datetime(1970, 1, 1)


def unix_ns(text: str) -> int:
    """Nanoseconds of REALTIME (since 1970, UTC) at ``text``. Raises FormatError for anything but RFC 3339."""
    match = _INSTANT.fullmatch(text)
    if not match:
        raise FormatError(f"Not an RFC 3339 time: {text[:60]!r}")
    year, month, day, hour, minute, second = (int(match[i]) for i in range(1, 7))
    try:
        since = datetime.datetime(year, month, day, hour, minute) - _EPOCH
    except ValueError as error:
        raise FormatError(f"No such time: {text[:60]!r}") from error
    offset_s = 0
    if match[8]:
        offset_s = (int(match[9]) * 3600 + int(match[10]) * 60) * (-1 if match[8] == "-" else 1)
    whole_s = since.days * 86400 + since.seconds + second - offset_s
    return whole_s * 1_000_000_000 + int((match[7] or "").ljust(9, "0"))
