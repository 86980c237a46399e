"""Why did tests run again whose result could have been cached?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.builds.schedule import ASSUMPTION, METHOD, Build, build_of, worked_s
from godyno.diagnose.critical_path import Action
from godyno.diagnose.processes import arguments, processes
from godyno.model import Confidence, Estimate, Evidence, Finding

# cmd/go/internal/test/test.go, tryCacheWithID: with any other flag of the test binary go does not look for a cached result.
_CACHEABLE = frozenset(
    [
        "benchtime",
        "cover",
        "covermode",
        "coverpkg",
        "coverprofile",
        "cpu",
        "list",
        "outputdir",
        "parallel",
        "run",
        "short",
        "skip",
        "timeout",
        "failfast",
        "v",
        "fullpath",
        "vet",
        "json",
    ]
)
_TEST_FLAGS = frozenset(
    [
        "bench",
        "benchmem",
        "blockprofile",
        "blockprofilerate",
        "count",
        "cpuprofile",
        "fuzz",
        "fuzztime",
        "memprofile",
        "memprofilerate",
        "mutexprofile",
        "shuffle",
        "trace",
    ]
)


class TestResults:
    """Test runs by the reason for which no cached result was used."""

    __test__ = False  # not one of pytest's
    name: ClassVar[str] = "test_results"
    summary: ClassVar[str] = "Why tests ran again"
    needs: ClassVar[tuple[str, ...]] = ("spans",)
    ranked: ClassVar[bool] = True

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """A finding for each reason, the one that cost most first; nothing where all results were cached."""
        build = build_of(capture)
        if build is None or build.command.subcommand != "test" or "c" in build.command.flags:
            return []
        ran = _ran(capture, build)
        if not ran:
            return []
        reasons: dict[tuple[str, str], list[Action]] = {}
        for one, reason in _reasons(capture, build, ran):
            reasons.setdefault(reason, []).append(one)
        return sorted(
            (self._finding(build, *reason, members) for reason, members in reasons.items()),
            key=lambda one: -float(one.data["saves_s"]),
        )

    def _finding(self, build: Build, why: str, advice: str, members: list[Action]) -> Finding:
        ids = {id(one) for one in members}
        took = sum(map(worked_s, members))
        saves = build.saves_s(lambda one: 0.0 if id(one) in ids else None)
        count = (
            f"The tests of {len(members):,} packages"
            if len(members) > 1
            else f"The tests of {members[0].name}"
        )
        members.sort(key=worked_s, reverse=True)
        return Finding(
            source=self.name,
            kind="tests-ran",
            claim=f"{count} ran ({units.show_seconds(took)}) {why}",
            estimate=Estimate(saves, "s", n=len(members)),
            method=f"go's own words about cached results, or its rules; {METHOD}",
            assumption=ASSUMPTION,
            confidence=Confidence.HIGH,
            evidence=(
                Evidence(
                    "events",
                    sql="SELECT track, name, args FROM events WHERE layer = 'cache' AND track IN ('test', 'test input', "
                    "'said', 'disabled')",
                ),
            ),
            advice=advice,
            tried="Not tried." if advice else "",
            data={
                "columns": [["package", "text"], ["tests", "s"]],
                "rows": [[one.name, worked_s(one)] for one in members[:12]],
                "saves_s": saves,
                "why": why,
            },
        )


def _ran(capture: Any, build: Build) -> list[Action]:
    """The test runs for which a process was started; without processes, those that lasted."""
    runs = [one for one in build.actions.values() if one.mode == "test run"]
    lives = [(one.t_start_ns, one.t_end_ns) for one in processes(capture) if one.kind == "test"]
    if not lives:
        return [one for one in runs if worked_s(one) > 0.01]
    slack = 5_000_000
    return [
        one
        for one in runs
        if any(start >= one.t_start_ns - slack and end <= one.t_end_ns + slack for start, end in lives)
    ]


def _reasons(capture: Any, build: Build, ran: Sequence[Action]) -> list[tuple[Action, tuple[str, str]]]:
    flags = [name for name in build.command.flags if name in _TEST_FLAGS and name not in _CACHEABLE]
    if flags:
        flag = "count" if "count" in flags else flags[0]
        given = f"-{flag}={build.command.value(flag)}"
        advice = "Leave it out where a cached result will do." if flag == "count" else ""
        return [(one, (f"since {given} forbids cached results", advice)) for one in ran]
    if not build.command.packages:
        return [
            (
                one,
                (
                    'since without package names ("local directory mode") go caches no results',
                    "Name the package: `go test .`.",
                ),
            )
            for one in ran
        ]
    table = capture.sql(
        "SELECT track, name, args FROM events WHERE layer = 'cache' AND track IN ('test', 'test input', 'said')"
    ).to_pylist()
    events: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in table:
        events.setdefault((row["name"] or "", row["track"]), []).append(arguments(row["args"]))
    return [(one, _recorded(one, events) if table else _guessed(build, one)) for one in ran]


def _recorded(one: Action, events: dict[tuple[str, str], list[dict[str, Any]]]) -> tuple[str, str]:
    inputs = [
        row
        for args in events.get((one.name, "test input"), ())
        for row in args.get("changed") or ()
        if isinstance(row, list) and len(row) == 4
    ]
    tests = [
        row
        for args in events.get((one.name, "test"), ())
        for row in args.get("changed") or ()
        if isinstance(row, list) and len(row) == 4
    ]
    binary = [row for row in tests if row[0] in ("test binary", "toolchain")]
    if [row for row in tests if row[0] == "arguments"] and not binary:
        return "since the test's flags changed", "Give the same flags to have cached results."
    if binary:
        return "since the test program changed", ""
    changed = [row for row in inputs if row[0] in ("variable", "read file")]
    if changed:
        what, name = str(changed[0][0]), str(changed[0][1])
        if what == "variable":
            return (
                f"since the environment variable {name}, which the tests read, changed",
                f"Set {name} alike, or read it only in the tests that need it.",
            )
        return (
            f"since {name}, which the tests read, changed",
            "Go caches no result of files that were written within the last two seconds; write test files to t.TempDir(), "
            "outside the module.",
        )
    said = [text for args in events.get((one.name, "said"), ()) for text in args.get("said") or ()]
    if any("expired" in text for text in said):
        return "since `go clean -testcache` was called", ""
    if any(text.startswith("input file") for text in said):
        return (
            "since a file that the tests read is too new to be trusted",
            "Write test files to t.TempDir(), outside the module.",
        )
    if any("input list not found" in text for text in said):
        return "since no result of this program with these flags is in the cache", ""
    return "for a reason that go does not tell (a test that failed before is not cached)", ""


def _guessed(build: Build, one: Action) -> tuple[str, str]:
    made = any(
        (other.mode == "link" or other.mode == "build")
        and other.command_s > 0
        and other.name.partition(" ")[0].removesuffix(".test") == one.name
        for other in build.actions.values()
    )
    if made:
        return (
            "since their program was built anew",
            "Why it was is told by the compiled packages; with --cache-keys by the input.",
        )
    return (
        "though their program was not built anew",
        "Record with --cache-keys: go then tells which variable or file that the tests read changed.",
    )
