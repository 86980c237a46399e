"""The study ``race-memory``: test binaries under real memory limits, each next limit chosen by what the runs before showed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from godyno import units
from godyno.errors import NotAvailableHere, UsageError
from godyno.model import Availability, Finding, Machine, Trial
from godyno.stats.threshold import Search
from godyno.studies.factors import Constraint
from godyno.studies.library.race_memory import ends
from godyno.studies.library.race_memory.compiling import build_trial
from godyno.studies.library.race_memory.conclusions import concluded
from godyno.studies.library.race_memory.probing import SETTINGS, SURVEYED, probes_for, setting_env
from godyno.studies.library.race_memory.programs import LOADS, TOO_MANY, Binaries, gomaxprocs
from godyno.studies.library.race_memory.together import together_trial
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import PASS, UNAVAILABLE, BaseStudy
from godyno.studies.trialfile import read
from godyno.workload.limited import Limited, Limits, can_limit, run_limited

PROGRAMS: Mapping[str, str] = {
    "tests": "the module's tests; first without a limit, then under limits that the runs before suggest",
    "at-size": "the same under one limit: --limit, or 15 % below what they take",
    **{name: text for name, (_, text) in LOADS.items()},
    "too-many": "9,000 goroutines at once, above the limit of 8128 that Go documents",
    "together": "the test binaries of all packages, as many at once as there are processors and one at a time, without a limit",
    "build": "compiling and linking all tests with -race from an empty cache, recorded",
}
_SIZE_SHARE = 0.85
_TIMEOUT = (4.0, 10.0)  # times the run without a limit, and seconds more
_FIRST_TIMEOUT_S = 600.0


class RaceMemory(BaseStudy):
    """Under which memory limit are these tests killed with -race, what sets it, and what mends it?"""

    name = "race_memory"
    summary = "Under how much memory is `go test -race` killed, how surely, which package is it, and which setting survives?"
    factors: ClassVar = {"program": tuple(PROGRAMS), "setting": tuple(SETTINGS)}
    quick_factors: ClassVar = {"program": ("tests", "at-size", "heap"), "setting": ("as-it-is", "all")}
    choices: ClassVar = {"program": tuple(PROGRAMS), "setting": tuple(SETTINGS)}
    about: ClassVar = {
        "program": "; ".join(f"{name}: {text}" for name, text in PROGRAMS.items()),
        "setting": "what lowers the peak and its spread; `all` is all of them together",
        "limit": "a memory size such as 4GB: will it pass there, how surely, and with which setting?",
        "package": "race only the tests of this package",
    }
    takes_s = 285.0
    quick_s = 58.0
    takes_module = True
    blocks = 7  # one without a limit and six that probe
    quick_blocks = 6
    sure = (
        "every run is a process in a memory cgroup of its own, without swap. Its peak is the kernel's high-water mark of the group less "
        "page cache; a run that was killed counts as a peak above its limit. Log peak is taken as normal, and each next limit is the one "
        "under which nine of ten runs are expected to pass; intervals are of the posterior (godyno.stats.threshold)."
    )
    cannot_say: ClassVar = (
        "what meets in `go test -race ./...`: with -p N a compile and a test binary may, too, and each search here runs one binary alone.",
        "what other kernels count: page tables and kernel memory are in the limit, and huge pages change resident sizes.",
    )

    def __init__(
        self, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False, limit: str = "", package: str = "",
    ) -> None:  # fmt: skip
        super().__init__(levels=levels, quick=quick)
        self.limit_bytes = float(units.byte_count(limit)) if limit else None
        self.package = package

    def availability(self, machine: Machine) -> Availability:
        """It needs a memory cgroup of its own."""
        return can_limit("memory")

    def constraints(self) -> Sequence[Constraint]:
        """Settings are tried on the module's tests."""
        first = self.levels()["setting"][0]
        return (
            Constraint(
                "settings are tried on the tests",
                lambda levels: levels["program"] in ("tests", "at-size") or levels["setting"] == first,
            ),
        )

    def runs(self, levels: Mapping[str, str]) -> int | None:
        """Reference workloads vary little; three runs at the size say whether a setting survives there."""
        return {"tests": None, "at-size": 3, "build": 1, "too-many": 1, "together": 4}.get(
            levels["program"], 2
        )

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """Builds nothing yet: each test binary when it is first needed."""
        yield _Trials(self, stand)

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Limits with their doubt, who it is, what it consists of, what survives."""
        return concluded(self, trials, self.limit_bytes)


@dataclass
class _Trials:
    study: RaceMemory
    stand: Stand
    binaries: Binaries = field(init=False)
    done: list[Trial] = field(init=False)
    _surveyed: Trial | None = None

    def __post_init__(self) -> None:
        self.binaries = Binaries(self.stand)
        kept = self.stand.directory / "trials.jsonl"
        self.done = list(read(kept)[2]) if kept.is_file() and kept.stat().st_size else []

    def __call__(self, slot: Slot) -> Trial:
        program = slot.levels["program"]
        try:
            trial = {
                "tests": self._tests,
                "at-size": self._at_size,
                "too-many": self._too_many,
                "build": self._build,
                "together": self._together,
            }.get(program, self._load)(slot)
        except NotAvailableHere as error:
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(str(error),)
            )
        trial = self._with_survey(trial)
        self.done.append(trial)
        return trial

    def _known(self) -> list[Trial]:
        """The trials so far, and the survey where no trial holds it yet."""
        return [
            *self.done,
            *(
                [self._surveyed]
                if self._surveyed and not any("killer" in one.facts for one in self.done)
                else []
            ),
        ]

    # ---- the module's tests

    def _first(self) -> Trial:
        """The run of every package without a limit, as it is; run now where it has not been."""
        for trial in self.done:
            if "killer" in trial.facts:
                return trial
        if self._surveyed is None:
            self._surveyed = self._survey(
                Slot(self.study.name, -1, -1, {"program": "tests", "setting": "as-it-is"})
            )
        return self._surveyed

    def _with_survey(self, trial: Trial) -> Trial:
        """The trial with what the survey found, where the survey was run for it: it is kept with no trial of its own."""
        survey = self._surveyed
        if survey is None or any("killer" in one.facts for one in self.done):
            return trial
        kept = {key: value for key, value in survey.measures.items() if "\t" in key}
        kept |= {SURVEYED: survey.measures["peak"], "surveyed_wall": survey.measures["wall"]}
        return replace(trial, measures={**trial.measures, **kept}, facts={**survey.facts, **trial.facts})

    def _survey(self, slot: Slot) -> Trial:
        measures: dict[str, float] = {}
        facts: dict[str, str] = {"go": self.stand.go.version}
        packages = self.binaries.packages()
        if self.study.package:
            packages = [
                one for one in packages if one == self.study.package or one.endswith("/" + self.study.package)
            ]
            if not packages:
                raise UsageError(
                    f"no package {self.study.package} with tests in this module", hint="Name its import path."
                )
        for package in packages:
            if measures and self.stand.left_s() < 0.5 * self.stand_budget():
                facts["left out"] = str(len(packages) - sum(key.startswith("peak\t") for key in measures))
                break
            run = run_limited(self.binaries.test_run(package, {}), timeout_s=_FIRST_TIMEOUT_S)
            plain = run_limited(self.binaries.test_run(package, {}, race=False), timeout_s=_FIRST_TIMEOUT_S)
            facts[f"exit\t{package}"] = str(run.exit_code)
            for key, value in ((f"peak\t{package}", run.held_bytes), (f"plain\t{package}", plain.held_bytes)):
                if value and not run.timed_out:
                    measures[key] = float(value)
            measures[f"wall\t{package}"] = run.wall_s
        peaks = {key.partition("\t")[2]: value for key, value in measures.items() if key.startswith("peak\t")}
        if not peaks:
            raise NotAvailableHere("no test binary went to its end without a limit")
        killer = max(peaks, key=lambda one: peaks[one])
        measures |= {"peak": peaks[killer], "wall": measures[f"wall\t{killer}"]}
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, measures=measures, facts={**facts, "killer": killer}, verdict=PASS
        )  # fmt: skip

    def stand_budget(self) -> float:
        """What the budget of this kind of run usually is."""
        return self.study.quick_s if self.study.quick else self.study.takes_s

    def _tests(self, slot: Slot) -> Trial:
        if slot.levels["setting"] == "as-it-is" and not any("killer" in trial.facts for trial in self.done):
            return self._survey(slot)
        self._first()
        search = Search(most=99)
        for probe in probes_for(self._known(), slot.levels["setting"]):
            search.observe(probe)
        limit = search.next_limit() if search.probes else None
        return self._run(slot, limit)

    def _at_size(self, slot: Slot) -> Trial:
        size = self.study.limit_bytes or _SIZE_SHARE * _surveyed(self._first())[0]
        return self._run(slot, size)

    def _run(self, slot: Slot, limit: float | None) -> Trial:
        first = self._first()
        killer, (peak, wall_s) = first.facts["killer"], _surveyed(first)
        setting = setting_env(slot.levels["setting"], peak)
        workload = self.binaries.test_run(killer, setting)
        times, more = _TIMEOUT
        timeout_s = times * wall_s + more
        run = run_limited(workload, Limits(None if limit is None else int(limit)), timeout_s=timeout_s)
        verdict = ends.verdict(run, int(first.facts[f"exit\t{killer}"]))
        shown = " ".join(f"{key}={value}" for key, value in setting.items())
        return _trial(slot, run, verdict, {"package": killer, "set": shown}, limit)

    # ---- what is the same on every module

    def _load(self, slot: Slot) -> Trial:
        kind = slot.levels["program"]
        sizes, _ = LOADS[kind]
        measures: dict[str, float] = {}
        facts: dict[str, str] = {}
        for name, size in zip(("small", "large"), sizes, strict=True):
            for race in (True, False):
                run = run_limited(self.binaries.load_run(kind, size, race), timeout_s=60.0)
                if run.exit_code == 0 and run.held_bytes:
                    measures[f"{'race' if race else 'plain'}_{name}"] = float(run.held_bytes)
                if race and (procs := gomaxprocs(run.said)) is not None:
                    facts["GOMAXPROCS"] = str(procs)
        facts["cpus"] = str(self.stand.machine.cpu.allowed)
        verdict = PASS if len(measures) == 4 else "failed"
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, measures=measures, facts=facts, verdict=verdict
        )

    def _too_many(self, slot: Slot) -> Trial:
        run = run_limited(self.binaries.load_run("goroutines", TOO_MANY, True), timeout_s=60.0)
        facts = {"ended": ends.verdict(run), "go": self.stand.go.version}
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, measures={"goroutines": 1000 * TOO_MANY, "peak": float(run.held_bytes or 0)},
            facts=facts, verdict=PASS,
        )  # fmt: skip

    def _together(self, slot: Slot) -> Trial:
        return together_trial(self.stand, self.binaries, slot)

    def _build(self, slot: Slot) -> Trial:
        self._first()
        return build_trial(self.stand, slot)


def _surveyed(first: Trial) -> tuple[float, float]:
    """Peak and wall of the largest package without a limit, as it is."""
    return first.measures.get(SURVEYED, first.measures.get("peak", 0.0)), first.measures.get(
        "surveyed_wall", first.measures["wall"]
    )


def _trial(slot: Slot, run: Limited, verdict: str, facts: Mapping[str, str], limit: float | None) -> Trial:
    measures: dict[str, Any] = {
        "wall": run.wall_s,
        "cpu": run.cpu_s,
        "major_faults": run.major_faults,
        "limit": limit,
    }
    if verdict == PASS:
        measures["peak"] = run.held_bytes
    last = (run.said.strip().splitlines() or [""])[-1][:200]
    return Trial(
        slot.study, slot.index, slot.block, slot.levels,
        measures={key: float(value) for key, value in measures.items() if value is not None}, facts=dict(facts), verdict=verdict,
        warnings=() if verdict in (PASS, *ends.NOT_PASSED) else tuple(filter(None, (last,))),
    )  # fmt: skip
