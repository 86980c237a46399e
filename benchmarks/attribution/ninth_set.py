"""A ninth set of programs that are held out: healthy ones, in other shapes than in the sets before, and pairs of plants of earlier sets.

Written by one who had seen neither the attribution's code nor what it answers, with its truth laid down before anything was recorded. It is
judged once, by the code as it was then, and never tuned on.

Beside each healthy program stands why nothing in it is to be mended: 10 compute or do a batch of honest work, 14 mostly wait by design for
what comes or falls due. Of the pairs the plants and what else names them are those of the sets they come from; the combinations are new.
"""

from __future__ import annotations

from typing import Any

import eighth_set  # type: ignore[import-not-found]
import fourth_set  # type: ignore[import-not-found]
import sixth_set  # type: ignore[import-not-found]
from catalogue import Planted, Program
from large_set import BOTH, ONE_CPU, LargeSet  # type: ignore[import-not-found]

# The first takes half of the wall time, the second 28 %. No pair in which one name could stand for both.
PAIRS = [
    # A name server that takes its time; then a sync of each slot.
    ("who_was_it", "pigeon_holes"),
    # Collections that are asked for; then connections that take their time.
    ("clean_desk", "door_to_door"),
    # A handshake for each parcel; then a pipe into which another writes slowly.
    ("own_courier", "hatch"),
    # Calls of the kernel that never wait; then news for which a select waits.
    ("door_knob", "news_stand"),
    # A condition; then replies of a mail server.
    ("bread_ration", "post_office"),
    # A tool for each paper; then a lock whose holder tells a server.
    ("old_papers", "pigeon_loft"),
    # Work in C; then a sync of each record.
    ("foreign_tongue", "chain_letter"),
    # A sleep after each time that a lock was not free; then pages that are read from the disk.
    ("bathroom_door", "shelf_cache"),
]
PAIRED = {unit for pair in PAIRS for unit in pair}
BORROWED: list[Planted] = [
    cause for cause in fourth_set.ONE + sixth_set.ONE + eighth_set.ONE if cause.unit in PAIRED
]
HEALTHY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    # Token buckets asked for over a socket of datagrams: idle until somebody asks, answered at once; whoever has none left is told so.
    ("weighhouse", "ballots", "", ONE_CPU, {}),
    # Logs that lie packed in files of the page cache are unpacked and summed up: all computing, in rooms that are used again.
    ("bargeman", "terraces", "", ONE_CPU, {}),
    # A broker of topics: idle until one of four says something, acknowledged at once; who is slow misses words instead of delaying others.
    ("village_square", "knights", "", ONE_CPU, {}),
    # Writes an archive in large pieces and proves it: mostly computing; never synced, as it is thrown away.
    ("removers", "ballots", "", ONE_CPU, {}),
    # A log shipper: looks by a clock at a file that grows slowly, and ships lots by size or age, as meant, to one who takes them at once.
    ("carrier", "terraces", "", ONE_CPU, {}),
    # Rows into columns: all computing, with buffered files of the page cache, garbage collected seldom by its own setting.
    ("pigeonholer", "knights", "", ONE_CPU, {}),
    # A member of a consumer group: records come slower than they are worked off; heartbeats and commits go beside, nobody waits for them.
    ("choirboy", "ballots", "", ONE_CPU, {}),
    # Groups points: two take small lots until none is left, so that who is done first waits for the last lot only.
    ("constellations", "terraces", "", BOTH, {}),
    # Takes mail in: idle until somebody brings a letter, each kept long before the next; buffered, and flushed once for each letter.
    ("poste_restante", "knights", "", ONE_CPU, {}),
    # A tree in a file with as many pages at hand as it has: nearly all computing, written once for each tree, never synced.
    ("herbarium", "ballots", "", ONE_CPU, {}),
    # A crawler that keeps the pace its host asks for; the host answers at once, and to go faster would be rude.
    ("pilgrim", "terraces", "", ONE_CPU, {}),
    # Sets marked text as HTML: all computing, into a buffer that is used again.
    ("typesetter", "knights", "", ONE_CPU, {}),
    # A host of a plugin in a process of its own, asked through pipes only when a visitor asks, and answering in microseconds; else idle.
    ("oracle", "ballots", "", ONE_CPU, {}),
    # Encodes and decodes messages of numbered fields: all computing, in rooms that are used again.
    ("telegraphist", "terraces", "", ONE_CPU, {}),
    # A follower of a leader: idle until it hears of him, which is by a clock; does what is settled long before the next comes.
    ("vassal", "knights", "", ONE_CPU, {}),
    # Makes a site by templates and writes only the pages that have changed: all computing, garbage collected seldom by its own setting.
    ("guidebook", "ballots", "", ONE_CPU, {}),
    # Burns one worker in for a prescribed time, looks at it by a clock and stops it: it could not be shorter; nothing else is to do.
    ("kiln", "terraces", "", ONE_CPU, {}),
    # Two ends of a sealed connection at full speed, one a few pieces ahead: both hash, seal and compute, a handshake in all.
    ("confessional", "knights", "", BOTH, {}),
    # An agent that signs for those of the house: idle until asked, done in well under a millisecond; ends with the session.
    ("notary", "ballots", "", ONE_CPU, {}),
    # Boosts simple learners, sorted beforehand: all computing.
    ("wine_tasters", "terraces", "", ONE_CPU, {}),
    # Reads a serial line: idle until the device says something, at the device's own pace.
    ("tide_wire", "knights", "", ONE_CPU, {}),
    # A filter behind tail -f: idle until a line comes; tail lives as long as it by design, and each line is shown at once as is meant.
    ("sluice", "ballots", "", ONE_CPU, {}),
    # Keeps a clock right: asks by a clock two servers that answer at once; nothing is to be done in between.
    ("sundial", "terraces", "", ONE_CPU, {}),
    # Governs a fan: looks by a clock, works out what to do within a millisecond, and idles until the next look.
    ("bellows_boy", "knights", "", ONE_CPU, {}),
]
NINTH = LargeSet(
    of_set=9,
    one=[],
    alone=set(),
    pairs=PAIRS,
    healthy=HEALTHY,
    tasks=("ballots", "terraces", "knights"),
    frames=("chapters", "kitchen", "visitor"),
    alone_frames=("chapters", "kitchen", "visitor"),
    pair_frames=("chapters", "kitchen", "visitor"),
    loaded=(),
    confined=(),
    borrowed=BORROWED,
)


def ninth_set() -> list[Program]:
    return NINTH.programs()
