"""``godyno.survey``: the whole survey from a module's name to the written report."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from godyno import __version__, units
from godyno.errors import BuildFailed, GodynoError, NotAvailableHere, ToolchainError, UsageError
from godyno.model import Machine
from godyno.studies.survey import gocache
from godyno.studies.survey.activities import COLD, EDITOR_NAME, TASKS
from godyno.studies.survey.advice import advice
from godyno.studies.survey.bench import Recorder, record_run
from godyno.studies.survey.busy import QUIET
from godyno.studies.survey.claims import Found, claims
from godyno.studies.survey.interrupt import ended_by_signals
from godyno.studies.survey.memory import find_limiter, least_step, settings_step
from godyno.studies.survey.plan import Budget, rounds
from godyno.studies.survey.progress import Progress, Silent
from godyno.studies.survey.records import SmallFiles, Survey
from godyno.studies.survey.session import Module, Session, activities_of
from godyno.studies.survey.smallfiles import small_files
from godyno.studies.survey.subject import Subject, check_module, open_subject, reference_subject
from godyno.studies.survey.verdicts import OS_ALLOWANCE_BYTES, fits
from godyno.toolchain import find_go

SHORTEST_BUDGET_S = 5.0
_TASKS = {task.name: task for task in TASKS}
_SERVICE_TASKS = ("build-cold", "build-noop", "build-root", "build-leaf", "test")


def survey(
    module: str | Path | None = None, *, budget_s: float = 300.0, out: str | Path | None = None, seed: int = 0,
    os_allowance_bytes: int = OS_ALLOWANCE_BYTES, progress: Progress | None = None, recorder: Recorder = record_run,
) -> Survey:  # fmt: skip
    """Surveys this machine with ``module``: a directory with a go.mod, ``PATH@VERSION``, or None for godyno's reference modules.

    Takes about ``budget_s`` seconds at most and writes captures, ``survey.json``, ``survey.md`` and ``survey.html`` to
    ``out`` (default: a new directory ``survey-NAME-TIME`` in the current one). Ctrl-C ends it early with what there is.
    Raises UsageError, GoNotFound, ModuleNotFound, ToolchainError, BuildFailed; what was measured until then is written.
    """
    if budget_s < SHORTEST_BUDGET_S:
        raise UsageError(
            f"A budget of {budget_s:g} s is too short for anything", hint="Give it some minutes: --budget 5m."
        )
    work = _Surveying(
        str(module) if module is not None else None,
        budget_s,
        seed,
        os_allowance_bytes,
        progress or Silent(),
        recorder,
    )
    return work.run(Path(out) if out is not None else None)


class _Surveying:
    def __init__(
        self,
        module: str | None,
        budget_s: float,
        seed: int,
        os_allowance_bytes: int,
        progress: Progress,
        recorder: Recorder,
    ) -> None:
        self.wanted, self.seed, self.os_allowance_bytes = module, seed, os_allowance_bytes
        self.budget, self.progress, self.recorder = Budget(budget_s), progress, recorder
        self.modules: list[Module] = []
        self.machine = Machine()
        self.small_files: tuple[SmallFiles, ...] = ()
        self.gocache_bytes: int | None = None
        self.goroot_bytes: int | None = None
        self.ended, self.problem = "complete", ""
        self.skipped: list[str] = []
        self.warnings: list[str] = []

    def run(self, out: Path | None) -> Survey:
        self.go = find_go()
        if self.wanted is not None:
            check_module(self.go, self.wanted)  # before anything is made or measured
        self.directory = _new_directory(out, self.wanted)
        self.scratch = gocache.make_scratch(Path(self.go.run("env", "GOCACHE").strip()))
        self.session = Session(self.budget, self.recorder, self.scratch, self.directory, self.progress)
        error: GodynoError | None = None
        try:
            with ended_by_signals():
                self._look_at_machine()
                self._work()
        except KeyboardInterrupt:
            self.ended, self.problem = (
                "interrupted",
                "interrupted by the user; what was measured until then stands",
            )
        except GodynoError as raised:
            self.ended, self.problem, error = "problem", str(raised), raised
        finally:
            self.progress.close()
            result = self._finish()
            gocache.remove(self.scratch)
        if error is not None:
            if self.modules or isinstance(error, ToolchainError):
                error.hint = f"{error.hint} What was measured is in {self.directory}.".strip()
            raise error
        return result

    # ---- the machine

    def _look_at_machine(self) -> None:
        from godyno.machine import read_machine

        places = self._places()
        self.progress.begin("machine", self.budget.left_s(), False)
        self.machine = read_machine(paths=places)
        self.small_files = small_files(places, self.machine)
        self.goroot_bytes = _tree_bytes(Path(self.go.goroot))
        cache = next((one for one in self.small_files if one.purpose == "GOCACHE" and one.ops_per_s), None)
        speed = (
            f"; small files {cache.ops_per_s.value:,.0f} operations/s at GOCACHE"
            if cache and cache.ops_per_s
            else ""
        )
        cpu = self.machine.cpu
        self.progress.end("machine", f"{cpu.allowed} × {cpu.model or cpu.arch}{speed}")

    def _places(self) -> dict[str, Path]:
        import tempfile

        cache, modules = self.go.run("env", "GOCACHE", "GOMODCACHE").splitlines()[:2]
        places = {
            "GOCACHE": cache,
            "GOMODCACHE": modules,
            "tmp": tempfile.gettempdir(),
            "cwd": str(Path.cwd()),
        }
        return {purpose: Path(path) for purpose, path in places.items() if path and path != "off"}

    # ---- the modules

    def _work(self) -> None:
        from godyno.workload.gopls import cached_gopls

        limiter = find_limiter(self.machine)
        main = Module(self._main_subject())
        self.modules.append(main)
        step = {task.name: self.session.task_step(main, task) for task in TASKS}
        cold = step.pop(COLD.name)
        race, cross = step.pop("test-race"), step.pop("build-cross")
        editor = self.session.editor_step(main, self._gopls(main.subject))
        memory = least_step(self.session, main, COLD, limiter)
        # Building gopls takes a minute or two, once: then the least memory comes before it.
        built = cached_gopls(main.subject.go) is not None
        rest = [*step.values(), *([editor, memory, race] if built else [memory, race, editor]), cross]
        rest.append(settings_step(self.session, main))
        if main.subject.tests:
            rest.append(least_step(self.session, main, _TASKS["test"], limiter))
        self.session.work_through([cold], tuple(rest))
        self.gocache_bytes = _tree_bytes(main.built) if main.built else None
        self.session.work_through(rest)
        if self.wanted is None:
            self._service()
        self._repeat(limiter)
        if any("budget" in reason for module in self.modules for reason in module.skipped.values()):
            self.ended = "budget"

    def _main_subject(self) -> Subject:
        self.progress.begin("module", self.budget.left_s(), False)
        if self.wanted is None:
            subject = reference_subject(self.go, "cli", self.scratch)
        else:
            subject = open_subject(self.go, self.wanted, self.scratch)
        self.progress.end(
            "module", f"{subject.path}: {len(subject.own)} packages, {subject.dependencies} needed"
        )
        return subject

    def _service(self) -> None:
        """The second reference module, where its dependencies can be had and time is left."""
        if self.budget.left_s() < 20:
            self.skipped.append("the reference service (gin and gRPC): no time left in the budget")
            return
        try:
            subject = reference_subject(self.go, "service", self.scratch)
        except GodynoError as error:
            self.skipped.append(f"the reference service (gin and gRPC): {error}")
            return
        module = Module(subject, prefix="service-")
        self.modules.append(module)
        steps = [self.session.task_step(module, _TASKS[name], "service: ") for name in _SERVICE_TASKS]
        try:
            self.session.work_through(steps)
        except BuildFailed as error:
            self.skipped.append(f"the reference service (gin and gRPC): {error}")

    def _repeat(self, limiter: Any) -> None:
        """Rounds, until everything has enough runs or the budget ends; the memory with settings, where they were tried, in between."""
        main = self.modules[0]
        together = next((setting for setting in reversed(main.settings) if len(setting.env) > 1), None)
        extra = [least_step(self.session, main, COLD, limiter, together.env)] if together else []
        for index, module in enumerate(self.modules):
            label = "service: " if index else ""
            names = [
                name
                for name in _TASKS
                if module.passed(name) or (name.startswith("test") and module.whole(name))
            ]
            done = {name: len(module.whole(name)) for name in names}
            expected = {name: module.times.expected_s(name) or 0.0 for name in names}
            order = rounds(names, done, expected, self.seed + index)
            cheap = [name for name in order if expected[name] < 4.0]
            steps = [self.session.task_step(module, _TASKS[name], label) for name in cheap]
            self.session.work_through(steps)
            self.session.work_through(extra if not index else [])
        for index, module in enumerate(self.modules):
            names = [name for name in _TASKS if module.passed(name)]
            done = {name: len(module.whole(name)) for name in names}
            order = rounds(names, done, dict.fromkeys(names, 99.0), self.seed + index)
            steps = [
                self.session.task_step(module, _TASKS[name], "service: " if index else "") for name in order
            ]
            if not index and module.passed(EDITOR_NAME):
                steps += [self.session.editor_step(module, self._gopls(module.subject))] * 2
            self.session.work_through(steps)

    def _gopls(self, subject: Subject) -> Callable[[], str]:
        def find() -> str:
            from godyno.workload.gopls import cached_gopls, find_or_build_gopls

            if cached_gopls(subject.go) is None:
                if self.budget.left_s() < 30:
                    raise NotAvailableHere(
                        "gopls is not built yet, which takes a minute or more, and the budget ends before"
                    )
                self.progress.say("Building gopls with this toolchain (once; kept in the user's cache) …")
            gopls = find_or_build_gopls(subject.go, timeout_s=max(1.0, self.budget.left_s()))
            return gopls.path

        return find

    # ---- the end

    def _finish(self) -> Survey:
        activities = [activity for module in self.modules for activity in activities_of(module)]
        main = activities_of(self.modules[0]) if self.modules else ()
        least = [one for module in self.modules for one in module.least.values()]
        settings = [setting for module in self.modules for setting in module.settings]
        others = self.session.others.ratio
        found_fits = fits(self.machine, main, least, self.os_allowance_bytes)
        facts = tuple(module.subject.facts() for module in self.modules)
        checks = claims(
            Found(
                self.machine,
                facts,
                activities,
                least,
                found_fits,
                self.goroot_bytes,
                self.gocache_bytes,
                others,
            )
        )
        if others is not None and others > QUIET:
            self.warnings.append(
                f"Other processes kept {units.show_ratio(others)} of the processors busy while this was measured: wall times are "
                "longer than on an idle machine; CPU seconds and memory hardly suffer."
            )
        result = Survey(
            created_at=datetime.now(UTC).isoformat(timespec="seconds"), godyno_version=__version__, go_version=self._go_version(),
            budget_s=self.budget.budget_s, spent_s=self.budget.spent_s(), ended=self.ended, directory=str(self.directory),
            machine=self.machine, modules=facts, small_files=self.small_files, activities=tuple(activities), least=tuple(least),
            settings=tuple(settings), fits=found_fits,
            advice=(
                advice(self.machine, self.go.release, settings, least, found_fits, self.small_files)
                if any(activity.figures for activity in main) else ()
            ),
            claims=checks, os_allowance_bytes=self.os_allowance_bytes, skipped=(*self.skipped, *self._steps_left_out()),
            warnings=(*self.warnings, *self.session.warnings), problem=self.problem,
        )  # fmt: skip
        write(result, self.directory)
        return result

    def _steps_left_out(self) -> list[str]:
        """Why a search for the least memory, or settings, have no result; activities say it themselves."""
        names = {"least-build": "least memory to build", "least-test": "least memory to test",
                 "settings": "what settings gain", "least-settings": "least memory to build, with settings"}  # fmt: skip
        return [
            f"{title}: {module.skipped[name]}"
            for module in self.modules
            for name, title in names.items()
            if name in module.skipped and name not in module.least
        ]

    def _go_version(self) -> str:
        return self.modules[0].subject.go.version if self.modules else self.go.version


def write(result: Survey, directory: Path) -> None:
    """Writes ``survey.json``, ``survey.md`` and ``survey.html``. Raises OSError."""
    from godyno.report.html import html
    from godyno.report.markdown import markdown
    from godyno.studies.survey.document import document

    shown = document(result)
    (directory / "survey.json").write_text(json.dumps(result.as_json(), indent=1), encoding="utf-8")
    (directory / "survey.md").write_text(markdown(shown), encoding="utf-8")
    (directory / "survey.html").write_text(html(shown), encoding="utf-8")


def _new_directory(out: Path | None, module: str | None) -> Path:
    name = re.sub(
        r"[^A-Za-z0-9._-]+",
        "-",
        Path(module).resolve().name if module and Path(module).exists() else module or "reference",
    )
    place = out or Path(f"survey-{name.strip('-.')[:60] or 'module'}-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        place.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"{place} exists already", hint="Choose another directory with -o.") from None
    except OSError as error:
        raise UsageError(
            f"{place} cannot be made: {error.strerror}", hint="Choose another place with -o."
        ) from error
    return place.absolute()


def _tree_bytes(directory: Path) -> int | None:
    total, found = 0, False
    for path in directory.rglob("*"):
        try:
            if path.is_file() and not path.is_symlink():
                total, found = total + path.stat().st_size, True
        except OSError:
            continue
    return total if found else None
