"""When a group was throttled: its cpu.stat looked at every half millisecond, from outside of the group.

The kernel adds to the throttled time when it lets a processor go on, at the end of a period, and sums over processors. So a rise of D
at T means that processors were stopped for D in sum. v1 counts the group's use of each processor: the one that stood still longest was
stopped first, and the sum is shared in that proportion. v2 does not: all processors are taken to have been stopped alike.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from godyno.machine.cgroups import Group

_LOOK_S = 0.0005
_USED_NS = 1_000_000  # a processor that ran the group for less than this was not stopped with it
Interval = tuple[int, int]


@dataclass
class Watch:
    """Called with the group; ends when the group is gone.

    ``intervals`` are the times on MONOTONIC in which some processor of it was stopped, ``stops`` the same by processor, one entry a
    rise, the longest first. Whatever needs all processors waits for the first; what needs one waits for the mean.
    """

    cpus: int
    intervals: list[Interval] = field(default_factory=list)
    stops: list[tuple[Interval, ...]] = field(default_factory=list)

    def __call__(self, group: Group) -> None:
        """Looks until the group is gone."""
        directory = group.paths.get("cpu")
        if directory is None:
            return
        per_cpu = group.paths.get("cpuacct")
        stat = os.open(directory / "cpu.stat", os.O_RDONLY)
        usage = (
            os.open(per_cpu / "cpuacct.usage_percpu", os.O_RDONLY) if per_cpu and _has_per_cpu(group) else -1
        )
        try:
            known, before = throttled_ns(os.pread(stat, 4096, 0)), _used(usage)
            last, moved = (
                before,
                [0] * len(before),
            )  # each processor's use at the last look, and when it last grew
            while True:
                time.sleep(_LOOK_S)
                now, used, at = throttled_ns(os.pread(stat, 4096, 0)), _used(usage), time.monotonic_ns()
                if now > known:
                    still = [
                        at - one for one, a, b in zip(moved, before, used, strict=False) if b - a > _USED_NS
                    ]
                    self.add(at, now - known, still)
                    known, before = now, used
                moved = [at if b > a else one for one, a, b in zip(moved, last, used, strict=False)]
                last = used
        except OSError:
            return  # the group is gone
        finally:
            os.close(stat)
            if usage >= 0:
                os.close(usage)

    def add(self, at_ns: int, rise_ns: int, still_ns: Sequence[int] = ()) -> None:
        """A rise of the throttled time, seen at ``at_ns``; ``still_ns`` is how long each processor that was used had stood still."""
        total, count = sum(still_ns), max(1, self.cpus)
        shares = [rise_ns * one // total for one in still_ns] if total > 0 else [rise_ns // count] * count
        self.stops.append(tuple((at_ns - one, at_ns) for one in sorted(shares, reverse=True)))
        self.intervals.append(self.stops[-1][0])


def _has_per_cpu(group: Group) -> bool:
    return (group.paths["cpuacct"] / "cpuacct.usage_percpu").exists()


def _used(descriptor: int) -> list[int]:
    return [int(word) for word in os.pread(descriptor, 65536, 0).split()] if descriptor >= 0 else []


def throttled_ns(stat: bytes) -> int:
    """The throttled time in the text of a cpu.stat, v1 (ns) or v2 (µs); 0 where there is none."""
    for line in stat.splitlines():
        key, _, value = line.partition(b" ")
        if key == b"throttled_time":
            return int(value)
        if key == b"throttled_usec":
            return 1000 * int(value)
    return 0


def merged(intervals: Sequence[Interval]) -> list[Interval]:
    """The union, in order, without overlaps."""
    out: list[Interval] = []
    for low, high in sorted(intervals):
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return out


def mean_overlap_s(
    spans: Sequence[Interval], stops: Sequence[Sequence[Interval]], between: Interval
) -> float:
    """Seconds of ``spans`` in which a processor was stopped, a mean over those in use (``Watch.stops``, cut to ``between``)."""
    alike: dict[tuple[int, int], list[Interval]] = {}
    for one in stops:
        for at, interval in enumerate(one):
            alike.setdefault((len(one), at), []).append(interval)
    return sum(
        overlap_s(spans, merged(cut(intervals, between))) / count for (count, _), intervals in alike.items()
    )


def cut(intervals: Sequence[Interval], between: Interval) -> list[Interval]:
    """What of the intervals lies in ``between``."""
    first, last = between
    return [(max(low, first), min(high, last)) for low, high in intervals if low < last and high > first]


def overlap_s(spans: Sequence[Interval], union: Sequence[Interval]) -> float:
    """Seconds of ``spans`` that lie in ``union`` (``merged``); a moment that two spans share counts twice."""
    import bisect

    starts = [low for low, _ in union]
    total = 0
    for low, high in spans:
        for at in range(max(0, bisect.bisect_right(starts, low) - 1), len(union)):
            if union[at][0] >= high:
                break
            total += max(0, min(high, union[at][1]) - max(low, union[at][0]))
    return total * 1e-9
