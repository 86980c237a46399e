"""The answer of a capture that holds no threads' states, by its looks alone (``--level light``); how far it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from godyno import units
from godyno.diagnose.processes import Process
from godyno.diagnose.why.attribution import FEW_LOOKS, Attribution, Segment
from godyno.diagnose.why.averages import Averages
from godyno.diagnose.why.c_calls import tell_c_calls
from godyno.diagnose.why.disks import Disks
from godyno.diagnose.why.feeds import until_wanted
from godyno.diagnose.why.glimpses import Glimpses
from godyno.diagnose.why.lanes import Lanes
from godyno.diagnose.why.looks import Looks
from godyno.diagnose.why.programs import GO_TOOLS
from godyno.diagnose.why.refine import Refine
from godyno.diagnose.why.servers import Servers
from godyno.diagnose.why.sightings import Sightings, draws
from godyno.diagnose.why.sleeps import Sleeps
from godyno.diagnose.why.stacks import Stacks

_ADDS = (
    "--level standard adds which functions computed (and how much of that was garbage collection), who had the CPUs when, and every wait "
    "of a thread; --level deep with --instrument, as `godyno why -- COMMAND` records, every wait of a goroutine."
)
_NOT_LOOKED = f"Neither threads' states nor looks at them were recorded, so nothing is known: {_ADDS}"


def by_looks(
    capture: Any, lanes: Lanes, stacks: Stacks, lives: Sequence[Process], root: Process | None, empty: Attribution, of: int
) -> Attribution:  # fmt: skip
    """``empty`` with its path; ``of`` is the process that was asked for by name."""
    begin, end, cpus = empty.t_start_ns, empty.t_end_ns, empty.cpus
    sleeps = Sleeps(lanes, stacks, lives)
    looks = Looks(capture, lanes, stacks, sleeps.waited_for, cpus)
    if root is None or not looks.times:
        return replace(empty, segments=(Segment(begin, end, "unknown"),), missing=(_NOT_LOOKED,))
    averages = Averages(capture, lanes, cpus, lives)
    sightings = Sightings(capture, looks, stacks)
    glimpsed = Glimpses(sightings, stacks, lives, averages).path(root, begin, end)
    pieces = until_wanted(glimpsed, sleeps, Servers(lanes, stacks), end - begin)
    go = {pid for pid, layer in looks.times if layer == "goroutine_seen"}
    go |= {one.pid for one in lives if one.kind in GO_TOOLS}
    refine = Refine(capture, lanes, stacks, averages, lives, frozenset(go), of)
    segments = Disks(capture, lives).told(refine.segments(pieces))
    tell_c_calls(capture, segments)
    count = len(sightings.told_ns)
    told = f"It was looked at now and then from outside, which tells shares, not moments. {_ADDS}"
    if count < FEW_LOOKS:
        short = f"It took {units.show_seconds(empty.wall_s)}, into which {count} looks fell: too few for more than a guess. "
        told = short + _ADDS
    return replace(
        empty, segments=tuple(segments), missing=(told,), ran_s=averages.ran_s,
        looks=count, draws=draws(sightings.told_ns),
    )  # fmt: skip
