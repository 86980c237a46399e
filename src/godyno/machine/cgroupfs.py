"""The few operations on a cgroup file system that everything about groups is made of."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from godyno.machine.hierarchies import read_text


def make_directory(path: Path) -> None:
    """Makes a cgroup; the kernel puts its files in. Raises OSError where it may not be made."""
    path.mkdir(mode=0o755)


def remove_directory(path: Path) -> None:
    """Removes one cgroup without children and processes. Raises OSError where it has any."""
    path.rmdir()


def remove_tree(directory: Path) -> bool:
    """Removes a cgroup and its children, deepest first; whether it is gone. One that holds processes
    stays."""
    for place in reversed(list(tree(directory))):
        with contextlib.suppress(OSError):
            remove_directory(place)
    return not directory.exists()


def tree(directory: Path) -> Iterator[Path]:
    """The cgroup and all cgroups inside it, outer ones before theirs."""
    pending = [directory]
    while pending:
        place = pending.pop()
        yield place
        pending.extend(children(place))


def children(directory: Path) -> list[Path]:
    """The cgroups directly inside; none where it cannot be read."""
    try:
        with os.scandir(directory) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def pids_in(directory: Path) -> list[int]:
    """The processes directly in it. Those of an outer PID namespace, which v2 lists as 0, are left out."""
    return [
        int(word)
        for word in read_text(directory / "cgroup.procs").split()
        if word.isdecimal() and word != "0"
    ]


def values_in(path: Path) -> dict[str, int]:
    """The ``key number`` lines of a statistics file; nothing where it cannot be read."""
    words = (line.split() for line in read_text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in words if len(pair) == 2 and pair[1].isdecimal()}


def write(path: Path, text: str) -> None:
    """One write call, as the kernel wants it. Raises OSError with the kernel's reason."""
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def why(error: OSError) -> str:
    """The kernel's reason in its own words."""
    return os.strerror(error.errno) if error.errno else str(error)
