"""The benchmark program of this study: built for a level, run, and what it printed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from godyno.errors import ToolchainError
from godyno.model import Workload
from godyno.studies.stand import Stand
from godyno.studies.survey.bench import Outcome
from godyno.toolchain.go import Go

_LINE = re.compile(r"(?P<name>[a-z0-9 -]+): (?P<fs>\d+)$")
_BUILD_S, _RUN_S = 240.0, 60.0


class CannotRun(ToolchainError):
    """The program does not run on this processor; the message is what it said."""


def copy_sources(to: Path) -> Path:
    """The program's module, copied to where Go may build it."""
    with as_file(files("godyno.studies.library.targets") / "bench") as folder:
        shutil.copytree(folder, to)
    return to


def cold_build(
    stand: Stand, go: Go, sources: Path, out: Path, env: Mapping[str, str], name: str, timeout_s: float
) -> Outcome:
    """Builds the program with an empty build cache of its own, recorded; the cache is removed. Raises ToolchainError with what go said."""
    cache = stand.scratch / f"cold-{name}"
    own: dict[str, str | None] = {
        "GOFLAGS": "", "GOWORK": "off", "GOENV": "off", "GOTOOLCHAIN": "local", "GOROOT": None, "CGO_ENABLED": "0", "GOEXPERIMENT": None,
        "GOCACHE": str(cache), **env,
    }  # fmt: skip
    workload = Workload((go.path, "build", "-buildvcs=false", "-o", str(out), "."), str(sources), own)
    try:
        outcome = stand.record(workload, f"build-{name}", timeout_s=min(timeout_s, _BUILD_S))
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    if outcome.timed_out:
        raise ToolchainError(
            f"it did not end within the {min(timeout_s, _BUILD_S):.0f} s that the budget left for it"
        )
    if outcome.exit_code != 0 or outcome.signal:
        raise ToolchainError(
            f"go build for {name} does not pass: {outcome.said.strip()[-300:] or 'no message'}"
        )
    return outcome


def run_benchmarks(stand: Stand, program: Path) -> dict[str, float]:
    """Seconds for one operation, by benchmark. Raises CannotRun where the processor lacks what the level needs."""
    done = stand.run([str(program)], timeout_s=_RUN_S)
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[:300]
        raise CannotRun(said or f"it ends with {done.returncode}")
    return parsed(done.stderr)


def parsed(text: str) -> dict[str, float]:
    """What the program printed: seconds by name. Lines of another form are passed over."""
    found = (_LINE.match(line) for line in text.splitlines())
    return {match["name"]: int(match["fs"]) * 1e-15 for match in found if match}
