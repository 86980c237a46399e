"""Names for what disturbed a run, from what was counted beside it; each with the time that it cost.

A cause is named when its own counter says so: beyond a floor that makes it worth naming, and beyond what runs on this machine show when it
is quiet, where such runs are given. Counters overlap – a throttled thread also waits in the run queue, a run short of memory also
reads – so rules are ordered, and what a stronger cause explains is taken off the weaker one's account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from godyno.model import Record
from godyno.stats.sample import MAD_TO_SD

Counters = Mapping[str, float]

# What may be counted beside a run; every one may be missing. Seconds are over the run and all its threads.
COUNTERS = {
    "wall_s": "the run's duration",
    "cpus": "processors that it could use",
    "throttled_s": "time that its cgroup was held back by the quota (cpu.stat, wall)",
    "steal_s": "time that the hypervisor gave to others (/proc/stat, all processors)",
    "run_delay_s": "time that its threads were runnable and waited (schedstat)",
    "other_cpu_s": "CPU time that processes outside its tree used",
    "memory_stall_s": "time that some task was stalled on memory (PSI some, total)",
    "io_stall_s": "time that some task was stalled on I/O (PSI some, total)",
    "refaults": "pages read again shortly after they were evicted (workingset_refault)",
    "major_faults": "page faults that needed a read",
    "read_bytes": "bytes that it read from storage itself",
    "other_io_bytes": "bytes that others moved to and from storage",
    "block_delay_s": "time that its threads waited for storage (delay accounting)",
    "hz": "mean frequency of the processors that it ran on",
    "thermal_events": "thermal throttling events of the processors",
}


@dataclass(frozen=True, slots=True)
class Cause(Record):
    """A named disturbance. ``cost_s`` is wall time, where the counter is of wall time or can be divided by the processors."""

    name: str
    cost_s: float
    share: float
    because: str


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    needs: tuple[str, ...]
    cost_s: Callable[[Counters], float]  # seconds of wall lost
    floor: float  # share of wall below which it is not named
    because: str  # formatted with the counters


def _neighbour_wait(run: Counters) -> float:
    waited = run["run_delay_s"] / max(run.get("cpus", 1.0), 1.0)
    # Waiting behind one's own threads is no neighbour: only as much as others really ran can be their doing.
    others = run["other_cpu_s"] / max(run.get("cpus", 1.0), 1.0)
    return max(0.0, min(waited, others) - run.get("throttled_s", 0.0))


def _foreign_io(run: Counters) -> float:
    moved = run["other_io_bytes"] + run.get("read_bytes", 0.0)
    return run["io_stall_s"] * run["other_io_bytes"] / moved if moved > 0 else 0.0


def _cold_reads(run: Counters) -> float:
    if run.get("refaults", 0.0) * 4096 > 0.3 * run["read_bytes"]:
        return 0.0  # these pages were here: memory pressure, not cold caches
    moved = run.get("other_io_bytes", 0.0) + run["read_bytes"]
    stall = run.get("block_delay_s", run.get("io_stall_s", 0.0))
    return stall * run["read_bytes"] / moved if moved > 0 else 0.0


_RULES = (
    _Rule("cpu quota", ("throttled_s",), lambda run: run["throttled_s"], 0.01, "throttled for {throttled_s:.3g} s"),
    _Rule(
        "steal", ("steal_s",), lambda run: run["steal_s"] / max(run.get("cpus", 1.0), 1.0), 0.01,
        "the hypervisor took {steal_s:.3g} s",
    ),
    _Rule(
        "neighbours", ("run_delay_s", "other_cpu_s"), _neighbour_wait, 0.02,
        "waited {run_delay_s:.3g} s for a processor while others used {other_cpu_s:.3g} s of CPU",
    ),
    _Rule(
        "memory pressure", ("memory_stall_s",), lambda run: run["memory_stall_s"], 0.01,
        "stalled {memory_stall_s:.3g} s on memory",
    ),
    _Rule("cold caches", ("read_bytes",), _cold_reads, 0.01, "read {read_bytes:.3g} B from storage"),
    _Rule(
        "disk load", ("io_stall_s", "other_io_bytes"), _foreign_io, 0.02,
        "stalled {io_stall_s:.3g} s on I/O while others moved {other_io_bytes:.3g} B",
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
        if any(name not in run for name in rule.needs):
            continue
        cost = min(rule.cost_s(run), wall_s)
        usual = _usual(rule, quiet)
        if cost > max(rule.floor * wall_s, usual * wall_s):
            found.append(Cause(rule.name, cost, cost / wall_s, rule.because.format(**run)))
    found += _frequency(run, quiet, wall_s)
    return sorted(found, key=lambda cause: -cause.cost_s)


def _usual(rule: _Rule, quiet: Sequence[Counters]) -> float:
    """The share of wall that quiet runs may lose to this cause."""
    shares = [
        rule.cost_s(run) / run["wall_s"]
        for run in quiet
        if run.get("wall_s", 0.0) > 0 and all(name in run for name in rule.needs)
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
    if run.get("hz", 0.0) > 0 and len(usual) >= 5:
        normal = float(np.median(usual))
        lost = 1 - run["hz"] / normal
        if lost > max(0.03, 5 * MAD_TO_SD * float(np.median(np.abs(np.array(usual) - normal))) / normal):
            text = f"ran at {run['hz'] / 1e9:.2f} GHz instead of {normal / 1e9:.2f}"
            found.append(Cause("low frequency", lost * wall_s, lost, text))
    return found


def missing(run: Counters) -> list[str]:
    """The causes that cannot be told from this run's counters, each with what would be needed."""
    lacking = [
        f"{rule.name}: {', '.join(name for name in rule.needs if name not in run)}"
        for rule in _RULES
        if any(name not in run for name in rule.needs)
    ]
    lacking += [
        f"{name}: {counter}"
        for name, counter in (("low frequency", "hz"), ("thermal limit", "thermal_events"))
        if counter not in run
    ]
    return lacking
