"""What each package's init takes and allocates, as the runtime itself says it with GODEBUG=inittrace=1: no privilege, any Go program.

These starts are made for this alone: a line for each package goes through a pipe, which takes some microseconds each.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import unquote

from godyno.errors import FormatError
from godyno.formats.inittrace import PackageInit, package_init
from godyno.model import Record
from godyno.studies.startup.starts import Start


@dataclass(frozen=True, slots=True)
class Init(Record):
    """A package's init: medians over the starts that were traced. ``low_s`` and ``high_s`` are the extremes.

    ``share`` is of its own start's time, so that a busy moment of the machine weighs on both.
    """

    package: str
    clock_s: float
    low_s: float
    high_s: float
    allocated_bytes: int
    allocations: int
    starts: int
    share: float = 0.0


def with_godebug(env: Mapping[str, str | None], setting: str) -> dict[str, str | None]:
    """``env`` with a GODEBUG setting more; what the user set stays."""
    before = env["GODEBUG"] if "GODEBUG" in env else os.environ.get("GODEBUG")
    return {**env, "GODEBUG": ",".join(filter(None, (before, setting)))}


def inits_of(starts: Sequence[Start]) -> tuple[Init, ...]:
    """The inits of traced starts, the longest first."""
    found: dict[str, list[PackageInit]] = {}
    shares: dict[str, list[float]] = {}
    for start in starts:
        for _, line in start.lines:
            if line.startswith("init "):
                try:
                    one = package_init(line)
                except FormatError:
                    continue  # the program's own line
                package = unquote(one.package)  # the runtime escapes dots in a path's last element
                found.setdefault(package, []).append(one)
                shares.setdefault(package, []).append(one.clock_s / start.took_s if start.took_s > 0 else 0.0)
    out = [
        Init(
            package, median(one.clock_s for one in rows), min(one.clock_s for one in rows), max(one.clock_s for one in rows),
            round(median(one.allocated_bytes for one in rows)), round(median(one.allocations for one in rows)), len(rows),
            median(shares[package]),
        )
        for package, rows in found.items()
    ]  # fmt: skip
    return tuple(sorted(out, key=lambda one: -one.clock_s))
