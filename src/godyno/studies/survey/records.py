"""What a survey is made of: frozen records, base units, ready for ``--json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from godyno.model import Estimate, Machine, Record

# How a run ended.
PASS, FAILED, KILLED, THRASH, STOPPED = "pass", "failed", "killed", "thrash", "stopped"
# How an activity fits into a memory.
COMFORTABLE, TIGHT, WILL_FAIL, UNKNOWN = "comfortable", "tight", "will fail", "unknown"
# What became of a claim.
CONFIRMED, NOT_CONFIRMED, NOT_TRIED = "confirmed here", "not confirmed here", "cannot be tried here"


@dataclass(frozen=True, slots=True)
class Run(Record):
    """One recorded run.

    ``verdict`` is pass, failed (exit code), killed (out of memory), thrash (a limit's time-out), or stopped (by the budget).
    """

    activity: str
    verdict: str
    wall_s: float
    cpu_s: float
    peak_bytes: int | None = None  # of the whole tree, as ``peak_source`` counts it
    peak_source: str = ""
    anon_peak_bytes: int | None = None  # anonymous memory of the tree, sampled
    read_bytes: int | None = None  # from storage, not from the page cache
    write_bytes: int | None = None
    major_faults: int | None = None
    exit_code: int = 0
    memory_limit_bytes: int | None = None
    oom_kills: int = 0
    capture: str = ""
    said: str = ""  # the last lines of a run that did not pass


@dataclass(frozen=True, slots=True)
class Activity(Record):
    """Something a Go developer does, measured.

    ``figures`` holds estimates by name (wall_s, cpu_s, peak_bytes …), none where it was not measured. ``skipped`` says why
    there are no figures, or fewer than wanted.
    """

    name: str
    title: str
    command: str
    module: str
    runs: tuple[Run, ...] = ()
    figures: Mapping[str, Estimate] = field(default_factory=dict)
    skipped: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeastMemory(Record):
    """The smallest memory under which an activity passes: it passed at ``passes_bytes`` and did not at ``fails_bytes``.

    ``measured`` False: no limit could be set here, ``passes_bytes`` is estimated from the peak and ``method`` says how.
    """

    activity: str
    settings: str  # "as it is", or the variables that were set
    passes_bytes: int
    fails_bytes: int | None
    fails_by: str  # killed, thrash, failed; empty where nothing smaller was tried
    passed_runs: int  # at passes_bytes
    measured: bool
    method: str
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting(Record):
    """What one setting gains on the cold build: peak and wall against the build as it is."""

    label: str
    env: Mapping[str, str]
    peak: Estimate | None
    wall: Estimate | None
    peak_ratio: float | None  # to the default: 0.5 is half
    wall_ratio: float | None
    n: int
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit(Record):
    """How an activity fits into one memory. ``need_bytes`` is the least it passes with, ``ease_bytes`` what it takes when it may."""

    where: str  # "this machine", "512 MB", …
    activity: str
    verdict: str
    available_bytes: int
    need_bytes: int | None
    ease_bytes: int | None
    need_measured: bool
    with_settings: str = ""  # the verdict with the low-memory settings, where that is better


@dataclass(frozen=True, slots=True)
class SmallFiles(Record):
    """Small-file speed of a directory: create, write 4 KB, close, stat, read and remove, operations per second."""

    purpose: str
    path: str
    ops_per_s: Estimate | None
    filesystem: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Advice(Record):
    """Lines to paste, why, and what trying them gave (or that they were not tried)."""

    lines: tuple[str, ...]
    why: str
    tried: str


@dataclass(frozen=True, slots=True)
class ClaimCheck(Record):
    """A claim of the source document beside what was found here."""

    claim: str
    verdict: str
    found: str


@dataclass(frozen=True, slots=True)
class ModuleFacts(Record):
    """The module that was surveyed."""

    path: str
    directory: str
    packages: int
    dependencies: int  # packages of other modules and of the standard library that it needs
    test_packages: int
    leaf: str = ""  # the package whose touch rebuilds the most
    leaf_dependents: int = 0
    root: str = ""
    reference: bool = False  # one that godyno carries


@dataclass(frozen=True, slots=True)
class Survey(Record):
    """The whole answer. ``ended`` is "complete", "budget" or "interrupted"; ``problem`` says what stopped it early, if anything did."""

    created_at: str  # RFC 3339, UTC
    godyno_version: str
    go_version: str
    budget_s: float
    spent_s: float
    ended: str
    directory: str
    machine: Machine
    modules: tuple[ModuleFacts, ...]
    small_files: tuple[SmallFiles, ...]
    activities: tuple[Activity, ...]
    least: tuple[LeastMemory, ...]
    settings: tuple[Setting, ...]
    fits: tuple[Fit, ...]
    advice: tuple[Advice, ...]
    claims: tuple[ClaimCheck, ...]
    os_allowance_bytes: int
    skipped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str = ""

    def activity(self, name: str, module: str = "") -> Activity | None:
        """The activity of this name, of the first module unless another is named."""
        wanted = module or (self.modules[0].path if self.modules else "")
        return next((one for one in self.activities if one.name == name and one.module == wanted), None)
