"""How much memory did it need at most, and how near is that to what there is?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.processes import processes
from godyno.model import Confidence, Estimate, Evidence, Finding

TIGHT = 0.8  # of the limit: above it, one larger package or one more process at once may not fit


class Peak:
    """The tree's peak memory against the limits that hold here."""

    name: ClassVar[str] = "peak"
    summary: ClassVar[str] = "Peak memory against the limits"
    needs: ClassVar[tuple[str, ...]] = ()

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding where the peak is known."""
        peak, machine = capture.manifest.peak, capture.manifest.machine
        if peak is None or peak.value_bytes <= 0:
            return []
        limits = {
            "the machine's memory": machine.memory.total_bytes,
            "the cgroup's limit": machine.cgroup.memory_bytes or 0,
            "the limit that was set for it": capture.manifest.limits.memory_bytes or 0,
        }
        known = {name: value for name, value in limits.items() if value > 0}
        which = min(known, key=lambda name: known[name], default="")
        share = peak.value_bytes / known[which] if which else 0.0
        claim = f"The process tree needed {units.show_bytes(peak.value_bytes)} at its peak"
        if which:
            claim += f", {units.show_ratio(share)} of {which} ({units.show_bytes(known[which])})"
        largest = max(processes(capture), key=lambda one: one.rss_peak_bytes or 0.0, default=None)
        if largest and largest.rss_peak_bytes:
            label = " ".join(filter(None, (largest.kind, largest.package)))
            claim += f"; its largest process, {label}, {units.show_bytes(largest.rss_peak_bytes)}"
        warnings = []
        if not peak.exact:
            warnings.append("The true peak may be higher: this figure misses what lies between two looks.")
        elif largest and (largest.rss_peak_bytes or 0.0) > peak.value_bytes:
            warnings.append(
                "One process held more than the group was charged with: pages of files that were in memory before, "
                "programs above all, are charged to whoever read them first."
            )
        return [
            Finding(
                source=self.name,
                kind="peak-memory",
                claim=claim,
                estimate=Estimate(float(peak.value_bytes), "By", method=peak.source),
                method=f"{peak.source}, which counts {peak.covers}",
                confidence=Confidence.MEASURED if peak.exact else Confidence.MEDIUM,
                evidence=(
                    Evidence(
                        "spans",
                        sql="SELECT name, pid, TRY_CAST(args->>'rss_peak_bytes' AS BIGINT) AS rss_peak_bytes FROM spans "
                        "WHERE layer = 'process' AND json_valid(args) ORDER BY 3 DESC NULLS LAST LIMIT 20",
                    ),
                ),
                advice="Run fewer commands at once (GOFLAGS=-p=1) or set GOMEMLIMIT for the toolchain."
                if share > TIGHT
                else "",
                tried="Not tried." if share > TIGHT else "",
                warnings=tuple(warnings),
                severity="warning" if share > TIGHT else "info",
                data={
                    "peak_bytes": peak.value_bytes,
                    "limit_bytes": known.get(which),
                    "share_ratio": share if which else None,
                },
            )
        ]
