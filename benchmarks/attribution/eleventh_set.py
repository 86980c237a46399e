"""An eleventh set of programs that are held out: above all pairs of plants, and single plants and healthy ones in other shapes than before.

Written by one who had not seen the attribution's code, with its truth and what else names it laid down before anything was recorded. It is
judged once, by the code as it was then, and never tuned on.

What a synonym stands for is said beside it; where none is given, none is meant: a lock is a lock whoever holds it. Beside each healthy
program stands why nothing in it is to be mended: 6 compute, 6 mostly wait by design for those who ask.
"""

from __future__ import annotations

from typing import Any

import sixth_set  # type: ignore[import-not-found]
import tenth_set  # type: ignore[import-not-found]
from catalogue import Planted, Program
from large_set import BOTH, ONE_CPU, LargeSet  # type: ignore[import-not-found]

# Whoever sleeps, asks or works on the other side of these does so only when a pass has begun, and has nothing to do between two of them.
ONE = [
    # What is current stands on one of two slates: the other is synced, then the mark that says which it is. The kernel copies meanwhile.
    Planted("two_slates", "fsync", within=0.9),
    # A log's own lock, held by another while what he wrote is acknowledged elsewhere.
    Planted("common_ledger", "lock"),
    # A request with a channel for its answer; who answers sleeps before.
    Planted("signal_box", "channel", also=("sleep",)),
    # Of three channels, one is sent to by a timer's function: it is a timer, too, that is waited for.
    Planted("sand_glass", "select", also=("sleep",)),
    # A barrier of two: the condition is waited for, its lock taken with it, and the other one sleeps before he comes.
    Planted("two_oarsmen", "cond", also=("lock", "sleep")),
    # A flag that is looked at again and again, with a sleep in between.
    Planted("watched_pot", "sleep"),
    # A tool that leaves what it says in a file.
    Planted("copy_shop", "child"),
    # A goroutine is spoken with through pipes, and sleeps before it answers.
    Planted("speaking_tube", "pipe", also=("sleep",)),
    # Requests each to a host of which only the name is known; the connection and the answer take the rest.
    Planted("new_parishes", "net.dns", within=0.93),
    # Each piece of a list says with what the next is to be asked for.
    Planted("long_roll", "net.wait"),
    # Pages of a file in memory are filled and given back.
    Planted("sand_box", "kernel"),
    Planted("pendulum", "cgo"),
]
# In pairs only.
PAIRED = [
    # A collection for each thing of which it is asked whether it is still in use.
    Planted("lost_property", "gc"),
    # A tree is walked down, each large node read past the page cache; the kernel itself takes a tenth of it.
    Planted("deep_stack", "disk.read", within=0.9),
    # Pieces of a file are written over again and again, past the page cache; it has its blocks already. A tenth is the
    # kernel's own.
    Planted("tape_loop", "disk.write", within=0.9),
    # Each of those that ought to be there is connected to, and let go.
    Planted("lamp_round", "net.connect"),
    # A handshake, and nothing after it.
    Planted("sworn_word", "net.tls"),
    # A variable of a package, whose value is worked out before main begins.
    Planted("mint_marks", "start.init"),
]
# The first takes half of the wall time, the second 28 %. No pair in which one name could stand for both.
PAIRS = [
    # Slates that are synced; then a list that is asked for piece by piece.
    ("two_slates", "long_roll"),
    # Names that are asked for; then a barrier.
    ("new_parishes", "two_oarsmen"),
    # Handshakes; then calls of the kernel that never wait.
    ("sworn_word", "sand_box"),
    # Answers by a channel; then reads from the disk.
    ("signal_box", "deep_stack"),
    # Collections that are asked for; then connections that take their time.
    ("lost_property", "lamp_round"),
    # A tool for each item; then a log's lock.
    ("copy_shop", "common_ledger"),
    # What a package is set up with; then a timer in a select.
    ("mint_marks", "sand_glass"),
    # Answers through a pipe; then collections that are asked for.
    ("speaking_tube", "clean_desk"),
    # A sleep between two looks; then slates that are synced.
    ("watched_pot", "two_slates"),
    # Writes to the disk; then names that are asked for.
    ("tape_loop", "new_friends"),
    # A log's lock; then reads from the disk.
    ("common_ledger", "deep_stack"),
    # A barrier; then a tool for each item.
    ("two_oarsmen", "stamp_office"),
    # A list that is asked for piece by piece; then collections.
    ("long_roll", "lost_property"),
    # Work in C; then answers through a pipe.
    ("pendulum", "speaking_tube"),
    # Connections that take their time; then a limiter that says for how long to sleep.
    ("lamp_round", "slow_march"),
    # Calls of the kernel that never wait; then answers by a channel.
    ("sand_box", "signal_box"),
    # A timer in a select; then handshakes.
    ("sand_glass", "seals_of_office"),
    # Reads from the disk; then a sleep between two looks.
    ("deep_stack", "watched_pot"),
    # What a package is set up with; then writes to the disk.
    ("star_tables", "tape_loop"),
    # Slates that are synced; then a lock whose holder asks a server.
    ("two_slates", "ferry_boats"),
]
BORROWED: list[Planted] = [
    cause
    for cause in sixth_set.ONE + tenth_set.ONE + tenth_set.PAIRED
    if any(cause.unit in pair for pair in PAIRS)
]
HEALTHY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    # Bodies that draw each other: all computing, nothing allocated.
    ("comets", "braids", "", ONE_CPU, {}),
    # A server of files by datagrams (TFTP), in memory: idle until somebody asks, each piece given at once.
    ("copy_room", "hedges", "", ONE_CPU, {}),
    # Finds what was said on a noisy line: all computing, in rooms that are used again.
    ("whisperers", "mirrors", "", ONE_CPU, {}),
    # A directory that is asked one thing for each connection (whois): idle until somebody comes, answered at once.
    ("herald_office", "braids", "", ONE_CPU, {}),
    # Solves systems of equations: all computing, in rooms that are used again.
    ("shipwright", "hedges", "", ONE_CPU, {}),
    # An application behind a web server (SCGI): idle until it is asked for a page, done within a millisecond.
    ("scrivener", "mirrors", "", ONE_CPU, {}),
    # The nearest of many points, by a tree that is built anew in the same room: all computing.
    ("fowlers", "braids", "", ONE_CPU, {}),
    # A device whose registers are read and written over one connection (Modbus): idle until its master asks, at the master's pace.
    ("boilerman", "hedges", "", ONE_CPU, {}),
    # Draws letters from curves, with soft edges: all computing, in rooms that are used again.
    ("calligrapher", "mirrors", "", ONE_CPU, {}),
    # Keeps accounts that come by datagrams (RADIUS): idle until one comes, acknowledged at once.
    ("reckoner", "braids", "", ONE_CPU, {}),
    # Two look for keys, each at his own text until the time is up: neither ever waits for the other.
    ("codebreakers", "hedges", "", BOTH, {}),
    # Tells who asks from where he was heard (STUN): idle until a datagram comes, answered at once.
    ("echo_hill", "mirrors", "", ONE_CPU, {}),
]
FRAMES = ("stairwell", "foreman", "canal", "wicket", "council")
ELEVENTH = LargeSet(
    of_set=11,
    one=ONE,
    alone=set(),
    pairs=PAIRS,
    healthy=HEALTHY,
    tasks=("braids", "hedges", "mirrors"),
    frames=FRAMES,
    alone_frames=FRAMES,
    pair_frames=FRAMES,
    loaded=(),
    confined=(),
    borrowed=PAIRED + BORROWED,
)


def eleventh_set() -> list[Program]:
    return ELEVENTH.programs()
