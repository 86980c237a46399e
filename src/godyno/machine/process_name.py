"""What `ps` and `pkill -f` see of a process that is a part of godyno and not godyno itself."""

from __future__ import annotations

import ctypes


def show_as(name: bytes) -> None:
    """Shows ``name`` as the command line, as setproctitle does: `pkill -9 -f "godyno record"` means the recorder."""
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123
            fields = file.read().rpartition(b")")[2].split()
        start, end = (
            int(fields[45]),
            int(fields[46]),
        )  # arg_start and arg_end, proc_pid_stat(5) fields 48 and 49
        ctypes.memmove(start, name.ljust(end - start, b"\0")[: end - start], end - start)
        with open("/proc/self/comm", "wb") as file:  # noqa: PTH123
            file.write(name[:15])
    except (OSError, ValueError, IndexError):
        pass  # it only looks less clear in `ps`
