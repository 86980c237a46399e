"""What each moment of a recorded start went to, on the critical path: the general attribution, over the window from exec to ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from godyno.diagnose.why import Segment, attribute
from godyno.diagnose.why.states import STATES
from godyno.diagnose.why.symbols import INNER, is_library
from godyno.model import Record

_MAIN = "main.main"
_SAME_NS = 200_000  # two events of one tracepoint are stamped this near each other
_NETWORK = ("net.", "internal/poll.")
# That it is an init's or the runtime's start is told by the phase, which is exact; what remains is where the CPU was.
_ON_CPU = {"package_init": "go", "runtime_init": "runtime"}


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
    found = attribute(capture, t_start_ns, t_end_ns, pid, thread=_ready_thread(capture, pid, t_end_ns))
    out = []
    for one in found.segments:
        state = _awaited(one) if one.state == "idle" else _ON_CPU.get(one.state, one.state)
        call = call_of_main(one.stack, one.waiter, one.detail)
        out.append(Slice(one.t_start_ns, one.t_end_ns, state, STATES[state].title, _detail(one), call))
    return out, tuple(
        text for text in found.missing if "--instrument" not in text
    )  # which the session says itself


def _awaited(segment: Segment) -> str:
    """What an idle moment waits for: nobody can ask of a program before it is ready, so it holds the start up as any other wait does."""
    return "network" if any(name.startswith(_NETWORK) for name in segment.stack) else "sleep"


def _ready_thread(capture: Any, pid: int, t_ns: int) -> int | None:
    """Which thread made it ready: the one that began to listen then, else the one that wrote last (an answer, a line)."""
    rows = capture.sql(
        "SELECT tid FROM events WHERE layer = 'start' AND name = 'listen' AND pid = ? AND abs(t_ns - ?) < ? ORDER BY abs(t_ns - ?) LIMIT 1",
        [pid, t_ns, _SAME_NS, t_ns],
    ).to_pylist() or capture.sql(
        "SELECT tid FROM spans WHERE layer = 'syscall' AND pid = ? AND t_start_ns <= ? "
        "AND name IN ('write', 'writev', 'sendto', 'sendmsg', 'pwrite64', 'exit_group') ORDER BY t_start_ns DESC LIMIT 1",
        [pid, t_ns],
    ).to_pylist()  # fmt: skip
    return int(rows[0]["tid"]) if rows else None


def is_surroundings(state: str) -> bool:
    """Whether a state tells of the machine or of watching rather than of the program. A used up quota is used up by the program."""
    return STATES[state].where != "program" and state != "quota"


def is_taken(state: str) -> bool:
    """Whether in this state the machine was taken away from the program, by others."""
    return STATES[state].where == "machine" and state != "quota"


def _detail(segment: Segment) -> str:
    if segment.detail.startswith(("+0x", "0x")):  # an address that has no name says nothing
        return ""
    holds = segment.holder and ": " not in segment.holder  # else it is the last of what was waited through
    parts = [segment.detail, f"held by {segment.holder}" if holds else ""]
    return ", ".join(part for part in parts if part)


def call_of_main(stack: Sequence[str], *others: str) -> str:
    """Which of the program's own functions, called by main.main, a stack (leaf first) is in; without one the first own of ``others``."""
    outer = list(reversed(stack))
    if _MAIN in outer:
        own = [name for name in outer[outer.index(_MAIN) + 1 :] if _is_own(name)]
        return own[0] if own else _MAIN
    return next((name for name in others if _is_own(name)), "")


def _is_own(name: str) -> bool:
    return "." in name and " " not in name and not name.startswith(INNER) and not is_library(name)


def title_of(state: str) -> str:
    """A state in words; empty for none."""
    return STATES[state].title if state in STATES else ""
