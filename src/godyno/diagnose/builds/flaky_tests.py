"""Which tests passed and failed in the same capture, without a change in between?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno.diagnose.builds.tests_read import Test, tests_of
from godyno.model import Confidence, Estimate, Evidence, Finding
from godyno.stats.share import share_interval


class FlakyTests:
    """Tests that ran several times (-count=N) with both outcomes."""

    name: ClassVar[str] = "flaky_tests"
    summary: ClassVar[str] = "Flaky tests"
    needs: ClassVar[tuple[str, ...]] = ("spans",)

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding with a row for each, the one that failed most often first."""
        runs: dict[tuple[str, str], list[Test]] = {}
        for one in tests_of(capture, subtests=True):
            if one.outcome in ("pass", "fail"):
                runs.setdefault((one.package, one.name), []).append(one)
        rows = []
        for (package, name), members in runs.items():
            failed = sum(one.outcome == "fail" for one in members)
            if 0 < failed < len(members):
                bounds = share_interval(failed / len(members), len(members))
                rows.append(
                    (
                        name,
                        package,
                        failed,
                        len(members),
                        bounds,
                        next(one for one in members if one.outcome == "fail"),
                    )
                )
        if not rows:
            return []
        # A parent fails with its subtest: the subtest is the one to look at.
        below = {(row[1], row[0].rpartition("/")[0]) for row in rows if "/" in row[0]}
        rows = [row for row in rows if (row[1], row[0]) not in below] or rows
        rows.sort(key=lambda row: -row[2] / row[3])
        name, package, failed, count, bounds, one = rows[0]
        more = f", and {len(rows) - 1} more" if len(rows) > 1 else ""
        return [
            Finding(
                source=self.name,
                kind="flaky-tests",
                claim=f"{name} of {package} failed {failed} of {count} times in the same build{more}: flaky",
                estimate=Estimate(failed / count, "1", bounds, count, "Wilson's interval"),
                method="the same test of the same binary with both outcomes",
                confidence=Confidence.MEASURED,
                evidence=(
                    Evidence(
                        "spans",
                        one.t_start_ns,
                        one.t_end_ns,
                        "SELECT track, name, args->>'outcome' AS outcome, count(*) AS runs FROM spans "
                        "WHERE layer = 'test' AND json_valid(args) GROUP BY ALL ORDER BY 1, 2",
                    ),
                ),
                advice="Run it with -race and -cpu 1,2,8; what differs between a passing and a failing run is in their lines and spans.",
                tried="Not tried.",
                severity="warning",
                data={
                    "columns": [
                        ["test", "text"],
                        ["package", "text"],
                        ["failed", ""],
                        ["of", ""],
                        ["at least", "1"],
                        ["at most", "1"],
                    ],
                    "rows": [[row[0], row[1], row[2], row[3], row[4].low, row[4].high] for row in rows[:50]],
                },
            )
        ]
