"""Who holds a lock on a file of a cache: read from /proc/locks, so that asking never locks anything.

A lock *file* that lies there is normal: go never removes it. What matters is whether a process holds a lock on it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno.redact import redact_argv


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock on ``place``; ``command`` is empty where it may not be seen, or is on another machine."""

    place: str
    pid: int
    command: str
    state: str  # as in /proc/PID/stat: T is stopped, empty unknown


def holders(places: Sequence[str], root: Path = Path("/")) -> list[Holder]:
    """The holders of locks on ``places``; empty where none is held, or where the kernel does not tell."""
    wanted = {}
    for place in places:
        try:
            status = os.stat(place)
        except OSError:
            continue
        wanted[f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"] = place
    if not wanted:
        return []
    try:
        text = (root / "proc/locks").read_text()
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        words = (
            line.split()
        )  # 1: FLOCK ADVISORY WRITE 1234 fd:01:5678 0 EOF; waiting ones have a -> after the number
        if len(words) < 7 or words[1] == "->" or words[5] not in wanted:
            continue
        pid = int(words[4]) if words[4].isdecimal() else 0
        found.append(Holder(wanted[words[5]], pid, _command(root, pid), _state(root, pid)))
    return found


def _command(root: Path, pid: int) -> str:
    try:
        data = (root / f"proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    words = data.rstrip(b"\0").decode("utf-8", "replace").split("\0")
    return " ".join(redact_argv(words)) if data else ""


def _state(root: Path, pid: int) -> str:
    try:
        return (root / f"proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0].decode()
    except (OSError, IndexError):
        return ""
