"""A program that is sent things without asking for them is idle until they come: a server, a subscriber, a consumer, a watcher of files."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from itertools import pairwise

from godyno.diagnose.why.lanes import SLEEP, Lanes
from godyno.diagnose.why.pieces import Piece
from godyno.diagnose.why.servers import Servers
from godyno.diagnose.why.sleeps import Sleeps
from godyno.diagnose.why.stacks import Stacks
from godyno.diagnose.why.ticks import idle_between_ticks

_FED = {"network": "fed", "pipe": "poured"}
_LEAST = 4  # waits; one alone may be for the answer to what was asked before
_ASKED = 0.2  # of them, that something was sent before: now and then a sign of life, or that it arrived
_READS = (".Read", ".read", ".ReadFrom", ".recvfrom")
_FROM_ANYBODY = ("net.(*UDPConn).ReadFrom", "net.(*UDPConn).ReadMsg", "net.(*UDPConn).readFrom")
_UNTIL_ITS_END = 0.5  # of the path, that the main goroutine of a server sleeps: it is to end then
_Key = tuple[int, int, str]


def until_wanted(pieces: Sequence[Piece], sleeps: Sleeps, servers: Servers, length_ns: int) -> list[Piece]:
    """The pieces, with waits for a clock told as such (``ticks``), and those for the network or for a pipe turned into ``fed`` and
    ``poured`` where nobody was asked: at a connection that was accepted, for datagrams from anybody, or where again and again something
    was heard while nothing had been sent since.

    Who sent when is told by an execution trace; without one, how often a process sent over TCP in all, by its sockets, and whether it has
    children that it could talk with. The main goroutine of a server that sleeps until that is to end is ``idle``.
    """
    pieces = idle_between_ticks(pieces, length_ns)
    lanes, stacks = sleeps.lanes, sleeps.stacks
    of: dict[_Key, list[Piece]] = {}
    for one in pieces:
        if one.state == SLEEP and (key := _key(one, lanes)) is not None:
            of.setdefault(key, []).append(one)
    told = {id(one): "idle" for one in _until_its_end(pieces, sleeps, length_ns)}
    for key, waits in of.items():
        if _reads(waits[-1], stacks) and _unasked(key, waits, sleeps, servers):
            told |= {id(one): _FED[one.kind] for one in waits}
    return [one.of_kind(told[id(one)]) if id(one) in told else one for one in pieces]


def _until_its_end(pieces: Sequence[Piece], sleeps: Sleeps, length_ns: int) -> Iterator[Piece]:
    run: list[Piece] = []
    for one in [*pieces, None]:
        waits = one is not None and one.state == SLEEP and one.kind == "sleep" and one.goroutine == 1
        if waits and one is not None and (not run or run[-1].t_end_ns == one.t_start_ns):
            run.append(one)
            continue
        if (
            run
            and run[-1].t_end_ns - run[0].t_start_ns >= _UNTIL_ITS_END * length_ns
            and sleeps.stacks.listens(run[0].pid)
        ):
            yield from run
        run = [one] if waits and one is not None else []


def _key(one: Piece, lanes: Lanes) -> _Key | None:
    """What a sleep is judged together with: those of its goroutine, or without an execution trace of its process."""
    if one.kind not in _FED or not (one.seen or one.pid in lanes.traced):
        return None
    return one.pid, 0 if one.seen else one.goroutine, one.kind


def _reads(one: Piece, stacks: Stacks) -> bool:
    return any(name.endswith(_READS) for name in stacks.facts(one.stack).user)


def _unasked(key: _Key, waits: Sequence[Piece], sleeps: Sleeps, servers: Servers) -> bool:
    lanes, stacks = sleeps.lanes, sleeps.stacks
    pid, goroutine, kind = key
    if kind == "network":
        lane = lanes.goroutines.get((pid, goroutine))
        if lane is not None and servers.serves(lane):
            return True
        anybody = any(name.startswith(_FROM_ANYBODY) for name in stacks.facts(waits[-1].stack).user)
        if anybody and "listen" in stacks.sockets(pid):
            return True
    ends = [one.t_end_ns for one, later in pairwise(waits) if later.t_start_ns > one.t_end_ns]
    ends.append(waits[-1].t_end_ns)  # what looks cut apart is one wait
    if len(ends) < _LEAST:
        return False
    if not goroutine and kind == "pipe":
        return sleeps.children_wait_for_it(pid)  # with whom it could talk
    if not goroutine:
        sent, t_ns = stacks.sent(pid) or (0, 0)
        heard = bisect.bisect_right(ends, t_ns)  # what came later is not known to have been asked for or not
        return heard >= _LEAST and sent <= _ASKED * heard
    sends = sleeps.sends(pid, kind)
    asked = sum(
        bisect.bisect_right(sends, now) > bisect.bisect_right(sends, before) for before, now in pairwise(ends)
    )
    return asked <= _ASKED * (len(ends) - 1)
