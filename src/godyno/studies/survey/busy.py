"""What the rest of the machine did while runs were measured: wall times on a busy machine are not the module's fault."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path

QUIET = 0.10  # of all processors: below it other processes are not worth a word
_STAT = Path("/proc/stat")


def busy_s(stat: Path = _STAT) -> float | None:
    """CPU seconds that all processors were busy since boot, stolen time included; None where the kernel does not say.

    Busy is all but idle and iowait (proc(5)); guest time is in user time already.
    """
    try:
        words = stat.read_text(encoding="ascii").split("\n", 1)[0].split()
        user, nice, system, _, _, irq, softirq, steal = (int(word) for word in words[1:9])
    except (OSError, ValueError):
        return None
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_cpu_s() -> float:
    """CPU seconds of this process and of all that it waited for: recorder, command, sealing, a look into the capture."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


@dataclass
class Others:
    """The CPU time of everything else, summed over the runs."""

    others_s: float = 0.0
    capacity_s: float = 0.0
    _began: tuple[float, float, float] | None = field(default=None, repr=False)

    def begin(self) -> None:
        """A run begins."""
        busy = busy_s()
        self._began = None if busy is None else (time.monotonic(), busy, own_cpu_s())

    def end(self) -> None:
        """It has ended, and everything that it started was waited for."""
        busy = busy_s()
        if self._began is None or busy is None:
            return
        began_s, before_s, own_before_s = self._began
        self.others_s += max(0.0, busy - before_s - (own_cpu_s() - own_before_s))
        self.capacity_s += (time.monotonic() - began_s) * (os.cpu_count() or 1)

    @property
    def ratio(self) -> float | None:
        """Of all processors' time, how much others took; None where it is not known."""
        return self.others_s / self.capacity_s if self.capacity_s > 0 else None
