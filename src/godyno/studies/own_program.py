"""Trials of a Go program of ours that measures inside itself and prints JSON, built with each of the Gos that are compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from godyno.errors import GodynoError, ToolchainError
from godyno.model import Trial
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import PASS, UNAVAILABLE, passed
from godyno.toolchain import Go
from godyno.toolchain.programs import build_program, program_sources

_TIMEOUT_S = 60.0
_NOT_IN_THIS_GO = 3  # the program's exit code: this version lacks what was asked for


@dataclass
class OwnProgram:
    """The program in directory ``go`` of ``package``. ``facts`` are read once from each that was built."""

    stand: Stand
    name: str
    package: str
    cgo: bool = False
    facts: Callable[[Go, Path], Mapping[str, str]] = lambda go, program: {}
    _built: dict[str, Path | str] = field(default_factory=dict)
    _facts: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def trial(self, slot: Slot, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> Trial:
        """A run of the program that the Go of ``slot``'s level ``go`` built. Raises ToolchainError where it fails."""
        program = self._program(slot.levels["go"])
        if isinstance(program, str):
            return self._unavailable(slot, program)
        done = self.stand.run([str(program), *arguments], env=env, timeout_s=self.stand.timeout_s(_TIMEOUT_S))
        if done.returncode == _NOT_IN_THIS_GO:
            return self._unavailable(slot, done.stderr.strip())
        if done.returncode != 0:
            raise ToolchainError(f"{self.name} failed: {done.stderr.strip()[-200:]}")
        measures: dict[str, Any] = json.loads(done.stdout)
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, measures={name: float(value) for name, value in measures.items()},
            facts=self._facts[slot.levels["go"]], verdict=PASS,
        )  # fmt: skip

    def _unavailable(self, slot: Slot, reason: str) -> Trial:
        return Trial(slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(reason,))

    def _program(self, level: str) -> Path | str:
        """The program built with a Go, or why it cannot be."""
        if level not in self._built:
            try:
                go = self.stand.go_of(level)
                self.stand.say(f"building with {go.version}")
                program = build_program(go, self.name, program_sources(self.package), cgo=self.cgo)
                self._built[level] = program
                self._facts[level] = {"go": go.version, **self.facts(go, program)}
            except GodynoError as error:
                self._built[level] = str(error)
        return self._built[level]


def versions_of(trials: Sequence[Trial]) -> dict[str, str]:
    """Level of the factor ``go`` to the version that it was, newest first."""
    found = {trial.levels["go"]: trial.facts["go"] for trial in passed(trials) if "go" in trial.facts}
    return dict(sorted(found.items(), key=lambda one: _numbers(one[1]), reverse=True))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.removeprefix("go").split(".") if part.isdecimal()]
