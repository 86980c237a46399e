"""A comparison from start to end: trees, toolchains and binaries made ready, a pilot, a plan, trials until decided, rows."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from godyno.errors import UsageError
from godyno.machine import read_machine
from godyno.model import Trial
from godyno.studies.bench.arms import STUDY, Side, factors, revision, sides
from godyno.studies.bench.build import Built, build, cache_of
from godyno.studies.bench.live import Silent, Watch
from godyno.studies.bench.pilot import Pilot, Subject, TrialFailed, pilot
from godyno.studies.bench.place import (
    STUDY_FILE,
    TRIALS,
    keep,
    known_pilot,
    open_place,
    read_study,
    write,
    write_study,
)
from godyno.studies.bench.process import Launch, Spawner
from godyno.studies.bench.recorded import recording
from godyno.studies.bench.result import Bench, conclude
from godyno.studies.bench.rule import deciding, rule_for
from godyno.studies.bench.settings import WORKING_TREE, Settings, words
from godyno.studies.bench.trials import BenchTrials, CommandTrials, run_helper
from godyno.studies.factors import Arm
from godyno.studies.noise.shielded import shielded
from godyno.studies.plan import Plan
from godyno.studies.runner import run
from godyno.studies.schedule import Slot, pool
from godyno.toolchain import Go, find_go, selected_go
from godyno.toolchain.versions import fetch


@dataclass
class Ready:
    """Everything that a run needs, prepared."""

    plan: Plan
    pilot: Pilot
    sides: list[Side]
    trials: BenchTrials | CommandTrials
    pool: str
    out: Path
    launch: Launch
    helper: Launch
    trees: Mapping[str, Path]
    cleanups: list[str] = field(default_factory=list)


def measure(
    settings: Settings, *, directory: Path, out: Path | None = None, watch: Watch | None = None, gocache: Path | None = None
) -> Bench:  # fmt: skip
    """Compares the arms with the first of them. ``out`` keeps the study, and goes on with one that is there.

    Ctrl-C ends it early with what was measured. Raises GodynoError where nothing can be measured.
    """
    watch = watch or Silent()
    with (
        _ended_by_sigterm(),
        prepared(settings, directory=directory, out=out, watch=watch, gocache=gocache) as ready,
    ):
        rule = rule_for(ready.plan, settings)
        watch.begin(ready.plan, ready.pilot, ready.sides)
        outcome = run(
            ready.plan, ready.trials, ready.out / TRIALS, pool=ready.pool, rule=rule, budget_s=settings.budget_s,
            progress=lambda at: watch.trial(at, rule),
        )  # fmt: skip
        found = conclude(settings, ready.plan, ready.pilot, ready.sides, outcome, rule, ready.pool)
        if settings.why and outcome.end.value != "interrupted":
            from godyno.studies.bench.why import explain

            try:
                found = explain(found, ready, settings, watch)
            except KeyboardInterrupt:
                found = dataclasses.replace(found, warnings=(*found.warnings, "--why was interrupted"))
        watch.close()
        if out is not None:
            found = dataclasses.replace(found, directory=str(out))
        elif outcome.end.value == "interrupted" and outcome.trials:
            kept = keep(ready.out)
            found = dataclasses.replace(found, directory=str(kept))
        write(ready.out if ready.out.is_dir() else Path(found.directory), "bench.json", found)
        return found


def dry_run(
    settings: Settings, *, directory: Path, out: Path | None = None, watch: Watch | None = None, gocache: Path | None = None
) -> str:  # fmt: skip
    """Builds and pilots, runs no trial: the plan as text, with its time."""
    with prepared(settings, directory=directory, out=out, watch=watch or Silent(), gocache=gocache) as ready:
        seconds = {Arm(side.levels).name: ready.pilot.seconds[side.name] for side in ready.sides}
        return ready.plan.text(seconds).replace("\t", " ")


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends a comparison as Ctrl-C does. Only on the main thread, where Python delivers signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def prepared(
    settings: Settings, *, directory: Path, out: Path | None, watch: Watch, gocache: Path | None = None
) -> Iterator[Ready]:  # fmt: skip
    """Makes everything ready and cleans up afterwards, however it ends."""
    wanted = sides(settings)
    with contextlib.ExitStack() as stack:
        stack.callback(watch.close)
        held = stack.enter_context(
            shielded(settings.shield, say=watch.say)
        )  # before the spawner, which inherits it
        spawner = stack.enter_context(Spawner(syscalls=settings.syscalls))
        place = open_place(out, stack)
        trees = {}
        for name in dict.fromkeys(side.revision for side in wanted):
            watch.say(f"checking out {name}" if name != WORKING_TREE else "")
            trees[name] = stack.enter_context(revision(directory, name, place / "trees"))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="godyno-bench-")))
        launch: Launch = recording(place / "captures") if settings.record else spawner.run
        launch = held.around(launch)
        gos = {side.name: _go_of(side, trees[side.revision], settings, watch) for side in wanted}
        wanted = [_isolated(side, gos[side.name], scratch / f"gocache-{i}") for i, side in enumerate(wanted)]
        known = read_study(place, settings)
        if settings.commands:
            yield _commands(settings, wanted, trees, launch, spawner.run, place, known, watch, stack, gos)
        else:
            yield _benchmarks(
                settings, wanted, trees, launch, spawner.run, place, known, watch, gos, scratch, gocache
            )


def _benchmarks(
    settings: Settings, wanted: list[Side], trees: Mapping[str, Path], launch: Launch, spawn: Launch, place: Path,
    known: dict[str, Any], watch: Watch, gos: Mapping[str, Go | None], scratch: Path, gocache: Path | None,
) -> Ready:  # fmt: skip
    made: dict[str, Built] = {}
    built = []
    for side in wanted:
        go = gos[side.name]
        assert go is not None
        if side.build_key not in made:
            made[side.build_key] = build(
                go, trees[side.revision], settings.packages or ("./...",), scratch / f"arm{len(made)}", side,
                layouts=settings.layouts, gocache=gocache or cache_of(go, side), say=watch.say,
            )  # fmt: skip
        built.append(dataclasses.replace(made[side.build_key], side=side))
    identity = [f"{arm.side.name}: {arm.go.version} {arm.fingerprint()}" for arm in built]
    pooled = " | ".join((pool(read_machine()), *identity))
    found = known_pilot(known, pooled, place) or pilot(built, settings, spawn, watch.say)
    for name in found.left_out:
        watch.say(f"not in every arm, left out: {name}")
    plan = _plan(
        settings, found, [subject.units + ("cpu-sec/op",) * subject.cpu for subject in found.subjects]
    )
    write_study(place, settings, pooled, found, wanted)
    trials = BenchTrials({Arm(arm.side.levels).name: arm for arm in built}, found, settings, launch)
    return Ready(plan, found, wanted, trials, pooled, place, launch, spawn, trees)


def _commands(
    settings: Settings, wanted: list[Side], trees: Mapping[str, Path], launch: Launch, spawn: Launch, place: Path,
    known: dict[str, Any], watch: Watch, stack: contextlib.ExitStack, gos: Mapping[str, Go | None],
) -> Ready:  # fmt: skip
    identity = []
    for side in wanted:
        go = gos[side.name]
        identity.append(f"{side.name}: {go.version if go else ''} {_program(side, settings, trees)}")
    pooled = " | ".join((pool(read_machine()), *identity))
    if settings.cleanup:
        for tree in trees.values():
            stack.callback(run_helper, spawn, settings.cleanup, "--cleanup", tree, wanted[0].env)
    if settings.setup:
        for tree in trees.values():
            run_helper(spawn, settings.setup, "--setup", tree, wanted[0].env)
    subject = Subject("", "Command", units=("sec/op", "cpu-sec/op", "peak-B"))
    trials = CommandTrials({Arm(side.levels).name: side for side in wanted}, trees, settings, launch, spawn)
    found = known_pilot(known, pooled, place)
    if found is None:
        seconds = {}
        for side in wanted:
            watch.say(f"pilot: {side.name}")
            began = time.monotonic()
            dataclasses.replace(trials, launch=spawn)(Slot(STUDY, 0, 0, side.levels, subject.key))
            seconds[side.name] = time.monotonic() - began
        found = Pilot((subject,), {}, seconds)
    plan = _plan(settings, found, [subject.units])
    write_study(place, settings, pooled, found, wanted)
    return Ready(plan, found, wanted, trials, pooled, place, launch, spawn, trees)


def _plan(settings: Settings, found: Pilot, units: Sequence[Sequence[str]]) -> Plan:
    names = [subject.key for subject in found.subjects]
    measures = [
        one for name, have in zip(names, units, strict=True) for one in deciding(name, (*have, "peak-B"), settings.gates)
    ]  # fmt: skip
    if not measures:
        have_units = ", ".join(sorted({unit for have in units for unit in have}))
        asked = ", ".join(gate.unit for gate in settings.gates) or "sec/op"
        raise UsageError(f"No benchmark reports {asked}", hint=f"Units here: {have_units}.")
    return Plan.of(
        STUDY, factors(settings), settings.blocks, seed=settings.seed, measures=measures, subjects=names
    )


def _go_of(side: Side, tree: Path, settings: Settings, watch: Watch) -> Go | None:
    if side.go:
        watch.say(f"Go {side.go}")
        return fetch(side.go)
    return None if settings.commands else selected_go(find_go(), tree)


def _isolated(side: Side, go: Go | None, gocache: Path) -> Side:
    """The side with a build cache of its own while it runs, and its toolchain first on PATH where one was asked for."""
    env: dict[str, str | None] = {"GOCACHE": str(gocache)}
    if side.go and go is not None:
        path = f"{Path(go.goroot, 'bin')}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        env |= {"PATH": path, "GOTOOLCHAIN": "local", "GOROOT": None}
    return dataclasses.replace(side, env={**env, **side.env})


def _program(side: Side, settings: Settings, trees: Mapping[str, Path]) -> str:
    """The command and, where it is a file, what that holds: a program that was built anew is another arm."""
    argv = words(side.command, settings.shell)
    found = shutil.which(argv[0], path=side.env.get("PATH")) if not settings.shell else None
    path = Path(found) if found else trees[side.revision] / argv[0]
    if settings.shell or not path.is_file():
        return side.command
    with path.open("rb") as file:
        return f"{side.command} ({hashlib.file_digest(file, 'sha256').hexdigest()[:12]})"


__all__ = ["STUDY_FILE", "TRIALS", "Ready", "Trial", "TrialFailed", "dry_run", "measure", "prepared"]
