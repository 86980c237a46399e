"""Which tests and packages take the time, and are there figures for single tests at all?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.builds.schedule import METHOD, build_of, worked_s
from godyno.diagnose.builds.tests_read import Test, binaries, tests_of
from godyno.diagnose.processes import spans
from godyno.model import Confidence, Estimate, Evidence, Finding

_SQL = (
    "SELECT track AS package, name, TRY_CAST(args->>'running_s' AS DOUBLE) AS running_s FROM spans "
    "WHERE layer = 'test' AND json_valid(args) ORDER BY 3 DESC NULLS LAST LIMIT 20"
)


class SlowTests:
    """The slowest tests, and the packages that the run waited for."""

    name: ClassVar[str] = "slow_tests"
    summary: ClassVar[str] = "The slowest tests"
    needs: ClassVar[tuple[str, ...]] = ("spans",)
    ranked: ClassVar[bool] = True

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding of tests, one of packages; where the output names no tests, what would make it."""
        # Plain go test prints its output at the end, and of that only what failed: without a time of its own a test says nothing here.
        tests = [one for one in tests_of(capture) if one.t_end_ns > one.t_start_ns]
        build = build_of(capture)
        out = []
        if tests:
            slow = sorted(tests, key=lambda one: -one.running_s)
            total = sum(one.running_s for one in tests)
            first = slow[0]
            ten = sum(one.running_s for one in slow[:10])
            rest = (
                f"; the ten slowest of {len(tests):,} are {units.show_ratio(ten / total)}"
                if len(tests) > 10 and total
                else ""
            )
            out.append(
                Finding(
                    source=self.name,
                    kind="slow-tests",
                    claim=f"The slowest test is {first.name} of {first.package or 'its package'}: {units.show_seconds(first.running_s)} "
                    f"of {units.show_seconds(total)} that all tests ran{rest}",
                    estimate=Estimate(first.running_s, "s"),
                    method="from run to its end, without the time for which it was paused",
                    evidence=(Evidence("spans", first.t_start_ns, first.t_end_ns, _SQL),),
                    data={
                        "columns": [
                            ["test", "text"],
                            ["package", "text"],
                            ["ran", "s"],
                            ["paused", "s"],
                            ["outcome", "text"],
                        ],
                        "rows": [
                            [one.name, one.package, one.running_s, one.paused_s, one.outcome]
                            for one in slow[:50]
                        ],
                    },
                )
            )
        out += _starting(capture, tests)
        if build is None or build.command.subcommand != "test":
            return out
        runs = sorted(
            (one for one in build.actions.values() if one.mode == "test run"), key=lambda one: -worked_s(one)
        )
        told = any(name != track for _, _, track, name, _, _ in spans(capture, "test"))
        if runs and worked_s(runs[0]) > 0.05:
            others = [worked_s(one) for one in runs[1:]]
            # A package is worth cutting down to the next one: below that, that one is waited for.
            level = max(others, default=0.0)
            saves = build.saves_s(lambda one: level if one is runs[0] else None)
            gain = (
                f"; were they as fast as the next one's, it would be {units.show_seconds(saves)} shorter"
                if others and saves > 0.01 * build.wall_s
                else ""
            )
            out.append(
                Finding(
                    source=self.name,
                    kind="slow-package",
                    claim=f"The slowest package is {runs[0].name}: its tests took {units.show_seconds(worked_s(runs[0]))} of "
                    f"{units.show_seconds(build.wall_s)}{gain}",
                    estimate=Estimate(worked_s(runs[0]), "s", n=len(runs)),
                    method=METHOD,
                    assumption="the other packages' tests would last as long as they did",
                    confidence=Confidence.HIGH,
                    evidence=(Evidence("spans", runs[0].t_start_ns, runs[0].t_end_ns),),
                    advice=""
                    if told
                    else "Record `go test -json …` or `-v` to see single tests: the output of plain go test has only packages.",
                    tried="" if told else "Not tried.",
                    data={
                        "columns": [["package", "text"], ["tests", "s"]],
                        "rows": [[one.name, worked_s(one)] for one in runs[:20]],
                        **({"at_most_s": saves} if told else {}),
                    },
                )
            )
        return out


def _starting(capture: Any, tests: Sequence[Test]) -> Sequence[Finding]:
    """Where test binaries took long before their first test: package inits and TestMain."""
    rows: list[tuple[str, float, float]] = []
    for binary in binaries(capture, tests):
        if binary.process is not None:
            before = (min(one.t_start_ns for one in binary.tests) - binary.process.t_start_ns) * 1e-9
            after = (binary.process.t_end_ns - max(one.t_end_ns for one in binary.tests)) * 1e-9
            if before + after > 0.25 and before + after > 0.2 * binary.process.wall_s:
                rows.append((binary.package, before, after))
    if not rows:
        return []
    rows.sort(key=lambda row: -(row[1] + row[2]))
    name, before, after = rows[0]
    return [
        Finding(
            source=SlowTests.name,
            kind="test-start",
            claim=f"The test program of {name} took {units.show_seconds(before)} before its first test and "
            f"{units.show_seconds(after)} after its last",
            estimate=Estimate(before + after, "s", n=len(rows)),
            method="from the process's start to the first test's, and from the last one's end to its own",
            evidence=(Evidence("spans", sql=_SQL),),
            advice="Look at TestMain and at package-level variables (GODEBUG=inittrace=1); -race alone waits a second at its end "
            "(GORACE=atexit_sleep_ms=0).",
            tried="Not tried.",
            data={
                "columns": [["package", "text"], ["before", "s"], ["after", "s"]],
                "rows": [list(row) for row in rows[:12]],
                "at_most_s": before + after,
            },
        )
    ]
