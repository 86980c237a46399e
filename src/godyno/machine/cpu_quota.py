"""The CPU quota of a process or cgroup that runs, read and never touched: limits, cpu.stat, threads, the Go inside.

Every function takes ``root``, so that a recorded tree of ``/proc`` and ``/sys`` answers for another machine. v1 and v2.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno.errors import UsageError
from godyno.machine.cgroupfs import pids_in, tree, values_in
from godyno.machine.hierarchies import SLASH, hierarchy_of, read_hierarchies, read_text
from godyno.model import Record

_BUILD_INFO = re.compile(rb"\xff Go buildinf:")
_VERSION = re.compile(rb"go1\.(\d+)[.\w]*")
_READ_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Holder(Record):
    """A cgroup with a quota: ``cpus`` a second, enforced every ``period_s``; counters since it was made."""

    directory: str
    cpus: float
    period_s: float
    burst_s: float
    periods: int
    throttled_periods: int
    throttled_s: float


@dataclass(frozen=True, slots=True)
class GoProcess(Record):
    """A process. ``gomaxprocs`` is of its environment, None where it has none; ``go_minor`` 0 where it is no Go program."""

    pid: int
    name: str
    go_minor: int
    gomaxprocs: int | None
    allowed_cpus: int
    threads: int


@dataclass(frozen=True, slots=True)
class Reading(Record):
    """One look. ``usage_s`` is CPU used by the group so far; ``holders`` from the own cgroup up, only those with a quota."""

    t_ns: int
    directory: str
    version: int
    usage_s: float | None
    holders: tuple[Holder, ...]
    processes: tuple[GoProcess, ...]
    running_threads: int


@dataclass(frozen=True, slots=True)
class Watched(Record):
    """A time of watching: the first and last look, CPU used in each step, the most threads seen running at once."""

    first: Reading
    last: Reading
    steps_cpus: tuple[float, ...]
    most_running: int
    mean_running: float

    @property
    def took_s(self) -> float:
        """How long it was watched."""
        return (self.last.t_ns - self.first.t_ns) * 1e-9


def place_of(pid: int | None, cgroup: Path | None, root: Path = SLASH) -> list[Path]:
    """The cpu cgroup of a process, or ``cgroup`` itself, and its ancestors. Raises UsageError where there is none."""
    if cgroup is not None:
        directory = cgroup.absolute()
        if not (directory / "cgroup.procs").exists():
            raise UsageError(
                f"{cgroup} is no cgroup",
                hint="Name its directory, such as /sys/fs/cgroup/system.slice/api.service.",
            )
        return [directory, *(one for one in directory.parents if (one / "cgroup.procs").exists())]
    if not (root / "proc" / str(pid)).is_dir():
        raise UsageError(f"There is no process {pid}", hint="`pidof NAME` finds one by its name.")
    hierarchies = read_hierarchies(root, str(pid))
    hierarchy = hierarchy_of("cpu", hierarchies) or hierarchy_of("unified", hierarchies)
    if hierarchy is None:
        raise UsageError(f"Process {pid} has no cpu cgroup that can be seen from here")
    return list(hierarchy.lineage())


def read_now(lineage: list[Path], pid: int | None = None, root: Path = SLASH) -> Reading:
    """One look at the cgroups of ``lineage`` (the own one first) and the processes in it, or at process ``pid`` alone."""
    own = lineage[0]
    pids = [pid] if pid is not None else sorted({one for place in tree(own) for one in pids_in(place)})
    holders = tuple(found for place in lineage if (found := holder(place)) is not None)
    running = sum(_running(root / "proc" / str(one)) for one in pids)
    version = 2 if (own / "cpu.max").exists() or (own / "cgroup.controllers").exists() else 1
    processes = tuple(known for one in pids if (known := go_process(one, root)) is not None)
    return Reading(
        time.monotonic_ns(),
        str(own),
        version,
        _usage(own, pids, pid is not None, root),
        holders,
        processes,
        running,
    )


def watch(
    pid: int | None, cgroup: Path | None, for_s: float, *, step_s: float = 0.1, root: Path = SLASH,
    sleep: Callable[[float], None] = time.sleep,
) -> Watched:  # fmt: skip
    """Looks for ``for_s`` seconds, every ``step_s``, reading only. Raises UsageError where there is nothing to look at."""
    lineage = place_of(pid, cgroup, root)
    first = last = read_now(lineage, pid, root)
    steps, running = [], [first.running_threads]
    own = lineage[0]
    alone = pid is not None
    used, at = first.usage_s, time.monotonic()
    deadline = at + for_s
    try:
        while time.monotonic() < deadline:
            sleep(step_s)
            pids = [pid] if pid is not None else [one for place in tree(own) for one in pids_in(place)]
            now, then = _usage(own, pids, alone, root), time.monotonic()
            if now is not None and used is not None and then > at:
                steps.append(max(0.0, now - used) / (then - at))
            used, at = now, then
            running.append(sum(_running(root / "proc" / str(one)) for one in pids))
    except KeyboardInterrupt:
        pass  # what was seen so far is an answer
    last = read_now(lineage, pid, root)
    return Watched(first, last, tuple(steps), max(running), sum(running) / len(running))


def holder(directory: Path) -> Holder | None:
    """The quota of one cgroup; None where it has none."""
    words = read_text(directory / "cpu.max").split()
    if len(words) == 2:
        quota, period = _number(words[0]), _number(words[1])
        burst = _number(read_text(directory / "cpu.max.burst"))
    else:
        quota, period = (_number(read_text(directory / f"cpu.cfs_{name}_us")) for name in ("quota", "period"))
        burst = _number(read_text(directory / "cpu.cfs_burst_us"))
    if quota is None or not period or quota <= 0:
        return None
    stat = values_in(directory / "cpu.stat")
    throttled_ns = stat.get("throttled_time", 1000 * stat.get("throttled_usec", 0))
    return Holder(
        str(directory), quota / period, period / 1e6, (burst or 0) / 1e6, stat.get("nr_periods", 0),
        stat.get("nr_throttled", 0), throttled_ns * 1e-9,
    )  # fmt: skip


def go_process(pid: int, root: Path = SLASH) -> GoProcess | None:
    """What is known of a process; None where it is gone."""
    process = root / "proc" / str(pid)
    status = read_text(process / "status")
    name = re.search(r"^Name:\s*(.*)$", status, re.M)
    if name is None:
        return None
    mask = re.search(r"^Cpus_allowed:\s*([0-9a-f,]+)", status, re.M)
    threads = re.search(r"^Threads:\s*(\d+)", status, re.M)
    setting = re.search(r"(?:^|\0)GOMAXPROCS=(\d+)(?:\0|$)", read_text(process / "environ"))
    allowed = int(mask[1].replace(",", ""), 16).bit_count() if mask else 0
    return GoProcess(
        pid, name[1].strip(), _go_minor(process / "exe"), int(setting[1]) if setting else None, allowed,
        int(threads[1]) if threads else 0,
    )  # fmt: skip


def expected_gomaxprocs(process: GoProcess, cpus: float | None) -> int:
    """What Go sets by itself: GOMAXPROCS, else the CPUs allowed; Go 1.25 and newer at most max(2, quota rounded up).

    Modules whose go.mod says 1.24 or older, a call of runtime.GOMAXPROCS and automaxprocs are not seen from outside.
    """
    if process.gomaxprocs:
        return process.gomaxprocs
    if process.go_minor >= 25 and cpus is not None:
        return min(process.allowed_cpus, max(2, math.ceil(cpus)))
    return process.allowed_cpus


def _go_minor(exe: Path) -> int:
    """25 for Go 1.25; 0 where it is no Go program, or may not be read."""
    try:
        with exe.open("rb") as file:
            data = file.read(_READ_BYTES)
    except OSError:
        return 0
    found = _BUILD_INFO.search(data)
    version = _VERSION.search(data, found.start(), found.start() + 256) if found else None
    return int(version[1]) if version else 0


def _running(process: Path) -> int:
    """Threads that run or are ready to run."""
    try:
        threads = list((process / "task").iterdir())
    except OSError:
        return 0
    return sum(read_text(thread / "stat").rpartition(")")[2][1:2] == "R" for thread in threads)


def _usage(directory: Path, pids: Sequence[int], alone: bool, root: Path) -> float | None:
    """CPU seconds of the group so far, or of its processes that live where nothing counts it (``alone``: of one process only)."""
    if not alone:
        usage = values_in(directory / "cpu.stat").get("usage_usec")
        if usage is not None:
            return usage * 1e-6
        # v1: cpuacct may be a hierarchy of its own, with the same path in it.
        for place in (directory, _sibling(directory)):
            text = read_text(place / "cpuacct.usage").strip() if place else ""
            if text.isdecimal():
                return int(text) * 1e-9
    ticks = [_ticks(root / "proc" / str(pid)) for pid in pids]
    return sum(ticks) / os.sysconf("SC_CLK_TCK") if ticks else None


def _ticks(process: Path) -> int:
    words = read_text(process / "stat").rpartition(")")[2].split()
    return sum(int(word) for word in words[11:13] if word.isdecimal()) if len(words) > 12 else 0


def _sibling(directory: Path) -> Path | None:
    parts = directory.parts
    for at, part in enumerate(parts):
        if part in ("cpu", "cpu,cpuacct"):
            return Path(*parts[:at], "cpuacct", *parts[at + 1 :])
    return None


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() else None
