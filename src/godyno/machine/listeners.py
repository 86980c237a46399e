"""Which process listens on an address of this machine: the socket in /proc/net/tcp, and who holds it. Standard library only."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_PROC = Path("/proc")
_LISTEN = "0A"


def is_local(host: str) -> bool:
    """Whether ``host`` is an address of this machine: only those can be bound to."""
    for family, address in _addresses(host):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((address, 0))
            except OSError:
                continue
            return True
    return False


def pids_listening(host: str, port: int, proc: Path = _PROC) -> list[int]:
    """The processes that hold the socket which listens on ``port`` of ``host``, by number; none where it is not of this machine,
    or belongs to another user or another network namespace.
    """
    if not is_local(host):
        return []
    inodes = {
        f"socket:[{inode}]" for name in ("tcp", "tcp6") for inode in _listening(proc / "net" / name, port)
    }
    return sorted(pid for pid in _pids(proc) if inodes and _holds(proc / str(pid) / "fd", inodes))


def _addresses(host: str) -> list[tuple[int, str]]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [(int(family), str(where[0])) for family, _, _, _, where in found]


def _listening(table: Path, port: int) -> list[str]:
    try:
        rows = table.read_text().splitlines()[1:]
    except OSError:
        return []
    found = []
    for row in rows:
        words = row.split()
        if len(words) > 9 and words[3] == _LISTEN and words[1].rpartition(":")[2] == f"{port:04X}":
            found.append(words[9])
    return found


def _pids(proc: Path) -> list[int]:
    return [int(name) for name in os.listdir(proc) if name.isdecimal()]  # noqa: PTH208


def _holds(directory: Path, inodes: set[str]) -> bool:
    try:
        with os.scandir(directory) as entries:
            return any(os.readlink(entry.path) in inodes for entry in entries)  # noqa: PTH115
    except OSError:
        return False
