"""Which tests run one after another though the machine had nothing to do, and where does t.Parallel gain nothing?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.builds.schedule import Build, build_of, worked_s
from godyno.diagnose.builds.tests_read import Binary, Test, binaries, tests_of
from godyno.diagnose.processes import at_once, busy_s
from godyno.model import Confidence, Estimate, Evidence, Finding

_LEAST_S = 0.2  # of a package's tests, before they are worth a word
_IDLE = 0.5  # processors busy, below which tests wait rather than compute
_SQL = (
    "SELECT track AS package, name, t_start_ns, t_end_ns, TRY_CAST(args->>'paused_s' AS DOUBLE) AS paused_s FROM spans "
    "WHERE layer = 'test' AND json_valid(args) ORDER BY t_start_ns"
)


class SerialTests:
    """Serial tests that wait, parallel tests that do not overlap, and the tail that one test makes."""

    name: ClassVar[str] = "serial_tests"
    summary: ClassVar[str] = "Serial and parallel tests"
    needs: ClassVar[tuple[str, ...]] = ("spans",)
    ranked: ClassVar[bool] = True

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """Findings by package, those that would save most first."""
        tests = tests_of(capture)
        build = build_of(capture)
        at_once_most = _parallel_limit(build, capture)
        found = []
        for binary in binaries(capture, tests):
            if binary.tests_s >= _LEAST_S:
                found += [
                    *self._serial(binary, build, at_once_most),
                    *self._limited(binary, build, at_once_most),
                    *self._tail(binary, build),
                ]
        return sorted(found, key=lambda one: -float(one.data["saves_s"]))

    def _serial(self, binary: Binary, build: Build | None, limit: int) -> Sequence[Finding]:
        serial = [one for one in binary.tests if not one.parallel]
        took = busy_s((one.t_start_ns, one.t_end_ns) for one in serial)
        busy = binary.busy
        if len(serial) < 2 or took < 0.5 * binary.tests_s or busy is None or busy > _IDLE:
            return []
        # Tests that only wait overlap fully, up to -parallel of them; what they compute has to share the processors.
        waits = max(max(one.running_s for one in serial), sum(one.running_s for one in serial) / limit)
        shorter = max(waits, (binary.process.cpu_s or 0.0) / limit if binary.process else 0.0)
        saves = _saves(build, binary, took - shorter)
        serial.sort(key=lambda one: -one.running_s)
        return [
            Finding(
                source=self.name,
                kind="serial-tests",
                claim=f"{len(serial)} tests of {binary.package} ran one after another for {units.show_seconds(took)} and used "
                f"{units.show_ratio(busy)} of one processor: they wait, and could wait together",
                estimate=Estimate(saves, "s", n=len(serial)),
                method=f"with t.Parallel, up to {limit} at once; the graph played again where there is one",
                assumption="the tests share nothing (ports, files, globals, environment) that forbids it",
                confidence=Confidence.MEDIUM,
                evidence=(Evidence("spans", serial[0].t_start_ns, serial[0].t_end_ns, _SQL),),
                advice=f"Call t.Parallel() in {_some(serial)} (t.Setenv and t.Chdir do not go with it)"
                f"{_and_more_at_once(serial, limit)}; where they sleep, use testing/synctest or a fake clock.",
                tried="Not tried.",
                severity="note" if saves > 0.1 * _wall_s(build, binary) else "info",
                data={
                    "columns": [["test", "text"], ["ran", "s"]],
                    "rows": [[one.name, one.running_s] for one in serial[:12]],
                    "saves_s": saves,
                    "busy_ratio": busy,
                    "package": binary.package,
                },
            )
        ]

    def _limited(self, binary: Binary, build: Build | None, limit: int) -> Sequence[Finding]:
        parallel = [one for one in binary.tests if one.parallel]
        lives = [(one.t_end_ns - round(one.running_s * 1e9), one.t_end_ns) for one in parallel]
        if len(parallel) <= limit or at_once(_shrunk(lives)) > limit:
            return []
        total, phase = sum(one.running_s for one in parallel), busy_s(lives)
        busy = binary.busy
        if phase <= 0 or total / phase < 0.8 * limit or busy is None or busy > _IDLE * limit:
            return []
        saves = _saves(
            build, binary, phase - max(max(one.running_s for one in parallel), total / (4 * limit))
        )
        return [
            Finding(
                source=self.name,
                kind="parallel-limit",
                claim=f"{len(parallel)} parallel tests of {binary.package} ran {limit} at a time for "
                f"{units.show_seconds(phase)} and used "
                f"{units.show_ratio(busy)} of one processor: they wait for their turn to wait",
                estimate=Estimate(saves, "s", n=len(parallel)),
                method=f"with four times as many at once (-parallel {4 * limit})",
                assumption="they go on waiting rather than computing",
                confidence=Confidence.MEDIUM,
                evidence=(Evidence("spans", min(lives)[0], max(end for _, end in lives), _SQL),),
                advice=f"Run with -parallel {4 * limit}: it is GOMAXPROCS by default, which is meant for tests that compute.",
                tried="Not tried.",
                severity="note",
                data={
                    "saves_s": saves,
                    "limit": limit,
                    "tests": len(parallel),
                    "package": binary.package,
                    "try": f"-parallel={4 * limit}",
                },
            )
        ]

    def _tail(self, binary: Binary, build: Build | None) -> Sequence[Finding]:
        parallel = [one for one in binary.tests if one.parallel]
        if not parallel:
            return []
        serial = [one for one in binary.tests if not one.parallel]
        waited = max((one.paused_s or 0.0) for one in parallel)
        lives = sorted((one.t_end_ns - round(one.running_s * 1e9), one.t_end_ns) for one in parallel)
        last = max(parallel, key=lambda one: one.t_end_ns)
        others = max((one.t_end_ns for one in parallel if one is not last), default=lives[0][0])
        tail = max(0, last.t_end_ns - max(others, last.t_end_ns - round(last.running_s * 1e9))) * 1e-9
        out = []
        if serial and waited > 0.5 * binary.tests_s and waited >= _LEAST_S:
            blocker = max(serial, key=lambda one: one.running_s)
            saves = _saves(build, binary, min(waited, sum(one.running_s for one in parallel)) / 2)
            out.append(
                Finding(
                    source=self.name,
                    kind="parallel-waited",
                    claim=f"{len(parallel)} parallel tests of {binary.package} waited {units.show_seconds(waited)} of "
                    f"{units.show_seconds(binary.tests_s)} "
                    f"until its {len(serial)} serial tests were done, the longest of them {blocker.name} "
                    f"({units.show_seconds(blocker.running_s)})",
                    estimate=Estimate(waited, "s", n=len(parallel)),
                    method="from t.Parallel to the go-ahead: go runs parallel tests after all serial ones",
                    assumption="half of the shorter part is saved where the two overlap",
                    confidence=Confidence.LOW,
                    evidence=(Evidence("spans", parallel[0].t_start_ns, parallel[0].t_end_ns, _SQL),),
                    advice=f"Make {blocker.name} parallel too, or move it to a package of its own, whose tests run beside these.",
                    tried="Not tried.",
                    data={"saves_s": saves, "waited_s": waited, "package": binary.package},
                )
            )
        if len(parallel) > 2 and tail > 0.3 * binary.tests_s and tail >= _LEAST_S:
            started = (last.t_end_ns - round(last.running_s * 1e9) - lives[0][0]) * 1e-9
            saves = _saves(build, binary, min(tail, started))
            out.append(
                Finding(
                    source=self.name,
                    kind="tail",
                    claim=f"At the end of {binary.package} {last.name} ran alone for {units.show_seconds(tail)} of "
                    f"{units.show_seconds(binary.tests_s)}",
                    estimate=Estimate(tail, "s"),
                    method="from the end of the last but one parallel test to the end of the last",
                    assumption="saved where it begins with the first ones",
                    confidence=Confidence.MEDIUM,
                    evidence=(Evidence("spans", last.t_start_ns, last.t_end_ns, _SQL),),
                    advice=f"Put {last.name} first in the package (go starts parallel tests in their order), or cut it up.",
                    tried="Not tried.",
                    data={"saves_s": saves, "tail_s": tail, "package": binary.package},
                )
            )
        return out


def _shrunk(lives: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Half a millisecond off each end: a test's end is told a little after the next one's go-ahead."""
    return [(start + 500_000, end - 500_000) for start, end in lives if end - start > 1_000_000]


def _and_more_at_once(tests: Sequence[Test], limit: int) -> str:
    """Where so few at once would still wait for their turn to wait."""
    total, longest = sum(one.running_s for one in tests), max(one.running_s for one in tests)
    return (
        f" and run with -parallel {4 * limit}" if len(tests) > limit and total > 2 * limit * longest else ""
    )


def _parallel_limit(build: Build | None, capture: Any) -> int:
    given = build.command.value("parallel") if build else None
    if given and given.isdecimal() and int(given) > 0:
        return int(given)
    return max(1, int(capture.manifest.machine.cpu.allowed or 1))


def _saves(build: Build | None, binary: Binary, seconds: float) -> float:
    """What ``seconds`` less in this package give the whole command."""
    seconds = max(0.0, seconds)
    if build is None or not any(one.mode == "test run" for one in build.actions.values()):
        return seconds
    return build.saves_s(
        lambda one: worked_s(one) - seconds if one.mode == "test run" and one.name == binary.package else None
    )


def _wall_s(build: Build | None, binary: Binary) -> float:
    return build.wall_s if build else binary.tests_s


def _some(tests: Sequence[Test]) -> str:
    names = [one.name for one in tests[:3]]
    return ", ".join(names) + (f" and {len(tests) - 3} more" if len(tests) > 3 else "")
