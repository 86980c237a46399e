"""Did it have to wait for the machine: pressure, throttling, steal, swap, waiting for disks?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.processes import arguments
from godyno.model import Estimate, Evidence, Finding


@dataclass(frozen=True, slots=True)
class Increase:
    """How much a cumulative series rose between its first and its last point."""

    series_id: int
    name: str
    labels: dict[str, Any]
    rise: float
    t_start_ns: int
    t_end_ns: int

    @property
    def share(self) -> float:
        """The rise over the time it took."""
        span = (self.t_end_ns - self.t_start_ns) * 1e-9
        return self.rise / span if span > 0 else 0.0


# What is worth a word, and what a warning, as a share of the time.
_PRESSURE = {
    "cpu": (0.10, 0.50, "tasks were ready and waited for a processor",
            "Give it more processors, or run less at once (-p, -parallel, GOMAXPROCS)."),
    "memory": (0.02, 0.10, "tasks waited for memory to be reclaimed", "Give it more memory, or lower -p, GOGC or GOMEMLIMIT."),
    "io": (0.05, 0.30, "tasks waited for disks", "Put GOCACHE and GOTMPDIR on a faster disk or on tmpfs."),
}  # fmt: skip


class Pressure:
    """Waiting for the machine: PSI, throttling, steal, swap, iowait."""

    name: ClassVar[str] = "pressure"
    summary: ClassVar[str] = "Waiting for the machine"
    needs: ClassVar[tuple[str, ...]] = ("series", "points")

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """A finding for each resource that was waited for, the heaviest first; one that says so where none was."""
        rises = increases(capture)
        found = [
            *self._psi(rises),
            *self._throttled(capture, rises),
            *self._cpu_modes(rises),
            *self._swap(capture, rises),
        ]
        if found or not rises:
            return sorted(found, key=lambda one: one.severity != "warning")
        watched = sorted({rise.name for rise in rises})
        return [
            Finding(
                source=self.name,
                kind="no-pressure",
                claim="It hardly waited for the machine: no pressure, throttling, steal or swapping worth a word",
                method=f"from {', '.join(watched)}",
                data={"series": watched},
            )
        ]

    def _psi(self, rises: list[Increase]) -> list[Finding]:
        out = []
        for rise in rises:
            resource = rise.name.rpartition(".")[2]
            own = rise.name.startswith("cgroup.")
            if (
                ".pressure." not in f".{rise.name}."
                or "full" in rise.labels.values()
                or resource not in _PRESSURE
            ):
                continue
            least, much, meaning, advice = _PRESSURE[resource]
            if rise.share < least:
                continue
            where = "in its cgroup" if own else "on the machine"
            out.append(
                self._finding(
                    rise, f"{resource}-pressure", f"For {units.show_ratio(rise.share)} of the time {meaning} ({where}, PSI some)",
                    rise.share >= much, advice,
                    "pressure stall information of its cgroup" if own else "pressure stall information of the machine, neighbours included",
                )
            )  # fmt: skip
        return out

    def _throttled(self, capture: Any, rises: list[Increase]) -> list[Finding]:
        out = []
        for rise in rises:
            if not rise.name.endswith("throttled_time") or rise.rise <= 0 or rise.share < 0.001:
                continue
            quota = capture.manifest.cpu_quota
            limit = f" under a quota of {quota:.3g} CPU" if quota else ""
            out.append(
                self._finding(
                    rise, "throttled",
                    f"The cgroup was throttled for {units.show_seconds(rise.rise)}, {units.show_ratio(rise.share)} of the time{limit}",
                    rise.share >= 0.05, "Raise the CPU quota, or set GOMAXPROCS to the quota.", "the cgroup's cpu.stat",
                )
            )  # fmt: skip
        return out

    def _cpu_modes(self, rises: list[Increase]) -> list[Finding]:
        out = []
        modes = [rise for rise in rises if rise.name == "system.cpu.time" and "cpu" not in rise.labels]
        total = sum(rise.rise for rise in modes)
        if total <= 0:
            return []
        texts = {
            "steal": (0.01, 0.05, "of the machine's CPU time went to other guests of its host (steal)",
                      "Measure when the host is quieter, or on another host."),
            "iowait": (0.05, 0.25, "of the machine's CPU time was idle while a disk was waited for (iowait)",
                       "Put GOCACHE and GOTMPDIR on a faster disk or on tmpfs."),
        }  # fmt: skip
        for mode, (least, much, meaning, advice) in texts.items():
            of_mode = [rise for rise in modes if rise.labels.get("mode", rise.labels.get("state")) == mode]
            share = sum(rise.rise for rise in of_mode) / total
            if of_mode and share >= least:
                out.append(
                    self._finding(
                        of_mode[0],
                        mode,
                        f"{units.show_ratio(share)} {meaning}",
                        share >= much,
                        advice,
                        "/proc/stat",
                        share,
                    )
                )
        return out

    def _swap(self, capture: Any, rises: list[Increase]) -> list[Finding]:
        out = []
        for rise in rises:
            if "swap" in rise.name and rise.name.startswith("system.paging") and rise.rise > 0:
                claim = f"Pages were swapped {rise.labels.get('direction', '')} {units.show_count(rise.rise)} times".replace(
                    "  ", " "
                )
                out.append(
                    self._finding(
                        rise,
                        "swapping",
                        claim,
                        True,
                        "Give it more memory: a machine that swaps measures its disk.",
                        "/proc/vmstat",
                    )
                )
        return out

    def _finding(
        self,
        rise: Increase,
        kind: str,
        claim: str,
        much: bool,
        advice: str,
        method: str,
        share: float | None = None,
    ) -> Finding:
        return Finding(
            source=self.name,
            kind=kind,
            claim=claim,
            estimate=Estimate(rise.share if share is None else share, "1"),
            method=method,
            evidence=(
                Evidence(
                    "points", rise.t_start_ns, rise.t_end_ns,
                    f"SELECT t_ns, value FROM points WHERE series_id = {rise.series_id} ORDER BY t_ns",
                ),
            ),
            advice=advice,
            tried="Not tried.",
            severity="warning" if much else "note",
            data={"rise": rise.rise, "share_ratio": rise.share, "series": rise.name, "labels": rise.labels},
        )  # fmt: skip


def increases(capture: Any) -> list[Increase]:
    """The rise of each cumulative series that tells of waiting, within the command's run where that is known."""
    result = capture.manifest.result
    start, end = (result.t_start_ns, result.t_end_ns) if result else (-(2**63), 2**63 - 1)
    # The points just outside the run bound it too; a counter that was read once in it has no rise.
    table = capture.sql(
        "SELECT s.series_id, s.name, s.labels, arg_min(p.value, p.t_ns) AS v0, arg_max(p.value, p.t_ns) AS v1, "
        "min(p.t_ns) AS t0, max(p.t_ns) AS t1 FROM series s JOIN points p USING (series_id) "
        "WHERE (s.name LIKE '%pressure.%' OR s.name LIKE '%throttled_time' OR s.name = 'system.cpu.time' "
        "OR s.name LIKE 'system.paging%swap%') "
        "AND isfinite(p.value) AND p.t_ns BETWEEN ? AND ? GROUP BY ALL ORDER BY s.series_id",
        [start, end],
    )
    out = []
    for row in table.to_pylist():
        labels = arguments(row["labels"])
        if row["t1"] > row["t0"] and row["v1"] >= row["v0"]:
            out.append(
                Increase(row["series_id"], row["name"], labels, row["v1"] - row["v0"], row["t0"], row["t1"])
            )
    return out
