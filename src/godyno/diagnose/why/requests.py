"""A service has no path of its own: it waits to be asked. Its requests have, so the oldest one in flight is followed.

A goroutine serves where it, or who started it, waits for connections or for the next request. Between two such waits it is busy;
of those that are busy at a moment, the one that has been so for longest stands for the moment.
"""

from __future__ import annotations

from collections.abc import Iterator

from godyno.diagnose.why import symbols
from godyno.diagnose.why.lanes import CALL, SLEEP, Lane, Lanes
from godyno.diagnose.why.path import Walk
from godyno.diagnose.why.pieces import Piece
from godyno.diagnose.why.servers import Servers
from godyno.diagnose.why.sleeps import Sleeps
from godyno.diagnose.why.stacks import Stacks


def request_pieces(walk: Walk, lanes: Lanes, stacks: Stacks, pid: int, begin: int, end: int) -> list[Piece]:
    """Pieces that cover the window: of requests in flight, and idle between them. Nothing where none is served by goroutines."""
    found = sorted(
        _episodes(walk.sleeps, walk.servers, lanes, stacks, pid, begin, end), key=lambda one: one[:2]
    )
    out: list[Piece] = []
    at, index = begin, 0
    waiting: list[tuple[int, int, Lane]] = []
    while found and at < end:
        while index < len(found) and found[index][0] <= at:
            waiting.append(found[index])
            index += 1
        waiting = [one for one in waiting if one[1] > at]
        if waiting:
            _, until, lane = min(waiting, key=lambda one: one[0])
            out += walk.from_end(lane, min(until, end), at)
            at = min(until, end)
        else:
            until = found[index][0] if index < len(found) else end
            out.append(Piece(at, min(until, end), SLEEP, "idle", pid, 0, 0, 0))
            at = min(until, end)
    return out


def _episodes(
    sleeps: Sleeps, servers: Servers, lanes: Lanes, stacks: Stacks, pid: int, begin: int, end: int
) -> Iterator[tuple[int, int, Lane]]:
    kinds: dict[tuple[str, int], str] = {}
    waits: dict[int, list[tuple[int, int]]] = {}
    for (of, number), lane in lanes.goroutines.items():
        if of != pid or symbols.system_goroutine(lanes.roots.get((of, number), "")):
            continue
        idle = []
        for start, until, state, why in zip(lane.start, lane.end, lane.state, lane.why, strict=True):
            if state == SLEEP:
                stack = stacks.waited(pid, number, until)
                key = (str(why.get("reason", "")) + "\0" + str(why.get("function", "")), stack)
                if key not in kinds:
                    reason, _, function = key[0].partition("\0")
                    kinds[key] = sleeps.waited_for(lane, reason, stack, function)
                # A short wait has no stack: at a connection that it accepted it is for the next request.
                if kinds[key] == "idle" or (kinds[key] == "network" and not stack and servers.serves(lane)):
                    idle.append((start, until))
        waits[number] = idle
    for number, idle in waits.items():
        lane, starter = lanes.goroutines[pid, number], lanes.parents.get((pid, number), 0)
        if number == 1 or not (idle or waits.get(starter)):
            continue
        if starter == 1 and not idle and not _talks(lane):
            continue  # main, which accepts connections itself, started it to look after something else
        at = lane.start[0]
        for start, until in [*idle, (lane.end[-1], 0)]:
            if start > at and start > begin and at < end:
                yield max(at, begin), min(start, end), lane
            at = until


def _talks(lane: Lane) -> bool:
    return any(
        state == CALL and str(why.get("function", "")).startswith("net.(")
        for state, why in zip(lane.state, lane.why, strict=True)
    )
