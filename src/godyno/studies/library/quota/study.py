"""The study ``quota``: a program that collects garbage, under CPU quotas, with what mends it tried in turn."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from godyno.errors import FormatError, GodynoError, NotAvailableHere, ToolchainError, UsageError
from godyno.formats.gctrace import gc_cycle
from godyno.model import Availability, Finding, Machine, Trial, Workload
from godyno.studies.factors import Constraint
from godyno.studies.library.quota.commands import command_measures
from godyno.studies.library.quota.conclusions import concluded
from godyno.studies.library.quota.phases import impossible, phase_measures
from godyno.studies.library.quota.watching import Watch
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import PASS, UNAVAILABLE, BaseStudy
from godyno.toolchain.programs import build_program, program_sources, trace_decoder
from godyno.workload.limited import Limits, can_limit, run_limited

REMEDIES: Mapping[str, str] = {
    "as-it-is": "the quota, and nothing else",
    "GOMAXPROCS": "GOMAXPROCS set to the quota, rounded up",
    "GOGC=400": "fewer collections, for more memory",
    "period=10ms": "the same quota in shorter periods: stopped more often, for less long",
    "burst": "unused quota of one period may be saved up",
    "double": "twice the quota",
}
UNLIMITED = "none"
_SECONDS, _QUICK_SECONDS = 2.0, 1.5
_PERIOD_S, _SHORT_S = 0.1, 0.01


class Quota(BaseStudy):
    """How a CPU quota lengthens garbage collection's pauses, how much of it is throttling, and what mends it."""

    name = "quota"
    summary = (
        "What does a CPU quota do to garbage collection's pauses and to latency, and which setting mends it?"
    )
    factors: ClassVar = {
        "go": ("newest", "1.24"), "quota": (UNLIMITED, "200", "100", "50", "20"), "remedy": tuple(REMEDIES),
    }  # fmt: skip
    quick_factors: ClassVar = {
        "go": ("newest",), "quota": (UNLIMITED, "100", "20"), "remedy": ("as-it-is", "GOMAXPROCS"),
    }  # fmt: skip
    choices: ClassVar = {"remedy": tuple(REMEDIES)}
    about: ClassVar = {
        "go": "versions (fetched once), newest, or own",
        "quota": "in percent of one CPU; none is no quota",
        "remedy": "; ".join(f"{name}: {text}" for name, text in REMEDIES.items()),
        "command": "a command of yours that is run instead, where you stand, such as 'go build -a ./...': its wall time is what counts",
        "within": "percent by which the p99 (or the wall time) may be longer than without a quota, for the quota that is recommended (20)",
    }
    takes_s = 285.0
    quick_s = 55.0
    blocks = 8
    quick_blocks = 6
    sure = (
        "each trial is a process in a cgroup of its own; arms are interleaved in shuffled blocks. Pauses and assists come from the "
        "program's execution trace, on the same clock as the looks at cpu.stat, half a millisecond apart, that show when it was stopped."
    )
    cannot_say: ClassVar = (
        "what of a pause is owed to neighbours on the machine: without a quota they lengthen pauses too, and that is in every arm.",
        "which processor was stopped first: the kernel sums over processors, so it is inferred from when each stood still (v1), or all are "
        "taken alike (v2).",
        "what of a command's time is garbage collection: of yours (--command) only wall time, throttling and memory are looked at.",
    )

    def __init__(
        self, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False, within: str = "20", command: str = "",
    ) -> None:  # fmt: skip
        super().__init__(levels=levels, quick=quick)
        self.command = command
        try:
            self.within = float(within.rstrip("%")) / 100
        except ValueError as error:
            raise UsageError(f"{within!r} is no percentage", hint="Write --within 20.") from error

    def levels(self) -> dict[str, tuple[str, ...]]:
        """The levels; a quota is a number of percent. Raises UsageError."""
        found = super().levels()
        for level in found["quota"]:
            if level != UNLIMITED and not (level.isdecimal() and 2 <= int(level) <= 100_000):
                raise UsageError(
                    f"a quota cannot be {level}", hint="Write percent of one CPU, such as 50 or 200, or none."
                )
        return found

    def availability(self, machine: Machine) -> Availability:
        """It needs a cpu cgroup of its own."""
        return can_limit("cpu")

    def constraints(self) -> Sequence[Constraint]:
        """Remedies are for a quota that is felt, and for the first Go."""
        levels = self.levels()
        first, plain = levels["go"][0], levels["remedy"][0]
        return (
            Constraint(
                "nothing is to be mended without a quota, or with one above 100 %",
                lambda one: (
                    one["remedy"] == plain or (one["quota"] != UNLIMITED and int(one["quota"]) <= 100)
                ),
            ),
            Constraint(
                "remedies are tried with one Go", lambda one: one["remedy"] == plain or one["go"] == first
            ),
        )

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """Builds the decoder of traces where it is not built yet."""
        if self.command:
            yield lambda slot: _commanded(self.command, slot, stand)
            return
        stand.say("preparing the trace decoder")
        yield _Trials(stand, trace_decoder(stand.go), _QUICK_SECONDS if self.quick else _SECONDS)

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Pauses and what they are owed to, remedies, versions, the quota to ask for."""
        return concluded(self, trials, self.within, bool(self.command))


def _commanded(command: str, slot: Slot, stand: Stand) -> Trial:
    quota = slot.levels["quota"]
    limits, env = remedied(None if quota == UNLIMITED else int(quota) / 100, slot.levels["remedy"])
    measures = command_measures(command, limits, env)
    facts = {"go": stand.go_of(slot.levels["go"]).version}
    return Trial(
        slot.study, slot.index, slot.block, slot.levels, measures=measures, facts=facts, verdict=PASS
    )


@dataclass
class _Trials:
    stand: Stand
    decoder: Path
    seconds: float
    _built: dict[str, Path | str] = field(default_factory=dict)
    _chosen: dict[tuple[str, str], float] = field(default_factory=dict)

    def __call__(self, slot: Slot) -> Trial:
        program = self._program(slot.levels["go"])
        if isinstance(program, str):
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(program,)
            )
        try:
            return self._run(slot, program)
        except NotAvailableHere as error:
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(str(error),)
            )

    def _run(self, slot: Slot, program: Path) -> Trial:
        quota, remedy = slot.levels["quota"], slot.levels["remedy"]
        cpus = None if quota == UNLIMITED else int(quota) / 100
        limits, env = remedied(cpus, remedy)
        trace = self.stand.scratch / "quota.trace"
        watch = Watch(self.stand.machine.cpu.allowed)
        run = run_limited(
            Workload((str(program), f"{self.seconds:g}", str(trace)), str(self.stand.scratch), {"GODEBUG": "gctrace=1", **env}),
            limits, timeout_s=60.0 + self.seconds, watch=watch,
        )  # fmt: skip
        if run.exit_code != 0:
            raise ToolchainError(f"the program failed: {run.said.strip()[-200:]}")
        told = json.loads(next(line for line in reversed(run.said.splitlines()) if line.startswith("{")))
        measures = {key: float(value) for key, value in told.items()}
        measures |= {"throttled": run.throttled_s, "throttled_periods": float(run.throttled_periods), "periods": float(run.periods),
                     "wall": run.wall_s, "cpu": run.cpu_s or 0.0, "peak": float(run.held_bytes or 0)}  # fmt: skip
        measures |= {f"waited_{resource}": value for resource, value in run.waited_s.items()}
        measures |= phase_measures(self.decoder, trace, self.stand.scratch / "decoded", watch)
        cycles = []
        for line in run.said.splitlines():
            try:
                cycles.append(gc_cycle(line))
            except FormatError:
                continue
        if limits.cpus is not None:
            measures["gctrace_cycles"] = float(len(cycles))
            measures["gctrace_impossible"] = float(
                sum(impossible(one, limits.cpus, limits.period_s) for one in cycles)
            )
        if remedy == "as-it-is":
            measures |= self._of_eight(slot, program, limits)
        facts = {"go": self.stand.go_of(slot.levels["go"]).version}
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, measures=measures, facts=facts, verdict=PASS
        )

    def _of_eight(self, slot: Slot, program: Path, limits: Limits) -> dict[str, float]:
        """The GOMAXPROCS that this Go chooses under the quota where it sees eight processors: strace tells it so; nothing is timed."""
        key = (slot.levels["go"], slot.levels["quota"])
        if key not in self._chosen and (strace := shutil.which("strace")):
            trace = self.stand.scratch / "masked.trace"
            argv = (strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=sched_getaffinity", "-e",
                    "inject=sched_getaffinity:poke_exit=@arg3=ff", str(program), "0.01", str(trace))  # fmt: skip
            run = run_limited(Workload(argv, str(self.stand.scratch)), limits, timeout_s=30.0)
            said = next((line for line in reversed(run.said.splitlines()) if line.startswith("{")), "")
            if run.exit_code == 0 and said:
                self._chosen[key] = float(json.loads(said)["gomaxprocs"])
        return {"gomaxprocs_of_8": self._chosen[key]} if key in self._chosen else {}

    def _program(self, level: str) -> Path | str:
        if level not in self._built:
            try:
                go = self.stand.go_of(level)
                sources = program_sources("godyno.studies.library.quota.program")
                # Its own go line, so that each Go behaves as it does for a module written for it.
                line = ".".join(str(part) for part in go.release[:2])
                sources["go.mod"] = f"module godyno.example/quota\n\ngo {line}\n".encode()
                self._built[level] = build_program(go, "quota", sources)
            except GodynoError as error:
                self._built[level] = str(error)
        return self._built[level]


def remedied(cpus: float | None, remedy: str) -> tuple[Limits, dict[str, str]]:
    """Limits and environment for a quota of ``cpus`` with a remedy."""
    if cpus is None:
        return Limits(), {}
    env = {}
    if remedy == "GOMAXPROCS":
        env["GOMAXPROCS"] = str(max(1, math.ceil(cpus)))
    elif remedy == "GOGC=400":
        env["GOGC"] = "400"
    period_s = _SHORT_S if remedy == "period=10ms" else _PERIOD_S
    burst_s = cpus * period_s if remedy == "burst" else 0.0
    return Limits(cpus=2 * cpus if remedy == "double" else cpus, period_s=period_s, burst_s=burst_s), env
