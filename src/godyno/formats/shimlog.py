"""What godyno's shim leaves for each process that it ran: a JSON object a line; header, debug lines, trailer.

The shim is the Go program in ``workload/shim``. A file without a trailer is of a process that still ran, or
whose shim was killed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from godyno.errors import FormatError


@dataclass(frozen=True, slots=True)
class ShimLine:
    """A GODEBUG line: when its first and last piece arrived (ns of the file's clock), which kind it is."""

    t_start_ns: int
    t_ns: int
    kind: str  # gctrace, gcscan, inittrace, schedtrace, scheddetail, other
    text: str


@dataclass(frozen=True, slots=True)
class ShimEnd:
    """How the process ended and what it used, its waited-for children included. ``exit_code`` is -1 where a
    signal ended it.
    """

    t_ns: int
    exit_code: int
    signal: int
    user_s: float
    system_s: float
    peak_rss_bytes: int
    minor_faults: int
    major_faults: int
    voluntary_switches: int
    involuntary_switches: int


@dataclass(frozen=True, slots=True)
class ShimProcess:
    """One process. ``clock`` is monotonic on Linux (CLOCK_MONOTONIC), realtime elsewhere.

    ``package`` is TOOLEXEC_IMPORTPATH: what a tool of the build works on. ``exact`` says that each write call
    was seen by itself, so that torn lines are put together without guessing. ``not_understood`` counts lines
    of the file itself.
    """

    pid: int
    ppid: int
    argv0: str
    package: str
    clock: str
    t_start_ns: int
    exact: bool
    lines: tuple[ShimLine, ...]
    end: ShimEnd | None
    not_understood: int = 0


def shim_process(lines: Iterable[str | bytes]) -> ShimProcess:
    """The process that a file tells of. A torn last line is counted, not raised; FormatError where there is
    no header.
    """
    rows = iter(lines)
    first = _row(next(rows, ""))
    if first is None or "shim" not in first:
        raise FormatError("Not a file of the shim: its first line is no header")
    found: list[ShimLine] = []
    end: ShimEnd | None = None
    odd = 0
    for raw in rows:
        row = _row(raw)
        if row is None:
            odd += 1
        elif "line" in row:
            found.append(
                ShimLine(_int(row, "t_start_ns"), _int(row, "t_ns"), _text(row, "kind"), _text(row, "line"))
            )
        elif "end_ns" in row:
            end = ShimEnd(
                _int(row, "end_ns"), _int(row, "exit"), _int(row, "signal"),
                _int(row, "user_ns") * 1e-9, _int(row, "system_ns") * 1e-9, _int(row, "peak_rss_bytes"),
                _int(row, "minor_faults"), _int(row, "major_faults"),
                _int(row, "voluntary_switches"), _int(row, "involuntary_switches"),
            )  # fmt: skip
        else:
            odd += 1
    return ShimProcess(
        _int(first, "pid"), _int(first, "ppid"), _text(first, "argv0"), _text(first, "package"), _text(first, "clock"),
        _int(first, "start_ns"), first.get("exact") is True, tuple(found), end, odd,
    )  # fmt: skip


def _row(raw: str | bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _int(row: dict[str, Any], key: str) -> int:
    value = row.get(key)
    return value if type(value) is int and abs(value) < 1 << 63 else 0


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""
