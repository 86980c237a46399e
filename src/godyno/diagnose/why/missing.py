"""What was not recorded and would have told more."""

from __future__ import annotations

from typing import Any

from godyno.diagnose.why.lanes import Lanes
from godyno.diagnose.why.looks import Looks
from godyno.diagnose.why.stacks import Stacks
from godyno.formats.gocommand import go_command
from godyno.prose import quoted


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
    how = "" if lanes.traced else _instrumented(capture)
    if how and looks.any_goroutines:
        out.append(
            f"What goroutines waited for was looked at now and then, and who ended their waits is a guess. {how}"
        )
    elif how and (programs or not (stacks.has_sleeps or deep or looks.times)):
        out.append(
            f"It is not known what goroutines waited for: locks, channels and timers are guessed from threads. {how}"
        )
    return out


def _instrumented(capture: Any) -> str:
    """How its programs would tell of their goroutines, as commands to call; empty where it runs none that could."""
    argv = capture.manifest.workload.argv
    of_go = go_command(argv)
    if of_go is not None:
        return f"`godyno why -- {quoted(*argv)}` has them told." if of_go.runs else ""
    program = argv[0] if argv and "/" in argv[0] else "PROGRAM"  # what PATH finds is not to be built anew
    build = f"`godyno record --instrument -- go build -o {quoted(program)} PACKAGE`"
    if "attached" in capture.manifest.notes or not argv:
        return f"Built by {build}, it tells them."
    return f"Built by {build}, it tells them: `godyno why -- {quoted(*argv)}` then."
