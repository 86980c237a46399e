"""The study ``scheduler``: events timed inside one process each, across Go versions, idle and loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import GodynoError, ToolchainError
from godyno.model import Finding, Trial
from godyno.studies.library.scheduler.conclusions import concluded
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import PASS, UNAVAILABLE, BaseStudy
from godyno.toolchain import Go
from godyno.toolchain.programs import build_program, program_sources

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
    blocks = 8
    quick_blocks = 6
    sure = (
        "each trial is a process of its own and gives a whole distribution; what is shown is the median over processes of each "
        "process's quantile, trials interleaved. What the operating system and other programs do is in every figure."
    )
    cannot_say: ClassVar = (
        "anything of Apple Silicon: it was not tried, for want of such a machine; performance and efficiency cores are not told apart.",
        "single events from /sched/latencies: it holds one event in eight, in buckets of 20 to 50 %, so only its quantiles are shown.",
    )

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """Reads the program's sources."""
        yield _Trials(stand, program_sources("godyno.studies.library.scheduler.program"))

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Distributions, versions beside each other, the source's claims."""
        return concluded(self, trials)


class _Trials:
    def __init__(self, stand: Stand, sources: Mapping[str, bytes]) -> None:
        self.stand, self.sources = stand, sources
        self._built: dict[str, Path | str] = {}

    def __call__(self, slot: Slot) -> Trial:
        level, event = slot.levels["go"], slot.levels["event"]
        program = self._program(level)
        if isinstance(program, str):
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(program,)
            )
        go = self.stand.go_of(level)
        seconds = _RARE_SECONDS if event in _RARE else _SECONDS
        env = {} if slot.levels["procs"] == ALL else {"GOMAXPROCS": slot.levels["procs"]}
        done = self.stand.run([str(program), event, slot.levels["load"], str(seconds)], env=env, timeout_s=60)
        if done.returncode != 0:
            raise ToolchainError(f"the scheduler program failed: {done.stderr.strip()[-200:]}")
        measures: dict[str, Any] = json.loads(done.stdout)
        here = self.stand.machine
        facts = {"go": go.version, "source": _optimised(go), "machine": f"{here.os}/{here.cpu.arch}"}
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, measures={k: float(v) for k, v in measures.items()}, facts=facts,
            verdict=PASS,
        )  # fmt: skip

    def _program(self, level: str) -> Path | str:
        """The program built with a Go, or why it cannot be."""
        if level not in self._built:
            try:
                go = self.stand.go_of(level)
                self.stand.say(f"building with {go.version}")
                self._built[level] = build_program(go, "schedcost", self.sources)
            except GodynoError as error:
                self._built[level] = str(error)
        return self._built[level]


def _optimised(go: Go) -> str:
    """Whether this Go's own scheduler has the branch that the source shows: ``yes``, ``no``, or empty where it cannot be read."""
    try:
        text = Path(go.goroot, "src", "runtime", "proc.go").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "yes" if "isM1Optimized" in text or "CacheLineSize == 128" in text else "no"
