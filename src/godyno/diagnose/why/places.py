"""Whom a wait for the network was for, and which file one for a disk: where the capture tells.

Addresses are those of TCP connections that were opened (probe ``connections``), by the goroutine that waits or who started it, else
by its thread. Files are told by the descriptor of the call, and by who opened that (probe ``strace_args``, ``--args openat``).
"""

from __future__ import annotations

import bisect
import re
from functools import cached_property
from itertools import islice
from typing import Any

from godyno.diagnose.processes import arguments, text_of, whole
from godyno.diagnose.why.lanes import Lanes
from godyno.diagnose.why.pieces import Piece

NETWORK = ("connect", "tls", "network")
DISK = ("disk_read", "disk_write", "fsync")
_LATE_NS = 1_000_000  # a goroutine waits within this after its call to connect
_MOST_ABOVE = 4
_OPENED = re.compile(r'"((?:[^"\\]|\\.)+)"')
_Times = tuple[list[int], list[str]]
_NONE: _Times = ([], [])


class Places:
    """Addresses and files of a capture, by who waits and when."""

    def __init__(self, capture: Any, lanes: Lanes) -> None:
        self._capture, self._lanes = capture, lanes

    def of(self, piece: Piece, kind: str) -> str:
        """What to add to the name of a wait: ``to ADDRESS`` or ``of FILE``; empty where it is not known."""
        if kind in NETWORK:
            address = self.address(piece.pid, piece.goroutine, piece.tid, piece.t_start_ns)
            return f"to {address}" if address else ""
        if kind in DISK:
            path = self.file(piece.pid, piece.tid, piece.t_start_ns)
            return f"of {path}" if path else ""
        return ""

    def address(self, pid: int, goroutine: int, tid: int, t_ns: int) -> str:
        """Where the connection goes that is waited for at ``t_ns``."""
        asking = (goroutine or -tid, *islice(self._lanes.starters(pid, goroutine), _MOST_ABOVE - 1))
        for number in asking:
            if found := _before(self._connections.get((pid, number), _NONE), t_ns + _LATE_NS):
                return found
        only: set[str] = self._addresses.get(pid, set())
        return next(iter(only)) if len(only) == 1 else ""

    def file(self, pid: int, tid: int, t_ns: int) -> str:
        """The file that the call is about in which a thread is at ``t_ns``."""
        if not self._files:
            return ""
        starts, ends, numbers = self._calls.get(tid, ([], [], []))
        index = bisect.bisect_right(starts, t_ns) - 1
        if index < 0 or ends[index] < t_ns:
            return ""
        return _before(self._files.get((pid, numbers[index]), _NONE), t_ns)

    @cached_property
    def _opened(self) -> list[tuple[int, int, int, str]]:
        table = self._capture.sql(
            "SELECT t_ns, pid, tid, args FROM events WHERE layer = 'connection' AND name = 'connect' ORDER BY t_ns"
        )
        return [
            (row["t_ns"], row["pid"], row["tid"], address)
            for row in table.to_pylist()
            if (address := text_of(arguments(row["args"]).get("address")))
        ]

    @cached_property
    def _connections(self) -> dict[tuple[int, int], _Times]:
        out: dict[tuple[int, int], _Times] = {}
        for t_ns, pid, tid, address in self._opened:
            on_it = self._lanes.goroutine_at(pid, tid, t_ns)
            times, addresses = out.setdefault((pid, on_it.goroutine if on_it is not None else -tid), ([], []))
            times.append(t_ns)
            addresses.append(address)
        return out

    @cached_property
    def _addresses(self) -> dict[int, set[str]]:
        out: dict[int, set[str]] = {}
        for _, pid, _, address in self._opened:
            out.setdefault(pid, set()).add(address)
        return out

    @cached_property
    def _files(self) -> dict[tuple[int, int], _Times]:
        """The paths of each descriptor of a process, by when it was opened."""
        table = self._capture.sql(
            "SELECT t_start_ns AS t, tid, args FROM spans WHERE layer = 'syscall_args' AND name IN ('open', 'openat', 'openat2', 'creat') "
            "ORDER BY t_start_ns"
        )
        out: dict[tuple[int, int], _Times] = {}
        for row in table.to_pylist():
            told = arguments(row["args"])
            number, path = whole(told.get("result")), _OPENED.search(text_of(told.get("args")))
            thread = self._lanes.threads.get(row["tid"])
            if number is None or number < 0 or path is None or thread is None:
                continue
            times, paths = out.setdefault((thread.pid, number), ([], []))
            times.append(row["t"])
            paths.append(path[1])
        return out

    @cached_property
    def _calls(self) -> dict[int, tuple[list[int], list[int], list[int]]]:
        table = self._capture.sql(
            "SELECT tid, t_start_ns AS a, t_end_ns AS b, TRY_CAST(args->>'fd' AS BIGINT) AS fd FROM spans WHERE layer = 'syscall' "
            "AND json_valid(args) AND args->>'fd' IS NOT NULL ORDER BY tid, a"
        )
        out: dict[int, tuple[list[int], list[int], list[int]]] = {}
        for tid, start, end, number in zip(*(table[index].to_pylist() for index in range(4)), strict=True):
            if number is not None:
                starts, ends, numbers = out.setdefault(tid, ([], [], []))
                starts.append(start)
                ends.append(end)
                numbers.append(number)
        return out


def _before(found: _Times, t_ns: int) -> str:
    times, names = found
    index = bisect.bisect_right(times, t_ns) - 1
    return names[index] if index >= 0 else ""
