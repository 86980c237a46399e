"""One start, recorded at the deep level with its milestones, until it is ready: what the attribution reads."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno.capture.lines import OUTPUT_JOURNAL, output_lines
from godyno.errors import GodynoError
from godyno.model import Workload
from godyno.probes.kernel.milestones import Places
from godyno.recorder import Recording, record
from godyno.studies.startup.listening import Listening, own
from godyno.studies.startup.starts import Start
from godyno.studies.startup.watching import ENDED, LATE, READY, Output, Reached, wait_until_ready
from godyno.workload.launcher import find_command
from godyno.workload.limited import Limits
from godyno.workload.ready import EXIT, LOG, Ready

# A small process execs the command, as in the bare starts: the kernel takes the recorder's 30 MB apart in an exec of its own.
_EXEC = 'exec "$0" "$@"'
SAMPLES_HZ = 3999  # a start is short; beside a multiple of 1000, with which timers beat
_FAULTS = (
    64  # in one sample, as at the level standard: every eighth makes new memory dearer, and nothing else
)
_LINE_LATE_NS = 2_000_000  # as the recorder notes of its output
_AFTER_S = 3.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded start and its capture."""

    start: Start
    recording: Recording


def record_start(
    argv: Sequence[str], ready: Ready, timeout_s: float, out: Path, *, places: Places, limits: Limits, cwd: str = "",
    env: Mapping[str, str | None] | None = None, before: Callable[[], None] = lambda: None, level: str = "deep",
    listening: Listening | None = None, traced: bool = False,
) -> Recorded:  # fmt: skip
    """Records one start into ``out`` and ends what was started. Raises GodynoError where nothing can be recorded.

    ``traced`` is of a program that was built to tell of its goroutines.
    ``before`` is called a quarter of a second before the exec (to make the caches cold).
    """
    file = find_command(argv[0])
    workload = Workload(("/bin/sh", "-c", _EXEC, file, *argv[1:]), cwd, dict(env or {}))
    probes: dict[str, dict[str, object]] = {
        "milestones": {"program": str(Path(file).resolve()), "places": places},
        "syscalls": {"span_s": 0.0},
        "cpu_samples": {"hz": SAMPLES_HZ},
        "page_faults": {"period": _FAULTS},
    }
    read_end, end = os.pipe()
    done, tell = os.pipe()
    made: list[Recording] = []
    failed: list[GodynoError] = []

    def run() -> None:
        try:
            made.append(
                record(
                    workload,
                    out,
                    level=level,
                    memory_limit_bytes=limits.memory_bytes,
                    cpu_quota=limits.cpus,
                    timeout_s=timeout_s + _AFTER_S,
                    probes=probes,
                    end_fd=read_end,
                    instrument=("trace",) if traced else (),
                )
            )
        except GodynoError as error:
            failed.append(error)
        finally:
            os.write(tell, b"d")

    before()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        reached = wait_until_ready(
            ready, done, own, Output(), timeout_s + _AFTER_S, listening, _matching(out, ready) if ready.kind == LOG else None
        )  # fmt: skip
        if ready.kind == EXIT:
            thread.join()
    finally:
        os.write(end, b"e")  # the recorder ends the command, seals, and is gone
        thread.join()
        for fd in (read_end, end, done, tell):
            os.close(fd)
    if failed:
        raise failed[0]
    return Recorded(_start(made[0], reached, ready), made[0])


def _start(recording: Recording, reached: Reached, ready: Ready) -> Start:
    result = recording.result
    t_ns, doubt_ns, outcome = reached.t_ns, reached.doubt_ns, reached.outcome
    if ready.kind == EXIT:
        t_ns = result.t_end_ns
        outcome = LATE if recording.timed_out else READY if result.exit_code == 0 else ENDED
    if ready.kind == LOG and outcome == READY:
        doubt_ns = _LINE_LATE_NS
    return Start(
        result.t_start_ns, t_ns, doubt_ns, outcome, reached.how, result.exit_code, result.signal,
        _said(recording.capture) if outcome != READY else "",
    )  # fmt: skip


def _said(capture: Path) -> str:
    from godyno.capture.reader import open_capture

    try:
        with open_capture(capture) as opened:
            rows = opened.sql("SELECT text FROM lines ORDER BY t_ns DESC LIMIT 8").to_pylist()
    except GodynoError:
        return ""
    return "\n".join(row["text"] for row in reversed(rows))


def _matching(out: Path, ready: Ready) -> Callable[[], int]:
    pattern = re.compile(ready.pattern)

    def look() -> int:
        try:
            return next(
                (t_ns for t_ns, _, text in output_lines(out / OUTPUT_JOURNAL) if pattern.search(text)), 0
            )
        except (OSError, GodynoError, ValueError):
            return 0  # it is being written

    return look
