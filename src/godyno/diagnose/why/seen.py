"""What looks from outside tell of a program without an execution trace: what its goroutines wait for (probe ``waits``).

Threads tell exactly when such a program ran and when it slept, but not which of its goroutines was waited for, nor at what: most
sleep in the scheduler then. Looks tell that, now and then. So each stretch of the path takes the answer of the looks that fell into
it; one into which none fell takes that of the nearest look at a stretch of its kind. Many short waits are so told apart in their true
shares, as a profile tells functions apart. In a look the path goes from the main goroutine down to whom it waits for.
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
_OPEN = (
    "unknown",
    "wait",
    "futex",
    "poll",
    "",
    "signal",
    "kernel_wait",
    "sleep",
    "network",
    "pipe",
    "idle",
    "channel",
)
_SCHEDULER = ("runtime.findRunnable", "runtime.findrunnable", "runtime.stopm", "runtime.netpoll", "runtime.notesleep", "runtime.mPark",
              "runtime.notetsleep", "runtime.futexsleep", "runtime.schedule")  # fmt: skip
_CROSSED = ("channel", "wait")  # of a goroutine: what it waits for is what others do
_IN_KERNEL = {"poll": "network", "spawn": "child", "futex": "kernel_wait", "signal": "kernel_wait"}
_BELOW_RUNNING = ("disk_read", "fault_disk", "reclaim")  # what a goroutine that "runs" can be blocked in
# Who asked over HTTP waits at channels for the goroutine that reads the connection, which somebody long gone may have started.
_ANSWERED = (
    "net/http.(*persistConn).roundTrip",
    "http2.(*ClientConn).roundTrip",
    "http2ClientConn).roundTrip",
)
_NEAR_NS = 1_000_000_000
_RUNNING, _RUNNABLE = "running", "runnable"
_AT_WORK = (_RUNNING, _RUNNABLE)
_UNNAMED = ("wait", "poll", "futex")  # a wait for another process, of which only who ended it is known
_Key = tuple[str, int, int]


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

    def __init__(
        self,
        capture: Any,
        lanes: Lanes,
        stacks: Stacks,
        waited_for: Callable[[Lane, str, int], str],
        cpus: int,
    ) -> None:
        self._capture, self._lanes, self._stacks, self._cpus = capture, lanes, stacks, cpus
        self._waited_for = waited_for
        table = capture.sql(
            "SELECT pid, name, list(t_ns ORDER BY t_ns) AS t FROM events WHERE layer = 'look' GROUP BY pid, name"
        )
        self._of_process: dict[int, _Busy] = {}
        self._verdicts: dict[int, list[tuple[int, Verdict]]] = {}
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
        parts = [part for piece in pieces for part in self._parts(piece)]
        starts = [part.piece.t_start_ns for part in parts]
        donors: dict[_Key, list[tuple[int, Verdict]]] = {}
        for (pid, layer), times in self.looks.items():
            verdicts = list(
                (self._of_goroutines if layer == "goroutine_seen" else self._of_threads)(pid, times)
            )
            self._verdicts[pid] = [(t_ns, one) for t_ns, one in verdicts if one.kind not in _AT_WORK]
            for t_ns, verdict in verdicts:
                index = bisect.bisect_right(starts, t_ns) - 1
                if index < 0 or parts[index].piece.t_end_ns <= t_ns or parts[index].piece.pid != pid:
                    continue
                key = parts[index].key
                if key is not None and _agrees(key[0], verdict) and key[2] in (0, verdict.tid):
                    donors.setdefault(key, []).append((t_ns, verdict))
        out: list[Piece] = []
        for part in parts:
            found = donors.get(part.key) if part.key is not None and part.piece.state != READY else None
            told = _told(part, found, self._lanes) if found else (part.piece,)
            out += [self._through(piece) for piece in told]
        return out

    def _parts(self, piece: Piece) -> Iterator[_Part]:
        """A piece, or what it is made of, with the looks that each may learn from: those at a stretch of the same kind, of the same
        process, or of the same thread where it is not Go's.
        """
        goroutines = (piece.pid, "goroutine_seen") in self.looks
        if piece.goroutine or not (goroutines or (piece.pid, "thread_seen") in self.looks):
            yield _Part(piece, None)
        elif piece.state != SLEEP:
            # Where all CPUs are taken, who looks has just taken one from who ran: a stretch without one is like one with it.
            yield _Part(piece, ("run", piece.pid, 0) if goroutines else None)
        elif not (piece.kind in _OPEN and self._untold(piece.stack)):
            yield _Part(piece, ("sure", piece.pid, 0) if goroutines else None)
        elif not goroutines:
            yield _Part(piece, ("sleep", piece.pid, piece.tid))
        else:
            at = piece.t_start_ns
            for start, end, tid, state in self._busy(piece.pid).between(piece.t_start_ns, piece.t_end_ns):
                if start > at:
                    yield _Part(replace(piece, t_start_ns=at, t_end_ns=start), ("sleep", piece.pid, 0))
                busy = replace(piece, t_start_ns=start, t_end_ns=end)
                yield _Part(
                    busy,
                    ("busy", piece.pid, 0),
                    replace(busy, state=state, kind="", tid=tid, stack=0, where=""),
                )
                at = end
            if at < piece.t_end_ns:
                yield _Part(replace(piece, t_start_ns=at), ("sleep", piece.pid, 0))

    def _busy(self, pid: int) -> _Busy:
        if pid not in self._of_process:
            threads = [
                self._lanes.threads[tid]
                for tid in self._lanes.of_process.get(pid, ())
                if tid not in self._stacks.watchmen
            ]
            self._of_process[pid] = _Busy([lane for lane in threads if lane.pid == pid])
        return self._of_process[pid]

    def _through(self, piece: Piece) -> Piece:
        """The piece, with what its waiters in other processes waited for there, where only looks tell that."""
        if not any(
            one.kind in _UNNAMED and one.lane.pid != piece.pid and one.lane.pid in self._verdicts
            for one in piece.via
        ):
            return piece
        return replace(piece, via=tuple(self._named(one, piece.pid) for one in piece.via))

    def _named(self, wait: Wait, pid: int) -> Wait:
        found = self._verdicts.get(wait.lane.pid)
        if wait.kind not in _UNNAMED or wait.lane.pid == pid or not found:
            return wait
        index = bisect.bisect_left(found, (wait.t_start_ns + wait.t_end_ns) // 2, key=lambda one: one[0])
        middle = (wait.t_start_ns + wait.t_end_ns) // 2
        t_ns, verdict = min(found[max(0, index - 1) : index + 1], key=lambda one: abs(one[0] - middle))
        near = wait.t_start_ns <= t_ns <= wait.t_end_ns or abs(t_ns - middle) < _NEAR_NS
        return (
            replace(wait, kind=verdict.kind, where=verdict.where)
            if near and verdict.kind in ("pipe", "child")
            else wait
        )

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
                before, found = now, _Look(now, kind_of, family, self._cpus).answers()
            if found:
                yield t_ns, found[turn % len(found)]

    def _verdict(self, pid: int, one: _Span) -> Verdict:
        stack = self._stacks.seen(pid, one.tid, one.number, one.t_start_ns)
        facts = self._stacks.facts(stack)
        if one.state == "runnable":
            return Verdict(_RUNNABLE, one.number)
        if one.state != "waiting":
            kind = _IN_KERNEL.get(facts.slept_in, facts.slept_in)
            if kind in ("network", "sleep", "kernel_wait") and "runtime.cgocall" in facts.user:
                kind = states.network(self._stacks.frames(stack)) or "cgo"
            blocked = kind and (one.state == "syscall" or kind in _BELOW_RUNNING)
            return Verdict(
                kind if blocked else _RUNNING, one.number, one.tid, stack if blocked else 0, facts.own
            )
        lane = Lane(pid, 0, one.number, [], [], [], [])
        kind = self._waited_for(lane, one.reason, stack)
        if kind == "channel" and any(name.endswith(_ANSWERED) for name in facts.user):
            kind = "network"
        return Verdict(kind, one.number, 0, stack, facts.own)

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
            g
            for (of, g), root in lanes.roots.items()
            if of == pid and g != 1 and states.system_goroutine(root)
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

    def __init__(
        self, now: Mapping[int, _Span], kind_of: Callable[[_Span], Verdict], family: _Family, cpus: int
    ) -> None:
        self.now, self.family = now, family
        # While a CPU is left to the program, a goroutine that is ready is about to run: who looks holds it up.
        crowded = sum(one.state in ("running", "syscall") for one in now.values()) >= cpus
        self.kind_of = kind_of if crowded else lambda one: _about_to_run(kind_of(one))

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
            other
            for other in self.now.values()
            if other.number not in passed and other.number not in self.family.aside
        ]
        below = [other for other in others if self.family.descends(other.number, one.number)] or others
        accepting = [other for other in below if self.kind_of(other).kind == "idle"]
        if accepting and mine.kind == "channel":  # it waits for a signal to end while others answer
            return self._served(accepting) or [replace(mine, kind="idle")]
        at_work = self._at_work(below) or self._at_work(others)  # whoever started them may be gone
        if at_work:
            # Who moved as this wait ended is who ended it; where that is not to be seen, any may have.
            ended = [pair for pair in at_work if pair[0].t_end_ns == one.t_end_ns] or at_work
            # Of who waits for a lock and who does not, the latter may be who holds it, and is then not waited for for itself.
            locked = [pair for pair in ended if pair[1].kind == "lock"]
            likely = locked if 2 * len(locked) >= len(ended) else ended
            return [replace(found, where=found.where or mine.where) for _, found in likely]
        channels = [found for other in below if (found := self.kind_of(other)).kind == "channel"]
        if mine.kind == "channel":
            # Nobody else is there who could send: a timer does.
            return [mine if below else replace(mine, kind="sleep")]
        return channels or [replace(mine, kind="unknown")]

    def _at_work(self, some: Iterable[_Span]) -> list[tuple[_Span, Verdict]]:
        found = [(one, self.kind_of(one)) for one in some]
        return [pair for pair in found if pair[1].kind not in (*_CROSSED, "idle", "observer")]

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


def _about_to_run(found: Verdict) -> Verdict:
    return replace(found, kind=_RUNNING) if found.kind == _RUNNABLE else found


def _at(times: Sequence[int], spans: Sequence[_Span]) -> Iterator[tuple[int, Mapping[int, _Span]]]:
    """At each look, what was seen; the same object as before where nothing changed."""
    now: dict[int, _Span] = {}
    first = 0
    for t_ns in times:
        over = [
            number for number, one in now.items() if one.t_end_ns <= t_ns and one.t_end_ns > one.t_start_ns
        ]
        begin = first
        while first < len(spans) and spans[first].t_start_ns <= t_ns:
            first += 1
        if over or first > begin:
            now = {number: one for number, one in now.items() if number not in over}
            now |= {
                one.number: one for one in spans[begin:first] if one.t_end_ns > t_ns or one.t_start_ns == t_ns
            }
        yield t_ns, now


def _agrees(kind: str, verdict: Verdict) -> bool:
    """Whether a look at a stretch of this kind tells something of it: it is not an instant, and may have seen the moment after."""
    if verdict.kind == "lock" or kind == "busy":
        return True
    return (verdict.kind in _AT_WORK) == (kind == "run")


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece with the looks it learns from; ``instead`` is what another thread of its process did meanwhile."""

    piece: Piece
    key: _Key | None
    instead: Piece | None = None


class _Busy:
    """When any thread of a process was on a CPU, or else ready for one: (start, end, tid, state), in order, without overlaps."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        edges: list[tuple[int, int, int, int]] = []
        for lane in lanes:
            for start, end, state in zip(lane.start, lane.end, lane.state, strict=True):
                if state in (RUN, READY) and end > start:
                    edges += [(start, 1, lane.tid, state), (end, 0, lane.tid, state)]
        edges.sort()
        self._rows: list[tuple[int, int, int, int]] = []
        now: dict[int, int] = {}
        chosen, since = (0, 0), 0
        for t_ns, opens, tid, state in edges:
            if opens:
                now[tid] = state
            elif now.get(tid) == state:
                del now[tid]
            best = min(
                ((of, one) for one, of in now.items()),
                default=None,
                key=lambda one: (one[0] != RUN, one[1] != chosen[1]),
            )
            following = (best[0], best[1]) if best is not None else (0, 0)
            if following != chosen:
                if chosen[1] and t_ns > since:
                    self._rows.append((since, t_ns, chosen[1], chosen[0]))
                chosen, since = following, t_ns
        self._starts = [row[0] for row in self._rows]

    def between(self, t_start_ns: int, t_end_ns: int) -> Iterator[tuple[int, int, int, int]]:
        """What lies in the window, clipped."""
        index = max(0, bisect.bisect_right(self._starts, t_start_ns) - 1)
        while index < len(self._rows) and self._rows[index][0] < t_end_ns:
            start, end, tid, state = self._rows[index]
            if min(end, t_end_ns) > max(start, t_start_ns):
                yield max(start, t_start_ns), min(end, t_end_ns), tid, state
            index += 1


def _told(part: _Part, found: Sequence[tuple[int, Verdict]], lanes: Lanes) -> Iterator[Piece]:
    """A piece, cut midway between the looks that fell into it."""
    piece = part.piece
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
            yield _with(part, at, end, verdict, lanes)
            at = end


def _with(part: _Part, start: int, end: int, verdict: Verdict, lanes: Lanes) -> Piece:
    piece = replace(part.piece, t_start_ns=start, t_end_ns=end)
    at_work = verdict.kind in _AT_WORK
    if part.instead is not None and (at_work or verdict.kind == "lock"):
        piece = replace(part.instead, t_start_ns=start, t_end_ns=end)
    if piece.state == RUN and verdict.kind == _RUNNABLE:
        return replace(piece, state=READY, goroutine=verdict.goroutine, tid=0, stack=0)
    told = part.key is not None and part.key[0] in ("sleep", "busy")
    if piece.state == SLEEP and told and not at_work:
        return replace(
            piece, kind=verdict.kind, goroutine=verdict.goroutine, stack=verdict.stack, where=verdict.where,
        )  # fmt: skip
    lane = lanes.threads.get(piece.tid)
    if verdict.kind == "lock" and lane is not None:
        wait = Wait(piece.t_start_ns, piece.t_end_ns, "lock", lane, verdict.stack, 0, verdict.where)
        return replace(piece, via=(*piece.via, wait))
    return piece
