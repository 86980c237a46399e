"""A sixth set of programs that are held out: mostly healthy ones, and plants as real programs have them, in other shapes than before.

Written by one who had seen neither the attribution's code nor what it answers, with its truth and what else names it laid down before
anything was recorded. It is judged once, by the code as it was then, and never tuned on.

What a synonym stands for is said beside it; where none is given, none is meant. Beside each healthy program stands why nothing in it is to
be mended.
"""

from __future__ import annotations

from typing import Any

from catalogue import Planted, Program
from large_set import BOTH, ONE_CPU, LargeSet  # type: ignore[import-not-found]

ONE = [
    # Lazily fetched by a sync.OnceValues that others wait for: whoever fetches waits for a server, but a lock is a lock.
    Planted("house_keys", "lock"),
    Planted("by_laws", "lock"),  # a RWMutex, read through sync.Locker; its writer computes
    Planted("log_book", "lock"),  # the one within log.Logger; whoever has it sleeps in the log's writer
    Planted("one_pen", "channel", also=("fsync",)),  # a reply is waited for, and who gives it for the disk
    Planted("news_stand", "select", also=("sleep",)),  # whoever sends sleeps before
    Planted("four_chests", "waitgroup", also=("fsync",)),  # all who are waited for wait for the disk
    # A condition is waited for, its lock taken with it, and those who fulfil it sleep.
    Planted("bread_ration", "cond", also=("lock", "sleep")),
    Planted("turn_stile", "sleep", also=("select",)),  # a select in which nothing but the timer ever fires
    Planted("milk_pan", "sleep"),
    Planted("page_by_page", "net.wait"),
    Planted("post_office", "net.wait"),
    Planted("new_address", "net.dns"),
    # Three are waited for, and all of them for a connection.
    Planted("three_bells", "net.connect", also=("waitgroup",)),
    Planted("own_courier", "net.tls"),
    Planted("four_streams", "disk.read", cold=True),
    # sync_file_range: both names say what it does. Two fifths of it are the kernel's own, which copies and maps blocks.
    Planted("cargo_hold", "disk.write", also=("fsync",), within=0.6),
    Planted("pigeon_holes", "fsync"),
    Planted("wall_map", "fault.disk", cold=True),
    Planted("clean_desk", "gc"),
    Planted("door_knob", "kernel"),
    Planted("old_scribe", "cgo"),
    Planted("old_papers", "child"),
    Planted("hatch", "pipe"),
    Planted("heirloom", "start.init"),
    Planted("busy_yard", "run.own", within=0.85, levels=(12, 12, 12)),
    Planted("guest_names", "cpu.go"),
]
ALONE = {
    "one_pen", "four_chests", "cargo_hold", "pigeon_holes", "wall_map", "clean_desk", "old_papers", "hatch", "heirloom", "busy_yard",
}  # fmt: skip
# No pair in which one name could stand for both.
PAIRS = [
    ("pigeon_holes", "milk_pan"), ("by_laws", "page_by_page"), ("new_address", "door_knob"), ("old_papers", "wall_map"),
    ("old_scribe", "turn_stile"), ("own_courier", "one_pen"), ("three_bells", "four_streams"), ("heirloom", "bread_ration"),
    ("hatch", "log_book"), ("post_office", "clean_desk"),
]  # fmt: skip
HEALTHY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    # An exporter: idle until its clock or a scraper comes; nothing waits for it for long.
    ("parish_clerk", "hulls", "", ONE_CPU, {}),
    # A subscriber: idle until a broker pushes, each push is done long before the next; the broker ends it.
    ("listener", "stairs", "", ONE_CPU, {}),
    # A consumer of server-sent events: there is nothing to do between two of them; the stream's end ends it.
    ("serial_story", "medians", "", ONE_CPU, {}),
    # A statsd-like daemon: idle until a datagram comes, its lock held for microseconds, flushed by a clock.
    ("tide_gauge", "tilings", "", ONE_CPU, {}),
    # A syslog-like daemon: idle until one of three clients writes a line; buffered writes; ended by a signal.
    ("ear_trumpet", "rotors", "", ONE_CPU, {}),
    # A file tailer: looks by a clock and works off what came; between two looks nothing is to be done.
    ("shadow", "hulls", "", ONE_CPU, {}),
    # A watcher of files by inotify: idle until something happens there; ends when the file is gone.
    ("watchman", "medians", "", ONE_CPU, {}),
    # A leader: works by a clock and renews its lease beside; the renewal is waited for by nobody.
    ("crown", "stairs", "", ONE_CPU, {}),
    # A terminal's loop: idle until a key is pressed or it is time to redraw; a key ends it.
    ("organist", "tilings", "", ONE_CPU, {}),
    # A cron-like daemon: one timer for whatever is due first.
    ("bailiff", "rotors", "", ONE_CPU, {}),
    # Computes all along; connections are kept alive and used by others beside, for whom nobody waits.
    ("stable", "medians", "", ONE_CPU, {}),
    # A chat's hub: idle until one of four writes; nobody is waited for (who is slow misses words); the clients end it.
    ("taproom", "stairs", "", ONE_CPU, {}),
    # An RPC service at the pace of its only caller, whose calls do not overlap; so many calls end it.
    ("switchboard", "hulls", "", ONE_CPU, {}),
    # A receiver of webhooks that handles them in batches, by size or by age, as is meant; small buffered writes.
    ("post_bag", "tilings", "", ONE_CPU, {}),
    # A reverse proxy to a server that answers at once: idle until asked.
    ("go_between", "rotors", "", ONE_CPU, {}),
    # A wheel of timers, moved by one clock.
    ("town_clock", "medians", "", ONE_CPU, {}),
    # Computes all along; a signal now and then has it read three lines anew.
    ("weather_vane", "tilings", "", ONE_CPU, {}),
    # Many who are woken by clocks of their own, as devices are, and one who sums up what they say.
    ("anglers", "stairs", "", ONE_CPU, {}),
    # Three nodes that tell each other by a clock that they are alive.
    ("lighthouses", "hulls", "", ONE_CPU, {}),
    # A web service that packs its pages, at the pace of those who ask; ended by a signal.
    ("copyist", "tilings", "", ONE_CPU, {}),
    # A filter on a picture: two workers who take strips until none is left, a thousandth of a pass apart.
    ("glaziers", "rotors", "", BOTH, {}),
    # Seals, signs, verifies: all computing.
    ("locksmith", "medians", "", ONE_CPU, {}),
    # A linter: parses and walks; garbage is collected seldom, by its own setting.
    ("grammarian", "stairs", "", ONE_CPU, {}),
    # The game of life on words of bits: all computing.
    ("ants", "hulls", "", ONE_CPU, {}),
    # An interpreter that allocates nothing: all computing.
    ("schoolmaster", "tilings", "", ONE_CPU, {}),
    # Dynamic programming with a memory in a map that is used again: all computing; ends with its work.
    ("packer", "rotors", "", ONE_CPU, {}),
    # Backtracking: all computing.
    ("puzzler", "medians", "", ONE_CPU, {}),
    # Builds an index of suffixes and looks things up in it: all computing, little garbage.
    ("concordance", "stairs", "", ONE_CPU, {}),
    # A ray tracer: two busy workers, fed and emptied by channels on which only the feeder and the collector wait.
    ("lantern", "hulls", "", BOTH, {}),
    # Map and reduce: two workers with as much to do in each phase.
    ("gleaners", "tilings", "", BOTH, {}),
    # Actors in a ring: one of them works at any time, as only one thing is to be done at a time.
    ("carousel", "rotors", "", ONE_CPU, {}),
    # A simulation of events by a heap: all computing.
    ("fairground", "medians", "", ONE_CPU, {}),
    # Generators that are pulled (coroutines): one of them computes at any time.
    ("storytellers", "stairs", "", ONE_CPU, {}),
    # A cache that two share: its lock is held for a thousandth of the time between two uses.
    ("cupboard", "hulls", "", BOTH, {}),
    # An index that two read under a lock for readers, for a small part of their time; it is written seldom, for microseconds.
    ("land_register", "tilings", "", BOTH, {}),
    # A store whose log is written by another goroutine ten times a second; nobody waits for it.
    ("scribe", "rotors", "", ONE_CPU, {}),
    # Streams through pipes within the program: somebody computes all along, with what overlap the pipes give.
    ("bookbinder", "medians", "", BOTH, {}),
    # Reads XML token by token; garbage is collected seldom, by its own setting.
    ("genealogist", "stairs", "", ONE_CPU, {}),
    # A tool that reads a file it has in the page cache, line by line, and computes; ends with its work.
    ("almoner", "hulls", "", ONE_CPU, {}),
    # Codes and decodes: all computing.
    ("knots", "tilings", "", ONE_CPU, {}),
    # Two who steal work from each other: never idle, their locks held for nanoseconds.
    ("poachers", "medians", "", BOTH, {}),
    # Two who throw dice and hand on one number in a while to one who always takes it.
    ("dicers", "stairs", "", BOTH, {}),
]
SIXTH = LargeSet(
    of_set=6,
    one=ONE,
    alone=ALONE,
    pairs=PAIRS,
    healthy=HEALTHY,
    tasks=("hulls", "stairs", "rotors", "tilings", "medians"),
    frames=("turns", "round", "couple", "called"),
    alone_frames=("round", "called", "turns"),
    pair_frames=("turns", "called", "round"),
    loaded=(("hulls", "couple"),),
    confined=(("rotors", "turns"),),
)


def sixth_set() -> list[Program]:
    return SIXTH.programs()
