"""The study ``parallelism``: a few runs at levels that the runs before suggest, a curve through them, a level to set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from godyno.errors import BuildFailed, NotAvailableHere, ToolchainError, UsageError
from godyno.model import Availability, Finding, Machine, Trial, Workload
from godyno.stats.saturation import Curves, first_levels
from godyno.studies.activity import Activities
from godyno.studies.library.parallelism.conclusions import concluded, tried
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import PASS, UNAVAILABLE, BaseStudy
from godyno.studies.survey.memory import with_env
from godyno.studies.trialfile import read
from godyno.toolchain.programs import build_program, program_sources
from godyno.workload.limited import Limited, can_limit, run_limited

WHAT: Mapping[str, str] = {
    "tests": "the module's test binaries, built before, as many at once as `go test -p` would run",
    "parallel": "the test binary that takes longest, by its -parallel",
    "GOMAXPROCS": "the same test binary, by its GOMAXPROCS",
    "build": "the module from an empty build cache, by `go build -p`",
    "cpu": "24 equal pieces of computing",
    "wait": "24 pieces that sleep, as tests that wait for a network do",
    "memory": "24 pieces that go over 32 MB each again and again",
    "long": "23 pieces of computing and one that is twelve times as long",
}
_TASKS = 24
_WORK: Mapping[str, float] = {"cpu": 40.0, "wait": 100.0, "memory": 100.0}
_LONG = 12
_TIMES_CPUS = 4
_TIMEOUT_S = 600.0
_BUILDS_S = 100.0  # less is not worth a first build from an empty cache


class Parallelism(BaseStudy):
    """Where does more at once stop paying, which level is enough, and what does it cost in memory?"""

    name = "parallelism"
    summary = "How many at once (-p, -parallel, GOMAXPROCS) are enough here, what limits beyond it, and what does it cost in memory?"
    factors: ClassVar = {"what": tuple(WHAT)}
    quick_factors: ClassVar = {"what": ("tests", "cpu", "wait")}
    choices: ClassVar = {"what": tuple(WHAT)}
    about: ClassVar = {
        "what": "; ".join(f"{name}: {text}" for name, text in WHAT.items()),
        "most": "the highest level to try (four times the processors, at least 8)",
    }
    takes_s = 285.0
    quick_s = 55.0
    takes_module = True
    blocks = 8
    quick_blocks = 6
    sure = (
        "the curve is a weighed mean of many curves of several families (USL, hinge, rounds) that fit the runs; the level is the lowest "
        "that gives 95 % of the best under 95 % of them (godyno.stats.saturation). Each run is in a cgroup of its own, which counts its "
        "peak memory and its waiting."
    )
    cannot_say: ClassVar = (
        "what another machine's processors would give: the curve is of this one.",
        "which lock it is that tests wait for: `go test -mutexprofile` tells. Memory bandwidth needs hardware counters.",
        "how a service's latency grows with load: no load generator is driven here.",
    )

    def __init__(
        self, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False, most: str = "",
    ) -> None:  # fmt: skip
        super().__init__(levels=levels, quick=quick)
        if most and not (most.isdecimal() and 2 <= int(most) <= 1024):
            raise UsageError(f"{most!r} is no level to go up to", hint="Write --most 16.")
        self.most = int(most) if most else 0

    def availability(self, machine: Machine) -> Availability:
        """It needs a cgroup of its own, to count memory and CPU of many processes."""
        return can_limit("memory")

    def candidates(self, cpus: int) -> list[int]:
        """The levels that may be run."""
        most = self.most or max(8, _TIMES_CPUS * cpus)
        usual = {1, 2, 3, 4, 6, cpus, cpus + 1, 2 * cpus, 3 * cpus, most}
        return sorted(level for level in usual if level <= most)

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """Builds nothing yet: what an arm needs is built at its first run."""
        yield _Trials(self, stand)

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """A curve for each thing that was run, and the source's claims."""
        return concluded(self, trials)


@dataclass
class Pieces:
    """Runs what a level of ``what`` says, at a level of parallelism."""

    stand: Stand
    activities: Activities = field(init=False)
    _binaries: list[tuple[Path, str]] = field(default_factory=list)
    _longest: int = -1
    _built_once: bool = False

    def __post_init__(self) -> None:
        self.activities = Activities(self.stand)

    def run(self, what: str, level: int) -> tuple[Limited, int]:
        """One run and how many tasks it held. Raises NotAvailableHere, BuildFailed."""
        if what == "build":
            return self._build(level), 1
        if what in ("parallel", "GOMAXPROCS"):
            path, directory = self._longest_binary()
            flag = (f"-test.parallel={level}",) if what == "parallel" else ()
            env = {"GOMAXPROCS": str(level)} if what == "GOMAXPROCS" else {}
            return run_limited(Workload((str(path), *flag), directory, env), timeout_s=_TIMEOUT_S), 1
        workloads = self._tests() if what == "tests" else self._pieces(what)
        return run_limited(workloads, timeout_s=_TIMEOUT_S, at_once=level), len(workloads)

    def _build(self, level: int) -> Limited:
        if not self._built_once and self.stand.left_s() < _BUILDS_S:
            raise NotAvailableHere("the budget does not hold builds from an empty cache: give more --budget")
        self._built_once = True
        subject = self.activities.subject(self.stand.go)
        with self.activities.place("empty", subject, {}) as place:
            workload = with_env(
                self.activities.workload("build-cold", subject, place, {}), {"GOFLAGS": f"-p={level}"}
            )
            return run_limited(workload, timeout_s=_TIMEOUT_S)

    def _pieces(self, what: str) -> list[Workload]:
        program = build_program(
            self.stand.go, "paralleltask", program_sources("godyno.studies.library.parallelism.program")
        )  # fmt: skip
        kind = "cpu" if what == "long" else what
        work = [_WORK[kind]] * _TASKS
        if what == "long":
            work[_TASKS // 2] *= _LONG
        return [
            Workload((str(program), kind, f"{one:g}"), str(self.stand.scratch), {"GOMAXPROCS": "1"})
            for one in work
        ]

    # ---- the module's tests

    def _tests(self) -> list[Workload]:
        subject = self.stand.subject
        assert subject is not None
        if not self._binaries:
            packages = [one for one in subject.own if one.test_files]
            if not packages:
                raise NotAvailableHere("the module has no tests")
            for package in packages:
                self.stand.say(f"building the tests of {package.import_path}")
                out = self.stand.scratch / f"tests-{len(self._binaries)}.bin"
                done = self.stand.go.try_run(
                    "test", "-c", "-buildvcs=false", "-vet=off", "-o", str(out), package.import_path,
                    cwd=subject.directory, env={**subject.env, "GOTOOLCHAIN": "local"}, timeout_s=_TIMEOUT_S,
                )  # fmt: skip
                if done.returncode != 0:
                    raise BuildFailed(
                        f"the tests of {package.import_path} do not build: {' '.join(done.stderr.split())[-200:]}"
                    )
                if out.exists():
                    self._binaries.append((out, package.directory))
        return [Workload((str(path),), directory, dict(subject.env)) for path, directory in self._binaries]

    def _longest_binary(self) -> tuple[Path, str]:
        workloads = self._tests()
        if self._longest < 0:
            took = [run_limited(one, timeout_s=_TIMEOUT_S).wall_s for one in workloads]
            self._longest = took.index(max(took))
        return self._binaries[self._longest]


@dataclass
class _Trials:
    study: Parallelism
    stand: Stand
    done: list[Trial] = field(init=False)
    pieces: Pieces = field(init=False)

    def __post_init__(self) -> None:
        self.pieces = Pieces(self.stand)
        kept = self.stand.directory / "trials.jsonl"
        self.done = list(read(kept)[2]) if kept.is_file() and kept.stat().st_size else []

    def __call__(self, slot: Slot) -> Trial:
        what = slot.levels["what"]
        try:
            level = self._next(what)
            run, tasks = self.pieces.run(what, level)
        except NotAvailableHere as error:
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(str(error),)
            )
        if run.timed_out or run.exit_code not in self._accepted(what):
            raise ToolchainError(f"{what} at {level} failed: {run.said.strip()[-200:]}")
        measures = {
            "level": float(level), "tasks": float(tasks), "wall": run.wall_s, "cpu": run.cpu_s or 0.0,
            "longest": max(run.each_s, default=0.0), "shortest": min(run.each_s, default=0.0),
            "each": sum(run.each_s) / max(1, len(run.each_s)),
            **({"peak": float(run.anon_peak_bytes)} if run.anon_peak_bytes else {}),
            **{f"waited_{key}": value for key, value in run.waited_s.items()},
        }  # fmt: skip
        facts = {"cpus": str(self._cpus()), "go": self.stand.go.version}
        trial = Trial(
            slot.study, slot.index, slot.block, slot.levels, measures=measures, facts=facts, verdict=PASS
        )
        self.done.append(trial)
        return trial

    def _cpus(self) -> int:
        machine = self.stand.machine
        quota = machine.cgroup.cpu_quota
        return max(1, min(machine.cpu.allowed, round(quota) if quota else machine.cpu.allowed))

    def _next(self, what: str) -> int:
        levels, rates, tasks = tried(self.done, what)
        candidates = self.study.candidates(self._cpus())
        for level in first_levels(candidates):
            if level not in levels:
                return level
        return Curves(levels, rates, candidates, tasks=tasks, seed=self.stand.seed).next_level()

    def _accepted(self, what: str) -> tuple[int, ...]:
        """Tests that fail went to their end, too: what they take is what is asked."""
        return (0, 1) if what in ("tests", "parallel", "GOMAXPROCS") else (0,)
