"""Was garbage collection held up by a CPU quota: throttled time laid over pauses and collections?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.gc import PAUSES
from godyno.diagnose.processes import number, spans
from godyno.model import Confidence, Estimate, Evidence, Finding

_LEAST_SHARE = 0.001
_PERIOD_S = 0.1  # the kernel's and every container engine's default
_PAUSE_S = (
    0.005  # a pause longer than this is worth a word: without throttling they are well below a millisecond
)


@dataclass(frozen=True, slots=True)
class Window:
    """Between two looks at the group's counter: how much throttled time was added, summed over processors."""

    t_start_ns: int
    t_end_ns: int
    throttled_s: float


class Quota:
    """Throttling over collections, and gctrace's own sign of it."""

    name: ClassVar[str] = "quota"
    summary: ClassVar[str] = "CPU quota and garbage collection"
    needs: ClassVar[tuple[str, ...]] = ("spans",)

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """What of pauses lies in throttled time; collections that used more CPU than the quota gave. Nothing without either."""
        quota = capture.manifest.cpu_quota
        windows = throttled_windows(capture)
        return [*self._pauses(capture, windows, quota), *self._impossible(capture, quota)]

    def _pauses(self, capture: Any, windows: Sequence[Window], quota: float | None) -> Sequence[Finding]:
        pauses = _pauses(capture)
        if not pauses or not any(window.throttled_s > 0 for window in windows):
            return []
        throttled = [
            (start, end)
            for start, end in pauses
            if any(
                window.throttled_s > 0 and window.t_start_ns < end and start < window.t_end_ns
                for window in windows
            )
        ]
        rest = [pause for pause in pauses if pause not in set(throttled)]
        long = [pause for pause in throttled if _seconds(pause) >= _PAUSE_S]
        total = sum(map(_seconds, throttled))
        if not long:
            return []
        longest, calm = max(map(_seconds, throttled)), max(map(_seconds, rest), default=None)
        versus = (
            f"; the longest of the other {len(rest)} is {units.show_seconds(calm)}"
            if calm is not None
            else ""
        )
        limit = f" (quota {quota:.3g} CPU)" if quota else ""
        return [
            Finding(
                source=self.name, kind="throttled-pauses",
                claim=f"{len(throttled)} of {len(pauses)} pauses met throttling{limit}, the longest {units.show_seconds(longest)}{versus}",
                estimate=Estimate(longest, "s", n=len(throttled)),
                method="pauses that overlap a window in which the group's throttled time rose",
                assumption="a window is as long as the recording's looks at cpu.stat, so a pause may lie beside the throttling in it",
                confidence=Confidence.MEDIUM,
                evidence=(Evidence("spans", min(long)[0], max(end for _, end in long)),),
                advice="Set GOMAXPROCS to the quota, rounded up (Go 1.25 and newer never go below 2), or ask for a larger quota.",
                tried="Not tried here: `godyno study quota` tries each.", severity="warning",
                data={"pauses": len(pauses), "throttled_pauses": len(throttled), "throttled_pause_s": total, "longest_s": longest},
            )
        ]  # fmt: skip

    def _impossible(self, capture: Any, quota: float | None) -> Sequence[Finding]:
        cpus = quota or float(capture.manifest.machine.cpu.allowed or 0)
        if cpus <= 0:
            return []
        odd, count = [], 0
        for start, end, _, name, _, args in spans(capture, "gc"):
            said = [number(args.get(key)) for key in ("assist_cpu_s", "background_cpu_s", "pause_s")]
            procs = number(args.get("procs"))
            if (
                not name.startswith("GC ")
                or procs is None
                or said[0] is None
                or said[1] is None
                or said[2] is None
            ):
                continue
            count += 1
            # gctrace books a pause on every P; idle marking is not in it.
            if said[0] + said[1] + said[2] * procs > cpus * ((end - start) * 1e-9 + _PERIOD_S):
                odd.append((start, end))
        if not odd:
            return []
        return [
            Finding(
                source=self.name, kind="impossible-cpu",
                claim=f"{len(odd)} of {count} collections name more CPU than {cpus:.3g} processors can have given: they were not running",
                estimate=Estimate(len(odd) / count, "1", n=count),
                method="gctrace's cpu is phases times processors; against quota × (the collection's length + a period of 100 ms)",
                confidence=Confidence.HIGH, evidence=(Evidence("spans", odd[0][0], odd[-1][1]),),
                advice="Look for a CPU quota (`godyno quota PID`) or for busy neighbours.", tried="Not tried.", severity="note",
                data={"collections": count, "impossible": len(odd), "cpus": cpus},
            )
        ]  # fmt: skip


def _seconds(pause: tuple[int, int]) -> float:
    return (pause[1] - pause[0]) * 1e-9


def _pauses(capture: Any) -> list[tuple[int, int]]:
    """Stops of the world of collections: from the execution trace where there is one, else from gctrace."""
    traced = [(start, end) for start, end, _, name, _, _ in spans(capture, "stw") if "GC" in name]
    if traced:
        return traced
    return [
        (start, end)
        for start, end, _, name, _, _ in spans(capture, "gc")
        if any(word in name.lower() for word in PAUSES)
    ]


def throttled_windows(capture: Any) -> list[Window]:
    """The looks at the group's throttled time, as windows between two of them; none where it was not looked at."""
    table = capture.sql(
        "SELECT p.t_ns, p.value FROM series s JOIN points p USING (series_id) "
        "WHERE s.name LIKE 'cgroup%throttled_time' AND isfinite(p.value) ORDER BY s.series_id, p.t_ns"
    ).to_pylist()
    return [
        Window(old["t_ns"], new["t_ns"], max(0.0, new["value"] - old["value"]))
        for old, new in pairwise(table)
        if new["t_ns"] > old["t_ns"]
    ]
