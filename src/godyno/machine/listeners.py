"""Which process listens on an address of this machine: the socket in /proc/net/tcp, and who holds it. Standard library only."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
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
    inodes = {name for name, at in _listening(proc).items() if at == port}
    return sorted(pid for pid in _pids(proc) if inodes and _held(proc / str(pid) / "fd") & inodes)


def ports_of(ours: Callable[[int], bool], proc: Path = _PROC) -> list[int]:
    """The ports on which processes that are ``ours``, by their pid, listen in this network namespace."""
    listening = _listening(proc)
    if not listening:
        return []
    held = (_held(proc / str(pid) / "fd") for pid in _pids(proc) if ours(pid))
    return sorted({listening[name] for names in held for name in names if name in listening})


def _addresses(host: str) -> list[tuple[int, str]]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [(int(family), str(where[0])) for family, _, _, _, where in found]


def _listening(proc: Path) -> dict[str, int]:
    """The port of each socket that listens, by its name among a process's files."""
    found = {}
    for table in ("tcp", "tcp6"):
        try:
            rows = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            words = row.split()
            if len(words) > 9 and words[3] == _LISTEN:
                found[f"socket:[{words[9]}]"] = int(words[1].rpartition(":")[2], 16)
    return found


def _pids(proc: Path) -> list[int]:
    return [int(name) for name in os.listdir(proc) if name.isdecimal()]  # noqa: PTH208


def _held(directory: Path) -> set[str]:
    found = set()
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):  # closed meanwhile
                    found.add(os.readlink(entry.path))  # noqa: PTH115
    except OSError:
        pass
    return found
