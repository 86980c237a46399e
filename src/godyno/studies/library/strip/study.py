"""The study ``strip``: factors, trials, settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from godyno import units
from godyno.errors import FormatError, GodynoError, ToolchainError
from godyno.formats.sections import parts
from godyno.model import Finding, Trial
from godyno.studies.library.strip.attribution import attributed
from godyno.studies.library.strip.builds import ABOUT, BUILDS, NATIVE, PLAIN, Builds, NotHere, split_target
from godyno.studies.library.strip.conclusions import concluded
from godyno.studies.library.strip.load import emulator, fresh, launcher, loads
from godyno.studies.library.strip.tools import tried
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import PASS, UNAVAILABLE, BaseStudy

_WARM_STARTS, _COLD_STARTS, _EMULATED_STARTS = 15, 5, 5
_SIZES_ONLY = ("trimpath", "uncompressed")  # they change nothing that is loaded
_LOST = Path(__file__).with_name("lost") / "go"


class Strip(BaseStudy):
    """What ``-ldflags "-s -w"`` and its kin save, by section, package and target; what tracebacks, debuggers and profilers lose;
    and whether programs start sooner, warm and cold."""

    name = "strip"
    summary = (
        'What does -ldflags "-s -w" save on each target, what is lost with it, and do programs start sooner?'
    )
    factors: ClassVar = {
        "target": (NATIVE, "linux/arm64", "linux/riscv64", "darwin/arm64", "windows/amd64", "wasip1/wasm"),
        "build": (PLAIN, "w", "s", "s+w", "uncompressed", "trimpath", "pie", "upx"),
    }
    quick_factors: ClassVar = {"target": (NATIVE,), "build": (PLAIN, "w", "s", "s+w")}
    choices: ClassVar = {"build": tuple(BUILDS)}
    about: ClassVar = {
        "target": "GOOS/GOARCH, or native",
        "build": "; ".join(f"{name}: {text}" for name, text in ABOUT.items()),
        "budget_size": "exit 1 where the first build of a target is larger, as 10MB; above 2: not judged",
    }
    takes_s = 280.0
    takes_module = True
    prepare_s, run_s = 1.0, 2.0
    blocks = 14
    quick_blocks = 7
    sure = (
        "sizes are exact. Load times are medians of 15 warm and 5 cold starts a trial, each of a new copy of the program, since where a "
        "file lies in memory moves its start by some percent; trials of all builds are interleaved, ratios paired within a block."
    )
    cannot_say: ClassVar = (
        "how boards with slow storage load: cold here means that the file's own pages were dropped; what lies below (a hypervisor's "
        "cache, a fast disk) was not. Targets under qemu-user are emulated, and their times are no evidence for real ones.",
        "what leaving a package out would save: what it shares with others stays, and what only it needs goes too.",
    )

    def __init__(
        self, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False, budget_size: str = ""
    ) -> None:
        super().__init__(levels=levels, quick=quick)
        self.budget_bytes = units.byte_count(budget_size) if budget_size else None

    def levels(self) -> dict[str, tuple[str, ...]]:
        """Levels; raises UsageError for a target that cannot be one, too."""
        found = super().levels()
        for target in found["target"]:
            split_target(target)
        return found

    def runs(self, levels: Mapping[str, str]) -> int | None:
        """A size is the same each time; only what is also loaded is repeated."""
        return None if levels["target"] == NATIVE and levels["build"] not in _SIZES_ONLY else 1

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """Finds the subject's command."""
        subject = stand.subject
        assert subject is not None
        command = next((one for one in subject.own if one.name == "main" and one.files), None)
        if command is None:
            raise ToolchainError(
                f"{subject.path} has no command to link", hint="Name a module with a package main."
            )
        launch = launcher(stand) if stand.machine.os == "linux" else None
        yield _Trials(stand, Builds(stand, command), launch, self.levels()["build"])

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Sizes, load times, losses, and the source's claims beside them."""
        return concluded(self, trials, self.budget_bytes)


class _Trials:
    """Runs trials: sizes at a build's first trial, load times at each."""

    def __init__(self, stand: Stand, builds: Builds, launch: Path | None, wanted: Sequence[str]) -> None:
        self.stand, self.builds, self.launch = stand, builds, launch
        self.wanted, self.into = wanted, PLAIN if PLAIN in wanted else wanted[0]  # symbols name more exactly
        self._seen: set[tuple[str, str]] = set()
        self._looked = False

    def __call__(self, slot: Slot) -> Trial:
        target, build = slot.levels["target"], slot.levels["build"]
        measures: dict[str, float] = {}
        facts: dict[str, str] = {"go": self.stand.go.version}
        warnings: list[str] = []
        try:
            began = time.monotonic()
            program = self.builds.program(target, build)
            first = (target, build) not in self._seen
            # Sizes of all come first where linking takes so long that the budget may not hold more.
            tight = first and target == NATIVE and self._left_after(time.monotonic() - began) < 0
            if first:
                self._seen.add((target, build))
                measures |= _sizes(program)
                if target == NATIVE:
                    facts |= {f"tool\t{name}": answer for name, answer in self._tools(build).items()}
            if (target, build) == (NATIVE, self.into) and not self._looked and not tight:
                self._looked = True
                measures |= _packages(program)
            if self.launch is not None and not tight and not (target == NATIVE and build in _SIZES_ONLY):
                measures |= self._loads(target, build, warnings)
        except NotHere as error:
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(str(error),)
            )
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, measures=measures, facts=facts, verdict=PASS,
            warnings=tuple(warnings),
        )  # fmt: skip

    def _left_after(self, link_s: float) -> float:
        """What is left of the budget once each other native build was linked twice, about: to be kept, and to be loaded."""
        native = sum(target == NATIVE for target, _ in self._seen)
        return self.stand.left_s() - 2.0 * link_s * (len(self.wanted) - native)

    def _tools(self, build: str) -> dict[str, str]:
        small = self.stand.scratch / f"lost-{build}"
        sources = self.stand.scratch / "lost"
        if not sources.exists():
            sources.mkdir()
            for file in _LOST.iterdir():
                (sources / file.name).write_bytes(file.read_bytes())
        done = self.stand.go.try_run(
            "build", "-buildvcs=false", *BUILDS[build], "-o", str(small), ".", cwd=sources,
            env={"GOFLAGS": "", "GOWORK": "off"}, timeout_s=self.stand.timeout_s(120.0),
        )  # fmt: skip
        if done.returncode != 0:
            return {}
        if build == "upx":
            self.builds.pack(small)
        return tried(self.stand, small)

    def _loads(self, target: str, build: str, warnings: list[str]) -> dict[str, float]:
        assert self.launch is not None
        emulated = emulator(target) if target != NATIVE else ""
        if target != NATIVE and not emulated:
            return {}
        try:
            program = self.builds.program(target, build, tells=True)
            if emulated:
                found = loads(
                    self.stand, self.launch, program, _EMULATED_STARTS, cold=False, prefix=(emulated,)
                )
                return {name.replace("load.warm", "load.emulated"): value for name, value in found.items()}
            with fresh(program) as copy:
                found = loads(self.stand, self.launch, copy, _WARM_STARTS, cold=False)
                return found | loads(self.stand, self.launch, copy, _COLD_STARTS, cold=True)
        except NotHere:
            raise
        except GodynoError as error:
            warnings.append(f"not loaded: {error}")
            return {}


def _sizes(program: Path) -> dict[str, float]:
    """The size, and that of each section."""
    data = program.read_bytes()
    measures = {"size": float(len(data))}
    for part in parts(data):
        key = f"section\t{part.name}"
        measures[key] = measures.get(key, 0.0) + part.size
    return measures


def _packages(program: Path) -> dict[str, float]:
    """Bytes by package, of each kind; nothing of a program that is not read."""
    try:
        found = attributed(program.read_bytes()).packages
    except FormatError:
        return {}
    return {
        f"{kind}\t{owner}": float(size)
        for kind, owners in found.items()
        for owner, size in owners.items()
        if size
    }
