"""What Go compiles to on each target and level of the instruction set, and what a higher level gains here."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import ClassVar

from godyno.errors import GodynoError, UsageError
from godyno.model import Finding, Machine, Trial
from godyno.studies.factors import Constraint
from godyno.studies.library.abi.compiling import read_abi
from godyno.studies.library.targets.assembly import assembly
from godyno.studies.library.targets.benchmarks import CannotRun, cold_build, copy_sources, run_benchmarks
from godyno.studies.library.targets.emitted import emitted, known_vectors
from godyno.studies.library.targets.levels import BASE, NAMES, environment, has_level, label
from godyno.studies.plan import Plan
from godyno.studies.schedule import Slot
from godyno.studies.stand import NEWEST, Stand
from godyno.studies.study import PASS, UNAVAILABLE, BaseStudy
from godyno.toolchain.programs import Disassembler, disassembler

# The ports of Go 1.27; one that the Go at hand does not have is said to be unavailable, a new one can be named.
PORTS = (
    "linux/amd64", "linux/arm64", "linux/riscv64", "linux/386", "linux/arm", "linux/loong64", "linux/mips", "linux/mips64",
    "linux/mips64le", "linux/mipsle", "linux/ppc64", "linux/ppc64le", "linux/s390x", "js/wasm", "wasip1/wasm", "darwin/amd64",
    "darwin/arm64", "windows/386", "windows/amd64", "windows/arm64", "freebsd/386", "freebsd/amd64", "freebsd/arm", "freebsd/arm64",
    "openbsd/386", "openbsd/amd64", "openbsd/arm", "openbsd/arm64", "openbsd/ppc64", "openbsd/riscv64", "netbsd/386", "netbsd/amd64",
    "netbsd/arm", "netbsd/arm64", "android/386", "android/amd64", "android/arm", "android/arm64", "ios/amd64", "ios/arm64", "aix/ppc64",
    "dragonfly/amd64", "illumos/amd64", "plan9/386", "plan9/amd64", "plan9/arm", "solaris/amd64",
)  # fmt: skip
_BUILDS_MORE = 2  # of each target, after every one was built once
_FOR_TRIALS_S, _FOR_TRIALS_QUICK_S = 90.0, 15.0  # reading code and timing go first: what builds may not take


class Targets(BaseStudy):
    """What each target and level is compiled to, what building for it costs, and what a level gains."""

    name = "targets"
    summary = "What does Go make of each target: registers, instruction set levels, vectors, cost of a build? What does a level gain?"
    factors: ClassVar = {"target": PORTS, "level": NAMES}
    quick_factors: ClassVar = {
        "target": ("linux/amd64", "linux/arm64", "linux/riscv64"),
        "level": (BASE, "v3", "lse", "rva22u64"),
    }
    choices: ClassVar = {"level": NAMES}
    about: ClassVar = {
        "target": "any of `go tool dist list`",
        "level": "of GOAMD64, GOARM64, GORISCV64, GO386, GOARM, GOMIPS, GOPPC64; base is Go's default",
        "go": "own, newest, or a version",
        "builds": "targets that are built from an empty cache, comma-separated, or all; this machine's own always is",
    }
    takes_s = 280.0
    prepare_s, run_s = 60.0, 2.0
    blocks = 24
    quick_blocks = 8
    sure = (
        "what is emitted is read from the machine code of probe functions and has no noise. Gains are ratios between runs of one block, "
        "levels in drawn order, with the interval of the paired comparison; many ratios are shown, so that a few of them are off by "
        "chance. A target is built up to three times, in turns: shown are medians with their range."
    )
    cannot_say: ClassVar = (
        "what a level gains on another processor, or on your program: `godyno bench` compares that.",
        "which extensions the standard library's assembly chooses at run time: it asks the processor, whatever the level.",
        "how fast targets are that do not run here: emulation says nothing of it, so nothing is run under an emulator.",
    )

    def __init__(
        self,
        *,
        levels: Mapping[str, Sequence[str]] | None = None,
        quick: bool = False,
        go: str = NEWEST,
        builds: str = "",
    ) -> None:
        super().__init__(levels=levels, quick=quick)
        self.go, self.builds, self._native = go, builds, ""

    def constraints(self) -> Sequence[Constraint]:
        """Only the levels that a target has."""
        return [
            Constraint(
                "the target has no such level", lambda levels: has_level(levels["target"], levels["level"])
            )
        ]

    def plan(self, machine: Machine, seed: int) -> Plan:
        """Every target's levels; those of this machine again and again, to be timed."""
        self._native = f"{machine.os}/{machine.cpu.arch}"
        plan = super().plan(machine, seed)
        timed = any(arm.levels["target"] == self._native for arm in plan.arms)
        return plan if timed else replace(plan, blocks=1, most={})

    def runs(self, levels: Mapping[str, str]) -> int | None:
        """Code comes out the same each time; only what runs here is timed again."""
        return None if levels["target"] == self._native else 1

    def wanted_builds(self) -> tuple[str, ...]:
        """The targets that are built beside this machine's own. Raises UsageError for one that is not among the targets."""
        targets = self.levels()["target"]
        if self.builds == "all":
            return tuple(targets)
        if not self.builds:
            return (
                ()
                if self.quick
                else tuple(one for one in ("linux/arm64", "linux/riscv64", "js/wasm") if one in targets)
            )
        named = tuple(one.strip() for one in self.builds.split(",") if one.strip())
        if wrong := [one for one in named if one not in targets]:
            raise UsageError(
                f"{', '.join(wrong)} is not among the targets of this run", hint="Name it with --target too."
            )
        return named

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """Builds the disassembler at first use."""
        named = self.wanted_builds()
        stand.say("building Go's disassembler, once")
        bench = _Bench(stand, self.go, disassembler(stand.go_of(NEWEST)))
        arms = [
            (arm.levels["target"], arm.levels["level"]) for arm in self.plan(stand.machine, stand.seed).arms
        ]
        wanted = [
            (target, level)
            for target, level in arms
            if target == bench.native or (target in named and level == BASE)
        ]
        # Before the first trial, so that a trial takes no longer the first time than the next; this machine's own first.
        order = sorted(wanted, key=lambda one: (one[0] != bench.native, NAMES.index(one[1])))
        for_trials_s = _FOR_TRIALS_QUICK_S if self.quick else _FOR_TRIALS_S
        longest_s = 0.0
        for target, level in order + _BUILDS_MORE * (
            [] if self.quick else [one for one in order if one[1] == BASE]
        ):
            began, left_s = time.monotonic(), stand.left_s()
            if left_s >= 1.5 * longest_s + for_trials_s:
                # What a build may not take is for reading code and timing.
                bench.build(target, level, stand.timeout_s(max(5.0, left_s - for_trials_s)))
                longest_s = max(longest_s, time.monotonic() - began)
            elif (target, level) not in bench.built:
                bench.not_built(target, level, f"no time was left in the budget ({left_s:.0f} s)")
        yield bench.trial

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Tables of targets and levels, the gains, the builds, and the source's claims."""
        from godyno.studies.library.targets.conclusions import conclusions

        return conclusions(self, trials)


@dataclass(frozen=True)
class _Built:
    """A program of the study, what its build cost, and why there is none."""

    program: Path
    measures: Mapping[str, float]
    facts: Mapping[str, str]
    problem: str = ""


class _Bench:
    def __init__(self, stand: Stand, go: str, disassembler: Disassembler) -> None:
        self.stand, self.go, self.disassembler = stand, stand.go_of(go), disassembler
        self.native = f"{stand.machine.os}/{stand.machine.cpu.arch}"
        self.built: dict[tuple[str, str], _Built] = {}
        self.builds: dict[tuple[str, str, str], list[float]] = {}
        self.cannot: dict[str, str] = {}
        self.seen: set[tuple[str, str]] = set()
        self.sources = copy_sources(stand.scratch / "levels")

    def trial(self, slot: Slot) -> Trial:
        """Reads the code of a target and level once, and times the program where it runs."""
        target, level = slot.levels["target"], slot.levels["level"]
        measures: dict[str, float] = {}
        facts: dict[str, str] = {"level": label(target, level), "go": self.go.version}
        warnings: list[str] = []
        built = self.built.get((target, level))
        if built and built.problem:
            warnings.append(f"it was not built: {built.problem}")
        try:
            if (target, level) not in self.seen:
                self.seen.add((target, level))
                self._read(target, level, facts, warnings)
                if built:
                    measures |= built.measures
                    facts |= built.facts
        except GodynoError as error:
            text = f"{label(target, level)}: {error}"
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(text,)
            )
        if target == self.native and built and not built.problem:
            self._time(level, built.program, measures, facts)
        return Trial(
            slot.study,
            slot.index,
            slot.block,
            slot.levels,
            measures=measures,
            facts=facts,
            verdict=PASS,
            warnings=tuple(warnings),
        )

    def _time(self, level: str, program: Path, measures: dict[str, float], facts: dict[str, str]) -> None:
        try:
            if level not in self.cannot:
                found = run_benchmarks(self.stand, program)
                measures |= {f"time\t{name}": seconds for name, seconds in found.items()}
        except CannotRun as error:
            self.cannot[level] = str(error)
        if level in self.cannot:
            facts["cannot run"] = self.cannot[level]

    def _read(self, target: str, level: str, facts: dict[str, str], warnings: list[str]) -> None:
        roles: tuple[str, ...] = ()
        if level == BASE:
            try:
                goos, _, goarch = target.partition("/")
                read = read_abi(self.go, goos, goarch, self.disassembler)
                roles = (read.stack_pointer, read.frame_pointer, read.g)
                facts["abi"] = json.dumps(read.as_json())
            except GodynoError as error:
                warnings.append(f"its calling convention: {error}")
            if target.startswith("linux/") or target == self.native:
                facts["assembly"] = json.dumps(assembly(self.go, target.partition("/")[2]))
        env = environment(target, level)
        with tempfile.TemporaryDirectory(prefix="godyno-isa-") as scratch:
            found = emitted(self.go, env, self.disassembler, Path(scratch), [one for one in roles if one])
            facts["emitted"] = json.dumps(found.as_json())
            facts["vectors"] = json.dumps(known_vectors(self.go, env, Path(scratch)))

    def not_built(self, target: str, level: str, reason: str) -> None:
        """Keeps for the trial why there is no program."""
        self.built[target, level] = _Built(Path(), {}, {}, reason)

    def build(self, target: str, level: str, timeout_s: float) -> None:
        """Builds the benchmark program from an empty cache, once more; why it cannot be is kept for the trial."""
        name = f"{target}-{level}".replace("/", "-")
        out = self.stand.scratch / f"program-{name}"
        self.stand.say(f"building for {target}, {label(target, level)}, from an empty cache")
        try:
            outcome = cold_build(
                self.stand, self.go, self.sources, out, environment(target, level), name, timeout_s
            )
        except GodynoError as error:
            if (target, level) not in self.built:
                self.not_built(target, level, str(error))
            return
        measures = {"size": float(out.stat().st_size)}
        peak = outcome.anon_peak_bytes or outcome.peak_bytes
        for kind, value in (("wall", outcome.wall_s), ("cpu", outcome.cpu_s), ("peak", peak)):
            if value is not None:
                values = self.builds.setdefault((target, level, kind), [])
                values.append(float(value))
                measures |= {
                    f"build {kind}": median(values), f"build {kind}, least": min(values), f"build {kind}, most": max(values),
                    "builds": float(len(values)),
                }  # fmt: skip
        facts = {"memmove": self._memmove(out)} if target == self.native and level == BASE else {}
        self.built[target, level] = _Built(out, measures, facts)

    def _memmove(self, program: Path) -> str:
        """Where memmove comes from: the file that its code names, and whether it has a string move."""
        from godyno.formats.machinecode.objdump import functions

        for one in functions(self.disassembler.text(program, "^runtime.memmove$")):
            strings = any(item.text.startswith(("MOVS", "REP")) for item in one.instructions)
            return f"{Path(one.file).name}{' with REP MOVS' if strings else ''}"
        return ""
