"""The processes of a capture as records, read with tolerance: a stranger's capture may hold anything."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TOOLCHAIN = ("go", "compile", "link", "asm", "cgo", "vet", "cover", "buildid", "pack", "covdata", "test")

# The same readings in SQL, for the evidence of findings.
CPU_SQL = "coalesce(TRY_CAST(args->>'cpu_s' AS DOUBLE), TRY_CAST(args->>'user_s' AS DOUBLE) + TRY_CAST(args->>'system_s' AS DOUBLE))"
_ARGV_SQL = "from_json(args->'argv', '[\"VARCHAR\"]')"
PACKAGE_SQL = (
    f"coalesce(args->>'package', CASE WHEN name IN ('compile', 'asm') THEN {_ARGV_SQL}[list_position({_ARGV_SQL}, '-p') + 1] "
    f"WHEN name = 'cgo' THEN {_ARGV_SQL}[list_position({_ARGV_SQL}, '-importpath') + 1] END)"
)


@dataclass(frozen=True, slots=True)
class Process:
    """One process. What is not known is None; ``kind`` is ``go``, ``compile``, ``link`` …, else the program's name."""

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
    program = text_of(args.get("exe")) or (argv[0] if argv else "")
    return Process(
        pid=pid,
        name=name,
        kind=text_of(args.get("kind")) or kind_of(program.rpartition("/")[2] or name),
        t_start_ns=t_start_ns,
        t_end_ns=t_end_ns,
        ppid=whole(args.get("ppid")) or 0,
        package=text_of(args.get("package")) or package_of(argv),
        argv=argv,
        user_s=number(args.get("user_s")),
        system_s=number(args.get("system_s")),
        rss_peak_bytes=number(args.get("rss_peak_bytes")),
        major_faults=number(args.get("major_faults")),
        exit_code=whole(args.get("exit_code")),
        exit_signal=whole(args.get("exit_signal")),
        args=args,
    )


def kind_of(program: str) -> str:
    """The kind of process by its program's name: the toolchain's own names, ``test`` for a test binary, ``C compiler``, else the name."""
    name = program.removesuffix(".exe")
    if name.endswith(".test"):
        return "test"
    if name in (
        "gcc",
        "cc",
        "cc1",
        "clang",
        "g++",
        "cc1plus",
        "collect2",
        "ld",
        "as",
        "lto-wrapper",
    ) or name.startswith("x86_64-linux-gnu-"):
        return "C compiler"
    return name or "unknown"


def package_of(argv: Sequence[str]) -> str:
    """The import path that a tool of the toolchain was told to work on; empty where its command line does not say.

    ``compile -p``, ``asm -p``, ``cgo -importpath``; a test binary is named for its package's last element only, so it is not guessed.
    """
    if not argv or argv[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe") not in (
        "compile",
        "asm",
        "cgo",
    ):
        return ""
    for flag in ("-p", "-importpath"):
        for index, word in enumerate(argv[1:], 1):
            if word == flag and index + 1 < len(argv):
                return argv[index + 1]
            if word.startswith(f"{flag}="):
                return word.partition("=")[2]
    return ""


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
