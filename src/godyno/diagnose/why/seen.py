"""What looks from outside tell of a program without an execution trace: what its goroutines wait for (probe ``waits``).

Threads tell exactly when such a program ran and when it slept, but not which of its goroutines was waited for, nor at what: most sleep in
the scheduler then. Looks tell that, now and then. So each stretch of the path takes the answer of the looks that fell into it;
one into which none fell takes that of the nearest look at a stretch of its kind. Many short waits are so told apart in their true shares, as
a profile tells functions apart. In a look the path goes from the main goroutine down to whom it waits for.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from godyno.diagnose.processes import arguments
from godyno.diagnose.why import states
from godyno.diagnose.why.lanes import READY, RUN, SLEEP, Lane, Lanes
from godyno.diagnose.why.path import Piece, Wait
from godyno.diagnose.why.stacks import Stacks

# Sleeps of a thread that say little about the goroutines: the scheduler's own, or what is not known.
_OPEN = ("unknown", "wait", "futex", "poll", "", "signal", "kernel_wait", "sleep", "network", "pipe", "idle", "channel")
_SCHEDULER = ("runtime.findRunnable", "runtime.findrunnable", "runtime.stopm", "runtime.netpoll", "runtime.notesleep", "runtime.mPark",
              "runtime.notetsleep", "runtime.futexsleep", "runtime.schedule")  # fmt: skip
_CROSSED = ("channel", "wait")  # of a goroutine: what it waits for is what others do
_IN_KERNEL = {"poll": "network", "spawn": "child", "futex": "kernel_wait", "signal": "kernel_wait"}
_BELOW_RUNNING = ("disk_read", "fault_disk", "reclaim")  # what a goroutine that "runs" can be blocked in
_NEAR_NS = 1_000_000_000
_RUNNING, _RUNNABLE = "running", "runnable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a process waited for at a look: ``kind`` is a state's name, ``running`` or ``runnable``; ``where`` the function that waits."""

    kind: str
    goroutine: int = 0
    tid: int = 0
    stack: int = 0
    where: str = ""


@dataclass(slots=True)
class _Span:
    t_start_ns: int
    t_end_ns: int
    number: int
    state: str
    reason: str
    tid: int


class Seen:
    """The looks of a capture. ``waited_for`` names a goroutine's wait, as ``Sleeps.waited_for`` does."""

    def __init__(self, capture: Any, lanes: Lanes, stacks: Stacks, waited_for: Callable[[Lane, str, int], str]) -> None:
        self._capture, self._lanes, self._stacks, self._waited_for = capture, lanes, stacks, waited_for
        table = capture.sql(
            "SELECT pid, name, list(t_ns ORDER BY t_ns) AS t FROM events WHERE layer = 'look' GROUP BY pid, name"
        )
        self.looks: dict[tuple[int, str], list[int]] = {
            (row["pid"], row["name"]): row["t"] for row in table.to_pylist() if row["pid"] not in lanes.traced
        }

    @property
    def goroutines(self) -> bool:
        """Whether goroutines of a program without a trace were looked at."""
        return any(name == "goroutine_seen" for _, name in self.looks)

    def told(self, pieces: Sequence[Piece]) -> list[Piece]:
        """The pieces, with what looks tell of those whose own records do not."""
        if not self.looks:
            return list(pieces)
        starts = [one.t_start_ns for one in pieces]
        donors: dict[tuple[Any, ...], list[tuple[int, Verdict]]] = {}
        for (pid, layer), times in self.looks.items():
            verdicts = self._of_goroutines if layer == "goroutine_seen" else self._of_threads
            for t_ns, verdict in verdicts(pid, times):
                index = bisect.bisect_right(starts, t_ns) - 1
                if index < 0 or pieces[index].t_end_ns <= t_ns or pieces[index].pid != pid:
                    continue
                kind = self._class(pieces[index])
                if kind is not None and _agrees(kind[0], verdict) and kind[2] in (0, verdict.tid):
                    donors.setdefault(kind, []).append((t_ns, verdict))
        out: list[Piece] = []
        for piece in pieces:
            kind = self._class(piece)
            found = donors.get(kind) if kind is not None else None
            out += _told(piece, found, self._lanes) if kind is not None and found else [piece]
        return out

    def _class(self, piece: Piece) -> tuple[str, int, int] | None:
        """Which looks a piece may learn from: those at a stretch of the same kind, of the same process, or of the same thread where it is not
        Go's.
        """
        goroutines = (piece.pid, "goroutine_seen") in self.looks
        if not goroutines and (piece.pid, "thread_seen") not in self.looks:
            return None
        if piece.goroutine or piece.state == READY:
            return None
        if piece.state == SLEEP:
            open_ = piece.kind in _OPEN and self._untold(piece.stack)
            if not goroutines:
                return ("sleep", piece.pid, piece.tid) if open_ else None
            return ("sleep" if open_ else "sure", piece.pid, 0)
        return ("run", piece.pid, 0) if goroutines else None

    def _untold(self, stack: int) -> bool:
        user = self._stacks.facts(stack).user
        return not user or any(name.startswith(_SCHEDULER) for name in user)

    # ---- what a look says

    def _of_threads(self, pid: int, times: Sequence[int]) -> Iterator[tuple[int, Verdict]]:
        spans = self._spans(pid, "thread_seen")
        for t_ns, now in _at(times, spans):
            for one in now.values():
                stack = self._stacks.seen(pid, one.tid, 0, one.t_start_ns)
                facts = self._stacks.facts(stack)
                kind = _IN_KERNEL.get(facts.slept_in, facts.slept_in)
                if facts.slept_in not in ("", "futex", "poll"):
                    yield t_ns, Verdict(kind, 0, one.tid, stack, facts.call)

    def _of_goroutines(self, pid: int, times: Sequence[int]) -> Iterator[tuple[int, Verdict]]:
        kinds: dict[tuple[int, int], Verdict] = {}

        def kind_of(one: _Span) -> Verdict:
            key = (one.number, one.t_start_ns)
            if key not in kinds:
                kinds[key] = self._verdict(pid, one)
            return kinds[key]

        family = _Family(pid, self._lanes)
        before: Mapping[int, _Span] = {}
        found: list[Verdict] = []
        for turn, (t_ns, now) in enumerate(_at(times, self._spans(pid, "goroutine_seen"))):
            if now is not before:
                before, found = now, _Look(now, kind_of, family).answers()
            if found:
                yield t_ns, found[turn % len(found)]

    def _verdict(self, pid: int, one: _Span) -> Verdict:
        stack = self._stacks.seen(pid, one.tid, one.number, one.t_start_ns)
        facts = self._stacks.facts(stack)
        if one.state == "runnable":
            return Verdict(_RUNNABLE, one.number)
        if one.state != "waiting":
            kind = _IN_KERNEL.get(facts.slept_in, facts.slept_in)
            blocked = kind and (one.state == "syscall" or kind in _BELOW_RUNNING)
            return Verdict(kind if blocked else _RUNNING, one.number, one.tid, stack if blocked else 0, facts.own)
        lane = Lane(pid, 0, one.number, [], [], [], [])
        return Verdict(self._waited_for(lane, one.reason, stack), one.number, 0, stack, facts.own)

    def _spans(self, pid: int, layer: str) -> list[_Span]:
        table = self._capture.sql(
            "SELECT t_start_ns, t_end_ns, coalesce(TRY_CAST(split_part(track, '/', 2) AS BIGINT), 0) AS number, name, args, "
            "coalesce(tid, 0) AS tid FROM spans WHERE layer = ? AND pid = ? ORDER BY t_start_ns",
            [layer, pid],
        )
        return [
            _Span(row["t_start_ns"], row["t_end_ns"], row["number"], row["name"],
                  str(arguments(row["args"]).get("reason", "")), row["tid"])
            for row in table.to_pylist()
        ]  # fmt: skip


class _Family:
    """Who started whom, and which goroutines are the runtime's own."""

    def __init__(self, pid: int, lanes: Lanes) -> None:
        self._parents = {g: parent for (of, g), parent in lanes.parents.items() if of == pid}
        self.aside = {
            g for (of, g), root in lanes.roots.items() if of == pid and g != 1 and states.system_goroutine(root)
        }

    def descends(self, number: int, above: int) -> bool:
        """Whether a goroutine was started by another, or by one that was."""
        seen = set()
        while number in self._parents and number not in seen:
            seen.add(number)
            number = self._parents[number]
            if number == above:
                return True
        return False


class _Look:
    """The goroutines of a process at one look."""

    def __init__(self, now: Mapping[int, _Span], kind_of: Callable[[_Span], Verdict], family: _Family) -> None:
        self.now, self.kind_of, self.family = now, kind_of, family

    def answers(self) -> list[Verdict]:
        """What the main goroutine waited for; several where any of them may be it."""
        main = self.now.get(1)
        if main is None:
            return []
        return self._behind(main, {1})

    def _behind(self, one: _Span, passed: set[int]) -> list[Verdict]:
        mine = self.kind_of(one)
        if mine.kind == "idle":
            return self._served([one]) or [mine]
        if mine.kind not in _CROSSED:
            return [mine]
        others = [
            other for other in self.now.values() if other.number not in passed and other.number not in self.family.aside
        ]
        below = [other for other in others if self.family.descends(other.number, one.number)] or others
        accepting = [other for other in below if self.kind_of(other).kind == "idle"]
        if accepting and mine.kind == "channel":  # it waits for a signal to end while others answer
            return self._served(accepting) or [replace(mine, kind="idle")]
        # Who moved as this wait ended is who ended it; where that is not to be seen, any may have.
        ended = [other for other in below if other.t_end_ns == one.t_end_ns] or below
        at_work = [found for other in ended if (found := self.kind_of(other)).kind not in (*_CROSSED, "idle", "observer")]
        if at_work:
            return [replace(found, where=found.where or mine.where) for found in at_work]
        channels = [found for other in below if (found := self.kind_of(other)).kind == "channel"]
        if mine.kind == "channel":
            # Nobody else is there who could send: a timer does.
            return [mine if below else replace(mine, kind="sleep")]
        return channels or [replace(mine, kind="unknown")]

    def _served(self, accepting: Iterable[_Span]) -> list[Verdict]:
        """What those wait for who were started to answer somebody; a connection on which nothing comes waits to be asked."""
        above = [one.number for one in accepting]
        out: list[Verdict] = []
        for other in self.now.values():
            if any(self.family.descends(other.number, number) for number in above):
                found = self.kind_of(other)
                if found.kind not in ("idle", "network", "observer", *_CROSSED):
                    out.append(found)
                elif found.kind == "channel":
                    out += self._behind(other, {1, *above, other.number})
        return out


def _at(times: Sequence[int], spans: Sequence[_Span]) -> Iterator[tuple[int, Mapping[int, _Span]]]:
    """At each look, what was seen; the same object as before where nothing changed."""
    now: dict[int, _Span] = {}
    first = 0
    for t_ns in times:
        over = [number for number, one in now.items() if one.t_end_ns <= t_ns and one.t_end_ns > one.t_start_ns]
        begin = first
        while first < len(spans) and spans[first].t_start_ns <= t_ns:
            first += 1
        if over or first > begin:
            now = {number: one for number, one in now.items() if number not in over}
            now |= {one.number: one for one in spans[begin:first] if one.t_end_ns > t_ns or one.t_start_ns == t_ns}
        yield t_ns, now


def _agrees(kind: str, verdict: Verdict) -> bool:
    """Whether a look at a stretch of this kind tells something of it: it is not an instant, and may have seen the moment after."""
    if verdict.kind == "lock":
        return True
    if kind == "run":
        return verdict.kind in (_RUNNING, _RUNNABLE)
    return verdict.kind not in (_RUNNING, _RUNNABLE)


def _told(piece: Piece, found: Sequence[tuple[int, Verdict]], lanes: Lanes) -> Iterator[Piece]:
    """A piece, cut midway between the looks that fell into it."""
    low = bisect.bisect_left(found, piece.t_start_ns, key=lambda one: one[0])
    high = bisect.bisect_left(found, piece.t_end_ns, key=lambda one: one[0])
    inside = found[low:high]
    if not inside:
        near = [found[index] for index in (low - 1, low) if 0 <= index < len(found)]
        best = min(near, key=lambda one: abs(one[0] - piece.t_start_ns), default=None)
        inside = [best] if best is not None and abs(best[0] - piece.t_start_ns) < _NEAR_NS else []
    if not inside:
        yield piece
        return
    at = piece.t_start_ns
    for index, (t_ns, verdict) in enumerate(inside):
        last = index == len(inside) - 1
        if not last and inside[index + 1][1] == verdict:
            continue
        end = piece.t_end_ns if last else (t_ns + inside[index + 1][0]) // 2
        if end > at:
            yield _with(replace(piece, t_start_ns=at, t_end_ns=end), verdict, lanes)
            at = end


def _with(piece: Piece, verdict: Verdict, lanes: Lanes) -> Piece:
    if piece.state == RUN and verdict.kind == _RUNNABLE:
        return replace(piece, state=READY, goroutine=verdict.goroutine, tid=0, stack=0)
    lane = lanes.threads.get(piece.tid)
    if piece.state == SLEEP and not (piece.kind not in _OPEN and verdict.kind != "lock"):
        if verdict.kind in (_RUNNING, _RUNNABLE):
            return piece
        return replace(
            piece, kind=verdict.kind, goroutine=verdict.goroutine, stack=verdict.stack, where=verdict.where,
        )  # fmt: skip
    if verdict.kind == "lock" and lane is not None:
        wait = Wait(piece.t_start_ns, piece.t_end_ns, "lock", lane, verdict.stack, 0, verdict.where)
        return replace(piece, via=(*piece.via, wait))
    return piece
