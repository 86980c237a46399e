"""File systems that matter to Go, and how fast small files are there."""

from __future__ import annotations

import errno
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from godyno.clock import now_ns
from godyno.errors import NotAvailableHere
from godyno.machine.hierarchies import SLASH, read_text, unescaped
from godyno.model import Disk, Estimate, Interval, Record

_FILE_BYTES = 4096
_FILES_A_ROUND = 64
_DIRECTORIES = 16
_MOST_FSYNCS = 50
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs", "afs", "virtiofs"}
)


@dataclass(frozen=True, slots=True)
class SmallFileRates(Record):
    """Operations per second on 4 KiB files as Go's caches do them, by operation; ``fsync_s`` is one flush to
    the disk.

    ``total`` counts all four operations (create with write and close, stat, read, unlink) of a round
    together.
    """

    path: str
    filesystem: str
    create: Estimate
    stat: Estimate
    read: Estimate
    unlink: Estimate
    total: Estimate
    fsync_s: Estimate | None


def read_disks(paths: Mapping[str, Path | str], root: Path = SLASH) -> tuple[Disk, ...]:
    """The file system below each path, by purpose; of a path that does not exist, that of its nearest
    parent."""
    mounts = mount_points(read_text(root / "proc/self/mountinfo"))
    found = []
    for purpose, path in paths.items():
        asked = Path(path)
        there = _existing(root / str(asked.absolute()).lstrip("/") if root != SLASH else asked.absolute())
        try:
            sizes = os.statvfs(there)
            total, free = sizes.f_blocks * sizes.f_frsize, sizes.f_bavail * sizes.f_frsize
            real = there.resolve()
        except OSError:
            total, free, real = 0, 0, there
        shown = real if root == SLASH else Path("/") / real.relative_to(root.resolve())
        device, filesystem, number = _mount_of(shown, mounts)
        rotational = _rotational(root, number)
        found.append(Disk(purpose, str(asked), filesystem, device, total, free, rotational))
    return tuple(found)


def mount_points(mountinfo: str) -> list[tuple[str, str, str, str]]:
    """Mount point, device, file-system kind and ``major:minor`` of each line of mountinfo, in its order."""
    found = []
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if separator and len(fields) >= 6 and len(kinds) >= 2:
            found.append((unescaped(fields[4]), unescaped(kinds[1]), kinds[0], fields[2]))
    return found


def small_file_ops(path: Path | str, seconds: float = 2.0) -> Estimate:
    """How many small-file operations a second the file system of ``path`` does: ``small_file_rates``' total.

    Raises NotAvailableHere where nothing can be written.
    """
    return small_file_rates(path, seconds).total


def small_file_rates(path: Path | str, seconds: float = 2.0) -> SmallFileRates:
    """What small-file operations the file system of ``path`` does in about ``seconds``, each by itself and
    together.

    Files of 4 KiB in several directories, created without fsync, stat'ed, read and unlinked, as Go's build
    cache does; in rounds of 64, each round one observation. The figure is the median of the rounds with an
    order-statistic interval (distribution-free; David and Nagaraja, Order Statistics, 7.1). Reads are served
    from the page cache, as they are for Go right after a build. Everything is written in one new directory
    below ``path`` and removed again.

    Raises NotAvailableHere where nothing can be written.
    """
    import tempfile  # here: it brings more with it than the recorder, which only reads disks, should carry

    rounds: dict[str, list[float]] = {"create": [], "stat": [], "read": [], "unlink": [], "total": []}
    flushes: list[float] = []
    base = _existing(Path(path).absolute())
    try:
        with tempfile.TemporaryDirectory(prefix="godyno-small-files-", dir=base) as place:
            folders = [Path(place) / f"{number:02x}" for number in range(_DIRECTORIES)]
            for folder in folders:
                folder.mkdir()
            _round(folders, {name: [] for name in rounds})  # the first fills caches of names and allocators
            end = time.monotonic() + seconds * 0.8
            while time.monotonic() < end or len(rounds["total"]) < 6:
                _round(folders, rounds)
            end = time.monotonic() + seconds * 0.2
            while len(flushes) < 3 or (time.monotonic() < end and len(flushes) < _MOST_FSYNCS):
                flushes.append(_flush(folders[0] / "flushed"))
    except OSError as error:
        hint = "Free some space, or name another directory."
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            hint = "Name a directory in which this user may write."
        raise NotAvailableHere(
            f"Small files cannot be written in {base}: {error.strerror}", hint=hint
        ) from error
    (disk,) = read_disks({"": base})
    estimates = {name: _median(values, "{operation}/s") for name, values in rounds.items()}
    return SmallFileRates(str(path), disk.filesystem, **estimates, fsync_s=_median(flushes, "s"))


def _round(folders: list[Path], rounds: dict[str, list[float]]) -> None:
    content = os.urandom(_FILE_BYTES)  # so that no compressing file system has it easy
    names = [str(folders[i % len(folders)] / f"{i:064x}-d") for i in range(_FILES_A_ROUND)]
    spent = 0.0
    for operation, act in (("create", _create), ("stat", os.stat), ("read", _read), ("unlink", os.unlink)):
        began = now_ns()
        if operation == "create":
            for name in names:
                _create(name, content)
        else:
            call: Callable[[str], object] = act
            for name in names:
                call(name)
        took_s = (now_ns() - began) * 1e-9
        spent += took_s
        rounds[operation].append(len(names) / took_s)
    rounds["total"].append(4 * len(names) / spent)


def _create(name: str, content: bytes = b"") -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        os.write(file, content)
    finally:
        os.close(file)


def _read(name: str) -> None:
    file = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.read(file, _FILE_BYTES + 1)
    finally:
        os.close(file)


def _flush(path: Path) -> float:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        os.pwrite(file, os.urandom(_FILE_BYTES), 0)
        began = now_ns()
        os.fsync(file)
        return (now_ns() - began) * 1e-9
    finally:
        os.close(file)


def _median(values: list[float], unit: str) -> Estimate:
    ordered = sorted(values)
    n = len(ordered)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    k = _rank(n)
    interval = Interval(ordered[k - 1], ordered[n - k], level=0.95) if k else None
    return Estimate(middle, unit, interval, n, "median, order-statistic interval" if interval else "median")


def _rank(n: int) -> int:
    """The largest k for which the k-th and the (n+1-k)-th of n values hold the median with at least 95 %; 0
    is none."""
    if n > 200:  # the binomial is normal enough, and its terms would underflow
        return int(n / 2 - 0.98 * n**0.5)
    k, tail = 0, 0.0
    while tail + math.comb(n, k) * 0.5**n <= 0.025:
        tail += math.comb(n, k) * 0.5**n
        k += 1
    return k


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _mount_of(path: Path, mounts: list[tuple[str, str, str, str]]) -> tuple[str, str, str]:
    best: tuple[int, tuple[str, str, str]] = (-1, ("", "", ""))
    for point, device, filesystem, number in mounts:
        # A later mount on the same point hides the earlier one, so equal length wins too.
        if path.is_relative_to(point) and len(point) >= best[0]:
            best = (len(point), (device, filesystem, number))
    return best[1]


def _rotational(root: Path, number: str) -> bool | None:
    block = root / "sys/dev/block" / number
    # A virtual disk says 1 unless its host set it otherwise, so what it says means nothing.
    if "/virtio" in str(block.resolve()):
        return None
    for place in ("queue", "../queue"):  # a partition has its disk's one level up
        text = read_text(block / place / "rotational").strip()
        if number and text in ("0", "1"):
            return text == "1"
    return None
