"""How the shield's measures are held: each undone by leaving it; those of the machine as paths and values for ``machine.knobs``."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from godyno.machine.cpu import cpu_numbers
from godyno.machine.guardian import may_fork
from godyno.machine.hierarchies import SLASH, read_text
from godyno.machine.meter import run_queue

Sets = Sequence[tuple[str, str]]

_PERSONALITY_NO_RANDOMIZE, _PERSONALITY_QUERY = 0x0040000, 0xFFFFFFFF
_PR_SET_PDEATHSIG, _PR_SET_TIMERSLACK, _PR_GET_TIMERSLACK = 1, 29, 30
NICE = -10
QUIET_WAIT_S, _LOOK_S = 0.5, 0.005
_QUIET_TASKS = 0  # others that run or could run


# ---- of the process


def calm_cpus() -> set[int]:
    """Where to pin: all processors that may be used but the first, which gets most of the machine's interrupts."""
    allowed = sorted(os.sched_getaffinity(0))
    isolated = [
        cpu for cpu in cpu_numbers(read_text(SLASH / "sys/devices/system/cpu/isolated")) if cpu in allowed
    ]
    return set(isolated or allowed[1:] or allowed)


@contextlib.contextmanager
def pinned() -> Iterator[None]:
    """Runs only on the calm processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, calm_cpus())
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def priority() -> Iterator[None]:
    """Is nicer to nobody: ``NICE``. Raises OSError where that may not be."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, min(before, NICE))
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


def may_prioritise(root: Path) -> str:
    """Why the priority cannot be raised; empty where it can."""
    try:
        with priority():
            return ""
    except OSError:
        return "a higher priority needs root, CAP_SYSNICE or `ulimit -e 30`"


@contextlib.contextmanager
def fixed_layout() -> Iterator[None]:
    """What is exec'd from now on gets the same addresses every time."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = libc.personality(ctypes.c_ulong(_PERSONALITY_QUERY))
    libc.personality(ctypes.c_ulong(before | _PERSONALITY_NO_RANDOMIZE))
    try:
        yield
    finally:
        libc.personality(ctypes.c_ulong(before))


def may_fix_layout(root: Path) -> str:
    """Why the layout cannot be fixed; empty where it can."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = libc.personality(ctypes.c_ulong(_PERSONALITY_QUERY))
    if before < 0 or libc.personality(ctypes.c_ulong(before | _PERSONALITY_NO_RANDOMIZE)) < 0:
        return "personality(2) is refused here (a container's seccomp filter does that)"
    libc.personality(ctypes.c_ulong(before))
    return ""


@contextlib.contextmanager
def exact_timers() -> Iterator[None]:
    """Timer slack of a nanosecond, which children inherit."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = libc.prctl(_PR_GET_TIMERSLACK, 0, 0, 0, 0)
    libc.prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(1), 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(max(1, before)), 0, 0, 0)


# ---- beside the runs


def wait_for_quiet(patience_s: float = QUIET_WAIT_S, root: Path = SLASH) -> bool:
    """Waits until nobody else runs, in two looks after one another; False where that did not happen in ``patience_s``."""
    deadline, calm = time.monotonic() + patience_s, 0
    while time.monotonic() < deadline:
        calm = calm + 1 if run_queue(root) - 1 <= _QUIET_TASKS else 0
        if calm == 2:
            return True
        time.sleep(_LOOK_S)
    return False


@contextlib.contextmanager
def anchor() -> Iterator[None]:
    """A spinner on each processor that runs only when nothing else wants to (SCHED_IDLE), and dies with godyno."""
    pids = [_spinner(cpu) for cpu in sorted(os.sched_getaffinity(0))]
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _spinner(cpu: int) -> int:
    parent = os.getpid()
    with may_fork():
        pid = os.fork()
    if pid:
        return pid
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.sched_setaffinity(0, {cpu})
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        while os.getppid() == parent:
            for _ in range(1_000_000):
                pass
    finally:
        os._exit(0)


# ---- of the machine


def governors(root: Path) -> Sets:
    """The clock does not follow the load."""
    files = sorted(root.glob("sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"))
    return [(str(path.relative_to(root)), "performance") for path in files]


def turbo(root: Path) -> Sets:
    """Intel's and everybody else's switch."""
    wanted = (
        ("sys/devices/system/cpu/intel_pstate/no_turbo", "1"),
        ("sys/devices/system/cpu/cpufreq/boost", "0"),
    )
    return [(path, value) for path, value in wanted if (root / path).exists()]


def interrupts(root: Path) -> Sets:
    """Every interrupt to the first processor; those that belong to one refuse."""
    if len(os.sched_getaffinity(0)) < 2:
        return []
    return [(str(path.relative_to(root)), "0") for path in sorted(root.glob("proc/irq/*/smp_affinity_list"))]


def settings(*wanted: tuple[str, str]) -> Callable[[Path], Sets]:
    """Of these files those that are there."""
    return lambda root: [(path, value) for path, value in wanted if (root / path).exists()]


def needs_file(why: str, sets: Callable[[Path], Sets]) -> Callable[[Path], str]:
    """Answers why nothing of ``sets`` can be set: ``why`` where it is not there, else who may."""

    def missing(root: Path) -> str:
        found = sets(root)
        if not found:
            return why
        if not any(os.access(root / path, os.W_OK) for path, _ in found):
            return f"only root may write /{found[0][0]}"
        return ""

    return missing
