"""One run of a study: its module, its stand, its trials inside the budget, its report."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from godyno import __version__, units
from godyno.errors import NotAvailableHere, UsageError
from godyno.interfaces import Study
from godyno.model import Machine, Trial
from godyno.studies.budget import Times, ended_early, remember
from godyno.studies.factors import Arm
from godyno.studies.noise.shielded import shielded
from godyno.studies.plan import Plan
from godyno.studies.progress import Told
from godyno.studies.result import StudyResult
from godyno.studies.runner import End, Outcome, Progress, run
from godyno.studies.schedule import Slot, pool
from godyno.studies.stand import Stand
from godyno.studies.study import OTHERS
from godyno.studies.survey import gocache
from godyno.studies.survey.busy import QUIET, Others
from godyno.studies.survey.interrupt import OutOfTime, ended_after, ended_by_signals
from godyno.studies.survey.subject import Subject, check_module, open_subject, reference_subject
from godyno.toolchain import Go, find_go

_TRIALS = "trials.jsonl"
_GRACE_S = 1.0  # beyond the budget, before what runs is cut off: the runner ends by itself where it can
REPORTS = (".md", ".markdown", ".html", ".htm", ".json")


def runnable(study: Study, machine: Machine, seed: int) -> Plan:
    """The study's plan. Raises UsageError where it is none that can be run."""
    plan = study.plan(machine, seed)
    if not isinstance(plan, Plan):
        raise UsageError(
            f"{study.name} makes no plan that can be run",
            hint="A study's plan is a godyno.studies.plan.Plan.",
        )
    return plan


class Session:
    """One run of a study, from its module to the written report."""

    def __init__(
        self, study: Study, module: str | None, budget_s: float, seed: int, told: Told, shield: Sequence[str] | None
    ) -> None:  # fmt: skip
        self.shield = shield
        self.study, self.module, self.budget_s, self.seed, self.told = study, module, budget_s, seed, told
        self.began, self.prepare_s, self.doing = time.monotonic(), 0.0, ""
        self.took: dict[str, list[float]] = {}
        self.others = Others()

    def run(self, out: Path | None, quick: bool, options: Mapping[str, Any]) -> StudyResult:
        """Runs it. Raises as ``run_study`` says."""
        from godyno.machine import read_machine

        machine = read_machine()
        if not (can := self.study.availability(machine)):
            raise NotAvailableHere(f"{self.study.name} cannot be tried here: {can.reason}", hint=can.remedy)
        plan = runnable(self.study, machine, self.seed)
        if self.module is not None and not self.study.takes_module:
            raise UsageError(f"{self.study.name} is about no module", hint="Leave MODULE out.")
        go = find_go()
        if self.module is not None:
            check_module(go, self.module)
        directory, report = _places(out, self.study.name)
        scratch = gocache.make_scratch(Path(go.run("env", "GOCACHE").strip()))
        outcome, subject, ended = Outcome(End.INTERRUPTED, ()), None, ""
        try:
            # Cleaning up, outside of ended_after, is never cut off.
            with ended_by_signals(), ExitStack() as stack, ended_after(self._left_s() + _GRACE_S):
                subject = self._subject(go, scratch)
                go = subject.go if subject else go
                stand = Stand(machine, go, subject, scratch, directory, self.seed, self._say, self._left_s)
                held = stack.enter_context(shielded(self.shield, say=self._say))
                trial = held.around(stack.enter_context(self.study.open(stand)))
                self.prepare_s = time.monotonic() - self.began
                outcome = self._trials(plan, trial, directory, machine, go, subject)
        except OutOfTime:
            ended = End.BUDGET.value
        except KeyboardInterrupt:
            ended = End.INTERRUPTED.value
        finally:
            self.told.close()
            gocache.remove(scratch)
        times = Times(self.prepare_s, {name: median(took) for name, took in self.took.items()})
        if times.runs:
            remember(self.study.name, self.module or "", pool(machine, go.version), times)
        warnings = [*(_busy(self.others) if getattr(self.study, "timed", True) else ()), *outcome.warnings]
        if (ended or outcome.end.value) == End.BUDGET.value:
            short = ended_early(plan, outcome.trials, times, self.budget_s, self.doing)
            warnings = [short, *warnings] if short else warnings
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

    def _say(self, text: str) -> None:
        self.doing = text
        self.told.say(text)

    def _subject(self, go: Go, scratch: Path) -> Subject | None:
        if not self.study.takes_module:
            return None
        self._say("loading the module")
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
            now, began = Others(), time.monotonic()
            now.begin()
            try:
                ended = trial(slot)
            finally:  # one that is cut off took at least that long
                now.end()
                self.took.setdefault(Arm(slot.levels).name, []).append(time.monotonic() - began)
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
