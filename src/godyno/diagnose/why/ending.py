"""How a run ended, where that was not well: who asks where its time went has to know first that it failed."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from godyno import units
from godyno.diagnose.processes import Process, processes
from godyno.diagnose.why.programs import GO_TOOLS
from godyno.diagnose.why.symbols import is_library
from godyno.formats.gocommand import go_command
from godyno.formats.gofailure import CRASH, crash, failed_test, last_error, plain, source_error
from godyno.model import Record
from godyno.prose import printable

_SHOWN = 3
_MOST_SAID = 200
_STARTS = ("run", "test", "tool", "generate")  # go commands whose output is other programs' too
_MOST_READ, _MOST_LINES = 4_000, 20_000  # of a line, and of an output's first lines or those from a crash on
_RECOVERED = re.compile(r" \[recovered[^\]]*\]$")
_ASKED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGTERM,
)  # by these a program is told to end, which is no fault of it
_SHELL = 128  # and a signal's number is the exit code by which a shell tells of one


@dataclass(frozen=True, slots=True)
class Ending(Record):
    """An end that was not well. ``signal`` is 0 unless one killed it; ``below`` are processes that it started and that ended so, too;
    ``said`` is what its output names as the cause: a panic and where, an error in sources, a test; empty where that is not known.
    """

    claim: str
    exit_code: int
    signal: int = 0
    below: tuple[str, ...] = ()
    said: str = ""


def ending(capture: Any, process: int = 0) -> Ending | None:
    """How the command of an open capture, or the process with that pid, ended; None where it ended well or nobody knows."""
    found = processes(capture)
    said = ""
    if process:
        one = next((one for one in found if one.pid == process), None)
        if one is None or not (one.exit_code or one.exit_signal):
            return None
        code, killed_by, took_s, name, cause = (
            one.exit_code or 0,
            one.exit_signal or 0,
            one.wall_s,
            one.label,
            "",
        )
    else:
        result = capture.manifest.result
        if result is None or not (result.exit_code or result.signal):
            return None
        code, killed_by, took_s, name = result.exit_code, result.signal, result.wall_s, "The command"
        cause = _cause(capture.manifest.notes)
        if not cause and result.signal not in _ASKED:
            said = _said(capture, any(one.kind in GO_TOOLS for one in found))
    below = _below(found, process)
    how = _how(name, code, killed_by)
    claim = f"{how} after {units.show_seconds(took_s)}{cause}{_listed(below)}."
    claim = f"{said}. {claim}" if said else claim
    return Ending(claim, 0 if killed_by else code, killed_by, below, said)


def _said(capture: Any, of_go: bool) -> str:
    """What the output names as the cause: the last crash; of what a go command did otherwise the first error, or the first failed test."""
    crashes = " OR ".join(f"text LIKE '{word}%' OR text LIKE '{{%\"Output\":\"{word}%'" for word in CRASH)
    at = _lines(
        capture,
        f"i >= (SELECT max(i) FROM n WHERE {crashes}) AND stream = (SELECT arg_max(stream, i) FROM n WHERE {crashes})",
    )
    found = crash(at)
    if found is not None:
        own = [one for one in found.frames if one.function != "panic" and not is_library(one.function)]
        where = next(iter(own or found.frames), None)
        said = _RECOVERED.sub("", found.said)
        if where is None:
            return _shortened(said)
        cwd = capture.manifest.workload.cwd
        file = where.file.removeprefix(f"{cwd.rstrip('/')}/") if cwd else where.file
        file = "/".join(file.split("/")[-2:]) if file.startswith("/") else file
        return f"{_shortened(said)} in {_shortened(where.function)}, {_shortened(file)}:{where.line}"
    if not of_go:
        return ""
    first = _lines(capture, "true")
    told = source_error(first) or failed_test(first)
    command = go_command(capture.manifest.workload.argv)
    if not told and command is not None and command.subcommand not in _STARTS:
        told = last_error(_lines(capture, "stream = 'stderr'"))
    return _shortened(told)


def _lines(capture: Any, which: str) -> list[str]:
    """Some lines of the output as they were printed, in their order."""
    table = capture.sql(
        f"WITH n AS (SELECT row_number() OVER () AS i, stream, left(text, {_MOST_READ}) AS text FROM lines) "
        f"SELECT text FROM n WHERE {which} ORDER BY i LIMIT {_MOST_LINES}"
    )
    return [plain(text or "") for text in table["text"].to_pylist()]


def _shortened(text: str) -> str:
    """Somebody's output, so that it does nothing to a terminal and is no longer than a few lines."""
    text = printable(text)
    return text if len(text) <= _MOST_SAID else text[: _MOST_SAID - 1] + "…"


def _how(name: str, code: int, killed_by: int) -> str:
    if killed_by:
        return f"{name} was {'ended' if killed_by in _ASKED else 'killed'} by {_signal(killed_by)}"
    of_shell = code - _SHELL
    told = f" (a shell's for {_signal(of_shell)})" if of_shell in set(signal.Signals) else ""
    return f"{name} failed: exit code {code}{told}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _cause(notes: Any) -> str:
    if notes.get("timed_out"):
        return ", when its --timeout was over"
    kills = notes.get("oom_kills")
    if isinstance(kills, int) and kills > 0:
        return (
            f", and the kernel killed {kills} {'process' if kills == 1 else 'processes'} for want of memory"
        )
    return ""


def _below(found: Sequence[Process], process: int) -> tuple[str, ...]:
    """What failed among the processes below: often the one that says more than the command, such as a compiler or a test binary."""
    above = {process} if process else {one.pid for one in found if not one.ppid}
    names: dict[str, None] = {}
    for one in found:
        if one.ppid in above:
            above.add(one.pid)
            if one.exit_code or one.exit_signal:
                names[
                    f"{one.label} ({_signal(one.exit_signal) if one.exit_signal else f'exit code {one.exit_code}'})"
                ] = None
    return tuple(names)


def _listed(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"; below it so did {', '.join(names[:_SHOWN])}{more}"
