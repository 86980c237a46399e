"""``godyno.run_study``: a study from its name to its report, and the list of studies."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from godyno import __version__, registry, units
from godyno.errors import GodynoError, NotAvailableHere, UsageError
from godyno.interfaces import Study
from godyno.model import Availability, Finding, Machine, Record, Trial
from godyno.studies.factors import Arm
from godyno.studies.noise.shielded import shielded
from godyno.studies.plan import Plan
from godyno.studies.progress import Silent, Told
from godyno.studies.runner import End, Outcome, Progress, run
from godyno.studies.schedule import Slot, pool
from godyno.studies.stand import Stand
from godyno.studies.study import FAILED, OTHERS, UNAVAILABLE
from godyno.studies.survey import gocache
from godyno.studies.survey.busy import QUIET, Others
from godyno.studies.survey.interrupt import ended_by_signals
from godyno.studies.survey.subject import Subject, check_module, open_subject, reference_subject
from godyno.toolchain import Go, find_go

_TRIALS = "trials.jsonl"
REPORTS = (".md", ".markdown", ".html", ".htm", ".json")


@dataclass(frozen=True, slots=True)
class StudyResult(Record):
    """What a study came to. ``ended`` is a value of ``runner.End``; what the source says is in findings of kind ``claim``."""

    study: str
    summary: str
    created_at: str
    godyno_version: str
    go_version: str
    module: str
    machine: Machine
    plan: str
    seed: int
    quick: bool
    spent_s: float
    ended: str
    directory: str
    findings: tuple[Finding, ...]
    trials: tuple[Trial, ...]
    sure: str = ""
    cannot_say: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed(Record):
    """A study as ``godyno studies`` lists it."""

    name: str
    summary: str
    takes_s: float
    quick_s: float | None
    takes_module: bool
    factors: Mapping[str, Sequence[str]]
    available: Availability


def list_studies(machine: Machine | None = None) -> tuple[Listed, ...]:
    """Every study with what it answers, how long it takes, and whether it can be run on this machine."""
    from godyno.machine import read_machine

    here = machine or read_machine()
    found = []
    for name in registry.names("studies"):
        kind = registry.load("studies", name)
        found.append(
            Listed(
                name, kind.summary, kind.takes_s, getattr(kind, "quick_s", None), kind.takes_module,
                {factor: tuple(levels) for factor, levels in kind.factors.items()}, kind().availability(here),
            )
        )  # fmt: skip
    return tuple(found)


def make_study(
    name: str,
    levels: Mapping[str, Sequence[str]] | None = None,
    quick: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Study:
    """The study of this name with its settings. Raises UsageError for what it cannot be told."""
    kind = registry.load("studies", name)
    try:
        study: Study = kind(levels=dict(levels or {}), quick=quick, **dict(options or {}))
    except TypeError as error:
        raise UsageError(
            f"{name}: {error}", hint=f"`godyno study {name} --help` lists what it can be told."
        ) from error
    return study


def plan_study(
    study: str | Study, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False, seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Plan:  # fmt: skip
    """What would be run, in which order; nothing is. Raises UsageError."""
    from godyno.machine import read_machine

    made = make_study(study, levels, quick, options) if isinstance(study, str) else study
    plan = made.plan(read_machine(), seed)
    if not isinstance(plan, Plan):
        raise UsageError(
            f"{made.name} makes no plan that can be run", hint="A study's plan is a godyno.studies.plan.Plan."
        )
    return plan


def run_study(
    study: str | Study, module: str | Path | None = None, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False,
    budget_s: float | None = None, seed: int = 0, out: str | Path | None = None, options: Mapping[str, Any] | None = None,
    shield: Sequence[str] | None = None, progress: Told | None = None,
) -> StudyResult:  # fmt: skip
    """Runs a study, on ``module`` where it is about one: a directory with a go.mod, ``PATH@VERSION``, or None for the reference.

    ``levels`` replaces levels of factors, ``options`` are other settings of the study. It takes about ``budget_s`` seconds at most
    (default: what the study says of itself). ``out`` is a directory for trials, captures and ``study.{json,md,html}``, one that holds
    trials of the same plan is continued; or a report's file (.md, .html, .json), with the directory beside it. By default a new
    directory ``study-NAME-TIME``. ``shield`` is not None: measures against noise are tried and held (``studies.noise.shielded``), those
    that it names too. Ctrl-C ends it early with conclusions from what there is. Raises UsageError, NotAvailableHere,
    GoNotFound, ModuleNotFound, ToolchainError, BuildFailed.
    """
    made = make_study(study, levels, quick, options) if isinstance(study, str) else study
    quick = quick or bool(getattr(made, "quick", False))
    usual_s = getattr(made, "quick_s", made.takes_s) if quick else made.takes_s
    work = _Studying(
        made,
        str(module) if module is not None else None,
        usual_s if budget_s is None else budget_s,
        seed,
        progress or Silent(),
        shield,
    )
    return work.run(Path(out) if out is not None else None, quick, options or {})


class _Studying:
    def __init__(
        self, study: Study, module: str | None, budget_s: float, seed: int, told: Told, shield: Sequence[str] | None
    ) -> None:  # fmt: skip
        self.shield = shield
        self.study, self.module, self.budget_s, self.seed, self.told = study, module, budget_s, seed, told
        self.began = time.monotonic()
        self.others = Others()

    def run(self, out: Path | None, quick: bool, options: Mapping[str, Any]) -> StudyResult:
        from godyno.machine import read_machine

        machine = read_machine()
        if not (can := self.study.availability(machine)):
            raise NotAvailableHere(f"{self.study.name} cannot be tried here: {can.reason}", hint=can.remedy)
        plan = plan_study(self.study, seed=self.seed)
        if self.module is not None and not self.study.takes_module:
            raise UsageError(f"{self.study.name} is about no module", hint="Leave MODULE out.")
        go = find_go()
        if self.module is not None:
            check_module(go, self.module)
        directory, report = _places(out, self.study.name)
        scratch = gocache.make_scratch(Path(go.run("env", "GOCACHE").strip()))
        outcome, subject, ended = Outcome(End.INTERRUPTED, ()), None, ""
        try:
            with ended_by_signals(), ExitStack() as stack:
                subject = self._subject(go, scratch)
                go = subject.go if subject else go
                stand = Stand(
                    machine, go, subject, scratch, directory, self.seed, self.told.say, self._left_s
                )
                held = stack.enter_context(shielded(self.shield, say=self.told.say))
                trial = held.around(stack.enter_context(self.study.open(stand)))
                outcome = self._trials(plan, trial, directory, machine, go, subject)
        except KeyboardInterrupt:
            ended = End.INTERRUPTED.value
        finally:
            self.told.close()
            gocache.remove(scratch)
        warnings = [*_busy(self.others), *outcome.warnings]
        result = StudyResult(
            self.study.name, self.study.summary, datetime.now(UTC).isoformat(timespec="seconds"), __version__, go.version,
            subject.path if subject else "", machine, plan.text(), self.seed, quick, time.monotonic() - self.began,
            ended or outcome.end.value, str(directory), tuple(self.study.conclude(outcome.trials)), outcome.trials,
            getattr(self.study, "sure", ""), tuple(getattr(self.study, "cannot_say", ())), tuple(warnings),
            {key: str(value) for key, value in options.items()},
        )  # fmt: skip
        _write(result, directory, report)
        return result

    def _left_s(self) -> float:
        return max(0.0, self.budget_s - (time.monotonic() - self.began))

    def _subject(self, go: Go, scratch: Path) -> Subject | None:
        if not self.study.takes_module:
            return None
        self.told.say("loading the module")
        return (
            open_subject(go, self.module, scratch)
            if self.module is not None
            else reference_subject(go, "cli", scratch)
        )

    def _trials(
        self,
        plan: Plan,
        trial: Callable[[Slot], Trial],
        directory: Path,
        machine: Machine,
        go: Go,
        subject: Subject | None,
    ) -> Outcome:
        at: list[Progress] = []
        others = self.others

        def told(slot: Slot) -> Trial:
            last = at[-1] if at else None
            done, planned = (last.done, last.planned) if last else (0, len(plan.slots()))
            self.told.at(Arm(slot.levels).name, done, planned, last.remaining_s if last else None)
            now = Others()
            now.begin()
            ended = trial(slot)
            now.end()
            others.others_s += now.others_s
            others.capacity_s += now.capacity_s
            return (
                ended if now.ratio is None else replace(ended, measures={**ended.measures, OTHERS: now.ratio})
            )

        like = pool(machine, " ".join((go.version, subject.path)) if subject else go.version)
        return run(
            plan, told, directory / _TRIALS, pool=like, budget_s=self._left_s(), progress=at.append, drop_failing=True
        )  # fmt: skip


def _busy(others: Others) -> list[str]:
    """What a reader must know of the rest of the machine."""
    if others.ratio is None or others.ratio <= QUIET:
        return []
    return [
        f"Other processes kept {units.show_ratio(others.ratio)} of the processors busy while this was measured: times are longer and "
        "vary more than on an idle machine; ratios within a block suffer less, sizes and counts not at all."
    ]


def _places(out: Path | None, name: str) -> tuple[Path, Path | None]:
    """The study's directory and the one report that was asked for, if any."""
    report = out if out is not None and out.suffix in REPORTS else None
    place = out or Path(f"study-{name}-{time.strftime('%Y%m%d-%H%M%S')}")
    if report is not None:
        place = report.with_suffix(".study")
    if place.is_dir() and any(place.iterdir()) and not (place / _TRIALS).is_file():
        raise UsageError(f"{place} exists and holds no study", hint="Choose another place with -o.")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{place} cannot be made: {error.strerror}", hint="Choose another place with -o."
        ) from error
    return place.absolute(), report


def _write(result: StudyResult, directory: Path, report: Path | None) -> None:
    from godyno.report.html import html, write_text
    from godyno.report.markdown import markdown
    from godyno.studies.document import document

    shown = document(result)

    def text(suffix: str) -> str:
        if suffix == ".json":
            return json.dumps(result.as_json(), indent=1, allow_nan=False)
        return markdown(shown) if suffix in (".md", ".markdown") else html(shown)

    for suffix in (".json", ".md", ".html"):
        write_text(directory / f"study{suffix}", text(suffix))
    if report is not None:
        write_text(report, text(report.suffix))


def failures(trials: Sequence[Trial]) -> list[tuple[str, str]]:
    """Arms that failed or cannot be had here, each with its first reason."""
    found: dict[str, str] = {}
    for trial in trials:
        if trial.verdict in (FAILED, UNAVAILABLE):
            reason = re.sub(r"\s+", " ", "; ".join(trial.warnings)) or trial.verdict
            found.setdefault(Arm(trial.levels).name, reason)
    return list(found.items())


def is_error(result: StudyResult) -> GodynoError | None:
    """The error that a result stands for: a study that could try nothing."""
    if any(trial.verdict in ("", "pass") for trial in result.trials) or result.ended == End.INTERRUPTED.value:
        return None
    reasons = "; ".join(f"{arm}: {reason}" for arm, reason in failures(result.trials)[:3])
    return NotAvailableHere(
        f"{result.study} could try nothing: {reasons or 'no trial fitted into the budget'}"
    )
