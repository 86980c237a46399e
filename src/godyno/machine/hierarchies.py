"""Where this process stands in the cgroup hierarchies (v1, v2 and both at once), and which limits hold it.

Formats: cgroups(7), proc_pid_mountinfo(5), the kernel's ``admin-guide/cgroup-v1`` and
``admin-guide/cgroup-v2.rst``. Every function takes ``root``, so that a recorded tree of ``/proc`` and
``/sys`` answers for another machine. Nothing here writes; ``godyno.machine.cgroups`` makes groups.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from godyno.model import CgroupLimits

SLASH = Path("/")
# v1 writes "no limit" as the largest page-aligned int64, which depends on the page size; nothing real is near
# it.
_UNLIMITED_BYTES = 1 << 60
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A cgroup file system in mountinfo: the cgroup at ``root`` of its hierarchy is what is seen at
    ``point``."""

    version: int
    root: str
    point: str
    options: frozenset[str]  # of the superblock: controllers and name=… in v1
    writable: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """A line of ``/proc/PID/cgroup``. v2 has version 2 and no controllers here; a named v1 hierarchy has only
    ``name``."""

    version: int
    controllers: frozenset[str]
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A hierarchy as this process sees it: its own cgroup's ``directory``, below ``top``, the highest one
    visible."""

    version: int
    controllers: frozenset[str]  # v2: those that this process's own cgroup has
    name: str
    path: str
    top: Path
    directory: Path
    writable: bool  # the mount; not yet the permissions

    def lineage(self) -> Iterator[Path]:
        """The own cgroup, then each ancestor up to the highest visible."""
        directory = self.directory
        yield directory
        while directory != self.top:
            directory = directory.parent
            yield directory


def read_text(path: Path) -> str:
    """The file's text, or "" where it cannot be read: for files that may be absent, forbidden, or vanish
    meanwhile."""
    try:
        return os.fsdecode(path.read_bytes())
    except OSError:
        return ""


def mounts_in(mountinfo: str) -> list[Mount]:
    """The cgroup mounts in the text of ``/proc/PID/mountinfo``; lines that are not what proc(5) says are
    skipped."""
    found = []
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if not separator or len(fields) < 6 or len(kinds) < 3 or kinds[0] not in ("cgroup", "cgroup2"):
            continue
        options = frozenset(kinds[2].split(","))
        found.append(
            Mount(
                version=2 if kinds[0] == "cgroup2" else 1,
                root=unescaped(fields[3]),
                point=unescaped(fields[4]),
                options=options,
                # Both the mount and the superblock can be read-only; a container often has only the first.
                writable="ro" not in fields[5].split(",") and "ro" not in options,
            )
        )
    return found


def memberships_in(text: str) -> list[Membership]:
    """The lines of ``/proc/PID/cgroup``; lines that are not what cgroups(7) says are skipped."""
    found = []
    for line in text.splitlines():
        number, first, rest = line.partition(":")
        names, second, path = rest.partition(":")
        if not first or not second or not number.isdigit() or not path.startswith("/"):
            continue
        path = path.removesuffix(" (deleted)")
        if number == "0" and not names:
            found.append(Membership(2, frozenset(), "", path))
            continue
        parts = names.split(",") if names else []
        name = next((part[5:] for part in parts if part.startswith("name=")), "")
        found.append(Membership(1, frozenset(part for part in parts if part and "=" not in part), name, path))
    return found


def read_hierarchies(root: Path = SLASH, pid: int | str = "self") -> list[Hierarchy]:
    """The hierarchies in which process ``pid`` has a cgroup that can be seen from here.

    One that is mounted nowhere, or whose own cgroup lies outside of what is mounted (a cgroup namespace, a
    bind mount), is left out.
    """
    process = root / "proc" / str(pid)
    mounts = mounts_in(read_text(root / "proc/self/mountinfo"))
    found = []
    for member in memberships_in(read_text(process / "cgroup")):
        candidates: list[tuple[bool, int, Hierarchy]] = []
        for mount in mounts:
            relative = _below(member.path, mount.root) if _is_of(member, mount) else None
            if relative is None:
                continue
            top = root / mount.point.lstrip("/")
            directory = top / relative if relative else top
            if not directory.is_dir():
                continue
            controllers = member.controllers
            if member.version == 2:
                controllers = frozenset(read_text(directory / "cgroup.controllers").split())
            seen = Hierarchy(
                member.version, controllers, member.name, member.path, top, directory, mount.writable
            )
            candidates.append((mount.writable, len(relative), seen))
        if candidates:  # a writable mount before all, then the one that shows the most ancestors
            found.append(max(candidates, key=lambda candidate: candidate[:2])[2])
    return found


def read_limits(root: Path = SLASH, pid: int | str = "self") -> CgroupLimits:
    """The tightest limits of process ``pid``'s cgroup and of all its visible ancestors.

    ``memory_bytes`` is the hard limit (``memory.max``, ``memory.limit_in_bytes``; in v1 also that of
    ancestors outside a container's view, which ``hierarchical_memory_limit`` tells). ``swap_bytes`` is swap
    alone, in v1 the tightest ``memory.memsw`` less the tightest memory limit. ``cpu_quota`` is in CPUs.
    ``writable`` says whether permissions let a child with a memory controller be made; only making one is
    proof.
    """
    hierarchies = read_hierarchies(root, pid)
    unified = hierarchy_of("unified", hierarchies)
    # Our own v2 cgroup may lack a controller with which an ancestor limits us all the same.
    memory, cpu, pids = (hierarchy_of(name, hierarchies) or unified for name in ("memory", "cpu", "pids"))
    shown = memory or cpu or pids or next(iter(hierarchies), None)
    if shown is None:
        return CgroupLimits()
    memory_bytes, swap_bytes = _memory_limits(memory)
    quota, period_s = _cpu_limit(cpu)
    counts = (_number(read_text(place / "pids.max")) for place in pids.lineage()) if pids else ()
    return CgroupLimits(
        version=shown.version,
        path=shown.path,
        memory_bytes=memory_bytes,
        swap_bytes=swap_bytes,
        cpu_quota=quota,
        cpu_period_s=period_s,
        pids=_least(*counts),
        writable=memory is not None and any(_may_have_child(place, memory) for place in memory.lineage()),
    )


def hierarchy_of(controller: str, hierarchies: list[Hierarchy]) -> Hierarchy | None:
    """The hierarchy that has ``controller``; ``unified`` is v2's whatever its controllers. None where there
    is none."""
    if controller == "unified":
        return next((one for one in hierarchies if one.version == 2), None)
    return next((one for one in hierarchies if controller in one.controllers), None)


def is_real_root(directory: Path) -> bool:
    """Whether this v2 cgroup is the host's root (it alone lacks ``cgroup.events``), which may hold processes
    and children."""
    return not (directory / "cgroup.events").exists()


def _may_have_child(place: Path, hierarchy: Hierarchy) -> bool:
    if not hierarchy.writable or not os.access(place, os.W_OK | os.X_OK):
        return False
    if not os.access(
        place / "cgroup.procs", os.W_OK
    ):  # the common ancestor's, without which nothing may be moved in
        return False
    if hierarchy.version == 1 or "memory" in read_text(place / "cgroup.subtree_control").split():
        return True
    if "memory" not in read_text(place / "cgroup.controllers").split():
        return False
    holds_processes = place == hierarchy.directory and not is_real_root(place)
    return not holds_processes and os.access(place / "cgroup.subtree_control", os.W_OK)


def _memory_limits(memory: Hierarchy | None) -> tuple[int | None, int | None]:
    if memory is None:
        return None, None
    places = list(memory.lineage())
    if memory.version == 2:
        hard = _least(*(_number(read_text(place / "memory.max")) for place in places))
        return hard, _least(*(_number(read_text(place / "memory.swap.max")) for place in places))
    stat = dict(_pairs(read_text(memory.directory / "memory.stat")))
    hard = _least(
        stat.get("hierarchical_memory_limit"),
        *(_number(read_text(place / "memory.limit_in_bytes")) for place in places),
    )
    both = _least(
        stat.get("hierarchical_memsw_limit"),
        *(_number(read_text(place / "memory.memsw.limit_in_bytes")) for place in places),
    )
    swap = None if both is None else max(0, both - (hard or 0))
    return _least(hard, both), swap


def _cpu_limit(cpu: Hierarchy | None) -> tuple[float | None, float | None]:
    best: tuple[float | None, float | None] = (None, None)
    for place in cpu.lineage() if cpu else ():
        if cpu is not None and cpu.version == 2:
            words = read_text(place / "cpu.max").split()
            quota, period = (_number(words[0]), _number(words[1])) if len(words) == 2 else (None, None)
        else:
            quota = _number(read_text(place / "cpu.cfs_quota_us"))
            period = _number(read_text(place / "cpu.cfs_period_us"))
        if quota is None or not period or quota <= 0:
            continue
        if best[0] is None or quota / period < best[0]:
            best = (quota / period, period * 1e-6)
    return best


def _pairs(text: str) -> Iterator[tuple[str, int]]:
    """The ``key value`` lines of a cgroup statistics file."""
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if value.isdecimal() and value.isascii():
            yield key, int(value)


def _number(text: str) -> int | None:
    """The number in a limit file; None for ``max``, v1's "unlimited", -1, and anything that is not one."""
    text = text.strip()
    if not (text.isascii() and text.isdecimal()):
        return None
    value = int(text)
    return None if value >= _UNLIMITED_BYTES else value


def _least(*values: int | None) -> int | None:
    return min((value for value in values if value is not None and value < _UNLIMITED_BYTES), default=None)


def _is_of(member: Membership, mount: Mount) -> bool:
    if member.version != mount.version:
        return False
    if member.version == 2:
        return True
    if member.name:
        return f"name={member.name}" in mount.options
    return bool(member.controllers) and member.controllers <= mount.options


def _below(path: str, top: str) -> str | None:
    """``path`` relative to ``top`` in the same hierarchy, or None where it is not below it (or cannot be
    known: ``/..``)."""
    if top == "/":
        relative = path.strip("/")
    elif path == top:
        relative = ""
    elif path.startswith(top + "/"):
        relative = path[len(top) + 1 :].strip("/")
    else:
        return None
    return None if ".." in relative.split("/") else relative


def unescaped(text: str) -> str:
    """mountinfo writes space, tab, newline and backslash as three octal digits."""
    if "\\" not in text:
        return text
    return _OCTAL.sub(lambda match: chr(int(match[1], 8) & 0xFF), text)
