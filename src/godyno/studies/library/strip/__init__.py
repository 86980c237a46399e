"""What stripping a Go program saves, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

from godyno import units
from godyno.errors import ToolchainError
from godyno.formats.sections import parts
from godyno.model import Finding, Trial
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import BaseStudy, figure, passed

NATIVE = "native"
BUILDS: Mapping[str, tuple[str, ...]] = {
    "plain": (),
    "w": ("-ldflags=-w",),
    "s": ("-ldflags=-s",),
    "s+w": ("-ldflags=-s -w",),
}


class Strip(BaseStudy):
    """What ``-ldflags "-s -w"`` and its kin save, by section, and what is lost."""

    name = "strip"
    summary = 'What does -ldflags "-s -w" save, by section and target, what does it cost, and do programs start sooner?'
    factors: ClassVar = {"target": (NATIVE, "linux/arm64"), "build": tuple(BUILDS)}
    choices: ClassVar = {"build": tuple(BUILDS)}
    takes_module = True

    def runs(self, levels: Mapping[str, str]) -> int | None:
        """A size is the same each time."""
        return 1

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """Builds the subject's first command."""
        subject = stand.subject
        assert subject is not None
        command = next((one for one in subject.own if one.name == "main" and one.files), None)
        if command is None:
            raise ToolchainError(
                f"{subject.path} has no command to link", hint="Name a module with a package main."
            )

        def trial(slot: Slot) -> Trial:
            target, build = slot.levels["target"], slot.levels["build"]
            goos, _, goarch = ("", "", "") if target == NATIVE else target.partition("/")
            env = {"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0"} if goos else {}
            out = stand.build(
                stand.go,
                subject.directory,
                stand.scratch / f"{slot.index}.bin",
                flags=BUILDS[build],
                packages=(command.import_path,),
                env=env,
            )
            measures = {"size": float(out.stat().st_size)}
            for part in parts(out.read_bytes()):
                measures[f"section\t{part.name}"] = measures.get(f"section\t{part.name}", 0.0) + part.size
            return Trial(slot.study, slot.index, slot.block, slot.levels, measures=measures, verdict="pass")

        yield trial

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Sizes beside the plain build's."""
        out = []
        for target in dict.fromkeys(trial.levels["target"] for trial in trials):
            plain = figure(passed(trials, target=target, build="plain"), "size", "By")
            for build in BUILDS:
                size = figure(passed(trials, target=target, build=build), "size", "By")
                if plain and size and build != "plain":
                    out.append(
                        self.finding(
                            "size",
                            f"{target}: {build} makes it {units.show_bytes(size.value)} of {units.show_bytes(plain.value)}",
                            size,
                        )
                    )
        return out
