"""The layers of samples (table ``stacks``): what a sample's weight counts, and what its instant says.

A capture keeps no unit with a weight; it follows from the layer's name, here and nowhere else.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Placed(enum.Enum):
    """What the instant of a sample says, and so what a window of time may do with it."""

    SAMPLE = "sample"  # when it was taken
    WINDOW = "window"  # the middle of a window over which its source counted, without a time for each; a span has the window
    SNAPSHOT = "snapshot"  # there was so much at that instant: what several say must not be added up


@dataclass(frozen=True, slots=True)
class SampleLayer:
    """A layer of samples: its title, the unit of a weight (``s``, ``By``, or empty for a plain count), what an instant says."""

    title: str
    unit: str
    placed: Placed = Placed.SAMPLE


# In the order in which they are shown.
SAMPLE_LAYERS: Mapping[str, SampleLayer] = {
    "cpu": SampleLayer("On-CPU", "s"),
    "pprof_cpu": SampleLayer("On-CPU (pprof)", "s", Placed.WINDOW),
    "trace": SampleLayer("On-CPU (execution trace)", "s"),
    "off_cpu": SampleLayer("Off-CPU", "s"),
    "goroutine_wait": SampleLayer("Goroutines waiting (execution trace)", "s"),
    "goroutine_seen": SampleLayer("Goroutines waiting, or in system calls (looked at)", "s"),
    "thread_seen": SampleLayer("Threads blocked in the kernel (looked at)", "s"),
    "block": SampleLayer("Blocked (pprof)", "s", Placed.WINDOW),
    "mutex": SampleLayer("Held others up by a lock (pprof)", "s", Placed.WINDOW),
    "heap": SampleLayer("Heap in use", "By", Placed.SNAPSHOT),
    "allocs": SampleLayer("Allocated", "By", Placed.WINDOW),
    "goroutine": SampleLayer("Goroutines", "", Placed.SNAPSHOT),
    "minor_fault": SampleLayer("Minor page faults", ""),
    "major_fault": SampleLayer("Major page faults", ""),
    "wakeup": SampleLayer("Who woke whom", ""),
}

# In SQL over ``stacks``: a sample that can be shown, and one that may be added up with others (of states, each process's last).
USABLE_SQL = "stack_id IN (SELECT stack_id FROM frames) AND isfinite(weight) AND weight > 0 AND t_ns BETWEEN 0 AND 4611686018427387904"
_STATES = ", ".join(f"'{name}'" for name, one in SAMPLE_LAYERS.items() if one.placed is Placed.SNAPSHOT)
SUMMABLE_SQL = (
    f"(layer IS NULL OR layer NOT IN ({_STATES}) OR (layer, pid, t_ns) IN"
    f" (SELECT (layer, pid, max(t_ns)) FROM stacks WHERE layer IN ({_STATES}) GROUP BY layer, pid))"
)

_BYTES = {"heap", "alloc", "allocs", "inuse", "memory", "space", "bytes"}
_COUNTS = {
    "goroutine", "goroutines", "objects", "count", "fault", "faults", "threadcreate", "switches", "wakeup",
}  # fmt: skip


def sample_layer(name: str) -> SampleLayer:
    """The layer of this name; of one that is not godyno's, the unit is read from the words of its name, else seconds."""
    found = SAMPLE_LAYERS.get(name)
    if found is None:
        words = set(name.lower().replace("-", "_").replace(".", "_").split("_"))
        unit = "By" if words & _BYTES and "objects" not in words else "" if words & _COUNTS else "s"
        found = SampleLayer(name or "Samples", unit)
    return found
