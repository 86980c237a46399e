"""What can be done so that runs disturb each other less: each measure by name, whether it can be had here, how it is held and let go.

Measures of the process (pinning, priority, address layout, timer slack) are set on godyno itself, whose children inherit them; what changes
the machine goes through ``machine.knobs`` and is put back, also after kill -9. What is not offered, and why, is in ``NOT_OFFERED``.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import NotAvailableHere, UsageError
from godyno.machine.guardian import guarded
from godyno.machine.hierarchies import SLASH
from godyno.machine.knobs import Knobs, Restored
from godyno.studies import holds

NOT_OFFERED = {
    "real-time priority (SCHED_FIFO)": "a busy command would starve kernel threads, and the kernel stops it for 50 ms of every second",
    "dropping caches": "it slows the whole machine down and cannot be undone",
    "an exclusive cpuset": "it would move other people's processes, which godyno does not touch",
    "switching processors or SMT siblings off": "running processes lose their affinity with it, which nobody can give back",
}
_GIVE_UP_AFTER = 5  # runs in a row before which it never was quiet: waiting longer is no use here


@dataclass(frozen=True, slots=True)
class Measure:
    """``hold`` is entered around runs; ``before_run`` is called before each and says whether it came to what it waits for.

    ``settings`` are knobs: path below the root, value.
    ``caution`` says what it changes in what is measured; such a measure is used only where it was shown to help.
    """

    name: str
    summary: str
    caution: str = ""
    settings: Callable[[Path], holds.Sets] | None = None
    hold: Callable[[], AbstractContextManager[None]] | None = None
    before_run: Callable[[], bool] | None = None
    missing: Callable[[Path], str] = lambda root: ""


_NO_CPUFREQ = "this machine shows no cpufreq; of a virtual machine the host decides"
_TICKS = holds.settings(
    ("proc/sys/vm/stat_interval", "120"),
    ("proc/sys/kernel/nmi_watchdog", "0"),
    ("proc/sys/kernel/timer_migration", "0"),
)
_AUTOGROUP = holds.settings(("proc/sys/kernel/sched_autogroup_enabled", "0"))
_HUGEPAGES = holds.settings(("sys/kernel/mm/transparent_hugepage/enabled", "never"))
_ONE_CPU = "only one processor may be used here"

MEASURES: tuple[Measure, ...] = (
    Measure("pin", "runs only on the calm processors (not the first)", "Go sees fewer processors (GOMAXPROCS)",
            hold=holds.pinned, missing=lambda root: "" if len(os.sched_getaffinity(0)) > 1 else _ONE_CPU),
    Measure("priority", f"nice {holds.NICE}: others yield to it", hold=holds.priority, missing=holds.may_prioritise),
    Measure("layout", "every process gets the same addresses (ASLR off by personality)", "one layout, lucky or not, stands for all",
            hold=holds.fixed_layout, missing=holds.may_fix_layout),
    Measure("timers", "sleeps end when asked (timer slack 1 ns)", hold=holds.exact_timers),
    Measure("quiet", f"waits up to {holds.QUIET_WAIT_S:g} s before each run until nobody else runs", before_run=holds.wait_for_quiet),
    Measure("anchor", "idle-priority load keeps processors awake and their clock up", "takes power and shared caches", hold=holds.anchor),
    Measure("governor", "the clock does not follow the load (governor performance)", settings=holds.governors,
            missing=holds.needs_file(_NO_CPUFREQ, holds.governors)),
    Measure("turbo", "no turbo, whose height depends on heat and neighbours", "slower", settings=holds.turbo,
            missing=holds.needs_file(_NO_CPUFREQ, holds.turbo)),
    Measure("interrupts", "interrupts go to the first processor where they may", settings=holds.interrupts,
            missing=holds.needs_file("no interrupt can be moved here", holds.interrupts)),
    Measure("ticks", "the kernel's periodic work waits (vm.stat_interval, watchdog, timer migration)", settings=_TICKS,
            missing=holds.needs_file("these settings are not there", _TICKS)),
    Measure("autogroup", "terminals do not share by session (sched_autogroup off)", settings=_AUTOGROUP,
            missing=holds.needs_file("this kernel has no autogroups", _AUTOGROUP)),
    Measure("hugepages", "no transparent huge pages, which come and go", "memory is slower", settings=_HUGEPAGES,
            missing=holds.needs_file("this kernel has no transparent huge pages", _HUGEPAGES)),
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
            problems = knobs.set_all(one.settings(self.root)) if one.settings else []
            # An interrupt that belongs to one processor refuses to move; that the others moved is what was asked for.
            if problems and all(problems):
                self.refused[one.name] = problems[0]

    def _put_back(self, knobs: Knobs) -> None:
        self.restored += knobs.restore()
