"""The study ``scheduler``: events timed inside one process each, across Go versions, idle and loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from godyno.model import Finding, Trial
from godyno.studies.library.scheduler.conclusions import concluded
from godyno.studies.own_program import OwnProgram
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import BaseStudy
from godyno.toolchain import Go

EVENTS: Mapping[str, str] = {
    "handoff": "two goroutines hand a token to each other, mean of 400 hand-overs",
    "wake": "woken over a channel by a goroutine that works on",
    "steal": "one goroutine makes 64, from the go statement to the first instruction",
    "preempt": "waits for loops without calls on every processor",
    "timer": "how late a sleep of 1 ms ends",
    "syscall": "how late a system call that blocks for 200 µs is returned from",
    "gc": "as wake, with the collector at work",
}
_SECONDS, _RARE_SECONDS = 0.25, 0.6
_RARE = ("preempt", "timer")
ALL = "all"


class Scheduler(BaseStudy):
    """Goroutine scheduling latencies as distributions, across Go versions, on an idle and a loaded machine."""

    name = "scheduler"
    summary = "How long do goroutines wait: wake-up, handoff, steal, preemption, timers, GC; and across Go versions?"
    factors: ClassVar = {
        "go": ("newest", "1.21", "1.24"), "event": tuple(EVENTS), "load": ("idle", "loaded"), "procs": (ALL,),
    }  # fmt: skip
    quick_factors: ClassVar = {"go": ("newest", "1.21"), "load": ("idle",)}
    choices: ClassVar = {"event": tuple(EVENTS), "load": ("idle", "loaded")}
    about: ClassVar = {
        "go": "versions (fetched once), newest, or own",
        "event": "; ".join(f"{name}: {text}" for name, text in EVENTS.items()),
        "load": "loaded: twice as many goroutines as processors compute for 20 µs and yield",
        "procs": "GOMAXPROCS, or all",
    }
    takes_s = 240.0
    prepare_s, run_s = 1.0, 0.6
    blocks = 8
    quick_blocks = 6
    sure = (
        "each trial is a process of its own and gives a whole distribution; what is shown is the median over processes of each "
        "process's quantile, trials interleaved. What the operating system and other programs do is in every figure."
    )
    cannot_say: ClassVar = (
        "anything of Apple Silicon: it was not tried, for want of such a machine; performance and efficiency cores are not told apart.",
        "how long single events of /sched/latencies took: it counts one in eight, in buckets of 20 to 50 %, so only quantiles are shown.",
    )

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """The program is built with each Go when it is first needed."""
        here = f"{stand.machine.os}/{stand.machine.cpu.arch}"
        program = OwnProgram(
            stand, "schedcost", "godyno.studies.library.scheduler.program",
            facts=lambda go, program: {"source": _optimised(go), "machine": here},
        )  # fmt: skip

        def trial(slot: Slot) -> Trial:
            event, procs = slot.levels["event"], slot.levels["procs"]
            seconds = _RARE_SECONDS if event in _RARE else _SECONDS
            return program.trial(
                slot,
                (event, slot.levels["load"], str(seconds)),
                {} if procs == ALL else {"GOMAXPROCS": procs},
            )

        yield trial

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Distributions, versions beside each other, the source's claims."""
        return concluded(self, trials)


def _optimised(go: Go) -> str:
    """Whether this Go's own scheduler has the branch that the source shows: ``yes``, ``no``, or empty where it cannot be read."""
    try:
        text = Path(go.goroot, "src", "runtime", "proc.go").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "yes" if "isM1Optimized" in text or "CacheLineSize == 128" in text else "no"
