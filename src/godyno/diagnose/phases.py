"""The phases of a recorded start, in order and without a gap: exec, loader, Go runtime, each package's init, main until ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from godyno.diagnose.processes import arguments
from godyno.model import Record

EXEC, LOADER, C_START, RUNTIME, INIT, MAIN, PROGRAM, OBSERVER = (
    "exec", "loader", "C start", "runtime", "init", "main", "program", "godyno",
)  # fmt: skip
MEANT = {
    EXEC: "the kernel opens the file, drops the old program and maps the new one",
    LOADER: "the dynamic loader finds, maps and relocates libraries",
    C_START: "C's own start code, before Go's",
    RUNTIME: "the Go runtime sets up memory, processors, its own packages and its threads",
    INIT: "a package's variables and init functions",
    MAIN: "main.main until it is ready",
    OBSERVER: "what was built in for the recording starts an execution trace: no part of bare starts",
    PROGRAM: "the program itself, from its entry until it is ready",
}
_RUNTIME = "runtime"  # the last of the packages that the runtime initialises before it starts anything


@dataclass(frozen=True, slots=True)
class Phase(Record):
    """A part of the start. ``package`` is an init's."""

    kind: str
    t_start_ns: int
    t_end_ns: int
    package: str = ""

    @property
    def took_s(self) -> float:
        """Seconds."""
        return (self.t_end_ns - self.t_start_ns) * 1e-9

    @property
    def label(self) -> str:
        """For a row."""
        return f"init {self.package or '?'}" if self.kind == INIT else self.kind


def start_of(capture: Any, pid: int, t_released_ns: int) -> int:
    """When the kernel began to exec the program: the second exec of ``pid``, whose first is of the shell that runs it.

    Where system calls were not recorded, when the shell was let go (a millisecond earlier).
    """
    rows = capture.sql(
        "SELECT t_start_ns, args FROM spans WHERE layer = 'syscall' AND name IN ('execve', 'execveat') AND pid = ? "
        "ORDER BY t_start_ns",
        [pid],
    ).to_pylist()
    done = [row["t_start_ns"] for row in rows if arguments(row["args"]).get("result") == 0]
    return int(done[1]) if len(done) > 1 else t_released_ns


def phases(capture: Any, pid: int, t_exec_ns: int, t_ready_ns: int) -> list[Phase]:
    """The phases from exec to ready; the last one ends when it is ready, be it in an init."""
    rows = capture.sql(
        "SELECT t_ns, name, args FROM events WHERE layer = 'start' AND pid = ? AND name <> 'listen' "
        "AND t_ns >= ? AND t_ns < ? ORDER BY t_ns",
        [pid, t_exec_ns, t_ready_ns],
    ).to_pylist()
    marks: list[tuple[int, str, str]] = [(t_exec_ns, EXEC, "")]
    dynamic = any(row["name"] == "loader" for row in rows)
    go = any(row["name"] == "runtime" for row in rows)
    running = False  # the runtime has initialised itself
    for row in rows:
        kind, package = _mark(row, go)
        if kind == INIT:
            if not running:  # its own packages belong to the runtime, and what it starts after them too
                running = package == _RUNTIME
                continue
            if package == _RUNTIME or any(mark[2] == package for mark in marks):
                continue  # done already: doInit1 returns at once
        if row["name"] == "observer done":
            kind, package = INIT, "main"
        if kind and (kind == INIT or kind != marks[-1][1]):
            marks.append((row["t_ns"], kind, package))
    if not dynamic and go:  # a static Go program's entry jumps to the runtime at once
        marks = [mark for mark in marks if mark[1] != C_START]
    ends = [mark[0] for mark in marks[1:]] + [t_ready_ns]
    return [Phase(kind, at, end, package) for (at, kind, package), end in zip(marks, ends, strict=True)]


def _mark(row: dict[str, Any], go: bool) -> tuple[str, str]:
    name = row["name"]
    if name == "loader":
        return LOADER, ""
    if name == "entry":
        return (C_START if go else PROGRAM), ""
    if name in ("runtime", "runtime main"):
        return RUNTIME, ""
    if name == "init":
        return INIT, str(arguments(row["args"]).get("package") or "")
    if name == "observer":
        return OBSERVER, ""
    return (MAIN, "") if name == "main" else ("", "")


def gathered(found: Sequence[Phase], least_s: float) -> list[tuple[str, list[Phase]]]:
    """Rows for a reader: each phase by itself, and what is shorter than ``least_s`` of inits side by side together."""
    out: list[tuple[str, list[Phase]]] = []
    small: list[Phase] = []

    def close() -> None:
        if len(small) == 1:
            out.append((small[0].label, [small[0]]))
        elif small:
            out.append((f"init of {len(small)} packages", list(small)))
        small.clear()

    for phase in found:
        if phase.kind == INIT and phase.took_s < least_s:
            small.append(phase)
            continue
        close()
        out.append((phase.label, [phase]))
    close()
    return out
