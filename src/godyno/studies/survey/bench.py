"""One recorded run: the private cache it starts from, the recording in a process of its own, the verdict.

The recording runs in a small child process (``child``), since the launcher's memory would be inherited by what it
launches, and since signals then reach it undisturbed by whatever threads the surveying program has.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from godyno.errors import GodynoError
from godyno.model import Record, Workload
from godyno.studies.survey.records import FAILED, KILLED, PASS, STOPPED, THRASH, Run

_GRACE_S = 60.0  # for ending the tree and sealing the capture, after a time-out
_INTERRUPT_S = 20.0
_KEPT_CHARACTERS = 2000


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


def record_in_child(
    workload: Workload, out: Path, *, memory_limit_bytes: int | None = None, timeout_s: float | None = None
) -> Outcome:
    """``Recorder`` by ``godyno.record`` in a child process of its own session. A Ctrl-C ends the workload, then is raised again."""
    order = {
        "workload": workload.as_json(),
        "out": str(out),
        "memory_limit_bytes": memory_limit_bytes,
        "timeout_s": timeout_s,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "godyno.studies.survey.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    limit_s = None if timeout_s is None else timeout_s + _GRACE_S
    try:
        stdout, stderr = child.communicate(json.dumps(order), timeout=limit_s)
    except KeyboardInterrupt:
        _end(child)
        raise
    except subprocess.TimeoutExpired:
        _end(child)
        raise GodynoError(f"The recording of {' '.join(workload.argv[:3])} did not end") from None
    return _outcome(stdout, stderr, child.returncode)


def _end(child: subprocess.Popen[str]) -> None:
    """Ends the workload first, by the same signal that a terminal would send to its whole group; the recorder then seals."""
    for number, patience_s in ((signal.SIGINT, _INTERRUPT_S), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(child.pid, number)
            child.communicate(timeout=patience_s)
            return
        except ProcessLookupError:
            child.wait()
            return
        except (subprocess.TimeoutExpired, ValueError):
            continue


def _outcome(stdout: str, stderr: str, code: int) -> Outcome:
    try:
        answer: Any = json.loads(stdout)
        if isinstance(answer, Mapping) and "error" in answer:
            raise GodynoError(str(answer["error"]), hint=str(answer.get("hint", "")))
        return Outcome.from_json(answer)
    except (ValueError, TypeError, KeyError) as error:
        last = stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise GodynoError(f"A recording failed (exit {code}): {last[0][:300]}") from error


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
