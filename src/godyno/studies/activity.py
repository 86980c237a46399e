"""The survey's activities as trials of a study: a module built, tested or edited from a known state of the build cache, recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from godyno.errors import BuildFailed, NotAvailableHere
from godyno.model import Trial, Workload
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
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


@dataclass
class Activities:
    """Runs activities of the stand's subject. ``env`` changes GOFLAGS and the like; a Go and an ``env`` have one built cache each."""

    stand: Stand
    turn: int = 0
    _built: dict[str, Path] = field(default_factory=dict)

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
                    cache, output = built, built.with_name(f"{built.name}-bin")
            yield Place(cache, scratch, self.turn, output)
        finally:
            gocache.remove(scratch)

    def built_once(self, subject: Subject, env: Mapping[str, str] | None = None) -> Path:
        """The cache after a cold build with this Go, unrecorded; ``env`` counts as far as it changes what is cached. Raises BuildFailed."""
        env = env if env and "-trimpath" in env.get("GOFLAGS", "") else {}
        key = f"{subject.go.version} {sorted(env.items())}"
        if key not in self._built:
            self.stand.say(f"building once with {subject.go.version}")
            self.turn += 1
            cache = self.stand.scratch / f"built-{self.turn}"
            cache.mkdir()
            place = Place(cache, self.stand.scratch, self.turn, cache.with_name(f"{cache.name}-bin"))
            workload = with_env(TASK["build-cold"].workload(subject, place), env)
            changes = {name: value for name, value in workload.env.items() if name != "GOTOOLCHAIN"}
            done = subject.go.try_run(
                *workload.argv[1:], cwd=workload.cwd, env=changes, timeout_s=max(30.0, self.stand.left_s())
            )
            if done.returncode != 0:
                raise BuildFailed(f"the module does not build: {' '.join(done.stderr.split())[-200:]}")
            self._built[key] = cache
        return self._built[key]

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
            if self.stand.left_s() < 120:
                raise NotAvailableHere(
                    "gopls is not built yet, which takes a minute or more, and the budget ends before"
                )
            self.stand.say("building gopls with this toolchain (once; kept in the user's cache)")
        gopls = find_or_build_gopls(subject.go, timeout_s=max(1.0, self.stand.left_s()))
        return editor_workload(subject, place, gopls.path, place.scratch / "session.json")

    def state(self, name: str) -> str:
        """The state of the build cache that an activity starts from."""
        return BUILT if name == EDITOR_NAME else TASK[name].state


def measured(
    slot: Slot, activity: str, outcome: Outcome, facts: Mapping[str, str], limit_bytes: int | None = None
) -> Trial:
    """A trial from one recorded run; its verdict as the survey judges it."""
    run = judged(activity, outcome, limit_bytes)
    values = {
        "wall": run.wall_s, "cpu": run.cpu_s, "peak": run.peak_bytes, "anon_peak": run.anon_peak_bytes, "read": run.read_bytes,
        "write": run.write_bytes, "major_faults": run.major_faults,
    }  # fmt: skip
    said = (run.said.strip().splitlines() or [""])[-1][:200]
    return Trial(
        slot.study, slot.index, slot.block, slot.levels, outcome.capture,
        measures={name: float(value) for name, value in values.items() if value is not None},
        facts=dict(facts), verdict=run.verdict, warnings=tuple(one for one in (said, *outcome.warnings) if one),
    )  # fmt: skip


__all__ = ["BUILT", "EMPTY", "SHARED", "TASK", "UNITS", "Activities", "measured"]
