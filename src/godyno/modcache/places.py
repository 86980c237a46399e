"""Where a cache lies and who may use it: file system, owners, permissions, other programs' files.

Permissions are judged by mode bits for a given user, so that root can ask on behalf of the one who builds.
"""

from __future__ import annotations

import os
import pwd
import re
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import UsageError
from godyno.machine.storage import NETWORK, read_disks
from godyno.modcache.faults import fault
from godyno.modcache.permissions import allow_owner, belongs_to, share
from godyno.model import Disk, Finding
from godyno.prose import paste, quoted

_NEARLY_FULL = 0.02
_LEAST_FREE_BYTES = 1 << 30
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class User:
    """Who builds."""

    uid: int
    gids: frozenset[int]
    name: str

    def may(self, status: os.stat_result, want: int) -> bool:
        """Whether the mode bits allow ``want`` (a sum of 4 read, 2 write, 1 search)."""
        if self.uid == 0:
            return True
        if status.st_uid == self.uid:
            shift = 6
        elif status.st_gid in self.gids:
            shift = 3
        else:
            shift = 0
        return (status.st_mode >> shift) & want == want


def user_of(name: str | None = None) -> User:
    """The user called ``name`` (or a number), or who runs this. Raises UsageError for one nobody knows."""
    if name is None:
        uid = os.geteuid()
        return User(uid, frozenset({os.getegid(), *os.getgroups()}), name_of(uid))
    try:
        known = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except KeyError:
        if name.isdecimal():
            return User(int(name), frozenset({int(name)}), name)
        raise UsageError(
            f"There is no user {name!r}", hint="Name one of `getent passwd`, or a number."
        ) from None
    return User(known.pw_uid, frozenset(os.getgrouplist(known.pw_name, known.pw_gid)), known.pw_name)


def name_of(uid: int) -> str:
    """The user's name, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@dataclass(slots=True)
class Survey:
    """What a walk over a cache saw. Lists hold all paths of a kind."""

    files: int = 0
    size_bytes: int = 0
    owners: Counter[int] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)
    unwritable: list[str] = field(default_factory=list)  # directories in which go must make files
    open_to_all: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    special: list[str] = field(default_factory=list)
    listed: bool = True


def walk(
    root: Path, user: User, must_write: Callable[[str], bool], stopped: Callable[[], bool] = lambda: False
) -> Survey:
    """Looks at the status of every file below ``root``. ``must_write`` says of a directory whether go makes files in it."""
    survey = Survey()
    waiting = [str(root)]
    repositories = (
        f"{root}/cache/vcs"  # of modules that were fetched without a proxy; git keeps them as it likes
    )
    while waiting and not stopped():
        folder = waiting.pop()
        try:
            status = os.lstat(folder)
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            continue
        except OSError:
            survey.unreadable.append(folder)
            continue
        survey.owners[status.st_uid] += 1
        if not user.may(status, 5):
            survey.unreadable.append(folder)
        if must_write(folder) and not user.may(status, 3):
            survey.unwritable.append(folder)
        if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
            survey.open_to_all.append(folder)
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            survey.files += 1
            survey.size_bytes += status.st_size
            survey.owners[status.st_uid] += 1
            if folder.startswith(repositories):
                continue
            if stat.S_ISLNK(status.st_mode):
                survey.links.append(entry.path)
            elif not stat.S_ISREG(status.st_mode):
                survey.special.append(entry.path)
            elif not user.may(status, 4):
                survey.unreadable.append(entry.path)
    survey.listed = not waiting
    return survey


def must_write(name: str, root: Path) -> Callable[[str], bool]:
    """Of a directory of the cache ``name`` at ``root``: whether go makes files in it."""
    top = len(str(root)) + 1

    def answer(folder: str) -> bool:
        below = folder[top:]
        if name == "GOCACHE":
            return not below or re.fullmatch("[0-9a-f]{2}", below) is not None
        # Extracted modules are read-only on purpose; what lies above them and the downloads are not.
        return "@" not in below or (below.startswith("cache/download/") and "/sumdb/" not in below)

    return answer


def judge(name: str, root: Path, survey: Survey, user: User) -> list[Finding]:
    """What is wrong with who may do what in the cache ``name`` (GOCACHE or GOMODCACHE)."""
    found = []

    def tell(kind: str, paths: list[str], claim: str, advice: str, severity: str = "warning") -> None:
        if paths:
            more = "" if len(paths) == 1 else f" (and {len(paths) - 1} more)"
            found.append(fault(
                kind, claim.format(path=paths[0] + more), advice=advice, severity=severity, path=paths[0],
                count=len(paths), paths=paths[:1000],
            ))  # fmt: skip

    def tell_denied(kind: str, paths: list[str], claim: str, bits: str) -> None:
        mine = [path for path in paths if belongs_to(user.uid, path)]
        tell(kind, mine, claim, allow_owner(str(root), mine, bits))
        own = set(mine)
        tell(kind, [path for path in paths if path not in own], claim, share(str(root), user.name))

    directories = any(os.path.isdir(path) for path in survey.unreadable)
    tell_denied(
        "unreadable",
        survey.unreadable,
        f"{{path}} cannot be read by {user.name}: builds stop with permission denied",
        "rx" if directories else "r",
    )
    what = (
        "go cannot add to it: permission denied"
        if name == "GOMODCACHE"
        else "go recompiles each time and says nothing"
    )
    tell_denied("unwritable", survey.unwritable, f"{{path}} cannot be written by {user.name}: {what}", "rwx")
    tell(
        "open-to-all", survey.open_to_all, "{path} may be changed by every user of this machine, and go would build what they put there",
        f"Let others only read:{paste(f'chmod -R o-w {quoted(str(root))}')}",
    )  # fmt: skip
    tell(
        "link",
        survey.links,
        "{path} is a symbolic link; go makes none",
        "Look where it leads, and remove it.",
    )
    tell("special-file", survey.special, "{path} is no regular file; go makes none", "Remove it.")
    if len(survey.owners) > 1:
        parts = ", ".join(f"{name_of(uid)} {count}" for uid, count in survey.owners.most_common())
        lesser = survey.owners.most_common()[1:]
        found.append(fault(
            "owners-mixed", f"{name} has files of {len(survey.owners)} owners ({parts}): each can be stopped by the other's permissions",
            advice=f"Let one user build, or: {share(str(root), user.name)}", path=str(root),
            owners={name_of(uid): count for uid, count in survey.owners.items()}, lesser=[name_of(uid) for uid, _ in lesser],
        ))  # fmt: skip
    return found


def judge_place(name: str, root: Path, slash: Path = Path("/"), go: str = "go") -> tuple[Disk, list[Finding]]:
    """The file system below the cache that a shell's ``go`` uses, and what of it does not suit a cache."""
    (disk,) = read_disks({name: root}, slash)
    found = []
    if disk.filesystem in NETWORK:
        found.append(fault(
            "network-file-system", f"{name} lies on {disk.filesystem}: go's locks do not hold between machines there",
            advice="Keep it on a local disk, and pass archives of it between machines (`godyno modcache plan`).", path=str(root),
        ))  # fmt: skip
    if disk.total_bytes and disk.free_bytes < min(_LEAST_FREE_BYTES, disk.total_bytes * _NEARLY_FULL):
        found.append(fault(
            "disk-full", f"{name}: {disk.free_bytes >> 20} MiB are free on its file system; writes of go fail half way",
            advice="Free some space; the first empties GOCACHE, the second GOMODCACHE:"
            + paste(f"{go} clean -cache", f"{go} clean -modcache"),
            path=str(root),
        ))  # fmt: skip
    try:
        inodes = os.statvfs(root)
        if inodes.f_files and inodes.f_favail < inodes.f_files * 0.01:
            found.append(fault(
                "inodes-used-up", f"{name}: {inodes.f_favail} files more can be made on its file system, which holds {inodes.f_files}",
                advice="Remove small files, or use a file system without a fixed number of inodes.", path=str(root),
            ))  # fmt: skip
    except OSError:
        pass
    if is_case_insensitive(root):
        found.append(fault(
            "case-insensitive", f"{name} lies where names that differ in case are one file: zips with such names do not extract",
            advice="Keep it on a case-sensitive file system.", path=str(root),
        ))  # fmt: skip
    flags = _mount_flags(root)
    if flags & os.ST_RDONLY:
        found.append(fault("read-only", f"{name} lies on a file system that is mounted read-only", path=str(root),
                           advice="Name another place:" + paste(f"go env -w {name}=/path")))  # fmt: skip
    if name == "GOCACHE" and flags & os.ST_NOEXEC:
        found.append(fault(
            "noexec", "GOCACHE lies where programs may not be started: `go run` and `go tool` of cached executables fail",
            advice="Name another place:" + paste("go env -w GOCACHE=/path"), severity="note", path=str(root),
        ))  # fmt: skip
    return disk, found


def is_case_insensitive(root: Path) -> bool:
    """Whether a name in other case leads to the same file, tried with a name that is there."""
    try:
        for name in os.listdir(root):
            other = name.swapcase()
            if other != name:
                mine = os.lstat(root / name)
                try:
                    theirs = os.lstat(root / other)
                except FileNotFoundError:
                    return False
                return (mine.st_dev, mine.st_ino) == (theirs.st_dev, theirs.st_ino)
    except OSError:
        pass
    return False


def _mount_flags(root: Path) -> int:
    try:
        return os.statvfs(root).f_flag
    except OSError:
        return 0
