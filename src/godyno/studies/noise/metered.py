"""One run of a command, in a cgroup of its own, with what the machine counted beside it: cheap enough to do hundreds of times."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from godyno.clock import now_ns
from godyno.errors import GodynoError
from godyno.machine.cgroups import Group, sweep_stale
from godyno.machine.guardian import Guardian, may_fork
from godyno.machine.meter import Meter
from godyno.model import Json
from godyno.workload.launcher import Held, find_command


class RunFailed(GodynoError):
    """The command failed, so its times say nothing."""


@dataclass(frozen=True, slots=True)
class Metered:
    """A run. ``counters`` are those of ``stats.noise``; ``told`` is what the yardstick printed, empty for other commands."""

    wall_s: float
    cpu_s: float
    counters: dict[str, float]
    told: Json


class Runs:
    """Runs one command again and again, in one group. Enter it; ``why_no_group`` says why there is none, where there is none."""

    def __init__(self, argv: Sequence[str], *, cwd: str = "", reads_json: bool = False) -> None:
        find_command(argv[0])
        self.argv, self.cwd, self.reads_json = tuple(argv), cwd, reads_json

    def __enter__(self) -> Runs:
        sweep_stale()
        self.group, self.why_no_group = Group.create("noise", ("memory", "cpu", "cpuacct"))
        self._guardian = Guardian(self._tidy)
        self.meter = Meter(paths=self.group.paths if self.group else None)
        return self

    def __exit__(self, *_: object) -> None:
        self._tidy()
        self._guardian.dismiss()

    def _tidy(self) -> None:
        if self.group:
            self.group.kill(timeout_s=1.0)
            self.group.release()

    def once(self) -> Metered:
        """One run to its end. Raises RunFailed where it does not end well; Ctrl-C ends it too."""
        with _output(self.reads_json) as (out, read):
            null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            try:
                group = self.group
                with may_fork():
                    held = Held(
                        self.argv,
                        dict(os.environ),
                        self.cwd,
                        {0: null, 1: out, 2: null},
                        set(),
                        group.add if group else lambda: None,
                    )
            finally:
                os.close(null)
            os.close(out)
            before = self.meter.read()
            began = now_ns()
            try:
                held.release()
                text = read()
                _, status, usage = os.wait4(held.pid, 0)
            except BaseException:
                with contextlib.suppress(ProcessLookupError, ChildProcessError):
                    os.kill(held.pid, signal.SIGKILL)
                    os.waitpid(held.pid, 0)
                raise
            wall_s = (now_ns() - began) * 1e-9
            after = self.meter.read()
        code = os.waitstatus_to_exitcode(status)
        if code:
            raise RunFailed(
                f"{self.argv[0]} ended with {'signal' if code < 0 else 'exit code'} {abs(code)}",
                hint="Noise is measured on a command that succeeds; run it alone to see why it does not.",
            )
        cpu_s = usage.ru_utime + usage.ru_stime
        counters = after.since(before) | {"wall_s": wall_s, "cpus": float(len(os.sched_getaffinity(0)))}
        if "busy_s" in counters:
            counters["other_cpu_s"] = max(0.0, counters.pop("busy_s") - cpu_s)
        counters["read_bytes"] = usage.ru_inblock * 512.0
        if "disk_read_bytes" in counters:
            read_bytes, written = counters.pop("disk_read_bytes"), counters.pop("disk_written_bytes")
            # What it wrote counts when a page becomes dirty; a file that is removed again never reaches the disk.
            counters["write_bytes"] = min(usage.ru_oublock * 512.0, written)
            counters["other_io_bytes"] = (
                max(0.0, read_bytes - counters["read_bytes"]) + written - counters["write_bytes"]
            )
        hz = self.meter.hz()
        if hz is not None:
            counters["hz"] = hz
        return Metered(wall_s, cpu_s, counters, json.loads(text) if self.reads_json else {})


@contextlib.contextmanager
def scratch_directory() -> Iterator[str]:
    """A directory that is gone afterwards, also where this process is killed."""
    directory = tempfile.mkdtemp(prefix="godyno-noise-")
    guardian = Guardian(lambda: shutil.rmtree(directory, ignore_errors=True))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        guardian.dismiss()


@contextlib.contextmanager
def _output(wanted: bool) -> Iterator[tuple[int, Callable[[], bytes]]]:
    """Where standard output goes, and what reads it to its end; it is thrown away unless wanted."""
    if not wanted:
        yield os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), lambda: b""
        return
    end, out = os.pipe()
    with open(end, "rb") as file:  # noqa: PTH123
        yield out, file.read
