"""Which process is what to another: drivers, which only start others, and the two sides of a wait between processes."""

from __future__ import annotations

import signal
from collections.abc import Mapping

from godyno.diagnose.processes import Process

_DRIVERS = frozenset({
    "go", "sh", "bash", "dash", "zsh", "ash", "env", "nice", "time", "timeout", "make", "ninja", "sudo", "setpriv", "su",
    "runuser", "tini", "nohup", "stdbuf", "chrt", "taskset", "setsid", "xargs", "script", "watch", "gotestsum", "strace", "perf",
    "unshare", "nsenter", "systemd-run", "python", "python3",
})  # fmt: skip
# What builds: nobody who asks why a build was slow can mend how these do their work, only what they are given.
TOOLS = frozenset({
    "go", "gotool", "compile", "link", "asm", "cgo", "vet", "cover", "buildid", "pack", "covdata", "gcc", "cc1", "as", "collect2", "ld",
    "shim",
})  # fmt: skip
GO_TOOLS = frozenset(
    {"go", "gotool", "compile", "link", "asm", "cgo", "vet", "cover", "buildid", "pack", "covdata", "shim"}
)
_STOPS = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGPIPE, signal.SIGTERM})
_MOST_ABOVE = 64
_MOST_SHOWN = 60


def program(process: Process) -> str:
    """The name of its file."""
    return (str(process.args.get("exe") or "") or process.name).rpartition("/")[2]


def is_driver(process: Process | None) -> bool:
    """Whether it does nothing but start others, so that waiting for them is no answer. One that is not known is taken for one."""
    return process is None or program(process) in _DRIVERS


def command(process: Process) -> str:
    """What was run, shortened."""
    text = " ".join((program(process), *process.argv[1:3])) or process.name
    text = " ".join(text.split())
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def child_above(other: Process | None, mine: Process, known: Mapping[int, Process]) -> Process | None:
    """The child of ``mine`` from which ``other`` comes, which may be itself; None where it comes from none."""
    for _ in range(_MOST_ABOVE):
        if other is None or other.ppid == mine.pid:
            return other
        other = known.get(other.ppid)
    return None


def is_companion(child: Process, mine: Process) -> bool:
    """Whether a child was there for most of the time of who started it, until it was told to stop: nobody waited for it to finish."""
    return (
        child.exit_signal in _STOPS
        and 2 * (child.t_end_ns - child.t_start_ns) > mine.t_end_ns - mine.t_start_ns
    )
