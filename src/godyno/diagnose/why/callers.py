"""The line of the user's own module that can be changed: where the time was, or from where a library was called that it was in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from godyno.diagnose.why.attribution import Attribution, totals
from godyno.diagnose.why.symbols import is_library
from godyno.prose import printable

_WAITS = ("goroutine_wait", "off_cpu", "goroutine_seen", "thread_seen")
_LAYERS = (*_WAITS, "cpu")
# Of dependencies: a module cache's directories (also as -trimpath leaves them), and what was vendored.
_NOT_OWN = "file LIKE '%@v%' OR file LIKE '%/vendor/%' OR file LIKE 'vendor/%'"


class Callers:
    """Who called what of a library, and at which lines the user's own functions waited, by the stacks of a path."""

    def __init__(self, capture: Any, found: Attribution) -> None:
        self._capture, self._found = capture, found
        self._known: dict[str, str] = {}

    def of(self, what: str) -> str:
        """``FUNCTION (FILE:LINE)`` of who called a place for most of its time; empty where that is the user's own, or not known."""
        name = what.partition(" ")[0]
        if name not in self._known:
            self._known[name] = self._of(name)
        return self._known[name]

    def line(self, what: str, through: str = "") -> str:
        """``FILE:LINE`` at which a function of the user's own waited for longest, in a call of something whose name holds ``through``;
        empty where it is a library's, or that is not known.
        """
        name = what.partition(" ")[0]
        return _line(self._capture, name, through) if _own(self._capture, [name]) else ""

    def _of(self, name: str) -> str:
        inside = [
            one for one in self._found.alike if one.detail.partition(" ")[0] == name and name in one.stack
        ]
        if not inside:
            return ""
        own = _own(self._capture, {function for one in inside for function in one.stack})
        if name in own:
            return ""
        by = totals((_nearest(one.stack, name, own), one.seconds) for one in inside)
        caller = next(iter(by), "")
        return f"{printable(caller)}{_place(self._capture, name, caller)}" if caller else ""


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


def _line(capture: Any, name: str, through: str) -> str:
    return _first(
        capture,
        "SELECT f.file AS file, f.line AS line, sum(s.weight) AS weight FROM stacks s JOIN frames f USING (stack_id) "
        f"WHERE s.layer IN {_WAITS} AND f.function = ? AND f.line > 0 AND (? = '' OR EXISTS (SELECT 1 FROM frames c "
        "WHERE c.stack_id = s.stack_id AND c.depth < f.depth AND contains(c.function, ?))) "
        "GROUP BY 1, 2 ORDER BY weight DESC, line LIMIT 1",
        [name, through, through],
    )


def _place(capture: Any, name: str, caller: str) -> str:
    """The line from which ``caller`` goes on to ``name`` in most stacks."""
    found = _first(
        capture,
        "SELECT c.file AS file, c.line AS line, count(*) AS n FROM stacks s JOIN frames c USING (stack_id) JOIN frames l USING (stack_id) "
        f"WHERE s.layer IN {_LAYERS} AND c.function = ? AND l.function = ? AND c.depth > l.depth AND c.line > 0 "
        "GROUP BY 1, 2 ORDER BY n DESC, line LIMIT 1",
        [caller, name],
    )
    return f" ({found})" if found else ""


def _first(capture: Any, query: str, given: Sequence[str]) -> str:
    """``FILE:LINE`` of a query's first row; empty where it has none."""
    rows = capture.sql(query, given).to_pylist()
    return f"{printable(rows[0]['file'].rpartition('/')[2])}:{rows[0]['line']}" if rows else ""
