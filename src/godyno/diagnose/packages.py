"""Which packages cost most: time to build or to test, and memory?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.processes import CPU_SQL, PACKAGE_SQL, number, processes, spans
from godyno.model import Estimate, Evidence, Finding


@dataclass
class _Cost:
    cpu_s: float = 0.0
    wall_s: float = 0.0
    rss_peak_bytes: float | None = None
    processes: int = 0


class Packages:
    """Top packages by time and by memory."""

    name: ClassVar[str] = "packages"
    summary: ClassVar[str] = "The packages that cost most"
    needs: ClassVar[tuple[str, ...]] = ("spans",)

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """Up to two findings: by CPU time and by the largest process; from processes, else from the action graph."""
        costs = _from_processes(capture) or _from_actions(capture)
        if not costs:
            return []
        out = []
        total = sum(cost.cpu_s for cost in costs.values())
        timed = sorted(costs.items(), key=lambda item: item[1].cpu_s, reverse=True)
        if total > 0:
            name, first = timed[0]
            out.append(
                Finding(
                    source=self.name,
                    kind="packages-by-time",
                    claim=f"Of {len(costs):,} packages {name} took the most CPU time: {units.show_seconds(first.cpu_s)}, "
                    f"{units.show_ratio(first.cpu_s / total)} of all",
                    estimate=Estimate(first.cpu_s, "s"),
                    evidence=(
                        Evidence(
                            "spans",
                            sql=_sql(f"sum({CPU_SQL})", "cpu_s"),
                        ),
                    ),
                    data={
                        "columns": [
                            ["package", "text"],
                            ["CPU", "s"],
                            ["of all", "1"],
                            ["lasted", "s"],
                            ["largest process", "By"],
                        ],
                        "rows": [
                            [k, c.cpu_s, c.cpu_s / total, c.wall_s, c.rss_peak_bytes] for k, c in timed[:50]
                        ],
                    },
                )
            )
        sized = sorted(
            ((name, cost) for name, cost in costs.items() if cost.rss_peak_bytes),
            key=lambda item: item[1].rss_peak_bytes or 0.0,
            reverse=True,
        )
        if sized:
            name, first = sized[0]
            out.append(
                Finding(
                    source=self.name,
                    kind="packages-by-memory",
                    claim=f"{name} needed the largest process: {units.show_bytes(first.rss_peak_bytes or 0.0)}",
                    estimate=Estimate(first.rss_peak_bytes or 0.0, "By"),
                    evidence=(
                        Evidence(
                            "spans",
                            sql=_sql("max(TRY_CAST(args->>'rss_peak_bytes' AS BIGINT))", "rss_peak_bytes"),
                        ),
                    ),
                    data={
                        "columns": [["package", "text"], ["largest process", "By"], ["CPU", "s"]],
                        "rows": [[k, c.rss_peak_bytes, c.cpu_s or None] for k, c in sized[:50]],
                    },
                )
            )
        return out


def _sql(figure: str, name: str) -> str:
    return (
        f"SELECT {PACKAGE_SQL} AS package, {figure} AS {name} FROM spans WHERE layer = 'process' AND json_valid(args) "
        "GROUP BY 1 HAVING package <> '' ORDER BY 2 DESC NULLS LAST LIMIT 20"
    )


def _from_processes(capture: Any) -> dict[str, _Cost]:
    costs: dict[str, _Cost] = {}
    for one in processes(capture):
        if not one.package:
            continue
        cost = costs.setdefault(one.package, _Cost())
        cost.processes += 1
        cost.cpu_s += one.cpu_s or 0.0
        cost.wall_s += one.wall_s
        if one.rss_peak_bytes is not None:
            cost.rss_peak_bytes = max(cost.rss_peak_bytes or 0.0, one.rss_peak_bytes)
    return costs


def _from_actions(capture: Any) -> dict[str, _Cost]:
    costs: dict[str, _Cost] = {}
    for start, end, _, name, _, args in spans(capture, "action"):
        user, system = number(args.get("cmd_user_s")), number(args.get("cmd_sys_s"))
        if not name or (user is None and system is None):
            continue  # nothing ran for it: cached
        cost = costs.setdefault(name, _Cost())
        cost.cpu_s += (user or 0.0) + (system or 0.0)
        cost.wall_s += (end - start) * 1e-9
    return costs
