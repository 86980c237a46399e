"""The survey's activities as trials of a study: a module built, tested or edited from a known state of the build cache, recorded.

A budget may not hold builds from an empty cache of a large module. Then only what starts from a built one is measured, and that is the
user's own, since no other can be made in time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from godyno import units
from godyno.errors import BuildFailed, NotAvailableHere, ToolchainError
from godyno.model import Finding, Trial, Workload
from godyno.studies.budget import suggested
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import BaseStudy
from godyno.studies.survey import gocache
from godyno.studies.survey.activities import (
    BUILT,
    EDITOR_NAME,
    EMPTY,
    SHARED,
    TASKS,
    Place,
    Task,
    editor_workload,
)
from godyno.studies.survey.bench import Outcome, judged
from godyno.studies.survey.memory import with_env
from godyno.studies.survey.subject import Subject
from godyno.toolchain import Go

TASK: Mapping[str, Task] = {task.name: task for task in TASKS}
UNITS: Mapping[str, str] = {
    "wall": "s", "cpu": "s", "peak": "By", "anon_peak": "By", "read": "By", "write": "By", "major_faults": "",
}  # fmt: skip
COLD_SHARE, QUICK_COLD_SHARE = 0.1, 0.2  # of the budget, for one build from an empty cache among many runs
# CPU seconds that compiling a megabyte of Go source takes: 2.2 for the reference on a two-core virtual machine.
_CPU_S_PER_MB = 2.2
_DAY_S = 86400.0
_GOPLS_S = 120.0  # of building gopls, about


def cold_share(quick: bool) -> float:
    """How much of a budget one build from an empty cache may take."""
    return QUICK_COLD_SHARE if quick else COLD_SHARE


@dataclass
class Activities:
    """Runs activities of the stand's subject. ``env`` changes GOFLAGS and the like; a Go and an ``env`` have one built cache each.

    ``cold_share`` is how much of the budget one build from an empty cache may take; where it takes more, ``only_warm`` says so.
    """

    stand: Stand
    cold_share: float = math.inf
    turn: int = 0
    only_warm: str = ""
    _built: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        subject = self.stand.subject
        if subject is not None:
            cpus = max(
                1.0,
                min(float(self.stand.machine.cpu.allowed), self.stand.machine.cgroup.cpu_quota or math.inf),
            )
            self._refuse_cold(_CPU_S_PER_MB * subject.source_bytes / 1e6 / cpus, "by the size of its sources")

    def _refuse_cold(self, takes_s: float, how_known: str) -> None:
        """From now on nothing starts from an empty cache, if a build from one takes ``takes_s`` or longer and that is too long."""
        if takes_s > self.cold_share * self.stand.left_s():
            self.only_warm = (
                f"a build of this module from an empty cache takes {units.show_seconds(takes_s)} or more here ({how_known}), "
                f"too long for this budget: --budget {suggested(1.5 * takes_s / self.cold_share)} holds it"
            )

    def subject(self, go: Go) -> Subject:
        """The stand's subject, to be built with ``go``. Raises NotAvailableHere where its go.mod asks for a newer one."""
        subject = self.stand.subject
        assert subject is not None
        if go.version == subject.go.version:
            return subject
        done = go.try_run("list", "-m", cwd=subject.directory, env=subject.env)
        if done.returncode != 0:
            raise NotAvailableHere(
                f"{go.version} does not take this module: {' '.join(done.stderr.split())[-160:]}"
            )
        return replace(subject, go=go)

    @contextmanager
    def place(
        self, task_state: str, subject: Subject, env: Mapping[str, str], parent: Path | None = None
    ) -> Iterator[Place]:
        """Room for one run, with its build cache in the state that it starts from; below ``parent``, else in the scratch directory."""
        if self.only_warm and task_state != SHARED:
            raise NotAvailableHere(self.only_warm)
        self.turn += 1
        scratch = (parent or self.stand.scratch) / f"run-{self.turn}"
        scratch.mkdir()
        cache, output = scratch / "gocache", scratch / "bin"
        try:
            if task_state == EMPTY:
                cache.mkdir()
            else:
                built = self.built_once(subject, env)
                if task_state == BUILT:
                    gocache.copy_cache(built, cache)
                else:
                    cache, output = built, _programs(built)
            yield Place(cache, scratch, self.turn, output)
        finally:
            gocache.remove(scratch)

    def built_once(self, subject: Subject, env: Mapping[str, str] | None = None) -> Path:
        """The cache after a cold build with this Go, unrecorded; ``env`` counts as far as it changes what is cached.

        The user's own cache where only warm activities are measured; so it is where the build turns out to take too long.
        Raises BuildFailed, NotAvailableHere.
        """
        env = env if env and "-trimpath" in env.get("GOFLAGS", "") else {}
        key = f"{subject.go.version} {sorted(env.items())}"
        if key not in self._built:
            cache = None if self.only_warm else self._build_cold(subject, env)
            self._built[key] = cache if cache is not None else self._own_cache(subject)
        return self._built[key]

    def _build_cold(self, subject: Subject, env: Mapping[str, str]) -> Path | None:
        """A private cache in which the module was built once; None where that takes too long for this budget."""
        self.stand.say(f"building once from an empty cache with {subject.go.version}")
        self.turn += 1
        cache = self.stand.scratch / f"built-{self.turn}"
        cache.mkdir()
        longest_s = self.stand.timeout_s(2.0 * self.cold_share * self.stand.left_s())
        try:
            self._build(
                subject, env, Place(cache, self.stand.scratch, self.turn, _programs(cache)), longest_s
            )
        except ToolchainError as error:
            if isinstance(error, BuildFailed) or not math.isfinite(self.cold_share):
                raise
            gocache.remove(cache)
            self._refuse_cold(longest_s, "it was stopped after that")
            return None
        return cache

    def _own_cache(self, subject: Subject) -> Path:
        """The user's build cache, in which everything is up to date."""
        self.stand.say("bringing your own build cache up to date with go build")
        own = Path(subject.go.run("env", "GOCACHE", cwd=subject.directory, env=subject.env).strip())
        link = self.stand.scratch / "own-gocache"
        link.symlink_to(own)
        place = Place(link, self.stand.scratch, self.turn, _programs(link))
        # No time-out: the end of the budget cuts it off and says so. What was compiled until then stays in the user's cache.
        self._build(subject, {}, place, math.inf)
        return link

    def _build(self, subject: Subject, env: Mapping[str, str], place: Place, timeout_s: float) -> None:
        """Builds the module, unrecorded. Raises BuildFailed, and ToolchainError where it does not end in time."""
        workload = with_env(TASK["build-cold"].workload(subject, place), env)
        changes = {name: value for name, value in workload.env.items() if name != "GOTOOLCHAIN"}
        done = subject.go.try_run(
            *workload.argv[1:], cwd=workload.cwd, env=changes, timeout_s=min(timeout_s, _DAY_S)
        )
        if done.returncode != 0:
            raise BuildFailed(f"the module does not build: {' '.join(done.stderr.split())[-200:]}")

    def workload(self, name: str, subject: Subject, place: Place, env: Mapping[str, str]) -> Workload:
        """What is run for an activity. Raises NotAvailableHere where it cannot be."""
        if name == EDITOR_NAME:
            return self._editor(subject, place)
        if reason := TASK[name].unavailable(subject):
            raise NotAvailableHere(reason)
        return with_env(TASK[name].workload(subject, place), env)

    def _editor(self, subject: Subject, place: Place) -> Workload:
        from godyno.workload.gopls import cached_gopls, find_or_build_gopls

        if subject.editor_file() is None:
            raise NotAvailableHere("the module has no file to open")
        if cached_gopls(subject.go) is None:
            if self.stand.left_s() < _GOPLS_S:
                raise NotAvailableHere(
                    "gopls is not built yet, which takes a minute or more, and the budget ends before"
                )
            self.stand.say("building gopls with this toolchain (once; kept in the user's cache)")
        gopls = find_or_build_gopls(subject.go, timeout_s=self.stand.timeout_s())
        return editor_workload(subject, place, gopls.path, place.scratch / "session.json")

    def state(self, name: str) -> str:
        """The state of the build cache that an activity starts from."""
        if name == EDITOR_NAME:
            return SHARED if self.only_warm else BUILT
        return TASK[name].state


def _programs(cache: Path) -> Path:
    """Where the programs lie that were built with this cache; go leaves them as they are where nothing changed."""
    return cache.with_name(f"{cache.name}-bin")


def only_warm(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    """That nothing started from an empty cache, where that was too dear for the budget."""
    reason = next((trial.facts["only warm"] for trial in trials if trial.facts.get("only warm")), "")
    if reason:
        yield study.finding(
            "only-warm", "Only what starts from a built cache was measured, in your own build cache as earlier builds left it",
            warnings=(f"{reason[0].upper()}{reason[1:]}.",), severity="warning",
        )  # fmt: skip


def measured(
    slot: Slot, activity: str, outcome: Outcome, facts: Mapping[str, str], limit_bytes: int | None = None
) -> Trial:
    """A trial from one recorded run; its verdict as the survey judges it."""
    run = judged(activity, outcome, limit_bytes)
    values = {
        "wall": run.wall_s, "cpu": run.cpu_s, "peak": run.peak_bytes, "anon_peak": run.anon_peak_bytes, "read": run.read_bytes,
        "write": run.write_bytes, "major_faults": run.major_faults,
    }  # fmt: skip
    # go test ends with a line FAIL that names nothing; the one before names the package.
    lines = [" ".join(line.split()) for line in run.said.splitlines()]
    said = next((line for line in reversed(lines) if line not in ("", "FAIL")), "")[:200]
    return Trial(
        slot.study, slot.index, slot.block, slot.levels, outcome.capture,
        measures={name: float(value) for name, value in values.items() if value is not None},
        facts=dict(facts), verdict=run.verdict, warnings=tuple(one for one in (said, *outcome.warnings) if one),
    )  # fmt: skip


__all__ = ["BUILT", "EMPTY", "SHARED", "TASK", "UNITS", "Activities", "cold_share", "measured", "only_warm"]
