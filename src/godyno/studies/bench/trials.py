"""One trial: an arm's test binaries run once each, their benchmarks read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno.clock import now_ns
from godyno.errors import GodynoError
from godyno.formats import benchfmt
from godyno.model import Result, Trial
from godyno.studies.bench.arms import BenchArm
from godyno.studies.schedule import Slot

FACTOR = "arm"


class TrialFailed(GodynoError):
    """A test binary failed or printed no benchmark."""


def measure_name(package: str, benchmark: str, unit: str) -> str:
    """How a benchmark's unit is named among a trial's measures."""
    return f"{package}\t{benchmark}\t{unit}"


@dataclass
class BenchTrials:
    """Runs trials of ``arms``. ``printed`` keeps every result in Go's format, by arm, in order of time."""

    arms: Mapping[str, BenchArm]
    pattern: str = "."
    benchtime: str = "100ms"
    arguments: Sequence[str] = ()
    timeout_s: float = 600.0
    printed: dict[str, list[benchfmt.Result]] = field(default_factory=dict)

    def __call__(self, slot: Slot) -> Trial:
        """Runs the slot's arm. Raises TrialFailed."""
        arm = self.arms[slot.levels[FACTOR]]
        measures: dict[str, float] = {}
        t_start_ns, user_s, system_s = now_ns(), 0.0, 0.0
        for binary in arm.binaries:
            before = os.times()
            output = self._run(arm, binary.path, binary.directory, binary.package)
            after = os.times()
            user_s += after.children_user - before.children_user
            system_s += after.children_system - before.children_system
            for line in benchfmt.read(output.splitlines()):
                self.printed.setdefault(arm.name, []).append(line)
                for unit, value in line.values.items():
                    measures[measure_name(binary.package, line.base_name, unit)] = value
        if not measures:
            raise TrialFailed(
                f"{arm.name}: no benchmark matches {self.pattern!r}", hint="`go test -list .` lists them."
            )
        result = Result(t_start_ns, now_ns(), 0, 0, user_s, system_s)
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, result=result, measures=measures, verdict="pass"
        )

    def _run(self, arm: BenchArm, path: Path, directory: Path, package: str) -> str:
        argv = [str(path), "-test.run=^$", f"-test.bench={self.pattern}", f"-test.benchtime={self.benchtime}",
                "-test.count=1", "-test.benchmem", *self.arguments]  # fmt: skip
        try:
            done = subprocess.run(
                argv, cwd=directory, env={**os.environ, **arm.env}, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, errors="replace", timeout=self.timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise TrialFailed(f"{arm.name}: {package} did not end within {self.timeout_s:g} s") from error
        if done.returncode != 0:
            last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
            raise TrialFailed(
                f"{arm.name}: {package} failed:\n{last}", hint="Run the benchmark alone with go test -bench."
            )
        return done.stdout
