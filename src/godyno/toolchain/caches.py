"""Go's two caches: where they are, whether they can be written, how large they are."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from godyno.model import Record
from godyno.toolchain.go import Go


@dataclass(frozen=True, slots=True)
class Cache(Record):
    """GOCACHE or GOMODCACHE. ``size_bytes`` is what the files hold, ``disk_bytes`` what they take.

    ``counted_all`` is False where counting stopped at its time limit: then both are lower bounds.
    """

    name: str
    path: str
    exists: bool
    writable: bool  # it, or the nearest directory above it that exists
    files: int
    size_bytes: int
    disk_bytes: int
    counted_all: bool


def caches(go: Go, directory: str | Path | None = None, limit_s: float = 5.0) -> tuple[Cache, ...]:
    """GOCACHE and GOMODCACHE as they are in ``directory``, each counted for at most ``limit_s``. Raises
    ToolchainError.

    GOCACHE=off and an empty GOMODCACHE give no entry.
    """
    names = ("GOCACHE", "GOMODCACHE")
    answer = go.run("env", *names, cwd=directory).splitlines()
    return tuple(
        cache_at(name, Path(path), limit_s)
        for name, path in zip(names, answer, strict=False)
        if path and path != "off"
    )


def cache_at(name: str, path: Path, limit_s: float = 5.0) -> Cache:
    """The cache in ``path``, counted for at most ``limit_s``; one that cannot be read counts as far as it can
    be.
    """
    deadline, stack = time.monotonic() + limit_s, [str(path)]
    files = size_bytes = disk_bytes = 0
    complete = True
    while stack:
        if time.monotonic() > deadline:
            complete = False
            break
        try:
            entries = os.scandir(stack.pop())
        except OSError:
            continue
        with entries:
            for entry in entries:
                try:
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
                        continue
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue  # a build elsewhere may be trimming it
                files += 1
                size_bytes += status.st_size
                disk_bytes += status.st_blocks * 512
    return Cache(name, str(path), path.is_dir(), _writable(path), files, size_bytes, disk_bytes, complete)


def _writable(path: Path) -> bool:
    while not path.exists() and path != path.parent:
        path = path.parent
    return os.access(path, os.W_OK | os.X_OK)
