"""What looks from outside tell of a program without an execution trace: what its goroutines wait for (probe ``waits``).

Threads tell exactly when such a program ran and when it slept, but not which of its goroutines was waited for, nor at what: most
sleep in the scheduler then. Looks tell that, now and then. So each stretch of the path takes the answer of the looks that fell into
it; one into which none fell takes that of the nearest look at a stretch of its kind. Many short waits are so told apart in their true
shares, as a profile tells functions apart. In a look the path goes from the main goroutine down to whom it waits for.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from godyno.diagnose.why.busy import busy
from godyno.diagnose.why.lanes import READY, RUN, SLEEP, Lane, Lanes
from godyno.diagnose.why.looks import AT_WORK, NEAR_NS, RUNNABLE, Looks, Verdict
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
_UNNAMED = ("wait", "poll", "futex")  # a wait for another process, of which only who ended it is known
_Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece with the looks it learns from; ``instead`` is what another thread of its process did meanwhile."""

    piece: Piece
    key: _Key | None
    instead: Piece | None = None


class Seen:
    """Tells pieces of the path by looks."""

    def __init__(self, looks: Looks, lanes: Lanes, stacks: Stacks) -> None:
        self._looks, self._lanes, self._stacks = looks, lanes, stacks
        self._of_process: dict[int, Lane] = {}

    def told(self, pieces: Sequence[Piece]) -> list[Piece]:
        """The pieces, with what looks tell of those whose own records do not."""
        if not self._looks.times:
            return list(pieces)
        parts = [part for piece in pieces for part in self._parts(piece)]
        starts = [part.piece.t_start_ns for part in parts]
        donors: dict[_Key, list[tuple[int, Verdict]]] = {}
        for pid, layer in self._looks.times:
            verdicts = self._looks.verdicts(pid, layer)
            for t_ns, verdict in verdicts:
                index = bisect.bisect_right(starts, t_ns) - 1
                if index < 0 or parts[index].piece.t_end_ns <= t_ns or parts[index].piece.pid != pid:
                    continue
                key = parts[index].key
                if key is not None and _agrees(key[0], verdict) and key[2] in (0, verdict.tid):
                    donors.setdefault(key, []).append((t_ns, verdict))
        out: list[Piece] = []
        times = {key: [t_ns for t_ns, _ in found] for key, found in donors.items()}
        for part in parts:
            found = donors.get(part.key) if part.key is not None and part.piece.state != READY else None
            told = _told(part, found, times[part.key], self._lanes) if found and part.key else (part.piece,)
            for piece in told:
                piece = self._through(piece)
                if out and _goes_on(out[-1], piece):
                    out[-1] = out[-1].cut(out[-1].t_start_ns, piece.t_end_ns)
                else:
                    out.append(piece)
        return out

    def _parts(self, piece: Piece) -> Iterator[_Part]:
        """A piece, or what it is made of, with the looks that each may learn from: those at a stretch of the same kind, of the same
        process, or of the same thread where it is not Go's.
        """
        goroutines = self._looks.of_goroutines(piece.pid)
        if piece.goroutine or not (goroutines or self._looks.of_threads(piece.pid)):
            yield _Part(piece, None)
        elif piece.state != SLEEP:
            # Where all CPUs are taken, who looks has just taken one from who ran: a stretch without one is like one with it.
            yield _Part(piece, ("run", piece.pid, 0) if goroutines else None)
        elif not (piece.kind in _OPEN and self._untold(piece.stack)):
            yield _Part(piece, ("sure", piece.pid, 0) if goroutines else None)
        elif not goroutines:
            yield _Part(piece, ("sleep", piece.pid, piece.tid))
        else:
            at, others = piece.t_start_ns, self._busy(piece.pid)
            for start, end, state, index in others.between(piece.t_start_ns, piece.t_end_ns):
                if start > at:
                    yield _Part(piece.cut(at, start), ("sleep", piece.pid, 0))
                slept, instead = piece.cut(start, end), piece.cut(start, end)
                instead.state, instead.kind, instead.tid, instead.stack, instead.where = (
                    state,
                    "",
                    others.thread[index],
                    0,
                    "",
                )
                yield _Part(slept, ("busy", piece.pid, 0), instead)
                at = end
            if at < piece.t_end_ns:
                yield _Part(piece.cut(at, piece.t_end_ns), ("sleep", piece.pid, 0))

    def _busy(self, pid: int) -> Lane:
        if pid not in self._of_process:
            threads = [
                self._lanes.threads[tid]
                for tid in self._lanes.of_process.get(pid, ())
                if tid not in self._stacks.watchmen
            ]
            self._of_process[pid] = busy(pid, [lane for lane in threads if lane.pid == pid])
        return self._of_process[pid]

    def _through(self, piece: Piece) -> Piece:
        """The piece, with what its waiters in other processes waited for there, where only looks tell that."""
        via = tuple(self._named(one, piece.pid) for one in piece.via)
        return piece if via == piece.via else replace(piece, via=via)

    def _named(self, wait: Wait, pid: int) -> Wait:
        if wait.kind not in _UNNAMED or wait.lane.pid == pid:
            return wait
        middle = (wait.t_start_ns + wait.t_end_ns) // 2
        found = self._looks.wait_near(wait.lane.pid, middle, wait.t_start_ns, wait.t_end_ns)
        if found is None or found.kind not in ("pipe", "child"):
            return wait
        return replace(wait, kind=found.kind, where=found.where)

    def _untold(self, stack: int) -> bool:
        return not self._stacks.facts(stack).user or self._stacks.idle_thread(stack)


def _goes_on(a: Piece, b: Piece) -> bool:
    """Whether two sleeps that looks told are one: cut where looks fell, they said the same."""
    return (
        a.t_end_ns == b.t_start_ns
        and a.state == b.state == SLEEP
        and (a.seen, a.kind, a.pid, a.goroutine, a.stack, a.where)
        == (b.seen, b.kind, b.pid, b.goroutine, b.stack, b.where)
        and a.kind != "tick"  # of which it matters that they come again
        and a.via == b.via
    )


def _agrees(kind: str, verdict: Verdict) -> bool:
    """Whether a look at a stretch of this kind tells something of it: it is not an instant, and may have seen the moment after."""
    if verdict.kind == "lock" or kind == "busy":
        return True
    return (verdict.kind in AT_WORK) == (kind == "run")


def _told(
    part: _Part, found: Sequence[tuple[int, Verdict]], times: Sequence[int], lanes: Lanes
) -> Iterator[Piece]:
    """A piece, cut midway between the looks that fell into it; ``times`` are those of ``found``."""
    piece = part.piece
    low = bisect.bisect_left(times, piece.t_start_ns)
    inside = found[low : bisect.bisect_left(times, piece.t_end_ns, low)]
    if not inside:
        best = min(found[max(0, low - 1) : low + 1], key=lambda one: abs(one[0] - piece.t_start_ns))
        if abs(best[0] - piece.t_start_ns) >= NEAR_NS:
            yield piece
            return
        inside = [best]
    if len(inside) == 1:
        yield _with(part, piece.t_start_ns, piece.t_end_ns, inside[0][1], lanes)
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
    piece = part.piece.cut(start, end)
    at_work = verdict.kind in AT_WORK
    if part.instead is not None and (at_work or verdict.kind == "lock"):
        piece = part.instead.cut(start, end)
    if piece.state == RUN and verdict.kind == RUNNABLE:
        piece.state, piece.goroutine = READY, verdict.goroutine
        piece.tid, piece.stack, piece.seen = 0, 0, True
        return piece
    told = part.key is not None and part.key[0] in ("sleep", "busy")
    if piece.state == SLEEP and told and not at_work:
        piece.kind, piece.goroutine = verdict.kind, verdict.goroutine
        piece.stack, piece.where, piece.seen = verdict.stack, verdict.where, True
        return piece
    lane = lanes.threads.get(piece.tid)
    if verdict.kind == "lock" and lane is not None:
        wait = Wait(piece.t_start_ns, piece.t_end_ns, "lock", lane, verdict.stack, 0, verdict.where)
        piece.via, piece.seen = (*piece.via, wait), True
    return piece
