"""Memory limits: how little is enough, and what -p, GOGC and GOMEMLIMIT gain."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from godyno import units
from godyno.errors import NotAvailableHere
from godyno.model import Estimate, Machine, Workload
from godyno.studies.survey import gocache
from godyno.studies.survey.activities import TASKS, Task
from godyno.studies.survey.bench import is_thrash
from godyno.studies.survey.figures import estimate
from godyno.studies.survey.least import limited_timeout_s, search
from godyno.studies.survey.records import PASS, STOPPED, THRASH, LeastMemory, Run, Setting
from godyno.studies.survey.session import Module, Session, Step

AS_IT_IS = "as it is"
_MIB = 1 << 20
_MOST_OF_BUDGET = 0.4  # for one search: on a busy machine it would take all
_BUSY = "The machine was busy with something else while limits were tried: a run was slow without lacking memory, and was repeated."
_ESTIMATED_OVER_PEAK = 1.1  # where no limit can be set: a tenth above the highest peak that was seen


@dataclass(frozen=True)
class Limiter:
    """How a memory limit can be set here: ``cgroup`` (the recorder's own), ``systemd``, or not at all, with the reason."""

    kind: str
    reason: str = ""

    def workload(self, workload: Workload, limit_bytes: int) -> Workload:
        """The workload as it has to be run under the limit."""
        if self.kind != "systemd":
            return workload
        prefix = (
            "systemd-run",
            "--user",
            "--scope",
            "--quiet",
            "-p",
            f"MemoryMax={limit_bytes}",
            "-p",
            "MemorySwapMax=0",
            "--",
        )
        return replace(workload, argv=(*prefix, *workload.argv))

    def recorder_limit(self, limit_bytes: int) -> int | None:
        """The limit that the recorder itself has to set."""
        return limit_bytes if self.kind == "cgroup" else None


def find_limiter(machine: Machine) -> Limiter:
    """A child cgroup with the memory controller where one can be made, else a scope of the user's systemd, else none."""
    from godyno.machine.cgroups import Group

    group, missing = Group.create("probe", ("memory",))
    if group is not None:
        limited = "memory" in group.paths
        group.remove()
        if limited:
            return Limiter("cgroup")
    if shutil.which("systemd-run"):
        command = ["systemd-run", "--user", "--scope", "--quiet", "-p", "MemoryMax=64M", "true"]
        try:
            if subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0:
                return Limiter("systemd")
            missing += "; systemd-run --user does not work here"
        except (OSError, subprocess.TimeoutExpired) as error:
            missing += f"; systemd-run --user: {error}"
    return Limiter("", missing or "this machine has no memory cgroup")


def toolchain_files(goroot: str) -> list[Path]:
    """The programs that a build maps into memory; their cached pages are forgotten before a limited run, so that it pays for them."""
    root = Path(goroot)
    return [root / "bin" / "go", *sorted(root.glob("pkg/tool/*/*"))]


def least_step(
    session: Session, module: Module, task: Task, limiter: Limiter, env: Mapping[str, str] | None = None
) -> Step:
    """The smallest memory for a task, as it is or with ``env`` set."""
    name = "least-settings" if env else "least-test" if task.name == "test" else "least-build"
    title = f"least memory to {'test' if task.name == 'test' else 'build'}{', with settings' if env else ''}"
    return Step(
        name, module, title, lambda: _least(session, module, task, limiter, dict(env or {}), name), 0.5
    )


def _least(
    session: Session, module: Module, task: Task, limiter: Limiter, env: dict[str, str], name: str
) -> str:
    unlimited = _unlimited(module, task, env)
    if not unlimited:
        raise NotAvailableHere(f"{task.shown(module.subject)} did not pass without a limit")
    need_bytes = max(run.anon_peak_bytes or run.peak_bytes or 0 for run in unlimited)
    settings = _shown(env)
    if not limiter.kind:
        passes = round(need_bytes * _ESTIMATED_OVER_PEAK)
        method = f"estimated: the highest peak seen, and a tenth; no limit can be set here ({limiter.reason})"
        module.least[name] = LeastMemory(task.name, settings, passes, None, "", 0, False, method)
        return f"about {units.show_bytes(passes)} (estimated: no limit can be set here)"
    wall_s = max(run.wall_s for run in unlimited)

    timeout_s, began_s = limited_timeout_s(wall_s), session.budget.spent_s()

    def try_at(limit_bytes: int) -> Run | None:
        spent_s = session.budget.spent_s() - began_s
        if (
            session.budget.left_s() < wall_s + session.overhead_s
            or spent_s > _MOST_OF_BUDGET * session.budget.budget_s
        ):
            return None
        run = _limited_run(session, module, task, limiter, env, limit_bytes, timeout_s, name)
        if run.verdict == THRASH and not is_thrash(run, unlimited):
            # Slow, and not for want of memory: something else keeps the machine busy. Once more, with patience.
            if session.budget.left_s() < 2 * timeout_s:
                return None
            run = _limited_run(session, module, task, limiter, env, limit_bytes, 2 * timeout_s, name)
            session.warnings.append(_BUSY) if _BUSY not in session.warnings else None
        return run

    found = search(need_bytes, try_at)
    if found.high is None or found.high.memory_limit_bytes is None:
        raise NotAvailableHere(
            f"no limit was found to pass in the {len(found.runs)} runs that the budget allowed"
        )
    fails = found.low.memory_limit_bytes if found.low else None
    by = found.low.verdict if found.low else ""
    runs = [run for run in found.runs if run.verdict != STOPPED]
    method = (
        f"bisection over {len(runs)} limited runs ({'memory cgroup' if limiter.kind == 'cgroup' else 'systemd-run --user'}), "
        f"each with a time-out of {units.show_seconds(timeout_s)}, the toolchain's cached pages dropped before"
    )
    passes = found.high.memory_limit_bytes
    module.least[name] = LeastMemory(
        task.name, settings, passes, fails, by, found.passes_at_high(), True, method, tuple(runs)
    )
    below = f", {by} at {units.show_bytes(fails)}" if fails else ""
    return f"{units.show_bytes(passes)} passes {found.passes_at_high()} of {found.passes_at_high()}{below} ({len(runs)} runs)"


def _unlimited(module: Module, task: Task, env: dict[str, str]) -> list[Run]:
    if not env:
        return module.passed(task.name)
    return [
        run
        for setting in module.settings
        if dict(setting.env) == env
        for run in setting.runs
        if run.verdict == PASS
    ]


def _limited_run(
    session: Session, module: Module, task: Task, limiter: Limiter, env: dict[str, str], limit_bytes: int, timeout_s: float, name: str,
) -> Run:  # fmt: skip
    number = session.turn + 1
    with session.place(module, task.state) as place:
        workload = with_env(task.workload(module.subject, place), env)
        gocache.forget_pages(toolchain_files(module.subject.go.goroot))
        run = session.record(
            f"{name}-{limit_bytes // _MIB}MiB", limiter.workload(workload, limit_bytes), count=number,
            memory_limit_bytes=limiter.recorder_limit(limit_bytes), timeout_s=timeout_s,
        )  # fmt: skip
    if limiter.kind == "systemd":
        run = replace(run, memory_limit_bytes=limit_bytes, verdict=_systemd_verdict(run))
    return replace(run, activity=task.name)


def _systemd_verdict(run: Run) -> str:
    """The scope's counters are gone with it: what ``go`` says of its child's end must do."""
    from godyno.studies.survey.records import FAILED, KILLED, THRASH

    if run.verdict == FAILED and ("signal: killed" in run.said or run.exit_code == 137):
        return KILLED
    return THRASH if run.verdict == STOPPED else run.verdict


# ---- settings


def settings_to_try(anon_peak_bytes: int) -> list[dict[str, str]]:
    """Each setting alone, then all together.

    GOMEMLIMIT is of one process: two fifths of the tree's peak, at least 100 MiB, since a smaller one only makes the
    compiler collect without end.
    """
    limit = f"{max(100, round(0.4 * anon_peak_bytes / _MIB / 10) * 10)}MiB"
    alone = [{"GOFLAGS": "-p=1"}, {"GOGC": "25"}, {"GOMEMLIMIT": limit}]
    return [*alone, {"GOFLAGS": "-p=1", "GOGC": "25", "GOMEMLIMIT": limit, "GOMAXPROCS": "1"}]


def settings_step(session: Session, module: Module) -> Step:
    """A cold build with each setting."""
    return Step(
        "settings", module, "what -p, GOGC and GOMEMLIMIT gain", lambda: _settings(session, module), 0.3
    )


def _settings(session: Session, module: Module) -> str:
    cold = next(task for task in TASKS if task.name == "build-cold")
    plain = module.passed(cold.name)
    if not plain:
        raise NotAvailableHere("no cold build passed")
    base_peak, base_wall = _peak(plain), estimate([run.wall_s for run in plain], "s")
    anon = max(run.anon_peak_bytes or run.peak_bytes or 0 for run in plain)
    for env in settings_to_try(anon):
        if session.budget.left_s() < 1.3 * max(run.wall_s for run in plain) + session.overhead_s:
            break
        with session.place(module, cold.state) as place:
            workload = with_env(cold.workload(module.subject, place), env)
            run = session.record(f"settings-{len(module.settings) + 1}", workload, count=1)
        if run.verdict == STOPPED:
            break
        runs = (replace(run, activity=cold.name),)
        peak, wall = _peak(runs), estimate([run.wall_s], "s")
        module.settings.append(
            Setting(
                _shown(env), env, peak, wall,
                peak.value / base_peak.value if peak and base_peak and base_peak.value else None,
                wall.value / base_wall.value if wall and base_wall and base_wall.value else None,
                1, runs,
            )
        )  # fmt: skip
    if not module.settings:
        raise NotAvailableHere("no time left in the budget for a cold build with other settings")
    best = min(module.settings, key=lambda setting: setting.peak_ratio or 1.0)
    return f"{best.label}: {units.show_ratio(best.peak_ratio or 1.0)} of the peak, {units.show_ratio(best.wall_ratio or 1.0)} of the time"


def _peak(runs: Sequence[Run]) -> Estimate | None:
    """The peak of anonymous memory where it is known for all, since page cache is no need; else what the tree's counter says."""
    anon = [float(run.anon_peak_bytes) for run in runs if run.anon_peak_bytes is not None]
    if len(anon) == len(runs):
        return estimate(anon, "By")
    return estimate([float(run.peak_bytes) for run in runs if run.peak_bytes is not None], "By")


def with_env(workload: Workload, env: Mapping[str, str]) -> Workload:
    """``workload`` with ``env`` added; GOFLAGS are joined to what is there."""
    import os

    merged: dict[str, str | None] = dict(workload.env)
    for key, value in env.items():
        if key == "GOFLAGS":
            before = merged.get(key, os.environ.get(key, "")) or ""
            merged[key] = f"{before} {value}".strip()
        else:
            merged[key] = value
    return replace(workload, env=merged)


def _shown(env: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in env.items()) or AS_IT_IS
