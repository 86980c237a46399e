"""What can be done so that runs disturb each other less: each measure by name, whether it can be had here, how it is held and let go.

Measures of the process (pinning, priority, address layout, timer slack) are set on godyno itself, whose children inherit them; what changes
the machine goes through ``machine.knobs`` and is put back, also after kill -9. What is not offered, and why, is in ``NOT_OFFERED``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import NotAvailableHere, UsageError
from godyno.machine.cpu import cpu_numbers
from godyno.machine.guardian import guarded
from godyno.machine.hierarchies import SLASH, read_text
from godyno.machine.knobs import Knobs, Restored
from godyno.machine.meter import run_queue

NOT_OFFERED = {
    "real-time priority (SCHED_FIFO)": "a busy command would starve kernel threads, and the kernel stops it for 50 ms of every second",
    "dropping caches": "it slows the whole machine down and cannot be undone",
    "an exclusive cpuset": "it would move other people's processes, which godyno does not touch",
    "switching processors or SMT siblings off": "running processes lose their affinity with it, which nobody can give back",
}
_PERSONALITY_NO_RANDOMIZE, _PERSONALITY_QUERY = 0x0040000, 0xFFFFFFFF
_PR_SET_PDEATHSIG, _PR_SET_TIMERSLACK, _PR_GET_TIMERSLACK = 1, 29, 30
_NICE = -10
_QUIET_TASKS = 0  # others that run or could run
_QUIET_WAIT_S, _LOOK_S = 0.5, 0.005
_GIVE_UP_AFTER = 5  # runs in a row before which it never was quiet: waiting longer is no use here

Sets = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Measure:
    """``hold`` is entered around runs; ``before_run`` is called before each and says
    whether it came to what it waits for. ``settings`` are knobs: path below the root, value.

    ``caution`` says what it changes in what is measured; such a measure is used only where it was shown to help.
    """

    name: str
    summary: str
    caution: str = ""
    settings: Callable[[Path], Sets] | None = None
    hold: Callable[[], AbstractContextManager[None]] | None = None
    before_run: Callable[[], bool] | None = None
    missing: Callable[[Path], str] = lambda root: ""


# ---- of the process


def calm_cpus() -> set[int]:
    """Where to pin: all processors that may be used but the first, which gets most of the machine's interrupts."""
    allowed = sorted(os.sched_getaffinity(0))
    isolated = [
        cpu for cpu in cpu_numbers(read_text(SLASH / "sys/devices/system/cpu/isolated")) if cpu in allowed
    ]
    return set(isolated or allowed[1:] or allowed)


@contextlib.contextmanager
def _pinned() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, calm_cpus())
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def _priority() -> Iterator[None]:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, min(before, _NICE))
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


def _may_prioritise(root: Path) -> str:
    try:
        with _priority():
            return ""
    except OSError:
        return "a higher priority needs root, CAP_SYS_NICE or `ulimit -e 30`"


@contextlib.contextmanager
def _fixed_layout() -> Iterator[None]:
    libc = ctypes.CDLL(None, use_errno=True)
    before = libc.personality(ctypes.c_ulong(_PERSONALITY_QUERY))
    libc.personality(ctypes.c_ulong(before | _PERSONALITY_NO_RANDOMIZE))
    try:
        yield
    finally:
        libc.personality(ctypes.c_ulong(before))


def _may_fix_layout(root: Path) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    before = libc.personality(ctypes.c_ulong(_PERSONALITY_QUERY))
    if before < 0 or libc.personality(ctypes.c_ulong(before | _PERSONALITY_NO_RANDOMIZE)) < 0:
        return "personality(2) is refused here (a container's seccomp filter does that)"
    libc.personality(ctypes.c_ulong(before))
    return ""


@contextlib.contextmanager
def _exact_timers() -> Iterator[None]:
    libc = ctypes.CDLL(None, use_errno=True)
    before = libc.prctl(_PR_GET_TIMERSLACK, 0, 0, 0, 0)
    libc.prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(1), 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(max(1, before)), 0, 0, 0)


# ---- beside the runs


def wait_for_quiet(patience_s: float = _QUIET_WAIT_S, root: Path = SLASH) -> bool:
    """Waits until nobody else runs, in two looks after one another; False where that did not happen in ``patience_s``."""
    deadline, calm = time.monotonic() + patience_s, 0
    while time.monotonic() < deadline:
        calm = calm + 1 if run_queue(root) - 1 <= _QUIET_TASKS else 0
        if calm == 2:
            return True
        time.sleep(_LOOK_S)
    return False


@contextlib.contextmanager
def _anchor() -> Iterator[None]:
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


def _governors(root: Path) -> Sets:
    files = sorted(root.glob("sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"))
    return [(str(path.relative_to(root)), "performance") for path in files]


def _turbo(root: Path) -> Sets:
    wanted = (
        ("sys/devices/system/cpu/intel_pstate/no_turbo", "1"),
        ("sys/devices/system/cpu/cpufreq/boost", "0"),
    )
    return [(path, value) for path, value in wanted if (root / path).exists()]


def _interrupts(root: Path) -> Sets:
    if len(os.sched_getaffinity(0)) < 2:
        return []
    return [(str(path.relative_to(root)), "0") for path in sorted(root.glob("proc/irq/*/smp_affinity_list"))]


def _settings(*wanted: tuple[str, str]) -> Callable[[Path], Sets]:
    return lambda root: [(path, value) for path, value in wanted if (root / path).exists()]


def _needs_file(why: str, sets: Callable[[Path], Sets]) -> Callable[[Path], str]:
    def missing(root: Path) -> str:
        found = sets(root)
        if not found:
            return why
        if not any(os.access(root / path, os.W_OK) for path, _ in found):
            return f"only root may write /{found[0][0]}"
        return ""

    return missing


_NO_CPUFREQ = "this machine shows no cpufreq; of a virtual machine the host decides"
_TICKS = _settings(
    ("proc/sys/vm/stat_interval", "120"),
    ("proc/sys/kernel/nmi_watchdog", "0"),
    ("proc/sys/kernel/timer_migration", "0"),
)
_AUTOGROUP = _settings(("proc/sys/kernel/sched_autogroup_enabled", "0"))
_HUGEPAGES = _settings(("sys/kernel/mm/transparent_hugepage/enabled", "never"))
_ONE_CPU = "only one processor may be used here"

MEASURES: tuple[Measure, ...] = (
    Measure("pin", "runs only on the calm processors (not the first)", "Go sees fewer processors (GOMAXPROCS)",
            hold=_pinned, missing=lambda root: "" if len(os.sched_getaffinity(0)) > 1 else _ONE_CPU),
    Measure("priority", f"nice {_NICE}: others yield to it", hold=_priority, missing=_may_prioritise),
    Measure("layout", "every process gets the same addresses (ASLR off by personality)", "one layout, lucky or not, stands for all",
            hold=_fixed_layout, missing=_may_fix_layout),
    Measure("timers", "sleeps end when asked (timer slack 1 ns)", hold=_exact_timers),
    Measure("quiet", f"waits up to {_QUIET_WAIT_S:g} s before each run until nobody else runs", before_run=wait_for_quiet),
    Measure("anchor", "idle-priority load keeps processors awake and their clock up", "takes power and shared caches", hold=_anchor),
    Measure("governor", "the clock does not follow the load (governor performance)", settings=_governors,
            missing=_needs_file(_NO_CPUFREQ, _governors)),
    Measure("turbo", "no turbo, whose height depends on heat and neighbours", "slower", settings=_turbo,
            missing=_needs_file(_NO_CPUFREQ, _turbo)),
    Measure("interrupts", "interrupts go to the first processor where they may", settings=_interrupts,
            missing=_needs_file("no interrupt can be moved here", _interrupts)),
    Measure("ticks", "the kernel's periodic work waits (vm.stat_interval, watchdog, timer migration)", settings=_TICKS,
            missing=_needs_file("these settings are not there", _TICKS)),
    Measure("autogroup", "terminals do not share by session (sched_autogroup off)", settings=_AUTOGROUP,
            missing=_needs_file("this kernel has no autogroups", _AUTOGROUP)),
    Measure("hugepages", "no transparent huge pages, which come and go", "memory is slower", settings=_HUGEPAGES,
            missing=_needs_file("this kernel has no transparent huge pages", _HUGEPAGES)),
)  # fmt: skip


def measure(name: str) -> Measure:
    """The measure by its name. Raises UsageError."""
    found = next((one for one in MEASURES if one.name == name), None)
    if found is None:
        raise UsageError(
            f"There is no measure {name!r}", hint=f"Known: {', '.join(one.name for one in MEASURES)}."
        )
    return found


def missing(root: Path = SLASH) -> dict[str, str]:
    """The measures that cannot be had here, each with its reason."""
    if sys.platform != "linux":
        return {
            one.name: "measures are for Linux; on macOS close other programs and plug the machine in (untried)"
            for one in MEASURES
        }
    return {one.name: reason for one in MEASURES if (reason := one.missing(root))}


@dataclass
class Shield:
    """Holds measures while it is entered. ``refused`` says what could not be set, ``restored`` how putting back went.

    ``runs`` were begun, ``in_vain`` of them without what was waited for; after five in a row nothing is waited for any more.
    """

    measures: Sequence[Measure]
    root: Path = SLASH
    state: Path | None = None
    refused: dict[str, str] = field(default_factory=dict)
    restored: list[Restored] = field(default_factory=list)
    runs: int = 0
    in_vain: int = 0
    _in_a_row: int = 0

    def __enter__(self) -> Shield:
        self._held = contextlib.ExitStack()
        try:
            if any(one.settings for one in self.measures):
                self._turn()
            for one in self.measures:
                if one.hold:
                    self._held.enter_context(one.hold())
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def before_run(self) -> None:
        """What has to be done before each run."""
        waits = [one.before_run for one in self.measures if one.before_run]
        if not waits:
            return
        self.runs += 1
        came = self._in_a_row < _GIVE_UP_AFTER and all(wait() for wait in waits)
        self._in_a_row = 0 if came else self._in_a_row + 1
        self.in_vain += not came

    def _turn(self) -> None:
        try:
            knobs = self._held.enter_context(guarded(self.root, self.state))
        except NotAvailableHere as error:
            self.refused |= {one.name: str(error) for one in self.measures if one.settings}
            return
        self._held.callback(self._put_back, knobs)
        for one in self.measures:
            problems = [
                knobs.set(path, value) for path, value in (one.settings(self.root) if one.settings else ())
            ]
            # An interrupt that belongs to one processor refuses to move; that the others moved is what was asked for.
            if problems and all(problems):
                self.refused[one.name] = problems[0]

    def _put_back(self, knobs: Knobs) -> None:
        self.restored += knobs.restore()
