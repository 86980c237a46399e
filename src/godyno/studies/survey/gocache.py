"""Private build caches, and copies of them: the same starting point for every run.

A Go build cache has two kinds of files: ``…-d`` holds an output under its own hash and is written only where it is missing
or damaged; ``…-a`` is an index entry and is rewritten in place. So a copy links the former and copies the latter: as
good as a full copy, and a hundred times cheaper.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def copy_cache(source: Path, target: Path) -> None:
    """Makes ``target``, which must not exist, a copy of the build cache ``source``. Raises OSError."""
    target.mkdir(parents=True)
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and len(entry.name) == 2:
                _copy_shard(entry.path, target / entry.name)
            elif entry.is_dir(follow_symlinks=False):
                shutil.copytree(entry.path, target / entry.name)  # fuzz corpora and the like
            else:
                shutil.copyfile(entry.path, target / entry.name)


def _copy_shard(source: str, target: Path) -> None:
    target.mkdir()
    with os.scandir(source) as entries:
        for entry in entries:
            to = os.path.join(target, entry.name)  # noqa: PTH118  thousands of files: Path objects would dominate
            if entry.name.endswith("-d") and entry.is_file(follow_symlinks=False):
                try:
                    os.link(entry.path, to)
                    continue
                except OSError:
                    pass  # a file system without hard links
            if entry.is_dir(follow_symlinks=False):
                shutil.copytree(entry.path, to)
            else:
                shutil.copyfile(entry.path, to)


def remove(path: Path) -> None:
    """Removes a directory that this survey made; what cannot be removed stays for the next survey's sweep."""
    shutil.rmtree(path, ignore_errors=True)


def forget_pages(files: Iterable[Path]) -> None:
    """Asks the kernel to drop the cached pages of ``files``, so that who uses them next is charged for them.

    No privilege is needed. Pages that another process has mapped stay; nothing says which.
    """
    if not hasattr(os, "posix_fadvise"):
        return
    for file in files:
        try:
            fd = os.open(file, os.O_RDONLY)
        except OSError:
            continue
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:
            pass
        finally:
            os.close(fd)


# ---- the survey's own scratch directory

_PREFIX = "godyno-survey-"


def make_scratch(beside: Path) -> Path:
    """A new directory on the disk of ``beside`` (the user's GOCACHE), else in the temporary directory; sweeps what dead surveys left.

    Raises OSError where neither can be written.
    """
    import tempfile

    place = (
        beside if beside.is_mount() else beside.parent
    )  # in Go's own directory only where that is a disk of its own
    while not place.is_dir() and place != place.parent:
        place = place.parent
    for parent in (place, Path(tempfile.gettempdir())):
        if os.access(parent, os.W_OK | os.X_OK):
            _sweep(parent)
            return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def _sweep(parent: Path) -> None:
    """Removes the scratch directories of surveys of this user whose process is gone."""
    for left in parent.glob(f"{_PREFIX}*-*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        try:
            if (
                pid.isdigit()
                and not Path("/proc", pid).exists()
                and Path("/proc/self").exists()
                and left.stat().st_uid == os.getuid()
            ):
                remove(left)
        except OSError:
            continue
