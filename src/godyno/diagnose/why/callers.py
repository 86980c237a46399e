"""From where in the user's own module a library was called that the time was in: that is the line which can be changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from godyno.diagnose.why.attribution import Attribution, Segment, totals
from godyno.diagnose.why.causes import Cause
from godyno.diagnose.why.symbols import is_library
from godyno.prose import printable

_LAYERS = ("goroutine_wait", "off_cpu", "goroutine_seen", "thread_seen", "cpu")
# Of dependencies: a module cache's directories (also as -trimpath leaves them), and what was vendored.
_NOT_OWN = "file LIKE '%@v%' OR file LIKE '%/vendor/%' OR file LIKE 'vendor/%'"


def called(capture: Any, found: Attribution, told: Sequence[Cause]) -> list[Cause]:
    """The causes, those whose first place is not in a module of the user's with the nearest function of one in the same stacks."""
    asked = {cause.what.partition(" ")[0] for cause in told if cause.where == "program" and cause.what}
    stacks: dict[str, list[Segment]] = {name: [] for name in asked}
    for one in found.kinds:
        name = one.detail.partition(" ")[0]
        if name in stacks and name in one.stack:
            stacks[name].append(one)
    callers = {name: _caller(capture, name, segments) for name, segments in stacks.items() if segments}
    return [_with(cause, callers.get(cause.what.partition(" ")[0], "")) for cause in told]


def _with(cause: Cause, caller: str) -> Cause:
    if not caller or cause.where != "program":
        return cause
    of = "" if len(cause.detail) == 1 or f" {cause.what} for " in cause.claim else f"; {cause.what}"
    at = next(
        (
            at
            for mark in ("; held by", ": to be mended", "; for ", " (meanwhile:")
            if (at := cause.claim.find(mark)) > 0
        ),
        None,
    )
    head, tail = (cause.claim, "") if at is None else (cause.claim[:at], cause.claim[at:])
    return replace(cause, claim=f"{head}{of or ','} called from {caller}{tail}", caller=caller)


def _caller(capture: Any, name: str, segments: Sequence[Segment]) -> str:
    """``FUNCTION (FILE:LINE)`` of who called a library's function for most of the time; empty where it is the user's itself."""
    seen = {function for one in segments for function in one.stack}
    own = _own(capture, seen)
    if name in own:
        return ""
    by = totals((_nearest(one.stack, name, own), one.seconds) for one in segments)
    caller = next(iter(by), "")
    return f"{printable(caller)}{_place(capture, name, caller)}" if caller else ""


def _nearest(stack: Sequence[str], name: str, own: frozenset[str]) -> str:
    return next((function for function in stack[stack.index(name) :] if function in own), "")


def _own(capture: Any, functions: Iterable[str]) -> frozenset[str]:
    """Those whose source lies neither in Go's library nor in a dependency."""
    asked = [one for one in functions if not is_library(one) and "." in one]
    table = capture.sql(
        f"SELECT DISTINCT function FROM frames WHERE list_contains(?, function) AND file LIKE '%.go' AND NOT ({_NOT_OWN})",
        [asked],
    )
    return frozenset(table["function"].to_pylist())


def _place(capture: Any, name: str, caller: str) -> str:
    """The line from which ``caller`` goes on to ``name`` in most stacks."""
    table = capture.sql(
        "SELECT c.file AS file, c.line AS line, count(*) AS n FROM stacks s JOIN frames c USING (stack_id) JOIN frames l USING (stack_id) "
        f"WHERE s.layer IN {_LAYERS} AND c.function = ? AND l.function = ? AND c.depth > l.depth AND c.line > 0 "
        "GROUP BY 1, 2 ORDER BY n DESC, line LIMIT 1",
        [caller, name],
    )
    found = table.to_pylist()
    return f" ({printable(found[0]['file'].rpartition('/')[2])}:{found[0]['line']})" if found else ""
