"""A survey at work: steps in their order, within the budget, each run recorded and kept as it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from godyno import units
from godyno.errors import BuildFailed, GodynoError, NotAvailableHere
from godyno.model import Workload
from godyno.studies.survey import gocache
from godyno.studies.survey.activities import (
    BUILT,
    COLD,
    EDITOR_NAME,
    EDITOR_TITLE,
    EMPTY,
    NOOP,
    SHARED,
    TASKS,
    Place,
    Task,
    editor_workload,
)
from godyno.studies.survey.bench import Outcome, Recorder, judged
from godyno.studies.survey.busy import Others
from godyno.studies.survey.plan import Budget, Times, left_to_do_s
from godyno.studies.survey.progress import Progress
from godyno.studies.survey.records import FAILED, PASS, STOPPED, Activity, LeastMemory, Run, Setting
from godyno.studies.survey.subject import Subject

SHARES = {task.name: task.share for task in TASKS} | {
    EDITOR_NAME: 0.7, "least-build": 4.5, "least-test": 2.5, "settings": 4.5, "least-settings": 4.5,
}  # fmt: skip


@dataclass
class Module:
    """A subject with all that was measured on it."""

    subject: Subject
    prefix: str = ""  # of its captures' names, where there are several modules
    times: Times = field(default_factory=lambda: Times(SHARES))
    runs: dict[str, list[Run]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    details: dict[str, dict[str, object]] = field(default_factory=dict)
    least: dict[str, LeastMemory] = field(default_factory=dict)
    settings: list[Setting] = field(default_factory=list)
    built: Path | None = None  # the cache in which it was built once

    def passed(self, name: str) -> list[Run]:
        """The runs of an activity that passed."""
        return [run for run in self.runs.get(name, ()) if run.verdict == PASS]

    def whole(self, name: str) -> list[Run]:
        """The runs of an activity that went to their end, with or without success."""
        return [run for run in self.runs.get(name, ()) if run.verdict in (PASS, FAILED)]


@dataclass(frozen=True)
class Step:
    """Something to do: what it is called in ``Times``, and the doing, which says in a few words what came out."""

    name: str
    module: Module
    title: str
    do: Callable[[], str]
    least_share: float = 1.0  # of its time, with which it is worth beginning: a search may be cut short


_MARGIN_S = 2.5  # of the budget, kept for writing the report


class Session:
    """Runs steps within the budget. ``scratch`` is for caches, ``directory`` for what is kept."""

    def __init__(
        self, budget: Budget, recorder: Recorder, scratch: Path, directory: Path, progress: Progress
    ) -> None:
        self.budget, self.recorder, self.progress = budget, recorder, progress
        self.scratch, self.directory = scratch, directory
        self.turn = 0
        self.warnings: list[str] = []
        self.others = Others()
        self.overhead_s = 1.0  # of recording one run, beside the run itself: the longest so far

    # ---- steps

    def work_through(self, steps: list[Step], after: tuple[Step, ...] = ()) -> None:
        """Does each step that still fits into the budget; says of the others why not. ``after`` are known to follow, for the time left."""
        for index, step in enumerate(steps):
            expected_s, left_s = step.module.times.expected_s(step.name), self.budget.left_s()
            needed_s = None if expected_s is None else expected_s * step.least_share
            if left_s <= _MARGIN_S or (needed_s is not None and needed_s + _MARGIN_S > left_s):
                self._leave_out(step, needed_s, left_s)
                continue
            remaining = (*steps[index:], *after)
            self.progress.begin(step.title, *self._time_left(remaining))
            began = time.monotonic()
            try:
                result = step.do()
            except BuildFailed as error:
                step.module.skipped[step.name] = str(error).partition("\n")[0].rstrip(":")
                self.progress.end(step.title, step.module.skipped[step.name])
                raise
            except (GodynoError, OSError) as error:  # OSError: the disk of the caches is full, mostly
                step.module.skipped[step.name] = str(error)
                self.progress.end(step.title, f"not measured: {error}")
                continue
            step.module.times.add(step.name, time.monotonic() - began)
            self.progress.end(step.title, result)

    def _leave_out(self, step: Step, needed_s: float | None, left_s: float) -> None:
        if step.module.whole(step.name):
            return  # it has figures already; one more run was wished for
        about = (
            ""
            if needed_s is None
            else f": about {units.show_seconds(needed_s)} needed, {units.show_seconds(left_s)} left"
        )
        step.module.skipped[step.name] = f"no time left in the budget{about}"

    def _time_left(self, steps: tuple[Step, ...]) -> tuple[float, bool]:
        total_s, sure = 0.0, True
        for step in steps:
            expected_s, known = left_to_do_s(step.module.times, (step.name,), self.budget)
            total_s, sure = total_s + expected_s, sure and known
        return min(total_s, self.budget.left_s()), sure

    # ---- runs

    def task_step(self, module: Module, task: Task, label: str = "") -> Step:
        """One run of an activity."""
        return Step(task.name, module, f"{label}{task.title}", lambda: self._run_task(module, task))

    def _run_task(self, module: Module, task: Task) -> str:
        reason = task.unavailable(module.subject)
        if reason:
            raise NotAvailableHere(reason)
        if task.state != EMPTY:
            _must_be_built(module)
        first = task is COLD and module.built is None
        with self.place(module, task.state, keep=first, unchanged=task is NOOP) as place:
            run = self.record(
                task.name,
                task.workload(module.subject, place),
                count=len(module.runs.get(task.name, ())) + 1,
                prefix=module.prefix,
            )
            if first:
                if run.verdict == STOPPED:
                    gocache.remove(place.gocache)
                    raise NotAvailableHere(
                        f"a cold build did not end within the budget of {units.show_seconds(self.budget.budget_s)}",
                        hint="Give it more with --budget.",
                    )
                if run.verdict != PASS:
                    module.runs.setdefault(task.name, []).append(run)
                    command = f"{task.shown(module.subject)} exits with {run.exit_code}"
                    raise BuildFailed(
                        f"{module.subject.path} does not build ({command}):\n{run.said}".rstrip(": \n"),
                        hint="Make `go build ./...` pass in the module first.",
                    )
                module.built = place.gocache
        module.runs.setdefault(task.name, []).append(run)
        if run.verdict == STOPPED and not module.whole(task.name):
            raise NotAvailableHere(f"the budget ended {units.show_seconds(run.wall_s)} after it began")
        return told(run)

    def record(
        self,
        name: str,
        workload: Workload,
        *,
        count: int,
        memory_limit_bytes: int | None = None,
        timeout_s: float | None = None,
        prefix: str = "",
    ) -> Run:
        """One recorded run; never longer than the budget (a limit's time-out that the budget cut short is the budget's)."""
        left_s = max(0.1, self.budget.left_s() - self.overhead_s - _MARGIN_S)
        limit_s = left_s if timeout_s is None else min(left_s, timeout_s)
        out = self.directory / f"{prefix}{name}-{count}.dyno"
        began = time.monotonic()
        self.others.begin()
        outcome = self.recorder(workload, out, memory_limit_bytes=memory_limit_bytes, timeout_s=limit_s)
        self.others.end()
        self.overhead_s = max(self.overhead_s, time.monotonic() - began - outcome.wall_s)
        self._warn(outcome)
        run = judged(name, outcome, memory_limit_bytes)
        if outcome.timed_out and timeout_s is not None and left_s < timeout_s and run.oom_kills == 0:
            run = replace(run, verdict=STOPPED)
        return run

    def _warn(self, outcome: Outcome) -> None:
        """Keeps what the recorder warned of, once: it says the same of every run."""
        for text in outcome.warnings:
            if text not in self.warnings and not outcome.timed_out:
                self.warnings.append(text)

    @contextmanager
    def place(
        self, module: Module, state: str, keep: bool = False, unchanged: bool = False
    ) -> Iterator[Place]:
        """Where one run works; its cache and scratch directory go when it has ended, unless the cache is to be kept.

        ``unchanged`` gives a build the programs that the first one linked, too.
        """
        self.turn += 1
        scratch = self.scratch / f"run-{self.turn}"
        scratch.mkdir()
        cache = scratch / "gocache"
        try:
            if state == SHARED and module.built is not None:
                cache = module.built
            elif state == BUILT and module.built is not None:
                gocache.copy_cache(module.built, cache)
            else:
                cache.mkdir()
            output = scratch / "bin"
            if keep:
                cache = cache.rename(self.scratch / f"built-{self.turn}")
            if keep or (state == SHARED and unchanged and module.built is not None):
                output = cache.with_name(f"{cache.name}-bin")
            yield Place(cache, scratch, self.turn, output)
        finally:
            gocache.remove(scratch)

    # ---- the editor

    def editor_step(self, module: Module, gopls: Callable[[], str], label: str = "") -> Step:
        """One editor session; ``gopls`` gives the server's path and raises NotAvailableHere where there is none."""
        return Step(EDITOR_NAME, module, f"{label}{EDITOR_TITLE}", lambda: self._run_editor(module, gopls))

    def _run_editor(self, module: Module, gopls: Callable[[], str]) -> str:
        from godyno.workload.editor import read_session

        _must_be_built(module)
        server = gopls()
        if module.subject.editor_file() is None:
            raise NotAvailableHere("the module has no file to open")
        with self.place(module, BUILT) as place:
            out = place.scratch / "session.json"
            workload = editor_workload(module.subject, place, server, out)
            run = self.record(EDITOR_NAME, workload, count=len(module.runs.get(EDITOR_NAME, ())) + 1)
            module.runs.setdefault(EDITOR_NAME, []).append(run)
            if run.verdict == PASS:
                sessions = module.details.setdefault(EDITOR_NAME, {}).setdefault("sessions", [])
                assert isinstance(sessions, list)
                sessions.append(read_session(out).as_json())
        return told(run)


def _must_be_built(module: Module) -> None:
    if module.built is None:
        raise NotAvailableHere("it starts from a build, and no cold build has passed")


def told(run: Run) -> str:
    """A run in a few words: wall, CPU and peak."""
    parts = [units.show_seconds(run.wall_s)]
    if run.peak_bytes is not None:
        parts.append(f"peak {units.show_bytes(run.peak_bytes)}")
    if run.verdict != PASS:
        parts.insert(0, run.verdict if run.verdict != FAILED else f"fails (exit {run.exit_code})")
    return ", ".join(parts)


def activities_of(module: Module) -> tuple[Activity, ...]:
    """What was measured on a module, in the order of the list, with figures over its runs."""
    from godyno.studies.survey.figures import run_figures

    subject = module.subject
    named = [(task.name, task.title, task.shown(subject)) for task in TASKS] + [
        (EDITOR_NAME, EDITOR_TITLE, "gopls serve: open, complete, hover, define, refer, rename, type")
    ]
    return tuple(
        Activity(
            name, title, command, subject.path, tuple(module.runs.get(name, ())),
            run_figures(module.runs.get(name, ()), failing_too=name.startswith("test")),
            module.skipped.get(name, ""), module.details.get(name, {}),
        )
        for name, title, command in named
        if name in module.runs or name in module.skipped
    )  # fmt: skip
