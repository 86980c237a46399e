"""A program that is sent things without asking for them is idle until they come: a subscriber, a consumer, a listener."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from godyno.diagnose.why.lanes import CALL, SLEEP, Lanes
from godyno.diagnose.why.path import Piece
from godyno.diagnose.why.sleeps import SENDS
from godyno.diagnose.why.stacks import Stacks

_LEAST = 4  # waits; one alone may be for the answer to what was asked before
_ASKED = 0.2  # of them, that something was sent before: now and then a sign of life, or that it arrived
_ANSWERS = "net/http."  # who reads an answer over HTTP has asked for all of it


def unasked(pieces: Sequence[Piece], lanes: Lanes, stacks: Stacks) -> list[Piece]:
    """The pieces, with waits for the network turned into ``fed`` where a goroutine again and again heard something while its process had
    sent nothing since it heard before. Only where an execution trace tells who sent when.
    """
    of: dict[tuple[int, int], list[Piece]] = {}
    for one in pieces:
        if (
            one.state == SLEEP
            and one.kind == "network"
            and one.goroutine
            and not one.seen
            and one.pid in lanes.traced
        ):
            of.setdefault((one.pid, one.goroutine), []).append(one)
    sends = {pid: _sends(lanes, pid) for pid in {pid for pid, _ in of}}
    fed = {key for key, waits in of.items() if _unasked(waits, sends[key[0]], stacks)}
    return [
        replace(one, kind="fed") if one.kind == "network" and (one.pid, one.goroutine) in fed else one
        for one in pieces
    ]


def _unasked(waits: Sequence[Piece], sends: Sequence[int], stacks: Stacks) -> bool:
    if len(waits) < _LEAST or any(name.startswith(_ANSWERS) for name in stacks.facts(waits[-1].stack).user):
        return False
    ends = [one.t_end_ns for one in waits]
    asked = sum(
        bisect.bisect_right(sends, now) > bisect.bisect_right(sends, before) for before, now in pairwise(ends)
    )
    return asked <= _ASKED * (len(ends) - 1)


def _sends(lanes: Lanes, pid: int) -> list[int]:
    """When goroutines of a process began to send something, in order."""
    return sorted(
        start
        for (of, _), lane in lanes.goroutines.items()
        if of == pid
        for start, state, why in zip(lane.start, lane.state, lane.why, strict=True)
        if state == CALL and SENDS.match(str(why.get("function", "")))
    )
