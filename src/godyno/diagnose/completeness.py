"""What does this capture not show: what was lost, missed or not observed, and what would have made it visible?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.capture.manifest import ProbeEntry
from godyno.model import Evidence, Finding
from godyno.prose import paste

GAP = 5  # sampling periods without a sample that are worth a word


class Completeness:
    """What was lost, missed or not observed."""

    name: ClassVar[str] = "completeness"
    summary: ClassVar[str] = "What this capture does not show"
    needs: ClassVar[tuple[str, ...]] = ()

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """A finding for what was lost, one for layers that were not observed, one for pauses in sampling."""
        manifest = capture.manifest
        out = []
        lost = {kind: count for kind, count in manifest.lost.items() if count}
        if lost:
            listed = ", ".join(f"{count:,} {kind}" for kind, count in sorted(lost.items()))
            out.append(
                Finding(
                    source=self.name,
                    kind="lost",
                    claim=f"Not everything could be kept: {listed}",
                    severity="warning",
                    data={"lost": lost},
                )
            )
        absent = [probe for probe in manifest.probes if not probe.availability.available]
        if absent:
            out.append(
                Finding(
                    source=self.name,
                    kind="not-observed",
                    claim=f"{len(absent)} of {len(manifest.probes)} layers were not observed: {', '.join(probe.name for probe in absent)}",
                    advice=_enabling(absent),
                    tried="Not tried." if any(probe.availability.remedy for probe in absent) else "",
                    severity="note",
                    data={
                        "columns": [["layer", "text"], ["why not", "text"]],
                        "rows": [[probe.name, probe.availability.reason or "not said"] for probe in absent],
                    },
                )
            )
        if manifest.recovered:
            out.append(
                Finding(
                    source=self.name,
                    kind="recovered",
                    claim="The recorder was killed; this capture was sealed from its journals and ends where they end",
                    severity="warning",
                )
            )
        out.extend(self._gaps(capture))
        return out

    def _gaps(self, capture: Any) -> list[Finding]:
        hz = capture.manifest.hz
        if not hz > 0:
            return []
        sql = (
            "SELECT max(gap_ns) AS longest, count(*) FILTER (gap_ns > ?) AS gaps, arg_max(t_ns, gap_ns) AS until FROM ("
            "SELECT t_ns, t_ns - lag(t_ns) OVER (PARTITION BY series_id ORDER BY t_ns) AS gap_ns FROM points "
            "WHERE series_id = (SELECT min(series_id) FROM series WHERE name = 'system.cpu.time'))"
        )
        row = capture.sql(sql, [round(GAP * 1e9 / hz)]).to_pylist()[0]
        if not row["gaps"]:
            return []
        longest = row["longest"] * 1e-9
        return [
            Finding(
                source=self.name,
                kind="sampling-gaps",
                claim=f"Sampling paused {'once' if row['gaps'] == 1 else str(row['gaps']) + ' times'} "
                f"for more than {GAP} periods, {units.show_seconds(longest)} at the longest; "
                "nothing sampled shows what happened then",
                evidence=(Evidence("points", row["until"] - row["longest"], row["until"]),),
                severity="note" if longest < 5 else "warning",
                data={"longest_s": longest, "gaps": row["gaps"]},
            )
        ]


def _enabling(absent: Sequence[ProbeEntry]) -> str:
    """Each remedy once, on a line of its own to be copied, below the layers that it would enable."""
    of: dict[str, list[str]] = {}
    for probe in absent:
        if probe.availability.remedy:
            of.setdefault(probe.availability.remedy, []).append(probe.name)
    return "\n".join(
        f"What would enable {', '.join(names)}:{paste(*remedy.split(chr(10)))}"
        for remedy, names in of.items()
    )
