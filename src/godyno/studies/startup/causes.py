"""What each moment of a recorded start went to, on the critical path: the general attribution, over the window from exec to ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from godyno.model import Record


@dataclass(frozen=True, slots=True)
class Slice(Record):
    """A stretch of the path in one state. ``detail`` says where, ``call`` which function of the program main was in."""

    t_start_ns: int
    t_end_ns: int
    state: str
    title: str
    detail: str = ""
    call: str = ""

    @property
    def took_s(self) -> float:
        """Seconds."""
        return (self.t_end_ns - self.t_start_ns) * 1e-9


def slices(capture: Any, t_start_ns: int, t_end_ns: int, pid: int) -> tuple[list[Slice], tuple[str, ...]]:
    """The path in order of time, without a gap, and what a reader must know of it."""
    rows = capture.sql(
        "SELECT t_start_ns, t_end_ns, name FROM spans WHERE layer = 'thread_state' AND pid = ? AND tid = ? "
        "AND t_end_ns > ? AND t_start_ns < ? ORDER BY t_start_ns",
        [pid, pid, t_start_ns, t_end_ns],
    ).to_pylist()
    out, at = [], t_start_ns
    for row in rows:
        begin, end = max(at, row["t_start_ns"]), min(t_end_ns, row["t_end_ns"])
        if begin > at:
            out.append(Slice(at, begin, "unknown", "unknown"))
        if end > begin:
            out.append(Slice(begin, end, row["name"], f"main thread {row['name']}"))
            at = end
    if at < t_end_ns:
        out.append(Slice(at, t_end_ns, "unknown", "unknown"))
    return out, ()
