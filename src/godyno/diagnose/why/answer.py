"""From a capture to its answer: lanes, path, segments, causes, in turn."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from godyno import units
from godyno.diagnose.processes import Process, processes
from godyno.diagnose.why import symbols
from godyno.diagnose.why.attribution import Attribution, totals
from godyno.diagnose.why.by_looks import by_looks
from godyno.diagnose.why.c_calls import tell_c_calls
from godyno.diagnose.why.callers import Callers
from godyno.diagnose.why.causes import LEAST_SHARE, Cause, causes
from godyno.diagnose.why.disks import Disks
from godyno.diagnose.why.ending import Ending, ending
from godyno.diagnose.why.feeds import until_wanted
from godyno.diagnose.why.hidden_tests import HIDDEN, asked_again, hides_tests
from godyno.diagnose.why.lanes import RUN, SLEEP, Lane, Lanes, read_lanes
from godyno.diagnose.why.looks import Looks
from godyno.diagnose.why.missing import missing
from godyno.diagnose.why.others import others, ranked
from godyno.diagnose.why.path import Walk
from godyno.diagnose.why.pieces import Piece
from godyno.diagnose.why.programs import TOOLS
from godyno.diagnose.why.refine import Refine
from godyno.diagnose.why.requests import request_pieces
from godyno.diagnose.why.seen import Seen
from godyno.diagnose.why.stacks import Stacks
from godyno.diagnose.why.surroundings import OWN, Surroundings
from godyno.diagnose.why.titles import chosen, named, title
from godyno.errors import UsageError

_WRITING_NS = (
    500_000_000  # at most so long after an execution trace its program ends: godyno's file writes profiles
)
_DYING_NS = 2_000_000
_UNTOLD_SHARE = 0.25
_FOR = {"network": "network", "sleep": "clock"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Where the time went and why. ``healthy`` says that no cause is accused (none has a severity above ``info``), and that enough is
    known to say so: also of its tests. ``ended`` is None where the run ended well.
    """

    attribution: Attribution
    causes: tuple[Cause, ...]
    ended: Ending | None = None

    @property
    def accused(self) -> tuple[Cause, ...]:
        """The causes that the program could mend."""
        return tuple(cause for cause in self.causes if cause.severity != "info")

    @property
    def untold(self) -> Cause | None:
        """That too much of the path was not recorded to clear the program; its advice is what would have told."""
        found = next((cause for cause in self.causes if cause.kind == "unknown"), None)
        return found if found is not None and found.share >= _UNTOLD_SHARE else None

    @property
    def mend_if(self) -> str:
        """Of a program that nobody accuses: when it would be, and of what; empty where nothing of the kind takes enough to be mended."""
        if self.accused:
            return ""
        one = next((one for one in self.causes if one.unless and one.share >= LEAST_SHARE), None)
        if one is None:
            return ""
        place = f" in {one.what}" if one.what else ""
        return f"If {one.unless}, the wait for the {_FOR[one.kind]}{place} ({one.share:.0%}) is what to mend. {one.advice}".rstrip()

    @property
    def healthy(self) -> bool:
        """Whether nothing of the program is accused, and what took its time is known."""
        return not self.accused and self.untold is None and not self.attribution.again

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        one = self.attribution
        return {
            "wall_s": one.wall_s, "t_start_ns": one.t_start_ns, "t_end_ns": one.t_end_ns, "view": one.view, "pid": one.pid,
            "of": one.label, "ended": self.ended and self.ended.as_json(), "healthy": self.healthy, "mend_if": self.mend_if,
            "states": one.states(),
            "causes": [cause.as_json() for cause in self.causes],
            "missing": list(one.missing), **({"again": one.again} if one.again else {}), **({"looks": one.looks} if one.looks else {}),
        }  # fmt: skip


_WALKED: WeakKeyDictionary[Any, Attribution] = WeakKeyDictionary()


def why(
    path: str | os.PathLike[str],
    *,
    process: int | str | None = None,
    from_s: float | None = None,
    to_s: float | None = None,
) -> Answer:
    """Where the wall time of a capture's run went, and what would change it; ``godyno why``.

    ``process`` is a pid or a program's name; ``from_s`` and ``to_s`` are seconds after the start of the run. Raises GodynoError.
    """
    from godyno.capture.reader import open_capture

    with open_capture(path) as capture:
        result = capture.manifest.result
        began = (
            result.t_start_ns if result else min((one.t_start_ns for one in processes(capture)), default=0)
        )
        since, until = (None if at is None else began + int(at * 1e9) for at in (from_s, to_s))
        return answer(capture, since, until, process)


def answer(
    capture: Any, t_start_ns: int | None = None, t_end_ns: int | None = None, process: int | str | None = None
) -> Answer:
    """The attribution of an open capture and its causes. Raises UsageError for a process or a window that is not in it."""
    found = attribute(capture, t_start_ns, t_end_ns, process)
    whole = t_start_ns is None and t_end_ns is None and process is None
    also = others(capture, found.wall_s) if whole else []
    ended = ending(capture, found.pid if process is not None else 0)
    return Answer(found, tuple(ranked(causes(found, Callers(capture, found)), also)), ended)


def attribute(
    capture: Any, t_start_ns: int | None = None, t_end_ns: int | None = None, process: int | str | None = None,
    thread: int | None = None,
) -> Attribution:  # fmt: skip
    """The path of a run, a process or a window of one, as segments with one state each; they cover it without holes.

    ``thread`` is the one that did at ``t_end_ns`` what the window ends with, where that is known. The whole run's path is walked once for
    a capture that is open: a report shows it in several places. Raises UsageError for a process or a window that is not in the capture.
    """
    if t_start_ns is None and t_end_ns is None and process is None and thread is None:
        if capture not in _WALKED:
            _WALKED[capture] = _walked(capture, None, None, None, None)
        return _WALKED[capture]
    return _walked(capture, t_start_ns, t_end_ns, process, thread)


def _walked(
    capture: Any, t_start_ns: int | None, t_end_ns: int | None, process: int | str | None, thread: int | None
) -> Attribution:
    lives = [_lived(capture, one) for one in processes(capture)]
    meant = named(lives, process)
    root = max(meant, key=lambda one: one.wall_s, default=None)
    window = _window(capture, lives, root, t_start_ns, t_end_ns)
    found = _path(capture, lives, root, window, process is not None, thread)
    label = ""
    if root is not None:
        label = title(root, lives, found.segments) if process is None else chosen(root, meant)
    return replace(found, label=label or "the run", again=asked_again(capture, found.segments, lives))


def _path(
    capture: Any, lives: Sequence[Process], root: Process | None, window: tuple[int, int], asked: bool, thread: int | None
) -> Attribution:  # fmt: skip
    begin, end = window
    lanes = read_lanes(capture, begin, end)
    stacks = Stacks(capture, begin, end)
    cpus = _cpus(capture)
    pid = root.pid if root else min(lanes.of_process, default=0)
    last = _lane_of(lanes, pid, thread, end) or _last_lane(lanes, stacks, pid, end)
    if last is None:
        return by_looks(
            capture,
            lanes,
            stacks,
            lives,
            root,
            Attribution(begin, end, (), "path", pid, cpus=cpus),
            pid if asked else 0,
        )
    walk = Walk(lanes, stacks, lives)
    looks = Looks(capture, lanes, stacks, walk.sleeps.waited_for, cpus)
    walk.sleeps.seen_in, walk.sleeps.looked_at = looks.waited_in, looks.of_goroutines
    walk.sleeps.seen_idle = looks.idle_since
    told = Seen(looks, lanes, stacks).told(walk.from_end(last, end, begin))
    pieces, view = until_wanted(told, walk.sleeps, walk.servers, end - begin), "path"
    if thread is None and (served := _served(walk, lanes, stacks, pieces, end - begin)):
        pieces, view = until_wanted(served, walk.sleeps, walk.servers, end - begin), "requests"
    surroundings = Surroundings(capture, lanes, cpus)
    refine = Refine(
        capture,
        lanes,
        stacks,
        surroundings,
        lives,
        _go_pids(capture, lanes),
        pid if asked else 0,
    )
    segments = Disks(capture, lives).told(refine.segments(pieces))
    tell_c_calls(capture, segments)
    programs = {one.pid for one in lives if one.kind not in TOOLS}
    untold = [
        *missing(capture, lanes, stacks, looks, bool(refine.go & programs)),
        *((HIDDEN,) if hides_tests(capture) else ()),
    ]
    if capture.manifest.result is None:
        untold.insert(
            0, "The recording was cut off: this is what there is of it, and what came later is not known."
        )
    ran_s = surroundings.ran(begin, end) * 1e-9
    crowded = any(one.state == OWN for one in segments)
    needs_s = surroundings.crowd.longest(pid, segments) if crowded else 0.0
    return Attribution(begin, end, tuple(segments), view, pid, "", cpus, tuple(untold), ran_s, needs_s)


def _lived(capture: Any, one: Process) -> Process:
    """A process as long as anything of it was recorded: of one whose end was not, as the recording was cut off, no end is known."""
    if one.t_end_ns > one.t_start_ns:
        return one
    last = capture.sql(
        "SELECT max(t_end_ns) AS t FROM spans WHERE layer IN ('thread_state', 'goroutine_state') AND pid = ?",
        [one.pid],
    )["t"][0].as_py()
    return one if last is None or last <= one.t_start_ns else replace(one, t_end_ns=last)


def _window(
    capture: Any, lives: Sequence[Process], root: Process | None, t_start_ns: int | None, t_end_ns: int | None
) -> tuple[int, int]:
    result = capture.manifest.result
    low = root.t_start_ns if root else min((one.t_start_ns for one in lives), default=0)
    high = root.t_end_ns if root else max((one.t_end_ns for one in lives), default=0)
    if (
        result is not None
        and root is not None
        and root.t_end_ns >= result.t_end_ns - 50_000_000
        and root.ppid == 0
    ):
        low, high = max(low, result.t_start_ns), min(high, result.t_end_ns)
    whole = low, high
    low = low if t_start_ns is None else max(t_start_ns, low)
    high = high if t_end_ns is None else min(t_end_ns, high)
    if high <= low:
        zero = result.t_start_ns if result is not None else low
        of = f"{root.label} lasted" if root is not None and root.ppid else "It lasted"
        shown = " to ".join(units.show_seconds(max(0, at - zero) * 1e-9) for at in (whole[0], whole[1]))
        raise UsageError(
            "The window holds nothing of this capture", hint=f"{of} from {shown} after the run's start."
        )
    return low, high


def _lane_of(lanes: Lanes, pid: int, thread: int | None, end_ns: int) -> Lane | None:
    if thread is None or thread not in lanes.threads:
        return None
    return lanes.goroutine_at(pid, thread, end_ns) or lanes.threads[thread]


def _last_lane(lanes: Lanes, stacks: Stacks, pid: int, end_ns: int) -> Lane | None:
    """Where the path ends: on the goroutine that ended the program, else on the thread that ran last.

    Who ends a process wakes all its other threads so that they die: those were woken by it within the last moment.
    """
    traced = lanes.traced.get(pid)
    if traced is not None and 0 <= end_ns - traced[1] < _WRITING_NS:
        return _ending_goroutine(lanes, pid, traced[1])
    best: tuple[int, Lane] | None = None
    for tid in lanes.of_process.get(pid, ()):
        lane = lanes.threads[tid]
        ran = np.flatnonzero((lane.columns.start < end_ns) & (lane.columns.state == RUN))
        if not len(ran) or lane.pid != pid:
            continue
        index = int(ran[-1])
        one = lane.columns.part(slice(max(0, index - 1), index + 1))
        began, ended = int(one.start[-1]), int(one.end[-1])
        waker = one.whys[one.why[0]].get("waker") if index else None
        dying = waker in lanes.of_process.get(pid, ()) and ended - began < _DYING_NS
        aside = tid in stacks.watchmen or (dying and index == len(lane.columns.start) - 1)
        at = min(ended, end_ns) - (_WRITING_NS if aside else 0)
        if best is None or at > best[0]:
            best = (at, lane)
    if best is not None:
        return best[1]
    candidates = [
        lanes.threads[tid] for tid in lanes.of_process.get(pid, ()) if lanes.threads[tid].pid == pid
    ]
    return max(candidates, key=lambda lane: int(lane.columns.end[-1]), default=None)


def _ending_goroutine(lanes: Lanes, pid: int, end_ns: int) -> Lane | None:
    """The goroutine that ran when the trace ended, or waited for godyno's file to be done; else main's."""
    main = lanes.goroutines.get((pid, 1))
    for (of, _), lane in lanes.goroutines.items():
        root = lanes.roots.get((pid, lane.goroutine), "")
        if of != pid or lane.end[-1] < end_ns - _DYING_NS or symbols.system_goroutine(root):
            continue
        if lane.state[-1] == SLEEP and "godyno" in str(lane.why[-1].get("function", "")):
            return lane
    return main or next((lane for (of, _), lane in lanes.goroutines.items() if of == pid), None)


def _served(walk: Walk, lanes: Lanes, stacks: Stacks, pieces: list[Piece], length_ns: int) -> list[Piece]:
    """The path with a service's part of it as that of its requests, where the service, which may be a child, waited for more than half of
    the time to be asked; empty where it did not.
    """
    idle = totals(
        (str(one.pid), (one.t_end_ns - one.t_start_ns) * 1.0) for one in pieces if one.kind == "idle"
    )
    if not idle or next(iter(idle.values())) <= length_ns / 2:
        return []
    pid = int(next(iter(idle)))
    own = [one for one in pieces if one.pid == pid]
    begin, end = own[0].t_start_ns, own[-1].t_end_ns
    served = request_pieces(walk, lanes, stacks, pid, begin, end)
    if not served:
        return []
    return [
        *(one for one in pieces if one.t_end_ns <= begin), *served, *(one for one in pieces if one.t_start_ns >= end),
    ]  # fmt: skip


def _cpus(capture: Any) -> int:
    machine = capture.manifest.machine
    return max(1, int(machine.cpu.allowed or machine.cpu.online or 1))


def _go_pids(capture: Any, lanes: Lanes) -> frozenset[int]:
    """The processes that are Go programs, by their stacks."""
    table = capture.sql(
        "SELECT DISTINCT pid FROM stacks WHERE stack_id IN "
        "(SELECT DISTINCT stack_id FROM frames WHERE function IN ('runtime.mstart', 'runtime.goexit', 'runtime.main', 'runtime.rt0_go'))"
    )
    return frozenset(table["pid"].to_pylist()) | frozenset(lanes.traced)
