"""A cgroup of our own: how a process gets in, what it counts, what it limits, and how it goes away again.

A group's name carries who made it (``godyno-PID-STARTTIME-PIDNS-NAME``), so that ``sweep_stale`` can remove
what a killed godyno left, and never a live one's. ``godyno.machine.placement`` finds the place for it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from godyno.errors import NotAvailableHere
from godyno.machine import cgroupfs
from godyno.machine.cgroupfs import children, pids_in, remove_tree, tree, values_in
from godyno.machine.hierarchies import (
    SLASH,
    hierarchy_of,
    mounts_in,
    read_hierarchies,
    read_limits,
    read_text,
)
from godyno.machine.placement import NAME, Placement, identity, pid_space, start_ticks
from godyno.model import Peak

__all__ = ["SLASH", "Group", "Throttling", "hierarchy_of", "read_hierarchies", "read_limits", "sweep_stale"]

WANTED = ("memory", "cpu", "cpuacct", "pids", "freezer")


@dataclass(frozen=True, slots=True)
class Throttling:
    """What the CPU quota did to a group: enforcement periods, those in which it was stopped, and for how long
    in all."""

    periods: int
    throttled_periods: int
    throttled_s: float


class Group:
    """A cgroup of our own. ``paths`` maps each controller that it has to its directory.

    ``unified`` among them is the v2 directory, which has pressure files and ``cgroup.kill`` even where v1 has
    the controllers. ``missing`` says why a controller that was asked for is not there; ``limits_kept`` which
    limits were set on it because it does not lie below the cgroup that has them.
    """

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self.name = placement.name
        self.paths = placement.paths
        self.missing = placement.missing
        self.limits_kept = placement.limits_kept

    @classmethod
    def create(
        cls, name: str, controllers: Sequence[str] = WANTED, root: Path = SLASH
    ) -> tuple[Self | None, str]:
        """A new, empty group with as many of ``controllers`` as can be had, or None; then why what is missing
        is missing.

        The first of ``controllers`` in each hierarchy decides how far up it is looked for. That a process may
        be moved in is tried with a short-lived child process. Takes 5 to 30 ms, most of it the kernel's.
        """
        label = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:64]
        placement = Placement(f"godyno-{identity(root)}-{label}")
        placement.search(controllers, root)
        reason = "; ".join(f"{controller}: {text}" for controller, text in placement.missing.items())
        return (cls(placement) if placement.paths else None), reason

    @classmethod
    def reopen(cls, name: str, paths: Mapping[str, str], root: Path = SLASH) -> Self | None:
        """The group that another godyno made, by what it wrote down; None where nothing of it is left.

        ``paths`` may come from a stranger's capture: only directories of this name, directly in a cgroup file
        system that is mounted here, are taken.
        """
        if not NAME.fullmatch(name):
            return None
        points = [
            root / mount.point.lstrip("/") for mount in mounts_in(read_text(root / "proc/self/mountinfo"))
        ]
        kept = {}
        for controller, text in paths.items():
            path = Path(text)
            real = path.is_absolute() and ".." not in path.parts and path.name == name and path.is_dir()
            if real and not path.is_symlink() and any(path.is_relative_to(point) for point in points):
                kept[str(controller)] = path
        return cls(Placement(name, kept)) if kept else None

    @property
    def directories(self) -> list[Path]:
        """Each of the group's directories once."""
        return list(dict.fromkeys(self.paths.values()))

    # ---- who is in it

    def add(self, pid: int = 0) -> None:
        """Moves a process in; 0 is the caller, which is how a child does it before exec. Raises OSError where
        refused."""
        for directory in self.directories:
            cgroupfs.write(directory / "cgroup.procs", str(pid))

    def procs_files(self) -> list[Path]:
        """The files into which a process id is written to move it in, for a launcher that is not Python."""
        return [directory / "cgroup.procs" for directory in self.directories]

    def pids(self) -> list[int]:
        """The processes that are in the group now, in cgroups that the workload made inside it too."""
        found: set[int] = set()
        for directory in self.directories:
            for place in tree(directory):
                found.update(pids_in(place))
        return sorted(found)

    # ---- what it counts

    def memory_peak(self) -> Peak | None:
        """The kernel's own high-water mark of the whole group; None where it keeps none (v2 before Linux
        5.19)."""
        directory = self.paths.get("memory")
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            text = read_text(directory / name).strip() if directory else ""
            if text.isdecimal():
                return Peak(
                    int(text),
                    f"cgroup {name}",
                    "anonymous memory, page cache and kernel memory of the group and groups in it",
                    exact=True,
                )
        return None

    def memory_usage(self) -> int | None:
        """Bytes charged to the group now; None without a memory controller."""
        directory = self.paths.get("memory")
        for name in ("memory.current", "memory.usage_in_bytes"):
            text = read_text(directory / name).strip() if directory else ""
            if text.isdecimal():
                return int(text)
        return None

    def oom_kills(self) -> int | None:
        """Processes of the group that the out-of-memory killer ended; None without a memory controller.

        v2 counts nested groups in; v1 (since Linux 4.13) does not, so they are added here.
        """
        directory = self.paths.get("memory")
        if directory is None:
            return None
        events = values_in(directory / "memory.events")
        if "oom_kill" in events:
            return events["oom_kill"]
        counts = [values_in(place / "memory.oom_control").get("oom_kill") for place in tree(directory)]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    def throttling(self) -> Throttling | None:
        """What its CPU quota did so far; None without a cpu controller."""
        directory = self.paths.get("cpu")
        values = values_in(directory / "cpu.stat") if directory else {}
        if "nr_periods" not in values:
            return None
        nanoseconds = values.get("throttled_time", values.get("throttled_usec", 0) * 1000)
        return Throttling(values["nr_periods"], values.get("nr_throttled", 0), nanoseconds * 1e-9)

    # ---- limits

    def set_memory_limit(self, limit_bytes: int | None, swap_bytes: int | None = None) -> None:
        """Limits memory, and swap where ``swap_bytes`` is given (0: none at all). ``limit_bytes`` None is no
        limit.

        Raises NotAvailableHere where the group has no memory controller or the kernel refuses.
        """
        directory = self._directory("memory")
        if (directory / "memory.max").exists():
            _limit(directory / "memory.max", "max" if limit_bytes is None else str(limit_bytes))
            if swap_bytes is not None and (directory / "memory.swap.max").exists():
                _limit(directory / "memory.swap.max", str(swap_bytes))
            return
        both = directory / "memory.memsw.limit_in_bytes"
        limit = directory / "memory.limit_in_bytes"
        if both.exists():  # v1 keeps memsw >= limit at every moment, so it must not stand in the way
            _limit(both, "-1")
        _limit(limit, "-1" if limit_bytes is None else str(limit_bytes))
        if both.exists() and swap_bytes is not None and limit_bytes is not None:
            _limit(both, str(limit_bytes + swap_bytes))

    def set_cpu_quota(self, cpus: float | None, period_s: float = 0.1, burst_s: float = 0.0) -> None:
        """Limits CPU time to ``cpus`` per second, enforced every ``period_s``; None is no limit.

        Raises NotAvailableHere where the group has no cpu controller or the kernel refuses (periods go from 1
        ms to 1 s, quotas from 1 ms up).
        """
        directory = self._directory("cpu")
        period_us = round(period_s * 1e6)
        quota_us = None if cpus is None else round(cpus * period_us)
        if (directory / "cpu.max").exists():
            burst = directory / "cpu.max.burst"
            if burst.exists() and read_text(burst).strip() != "0":
                _limit(burst, "0")
            _limit(directory / "cpu.max", f"{'max' if quota_us is None else quota_us} {period_us}")
        else:
            burst = directory / "cpu.cfs_burst_us"
            if burst.exists() and read_text(burst).strip() != "0":
                _limit(burst, "0")
            _limit(directory / "cpu.cfs_quota_us", "-1")  # period and quota are judged together at each write
            _limit(directory / "cpu.cfs_period_us", str(period_us))
            _limit(directory / "cpu.cfs_quota_us", "-1" if quota_us is None else str(quota_us))
        if burst_s:
            if not burst.exists():
                raise NotAvailableHere(
                    "This kernel has no CPU burst", hint="Linux 5.14 and newer have it; leave the burst at 0."
                )
            _limit(burst, str(round(burst_s * 1e6)))

    def _directory(self, controller: str) -> Path:
        directory = self.paths.get(controller)
        if directory is None:
            reason = self.missing.get(controller, "it was not asked for")
            raise NotAvailableHere(
                f"No {controller} cgroup could be made: {reason}",
                hint="`godyno doctor` shows the command that would enable it.",
            )
        return directory

    # ---- its end

    def kill(self, timeout_s: float = 5.0) -> bool:
        """Ends every process of the group with SIGKILL; whether none is left. Touches no process outside of
        it."""
        deadline, pause_s = time.monotonic() + timeout_s, 0.001
        unified = self.paths.get("unified")
        with contextlib.suppress(OSError):
            if unified is not None and (unified / "cgroup.kill").exists():
                cgroupfs.write(unified / "cgroup.kill", "1")
        try:
            while pids := self.pids():
                self._freeze(True)  # so that none forks or ends while it is looked at
                for pid in pids:
                    self._kill_one(pid)
                self._freeze(False)  # v1's frozen processes die when thawed
                if time.monotonic() > deadline:
                    return False
                time.sleep(pause_s)
                pause_s = min(0.05, pause_s * 2)
            return True
        finally:
            self._freeze(False)

    def _kill_one(self, pid: int) -> None:
        """SIGKILL through a pidfd, after which the membership is read again: a pid may have become another
        process's."""
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            return
        try:
            if pid != os.getpid() and self.name in read_text(Path("/proc") / str(pid) / "cgroup"):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        except OSError:
            return
        finally:
            os.close(handle)

    def _freeze(self, on: bool) -> None:
        directory = self.paths.get("freezer")
        if directory is None:
            return
        for name, words in (("cgroup.freeze", ("0", "1")), ("freezer.state", ("THAWED", "FROZEN"))):
            with contextlib.suppress(OSError):
                if (directory / name).exists():
                    cgroupfs.write(directory / name, words[on])

    def release(self, root: Path = SLASH, timeout_s: float = 1.0) -> list[int]:
        """Removes the group, after moving those who outlive the recording (daemons) to where this process is.

        The pids that were moved. What the kernel still holds on to is left to ``sweep_stale``.
        """
        moved = self._move_home(root)
        self.remove(timeout_s)
        return moved

    def _move_home(self, root: Path) -> list[int]:
        own = read_hierarchies(root)
        moved: set[int] = set()
        for directory in self.directories:
            home = next((one.directory for one in own if directory.is_relative_to(one.top)), directory.parent)
            for place in tree(directory):
                for pid in pids_in(place):
                    with contextlib.suppress(OSError):
                        cgroupfs.write(home / "cgroup.procs", str(pid))
                        moved.add(pid)
        return sorted(moved)

    def remove(self, timeout_s: float = 1.0) -> list[Path]:
        """Removes the group and the empty cgroups that the workload made in it; what could not be removed
        (has processes).

        Waits up to ``timeout_s``, since a process is still counted for a moment after it was waited for.
        """
        deadline = time.monotonic() + timeout_s
        pause_s = 0.001
        left = self.directories
        while left := [directory for directory in left if not remove_tree(directory)]:
            if time.monotonic() > deadline:
                break
            time.sleep(pause_s)
            pause_s = min(0.05, pause_s * 2)
        for parent in list(self._placement.enabled):
            self._placement.disable(parent)
        return left


def sweep_stale(root: Path = SLASH, everywhere: bool = False) -> list[Path]:
    """Removes the empty groups that a dead godyno left; returns them.

    Looks where ``Group.create`` makes them: below this process's own cgroups and their ancestors;
    ``everywhere`` walks the whole of each hierarchy. A group is left alone while it holds a process, while
    its maker lives, and where its maker's pid means another process (another PID namespace).
    """
    removed = []
    space = pid_space(root)
    for hierarchy in read_hierarchies(root):
        if not hierarchy.writable:
            continue
        places = tree(hierarchy.top) if everywhere else hierarchy.lineage()
        for place in list(places):
            for child in children(place):
                made_by = NAME.fullmatch(child.name)
                if made_by is None or made_by["space"] != space:
                    continue
                if start_ticks(root, int(made_by["pid"])) == int(made_by["start"]):
                    continue
                if not any(pids_in(inner) for inner in tree(child)) and remove_tree(child):
                    removed.append(child)
    return removed


def _limit(path: Path, text: str) -> None:
    try:
        cgroupfs.write(path, text)
    except OSError as error:
        raise NotAvailableHere(
            f"{path.name} cannot be set to {text} in {path.parent}: {cgroupfs.why(error)}",
            hint="It refuses what is outside of its own bounds, or below what is in use and cannot be freed.",
        ) from error
