"""The study ``parallelism``: a few runs at levels that the runs before suggest, a curve through them, a level to set."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from godyno.errors import BuildFailed, NotAvailableHere, ToolchainError, UsageError
from godyno.model import Availability, Finding, Machine, Trial, Workload
from godyno.stats.saturation import Curves, first_levels
from godyno.studies.activity import Activities
from godyno.studies.library.parallelism import watched
from godyno.studies.library.parallelism.conclusions import concluded, tried
from godyno.studies.library.parallelism.serving import LOAD_SHARE, Service
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import PASS, UNAVAILABLE, BaseStudy, passed
from godyno.studies.survey.memory import with_env
from godyno.studies.trialfile import read
from godyno.toolchain.programs import build_program, program_sources, trace_decoder
from godyno.workload.limited import Limited, can_limit, run_limited

WHAT: Mapping[str, str] = {
    "tests": "the module's test binaries, built before, as many at once as `go test -p` would run",
    "parallel": "the test binary that takes longest, by its -parallel",
    "GOMAXPROCS": "the same test binary, by its GOMAXPROCS",
    "waits": "the test binaries at the level that is enough and at the highest, recorded: what they wait for",
    "build": "the module from an empty build cache, by `go build -p`",
    "half": "the test binaries and the pieces of computing on half of the processors: the check of what is predicted",
    "service": "a service under load that does not wait for answers, by its GOMAXPROCS",
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
        "service": "a command that serves; it is started with each GOMAXPROCS (a reference service)",
        "url": "where it answers, such as http://127.0.0.1:8080/",
        "most": "the highest level to try (four times the processors, at least 8)",
    }
    takes_s = 285.0
    quick_s = 55.0
    takes_module = True
    blocks = 8
    quick_blocks = 6
    sure = (
        "the curve is a weighed mean of many curves of several families (USL, hinge, rounds) that fit the runs; the level is the lowest "
        "that gives 97 % of the best under 95 % of them (godyno.stats.saturation). Each run is in a cgroup of its own, which counts its "
        "peak memory and its waiting."
    )
    cannot_say: ClassVar = (
        "what another machine's processors would give, but by a prediction: the curve is of this one.",
        "whether memory bandwidth limits: that needs hardware counters, which virtual machines seldom have.",
        "how a service does on a machine of its own: the load generator shares this one's processors.",
    )

    def __init__(
        self, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False, most: str = "",
        service: str = "", url: str = "",
    ) -> None:  # fmt: skip
        super().__init__(levels=levels, quick=quick)
        if most and not (most.isdecimal() and 2 <= int(most) <= 1024):
            raise UsageError(f"{most!r} is no level to go up to", hint="Write --most 16.")
        if bool(service) != bool(url) or (url and not url.startswith(("http://", "https://"))):
            raise UsageError(
                "A service needs its command and where it answers",
                hint="--service './server -addr :8080' --url http://127.0.0.1:8080/",
            )
        self.most, self.service, self.url = int(most) if most else 0, service, url

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

    def runs(self, levels: Mapping[str, str]) -> int | None:
        """What is waited for is looked at twice: at the level that is enough, and at the highest."""
        return {"waits": 2, "half": 4}.get(levels["what"])

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """A curve for each thing that was run, and the source's claims."""
        return concluded(self, trials)


@dataclass
class Pieces:
    """Runs what a level of ``what`` says, at a level of parallelism."""

    stand: Stand
    activities: Activities = field(init=False)
    _binaries: list[tuple[Path, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # packages whose tests do not build
    _longest: int = -1
    _built_once: bool = False

    def __post_init__(self) -> None:
        self.activities = Activities(self.stand)

    def run(self, what: str, level: int, processors: int | None = None) -> tuple[Limited, int]:
        """One run, on the first ``processors`` only, and how many tasks it held. Raises NotAvailableHere, BuildFailed."""
        if what == "build":
            return self._build(level), 1
        if what in ("parallel", "GOMAXPROCS"):
            path, directory = self._longest_binary()
            flag = (f"-test.parallel={level}",) if what == "parallel" else ()
            env = {"GOMAXPROCS": str(level)} if what == "GOMAXPROCS" else {}
            return run_limited(Workload((str(path), *flag), directory, env), timeout_s=_TIMEOUT_S), 1
        workloads = self._tests() if what == "tests" else self._pieces(what)
        if processors is not None:
            workloads = [masked(one, processors) for one in workloads]
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

    def waits(self, level: int, capture: Path) -> tuple[dict[str, float], dict[str, str]]:
        """A recorded run of the test binaries. Raises NotAvailableHere, BuildFailed, GodynoError."""
        self._tests()
        binaries = self._binaries
        place = self.stand.scratch / f"waits-{capture.stem}"
        assert self.stand.subject is not None
        work = watched.workload(binaries, level, place, self.stand.subject.env)
        decoder = trace_decoder(self.stand.go)
        try:
            measures, facts = watched.record_waits(work, place, capture, decoder, _TIMEOUT_S)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        return {"tasks": float(len(binaries)), **measures}, facts

    def _tests(self) -> list[Workload]:
        subject = self.stand.subject
        assert subject is not None
        if not self._binaries:
            packages = [one for one in subject.own if one.test_files]
            if not packages:
                raise NotAvailableHere("the module has no tests")
            said = "they hold none"
            for package in packages:
                self.stand.say(f"building the tests of {package.import_path}")
                out = self.stand.scratch / f"tests-{len(self._binaries)}.bin"
                done = self.stand.go.try_run(
                    "test", "-c", "-buildvcs=false", "-vet=off", "-o", str(out), package.import_path,
                    cwd=subject.directory, env={**subject.env, "GOTOOLCHAIN": "local"}, timeout_s=_TIMEOUT_S,
                )  # fmt: skip
                if done.returncode != 0:
                    self.broken.append(package.import_path)
                    said = " ".join(done.stderr.split())[-200:]
                    self.stand.say(f"left out: the tests of {package.import_path} do not build: {said}")
                elif out.exists():
                    self._binaries.append((out, package.directory))
            if not self._binaries:
                raise BuildFailed(f"none of the module's tests builds: {said}")
        return [Workload((str(path),), directory, dict(subject.env)) for path, directory in self._binaries]

    def _longest_binary(self) -> tuple[Path, str]:
        workloads = self._tests()
        if self._longest < 0:
            took = [run_limited(one, timeout_s=_TIMEOUT_S).wall_s for one in workloads]
            self._longest = took.index(max(took))
        return self._binaries[self._longest]


def masked(workload: Workload, processors: int) -> Workload:
    """The same on the first ``processors`` of those that godyno may use. Raises NotAvailableHere without taskset."""
    if shutil.which("taskset") is None:
        raise NotAvailableHere("taskset is not installed", hint="apt-get install util-linux")
    mask = ",".join(map(str, sorted(os.sched_getaffinity(0))[:processors]))
    return replace(workload, argv=("taskset", "-c", mask, *workload.argv))


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
            special = {"waits": self._waits, "service": self._service}.get(what)
            if special is not None:
                return special(slot)
            more: dict[str, str] = {}
            if what == "half":
                processors = self._cpus() // 2
                what, level = ("tests", "cpu")[slot.block % 2], 2 * processors
                run, tasks = self.pieces.run(what, level, processors)
                more = {"of": what}
            else:
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
        if more:
            measures["processors"] = float(self._cpus() // 2)
        facts = {"cpus": str(self._cpus()), "go": self.stand.go.version, **more}
        trial = Trial(
            slot.study, slot.index, slot.block, slot.levels, measures=measures, facts=facts, verdict=PASS,
            warnings=self._left_out(what),
        )  # fmt: skip
        self.done.append(trial)
        return trial

    def _waits(self, slot: Slot) -> Trial:
        candidates = self.study.candidates(self._cpus())
        level = max(candidates)
        if not passed(
            self.done, what="waits"
        ):  # first at what is enough by what was run so far: it is planned late
            levels, rates, tasks = tried(self.done, "tests")
            known = len(set(levels)) > 2
            level = (
                Curves(levels, rates, candidates, tasks=tasks).result().recommended if known else self._cpus()
            )
        (self.stand.directory / "captures").mkdir(exist_ok=True)
        capture = self.stand.directory / "captures" / f"{slot.index:03}-waits-{level}.dyno"
        measures, facts = self.pieces.waits(level, capture)
        facts |= {"cpus": str(self._cpus()), "go": self.stand.go.version}
        trial = Trial(
            slot.study, slot.index, slot.block, slot.levels, str(capture), measures={"level": float(level), **measures}, facts=facts,
            verdict=PASS, warnings=self._left_out("tests"),
        )  # fmt: skip
        self.done.append(trial)
        return trial

    def _service(self, slot: Slot) -> Trial:
        service = Service(self.stand, self.study.service, self.study.url)
        known = passed(self.done, what="service")
        rate = known[0].measures["offered"] if known else 0.0
        if not rate:
            self.stand.say("finding out how many requests the service answers")
            rate = float(round(LOAD_SHARE * service.loaded(self._cpus(), 0.0)["rate"], 1))
        levels = [level for level in self.study.candidates(self._cpus()) if level & (level - 1) == 0]
        level = min(
            levels,
            key=lambda one: (
                sum(trial.measures["level"] == one for trial in known),
                (one - slot.block) % len(levels),
            ),
        )
        measures = service.loaded(level, rate)
        facts = {"cpus": str(self._cpus()), "go": self.stand.go.version}
        trial = Trial(
            slot.study, slot.index, slot.block, slot.levels, measures={"level": float(level), **measures}, facts=facts, verdict=PASS
        )  # fmt: skip
        self.done.append(trial)
        return trial

    def _left_out(self, what: str) -> tuple[str, ...]:
        broken = self.pieces.broken if what in ("tests", "parallel", "GOMAXPROCS") else []
        return (f"left out, since their tests do not build: {', '.join(broken)}",) if broken else ()

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
