"""What made this run differ from the next one: each disturbance by its name, with the time that it cost and within what bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.counters import Rise, counters, rises
from godyno.diagnose.gc import PAUSES
from godyno.diagnose.processes import busy_s, number, spans
from godyno.model import Confidence, Estimate, Evidence, Finding, Interval
from godyno.stats import noise

_MUCH = 0.10  # of the wall time: from here on a warning
_PHASES = 0.02
_METHOD = "from the kernel's own counters between the command's start and end; the interval is what they leave open, not chance"

# What to do, and the series in which it can be seen.
_ADVICE: dict[str, tuple[str, tuple[str, ...]]] = {
    "cpu quota": ("Raise the CPU quota, or set GOMAXPROCS to it; measure where there is none.", ("cgroup.cpu.throttled_time",)),
    "steal": ("Compare CPU time instead of wall time, or measure on another host.", ("system.cpu.time",)),
    "neighbours": ("Wait until the machine is quiet, pin the command (--shield), or compare CPU time.",
                   ("cgroup.pressure.cpu", "system.cpu.time")),
    "memory pressure": ("Give it more memory, or lower -p, GOGC or GOMEMLIMIT.",
                        ("cgroup.pressure.memory", "system.pressure.memory", "cgroup.memory.refaults")),
    "cold caches": ("Run it once before it is measured, or drop caches before every run: either, but always the same.",
                    ("cgroup.pressure.io", "system.disk.io")),
    "disk load": ("Stop what else uses the disk, or put what it reads and writes on tmpfs.",
                  ("cgroup.pressure.io", "system.pressure.io", "system.disk.io")),
    "low frequency": ("Set the governor to performance and turbo off while measuring (--shield does, and undoes it).",
                      ("system.cpu.frequency",)),
    "thermal limit": ("Let it cool between runs, or turn turbo off.", ("system.cpu.throttles", "hw.temperature")),
}  # fmt: skip


class Noise:
    """Neighbours, quota, steal, memory, caches, disks, frequency, heat, power source; and the run's own GC and scheduling."""

    name: ClassVar[str] = "noise"
    summary: ClassVar[str] = "What disturbed this run"
    needs: ClassVar[tuple[str, ...]] = ("series", "points")

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """A finding for each cause, the costliest first; one that says so where none was found; what could not be told."""
        seen = rises(capture)
        run = counters(capture, seen)
        if len(run) <= 2:
            return []
        causes = noise.causes(run)
        untold = noise.missing(run)
        out = [self._cause(capture, cause, seen, run) for cause in causes]
        if not out:
            out.append(
                Finding(
                    source=self.name,
                    kind="undisturbed",
                    claim="Nothing that was watched disturbed it",
                    method=_METHOD,
                    warnings=tuple(f"cannot be told here: {line}" for line in untold),
                    data={"counters": run, "untold": untold},
                )
            )
        return [*out, *self._power(capture), *self._own_queue(run), *self._pauses(capture, run)]

    def _cause(self, capture: Any, cause: noise.Cause, seen: list[Rise], run: dict[str, float]) -> Finding:
        advice, names = _ADVICE[cause.name]
        result = capture.manifest.result
        bounds = cause.interval
        shares = Interval(bounds.low / run["wall_s"], bounds.high / run["wall_s"], 1.0) if bounds else None
        claim = f"{cause.name.capitalize()}: {cause.because}"
        if cause.share and shares:
            between = f"({units.show_ratio(shares.low)} to {units.show_ratio(shares.high)})"
            certain = units.show_ratio(shares.low) == units.show_ratio(shares.high)
            claim = (
                f"{cause.name.capitalize()} cost it {units.show_seconds(cause.cost_s)}, {units.show_ratio(cause.share)} of its time"
                f"{'' if certain else ' ' + between}: {cause.because}"
            )
        return Finding(
            source=self.name,
            kind=cause.name.replace(" ", "-"),
            claim=claim,
            estimate=Estimate(cause.share, "1", shares, method=_METHOD) if shares else None,
            method=_METHOD,
            confidence=Confidence.HIGH,
            evidence=tuple(
                Evidence(
                    "points", result.t_start_ns, result.t_end_ns,
                    f"SELECT t_ns, value FROM points WHERE series_id = {one.series_id} ORDER BY t_ns",
                )
                for one in seen if one.name in names and one.rise > 0
            )[:4],
            advice=advice,
            tried="Not tried.",
            severity="warning" if cause.share >= _MUCH else "note",
            data={"cause": cause.name, "cost_s": cause.cost_s, "share_ratio": cause.share, "counters": run},
        )  # fmt: skip

    def _power(self, capture: Any) -> list[Finding]:
        if capture.manifest.machine.power_source != "battery":
            return []
        return [
            Finding(
                source=self.name, kind="on-battery", severity="warning",
                claim="It ran on battery, where a laptop lowers its clock as it likes",
                method="/sys/class/power_supply before the run", advice="Plug it in and measure again.", tried="Not tried.",
            )
        ]  # fmt: skip

    def _own_queue(self, run: dict[str, float]) -> list[Finding]:
        """Threads of the command that waited for each other's processors: no disturbance, but chance decides who goes first."""
        held_back = (
            run.get("throttled_s", 0.0) > _PHASES * run["wall_s"]
        )  # a run queue cannot tell that from waiting
        if "run_delay_s" not in run or "starved_s" not in run or held_back:
            return []
        own_s = run["run_delay_s"] - run["starved_s"] * run["cpus"]
        share = own_s / (run["wall_s"] * run["cpus"])
        if share < _PHASES:
            return []
        return [
            Finding(
                source=self.name, kind="own-queue",
                claim=f"Its own threads waited {units.show_seconds(own_s)} for each other's processors",
                estimate=Estimate(share, "1", method="run-queue wait of all threads less what others caused, of all processors' time"),
                method="taskstats' run delay less PSI cpu full of its cgroup", confidence=Confidence.MEDIUM, severity="info",
                data={"own_queue_s": own_s, "share_ratio": share},
            )
        ]  # fmt: skip

    def _pauses(self, capture: Any, run: dict[str, float]) -> list[Finding]:
        """Stop-the-world pauses: whether a cycle falls into a short benchmark or not is chance."""
        pauses = [(start, end, pid) for start, end, _, name, pid, _ in spans(capture, "gc")
                  if any(word in name.lower() for word in PAUSES)]  # fmt: skip
        paused = busy_s([(start, end) for start, end, _ in pauses])
        share = paused / run["wall_s"]
        longest = max(((end - start) * 1e-9 for start, end, _ in pauses), default=0.0)
        if number(share) is None or share < _PHASES:
            return []
        return [
            Finding(
                source=self.name, kind="gc-pauses",
                claim=f"Garbage collection stopped it for {units.show_seconds(paused)}, {units.show_ratio(min(share, 1.0))} of its time",
                estimate=Estimate(min(share, 1.0), "1", n=len(pauses), method="sum of the stop-the-world phases that the runtime reported"),
                evidence=(Evidence("spans", min(one[0] for one in pauses), max(one[1] for one in pauses),
                                   "SELECT t_start_ns, t_end_ns, name, pid FROM spans WHERE layer = 'gc' ORDER BY t_start_ns"),),
                advice="Give it more memory (GOGC, GOMEMLIMIT), or measure longer, so that runs have as many cycles.", tried="Not tried.",
                severity="note", data={"paused_s": paused, "longest_s": longest, "pauses": len(pauses)},
            )
        ]  # fmt: skip
