"""What the path is made of: stretches on one lane in one state each, and the waits that go on meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from godyno.diagnose.why.lanes import Lane


@dataclass(slots=True)  # not frozen: quicker to make
class Wait:
    """A wait through which the path crossed to whoever ended it. ``stack`` is the waiter's, ``woke`` the waker's."""

    t_start_ns: int
    t_end_ns: int
    kind: str
    lane: Lane
    stack: int
    woke: int
    where: str
    waker_where: str = ""
    waker: tuple[int, int] = (0, 0)  # pid and goroutine of who ended it
    back: bool = False  # before it, the path is the waiter's again


@dataclass(slots=True)
class Piece:
    """A stretch of the path on one lane in one state. ``kind`` is what a sleep is; ``call`` when the system call, or the call
    of C, began that a goroutine was in, else 0; ``via`` holds the waits that go on meanwhile, the outermost first.
    """

    t_start_ns: int
    t_end_ns: int
    state: int
    kind: str
    pid: int
    tid: int
    goroutine: int
    stack: int
    via: tuple[Wait, ...] = ()
    call: int = 0
    where: str = ""
    seen: bool = False  # told by looks from outside, in shares

    def cut(self, t_start_ns: int, t_end_ns: int) -> Piece:
        """A copy of it between two instants (dataclasses.replace takes five times as long, and there are hundreds of thousands)."""
        return Piece(
            t_start_ns, t_end_ns, self.state, self.kind, self.pid, self.tid, self.goroutine, self.stack, self.via, self.call, self.where,
            self.seen,
        )  # fmt: skip

    def of_kind(self, kind: str) -> Piece:
        """A copy of it of another kind."""
        one = self.cut(self.t_start_ns, self.t_end_ns)
        one.kind = kind
        return one
