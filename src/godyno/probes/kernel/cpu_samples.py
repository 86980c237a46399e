"""CPU samples with call chains, user and kernel, at a fixed rate of CPU time.

Hardware cycles where there are any, else the kernel's cpu-clock. Chains are followed by frame pointers, which Go keeps; C code
built without them shows only its innermost frame. How many samples should have come is checked, and what is missing said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import FormatError
from godyno.interfaces import Sink, TableSink, Target
from godyno.model import Clock
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.binaries import HeldBinaries, remove_copies
from godyno.probes.kernel.perf_probe import PerfProbe
from godyno.probes.kernel.perf_records import Sample, Trouble, read_meta, read_records
from godyno.probes.kernel.stacks import MAPS, Stacks
from godyno.probes.kernel.symbols import existing_mappings

_MAX_RATE = Path("/proc/sys/kernel/perf_event_max_sample_rate")
_FLAGS = pe.FREQUENCY | pe.MMAP | pe.MMAP2 | pe.COMM | pe.COMM_EXEC | pe.TASK
_SAMPLE = pe.SAMPLE_IP | pe.SAMPLE_PERIOD | pe.SAMPLE_CALLCHAIN
# Below this, what is missing may be chance: a thread's last sample is lost when it ends between two.
_TOLD_SHARE, _TOLD_SAMPLES = 0.05, 20
LAYER = "cpu"


class CpuSamples(PerfProbe):
    """CPU samples. ``hz`` is per second of CPU time; ``hardware`` False takes the kernel's clock even where cycles can be counted."""

    name: ClassVar[str] = "cpu_samples"
    summary: ClassVar[str] = "where CPU time goes: call chains of user code and kernel, sampled"
    tables: ClassVar[Mapping[str, Clock]] = {"stacks": Clock.MONOTONIC}
    level_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {"deep": {"hz": 999}}

    def __init__(self, *, hz: int = 99, hardware: bool = True) -> None:
        self.hz, self.hardware = hz, hardware

    def start(self, target: Target, sink: Sink) -> None:
        """Samples from now on, and keeps programs from vanishing."""
        self.rate = min(self.hz, _highest_rate())
        super().start(target, sink)
        try:
            self.binaries = HeldBinaries(target, sink, self.scope_kinds())
        except BaseException:
            self._let_go()
            raise
        sink.note("hz", self.rate)
        sink.note("event", "cycles" if self.cycles else "cpu-clock")
        sink.note("kernel", self.events_open[0].kernel)
        with sink.raw(MAPS).open("w") as out:
            for pid in {*target.pids(), target.pid}:
                try:
                    for row in existing_mappings(pid):
                        out.write(json.dumps(row) + "\n")
                except OSError:
                    continue
                self.binaries.hold(pid)

    def stop(self) -> None:
        """Lets go, and copies programs that are gone."""
        super().stop()
        self.binaries.close()

    def events(self) -> Sequence[pe.Event]:
        """One event, which tells of mappings too."""
        self.cycles = self.hardware and counts_cycles()
        kind, config = (pe.TYPE_HARDWARE, pe.CPU_CYCLES) if self.cycles else (pe.TYPE_SOFTWARE, pe.CPU_CLOCK)
        return [pe.Event("cpu", kind, config, self.rate, _SAMPLE, _FLAGS, kernel=True)]

    def settings(self) -> Mapping[str, Any]:
        """The rate, and what was counted."""
        return {"hz": self.rate, "cycles": self.cycles, "kernel": self.events_open[0].kernel}

    def decode(self, raw: Path, sink: TableSink, manifest: Mapping[str, Any]) -> None:
        """Samples and their named stacks."""
        try:
            meta = read_meta(raw)
        except FormatError as error:
            sink.warn(f"CPU samples were not read: {error}")
            return
        if meta is None:
            return
        hz = meta.settings.get("hz")
        rate = float(hz) if isinstance(hz, int | float) and hz > 0 else 99.0
        stacks = Stacks(raw, sink, manifest)
        # The cpu-clock counts nanoseconds itself. The time that the kernel says an event was running is not used: for an event
        # of a cgroup that was off its CPU when it was opened it was seen ten times too long (Linux 6.18).
        cycles = meta.settings.get("cycles") is True
        ran_s = 0.0 if cycles else meta.counts.get("cpu", (0, 0))[0] * 1e-9
        weigh = _weight(cycles, rate)
        count = lost = throttled = unplaced = 0
        total_s = 0.0
        for record in read_records(raw, meta):
            if isinstance(record, Sample):
                stack = stacks.stack(record)
                if not stack:
                    unplaced += 1
                    continue
                weight = weigh(record.period)
                sink.sample(record.t_ns, LAYER, stack, weight, record.pid, record.tid)
                count += 1
                total_s += weight
            elif isinstance(record, Trouble):
                lost += record.count if record.kind == "lost" else 0
                throttled += record.kind == "throttled"
            else:
                stacks.apply(record)
        stacks.close()
        remove_copies(raw)
        sink.note("samples", count)
        sink.note("sampled_s", round(total_s, 6))
        _tell_missing(
            sink,
            manifest,
            meta.complete,
            meta.settings.get("kernel") is not False,
            ran_s,
            count + unplaced,
            rate,
            lost,
            throttled,
        )


def counts_cycles() -> bool:
    """Whether this machine counts cycles: virtual machines often do not."""
    try:
        pe.Counter(pe.Event("cycles", pe.TYPE_HARDWARE, pe.CPU_CYCLES), pe.Scope("tasks", (0,))).close()
    except OSError:
        return False
    return True


def _weight(cycles: bool, rate: float) -> Any:
    # The kernel steers a cycles event to the rate, so each sample stands for as much time; the cpu-clock says how much.
    return (lambda period: 1.0 / rate) if cycles else (lambda period: min(period, 10**10) * 1e-9)


def _tell_missing(
    sink: Sink, manifest: Mapping[str, Any], complete: bool, kernel: bool, ran_s: float, count: int, rate: float, lost: int, throttled: int
) -> None:  # fmt: skip
    """Holds the samples against CPU seconds times rate: perf's own clock, and the accounting of the command's tree."""
    if lost:
        sink.note("lost_records", lost)
        sink.warn(f"The kernel dropped {lost} records of CPU samples because they were not taken in time.")
    if throttled:
        sink.note("throttled", throttled)
        sink.warn(
            f"The kernel paused CPU sampling {throttled} times (kernel.perf_cpu_time_max_percent): the busiest moments "
            "have too few samples."
        )
    if not complete:
        return
    sink.note("ran_s", round(ran_s, 6))
    # Without the kernel's side, what the tree did in the kernel leaves no samples, and none are missed.
    expected_s = (
        max(ran_s, _tree_cpu_s(manifest, ("user_s", "system_s")))
        if kernel
        else _tree_cpu_s(manifest, ("user_s",))
    )
    expected = expected_s * rate
    if expected < 1:
        return
    missing = expected - count
    sink.note("expected_samples", round(expected, 1))
    sink.note("missing_share", round(max(0.0, missing / expected), 4))
    if missing > _TOLD_SAMPLES and missing / expected > _TOLD_SHARE:
        sink.warn(
            f"{missing / expected:.0%} of the CPU samples are missing: {count} came, and {expected_s:.2f} s of CPU time at "
            f"{rate:g} Hz should give {expected:.0f}. Shares of short-lived threads are too small."
        )


def _tree_cpu_s(manifest: Mapping[str, Any], keys: Sequence[str]) -> float:
    result = manifest.get("result")
    if not isinstance(result, dict):
        return 0.0
    values = [result.get(key) for key in keys]
    return sum(float(value) for value in values if isinstance(value, int | float))


def _highest_rate() -> int:
    try:
        return max(1, int(_MAX_RATE.read_text()))
    except (OSError, ValueError):
        return 1000
