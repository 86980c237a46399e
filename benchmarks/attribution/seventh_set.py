"""A seventh set of programs that are held out: healthy ones only, in other shapes than in the sets before.

Written by one who had seen neither the attribution's code nor what it answers. Half of them are idle by design until something comes or a
time is due, half compute. Beside each stands why nothing in it is to be mended. They are judged once, by the code as it was then, and
never tuned on.
"""

from __future__ import annotations

from typing import Any

from catalogue import Program
from large_set import BOTH, ONE_CPU, LargeSet  # type: ignore[import-not-found]

HEALTHY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    # A consumer of a queue with acknowledgements: jobs come at the broker's pace, slower than two workers do them; the broker ends it.
    ("quartermaster", "fractions", "", ONE_CPU, {}),
    # A sieve of numbers by iterators: all computing.
    ("weaver", "chords", "", ONE_CPU, {}),
    # A long poll: the answer is the change that is waited for, and until it comes there is nothing to do.
    ("petitioner", "carpets", "", ONE_CPU, {}),
    # Builds trees of points and looks for the nearest: all computing.
    ("geometer", "fractions", "", ONE_CPU, {}),
    # A store with expiry behind a socket: idle until one of two clients says something; its lock is held for microseconds.
    ("chandler", "chords", "", ONE_CPU, {}),
    # Hashes blocks, two at a time, by as many goroutines as there are CPUs; only who hands them out waits.
    ("mason", "carpets", "", BOTH, {}),
    # A command loop on a pipe: idle until somebody types a line; a word ends it.
    ("toastmaster", "fractions", "", ONE_CPU, {}),
    # Shortest ways on a map, in rooms that are used again: all computing.
    ("navigator", "chords", "", ONE_CPU, {}),
    # A session with heartbeats: there is nothing to do between two pieces of news, and nobody waits for a beat's reply.
    ("envoy", "carpets", "", ONE_CPU, {}),
    # A parser for a language of settings, in a row of nodes that is used again: all computing.
    ("linguist", "fractions", "", ONE_CPU, {}),
    # A store that copies itself five times a second, in less than a millisecond, never synced: idle until one of two clocks ticks.
    ("archivist", "chords", "", ONE_CPU, {}),
    # Stars that pull each other: all computing.
    ("astronomer", "carpets", "", ONE_CPU, {}),
    # A server of one line a connection: idle until somebody comes; more seats than are ever taken; a signal ends it and it drains.
    ("coxswain", "fractions", "", ONE_CPU, {}),
    # Two look for a rare hash, each its own numbers; when one has it both stop within microseconds.
    ("minter", "chords", "", BOTH, {}),
    # A health checker: idle until a check is due; whoever is checked answers at once.
    ("stoker", "carpets", "", ONE_CPU, {}),
    # Sorts runs and merges them by a tree: all computing, all memory used again.
    ("fletcher", "fractions", "", ONE_CPU, {}),
    # Leases that run out: idle until a datagram comes or the first of them is due.
    ("innkeeper", "chords", "", ONE_CPU, {}),
    # Searches a game's tree with a table of what is known: all computing.
    ("chessman", "carpets", "", ONE_CPU, {}),
    # A server of numbered questions over one connection, answered in any order: idle until some come, done long before the next.
    ("interpreter", "fractions", "", ONE_CPU, {}),
    # Matches patterns by following all places at once: all computing.
    ("tailor", "chords", "", ONE_CPU, {}),
    # A scheduler of jobs that depend on each other: works when its hour comes, as much at a time as can be, and idles until the next.
    ("sexton", "carpets", "", ONE_CPU, {}),
    # The shortest difference of two texts, again and again: all computing.
    ("proofreader", "fractions", "", ONE_CPU, {}),
    # A server of streams: one clock makes what is told, listeners are told at once; ends by a graceful shutdown.
    ("balladeer", "chords", "", ONE_CPU, {}),
    # Futures on a pool of two: always some jobs ahead, so that both workers compute; only who takes the outcomes waits.
    ("vintner", "carpets", "", BOTH, {}),
    # Three workers on a condition, for datagrams that come slower than they are worked off; closed by a broadcast.
    ("ropewalk", "fractions", "", ONE_CPU, {}),
    # Two islands of a genetic search that send each other their best without ever waiting.
    ("beekeepers", "chords", "", BOTH, {}),
]
SEVENTH = LargeSet(
    of_set=7,
    one=[],
    alone=set(),
    pairs=[],
    healthy=HEALTHY,
    tasks=("fractions", "carpets", "chords"),
    frames=("turns", "round", "couple", "called"),
    alone_frames=("round", "called", "turns"),
    pair_frames=("turns", "called", "round"),
    loaded=(),
    confined=(),
)


def seventh_set() -> list[Program]:
    return SEVENTH.programs()
