"""A tenth set of programs that are held out: healthy ones, plants and pairs of them, in other shapes than in the sets before.

Written by one who had not seen the attribution's code, with its truth and what else names it laid down before anything was recorded. It is
judged once, by the code as it was then, and never tuned on.

What a synonym stands for is said beside it; where none is given, none is meant: a lock is a lock whoever holds it. Beside each healthy
program stands why nothing in it is to be mended: 11 compute, 11 mostly wait by design for what comes or falls due.
"""

from __future__ import annotations

from typing import Any

from catalogue import Planted, Program
from large_set import BOTH, ONE_CPU, LargeSet  # type: ignore[import-not-found]

ONE = [
    # Each letter is synced, and so is the folder into which it is moved, before the next. A quarter of the time is spent on making and
    # moving files.
    Planted("letter_rack", "fsync", within=0.77),
    # What lends connections is locked while somebody asks a server whether one of them is still good.
    Planted("ferry_boats", "lock"),
    # A limiter that gives out one ticket after the other; who sends on the channel sleeps before.
    Planted("bus_tickets", "channel", also=("sleep",)),
    # Sends to whichever of two can take it, and neither can: both sleep before they take the next.
    Planted("two_dyers", "select", also=("sleep",)),
    # A queue that is full: the condition is waited for, its lock taken with it, and who makes room waits for a server.
    Planted("grain_loft", "cond", also=("lock", "net.wait")),
    # A limiter that says for how long to sleep.
    Planted("slow_march", "sleep"),
    # A pool of connections, through database/sql, that keeps none of them.
    Planted("garden_gate", "net.connect"),
    # A cache that asks before each use whether what it has is still as it was.
    Planted("still_valid", "net.wait"),
    # Tokens are read from a pipe, as make's jobs do; who writes them is a child.
    Planted("tool_pegs", "pipe", also=("child",)),
    Planted("two_poems", "cgo"),
    # A check for each item by a shell, of which only the code counts with which it ends.
    Planted("stamp_office", "child"),
    # Columns are read in large pieces, past the page cache.
    Planted("wide_drawers", "disk.read", within=0.9),
    # Pages are made writable for each thing that is written, and then no more.
    Planted("glass_case", "kernel"),
    # A limit of memory that is hardly above what is in use.
    Planted("small_larder", "gc", within=0.78, levels=(24, 24, 24)),
]
ALONE = {"letter_rack", "tool_pegs", "stamp_office", "wide_drawers", "glass_case", "small_larder"}
# In pairs only.
PAIRED = [
    Planted("new_friends", "net.dns"),
    # Certificates are looked at, each after a handshake of its own.
    Planted("seals_of_office", "net.tls"),
    # A package that works its tables out while it is set up.
    Planted("star_tables", "start.init"),
]
# No pair in which one name could stand for both.
PAIRS = [
    ("new_friends", "letter_rack"), ("two_poems", "two_dyers"), ("ferry_boats", "seals_of_office"), ("star_tables", "slow_march"),
    ("stamp_office", "grain_loft"),
]  # fmt: skip
HEALTHY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    # Rows with quotes into objects: all computing, in rooms that are used again.
    ("excise", "wires", "", ONE_CPU, {}),
    # A proxy (SOCKS): carries over at once what comes, both ways; idle while nobody says anything.
    ("harbour_pilot", "coins", "", ONE_CPU, {}),
    # Sounds at other paces, and their spectra: all computing, nothing allocated.
    ("bellfounder", "runes", "", ONE_CPU, {}),
    # A store of objects over HTTP, in memory: idle until one of two asks, its lock held for well under a millisecond.
    ("cloakroom", "wires", "", ONE_CPU, {}),
    # Thumbnails: two compute, each at his own pictures, of which there are always more; nobody waits for the other.
    ("miniaturist", "coins", "", BOTH, {}),
    # Alerts are gathered for a while, as is meant, and told of once; idle until one comes, and who is told takes it at once.
    ("town_alarm", "runes", "", ONE_CPU, {}),
    # Builds an inverted index in rows that are used again, and ranks by it: all computing.
    ("librarian", "wires", "", ONE_CPU, {}),
    # A controller: two workers idle until a change is heard of, which is done long before the next; the long poll is its clock.
    ("head_gardener", "coins", "", ONE_CPU, {}),
    # Finds what was said before, and proves that it can be undone: all computing, in rooms that are used again.
    ("baler", "runes", "", ONE_CPU, {}),
    # A language server: idle until its only client types, done long before the next change.
    ("prompter", "wires", "", ONE_CPU, {}),
    # A reader of JSON that only marks where things are: all computing, in rooms that are used again.
    ("apothecary", "coins", "", ONE_CPU, {}),
    # Gives out what is signed by a key that is renewed beside, by a timer, long before it is due: nobody waits for that.
    ("key_keeper", "runes", "", ONE_CPU, {}),
    # Questions in a language of their own, compiled to functions, on columns in memory: all computing.
    ("magistrate", "wires", "", ONE_CPU, {}),
    # A web service with sessions, at the pace of those who ask; a clock forgets who stays away; a signal ends it.
    ("tea_house", "coins", "", ONE_CPU, {}),
    # Reaction and diffusion on a grid: all computing.
    ("tanner", "runes", "", ONE_CPU, {}),
    # A spool folder: idle until inotify tells that something was put there, done long before the next.
    ("dispatch_box", "wires", "", ONE_CPU, {}),
    # The longest prefix of addresses, in a tree whose nodes are used again: all computing.
    ("tollman", "coins", "", ONE_CPU, {}),
    # Windows of time over lines that come by two connections: idle until one comes; the clock closes a window, as is meant.
    ("lock_keeper", "runes", "", ONE_CPU, {}),
    # Cuts data by what is in it, hashes each piece, and counts what is there already: all computing.
    ("rag_picker", "wires", "", ONE_CPU, {}),
    # Gives out addresses (DHCP): idle until a datagram comes, answered within a millisecond.
    ("lodging_house", "coins", "", ONE_CPU, {}),
    # Packs blocks in order: two compute, some blocks are always ahead, and only who takes what is packed waits.
    ("wool_packers", "runes", "", BOTH, {}),
    # A service that tries itself by a clock, as a probe does, and is answered within a millisecond or two; nothing is due in between.
    ("doorman", "wires", "", ONE_CPU, {}),
]
TENTH = LargeSet(
    of_set=10,
    one=ONE,
    alone=ALONE,
    pairs=PAIRS,
    healthy=HEALTHY,
    tasks=("wires", "coins", "runes"),
    frames=("stack", "ring", "hired", "shifts"),
    alone_frames=("ring", "hired", "stack"),
    pair_frames=("hired", "stack", "ring"),
    loaded=(),
    confined=(("runes", "ring"),),
    borrowed=PAIRED,
)


def tenth_set() -> list[Program]:
    return TENTH.programs()
