"""One trial: one benchmark, or one command, of one arm in a process of its own, and all that can be measured on it.

Beside what Go prints there is ``cpu-sec/op``, the process's CPU time by operation without what the binary needs to start, and
``peak-B``, the highest memory of the whole tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from godyno.model import Trial
from godyno.studies.bench.arms import Side
from godyno.studies.bench.build import Built
from godyno.studies.bench.pilot import Pilot, TrialFailed, run_benchmarks
from godyno.studies.bench.process import Finished, Launch
from godyno.studies.bench.settings import Settings, words
from godyno.studies.factors import Arm
from godyno.studies.schedule import Slot


@dataclass
class BenchTrials:
    """Runs benchmarks. ``arms`` are by the name of their levels."""

    arms: Mapping[str, Built]
    pilot: Pilot
    settings: Settings
    launch: Launch

    def __call__(self, slot: Slot) -> Trial:
        """Runs the slot's benchmark. Raises TrialFailed."""
        arm, subject = self.arms[Arm(slot.levels).name], self.pilot.subject(slot.subject)
        results, done = run_benchmarks(
            self.launch, arm, subject.package, slot.block, subject.pattern, f"{subject.iterations}x", subject.count,
            self.settings,
        )  # fmt: skip
        mine = [one for one in results if one.name == subject.name + self.pilot.suffix]
        if not mine:  # GOMAXPROCS may be what varies, and with it the suffix
            mine = [one for one in results if one.base_name == subject.name]
        if not mine:
            raise TrialFailed(
                f"{arm.side.name}: {subject.name} printed no result", hint="It may have been skipped."
            )
        measures: dict[str, float] = {}
        for unit in mine[0].values:
            values = [one.values[unit] for one in mine if unit in one.values]
            measures[f"{subject.key}\t{unit}"] = sum(values) / len(values)
            if unit == "sec/op" and len(values) > 1:  # for the split of variance, not compared by themselves
                measures |= {f"{subject.key}\t{unit}\t{i}": value for i, value in enumerate(values)}
        operations = sum(one.iterations for one in mine)
        idle_s = self.pilot.idle_cpu_s.get(subject.package, 0.0) if subject.cpu else None
        measures |= of_process(subject.key, done, operations, idle_s)
        return _trial(slot, done, measures)


@dataclass
class CommandTrials:
    """Runs commands, each after its ``--prepare``."""

    sides: Mapping[str, Side]
    trees: Mapping[str, Path]
    settings: Settings
    launch: Launch
    helper: Launch  # runs --prepare: never recorded

    def __call__(self, slot: Slot) -> Trial:
        """Runs the slot's command. Raises TrialFailed where it fails and that is not to be ignored."""
        side = self.sides[Arm(slot.levels).name]
        tree, settings = self.trees[side.revision], self.settings
        if side.prepare:
            run_helper(self.helper, side.prepare, "--prepare", tree, side.env)
        argv = words(side.command, settings.shell)
        done = self.launch(argv, cwd=tree, env=side.env, timeout_s=settings.timeout_s, label=side.name)
        if done.timed_out:
            raise TrialFailed(
                f"{side.name} did not end within {settings.timeout_s:g} s", hint="--timeout gives it longer."
            )
        code = done.result.exit_code or -done.result.signal
        if code and (not settings.ignore_failure or code in (126, 127)):
            last = "\n".join(done.stderr.strip().splitlines()[-8:])
            ended = f"was killed by signal {-code}" if code < 0 else f"exits with {code}"
            absent = code in (126, 127)
            hint = "Check its name and PATH." if absent else "--ignore-failure measures it all the same."
            raise TrialFailed(f"{side.name} {ended}\n{last}".strip(), hint=hint)
        measures = {f"{slot.subject}\tsec/op": done.result.wall_s, **of_process(slot.subject, done, 1, 0.0)}
        if code:
            measures[f"{slot.subject}\texit-code"] = float(code)
        return _trial(slot, done, measures)


def run_helper(launch: Launch, command: str, what: str, tree: Path, env: Mapping[str, str | None]) -> None:
    """Runs ``--setup``, ``--prepare`` or ``--cleanup`` in a shell. Raises TrialFailed where it fails."""
    done = launch(("/bin/sh", "-c", command), cwd=tree, env=env, timeout_s=3600.0)
    if done.result.exit_code or done.result.signal:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise TrialFailed(f"{what} {command!r} failed\n{last}".strip(), hint="It must exit with 0.")


def of_process(key: str, done: Finished, operations: int, idle_cpu_s: float | None) -> dict[str, float]:
    """The measures of the whole process; ``idle_cpu_s`` None leaves CPU time out."""
    measures = {f"{key}\tpeak-B": float(done.peak_bytes)}
    own = done.result.user_s + done.result.system_s - (idle_cpu_s or 0.0)
    if idle_cpu_s is not None and own > 0:
        measures[f"{key}\tcpu-sec/op"] = own / max(operations, 1)
    if "syscalls" in done.counts:
        measures[f"{key}\tsyscalls/op"] = done.counts["syscalls"] / max(operations, 1)
    return measures


def _trial(slot: Slot, done: Finished, measures: Mapping[str, float]) -> Trial:
    return Trial(
        slot.study, slot.index, slot.block, slot.levels, done.capture, done.result, measures, verdict="pass", subject=slot.subject
    )  # fmt: skip
