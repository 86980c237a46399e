"""What was not recorded and would have told more."""

from __future__ import annotations

from typing import Any

from godyno.diagnose.why.lanes import Lanes
from godyno.diagnose.why.looks import Looks
from godyno.diagnose.why.stacks import Stacks


def missing(capture: Any, lanes: Lanes, stacks: Stacks, looks: Looks, programs: bool) -> list[str]:
    """What was not recorded and would have told more; ``programs`` says that there are Go programs other than those that build."""
    out = []
    recorded = {one.name for one in capture.manifest.probes if one.availability}
    deep = {"scheduler", "syscalls"} <= recorded
    if not stacks.has_cpu and "cpu_samples" in recorded:
        out.append("No CPU sample fell on it: while it was recorded it hardly ran, or not at all.")
    elif not stacks.has_cpu:
        out.append("Without CPU samples (--level standard) it is not known what ran on the CPU.")
    if not stacks.has_sleeps and deep:
        if "attached" in capture.manifest.notes:
            out.append("It was never seen to go to sleep: what it slept in had begun before the recording.")
    elif not stacks.has_sleeps and looks.times:
        out.append(
            "Without --level deep what threads slept in was looked at now and then: short waits are shares, not sights."
        )
    elif not stacks.has_sleeps:
        out.append(
            "Without --level deep it is not known what threads slept in: disk, network, timers and locks look alike."
        )
    if not lanes.traced and looks.any_goroutines:
        out.append(
            "Without --instrument what goroutines waited for was looked at now and then, and who ended their waits is a guess."
        )
    elif not lanes.traced and (programs or not (stacks.has_sleeps or deep or looks.times)):
        out.append(
            "Without --instrument it is not known what goroutines waited for: locks, channels and timers are guessed from threads."
        )
    return out
