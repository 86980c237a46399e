"""The pilot: every arm run briefly before anything counts. It finds the benchmarks, how many iterations one needs, and the time it takes.

Iterations are then fixed, the same for all arms: each process does the same work, so that its CPU time and its peak memory can be compared.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno import units
from godyno.errors import GodynoError, UsageError
from godyno.formats import benchfmt
from godyno.model import Record
from godyno.studies.bench.build import Built
from godyno.studies.bench.process import Finished, Launch
from godyno.studies.bench.settings import Settings

_EXACT = re.compile(r"[1-9]\d{0,11}x")
_IDLE_RUNS = 3


class TrialFailed(GodynoError):
    """A test binary or command failed, or printed no benchmark."""


@dataclass(frozen=True, slots=True)
class Subject(Record):
    """One benchmark: run ``count`` times in a process, ``iterations`` each. ``units`` are those that it reported.

    ``cpu`` says that its work outweighs what the binary needs to start, so that CPU time by operation says something.
    """

    package: str
    name: str
    iterations: int = 1
    count: int = 1
    units: tuple[str, ...] = ()
    cpu: bool = True

    @property
    def key(self) -> str:
        """Its name among the plan's subjects."""
        return f"{self.package}\t{self.name}"

    @property
    def pattern(self) -> str:
        """The -bench pattern that runs it alone."""
        return "/".join(f"^{re.escape(part)}$" for part in f"Benchmark{self.name}".split("/"))


@dataclass(frozen=True, slots=True)
class Pilot(Record):
    """What the pilot found. ``idle_cpu_s`` is a test binary's CPU time without any benchmark, by package, the same for all arms.

    ``seconds`` is what a block takes, by arm; ``suffix`` the ``-N`` that Go printed behind names; ``config`` what it printed before.
    """

    subjects: tuple[Subject, ...]
    idle_cpu_s: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    suffix: str = ""
    config: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def subject(self, key: str) -> Subject:
        """The subject of a slot. Raises KeyError."""
        try:
            return next(one for one in self.subjects if one.key == key)
        except StopIteration:
            raise KeyError(key) from None


def pilot(
    built: Sequence[Built], settings: Settings, launch: Launch, say: Callable[[str], None] = lambda text: None
) -> Pilot:
    """Runs the baseline as Go would, to calibrate, and every other arm once. Raises TrialFailed, UsageError where nothing is in common."""
    exact = bool(_EXACT.fullmatch(settings.benchtime))
    if not exact:
        units.seconds(settings.benchtime)  # a UsageError before anything runs
    shared: dict[tuple[str, str], benchfmt.Result] = {}
    seen: list[set[tuple[str, str]]] = []
    took: dict[str, float] = {}
    idle: dict[str, list[float]] = {}
    names: list[str] = []
    for arm in built:
        here: dict[tuple[str, str], benchfmt.Result] = {}
        for binary in arm.layouts[0]:
            say(f"pilot: {binary.package} of {arm.side.name}")
            time_of = settings.benchtime if arm is built[0] or exact else "1x"
            results, _ = run_benchmarks(
                launch, arm, binary.package, 0, settings.pattern, time_of, 1, settings
            )  # fmt: skip
            names += [one.name for one in results]
            here.update({(binary.package, one.name): one for one in results})
        shared = shared or here
        seen.append(set(here))
    if not shared:
        raise UsageError(
            f"No benchmark matches {settings.pattern!r}", hint="`go test -list 'Benchmark'` lists them."
        )
    common = [key for key in shared if all(key in one for one in seen)]
    if not common:
        raise UsageError("The arms have no benchmark in common", hint="Widen --bench.")
    for arm in built:
        for package in dict.fromkeys(package for package, _ in common):
            for _ in range(_IDLE_RUNS):
                began = time.monotonic()
                _, done = run_benchmarks(launch, arm, package, 0, "^$", "1x", 1, settings)
                idle.setdefault(package, []).append(done.result.user_s + done.result.system_s)
                took[f"{arm.side.name}\t{package}"] = time.monotonic() - began
    suffix = common_suffix(names)
    idle_s = {package: sorted(values)[len(values) // 2] for package, values in idle.items()}
    subjects = [_subject(shared[key], key, suffix, settings, exact, idle_s[key[0]]) for key in common]
    seconds = {
        arm.side.name: sum(
            took[f"{arm.side.name}\t{one.package}"]
            + one.count * one.iterations * shared[(one.package, one.name + suffix)].values.get("sec/op", 0.0)
            for one in subjects
        )
        for arm in built
    }
    every = set().union(*seen)
    first = shared[common[0]].config
    return Pilot(
        tuple(subjects), idle_s, seconds, suffix,
        {key: first[key] for key in ("goos", "goarch", "cpu") if key in first},
        tuple(sorted(name.removesuffix(suffix) for _, name in every - set(common))),
    )  # fmt: skip


def run_benchmarks(
    launch: Launch,
    arm: Built,
    package: str,
    block: int,
    pattern: str,
    benchtime: str,
    count: int,
    settings: Settings,
) -> tuple[list[benchfmt.Result], Finished]:
    """One process of a test binary, and what it printed. Raises TrialFailed."""
    binary = arm.binary(package, block)
    argv = [str(binary.path), "-test.run=^$", f"-test.bench={pattern}", f"-test.benchtime={benchtime}",
            f"-test.count={count}", "-test.benchmem", *settings.argument_list()]  # fmt: skip
    done = launch(argv, cwd=Path(binary.directory), env=arm.side.env, timeout_s=settings.timeout_s, label=arm.side.name)  # fmt: skip
    what = f"{arm.side.name}: {package}"
    if done.timed_out:
        raise TrialFailed(
            f"{what} did not end within {settings.timeout_s:g} s", hint="--timeout gives it longer."
        )
    if done.result.exit_code or done.result.signal:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise TrialFailed(f"{what} failed:\n{last}", hint="Run the benchmark alone with go test -bench.")
    return list(benchfmt.read(done.stdout.splitlines())), done


def common_suffix(names: Sequence[str]) -> str:
    """The ``-N`` that all names end in: GOMAXPROCS. Go prints none where that is 1, and then a name may end in a number of its own."""
    found = {match[0] if (match := re.search(r"-\d+$", name)) else "" for name in names}
    return found.pop() if len(found) == 1 else ""


def _subject(
    result: benchfmt.Result, key: tuple[str, str], suffix: str, settings: Settings, exact: bool, idle_s: float
) -> Subject:
    iterations, count = result.iterations, settings.count or (1 if exact or result.iterations < 2 else 2)
    if not exact:
        iterations = max(1, iterations // count)
    work_s = iterations * count * result.values.get("sec/op", 0.0)
    return Subject(
        key[0], key[1].removesuffix(suffix), iterations, count, tuple(result.values), work_s > idle_s
    )
