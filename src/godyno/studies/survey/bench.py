"""One recorded run: the recording, a look into its capture, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from godyno.model import Record, Workload
from godyno.studies.survey.records import FAILED, KILLED, PASS, STOPPED, THRASH, Run

_HZ = 10.0
_KEPT_CHARACTERS = 2000
_REREAD = 2.0  # times the limit, beyond what the unlimited run read
_FAULTS_RATIO, _FAULTS_LEAST = 10.0, 500


@dataclass(frozen=True, slots=True)
class Outcome(Record):
    """What one recording came to, as far as a survey needs it."""

    exit_code: int
    signal: int
    wall_s: float
    cpu_s: float
    timed_out: bool = False
    oom_kills: int = 0
    peak_bytes: int | None = None
    peak_source: str = ""
    anon_peak_bytes: int | None = None
    read_bytes: int | None = None
    write_bytes: int | None = None
    major_faults: int | None = None
    capture: str = ""
    said: str = ""
    warnings: tuple[str, ...] = ()


class Recorder(Protocol):
    """What runs and records one workload. Raises GodynoError where it cannot be started, KeyboardInterrupt when the user ends it."""

    def __call__(
        self,
        workload: Workload,
        out: Path,
        *,
        memory_limit_bytes: int | None = None,
        timeout_s: float | None = None,
    ) -> Outcome:
        """Runs ``workload`` to its end and keeps the capture at ``out``."""


def record_run(
    workload: Workload, out: Path, *, memory_limit_bytes: int | None = None, timeout_s: float | None = None,
    cpu_quota: float | None = None,
) -> Outcome:  # fmt: skip
    """The ``Recorder`` that a survey uses: ``godyno.record``, then a look into the capture. ``cpu_quota`` is in CPUs."""
    from godyno.recorder import record
    from godyno.studies.survey.look import look_into

    recording = record(
        workload,
        out=out,
        hz=_HZ,
        memory_limit_bytes=memory_limit_bytes,
        cpu_quota=cpu_quota,
        timeout_s=timeout_s,
        quiet_output=True,
    )
    result, peak = recording.result, recording.peak
    seen = look_into(recording.capture)
    return Outcome(
        exit_code=result.exit_code, signal=result.signal, wall_s=result.wall_s, cpu_s=result.user_s + result.system_s,
        timed_out=recording.timed_out, oom_kills=recording.oom_kills,
        peak_bytes=peak.value_bytes if peak else None, peak_source=peak.source if peak else "",
        anon_peak_bytes=seen.anon_peak_bytes, read_bytes=seen.read_bytes, write_bytes=seen.write_bytes,
        major_faults=seen.major_faults, capture=str(recording.capture), said=seen.said, warnings=recording.warnings,
    )  # fmt: skip


def is_thrash(run: Run, unlimited: Sequence[Run]) -> bool:
    """Whether a run that ran into its time-out under a limit spent it on reading its own evicted pages again.

    Measured: a build that thrashes reads 50 times its limit in a minute, one that is only slow (the machine was busy with
    something else) reads about what it reads without a limit. Where neither reads nor major faults are known it counts as thrash.
    """
    limit_bytes = run.memory_limit_bytes or 0
    reads = [one.read_bytes for one in unlimited if one.read_bytes is not None]
    faults = [one.major_faults for one in unlimited if one.major_faults is not None]
    known = False
    if run.read_bytes is not None and reads:
        known = True
        if run.read_bytes > max(reads) + _REREAD * limit_bytes:
            return True
    if run.major_faults is not None and faults:
        known = True
        if run.major_faults > _FAULTS_RATIO * max(faults) + _FAULTS_LEAST:
            return True
    return not known


def judged(activity: str, outcome: Outcome, memory_limit_bytes: int | None = None) -> Run:
    """The run with its verdict.

    A time-out under a memory limit is thrash: without a limit the same command was done long before; a time-out without
    one is the budget's. Killed is what the kernel counted, since ``go`` itself only passes on "signal: killed".
    """
    passed = outcome.exit_code == 0 and outcome.signal == 0 and not outcome.timed_out
    if passed:
        verdict = PASS
    elif outcome.oom_kills > 0:
        verdict = KILLED
    elif outcome.timed_out:
        verdict = THRASH if memory_limit_bytes is not None else STOPPED
    else:
        verdict = FAILED
    return Run(
        activity, verdict, outcome.wall_s, outcome.cpu_s, outcome.peak_bytes, outcome.peak_source, outcome.anon_peak_bytes,
        outcome.read_bytes, outcome.write_bytes, outcome.major_faults, outcome.exit_code, memory_limit_bytes,
        outcome.oom_kills, outcome.capture, "" if passed else outcome.said[-_KEPT_CHARACTERS:],
    )  # fmt: skip
