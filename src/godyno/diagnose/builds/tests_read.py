"""The tests of a capture as records: what every analysis of tests reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from godyno.diagnose.processes import Process, number, processes, spans, text_of


@dataclass(frozen=True, slots=True)
class Test:
    """One run of a top-level test, benchmark or example. ``paused_s`` is None for one without t.Parallel."""

    package: str
    name: str
    outcome: str
    t_start_ns: int
    t_end_ns: int
    running_s: float
    paused_s: float | None

    @property
    def parallel(self) -> bool:
        """Whether it called t.Parallel."""
        return self.paused_s is not None


@dataclass(frozen=True, slots=True)
class Binary:
    """A package's tests: from the first to the last of them, and the process that ran them where one is found."""

    package: str
    tests: tuple[Test, ...]
    process: Process | None

    @property
    def tests_s(self) -> float:
        """From the first test's start to the last one's end."""
        return (max(one.t_end_ns for one in self.tests) - min(one.t_start_ns for one in self.tests)) * 1e-9

    @property
    def busy(self) -> float | None:
        """Processors that it kept busy while it lived; None where its CPU time is not known."""
        if self.process is None or self.process.cpu_s is None or self.process.wall_s <= 0:
            return None
        return self.process.cpu_s / self.process.wall_s


def tests_of(capture: Any, subtests: bool = False) -> list[Test]:
    """Every run of a test that the output told of, in order of start; subtests only where asked for."""
    out = []
    for start, end, _, name, _, args in spans(capture, "test"):
        package = text_of(args.get("package"))
        if name in (package, "package") or ("/" in name and not subtests):
            continue
        running = number(args.get("running_s"))
        lasted = (end - start) * 1e-9
        out.append(
            Test(
                package,
                name,
                text_of(args.get("outcome")),
                start,
                end,
                lasted if running is None else running,
                number(args.get("paused_s")),
            )
        )
    return out


def binaries(capture: Any, tests: Sequence[Test]) -> list[Binary]:
    """The packages' test binaries, the longest first. A process is a package's where it has the binary's name and holds its tests."""
    by_package: dict[str, list[Test]] = {}
    for one in tests:
        by_package.setdefault(one.package, []).append(one)
    found = [one for one in processes(capture) if one.kind == "test"]
    out = []
    for package, members in by_package.items():
        start, end = min(one.t_start_ns for one in members), max(one.t_end_ns for one in members)
        around = [one for one in found if one.t_start_ns <= start and one.t_end_ns >= end - 50_000_000]
        name = f"{package.rpartition('/')[2]}.test"
        named = [one for one in around if one.package == package or name in (one.name, _program(one))]
        out.append(Binary(package, tuple(members), max(named, key=lambda one: one.t_start_ns, default=None)))
    return sorted(out, key=lambda one: -one.tests_s)


def _program(process: Process) -> str:
    return process.argv[0].rpartition("/")[2] if process.argv else ""
