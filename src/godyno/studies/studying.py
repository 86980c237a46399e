"""``godyno.run_study``: a study from its name to its result, what it will take, and the list of studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno import registry
from godyno.errors import GoNotFound, UsageError
from godyno.interfaces import Study
from godyno.model import Availability, Machine, Record
from godyno.studies.budget import Times, expected
from godyno.studies.plan import Plan
from godyno.studies.progress import Silent, Told
from godyno.studies.result import StudyResult
from godyno.studies.schedule import pool
from godyno.studies.session import Session, runnable
from godyno.toolchain import find_go


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
    return runnable(made, read_machine(), seed)


def expect_study(
    study: str | Study, module: str | Path | None = None, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Times | None:  # fmt: skip
    """What a run will take: as it was on this machine before, else as the study says of itself; None where neither is known."""
    from godyno.machine import read_machine

    made = make_study(study, levels, quick, options) if isinstance(study, str) else study
    machine = read_machine()
    about = "" if module is None else str(module)
    try:
        version = find_go().version
    except GoNotFound:  # a plan needs none
        version = ""
    return expected(made, runnable(made, machine, 0), about, pool(machine, version))


def usual_budget_s(study: Study, quick: bool = False) -> float:
    """The budget of a run that was given none, in seconds."""
    quick = quick or bool(getattr(study, "quick", False))
    return float(getattr(study, "quick_s", study.takes_s) if quick else study.takes_s)


def run_study(
    study: str | Study, module: str | Path | None = None, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False,
    budget_s: float | None = None, seed: int = 0, out: str | Path | None = None, options: Mapping[str, Any] | None = None,
    shield: Sequence[str] | None = None, progress: Told | None = None,
) -> StudyResult:  # fmt: skip
    """Runs a study, on ``module`` where it is about one: a directory with a go.mod, ``PATH@VERSION``, or None for the reference.

    ``levels`` replaces levels of factors, ``options`` are other settings of the study. It takes ``budget_s`` seconds at most, whatever
    it prepares (default: what the study says of itself), and a few more to conclude. ``out`` is a directory for trials, captures and
    ``study.{json,md,html}``, one that holds trials of the same plan is continued; or a report's file (.md, .html, .json), with the
    directory beside it. By default a new directory ``study-NAME-TIME``. ``shield`` is not None: measures against noise are tried and
    held (``studies.noise.shielded``), those that it names too. Ctrl-C ends it early with conclusions from what there is. Raises
    UsageError, NotAvailableHere, GoNotFound, ModuleNotFound, ToolchainError, BuildFailed.
    """
    made = make_study(study, levels, quick, options) if isinstance(study, str) else study
    quick = quick or bool(getattr(made, "quick", False))
    budget_s = usual_budget_s(made, quick) if budget_s is None else budget_s
    about = None if module is None else str(module)
    work = Session(made, about, budget_s, seed, progress or Silent(), shield)
    return work.run(Path(out) if out is not None else None, quick, options or {})
