"""What looks from outside tell of a program without an execution trace: what its goroutines wait for (probe ``waits``).

Threads tell exactly when such a program ran and when it slept, but not which of its goroutines was waited for, nor at what: most
sleep in the scheduler then. Looks tell that, now and then. So each stretch of the path takes the answer of the looks that fell into
it; one into which none fell takes that of the nearest look at a stretch of its kind. Many short waits are so told apart in their true
shares, as a profile tells functions apart. In a look the path goes from the main goroutine down to whom it waits for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from godyno.diagnose.why.busy import busy
from godyno.diagnose.why.lanes import READY, RUN, SLEEP, Lane, Lanes
from godyno.diagnose.why.looks import Looks
from godyno.diagnose.why.one_look import AT_WORK, RUNNABLE, Verdict
from godyno.diagnose.why.parts import WAITS, Key, Parts, between, cut, inside
from godyno.diagnose.why.pieces import Piece, Wait
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
_UNNAMED = ("wait", "poll", "futex")  # a wait for another process, of which only who ended it is known
_NO_WAIT = (*AT_WORK, "lock", "tick")


class Seen:
    """Tells pieces of the path by looks."""

    def __init__(self, looks: Looks, lanes: Lanes, stacks: Stacks) -> None:
        self._looks, self._lanes, self._stacks = looks, lanes, stacks
        self._of_process: dict[int, Lane] = {}
        self._named_waiters: dict[tuple[int, int], tuple[tuple[Wait, ...], tuple[Wait, ...]]] = {}

    def told(self, pieces: Sequence[Piece]) -> list[Piece]:
        """The pieces, with what looks tell of those whose own records do not."""
        if not self._looks.times:
            return list(pieces)
        parts = self._parts(pieces)
        learnt = self._learnt(parts, pieces)
        first, last = inside(parts, learnt, np.array([piece.state != READY for piece in pieces], bool))
        out: list[Piece] = []
        before: Piece | None = None
        made: dict[
            tuple[int, int, tuple[int, ...]], Piece
        ] = {}  # what a piece becomes, by all that this depends on
        of, *columns, verdict, does, tid = self._joined(parts, learnt, first, last)
        depends = zip(verdict.tolist(), does.tolist(), tid.tolist(), strict=True)
        rows = zip(*(column.tolist() for column in columns), depends, strict=True)
        counts = np.bincount(of, minlength=len(pieces)).tolist()
        are_waits = [kind in WAITS for kind, _, _ in parts.keys]
        for number, (piece, count) in enumerate(zip(pieces, counts, strict=True)):
            some: list[Piece] = []
            for start, end, key, busy_at, low, high, depend in islice(rows, count):
                told, waits = (learnt[key][low][1] if high > low else None), are_waits[key]
                if high - low < 2 and count == 1:  # most are: it is all of the piece
                    if told is not None:
                        self._tell(piece, waits, busy_at, told)
                    continue
                # A lock is waited for from here to there; all else is like another part.
                if high - low > 1 or (told is not None and told.kind == "lock"):
                    found = learnt[key][low:high]
                    some += [self._with(piece, waits, busy_at, *part) for part in cut(start, end, found)]
                    continue
                like = made.get(alike := (number, key, depend))
                if like is None:
                    like = made[alike] = self._with(piece, waits, busy_at, start, end, told)
                    some.append(like)
                else:
                    some.append(like.cut(start, end))
            if not some:
                if piece.via:
                    self._name_waiters(piece)
                some.append(piece)
            for new in some:
                if new.state == SLEEP and before is not None and _goes_on(before, new):
                    before.t_end_ns = new.t_end_ns
                else:
                    out.append(new)
                    before = new
        return out

    def _joined(
        self,
        parts: Parts,
        learnt: Mapping[int, Sequence[tuple[int, Verdict]]],
        first: np.ndarray,
        last: np.ndarray,
    ) -> Sequence[np.ndarray]:
        """Piece, start, end, key, busy, first and last look of each part that looks may tell of, then what one of which one look tells is
        like another by: that look's verdict, and what another thread did. Where looks told of a wait, those that follow each other are one.
        """
        verdict, does, tid = np.full((3, len(parts.start)), -1)
        joins = np.zeros(len(parts.start), bool)
        numbers: dict[Verdict, int] = {}
        for key, found in learnt.items():
            rows = np.flatnonzero((parts.key == key) & (last == first + 1))
            of_look = np.array([numbers.setdefault(one, len(numbers)) for _, one in found])
            waits = np.array([one.kind not in _NO_WAIT for _, one in found], bool)
            verdict[rows] = of_look[first[rows]]
            joins[rows] = waits[first[rows]] & (parts.keys[key][0] in WAITS)
            if parts.keys[key][0] == "busy":
                others = self._busy(parts.keys[key][1]).columns
                at_work = rows[~joins[rows]]
                does[at_work] = others.state[parts.busy[at_work]]
                tid[at_work] = others.thread[parts.busy[at_work]]
        begins = np.ones(len(parts.start), bool)
        begins[1:] = ~joins[1:] | ~joins[:-1] | (parts.start[1:] != parts.end[:-1])
        for column in (parts.piece, verdict):
            begins[1:] |= column[1:] != column[:-1]
        end = parts.end[np.append(begins[1:], np.ones(min(1, len(begins)), bool))]
        some = (parts.piece, parts.start, parts.key, parts.busy, first, last, verdict, does, tid)
        piece, start, keys, *rest = (column[begins] for column in some)
        return [column[keys >= 0] for column in (piece, start, end, keys, *rest)]

    def _parts(self, pieces: Sequence[Piece]) -> Parts:
        """The pieces, those in which other threads of their process were at work cut by when they were."""
        numbers: dict[Key, int] = {}
        whole: list[tuple[int, int]] = []  # (piece, key)
        split: dict[int, list[int]] = {}  # pid to pieces
        for index, piece in enumerate(pieces):
            key = self._key(piece)
            if key is not None and key[0] == "busy":
                split.setdefault(piece.pid, []).append(index)
            else:
                whole.append((index, numbers.setdefault(key, len(numbers)) if key is not None else -1))
        start = np.array([piece.t_start_ns for piece in pieces], np.int64)
        end = np.array([piece.t_end_ns for piece in pieces], np.int64)
        alone = np.array(whole, np.int64).reshape(-1, 2)
        rows = [np.column_stack((start[alone[:, 0]], end[alone[:, 0]], alone, np.full(len(alone), -1)))]
        for pid, chosen in split.items():
            asleep, at_work = (numbers.setdefault((kind, pid, 0), len(numbers)) for kind in ("sleep", "busy"))
            of = np.array(chosen, np.int64)
            a, b, which, busy_at = between(start[of], end[of], self._busy(pid))
            rows.append(np.column_stack((a, b, of[which], np.where(busy_at < 0, asleep, at_work), busy_at)))
        table = np.concatenate(rows)
        start, end, of_piece, keys, busy_at = table[np.argsort(table[:, 0], kind="stable")].T
        return Parts(start, end, of_piece, keys, busy_at, list(numbers))

    def _key(self, piece: Piece) -> Key | None:
        """Which looks a piece may learn from: those at a stretch of the same kind, of the same process, or of the same thread where it is
        not Go's. ``busy`` says that those depend on whether another thread was at work.
        """
        goroutines = self._looks.of_goroutines(piece.pid)
        if piece.goroutine or not (goroutines or self._looks.of_threads(piece.pid)):
            return None
        if piece.state != SLEEP:
            # Where all CPUs are taken, who looks has just taken one from who ran: a stretch without one is like one with it.
            return ("run", piece.pid, 0) if goroutines else None
        if not (piece.kind in _OPEN and self._stacks.tells_nothing(piece.stack)):
            return ("sure", piece.pid, 0) if goroutines else None
        return ("busy", piece.pid, 0) if goroutines else ("sleep", piece.pid, piece.tid)

    def _learnt(self, parts: Parts, pieces: Sequence[Piece]) -> dict[int, list[tuple[int, Verdict]]]:
        """The looks that fell into parts of each key, in order of time."""
        found: dict[int, list[tuple[int, Verdict]]] = {}
        for pid, layer in self._looks.times:
            verdicts = self._looks.verdicts(pid, layer)
            at = np.searchsorted(parts.start, np.array([t_ns for t_ns, _ in verdicts], np.int64), "right") - 1
            for index, (t_ns, verdict) in zip(at.tolist(), verdicts, strict=True):
                if index < 0 or parts.end[index] <= t_ns or pieces[parts.piece[index]].pid != pid:
                    continue
                key = int(parts.key[index])
                if (
                    key >= 0
                    and _agrees(parts.keys[key][0], verdict)
                    and parts.keys[key][2] in (0, verdict.tid)
                ):
                    found.setdefault(key, []).append((t_ns, verdict))
        return found

    def _busy(self, pid: int) -> Lane:
        if pid not in self._of_process:
            threads = [
                self._lanes.threads[tid]
                for tid in self._lanes.of_process.get(pid, ())
                if tid not in self._stacks.watchmen
            ]
            self._of_process[pid] = busy(pid, [lane for lane in threads if lane.pid == pid])
        return self._of_process[pid]

    def _name_waiters(self, piece: Piece) -> None:
        """What its waiters, of which it has some, waited for there in other processes, where only looks tell that."""
        key = (id(piece.via), piece.pid)
        if key not in self._named_waiters:  # with the tuple itself, so that no other has its id
            self._named_waiters[key] = piece.via, tuple([self._named(one, piece.pid) for one in piece.via])
        piece.via = self._named_waiters[key][1]

    def _named(self, wait: Wait, pid: int) -> Wait:
        if wait.kind not in _UNNAMED or wait.lane.pid == pid:
            return wait
        middle = (wait.t_start_ns + wait.t_end_ns) // 2
        found = self._looks.wait_near(wait.lane.pid, middle, wait.t_start_ns, wait.t_end_ns)
        if found is None or found.kind not in ("pipe", "child"):
            return wait
        return replace(wait, kind=found.kind, where=found.where)

    def _with(
        self, of: Piece, waits: bool, busy_at: int, start: int, end: int, verdict: Verdict | None
    ) -> Piece:
        """A part of a piece as a look tells it, if one does; ``waits`` says that it is one of which looks tell what was waited for."""
        piece = of.cut(start, end)
        if verdict is not None:
            self._tell(piece, waits, busy_at, verdict)
        if piece.via:
            self._name_waiters(piece)
        return piece

    def _tell(self, piece: Piece, waits: bool, busy_at: int, verdict: Verdict) -> None:
        at_work = verdict.kind in AT_WORK
        if busy_at >= 0 and (at_work or verdict.kind == "lock"):  # another thread's work is what it was
            others = self._busy(piece.pid)
            piece.state, piece.tid = others.state[busy_at], others.thread[busy_at]
            piece.kind, piece.stack, piece.where = "", 0, ""
        if piece.state == RUN and verdict.kind == RUNNABLE:
            piece.state, piece.goroutine = READY, verdict.goroutine
            piece.tid, piece.stack, piece.seen = 0, 0, True
        elif piece.state == SLEEP and waits and not at_work:
            piece.kind, piece.goroutine = verdict.kind, verdict.goroutine
            piece.stack, piece.where, piece.seen = verdict.stack, verdict.where, True
        elif verdict.kind == "lock" and (lane := self._lanes.threads.get(piece.tid)) is not None:
            wait = Wait(piece.t_start_ns, piece.t_end_ns, "lock", lane, verdict.stack, 0, verdict.where)
            piece.via, piece.seen = (*piece.via, wait), True


def _goes_on(a: Piece, b: Piece) -> bool:
    """Whether two sleeps that looks told are one: cut where looks fell, they said the same."""
    return (
        a.t_end_ns == b.t_start_ns
        and a.state == b.state == SLEEP
        and a.kind == b.kind
        and (a.seen, a.pid, a.goroutine, a.stack, a.where) == (b.seen, b.pid, b.goroutine, b.stack, b.where)
        and a.kind != "tick"  # of which it matters that they come again
        and a.via == b.via
    )


def _agrees(kind: str, verdict: Verdict) -> bool:
    """Whether a look at a stretch of this kind tells something of it: it is not an instant, and may have seen the moment after."""
    if verdict.kind == "lock" or kind == "busy":
        return True
    return (verdict.kind in AT_WORK) == (kind == "run")
