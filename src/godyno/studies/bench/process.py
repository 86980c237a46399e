"""One process run and measured: the only place where a trial's process is started.

It runs in a session, a memory cgroup and a temporary directory of its own, started by ``spawner``, which is small. ``held`` is called with
its pid before it execs: what is set on it then (affinity, priority, counters) misses nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from godyno.errors import GodynoError
from godyno.machine.cgroups import Group
from godyno.model import Record, Result

_MOST_OUTPUT = 64 << 20


@dataclass(frozen=True, slots=True)
class Finished(Record):
    """How a process ended. CPU is of the waited-for tree; ``peak_bytes`` too, or without a cgroup of its largest process."""

    result: Result
    peak_bytes: int
    peak_source: str
    timed_out: bool
    stdout: str = ""
    stderr: str = ""
    counts: Mapping[str, float] = field(default_factory=dict)
    capture: str = ""


class Launch(Protocol):
    """Runs a process to its end: ``Spawner.run``, or a recording of it."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str | None],
        timeout_s: float,
        label: str = "",
    ) -> Finished:
        """Raises GodynoError where it could not even be started."""


class Spawner:
    """Starts processes through ``spawner.py``. A context manager; nothing that it started outlives it."""

    def __init__(self, *, syscalls: bool = False, held: Callable[[int], None] | None = None) -> None:
        self.held = held
        self.syscall_event: int | None = None
        if syscalls:
            from godyno.probes.kernel.tracepoints import tracepoint_ids

            self.syscall_event = tracepoint_ids(["raw_syscalls/sys_enter"])["raw_syscalls/sys_enter"]

    def __enter__(self) -> Self:
        self._scratch = tempfile.TemporaryDirectory(prefix="godyno-run-")
        script = Path(__file__).with_name("spawner.py")
        # A session of its own: Ctrl-C reaches godyno, which closes the pipe, which ends the child.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._scratch.cleanup()

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str | None], timeout_s: float, label: str = "",
        output: bool = True,
    ) -> Finished:  # fmt: skip
        """Runs ``argv`` to its end or ``timeout_s``; ``env`` is what differs from godyno's own. ``output`` False throws stdout away."""
        place = Path(self._scratch.name)
        temporary = place / "tmp"
        temporary.mkdir(exist_ok=True)
        out, err = str(place / "stdout") if output else os.devnull, str(place / "stderr")
        group, _ = Group.create("bench", ("memory",))
        try:
            whole = _environment({"TMPDIR": str(temporary), **env})
            self._send(
                {"argv": list(argv), "env": whole, "cwd": str(cwd), "timeout_s": timeout_s, "stdout": out, "stderr": err,
                 "procs": [str(path) for path in group.procs_files()] if group else []}
            )  # fmt: skip
            pid = int(self._answer()["pid"])
            if self.held:
                self.held(pid)
            with _counting(pid, self.syscall_event) as counts:
                self._send("go")
                answer = self._answer()
            peak = group.memory_peak() if group else None
        finally:
            if group:
                group.kill()  # what a command left running must not run beside the next one
                group.remove()
        code = int(answer["code"])
        result = Result(
            answer["t_start_ns"], answer["t_end_ns"], max(code, 0), max(-code, 0), answer["user_s"], answer["system_s"]
        )  # fmt: skip
        return Finished(
            result, peak.value_bytes if peak else answer["maxrss_bytes"],
            peak.source if peak else "largest process (ru_maxrss)", bool(answer["timed_out"]),
            _text(out) if output else "", _text(err), dict(counts),
        )  # fmt: skip

    def _send(self, message: Any) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise GodynoError("The process that starts trials was killed", hint="Run it again.") from error

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise GodynoError("The process that starts trials was killed", hint="Run it again.")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def _counting(pid: int, syscall_event: int | None) -> Any:
    """A dict that holds ``syscalls`` once the process has ended, where they are to be counted."""
    counts: dict[str, float] = {}
    if syscall_event is None:
        yield counts
        return
    from godyno.probes.kernel import perf_event as pe

    event = pe.Event("syscalls", pe.TYPE_TRACEPOINT, syscall_event, kernel=True)
    counter = pe.Counter(event, pe.Scope("tasks", (pid,)))
    try:
        yield counts
        counts["syscalls"] = float(counter.read()[0])
    finally:
        counter.close()


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    env = dict(os.environ)
    for name, value in changes.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


def _text(path: str) -> str:
    with Path(path).open("rb") as file:
        return file.read(_MOST_OUTPUT).decode("utf-8", "replace")
