"""What did asking a program for its own profiles cost it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.processes import number
from godyno.model import Confidence, Estimate, Evidence, Finding

_MUCH = 0.05  # of the program's CPU time


class Scraping:
    """The program's CPU time and garbage that scraping made, by its own profiles."""

    name: ClassVar[str] = "scraping"
    summary: ClassVar[str] = "What being scraped cost the program"
    needs: ClassVar[tuple[str, ...]] = ()

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding where a program was scraped."""
        entry = capture.manifest.probe("scrape")
        cost = entry.notes.get("cost") if entry else None
        if not isinstance(cost, dict):
            return []
        cpu_s, cpu_share, made, made_share, sent = (
            number(cost.get(key))
            for key in ("cpu_s", "cpu_share", "allocated_bytes", "allocated_share", "bytes")
        )
        parts = []
        if cpu_s is not None and cpu_share is not None:
            parts.append(f"{units.show_seconds(cpu_s)} of CPU time, {units.show_ratio(cpu_share)} of its own")
        if made is not None and made_share is not None:
            parts.append(
                f"{units.show_bytes(made)} of garbage, {units.show_ratio(made_share)} of what it allocated"
            )
        if not parts:
            return []
        much = (cpu_share or 0.0) > _MUCH
        return [
            Finding(
                source=self.name,
                kind="scraping-cost",
                claim=f"Being scraped took the program {' and '.join(parts)}; {units.show_bytes(sent or 0.0)} came",
                estimate=Estimate(cpu_share, "1", method="share of CPU samples") if cpu_share is not None else None,
                method="its own CPU and allocation profiles: stacks in net/http/pprof, runtime/pprof, runtime/trace",
                assumption="what the runtime does for a trace inside of other functions is not seen, so this is a lower bound",
                confidence=Confidence.MEDIUM,
                evidence=(
                    Evidence(
                        "stacks",
                        sql="SELECT layer, sum(weight) FROM stacks WHERE stack_id IN (SELECT stack_id FROM frames WHERE "
                        "regexp_matches(\"function\", '^(net/http/pprof|runtime/pprof|runtime/trace)\\.')) GROUP BY 1",
                    ),
                ),
                advice="Ask for less (--profiles cpu,heap) or more rarely (--every 60s)." if much else "",
                tried="Not tried." if much else "",
                severity="note" if much else "info",
                data={key: value for key, value in cost.items() if number(value) is not None},
            )
        ]  # fmt: skip
