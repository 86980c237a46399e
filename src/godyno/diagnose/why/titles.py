"""Whose path it is: the process that is meant, and the words of its title."""

from __future__ import annotations

from collections.abc import Sequence

from godyno.diagnose.processes import Process
from godyno.diagnose.why.attribution import Segment, totals
from godyno.diagnose.why.programs import TOOLS, is_driver
from godyno.errors import UsageError

_MOST_ABOVE = 64


def title(root: Process, lives: Sequence[Process], segments: Sequence[Segment]) -> str:
    """The name of a run's root; of one that does nothing but start others (a shell, timeout) that of the program with most of the path."""
    if not is_driver(root) or root.kind in TOOLS:
        return root.label
    known = {one.pid: one for one in lives}
    by = totals((str(one.pid), one.seconds) for one in segments if one.pid in known)
    first = known.get(int(next(iter(by), root.pid)), root)
    if first.kind in TOOLS:  # what a go command started is its work
        first = _go_above(first, known)
    most = first.kind == "go" or 2 * by.get(str(first.pid), 0.0) >= sum(by.values())
    return f"{first.label} (below {root.label})" if most and first.pid != root.pid else root.label


def chosen(root: Process, alike: Sequence[Process]) -> str:
    """The name of a process that was asked for, and which it is where several have that."""
    if len(alike) < 2:
        return root.label
    return f"{root.label} (pid {root.pid}, the longest of {len(alike)} of that name)"


def named(lives: Sequence[Process], wanted: int | str | None) -> list[Process]:
    """The processes that are asked for; the run's roots where none is."""
    if wanted is None:
        pids = {one.pid for one in lives}
        return [one for one in lives if one.ppid not in pids]
    text = str(wanted)
    found = [one for one in lives if str(one.pid) == text] or [
        one for one in lives if text in (one.name, one.kind, one.package, one.label, _base(one))
    ]
    if not found:
        known = ", ".join(dict.fromkeys(one.label for one in lives[:12]))
        raise UsageError(f"There is no process {text!r} in this capture", hint=f"It has {known or 'none'}.")
    return found


def _base(process: Process) -> str:
    return str(process.args.get("exe") or process.name).rpartition("/")[2]


def _go_above(process: Process, known: dict[int, Process]) -> Process:
    one: Process | None = process
    for _ in range(_MOST_ABOVE):
        if one is None or one.kind == "go":
            break
        one = known.get(one.ppid)
    return one or process
