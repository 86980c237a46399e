"""The two ends of the path's time in C: which function of C it was in, and which of the program's own had called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from godyno.diagnose.why import symbols
from godyno.diagnose.why.attribution import Segment, totals

_CROSSING = ("_cgo_", "asmcgocall", "crosscall", "gosave_", "x_cgo_")  # on the way between Go and C


def tell_c_calls(capture: Any, segments: Iterable[Segment]) -> None:
    """Gives each segment in C its ``inside`` and its ``caller``, where a stack, or else a look at the process, tells them."""
    found = [one for one in segments if one.state == "cgo"]
    if not found:
        return
    kernel = set(
        capture.sql("SELECT DISTINCT function FROM frames WHERE \"binary\" = '[kernel]'")[
            "function"
        ].to_pylist()
    )
    seen = _seen(capture)
    for one in found:
        user = [name for name in one.stack if name not in kernel]
        one.inside = user[0] if user and _is_c(user[0]) else ""
        one.caller = caller(user) or seen.get(one.pid, "") or (one.detail if one.detail != one.inside else "")


def caller(user: Sequence[str]) -> str:
    """Who called C: the innermost function that is neither Go's library nor of the package that wraps C; its own where all are."""
    at = next((place for place, name in enumerate(user) if symbols.calls_c(name)), None)
    if at is None:
        return ""
    own = [name for name in user[at:] if not symbols.calls_c(name) and not symbols.is_library(name)]
    own = [name for name in own if not name.startswith("runtime.")]
    wraps = {symbols.package_of(name) for name in user if "_Cfunc_" in name and not _is_c(name)}
    return next((name for name in own if symbols.package_of(name) not in wraps), own[0] if own else "")


def _is_c(name: str) -> bool:
    plain = symbols.PART_OF_C.sub("", name)
    return "." not in plain and not plain.startswith((*_CROSSING, "0x", "-0x", "["))


def _seen(capture: Any) -> dict[int, str]:
    """For each process the caller that looks saw for the longest."""
    table = capture.sql(
        "SELECT s.pid AS pid, s.stack_id AS stack, any_value(s.w) AS w, list(f.function ORDER BY f.depth) AS names FROM "
        "(SELECT pid, stack_id, sum(weight) AS w FROM stacks WHERE layer = 'goroutine_seen' GROUP BY 1, 2) s "
        "JOIN frames f USING (stack_id) GROUP BY 1, 2 HAVING bool_or(f.function = 'runtime.cgocall')"
    )
    of_pid: dict[int, list[tuple[str, float]]] = {}
    for row in table.to_pylist():
        if name := caller(row["names"]):
            of_pid.setdefault(row["pid"], []).append((name, row["w"]))
    return {pid: next(iter(totals(pairs))) for pid, pairs in of_pid.items()}
