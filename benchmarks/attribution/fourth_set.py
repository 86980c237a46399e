"""A fourth set of programs that are held out: what real Go programs do and wait for, in other shapes than in the sets before.

Written by one who had not seen the attribution's code, nor what it answers, with its truth and what else names it laid down before anything
was recorded. It is judged once, by the code as it was then, and never tuned on.

What a synonym stands for is said beside it. Where none is given, none is meant: a lock is a lock whoever holds it, a child a child
whatever it does. Not planted: a lock that is waited for by spinning and threads that hand each other the turn (nobody could say whether
that computes or waits), steal, and the runtime's own start.
"""

from __future__ import annotations

from typing import Any

from catalogue import LIMIT, Planted, Program
from large_set import BOTH, ONE_CPU, LargeSet  # type: ignore[import-not-found]

ONE = [
    Planted("draft_first", "fsync"),
    Planted("minutes", "fsync"),
    # Two lanes are waited for, and both for the disk to take what goes past the page cache.
    Planted("two_lanes", "disk.write", also=("waitgroup",)),
    # A write that returns when what it wrote is on the disk (RWF_DSYNC): both names say so.
    Planted("stamped", "disk.write", also=("fsync",)),
    Planted("shelf_cache", "disk.read", cold=True),
    # A channel is waited for, and who sends on it for the disk.
    Planted("fore_runner", "disk.read", also=("channel",), cold=True),
    Planted("chained_table", "fault.disk", cold=True),
    Planted("wide_ledger", "memory", levels=(64, 64, 64), record=LIMIT, swap=True),
    Planted("loose_leaves", "memory", levels=(56, 56, 56), record=LIMIT, swap=True),
    Planted("self_portrait", "kernel"),
    Planted("postcards", "kernel"),
    Planted("second_copy", "kernel"),
    Planted("dice", "kernel"),
    Planted("planets", "cgo"),
    Planted("errand_boy", "cgo"),  # a semaphore that C waits for is no lock of the program's
    Planted("attic", "run.own", within=0.85, levels=(6, 6, 6)),
    Planted("small_prints", "run.own", within=0.8, levels=(8, 8, 8)),
    Planted("mixed_bag", "gc", within=0.6, levels=(10, 10, 10)),
    Planted("weighed", "gc"),
    Planted("asked_the_way", "net.dns"),
    Planted("known_by_name", "net.dns", names=True),
    # A channel is waited for, and both who could send on it for a connection.
    Planted("two_doors", "net.connect", also=("channel",)),
    Planted("plain_call", "net.connect"),
    # A select is waited in, and who answers it for the other side's part of a handshake.
    Planted("sealed_talk", "net.tls", also=("select",)),
    Planted("sealed_order", "net.tls"),
    Planted("wired", "net.wait"),
    Planted("anew", "net.wait"),
    # A channel is waited for, on which the one who reads the connection hands answers on.
    Planted("clerk_calls", "net.wait", also=("channel",)),
    Planted("by_number", "net.wait", also=("select",)),
    Planted("price_list", "lock"),
    Planted("long_look", "lock"),
    # A file is locked: a lock, or a wait within a system call for which there is no better name.
    Planted("key_on_a_hook", "lock", also=("kernel",)),
    # A channel holds what can be had, like a lock; whoever has it waits for a server.
    Planted("two_boats", "channel", also=("lock", "net.wait")),
    Planted("stamping", "channel", also=("sleep",)),  # the last of a pipeline sleeps
    Planted("many_bells", "select", also=("sleep",)),  # whoever sends sleeps before
    Planted("same_question", "waitgroup", also=("net.wait",)),  # who is waited for waits for a server
    Planted("last_of_six", "waitgroup", also=("sleep",)),  # the straggler sleeps
    Planted("three_lots", "waitgroup", also=("net.wait",)),  # all who are waited for wait for a server
    # A condition is waited for, its lock taken with it, and who fulfils it sleeps; or waits for a server.
    Planted("all_at_table", "cond", also=("lock", "sleep")),
    Planted("narrow_hall", "cond", also=("lock", "net.wait")),
    Planted("is_it_there", "sleep"),
    Planted("once_more", "sleep", also=("select",)),  # a select in which nothing but the timer ever fires
    Planted("until_noon", "sleep", also=("channel",)),  # a channel that a clock closes
    Planted("small_tools", "child"),
    Planted("inventory", "child", also=("pipe",)),  # a child's output is read to its end
    # A channel is waited for, and who sends on it for a child.
    Planted("sent_out", "child", also=("channel",)),
    Planted("through_the_wall", "pipe", also=("sleep",)),  # who writes sleeps in between, in the same program
    Planted("town_crier", "pipe"),
    # A package that asks a server while it is set up.
    Planted("house_rules", "start.init", also=("net.wait",)),
    Planted("almanac", "start.init"),
    # C that is run before Go is: the program is being loaded, by its own C.
    Planted("first_things", "start.loading", also=("cgo",)),
    Planted("parcel_post", "cpu.go"),
    Planted("market_day", "cpu.go"),
]
ALONE = {
    "wide_ledger", "loose_leaves", "attic", "small_prints", "mixed_bag", "weighed", "house_rules", "almanac", "first_things", "second_copy",
    "two_lanes", "small_tools", "sent_out", "inventory", "stamped", "draft_first", "minutes", "is_it_there", "key_on_a_hook",
}  # fmt: skip
# No pair in which one name could stand for both.
PAIRS = [
    ("draft_first", "until_noon"), ("price_list", "wired"), ("known_by_name", "dice"), ("inventory", "chained_table"),
    ("planets", "once_more"), ("anew", "errand_boy"), ("almanac", "town_crier"), ("sealed_order", "minutes"),
    ("plain_call", "second_copy"), ("two_lanes", "long_look"), ("postcards", "is_it_there"), ("two_boats", "stamped"),
    ("all_at_table", "small_tools"), ("many_bells", "shelf_cache"), ("through_the_wall", "draft_first"), ("stamping", "wired"),
    ("weighed", "asked_the_way"), ("same_question", "weighed"), ("key_on_a_hook", "two_doors"), ("small_tools", "clerk_calls"),
    ("house_rules", "planets"), ("fore_runner", "self_portrait"),
]  # fmt: skip
# Ordinary programs: what they do most is to compute, or to wait until there is something to do.
HEALTHY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("", "joins", "bench", ONE_CPU, {}),
    ("", "regions", "guild", BOTH, {"many": 2}),
    ("", "scripts", "office", ONE_CPU, {}),
    ("", "tries", "states", ONE_CPU, {}),
    ("", "moments", "ushers", ONE_CPU, {}),
    ("front_desk", "scripts", "", ONE_CPU, {"level": 9}),
    ("front_desk", "moments", "", ONE_CPU, {"level": 10}),
    ("price_desk", "tries", "", ONE_CPU, {}),
    ("porch", "joins", "", ONE_CPU, {"level": 13}),
    ("porch", "scripts", "", BOTH, {"level": 18}),
    ("mail_room", "regions", "", ONE_CPU, {}),
    ("side_door", "tries", "", ONE_CPU, {}),
    ("news_reader", "scripts", "", ONE_CPU, {"many": 2}),
    ("rounds", "moments", "", ONE_CPU, {}),
    ("two_desks", "scripts", "", BOTH, {}),
    ("gang", "tries", "", BOTH, {"many": 2}),
    ("drawers", "joins", "", BOTH, {}),
    ("diary", "moments", "", ONE_CPU, {}),
    ("long_read", "regions", "", ONE_CPU, {}),
    ("deeds", "scripts", "", ONE_CPU, {}),
    ("scraps", "tries", "", BOTH, {}),
    ("opening", "joins", "", ONE_CPU, {}),
    ("rare_errands", "regions", "", BOTH, {}),
    ("closing_time", "scripts", "", BOTH, {}),
    ("door_keeper", "moments", "", ONE_CPU, {}),
    ("metronome", "scripts", "", ONE_CPU, {}),
    ("used_again", "tries", "", BOTH, {}),
    ("kinds", "scripts", "", BOTH, {}),
    ("reader", "regions", "", BOTH, {}),
    ("printed_forms", "joins", "", BOTH, {}),
    ("boxes", "moments", "", BOTH, {}),
    ("grove", "tries", "", BOTH, {}),
    ("committee", "scripts", "", BOTH, {}),
    ("rivers", "regions", "", BOTH, {}),
    ("crossing", "joins", "", BOTH, {}),
    ("census", "moments", "", BOTH, {}),
    ("tapes", "scripts", "", BOTH, {}),
    ("echoes", "tries", "", BOTH, {}),
    ("proofs", "regions", "", ONE_CPU, {}),
    ("at_once", "joins", "", BOTH, {"many": 200}),
    ("heralds", "moments", "", BOTH, {}),
    ("actors", "scripts", "", BOTH, {}),
    ("tellers", "joins", "", BOTH, {}),
    ("house_order", "regions", "", BOTH, {}),
    ("lots", "tries", "", BOTH, {}),
    ("quiet_hour", "moments", "", ONE_CPU, {}),
    ("great_numbers", "scripts", "", BOTH, {}),
    ("sifted", "joins", "", BOTH, {}),
    ("stocktaking", "regions", "", ONE_CPU, {}),
    ("in_touch", "tries", "", ONE_CPU, {}),
    ("measures", "moments", "", ONE_CPU, {}),
    ("alone", "scripts", "", ONE_CPU, {}),
    ("guests", "regions", "", BOTH, {}),
    ("late_shift", "joins", "", ONE_CPU, {}),
]
FOURTH = LargeSet(
    of_set=4,
    one=ONE,
    alone=ALONE,
    pairs=PAIRS,
    healthy=HEALTHY,
    tasks=("joins", "regions", "scripts", "tries", "moments", "digests", "edits"),
    frames=("office", "bench", "guild", "states", "ushers"),
    alone_frames=("states", "bench", "office", "ushers"),
    pair_frames=("bench", "states", "ushers"),
    loaded=(("scripts", "guild"), ("joins", "office")),
    confined=(("tries", "states"), ("regions", "guild")),
)


def fourth_set() -> list[Program]:
    return FOURTH.programs()
