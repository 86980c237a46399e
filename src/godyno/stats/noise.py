"""Names for what disturbed a run, from what was counted beside it; each with the time that it cost, and within what bounds.

A cause is named when its own counter says so: beyond a floor that makes it worth naming, and beyond what runs on this machine show when it
is quiet, where such runs are given. Counters overlap – a throttled thread also waits in the run queue, a run short of memory also
reads – so what a stronger cause explains is taken off the weaker one's account. The floors were chosen on one half of the runs of
benchmarks/noise_causes.py and judged on the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from godyno import units
from godyno.model import Interval, Record
from godyno.stats.sample import MAD_TO_SD

Counters = Mapping[str, float]
Bounds = tuple[float, float, float]  # low, likely, high

# What may be counted beside a run; every one may be missing. Seconds are over the run and all its threads.
COUNTERS = {
    "wall_s": "the run's duration",
    "cpus": "processors that it could use",
    "throttled_s": "time that its cgroup was held back by the quota (cpu.stat)",
    "steal_s": "time that the hypervisor gave to others (/proc/stat, all processors)",
    "starved_s": "time that it was ready on a processor and another ran there (PSI cpu full of its cgroup)",
    "run_delay_s": "time that its threads were runnable and waited (schedstat, taskstats)",
    "other_cpu_s": "CPU time that processes outside its tree used",
    "memory_stall_s": "time that some task was stalled on memory (PSI some, its cgroup's where there is one)",
    "io_stall_s": "time that some task was stalled on I/O (PSI some, its cgroup's where there is one)",
    "refaults": "pages read again shortly after they were evicted (workingset_refault)",
    "major_faults": "page faults that needed a read",
    "read_bytes": "bytes that it read from storage itself",
    "write_bytes": "bytes that it wrote and that reached storage while it ran",
    "other_io_bytes": "bytes that others moved to and from storage",
    "block_delay_s": "time that its threads waited for storage (delay accounting)",
    "hz": "mean frequency of the processors that it ran on",
    "max_hz": "the highest that they have, turbo included",
    "thermal_events": "thermal throttling events of the processors",
}


_STALLED = 0.01  # share of wall from which on memory was short


@dataclass(frozen=True, slots=True)
class Cause(Record):
    """A named disturbance. ``cost_s`` is wall time, where the counter is of wall time or can be divided by the processors.

    ``interval`` bounds the cost: not by chance, but by what the counters leave open (what overlaps, whose bytes a disk was busy
    with, how coarse a counter is).
    """

    name: str
    cost_s: float
    share: float
    because: str
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    needs: tuple[str, ...]
    cost_s: Callable[[Counters], Bounds]  # seconds of wall lost
    floor: float  # share of wall below which it is not named
    because: str  # formatted with the counters


def _cpus(run: Counters) -> float:
    return max(run.get("cpus", 1.0), 1.0)


def _throttled(run: Counters) -> Bounds:
    # v1 and v2 add up the time of each processor on which it was held back.
    return run["throttled_s"] / _cpus(run), run["throttled_s"], run["throttled_s"]


def _steal(run: Counters) -> Bounds:
    tick_s = 0.01  # /proc/stat counts in ticks, on each processor
    likely = run["steal_s"] / _cpus(run)
    return max(0.0, likely - tick_s), likely, run["steal_s"] + tick_s


def _neighbours(run: Counters) -> Bounds:
    waited = run["starved_s"] if "starved_s" in run else run["run_delay_s"] / _cpus(run)
    waited = max(0.0, waited - run.get("throttled_s", 0.0))
    # Waiting behind one's own threads is no neighbour: only as much as others really ran can be their doing.
    others = run["other_cpu_s"]
    return min(waited, others / _cpus(run)), min(waited, others), waited


def _memory(run: Counters) -> Bounds:
    stall, io_stall = run["memory_stall_s"], run.get("io_stall_s", 0.0)
    # Reading back what was evicted is waited for as I/O, and owed to memory.
    moved = run.get("read_bytes", 0.0) + run.get("write_bytes", 0.0) + run.get("other_io_bytes", 0.0)
    again = max(0.0, io_stall - stall) * min(1.0, _refaulted_bytes(run) / moved) if moved > 0 else 0.0
    return stall, stall + again, stall + io_stall


def _refaulted_bytes(run: Counters) -> float:
    """What it read only because it had been evicted while it ran. Without a stall on memory, it was evicted before: a cold cache."""
    if run.get("memory_stall_s", 0.0) < _STALLED * run["wall_s"]:
        return 0.0
    return min(run.get("refaults", 0.0) * 4096, run.get("read_bytes", 0.0))


def _storage(run: Counters, whose: str) -> Bounds:
    """The part of the I/O stall that is owed to ``whose`` bytes; a byte of another's may weigh half to twice as much as one of its own."""
    delay = run.get("block_delay_s", 0.0)
    stall = delay if delay > 0 and whose == "read_bytes" else run.get("io_stall_s", delay)
    stall = max(0.0, stall - run.get("memory_stall_s", 0.0))
    moved = {name: run.get(name, 0.0) for name in ("read_bytes", "write_bytes", "other_io_bytes")}
    part = moved[whose] - (_refaulted_bytes(run) if whose == "read_bytes" else 0.0)
    rest = sum(moved.values()) - part
    if part <= 0:
        return 0.0, 0.0, 0.0
    return (
        stall * part / (part + 2 * rest),
        stall * part / (part + rest),
        stall * part / (part + rest / 2),
    )


_RULES = (
    _Rule("cpu quota", ("throttled_s",), _throttled, 0.02, "throttled for {throttled_s}"),
    _Rule("steal", ("steal_s",), _steal, 0.02, "the hypervisor took {steal_s}"),
    _Rule(
        "neighbours", ("starved_s|run_delay_s", "other_cpu_s"), _neighbours, 0.04,
        "was ready and waited for a processor while others used {other_cpu_s} of CPU",
    ),
    _Rule("memory pressure", ("memory_stall_s",), _memory, _STALLED, "stalled {memory_stall_s} on memory"),
    _Rule(
        "cold caches", ("read_bytes",), lambda run: _storage(run, "read_bytes"), 0.02, "read {read_bytes} from storage"
    ),
    _Rule(
        "disk load", ("io_stall_s", "other_io_bytes"), lambda run: _storage(run, "other_io_bytes"), 0.15,
        "stalled {io_stall_s} on I/O while others moved {other_io_bytes}",
    ),
)  # fmt: skip

CAUSES = (*(rule.name for rule in _RULES), "low frequency", "thermal limit")


def causes(run: Counters, quiet: Sequence[Counters] = ()) -> list[Cause]:
    """What disturbed ``run``, the costliest first; counters as in COUNTERS. Empty where nothing that was counted did.

    ``quiet``: runs of the same workload when nothing was going on (five or more help): a cause must then also exceed what they show by
    five robust standard deviations.
    """
    wall_s = run.get("wall_s", 0.0)
    if wall_s <= 0:
        return []
    found = []
    for rule in _RULES:
        if _lacking(rule, run):
            continue
        low, cost, high = (min(bound, wall_s) for bound in rule.cost_s(run))
        usual = _usual(rule, quiet)
        if cost > max(rule.floor * wall_s, usual * wall_s):
            bounds = Interval(low, high, 1.0)
            found.append(Cause(rule.name, cost, cost / wall_s, rule.because.format(**_shown(run)), bounds))
    found += _frequency(run, quiet, wall_s)
    return sorted(found, key=lambda cause: -cause.cost_s)


def _shown(run: Counters) -> dict[str, str]:
    return {name: units.show(value, "By" if name.endswith("_bytes") else "s") for name, value in run.items()}


def costs(run: Counters) -> dict[str, float]:
    """The share of the wall time that each cause may have cost, floors aside: for choosing floors, and for comparing runs."""
    wall_s = run.get("wall_s", 0.0)
    if wall_s <= 0:
        return {}
    return {rule.name: min(rule.cost_s(run)[1] / wall_s, 1.0) for rule in _RULES if not _lacking(rule, run)}


def _lacking(rule: _Rule, run: Counters) -> list[str]:
    return [names for names in rule.needs if not any(name in run for name in names.split("|"))]


def _usual(rule: _Rule, quiet: Sequence[Counters]) -> float:
    """The share of wall that quiet runs may lose to this cause."""
    shares = [
        rule.cost_s(run)[1] / run["wall_s"]
        for run in quiet
        if run.get("wall_s", 0.0) > 0 and not _lacking(rule, run)
    ]
    if len(shares) < 5:
        return 0.0
    center = float(np.median(shares))
    return center + 5 * MAD_TO_SD * float(np.median(np.abs(np.array(shares) - center)))


def _frequency(run: Counters, quiet: Sequence[Counters], wall_s: float) -> list[Cause]:
    found = []
    usual = [other["hz"] for other in quiet if other.get("hz", 0.0) > 0]
    if run.get("thermal_events", 0.0) > 0:
        found.append(Cause("thermal limit", 0.0, 0.0, f"{run['thermal_events']:.0f} thermal events"))
    hz, highest = run.get("hz", 0.0), run.get("max_hz", 0.0)
    if len(usual) >= 5:
        normal = float(np.median(usual))
        floor = max(0.03, 5 * MAD_TO_SD * float(np.median(np.abs(np.array(usual) - normal))) / normal)
    else:  # no processor holds its highest turbo on all cores, so only what is far below it says something
        normal, floor = highest, 0.3
    lost = 1 - hz / normal if hz > 0 and normal > 0 else 0.0
    if lost > floor:
        text = f"ran at {hz / 1e9:.2f} GHz instead of {normal / 1e9:.2f}"
        # What waits for memory or a disk loses less than the processor's clock does.
        found.append(Cause("low frequency", lost * wall_s, lost, text, Interval(0.0, lost * wall_s, 1.0)))
    return found


def missing(run: Counters) -> list[str]:
    """The causes that cannot be told from this run's counters, each with what would be needed."""
    lacking = [f"{rule.name}: {', '.join(_lacking(rule, run))}" for rule in _RULES if _lacking(rule, run)]
    lacking += [
        f"{name}: {counter}"
        for name, counter in (("low frequency", "hz"), ("thermal limit", "thermal_events"))
        if counter not in run
    ]
    return [line.replace("|", " or ") for line in lacking]
