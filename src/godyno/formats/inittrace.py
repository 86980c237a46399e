"""GODEBUG=inittrace=1: one line per package that had something to initialise. Format: runtime/proc.go
(``doInit1``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from godyno.errors import FormatError

_N = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_LINE = re.compile(rf"init (\S+) @{_N} ms, {_N} ms clock, (\d+) bytes, (\d+) allocs(?: (.*))?")


@dataclass(frozen=True, slots=True)
class PackageInit:
    """One package's initialisation: when since ``runtime.runtimeInitTime``, how long (wall), what it
    allocated.
    """

    package: str
    since_start_s: float
    clock_s: float
    allocated_bytes: int
    allocations: int
    remark: str = ""


def package_init(line: str) -> PackageInit:
    """What ``line`` (whole, its newline optional) tells. Raises FormatError where it is no inittrace line."""
    match = _LINE.fullmatch(line.rstrip("\r\n"))
    if not match:
        raise FormatError(f"Not an inittrace line: {line[:120]!r}")
    package, at, clock, size, count, remark = match.groups()
    return PackageInit(package, float(at) * 1e-3, float(clock) * 1e-3, int(size), int(count), remark or "")
