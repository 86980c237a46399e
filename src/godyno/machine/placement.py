"""Where a group of our own can be made: as near to this process's own cgroup as the kernel allows.

v1 lets a cgroup have both processes and children, so there it is a child of our own. v2 gives controllers
only to the children of a cgroup without processes (all but the host's root), so there it is mostly a sibling,
and the limits of every cgroup that is stepped over are set on the new one: what runs in it must not be freer
than we are.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno.machine import cgroupfs
from godyno.machine.hierarchies import Hierarchy, hierarchy_of, read_hierarchies, read_text

NAME = re.compile(r"godyno-(?P<pid>\d+)-(?P<start>\d+)-(?P<space>[0-9a-f]+)-[A-Za-z0-9._-]*")
# What proves that a child really got a controller: any one of these files.
_PROOF = {
    "memory": ("memory.current", "memory.usage_in_bytes"),
    "cpu": ("cpu.max", "cpu.cfs_quota_us"),
    "cpuacct": ("cpu.stat", "cpuacct.usage"),
    "pids": ("pids.max",),
    "freezer": ("cgroup.freeze", "freezer.state"),
    "unified": ("cgroup.procs",),
}
# v2 has these in its core: every group has them, none asks for a controller.
_CORE = frozenset({"cpuacct", "freezer", "unified"})
_LIMITS = (
    "memory.max", "memory.high", "memory.swap.max", "cpu.max", "cpu.max.burst", "pids.max",
    "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "cpu.cfs_period_us", "cpu.cfs_quota_us",
)  # fmt: skip


@dataclass
class Placement:
    """What came of the search: a directory for each controller that could be had, a reason for each that
    could not."""

    name: str
    paths: dict[str, Path] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    limits_kept: dict[str, str] = field(default_factory=dict)
    enabled: dict[Path, str] = field(default_factory=dict)

    def search(self, controllers: Sequence[str], root: Path) -> None:
        """Makes the directories, in every hierarchy that has one of ``controllers``, and in v2's where there
        is one."""
        hierarchies = read_hierarchies(root)
        unified = hierarchy_of("unified", hierarchies)
        wanted: dict[Path, tuple[Hierarchy, list[str]]] = {}
        for controller in dict.fromkeys(controllers):
            # A controller that our own v2 cgroup lacks may still be had further up.
            hierarchy = hierarchy_of(controller, hierarchies) or unified
            if hierarchy is None:
                self.missing[controller] = "no hierarchy that can be seen from here has this controller"
            else:
                wanted.setdefault(hierarchy.directory, (hierarchy, []))[1].append(controller)
        if unified is not None:  # for its pressure files and cgroup.kill, whatever its controllers
            wanted.setdefault(unified.directory, (unified, []))[1].append("unified")
        for hierarchy, names in wanted.values():
            self._search_in(hierarchy, names)
        # Each move waits for the kernel, so one process tries all places; who is refused is found one by one.
        if self.paths and _moving_in_fails(list(dict.fromkeys(self.paths.values()))):
            for child in dict.fromkeys(self.paths.values()):
                self._abandon(child)
            self.paths.clear()
            self.missing.clear()
            self.limits_kept.clear()
            for hierarchy, names in wanted.values():
                self._search_in(hierarchy, names, try_each=True)

    def _search_in(self, hierarchy: Hierarchy, controllers: list[str], try_each: bool = False) -> None:
        if not hierarchy.writable:
            self.missing.update(dict.fromkeys(controllers, f"{hierarchy.top} is mounted read-only"))
            return
        first = controllers[0]
        reasons: list[str] = []
        # A child without the first controller still has pressure files, kill and (v2) CPU time.
        bare: Path | None = None
        stepped_over: list[Path] = []
        for parent in hierarchy.lineage():
            child, reason = self._try(hierarchy, parent, controllers, stepped_over, try_each)
            if reason:
                reasons.append(reason)
            if child is not None and proves(child, first):
                if bare is not None:
                    self._abandon(bare)
                self._take(child, controllers, reason)
                return
            if child is not None and bare is None:
                bare = child
            elif child is not None:
                self._abandon(child)
            stepped_over.append(parent)
        if bare is not None:
            self._take(bare, controllers, reasons[0] if reasons else "")
        else:
            reason = reasons[0] if reasons else "there is no place for a child cgroup"
            self.missing.update(dict.fromkeys(controllers, reason))

    def _take(self, child: Path, controllers: list[str], reason: str) -> None:
        for controller in controllers:
            if proves(child, controller):
                self.paths[controller] = child
            else:
                self.missing[controller] = reason or f"{child.parent} gives it to no child"
        if child not in self.paths.values():
            self._abandon(child)

    def _abandon(self, child: Path) -> None:
        cgroupfs.remove_tree(child)
        self.disable(child.parent)

    def _try(
        self,
        hierarchy: Hierarchy,
        parent: Path,
        controllers: list[str],
        stepped_over: list[Path],
        try_each: bool,
    ) -> tuple[Path | None, str]:
        """A child of ``parent`` (that takes processes, where ``try_each``), or None; and what is wrong with
        it or with there being none."""
        child = parent / self.name
        reason = ""
        with _locked(parent):
            if hierarchy.version == 2:
                reason = self._enable(parent, [one for one in controllers if one not in _CORE])
            try:
                cgroupfs.make_directory(child)
            except OSError as error:
                refused = f"no cgroup can be made in {parent}: {cgroupfs.why(error)}"
            else:
                refused = ""
        if not refused:
            copied, refused = _copy_limits(stepped_over, child)
            if try_each and not refused:
                refused = _moving_in_fails([child])
            if not refused:
                self.limits_kept.update(copied)
                return child, reason
            cgroupfs.remove_tree(child)
        self.disable(parent)
        return None, refused

    def _enable(self, parent: Path, controllers: list[str]) -> str:
        """Lets children of a v2 cgroup have ``controllers``; the reason where one cannot be had."""
        offered = read_text(parent / "cgroup.controllers").split()
        given = read_text(parent / "cgroup.subtree_control").split()
        reason = ""
        for controller in controllers:
            if controller in given:
                continue
            if controller not in offered:
                reason = reason or f"{parent} has no {controller} controller itself"
                continue
            try:
                cgroupfs.write(parent / "cgroup.subtree_control", f"+{controller}")
            except OSError as error:
                refusal = cgroupfs.why(error)
                if error.errno == errno.EBUSY:
                    refusal = "it holds processes itself, and v2 gives controllers only below one without"
                reason = reason or f"{parent} cannot give {controller} to a child: {refusal}"
            else:
                self.enabled[parent] = f"{self.enabled.get(parent, '')} -{controller}".strip()
        return reason

    def disable(self, parent: Path) -> None:
        """Takes back what was enabled for children of ``parent``, unless another godyno's group there needs
        it."""
        undo = self.enabled.pop(parent, "")
        if not undo:
            return
        with _locked(parent):
            if any(NAME.fullmatch(child.name) for child in cgroupfs.children(parent)):
                return
            for word in undo.split():
                with contextlib.suppress(OSError):
                    cgroupfs.write(parent / "cgroup.subtree_control", word)


def proves(child: Path, controller: str) -> bool:
    """Whether the files in a new cgroup show that it really has ``controller``."""
    proofs = _PROOF.get(controller)
    if proofs is not None:
        return any((child / proof).exists() for proof in proofs)
    try:
        return any(file.name.startswith(f"{controller}.") for file in child.iterdir())
    except OSError:
        return False


def identity(root: Path) -> str:
    """This process, so that another godyno can tell whether it still lives: pid, start time, PID
    namespace."""
    pid = os.getpid()
    return f"{pid}-{start_ticks(root, pid) or 0}-{pid_space(root)}"


def start_ticks(root: Path, pid: int) -> int | None:
    """Field 22 of ``/proc/PID/stat``, which with the pid names a process for good; None where there is
    none."""
    text = read_text(root / "proc" / str(pid) / "stat")
    fields = text[text.rfind(")") + 2 :].split()
    return int(fields[19]) if len(fields) > 19 and fields[19].isdecimal() else None


def pid_space(root: Path) -> str:
    """The inode of this PID namespace in hexadecimal, without which a pid in a name says nothing."""
    try:
        return f"{int((root / 'proc/self/ns/pid').readlink().name.strip('pid:[]')):x}"
    except (OSError, ValueError):
        return "0"


def _copy_limits(stepped_over: list[Path], child: Path) -> tuple[dict[str, str], str]:
    copied: dict[str, str] = {}
    for place in stepped_over:
        for name in _LIMITS:
            text = read_text(place / name).strip()
            if not _is_limit(place, name, text) or text == read_text(child / name).strip():
                continue
            if name in copied and not _tighter(text, copied[name]):
                continue
            try:
                cgroupfs.write(child / name, text)
            except OSError as error:
                return {}, (
                    f"{place} sets {name} to {text}, which a cgroup in {child.parent} cannot take over:"
                    f" {cgroupfs.why(error)}"
                )
            copied[name] = text
    return copied, ""


def _is_limit(place: Path, name: str, text: str) -> bool:
    if not text or text.split()[0] in ("max", "-1"):
        return False
    if name == "cpu.cfs_period_us":  # says nothing without a quota
        return read_text(place / "cpu.cfs_quota_us").strip() not in ("", "-1")
    return not (text.isdecimal() and int(text) >= 1 << 60)  # v1's "unlimited"


def _tighter(text: str, than: str) -> bool:
    def size(words: list[str]) -> float:
        return int(words[0]) / (int(words[1]) if len(words) > 1 else 1)

    try:
        return size(text.split()) < size(than.split())
    except (ValueError, ZeroDivisionError):
        return False


def _moving_in_fails(groups: Sequence[Path]) -> str:
    """Why no process can be moved into all of ``groups``, found by moving one; empty where it can."""
    places = f"{groups[0].parent}'s children" if len(groups) == 1 else "one of the groups"
    files: list[int] = []
    try:
        for group in groups:  # one by one, so that those before a refused one are closed
            files += [os.open(group / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)]
        with warnings.catch_warnings():
            # Python 3.12 warns of fork among threads; this child makes a few system calls and ends.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            code = 0
            try:
                for file in files:
                    os.write(file, b"0")
            except OSError as error:
                code = error.errno or 255
            finally:
                os._exit(min(code, 255))
    except OSError as error:
        return f"no process may be moved into {places}: {cgroupfs.why(error)}"
    finally:
        for file in files:
            os.close(file)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == 0:
        return ""
    return f"no process may be moved into {places}: {os.strerror(code) if code > 0 else f'signal {-code}'}"


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Holds other godynos off while children and ``subtree_control`` change; goes on without where that
    cannot be."""
    try:
        file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        # Anybody who may read the directory can hold this lock, so it is not waited for long.
        for _ in range(50):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                break
        yield
    finally:
        os.close(file)
