"""A command under limits of the kernel's, in a cgroup of its own that is gone afterwards, also after kill -9 of godyno.

Lighter than a recording (no probes): for studies that need many short runs. What the kernel counted for the group is the result.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from godyno.errors import CommandNotExecutable, NotAvailableHere
from godyno.machine.cgroupfs import values_in
from godyno.machine.cgroups import Group
from godyno.machine.hierarchies import read_text
from godyno.model import AVAILABLE, Availability, Record, Workload

_KEPT_BYTES = 1 << 16
_LOOK_S = 0.01
# The shell is tiny, so that its own memory does not count; echo is built into it, so it moves itself.
_PLACE = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 126; shift; done; shift; exec "$@"'


@dataclass(frozen=True, slots=True)
class Limits(Record):
    """What a run may use; None is no limit. ``cpus`` is the quota in CPUs, enforced every ``period_s``, with ``burst_s`` saved up."""

    memory_bytes: int | None = None
    swap_bytes: int = 0
    cpus: float | None = None
    period_s: float = 0.1
    burst_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Limited(Record):
    """How a limited run ended, and what the kernel counted for its group.

    ``peak_bytes`` is the group's high-water mark, ``cache_bytes`` what of the group's memory was reclaimable page cache at the end.
    ``exit_code`` is 128 + N where signal N ended it, of the first command that did not exit with 0.
    """

    exit_code: int
    signal: int
    wall_s: float
    cpu_s: float | None
    timed_out: bool
    oom_kills: int
    peak_bytes: int | None
    cache_bytes: int
    anon_peak_bytes: int | None
    major_faults: int
    periods: int
    throttled_periods: int
    throttled_s: float
    said: str
    each_s: tuple[float, ...] = ()  # how long each command took, in the order of their ends
    waited_s: Mapping[str, float] = field(
        default_factory=dict
    )  # PSI some by resource, where the group has it

    @property
    def held_bytes(self) -> int | None:
        """The peak of what cannot be reclaimed: the high-water mark without page cache, never less than what was seen of it."""
        if self.peak_bytes is None:
            return self.anon_peak_bytes
        return max(self.peak_bytes - self.cache_bytes, self.anon_peak_bytes or 0)


_NUMBERS = itertools.count(1)  # a process may hold several groups at once


@contextlib.contextmanager
def limited_group(limits: Limits) -> Iterator[Group]:
    """A group with these limits and a guard that ends and removes it should this process be killed. Raises NotAvailableHere."""
    wanted = ("memory", "cpu", "cpuacct", "pids", "freezer")
    group, missing = Group.create(f"limited-{next(_NUMBERS)}", wanted)
    if group is None:
        raise NotAvailableHere(
            f"no cgroup can be made here: {missing}", hint="`godyno doctor` shows what would enable it."
        )
    guard = None
    try:
        paths = {name: str(path) for name, path in group.paths.items()}
        guard = subprocess.Popen(
            [sys.executable, "-m", "godyno.workload.guard", group.name, json.dumps(paths)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        if limits.memory_bytes is not None:
            group.set_memory_limit(limits.memory_bytes, limits.swap_bytes)
        if limits.cpus is not None:
            group.set_cpu_quota(limits.cpus, limits.period_s, limits.burst_s)
        yield group
    finally:
        group.kill()
        left = group.remove(timeout_s=2.0)
        if guard is not None and guard.stdin is not None:
            with contextlib.suppress(OSError):
                if not left:  # else the guard has a second try
                    guard.stdin.write(b"done\n")
                    guard.stdin.flush()
            guard.stdin.close()
            guard.wait()


def can_limit(controller: str) -> Availability:
    """Whether a group with ``controller`` (memory, cpu) can be made here; tried, not guessed."""
    try:
        with limited_group(Limits()) as group:
            if controller in group.paths:
                return AVAILABLE
            reason = group.missing.get(controller, f"no {controller} controller")
    except NotAvailableHere as error:
        reason = str(error)
    return Availability(
        False, f"no {controller} limit can be set: {reason}", "godyno doctor  # shows what would enable it"
    )


def run_limited(
    workloads: Workload | Sequence[Workload], limits: Limits | None = None, *, timeout_s: float, at_once: int = 1,
    watch: Callable[[Group], None] | None = None,
) -> Limited:  # fmt: skip
    """Runs one command, or several ``at_once`` at a time, in one group under ``limits``, and waits for their end.

    ``watch`` is called in a thread as soon as the group is there, and has to end by itself when the group is gone. What the
    commands print is kept up to 64 KB. Raises NotAvailableHere where no such group can be made, CommandNotExecutable.
    """
    todo = [workloads] if isinstance(workloads, Workload) else list(workloads)
    with tempfile.TemporaryFile() as said, limited_group(limits or Limits()) as group:
        watcher = None
        if watch is not None:
            watcher = threading.Thread(target=watch, args=(group,), daemon=True)
            watcher.start()
        began = time.monotonic()
        codes, each, timed_out, anon, faults = _all(group, todo, at_once, said, began + timeout_s)
        wall_s = time.monotonic() - began
        if timed_out:
            group.kill()
        result = replace(
            _counted(group, codes, wall_s, timed_out, anon, faults, _tail(said)),
            each_s=tuple(each),
            waited_s=_waited(group),
        )
    if watcher is not None:
        watcher.join(timeout=5.0)
    return result


def _all(
    group: Group, todo: list[Workload], at_once: int, said: IO[bytes], deadline: float
) -> tuple[list[int], list[float], bool, int | None, int]:
    running: list[tuple[float, subprocess.Popen[bytes]]] = []
    waiting, codes, each = list(todo), list[int](), list[float]()
    anon: int | None = None
    memory = group.paths.get("memory")
    key = "anon" if memory and (memory / "memory.max").exists() else "total_rss"
    look = 0.0
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append((time.monotonic(), start_in(group, waiting.pop(0), said)))
            still = []
            for began, one in running:
                code = one.poll()
                if code is None:
                    still.append((began, one))
                else:
                    codes.append(code)
                    each.append(time.monotonic() - began)
            if len(still) == len(running):
                if time.monotonic() > deadline:
                    return codes, each, True, anon, _faults(memory)
                time.sleep(_LOOK_S / 5)
            running = still
            if memory is not None and time.monotonic() > look:
                look = time.monotonic() + _LOOK_S
                anon = max(anon or 0, values_in(memory / "memory.stat").get(key, 0))
    finally:
        if running:
            group.kill()
            for _, one in running:
                one.wait()
    return codes, each, False, anon, _faults(memory)


def start_in(group: Group, workload: Workload, said: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """Starts a command in ``group``, its output into ``said`` (a file, or ``subprocess.PIPE``). Raises CommandNotExecutable."""
    env = {**os.environ, **{key: value for key, value in workload.env.items() if value is not None}}
    for key in [key for key, value in workload.env.items() if value is None]:
        env.pop(key, None)
    argv = ["/bin/sh", "-c", _PLACE, "sh", *map(str, group.procs_files()), "--", *workload.argv]
    try:
        return subprocess.Popen(
            argv, cwd=workload.cwd or None, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )  # fmt: skip
    except OSError as error:
        raise CommandNotExecutable(
            f"{workload.argv[0]} cannot be started: {error.strerror or error}"
        ) from error


def _faults(memory: Path | None) -> int:
    values = values_in(memory / "memory.stat") if memory else {}
    return values.get("total_pgmajfault", values.get("pgmajfault", 0))


def _counted(
    group: Group, codes: list[int], wall_s: float, timed_out: bool, anon: int | None, faults: int, said: str
) -> Limited:
    memory = group.paths.get("memory")
    stat = values_in(memory / "memory.stat") if memory else {}
    cache = stat.get("total_cache", stat.get("file", 0)) - stat.get("total_shmem", stat.get("shmem", 0))
    peak, throttling = group.memory_peak(), group.throttling()
    bad = next((code for code in codes if code), 0)
    return Limited(
        128 - bad if bad < 0 else bad, -bad if bad < 0 else 0, wall_s, cpu_seconds(group), timed_out, group.oom_kills() or 0,
        peak.value_bytes if peak else None, max(0, cache), anon, faults, throttling.periods if throttling else 0,
        throttling.throttled_periods if throttling else 0, throttling.throttled_s if throttling else 0.0, said,
    )  # fmt: skip


def cpu_seconds(group: Group) -> float | None:
    """CPU seconds that the group's processes used; None where no controller counts them."""
    text = read_text(group.paths["cpuacct"] / "cpuacct.usage").strip() if "cpuacct" in group.paths else ""
    if text.isdecimal():
        return int(text) * 1e-9
    for name in ("cpu", "unified"):
        usage = values_in(group.paths[name] / "cpu.stat").get("usage_usec") if name in group.paths else None
        if usage is not None:
            return usage * 1e-6
    return None


def _waited(group: Group) -> dict[str, float]:
    """Seconds in which some task of the group waited for a resource, from its pressure files."""
    directory = group.paths.get("unified") or group.paths.get("memory")
    found = {}
    for resource in ("cpu", "memory", "io"):
        text = read_text(directory / f"{resource}.pressure") if directory else ""
        if match := re.search(r"^some .*total=(\d+)", text, re.M):
            found[resource] = int(match[1]) * 1e-6
    return found


def _tail(said: IO[bytes]) -> str:
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - _KEPT_BYTES))
    return said.read(_KEPT_BYTES).decode("utf-8", "replace")
