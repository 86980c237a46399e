"""The test binaries that are raced: the module's, package by package, and the reference workloads, with and without -race."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import BuildFailed, NotAvailableHere
from godyno.model import Workload
from godyno.studies.stand import Stand
from godyno.studies.survey.activities import race_unavailable
from godyno.toolchain.programs import program_sources

# kind -> the two sizes between which memory grows (MiB, or thousands of objects), and what an object is
LOADS: Mapping[str, tuple[tuple[float, float], str]] = {
    "heap": ((16, 64), "a heap that is written to in full"),
    "sparse": ((16, 64), "a heap of which one word a page is written"),
    "untouched": ((64, 256), "a heap that is allocated and not written"),
    "goroutines": ((0.5, 4), "goroutines that wait"),
    "sync": ((20, 200), "mutexes that were locked once"),
}
TOO_MANY = 9.0  # thousands of goroutines, above the limit of 8128 that Go documents
_BUILD_S = 600.0


@dataclass
class Binaries:
    """Builds test binaries once each and says how to run them. With the user's own build cache: building is not what is measured."""

    stand: Stand
    built: dict[str, Path] = field(default_factory=dict)

    def packages(self) -> list[str]:
        """The module's packages that have tests. Raises NotAvailableHere where there are none, or no race detector."""
        subject = self.stand.subject
        assert subject is not None
        if reason := race_unavailable(subject):
            raise NotAvailableHere(reason)
        return [one.import_path for one in subject.own if one.test_files]

    def of_package(self, package: str, race: bool = True) -> Path:
        """The test binary of one of the module's packages. Raises BuildFailed."""
        subject = self.stand.subject
        assert subject is not None
        return self._build(package, subject.directory, package, race, subject.env)

    def of_load(self, race: bool) -> Path:
        """The reference workload's test binary. Raises BuildFailed."""
        place = self.stand.scratch / "racememory"
        if not place.is_dir():
            place.mkdir()
            for name, text in program_sources("godyno.studies.library.race_memory.program").items():
                (place / name).write_bytes(text)
        return self._build("reference", place, ".", race, {"GOFLAGS": "", "GOWORK": "off"})

    def _build(self, name: str, place: Path, package: str, race: bool, env: Mapping[str, str | None]) -> Path:
        key = f"{name}{' -race' if race else ''}"
        if key not in self.built:
            self.stand.say(f"building {key}")
            out = self.stand.scratch / f"test-{len(self.built)}.bin"
            args = (
                "test",
                *(["-race"] if race else []),
                "-c",
                "-buildvcs=false",
                "-vet=off",
                "-o",
                str(out),
                package,
            )
            done = self.stand.go.try_run(
                *args, cwd=place, env={**env, "GOTOOLCHAIN": "local"}, timeout_s=_BUILD_S
            )
            if done.returncode != 0 or not out.exists():
                raise BuildFailed(
                    f"go {' '.join(args[:3])} {package}: {' '.join(done.stderr.split())[-300:]}"
                )
            out.read_bytes()  # its pages are cached now, and charged to nobody's limit
            self.built[key] = out
        return self.built[key]

    def test_run(self, package: str, setting: Mapping[str, str], race: bool = True) -> Workload:
        """The package's tests, run where ``go test`` runs them; ``setting`` is environment and, as -FLAG, flags of the test."""
        subject = self.stand.subject
        assert subject is not None
        directory = next(one.directory for one in subject.own if one.import_path == package)
        flags = [f"-test.{key[1:]}={value}" for key, value in setting.items() if key.startswith("-")]
        env = {key: value for key, value in setting.items() if not key.startswith("-")}
        return Workload((str(self.of_package(package, race)), *flags), directory, {**subject.env, **env})

    def load_run(self, kind: str, size: float, race: bool, env: Mapping[str, str] | None = None) -> Workload:
        """A reference workload; the race runtime's second of waiting at exit is left out, since memory is what is looked at."""
        wanted = {"LOAD_KIND": kind, "LOAD_SIZE": f"{size:g}", "GORACE": "atexit_sleep_ms=0", **(env or {})}
        return Workload((str(self.of_load(race)), "-test.run=^TestLoad$"), str(self.stand.scratch), wanted)


def gomaxprocs(said: str) -> int | None:
    """What the reference workload said of its GOMAXPROCS."""
    match = re.search(r"^GOMAXPROCS (\d+)$", said, re.M)
    return int(match[1]) if match else None
