"""The recorder's own process: what it used, and how soon it is woken."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path


def own_cpu_s() -> float:
    """User and system seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def own_peak_bytes() -> int:
    """VmHWM: unlike ru_maxrss it does not begin with what the process that started godyno had resident."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


@contextlib.contextmanager
def prompt() -> Iterator[None]:
    """This thread is woken at once on a busy machine, where it may ask for that (CAP_SYS_NICE, RLIMIT_RTPRIO).

    A command line can be read only while its process lives, and a fair scheduler with eight others ready lets a waking thread
    wait for 10 ms (measured: a nice value changes nothing, since groups are scheduled first). The lowest real-time priority
    does no more work, only sooner; the kernel's own throttling bounds it, and what it forks does not inherit it.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:
        yield  # a few more command lines are missed
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
