"""Recording what already runs: a process and its children, all of a cgroup, or what serves an address, for some time.

The target is watched and never touched: no signal is sent to it, nothing is written into its cgroup, and when the recording
ends it runs on as before.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from godyno.clock import now_ns
from godyno.errors import NotAvailableHere, UsageError
from godyno.machine.cgroupfs import pids_in, tree
from godyno.machine.hierarchies import read_hierarchies
from godyno.model import Availability, Result, Workload
from godyno.probes.runtime.scraping.looking import first_look
from godyno.recorder import Recording
from godyno.recorder.session import Options, Session, _own_cpu_s, _Target
from godyno.redact import redact_argv

_LOOK_S = 0.2
_TICKS = float(os.sysconf("SC_CLK_TCK"))
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(slots=True)
class _Running(_Target):
    """A target that ran before. Probes then say what was there already."""

    running: bool = True


class Attachment(Session):
    """Watches ``pid`` and all below it, every process in ``cgroup``, or what serves profiles at ``url``. Use once: ``.run()``.

    The process behind ``url`` is found where it is one of this machine; else only what it says of itself is recorded. Raises
    UsageError where there is nothing to watch, NotAvailableHere where it belongs to another user, EndpointError where
    nothing is served at ``url``.
    """

    def __init__(
        self, options: Options, duration_s: float | None, *, pid: int | None = None, cgroup: Path | None = None,
        url: str | None = None,
    ) -> None:  # fmt: skip
        if (pid is not None and cgroup is not None) or not (pid is not None or cgroup or url):
            raise UsageError(
                "Name one thing to attach to",
                hint="godyno attach PID, godyno attach --cgroup PATH, or godyno attach --url http://localhost:6060.",
            )
        self.duration_s = duration_s
        self.cgroup: Path | None = None
        self.ending = False
        alone, named = "", ""
        if url:
            where, served_by, alone = first_look(url)
            named = str(where)
            if pid is None and cgroup is None:
                pid = served_by or None
            options = _scraping(options, served_by or pid or 0)
        if pid is not None:
            self.root, self.watched = pid, tree_of(pid)
            self.directories = own_cgroups(pid, set(self.watched))
        elif cgroup is not None:
            self.cgroup = find_cgroup(cgroup)
            self.watched = sorted({pid for place in tree(self.cgroup) for pid in pids_in(place)})
            if not self.watched:
                raise UsageError(f"No process is in {cgroup}", hint="Start it first, then attach.")
            self.root = self.watched[0]
            self.directories = same_cgroup_elsewhere(self.cgroup, set(self.watched))
        else:  # what this machine's probes would see is not of that program
            self.root, self.watched, self.directories = 0, [], {}
            options = replace(options, probes=())
        workload = _workload_of(self.root) if self.root else Workload((named,))
        super().__init__(workload, replace(options, lines=False))
        if not self.root:
            self.warnings.append(f"Only what {named} says of itself is recorded: {alone}.")
        self.notes["pid"] = self.root
        self.notes["attached"] = {"pids": self.watched, "cgroup": str(self.cgroup or "")}

    def run(self) -> Recording:
        """Watches until the time is over, Ctrl-C, or the last process has ended; then seals."""
        began = now_ns()
        self._begin(self.workload)
        self.group, self.keeper_cpu_s = None, 0.0
        try:
            result = self._watch(began)
        finally:
            self.signals.close()
            self.loop.close()
        return self._finish(result, None, 0, began)

    def _prepare(self, workload: Workload) -> Workload:
        """Nothing can be prepared any more: probes that would change the command cannot watch."""
        for index, (probe, entry) in enumerate(self.probes):
            if (
                entry.availability
                and probe.prepare(workload, self.directory / "raw" / probe.name) != workload
            ):
                late = Availability(
                    False, "it must be there when the command starts", "godyno record -- COMMAND"
                )
                self.probes[index] = (probe, replace(entry, availability=late))
        return workload

    def _watch(self, began: int) -> Result:
        self.target = _Running(
            self.root, self.directories, self.options.hz, self.loop, lambda: iter(tuple(self.watched))
        )
        with contextlib.ExitStack() as attached:
            for probe, entry in self.probes:
                if entry.availability:
                    self._attach(attached, probe)
            self.loop.on_readable(self.signals.fd, self._on_end)
            self.loop.every(_LOOK_S, lambda t_ns: self._stop_when_gone())
            self.before_cpu_s = _own_cpu_s()
            self.before_wall_s = (now_ns() - began) * 1e-9
            # Only now, when everything watches: what is held against the samples must not cover more than they do.
            before = cpu_s({*self.watched, *self.target.pids()})
            self.released_ns = now_ns()
            if self.duration_s is not None:
                self.loop.after(self.duration_s, self._stop)
            self.loop.run()
            self.ended_ns = now_ns()
            self.during_cpu_s = _own_cpu_s() - self.before_cpu_s
            after = cpu_s({*self.watched, *self.target.pids()})
        user, system = (
            sum(max(0.0, times[at] - before.get(pid, (0.0, 0.0))[at]) for pid, times in after.items())
            for at in (0, 1)
        )
        self.notes["cpu_covers"] = "processes that were alive at the end"
        return Result(self.released_ns, self.ended_ns, 0, 0, user, system)

    def _on_end(self) -> None:
        for received in self.signals.take():
            if received.number in _ENDS:
                self.notes["ended_by"] = signal.Signals(received.number).name
                self._stop()

    def _stop(self) -> None:
        """Ends watching, after what a probe still wants to ask for; asked a second time, at once."""
        if self.ending:
            self.loop.stopped = True
        self.ending = True
        self._wind_down(self._end)

    def _end(self) -> None:
        self.loop.stopped = True

    def _stop_when_gone(self) -> None:
        if self.watched and not any(_is_alive(pid) for pid in {*self.target.pids(), *self.watched}):
            self.notes["ended_by"] = "the last process ended"
            self._stop()


def tree_of(root: int) -> list[int]:
    """``root`` and every process below it. Raises UsageError where there is none, NotAvailableHere where it is not ours."""
    if not Path(f"/proc/{root}/task").is_dir():
        raise UsageError(f"There is no process {root}", hint="`ps -e` lists the processes that run.")
    status = os.stat(f"/proc/{root}")  # noqa: PTH116
    if os.geteuid() not in (0, status.st_uid):
        raise NotAvailableHere(f"Process {root} is another user's", hint="Attach as that user, or as root.")
    found, waiting = {root}, [root]
    while waiting:
        pid = waiting.pop()
        try:
            tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
        except OSError:
            continue
        for task in tasks:
            try:
                children = Path(f"/proc/{pid}/task/{task}/children").read_bytes().split()
            except OSError:
                continue
            new = {int(child) for child in children} - found
            found |= new
            waiting.extend(new)
    return sorted(found)


def own_cgroups(pid: int, processes: set[int]) -> dict[str, Path]:
    """The cgroups of ``pid`` that hold none but ``processes``, by controller: only these tell of just them."""
    out: dict[str, Path] = {}
    for hierarchy in read_hierarchies(pid=pid):
        if hierarchy.directory == hierarchy.top:
            continue
        inside = {one for place in tree(hierarchy.directory) for one in pids_in(place)}
        if inside and inside <= processes:
            out |= _named(hierarchy.controllers, hierarchy.version, hierarchy.directory)
    return out


def find_cgroup(path: Path) -> Path:
    """The directory of a cgroup, given that or its name in a hierarchy (/system.slice/x.service). Raises UsageError."""
    candidates = [path]
    candidates += [hierarchy.top / str(path).lstrip("/") for hierarchy in read_hierarchies()]
    for candidate in candidates:
        if (candidate / "cgroup.procs").exists():
            return candidate.resolve()
    raise UsageError(
        f"{path} is no cgroup", hint="Name its directory below /sys/fs/cgroup, as /proc/PID/cgroup tells it."
    )


def same_cgroup_elsewhere(directory: Path, processes: set[int]) -> dict[str, Path]:
    """By controller, the directories of this name in all hierarchies, as far as they hold the same processes."""
    hierarchies = read_hierarchies()
    relative = next(
        (directory.relative_to(one.top) for one in hierarchies if directory.is_relative_to(one.top)), None
    )
    out: dict[str, Path] = {}
    for one in hierarchies if relative is not None else []:
        place = one.top / str(relative)
        if {pid for inner in tree(place) for pid in pids_in(inner)} == processes:
            out |= _named(one.controllers, one.version, place)
    return out


def cpu_s(pids: Iterable[int]) -> dict[int, tuple[float, float]]:
    """User and system seconds of each process, its waited-for children included."""
    out = {}
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            out[pid] = (
                (int(fields[11]) + int(fields[13])) / _TICKS,
                (int(fields[12]) + int(fields[14])) / _TICKS,
            )
        except (OSError, ValueError, IndexError):
            continue
    return out


def _scraping(options: Options, pid: int) -> Options:
    settings = {**options.settings.get("scrape", {}), "pid": pid}
    return replace(options, settings={**options.settings, "scrape": settings})


def _named(controllers: Iterable[str], version: int, directory: Path) -> Mapping[str, Path]:
    names = [*controllers, "unified"] if version == 2 else list(controllers)
    return dict.fromkeys(names, directory)


def _workload_of(pid: int) -> Workload:
    try:
        data = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        data = b""
    try:
        cwd = os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115
    except OSError:
        cwd = ""
    words = data.rstrip(b"\0").decode("utf-8", "surrogateescape").split("\0")
    return Workload(tuple(redact_argv(words)) if data else (f"pid-{pid}",), cwd)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (OSError, IndexError):
        return False
