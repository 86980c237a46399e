"""A program that is sent things without asking for them is idle until they come: a subscriber, a consumer, a watcher of files."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from godyno.diagnose.why.lanes import CALL, SLEEP, Lanes
from godyno.diagnose.why.path import Piece
from godyno.diagnose.why.sleeps import SENDS
from godyno.diagnose.why.stacks import Stacks

_FED = {"network": "fed", "pipe": "poured"}
_LEAST = 4  # waits; one alone may be for the answer to what was asked before
_ASKED = 0.2  # of them, that something was sent before: now and then a sign of life, or that it arrived
_WRITES = re.compile(r"os\.\(\*File\)\.[wW]rite|syscall\.[wW]rite")  # by which a pipe is asked
_ANSWERS = "net/http."  # who reads an answer over HTTP has asked for all of it
_READS = (".Read", ".read", ".ReadFrom", ".recvfrom")
_Key = tuple[int, int, str]


def unasked(pieces: Sequence[Piece], lanes: Lanes, stacks: Stacks) -> list[Piece]:
    """The pieces, with waits for the network or for a pipe turned into ``fed`` and ``poured`` where again and again something was heard
    while nothing had been sent since.

    Who sent when is told by an execution trace; without one, how often a process sent over TCP in all, by its sockets.
    """
    of: dict[_Key, list[Piece]] = {}
    for one in pieces:
        if (key := _key(one, lanes)) is not None:
            of.setdefault(key, []).append(one)
    fed = {
        key for key, waits in of.items() if _reads(waits[-1], stacks) and _unasked(key, waits, lanes, stacks)
    }
    return [replace(one, kind=_FED[one.kind]) if _key(one, lanes) in fed else one for one in pieces]


def _key(one: Piece, lanes: Lanes) -> _Key | None:
    """What a wait is judged together with: those of its goroutine, or without an execution trace of its process."""
    if one.state != SLEEP or one.kind not in _FED or not (one.seen or one.pid in lanes.traced):
        return None
    return one.pid, 0 if one.seen else one.goroutine, one.kind


def _reads(one: Piece, stacks: Stacks) -> bool:
    names = stacks.facts(one.stack).user
    return any(name.endswith(_READS) for name in names) and not any(
        name.startswith(_ANSWERS) for name in names
    )


def _unasked(key: _Key, waits: Sequence[Piece], lanes: Lanes, stacks: Stacks) -> bool:
    pid, goroutine, kind = key
    ends = [one.t_end_ns for one, later in pairwise(waits) if later.t_start_ns > one.t_end_ns]
    ends.append(waits[-1].t_end_ns)  # what looks cut apart is one wait
    if len(ends) < _LEAST:
        return False
    if not goroutine:
        sent = stacks.sent(pid) if kind == "network" else None
        return sent is not None and sent <= _ASKED * len(ends)
    sends = _sends(lanes, pid, SENDS if kind == "network" else _WRITES)
    asked = sum(
        bisect.bisect_right(sends, now) > bisect.bisect_right(sends, before) for before, now in pairwise(ends)
    )
    return asked <= _ASKED * (len(ends) - 1)


def _sends(lanes: Lanes, pid: int, calls: re.Pattern[str]) -> list[int]:
    """When goroutines of a process began to send something, in order."""
    return sorted(
        start
        for (of, _), lane in lanes.goroutines.items()
        if of == pid
        for start, state, why in zip(lane.start, lane.state, lane.why, strict=True)
        if state == CALL and calls.match(str(why.get("function", "")))
    )
