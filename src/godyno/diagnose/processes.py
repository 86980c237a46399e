"""The processes of a capture as records, read with tolerance: a stranger's capture may hold anything."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from godyno.formats.buildcommand import build_command

# The same readings in SQL, for the evidence of findings.
CPU_SQL = "coalesce(TRY_CAST(args->>'cpu_s' AS DOUBLE), TRY_CAST(args->>'user_s' AS DOUBLE) + TRY_CAST(args->>'system_s' AS DOUBLE))"
PACKAGE_SQL = "args->>'package'"


@dataclass(frozen=True, slots=True)
class Process:
    """One process. What is not known is None; ``kind`` is one of ``formats.buildcommand``, else the program's name."""

    pid: int
    name: str
    kind: str
    t_start_ns: int
    t_end_ns: int
    ppid: int = 0
    package: str = ""
    argv: tuple[str, ...] = ()
    user_s: float | None = None
    system_s: float | None = None
    rss_peak_bytes: float | None = None
    major_faults: float | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def wall_s(self) -> float:
        """How long it lived."""
        return (self.t_end_ns - self.t_start_ns) * 1e-9

    @property
    def label(self) -> str:
        """What it is and what it works on: ``compile net/http``. A test binary of an unknown package is told by its name."""
        of = self.package or (self.name if self.kind == "test" else "")
        return f"{self.kind} {of}" if of else self.kind

    @property
    def cpu_s(self) -> float | None:
        """User plus system CPU; None where neither is known."""
        exact = number(self.args.get("cpu_s"))  # of the scheduler; user and system are its split by ticks
        if exact is not None:
            return exact
        if self.user_s is None and self.system_s is None:
            return None
        return (self.user_s or 0.0) + (self.system_s or 0.0)


def arguments(text: Any) -> dict[str, Any]:
    """The object in an ``args`` column, empty where it is none."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def number(value: Any) -> float | None:
    """``value`` where it is a finite number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def whole(value: Any) -> int | None:
    """``value`` where it is an integer."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text_of(value: Any) -> str:
    """``value`` where it is text, else nothing."""
    return value if isinstance(value, str) else ""


def spans(capture: Any, layer: str) -> Iterator[tuple[int, int, str, str, int, dict[str, Any]]]:
    """(t_start_ns, t_end_ns, track, name, pid, args) of a layer's spans in order of time."""
    query = (
        "SELECT t_start_ns, t_end_ns, coalesce(track, '') AS track, coalesce(name, '') AS name, coalesce(pid, 0) AS pid, args "
        "FROM spans WHERE layer = ? AND t_start_ns IS NOT NULL AND t_end_ns >= t_start_ns ORDER BY t_start_ns"
    )
    table = capture.sql(query, [layer])
    for row in zip(*(table.column(index).to_pylist() for index in range(6)), strict=True):
        yield (*row[:5], arguments(row[5]))


def processes(capture: Any) -> list[Process]:
    """Every process of the capture, in order of start."""
    return [process(*row) for row in spans(capture, "process")]


def process(t_start_ns: int, t_end_ns: int, track: str, name: str, pid: int, args: dict[str, Any]) -> Process:
    """The record of one span of the layer ``process``."""
    words = args.get("argv")
    argv = tuple(str(word) for word in words) if isinstance(words, list) else ()
    program = text_of(args.get("exe")) or (argv[0] if argv else "") or name
    command = build_command(program, argv)
    kind = text_of(args.get("kind")) or (command.kind if command.kind != "other" else "")
    return Process(
        pid=pid,
        name=name,
        kind=kind or program.rpartition("/")[2].removesuffix(".exe") or name or "unknown",
        t_start_ns=t_start_ns,
        t_end_ns=t_end_ns,
        ppid=whole(args.get("ppid")) or 0,
        package=text_of(args.get("package")) or command.package,
        argv=argv,
        user_s=number(args.get("user_s")),
        system_s=number(args.get("system_s")),
        rss_peak_bytes=number(args.get("rss_peak_bytes")),
        major_faults=number(args.get("major_faults")),
        exit_code=whole(args.get("exit_code")),
        exit_signal=whole(args.get("exit_signal")),
        args=args,
    )


def parents(found: list[Process]) -> dict[int, int | None]:
    """Index of each process's parent in ``found``, None for a root.

    Pids are reused: the parent is the latest of its pid that had started.
    """
    by_pid: dict[int, list[int]] = {}
    for index, one in enumerate(found):
        by_pid.setdefault(one.pid, []).append(index)
    return {
        index: max(
            (
                candidate
                for candidate in by_pid.get(one.ppid, ())
                if candidate != index and found[candidate].t_start_ns <= one.t_start_ns and one.ppid
            ),
            default=None,
            key=lambda candidate: found[candidate].t_start_ns,
        )
        for index, one in enumerate(found)
    }


def depths(found: list[Process]) -> list[int]:
    """How far each process is below its root; a cycle, which only a forged capture has, ends at 0."""
    above = parents(found)
    known: dict[int, int] = {}
    for index in range(len(found)):
        chain: dict[int, None] = {}
        at: int | None = index
        while at is not None and at not in known and at not in chain:
            chain[at] = None
            at = above[at]
        depth = known.get(at, -1) if at is not None else -1
        for one in reversed(chain):
            depth += 1
            known[one] = depth
    return [known[index] for index in range(len(found))]


def busy_s(intervals: Iterable[tuple[int, int]]) -> float:
    """Seconds during which at least one of the intervals (ns) lasted."""
    total, until = 0, None
    for start, end in sorted(intervals):
        if until is None or start > until:
            total += end - start
            until = end
        elif end > until:
            total += end - until
            until = end
    return total * 1e-9


def at_once(intervals: Iterable[tuple[int, int]]) -> int:
    """The most intervals that lasted at the same time."""
    marks = sorted(
        (t, step) for start, end in intervals for t, step in ((start, 1), (max(end, start + 1), -1))
    )
    most = now = 0
    for _, step in marks:
        now += step
        most = max(most, now)
    return most
