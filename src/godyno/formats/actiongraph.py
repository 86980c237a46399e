"""The build's action graph: ``go build -debug-actiongraph=FILE`` (also go test, install, vet).

Format: cmd/go/internal/work/action.go (``actionJSON``), undocumented, so everything may be absent. TimeReady
is when an action's dependencies were done, TimeStart when one of the ``-p`` workers took it, TimeDone its
end; they are REALTIME. Cmd* are the sums over the commands that it ran; an action without them was cached or
did its work inside go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from godyno.errors import FormatError
from godyno.formats.rfc3339 import unix_ns


@dataclass(frozen=True, slots=True)
class Action:
    """One action. Instants are ns of REALTIME, None where it never got so far; ``*_s`` seconds.

    ``commands`` are the command lines that it ran, which may hold values given with ``-ldflags=-X``.
    """

    id: int
    mode: str  # build, link, link-install, vet, test run, nop, …
    package: str = ""
    deps: tuple[int, ...] = ()
    ready_at_ns: int | None = None
    start_at_ns: int | None = None
    done_at_ns: int | None = None
    commands: tuple[str, ...] = ()
    command_real_s: float = 0.0
    command_user_s: float = 0.0
    command_system_s: float = 0.0
    objdir: str = ""  # its work directory, as in the arguments of its commands
    target: str = ""
    failed: bool = False
    key: str = ""  # the action ID: what its cache entry is found by
    content: str = ""  # the content ID of what it made: what dependents' keys are made of

    @property
    def queueing_s(self) -> float:
        """Seconds from ready to start: waiting for a worker. 0.0 where unknown."""
        return _seconds(self.ready_at_ns, self.start_at_ns)

    @property
    def work_s(self) -> float:
        """Seconds from start to done. 0.0 where unknown."""
        return _seconds(self.start_at_ns, self.done_at_ns)

    @property
    def ran_commands(self) -> bool:
        """Whether it ran a command; where not, it was cached or is bookkeeping."""
        return bool(self.commands)


def action_graph(text: str | bytes) -> tuple[Action, ...]:
    """The actions of a file, in its order. Raises FormatError for what is not such a file; unknown fields are
    ignored.
    """
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"Not an action graph: {error}", hint="The go command may have been killed while writing it."
        ) from error
    if not isinstance(rows, list):
        raise FormatError(f"Not an action graph: a list was expected, found {type(rows).__name__}")
    return tuple(_action(row) for row in rows)


def critical_path(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The chain of actions that decided when the build was done, first to last.

    From the action that ended last, back each time to the dependency that ended last: it is the one that set
    TimeReady. The chain's work and queueing add up to the build's time but for go's own before and after.
    """
    by_id = {action.id: action for action in actions}
    ended = [action for action in actions if action.done_at_ns is not None]
    if not ended:
        return ()
    current = max(ended, key=lambda action: (action.done_at_ns or 0, -action.id))
    path, seen = [current], {current.id}
    while True:
        before = [
            by_id[i] for i in current.deps if i in by_id and i not in seen and by_id[i].done_at_ns is not None
        ]
        if not before:
            return tuple(reversed(path))
        current = max(before, key=lambda action: (action.done_at_ns or 0, -action.id))
        path.append(current)
        seen.add(current.id)


def _action(row: Any) -> Action:
    if not isinstance(row, dict):
        raise FormatError(f"Not an action: {str(row)[:60]!r}")
    number = row.get("ID")
    if isinstance(number, bool) or not isinstance(number, int):
        raise FormatError("An action without a number")
    deps = row.get("Deps") or ()
    commands = row.get("Cmd") or ()
    build_id = _text(row, "BuildID").split("/")
    return Action(
        id=number,
        mode=_text(row, "Mode"),
        package=_text(row, "Package"),
        deps=tuple(d for d in deps if type(d) is int) if isinstance(deps, list) else (),
        ready_at_ns=_instant(row, "TimeReady"),
        start_at_ns=_instant(row, "TimeStart"),
        done_at_ns=_instant(row, "TimeDone"),
        commands=tuple(c for c in commands if isinstance(c, str)) if isinstance(commands, list) else (),
        command_real_s=_duration(row, "CmdReal"),
        command_user_s=_duration(row, "CmdUser"),
        command_system_s=_duration(row, "CmdSys"),
        objdir=_text(row, "Objdir").rstrip("/"),
        target=_text(row, "Target"),
        failed=row.get("Failed") is True,
        key=_text(row, "ActionID") or build_id[0],
        content=build_id[-1] if len(build_id) > 1 else "",
    )


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _instant(row: Mapping[str, Any], key: str) -> int | None:
    value = _text(row, key)
    if not value or value.startswith("0001-"):  # Go's zero time
        return None
    return unix_ns(value)


def _duration(row: Mapping[str, Any], key: str) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 1 << 63:
        return 0.0
    return value * 1e-9


def _seconds(start_ns: int | None, end_ns: int | None) -> float:
    return 0.0 if start_ns is None or end_ns is None else max(0, end_ns - start_ns) * 1e-9
