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
    "block": SampleLayer("Blocked (pprof)", "s", Placed.WINDOW),
    "mutex": SampleLayer("Held others up by a lock (pprof)", "s", Placed.WINDOW),
    "heap": SampleLayer("Heap in use", "By", Placed.SNAPSHOT),
    "allocs": SampleLayer("Allocated", "By", Placed.WINDOW),
    "goroutine": SampleLayer("Goroutines", "", Placed.SNAPSHOT),
    "minor_fault": SampleLayer("Minor page faults", ""),
    "major_fault": SampleLayer("Major page faults", ""),
}

# SQL that holds for each sample that may be added to others: of states, such as the heap, only each process's last.
_STATES = ", ".join(f"'{name}'" for name, one in SAMPLE_LAYERS.items() if one.placed is Placed.SNAPSHOT)
LAST_STATE = (
    f"(layer IS NULL OR layer NOT IN ({_STATES}) OR (layer, pid, t_ns) IN"
    f" (SELECT (layer, pid, max(t_ns)) FROM stacks WHERE layer IN ({_STATES}) GROUP BY layer, pid))"
)

_BYTES = {"heap", "alloc", "allocs", "inuse", "memory", "space", "bytes"}
_COUNTS = {
    "goroutine", "goroutines", "objects", "count", "fault", "faults", "threadcreate", "switches",
}  # fmt: skip


def sample_layer(name: str) -> SampleLayer:
    """The layer of this name; of one that is not godyno's, the unit is read from the words of its name, else seconds."""
    found = SAMPLE_LAYERS.get(name)
    if found is None:
        words = set(name.lower().replace("-", "_").replace(".", "_").split("_"))
        unit = "By" if words & _BYTES and "objects" not in words else "" if words & _COUNTS else "s"
        found = SampleLayer(name or "Samples", unit)
    return found
