"""An eighth set of programs that are held out: healthy ones, plants as real programs have them, and pairs, in other shapes than before.

Written by one who had not seen the attribution's code, with its truth and what else names it laid down before anything was recorded. It is
judged once, by the code as it was then, and never tuned on.

What a synonym stands for is said beside it; where none is given, none is meant: a lock is a lock whoever holds it. Beside each healthy
program stands why nothing in it is to be mended. Half of them compute, half mostly wait by design for what comes or falls due.
"""

from __future__ import annotations

from typing import Any

from catalogue import Planted, Program
from large_set import BOTH, ONE_CPU, LargeSet  # type: ignore[import-not-found]

ONE = [
    # Every record of a log is synced by itself, in segments that are rotated.
    Planted("chain_letter", "fsync"),
    # A cache's mutex is held by another while he asks a name server.
    Planted("visiting_cards", "lock"),
    # TryLock, and a sleep after each time that it fails: nobody waits in the lock.
    Planted("bathroom_door", "sleep"),
    # A query a row, through database/sql.
    Planted("every_child", "net.wait"),
    # Each page is looked at once and dropped; a third of the time is the kernel's own, which brings pages in and drops them.
    Planted("tall_shelves", "disk.read", within=0.65, cold=True),
    # A RWMutex, written by another who tells a server of it meanwhile; all keys share it.
    Planted("pigeon_loft", "lock"),
    # An unbuffered fan-in: all who send sleep before they do.
    Planted("one_counter", "channel", also=("sleep",)),
    Planted("who_was_it", "net.dns"),
    # Much is formatted beside a heap that is kept small.
    Planted("loose_talk", "gc", within=0.65, levels=(5, 5, 5)),
    Planted("door_to_door", "net.connect"),
    Planted("foreign_tongue", "cgo"),
    # All is sorted anew for each that comes.
    Planted("queue_order", "cpu.go"),
    # Files handed over a socket pair; nothing in it ever waits.
    Planted("handed_over", "kernel"),
    # A tool for every single item; what it says is read to its end.
    Planted("house_call", "child", also=("pipe",)),
    # How far a tool is, is read from a pipe; who writes into it is a child.
    Planted("slow_kettle", "pipe", also=("child",)),
    # A file that is mapped anew for each way; a third of the time is the kernel's own, which brings pages in and drops them.
    Planted("star_chart", "fault.disk", within=0.65, cold=True),
    Planted("night_shift", "run.own", within=0.85, levels=(12, 12, 12)),
    Planted("dictionary", "start.init"),
]
ALONE = {
    "chain_letter", "tall_shelves", "loose_talk", "handed_over", "house_call", "slow_kettle", "star_chart", "night_shift", "dictionary",
}  # fmt: skip
# No pair in which one name could stand for both.
PAIRS = [
    ("chain_letter", "bathroom_door"), ("every_child", "handed_over"), ("visiting_cards", "foreign_tongue"), ("house_call", "who_was_it"),
    ("one_counter", "tall_shelves"), ("slow_kettle", "loose_talk"),
]  # fmt: skip
HEALTHY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    # A queue of jobs with hardly anything in it: three workers idle until one comes, and are done long before the next; a signal ends it.
    ("pawnshop", "ladders", "", ONE_CPU, {}),
    # An adaptive range coder and its decoder: all computing, in rooms that are used again.
    ("miser", "remainders", "", ONE_CPU, {}),
    # A sender of sound: fifty frames a second is what whoever listens can play; nothing is to be done in between.
    ("drummer", "meadows", "", ONE_CPU, {}),
    # Bitmaps instead of an index: all computing.
    ("registrar", "ladders", "", ONE_CPU, {}),
    # A standby: asks by a clock whether the office has fallen free, is answered at once, and does its work by the same clock when it has.
    ("understudy", "remainders", "", ONE_CPU, {}),
    # Conjugate gradients on a sparse matrix: all computing.
    ("plumber", "meadows", "", ONE_CPU, {}),
    # Reads a cache by the clock; what is stale is given out at once and fetched anew beside: nobody waits for it.
    ("larder", "ladders", "", ONE_CPU, {}),
    # PageRank: two take small lots until none is left, so that who is done first waits for the last lot only.
    ("gossips", "remainders", "", BOTH, {}),
    # Keeps its books in a database by the clock, over a pool that is kept warm; the database answers at once.
    ("bursar", "meadows", "", ONE_CPU, {}),
    # Codes pictures in two ways and decodes one: all computing, garbage collected seldom by its own setting.
    ("engraver", "ladders", "", ONE_CPU, {}),
    # A server of web sockets: idle until one of three says something, done long before the next; pings by a clock for whom nobody waits.
    ("parlour", "remainders", "", ONE_CPU, {}),
    # Aho and Corasick: many words are looked for at once; all computing.
    ("customs", "meadows", "", ONE_CPU, {}),
    # A server of streams both ways over HTTP/2: idle until a message comes, answered long before the next; the clients end it.
    ("weir", "ladders", "", ONE_CPU, {}),
    # Stretches keys, two at a time on as many CPUs, always a few ahead: only who hands out and who takes waits.
    ("strongroom", "remainders", "", BOTH, {}),
    # Pushes its metrics: one clock for taking them, another for sending them to one who takes them at once; nothing is due in between.
    ("tallyman", "meadows", "", ONE_CPU, {}),
    # Sketches of a stream (how many, how often, whether ever): all computing, nothing allocated.
    ("turnkeys", "ladders", "", ONE_CPU, {}),
    # A name server: idle until a question comes, answered within a millisecond; a signal ends it.
    ("signpost", "remainders", "", ONE_CPU, {}),
    # A map that is never changed but copied where it differs; its garbage is the price of that and stays an ordinary share.
    ("heirs", "meadows", "", ONE_CPU, {}),
    # A balancer of connections: carries on at once what comes, both ways; idle while nobody says anything.
    ("aqueduct", "ladders", "", ONE_CPU, {}),
    # Searches for an assignment that fulfils all clauses: all computing.
    ("arbiter", "remainders", "", ONE_CPU, {}),
    # A supervisor: its child is meant to live as long as itself, is called by a clock, and answers at once.
    ("shepherd", "meadows", "", ONE_CPU, {}),
    # A spreadsheet that works out only what has changed, in order: all computing.
    ("bookkeeper", "ladders", "", ONE_CPU, {}),
    # A daemon that is up and waits to be told to reload or to end; it lets its own supervisor know by a clock that it is alive.
    ("churchwarden", "remainders", "", ONE_CPU, {}),
    # Learns pairs of signs: all computing, its map used again.
    ("stenographer", "meadows", "", ONE_CPU, {}),
    # Leases jobs that come seldom: the question is kept open until there is one, and each is done long before the next.
    ("journeyman", "ladders", "", ONE_CPU, {}),
    # Encodes by reflection, with what is known of each type kept: all computing, garbage collected seldom by its own setting.
    ("mimic", "remainders", "", ONE_CPU, {}),
    # Actors who are calm: each is woken by a clock of its own, says a word to one who sums up, and nobody's mailbox ever fills.
    ("almshouse", "meadows", "", ONE_CPU, {}),
    # Erasure codes: two compute, each at its own.
    ("saltworks", "ladders", "", BOTH, {}),
    # A round by the clock: five collect, two at a time, as there are two CPUs; it is over long before the next.
    ("roundsmen", "remainders", "", BOTH, {}),
    # Sorted runs in files that are merged: buffered, out of the page cache, never synced as they are thrown away; mostly computing.
    ("strata", "meadows", "", ONE_CPU, {}),
    # A game's loop: thirty pictures a second, each done within a fraction of that; nothing is to be done in between.
    ("ringmaster", "ladders", "", ONE_CPU, {}),
    # A server that two ask again as soon as they are answered: it computes for one of them at any time, or for both.
    ("fishmonger", "remainders", "", BOTH, {}),
    # A jitter buffer: plays fifty notes a second as they were played, whatever the wire does; nothing is to be done in between.
    ("pianola", "meadows", "", ONE_CPU, {}),
    # A router with its layers, asked from within: all computing, garbage collected seldom by its own setting.
    ("usher", "ladders", "", ONE_CPU, {}),
]
EIGHTH = LargeSet(
    of_set=8,
    one=ONE,
    alone=ALONE,
    pairs=PAIRS,
    healthy=HEALTHY,
    tasks=("ladders", "remainders", "meadows"),
    frames=("layers", "agenda", "tenants", "lodger"),
    alone_frames=("agenda", "lodger", "layers"),
    pair_frames=("lodger", "layers", "agenda"),
    loaded=(("ladders", "tenants"),),
    confined=(("meadows", "layers"),),
)


def eighth_set() -> list[Program]:
    return EIGHTH.programs()
