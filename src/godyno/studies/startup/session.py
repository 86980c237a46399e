"""The whole of ``godyno startup``: starts in turns, some recorded, remedies beside starts without them, and what all that shows."""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno import units
from godyno.errors import GodynoError, NeverReady, UsageError
from godyno.machine import read_machine
from godyno.machine.pagecache import forget, preload, resident
from godyno.model import Machine
from godyno.probes.kernel.milestones import Milestones, milestones_of
from godyno.prose import paste
from godyno.studies.progress import Silent, Told
from godyno.studies.startup.building import built, is_instrumented
from godyno.studies.startup.gate import judge
from godyno.studies.startup.inits import inits_of, with_godebug
from godyno.studies.startup.recorded import Recorded, record_start
from godyno.studies.startup.remedies import Remedy, judged, remedies
from godyno.studies.startup.result import Distribution, Startup, Tried, Waterfall, distribution
from godyno.studies.startup.settings import COLD, WARM, Settings
from godyno.studies.startup.starts import Start, Starter, failure, hint
from godyno.studies.startup.watching import READY
from godyno.studies.startup.waterfall import waterfall
from godyno.studies.startup.whatif import what_if, what_if_of_inits
from godyno.workload.launcher import find_command
from godyno.workload.limited import Limits
from godyno.workload.ready import Ready, ready_of

_TRACED = 5  # starts with inittrace
_LEAST_PAIRS, _MOST_PAIRS = 12, 40
_MOST_FAILED = 3


@dataclass
class Session:
    """One run of it. ``run`` gives the result; Ctrl-C ends it early with what there is."""

    settings: Settings
    told: Told = field(default_factory=Silent)

    def run(self) -> Startup:
        """Raises NeverReady where it does not once become ready, CommandNotFound or CommandNotExecutable where it cannot start."""
        settings, began = self.settings, time.monotonic()
        self.ready: Ready = ready_of(settings.ready)
        self.machine = read_machine()
        self.starts: dict[str, list[Start]] = {state: [] for state in settings.states}
        self.traced: list[Start] = []
        self.recorded: dict[str, list[Recorded]] = {state: [] for state in settings.states}
        self.tries: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
        self.failed: dict[str, list[str]] = {state: [] for state in settings.states}
        self.warnings: list[str] = []
        self.missing: list[str] = []
        limits = Limits(memory_bytes=settings.memory_limit_bytes, cpus=settings.cpu_quota)
        ended = "complete"
        self.scratch = Path(tempfile.mkdtemp(prefix="godyno-startup-"))
        try:
            self._prepare()
            with Starter(
                self.built.argv, self.ready, settings.timeout_s, limits, settings.cwd
            ) as self.starter:
                try:
                    self._first()
                    self._starts()
                    if settings.try_remedies:
                        ended = self._remedies()
                except KeyboardInterrupt:
                    ended = "interrupted"
                    if not any(self.starts.values()):
                        raise
            self.told.say("reading the recordings")
            return self._result(ended, time.monotonic() - began)
        finally:
            self.told.close()
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _prepare(self) -> None:
        """What is started, built where the command is ``go run``; what it is."""
        settings = self.settings
        if Path(settings.argv[0]).name == "go":
            self.told.say(f"building for {' '.join(settings.argv)}")
        self.built = built(settings.argv, settings.cwd, settings.env, self.scratch)
        self.program = Path(find_command(self.built.argv[0])).resolve()
        recorded = Path(find_command(self.built.recorded[0])).resolve()
        self.places, self.why_no_places = milestones_of(recorded)
        self.go = "runtime" in self.places
        self.traced_build = self.built.traced or (self.go and is_instrumented(recorded))
        if self.built.problem:
            self.warnings.append(
                f"No program that tells of its goroutines could be built: {self.built.problem}"
            )
        self.missing += self._missing()

    # ---- starts

    def _first(self) -> None:
        """One start that does not count: whether it becomes ready at all, and which files are part of it."""
        self.told.say(f"starting {Path(self.built.argv[0]).name} until {self.ready.meant}")
        found = self.starter.start(env=self.settings.env, want_files=True)
        if found.outcome != READY:
            raise NeverReady(
                failure(found, self.built.argv, self.ready, self.settings.timeout_s),
                hint=hint(found, self.ready),
            )
        also = [str(Path(self.settings.cwd or ".", one).absolute()) for one in self.settings.cold_also]
        if absent := [one for one in also if not Path(one).is_file()]:
            raise UsageError(
                f"--cold-also {absent[0]} is no file", hint="Name a file that is read at the start."
            )
        self.files = tuple(dict.fromkeys((str(self.program), *found.files, *also)))
        if self.settings.cold:
            self._make(COLD)
            cached, size = resident(self.program)
            if size and cached > size / 10:
                self.warnings.append(
                    f"Only {units.show_ratio(1 - cached / size)} of {self.program.name} could be dropped from the page cache: "
                    "another process has it mapped, or its file system keeps it. Cold starts are not wholly cold."
                )

    def _starts(self) -> None:
        """The states in turns, in an order drawn by coin; recorded and traced starts spread among them."""
        settings, order = self.settings, random.Random(self.settings.seed)
        recorded = settings.recorded if self._can_record() else 0
        traced = _TRACED if self.go else 0
        planned = (settings.runs + recorded) * len(settings.states) + traced
        done, began = 0, time.monotonic()
        for number in range(max(settings.runs, recorded, traced)):
            todo: list[tuple[str, Callable[[str], None]]] = []
            for state in order.sample(settings.states, len(settings.states)):
                if number < settings.runs:
                    todo.append((state, self._bare))
                if _due(number, recorded, settings.runs):
                    todo.append((state, self._record))
            if _due(number, traced, settings.runs):
                todo.append((WARM, self._trace))
            for state, run in todo:
                self.told.at(
                    f"{state}, {run.__name__.strip('_')}", done, planned, _left(began, done, planned)
                )
                run(state)
                done += 1

    def _bare(self, state: str) -> None:
        found = self.starter.start(env=self.settings.env, before=lambda: self._make(state))
        if found.outcome == READY:
            self.starts[state].append(found)
            return
        said = failure(found, self.built.argv, self.ready, self.settings.timeout_s)
        self.failed[state].append(said)
        if len(self.failed[state]) >= _MOST_FAILED and len(self.failed[state]) > len(self.starts[state]):
            raise NeverReady(f"It becomes ready only now and then: {said}", hint="Look at its output above.")

    def _trace(self, state: str) -> None:
        env = with_godebug(self.settings.env, "inittrace=1")
        found = self.starter.start(env=env, before=lambda: self._make(WARM), want_lines=True)
        if found.outcome == READY:
            self.traced.append(found)

    def _record(self, state: str) -> None:
        settings = self.settings
        out = self.scratch / f"{state}-{len(self.recorded[state])}.dyno"
        try:
            found = record_start(
                self.built.recorded, self.ready, settings.timeout_s, out, places=self.places, limits=self.starter.limits, cwd=settings.cwd,
                env=settings.env, before=lambda: self._make(state), listening=self.starter.listening, traced=self.traced_build,
            )  # fmt: skip
        except GodynoError as error:
            self.warnings.append(f"A start could not be recorded: {error}")
            return
        if found.start.outcome == READY:
            self.recorded[state].append(found)
        else:
            self.warnings.append(
                f"A recorded start: {failure(found.start, self.built.argv, self.ready, settings.timeout_s)}"
            )

    def _make(self, state: str) -> None:
        """The page cache as the state wants it. With warm starts alone it is as the start before left it."""
        if state == COLD:
            forget(self.files)
        elif self.settings.cold:
            preload(self.files)

    def _can_record(self) -> bool:
        found = Milestones(program=str(self.program)).availability(self.machine)
        if not found:
            self.missing.append(f"The waterfall and its causes: {found.reason}.{paste(found.remedy)}")
        return bool(found)

    def _missing(self) -> list[str]:
        if self.go:
            if not self.traced_build:
                return [
                    "What goroutines waited for, told by themselves: locks, channels and timers are guessed from threads. "
                    "Start it by the first, or build it by the second:"
                    + paste("godyno startup -- go run PACKAGE", "godyno record --instrument -- go build")
                ]
            if "init" not in self.places:
                return ["Each package's init in the waterfall: that needs a program of Go 1.21 or newer"]
            return []
        why = f" ({self.why_no_places})" if self.why_no_places else ""
        return [
            f"The Go runtime's and the packages' parts: {self.program.name} is no Go program{why}. "
            "If it starts one, name that one."
        ]

    # ---- remedies

    def _remedies(self) -> str:
        """Each beside starts without any, block by block; ``budget`` where that ended it."""
        settings, order = self.settings, random.Random(self.settings.seed + 1)
        memory = (
            settings.memory_limit_bytes or self.machine.cgroup.memory_bytes or self.machine.memory.total_bytes
        )
        self.tryable = remedies(
            settings.env, go=self.go, dynamic="loader" in self.places, cpus=self.machine.cpu.allowed, quota=settings.cpu_quota,
            memory_bytes=memory,
        )  # fmt: skip
        pairs = min(_MOST_PAIRS, max(_LEAST_PAIRS, settings.runs))
        began, planned = time.monotonic(), pairs * len(settings.states)
        for number in range(pairs):
            for at, state in enumerate(settings.states):
                done = number * len(settings.states) + at
                left = _left(began, done, planned)
                if time.monotonic() - began > settings.budget_s:
                    return "budget"
                self.told.at(f"{state}, remedies in turns", done, planned, left)
                arms: list[Remedy | None] = [None, *(one for one in self.tryable if state in one.states)]
                order.shuffle(arms)
                block = {arm.name if arm else "": self._with(arm, state) for arm in arms}
                base = block.pop("")
                for name, took in block.items():
                    if base is not None and took is not None:
                        old, new = self.tries.setdefault((name, state), ([], []))
                        old.append(base)
                        new.append(took)
        return "complete"

    def _with(self, remedy: Remedy | None, state: str) -> float | None:
        def before() -> None:
            self._make(state)
            if remedy and remedy.preload:
                preload(self.files)

        env = {**self.settings.env, **(remedy.env if remedy else {})}
        try:
            with remedy.hold() if remedy else contextlib.nullcontext():
                found = self.starter.start(env=env, before=before)
        except GodynoError as error:
            if remedy is None:
                raise
            self.warnings.append(f"{remedy.title} could not be tried: {error}")
            self.tryable.remove(remedy)
            return None
        return found.took_s if found.outcome == READY else None

    # ---- what it shows

    def _result(self, ended: str, elapsed_s: float) -> Startup:
        settings = self.settings
        distributions = tuple(self._distribution(state) for state in settings.states if self.starts[state])
        took = {one.state: one.took_s for one in distributions}
        waterfalls = tuple(found for one in distributions if (found := self._waterfall(one)) is not None)
        inits = inits_of(self.traced)
        result = Startup(
            settings.argv, self.ready.text, self.ready.meant, distributions, waterfalls,
            tuple(one.as_json() for one in inits), self._tried(),
            tuple(what for one in waterfalls for what in what_if(one, took[one.state], inits))
            or tuple(what_if_of_inits(took[WARM], inits) if took.get(WARM) else ()),
            tuple(one for gate in settings.gates for one in judge(gate, took)),
            tuple(self.missing), tuple(dict.fromkeys(self.warnings)), _machine(self.machine), self._conditions(), ended, elapsed_s,
        )  # fmt: skip
        self._keep(waterfalls)
        return result

    def _distribution(self, state: str) -> Distribution:
        starts = self.starts[state]
        first_ns = min(one.t_exec_ns for some in self.starts.values() for one in some)
        return distribution(
            state, [one.took_s for one in starts], max(one.doubt_ns for one in starts) * 1e-9, self.failed[state],
            [(one.t_exec_ns - first_ns) * 1e-9 for one in starts],
        )  # fmt: skip

    def _waterfall(self, found: Distribution) -> Waterfall | None:
        recorded = self.recorded[found.state]
        if not recorded:
            return None
        try:
            return waterfall(found, [(one.start, one.recording.capture) for one in recorded])
        except GodynoError as error:
            self.warnings.append(f"The recordings of {found.state} starts cannot be read: {error}")
            return None

    def _tried(self) -> tuple[Tried, ...]:
        known = {one.name: one for one in getattr(self, "tryable", ())}
        rows = [
            (known[name], state, old, new)
            for (name, state), (old, new) in self.tries.items()
            if name in known
        ]
        if rows and len(rows[0][2]) < 6:
            self.missing.append(
                "What remedies gain: fewer than 6 pairs were tried; more --budget lets more be"
            )
        return tuple(judged(rows))

    def _conditions(self) -> str:
        settings = self.settings
        parts = []
        if settings.cpu_quota is not None:
            parts.append(f"a CPU quota of {settings.cpu_quota:g} CPUs")
        if settings.memory_limit_bytes is not None:
            parts.append(f"a memory limit of {units.show_bytes(settings.memory_limit_bytes)}")
        return " and ".join(parts)

    def _keep(self, waterfalls: Sequence[Waterfall]) -> None:
        if self.settings.capture and waterfalls:
            shutil.copytree(waterfalls[-1].capture, self.settings.capture, dirs_exist_ok=True)


def _due(number: int, wanted: int, runs: int) -> bool:
    """Whether one of ``wanted`` comes after start ``number`` of ``runs``, spread evenly."""
    if runs <= wanted:
        return number < wanted
    return any(number == round((at + 0.5) * runs / wanted) for at in range(wanted)) if wanted else False


def _left(began: float, done: int, planned: int) -> float | None:
    return (time.monotonic() - began) / done * (planned - done) if done else None


def _machine(machine: Machine) -> str:
    return f"{machine.cpu.allowed} × {machine.cpu.model or machine.cpu.arch}, Linux {machine.kernel}"
