"""GODEBUG=schedtrace=N[,scheddetail=1]: the scheduler's state every N ms. Format: runtime/proc.go
(``schedtrace``).

Per-P run queues are ``[0 0]`` up to Go 1.24 and ``[ 0 0 ] schedticks=[ 0 3 ]`` after. With scheddetail a line
for each P, M and G follows, and the first line has other fields at its end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from godyno.errors import FormatError

_HEAD = re.compile(r"SCHED (\d+)ms:((?: [a-z]+=[\w-]+)*)((?: (?:[a-z]+=)?\[[\d ]*\])*)\s*")
_FIELD = re.compile(r"([a-z]+)=([\w-]+)")
_LIST = re.compile(r" ([a-z]*)=?\[([\d ]*)\]")
_DETAIL = re.compile(r"  ([PMG])(-?\d+):((?: [a-z]+=.*)?)")
_DETAIL_FIELD = re.compile(r" ([a-z]+)=([^\s(]*(?:\((?:[^()]|\([^()]*\))*\))?)")


@dataclass(frozen=True, slots=True)
class SchedState:
    """One snapshot. ``since_first_s`` counts from the first print, not from the start. Absent fields are
    None.

    ``fields`` holds every ``name=value`` as printed, those included that this version of godyno does not
    know.
    """

    since_first_s: float
    gomaxprocs: int | None
    idle_procs: int | None
    threads: int | None
    spinning_threads: int | None
    idle_threads: int | None
    global_run_queue: int | None
    run_queues: tuple[int, ...]  # per P; empty with scheddetail
    sched_ticks: tuple[int, ...]  # per P; empty before Go 1.25
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SchedDetail:
    """A P, M or G of the snapshot before it. A G's ``status`` field keeps its reason: ``4(GC sweep
    wait)``.
    """

    kind: str
    id: int
    fields: Mapping[str, str]


def sched_state(line: str) -> SchedState:
    """The snapshot that ``line`` (whole, its newline optional) tells of. Raises FormatError where it tells of
    none.
    """
    match = _HEAD.fullmatch(line.rstrip("\r\n"))
    if not match:
        raise FormatError(f"Not a schedtrace line: {line[:120]!r}")
    fields = dict(_FIELD.findall(match[2]))
    lists = {name: tuple(map(int, values.split())) for name, values in _LIST.findall(match[3])}

    def count(name: str) -> int | None:
        value = fields.get(name, "")
        return int(value) if value.isdecimal() else None

    return SchedState(
        int(match[1]) * 1e-3, count("gomaxprocs"), count("idleprocs"), count("threads"), count("spinningthreads"),
        count("idlethreads"), count("runqueue"), lists.get("", ()), lists.get("schedticks", ()), fields,
    )  # fmt: skip


def sched_detail(line: str) -> SchedDetail:
    """The P, M or G that ``line`` of scheddetail=1 tells of. Raises FormatError where it tells of none."""
    match = _DETAIL.fullmatch(line.rstrip("\r\n"))
    if not match:
        raise FormatError(f"Not a scheddetail line: {line[:120]!r}")
    return SchedDetail(match[1], int(match[2]), dict(_DETAIL_FIELD.findall(match[3])))
