"""Every process of the tree: fork, exec, exit from the kernel's own records; CPU, memory, faults and I/O over time.

Which source saw the tree is in the manifest, best first:

``perf``
    side-band records of perf_event_open, inherited by every child: complete, whatever the length of a life.
``walk``
    /proc/PID/task/*/children at each look, where perf may not be used: misses processes shorter than a look.

Values over time are sampled from /proc with files kept open; what each process used in all comes from taskstats where it
may be read (exact), else from the last sample (a lower bound, and said so).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from godyno.clock import now_ns
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Availability, Clock, Machine
from godyno.probes.kernel.process_accounting import Accounting
from godyno.probes.kernel.process_samples import SampledProcess
from godyno.probes.kernel.process_tree import LivingProcesses, PerfTree, WalkedTree, in_turn

_MOST_SAMPLED = 256  # processes in one look; more are taken in turn
_SLOW_EVERY = 5  # looks between two readings of the files that cost more


class Processes(SimpleProbe):
    """The process tree. ``source`` forces ``perf`` or ``walk``; ``accounting`` turns taskstats off."""

    name: ClassVar[str] = "processes"
    summary: ClassVar[str] = (
        "every process: fork, exec, exit, command line; CPU, memory, faults, I/O over time"
    )
    tables: ClassVar[Mapping[str, Clock]] = {"spans": Clock.MONOTONIC, "points": Clock.READER}

    def __init__(self, *, source: str = "", accounting: bool = True) -> None:
        self.source, self.accounting = source, accounting

    def availability(self, machine: Machine) -> Availability:
        """Needs /proc."""
        if machine.os not in ("", "linux"):
            return Availability(
                False, "process events are read from Linux's /proc and perf_event_open", "Run it on Linux."
            )
        return Availability(True)

    def start(self, target: Target, sink: Sink) -> None:
        """Attaches to the held command before it is exec'd."""
        self.target, self.sink = target, sink
        self.alive = LivingProcesses((target.pid, *target.pids()))
        self.sampled: dict[int, SampledProcess] = {}
        self.looks = 0
        self.half_width_ns = 0
        self.tree: PerfTree | WalkedTree = self._tree()
        self.stats = self._accounting()
        target.loop.every(1.0 / target.hz, self.look)

    def pids(self) -> Iterator[int]:
        """The processes known to be alive."""
        return iter(tuple(self.alive))

    def stop(self) -> None:
        """A last look, then lets go."""
        self.look(now_ns())
        for one in self.sampled.values():
            one.close()
        self.tree.close()
        if self.stats:
            self.stats.close()
        self.sink.note("source", self.tree.name)
        self.sink.note("looks", self.looks)
        self.sink.note("alignment_error_ns", self.half_width_ns)

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """One span for each process, from the kernel's records, the command lines, and the accounting."""
        from godyno.probes.kernel.process_table import decode_processes  # the recorder itself never parses

        decode_processes(raw, sink, manifest)

    def look(self, t_ns: int) -> None:
        """Samples every process that is alive."""
        self.tree.refresh()
        self.looks += 1
        slow = self.looks % _SLOW_EVERY == 0
        pids = in_turn(list(self.alive), _MOST_SAMPLED, self.looks)
        before = now_ns()
        for pid in pids:
            one = self.sampled.get(pid)
            try:
                if one is None:
                    one = self.sampled[pid] = SampledProcess(pid, self.sink)
                one.look(now_ns(), slow)
            except (OSError, ValueError, IndexError):
                if one is not None:
                    one.close()
                    self.sampled.pop(pid, None)
                if self.tree.name == "walk":
                    self.alive.discard(pid)
        for gone in self.sampled.keys() - self.alive:
            self.sampled.pop(gone).close()
        self.half_width_ns = max(self.half_width_ns, (now_ns() - before) // max(1, 2 * len(pids)))

    def _tree(self) -> PerfTree | WalkedTree:
        if self.source != "walk":
            try:
                return PerfTree(self.target, self.sink, self.alive)
            except OSError as error:
                if self.source == "perf":
                    raise
                self.sink.note("perf_refused", str(error))
                self.sink.warn(
                    f"Processes were found by walking /proc, which misses short ones, because perf_event_open was refused "
                    f"({error.strerror}); `sysctl kernel.perf_event_paranoid=2` or CAP_PERFMON enables it."
                )
        return WalkedTree(self.target, self.sink, self.alive)

    def _accounting(self) -> Accounting | None:
        if not self.accounting:
            return None
        try:
            found = Accounting(self.target, self.sink, self.alive)
        except OSError as error:
            self.sink.note("accounting", f"last sample, because taskstats was refused: {error.strerror}")
            return None
        self.sink.note("accounting", "taskstats")
        return found
