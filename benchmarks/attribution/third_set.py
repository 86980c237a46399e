"""A third set of programs that are held out: other plants, shapes and frames than in the sets before, and many that are healthy.

Written by one who had not seen the attribution's code, with its truth and what else names it laid down before anything was recorded. It is
judged once, by the code as it was then, and never tuned on.

What a synonym stands for is said beside it. Where none is given, none is meant: a lock is a lock whoever holds it, a child a child
whatever it does, and a lookup in C a lookup. Not planted: steal (this takes a hypervisor's host), and the runtime's own start (no
setting of a program's stretches it to a share that could be seen).
"""

from __future__ import annotations

from typing import Any

from catalogue import LIMIT, Planted, Program
from large_set import BOTH, ONE_CPU, LargeSet  # type: ignore[import-not-found]

ONE = [
    Planted("save_note", "fsync"),
    # Waits, by a call that is made for it, until what was written is on the disk: both names say so.
    Planted("parcels_out", "disk.write", also=("fsync",)),
    Planted("straight_out", "disk.write"),
    Planted("bisect", "fault.disk", cold=True),
    Planted("carry_over", "disk.read", cold=True),
    # The group is waited for, and everybody in it for the disk.
    Planted("three_shelves", "disk.read", also=("waitgroup",), cold=True),
    Planted("wide_table", "memory", levels=(64, 64, 64), record=LIMIT, swap=True),
    Planted("draft_and_book", "memory", within=0.65, levels=(36, 36, 36), record=LIMIT, cold=True),
    Planted("entries", "kernel"),
    Planted("to_self", "kernel"),  # a pipe that never keeps anybody waiting
    Planted("gallery", "kernel"),
    Planted("seal_words", "cgo"),
    Planted("two_halves", "cgo"),
    Planted("phone_book", "net.dns", names=True),
    Planted("bench_row", "run.own", within=0.85, levels=(10, 10, 10)),
    Planted("mill", "run.own", within=0.8, levels=(8, 8, 8)),
    Planted("guest_list", "gc", within=0.7, levels=(10, 10, 10)),
    Planted("small_hall", "gc", within=0.75, levels=(16, 16, 16)),
    Planted(
        "more_or_less", "gc"
    ),  # the world is stopped, though nothing is collected: the state's name holds both
    Planted("knock", "net.connect"),
    # The group is waited for, and both in it for the other side's part of a handshake.
    Planted("introduce", "net.tls", also=("waitgroup",)),
    Planted("unload", "net.wait"),
    Planted("serial", "net.wait"),
    Planted("still_there", "net.wait"),
    Planted("day_book", "lock"),
    # A channel of one place that is held like a lock, by one who sleeps.
    Planted("turnstile", "channel", also=("sleep", "lock")),
    # A condition is waited for, its lock taken with it, and who fulfils it waits for the disk.
    Planted("basin", "cond", also=("lock", "fsync")),
    Planted("first_reader", "lock"),
    # One child writes into a pipe, one goroutine reads it, and a channel hands the line on.
    Planted("clerk_outside", "pipe", also=("channel", "child")),
    # Of two channels the first counts, and behind each one waits for a server.
    Planted("either", "select", also=("net.wait",)),
    Planted(
        "three_tools", "child", also=("waitgroup",)
    ),  # the group is waited for, and everybody in it for a child
    Planted("chimes", "sleep"),
    Planted("allowance", "sleep", also=("select",)),  # a select in which nothing but the timer ever fires
    Planted("short_nap", "sleep"),
    Planted("in_a_row", "child", also=("pipe",)),  # a child's output is read to its end
    Planted("egg_timer", "child"),
    Planted("interpreter", "pipe", also=("child",)),  # a child answers over a pipe
    Planted("registers", "start.init"),
    Planted("blur", "cpu.go"),
    Planted("tour", "cpu.go"),
]
LINE_ONLY = {
    "wide_table", "draft_and_book", "bench_row", "mill", "guest_list", "small_hall", "more_or_less", "registers", "two_halves",
    "first_reader", "three_shelves", "three_tools", "gallery", "in_a_row",
}  # fmt: skip
# No pair in which one name could stand for both.
PAIRS = [
    ("save_note", "short_nap"), ("day_book", "unload"), ("phone_book", "entries"), ("egg_timer", "bisect"),
    ("seal_words", "allowance"), ("serial", "seal_words"), ("registers", "interpreter"), ("introduce", "save_note"),
    ("knock", "to_self"), ("straight_out", "turnstile"), ("gallery", "chimes"), ("three_shelves", "day_book"),
    ("basin", "in_a_row"), ("either", "straight_out"), ("clerk_outside", "parcels_out"), ("guest_list", "still_there"),
    ("small_hall", "phone_book"), ("chimes", "more_or_less"), ("first_reader", "knock"), ("to_self", "egg_timer"),
]  # fmt: skip
# Ordinary programs: what they do most is to compute, or to wait until there is something to do.
HEALTHY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("", "edits", "line", ONE_CPU, {}),
    ("", "sieve", "crew", BOTH, {"many": 2}),
    ("", "phrases", "porter", ONE_CPU, {}),
    ("", "cells", "relay", ONE_CPU, {}),
    ("", "words", "errand", ONE_CPU, {}),
    ("counter", "edits", "", ONE_CPU, {}),
    ("letterbox", "phrases", "", ONE_CPU, {}),
    ("foremen", "cells", "", BOTH, {}),
    ("beat", "sieve", "", ONE_CPU, {}),
    ("warden", "edits", "", ONE_CPU, {}),
    ("four_hands", "ledger", "", BOTH, {}),
    ("brief", "edits", "", ONE_CPU, {"many": 20}),
    ("letters", "phrases", "", BOTH, {}),
    ("carbon", "cells", "", BOTH, {}),
    ("helpers", "sieve", "", BOTH, {}),
    ("shelf", "edits", "", BOTH, {}),
    ("feed", "queue", "", BOTH, {}),
    ("register", "cells", "", BOTH, {}),
    ("arrange", "edits", "", BOTH, {"many": 500}),
    ("bounded", "phrases", "", BOTH, {}),
    ("squeeze", "sieve", "", BOTH, {}),
    ("render", "edits", "", BOTH, {}),
    ("parked", "phrases", "", BOTH, {}),
]
THIRD = LargeSet(
    of_set=3,
    one=ONE,
    alone=LINE_ONLY,
    pairs=PAIRS,
    healthy=HEALTHY,
    tasks=("edits", "cells", "sieve", "phrases", "ledger", "digests", "words"),
    frames=("porter", "relay", "crew", "errand", "line"),
    alone_frames=("line", "errand", "porter"),
    pair_frames=("line", "porter"),
    loaded=(("edits", "crew"), ("cells", "pool")),
    confined=(("sieve", "porter"), ("phrases", "crew")),
)


def third_set() -> list[Program]:
    return THIRD.programs()
