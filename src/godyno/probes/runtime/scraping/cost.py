"""What being scraped costs a program, by its own profiles: the share of its CPU time and of what it allocated in the code that
makes profiles and traces. It is a lower bound: what the runtime does for a trace inside of other functions is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from godyno.formats.pprof import Profile, ValueType

_CPU, _ALLOCATED = ValueType("cpu", "nanoseconds"), ValueType("alloc_space", "bytes")
_PREFIXES = (
    "net/http/pprof.", "runtime/pprof.", "runtime/trace.", "runtime.trace", "runtime.(*trace", "internal/trace.",
)  # fmt: skip


@dataclass
class ProgramCost:
    """Adds up over profiles."""

    cpu_ns: int = 0
    all_cpu_ns: int = 0
    allocated: int = 0
    all_allocated: int = 0

    def cpu(self, found: Profile) -> None:
        """A CPU profile more."""
        own, every = _shares(found, _CPU)
        self.cpu_ns += own
        self.all_cpu_ns += every

    def allocations(self, found: Profile, before: Profile) -> None:
        """What was allocated since ``before``."""
        own, every = _shares(found, _ALLOCATED)
        own_before, every_before = _shares(before, _ALLOCATED)
        self.allocated += max(0, own - own_before)
        self.all_allocated += max(0, every - every_before)

    def told(self) -> dict[str, Any]:
        """For the manifest: seconds, bytes, and shares of the program's own."""
        out: dict[str, Any] = {}
        if self.all_cpu_ns:
            out |= {"cpu_s": self.cpu_ns * 1e-9, "cpu_share": round(self.cpu_ns / self.all_cpu_ns, 5)}
        if self.all_allocated:
            out |= {
                "allocated_bytes": self.allocated,
                "allocated_share": round(self.allocated / self.all_allocated, 5),
            }
        return out


@cache
def _is_ours(function: str) -> bool:
    return function.startswith(_PREFIXES)


def _shares(found: Profile, kind: ValueType) -> tuple[int, int]:
    """The sum over stacks that make profiles, and over all."""
    if kind not in found.sample_types:
        return 0, 0
    at = found.sample_types.index(kind)
    ours = [any(_is_ours(frame.function) for frame in location.frames) for location in found.locations]
    own = every = 0
    for sample in found.samples:
        value = sample.values[at]
        every += value
        if any(ours[index] for index in sample.stack):
            own += value
    return own, every
