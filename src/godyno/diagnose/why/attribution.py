"""What the path's analysis gives: segments in order of time that cover the window, each with one state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from typing import Any

from godyno.diagnose.why.states import STATES

FEW_LOOKS = 20


@dataclass(slots=True)  # a frozen one takes three times as long to make, and there are hundreds of thousands
class Segment:
    """A stretch of the path. ``state`` is a name of ``states.STATES``; ``detail`` names the thing (a function, a call, a command);
    ``doing`` is what went on meanwhile where the state is a wait for somebody else; ``stack`` holds functions, leaf first.
    """

    t_start_ns: int
    t_end_ns: int
    state: str
    detail: str = ""
    pid: int = 0
    tid: int = 0
    goroutine: int = 0
    stack: tuple[str, ...] = ()
    doing: str = ""
    holder: str = ""
    phase: str = ""  # the package in whose init it was
    waiter: str = ""  # the function that waits for it, the outermost of those that do
    tool: bool = False  # whether it is a compiler's, a linker's …: of what builds
    seen: bool = False  # told by looks from outside: right in shares rather than each
    by_design: bool = (
        False  # a wait until the program is wanted, as far as can be told: for a clock, or what others send
    )
    inside: str = ""  # of C code: the function of C that it was in, empty on the way there and back
    caller: str = ""  # of C code: the function of the program that called it
    within: str = ""  # of waiting for a CPU, and of the kernel's work on reads: the state whose going would take this with it

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.t_end_ns - self.t_start_ns) * 1e-9

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            name: getattr(self, name) for name in self.__slots__ if getattr(self, name) not in ("", 0, ())
        }


@dataclass(slots=True)
class Alike(Segment):
    """Segments that differ in nothing but when and on which lane they were: the longest of them, with how long all lasted."""

    lasts_ns: int = 0

    @property
    def seconds(self) -> float:
        """How long all of them lasted."""
        return self.lasts_ns * 1e-9


_WHEN_AND_WHERE = {"t_start_ns", "t_end_ns", "tid", "goroutine", "stack"}
_SAME = tuple(one.name for one in fields(Segment) if one.name not in _WHEN_AND_WHERE)


@dataclass(frozen=True)
class Attribution:
    """The whole path. ``view`` says whose path it is; ``missing`` what was not recorded and would have told more; ``again`` is the
    command that tells which tests took their part of it, where that is not known.
    """

    t_start_ns: int
    t_end_ns: int
    segments: tuple[Segment, ...]
    view: str = "path"
    pid: int = 0
    label: str = ""
    cpus: int = 1
    missing: tuple[str, ...] = ()
    ran_s: float = 0.0  # CPU time of all that was recorded, meanwhile
    needs_s: float = (
        0.0  # how long it would take at least, however many CPUs there were; 0 where that is not known
    )
    looks: int = 0  # on which the shares rest, where looks are all that tells
    again: str = ""
    draws: float = 0.0  # how many that stand for equally long these are worth

    @cached_property
    def alike(self) -> tuple[Alike, ...]:
        """The segments by what they were: some hundreds, where there may be hundreds of thousands of segments."""
        what = attrgetter(*_SAME)
        found: dict[tuple[object, int], list[Any]] = {}  # how long in all, the longest, and how long that was
        for one in self.segments:
            length = one.t_end_ns - one.t_start_ns
            # By identity: a stack is made once for all that have it, and to compare its names would take longer.
            if (known := found.get(key := (what(one), id(one.stack)))) is None:
                found[key] = [length, one, length]
            else:
                known[0] += length
                if length > known[2]:
                    known[1], known[2] = one, length
        return tuple(
            Alike(**{each.name: getattr(one, each.name) for each in fields(Segment)}, lasts_ns=lasts_ns)
            for lasts_ns, one, _ in found.values()
        )

    @property
    def enough_looks(self) -> bool:
        """Whether the looks that it rests on, if it does, tell more than a guess."""
        return not self.looks or self.looks >= FEW_LOOKS

    @property
    def wall_s(self) -> float:
        """The length of the window."""
        return (self.t_end_ns - self.t_start_ns) * 1e-9

    def seconds(self) -> dict[str, float]:
        """Seconds by state, the longest first."""
        return totals((one.state, one.seconds) for one in self.alike)

    def states(self) -> list[dict[str, Any]]:
        """``state``, ``title``, ``seconds``, ``share`` and what it is made of, the longest first."""
        wall = self.wall_s or 1.0
        of_state: dict[str, dict[str, float]] = {}
        for one in self.alike:
            details = of_state.setdefault(one.state, {})
            details[one.detail] = details.get(one.detail, 0.0) + one.seconds
        out = []
        for state, seconds in self.seconds().items():
            details = totals(pair for pair in of_state[state].items() if pair[0])
            out.append(
                {
                    "state": state, "title": STATES[state].title, "family": STATES[state].family, "seconds": round(seconds, 9),
                    "share": seconds / wall,
                    "details": [{"detail": name, "seconds": round(of, 9)} for name, of in list(details.items())[:5]],
                }
            )  # fmt: skip
        return out


def totals(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Sums by key, the largest first."""
    out: dict[str, float] = defaultdict(float)
    for key, value in pairs:
        out[key] += value
    return dict(sorted(out.items(), key=lambda item: -item[1]))
