"""How Go calls functions on each target, read from the machine code of probe functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from godyno.errors import GodynoError, ToolchainError
from godyno.model import Finding, Trial
from godyno.studies.library.abi.records import Abi as Conventions
from godyno.studies.library.abi.records import Boundary
from godyno.studies.schedule import Slot
from godyno.studies.stand import NEWEST, Stand
from godyno.studies.study import PASS, UNAVAILABLE, BaseStudy
from godyno.toolchain.go import Go
from godyno.toolchain.programs import Disassembler, disassembler

TARGETS = (
    "linux/amd64", "linux/386", "linux/arm", "linux/arm64", "linux/loong64", "linux/mips", "linux/mips64", "linux/ppc64", "linux/ppc64le",
    "linux/riscv64", "linux/s390x", "js/wasm", "darwin/arm64", "windows/amd64",
)  # fmt: skip


class Abi(BaseStudy):
    """Which registers carry what between Go functions, and at the border to C."""

    name = "abi"
    summary = "Which registers and how much stack does a call between Go functions, or between Go and C, use on each target?"
    factors: ClassVar = {"target": TARGETS, "go": ("1.21", NEWEST)}
    quick_factors: ClassVar = {"go": (NEWEST,)}
    about: ClassVar = {
        "target": "any of `go tool dist list`",
        "go": "own, newest, or a version; unlike versions are held against each other",
    }
    takes_s = 280.0
    prepare_s, run_s = 1.0, 2.0
    timed = False
    blocks = quick_blocks = 1  # the same code comes out each time
    sure = (
        "nothing here is a measurement with noise: it is read from what the compiler made, and twice where it can be, since what a "
        "function takes must be what its caller leaves. Where the two differ, or a value was lost on its way, the target is refused "
        "with the reason."
    )
    cannot_say: ClassVar = (
        "how arguments of other kinds travel: structs, strings, slices and interfaces are made of the integers and floats seen here, "
        "by rules that these probes do not read.",
        "what the compiler keeps in registers inside a function, or across calls that it inlines.",
        "how Go calls C on other processors than this one: `asmcgocall` is read from a program linked for this machine, the way back "
        "(`crosscall2`) from the assembled file of every target.",
    )

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """Builds the disassembler at first use."""
        stand.say("building Go's disassembler, once")
        yield _Reader(stand, disassembler(stand.go_of(NEWEST))).trial

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Tables of the newest Go, what differs between versions, and the source's claims."""
        from godyno.studies.library.abi.conclusions import conclusions

        return conclusions(self, [one for one in trials if one.verdict in ("", PASS)])


class _Reader:
    def __init__(self, stand: Stand, disassembler: Disassembler) -> None:
        self.stand, self.disassembler = stand, disassembler
        self._programs: dict[str, Path] = {}

    def trial(self, slot: Slot) -> Trial:
        """Reads one target with one Go."""
        from godyno.studies.library.abi.compiling import read_abi

        go = self.stand.go_of(slot.levels["go"])
        goos, _, goarch = slot.levels["target"].partition("/")
        if (reason := _missing(go, goos, goarch)) is not None:
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(reason,)
            )
        read = read_abi(go, goos, goarch, self.disassembler)
        facts, warnings = {"abi": json.dumps(read.as_json())}, list[str]()
        try:
            facts["boundary"] = json.dumps(self._boundary(go, read).as_json())
        except GodynoError as error:
            warnings.append(f"the border to C: {error}")
        measures = {
            "leaf frame": float(read.leaf.size_bytes),
            "frame": float(read.non_leaf.size_bytes),
            "code": float(read.code_bytes),
        }
        return Trial(
            slot.study,
            slot.index,
            slot.block,
            slot.levels,
            measures=measures,
            facts=facts,
            verdict=PASS,
            warnings=tuple(warnings),
        )

    def _boundary(self, go: Go, read: Conventions) -> Boundary:
        from godyno.studies.library.abi.boundary import read_boundary, with_call_to_c

        found = read_boundary(go, read, self.disassembler)
        machine = self.stand.machine
        if (read.goos, read.goarch) != (machine.os, machine.cpu.arch):
            return found
        text = self.disassembler.text(self._program(go), "^runtime.asmcgocall")
        return with_call_to_c(found, read, text)

    def _program(self, go: Go) -> Path:
        """A program linked for this machine; the runtime is in it."""
        if go.version not in self._programs:
            sources = self.stand.scratch / f"abi-{go.version}"
            sources.mkdir()
            (sources / "go.mod").write_text("module abi\n\ngo 1.21\n")
            (sources / "main.go").write_text("package main\n\nfunc main() {}\n")
            self.stand.say(f"compiling the runtime with {go.version}")
            # Not stripped: the disassembler finds functions by the symbol table.
            own: dict[str, str | None] = {"GOFLAGS": "", "GOWORK": "off", "GOENV": "off", "CGO_ENABLED": "0"}
            own["GOCACHE"] = str(self.stand.scratch / f"gocache-{go.version}")
            go.run("build", "-buildvcs=false", "-o", "main", ".", cwd=sources, env=own)
            self._programs[go.version] = sources / "main"
        return self._programs[go.version]


def _missing(go: Go, goos: str, goarch: str) -> str | None:
    """Why there is no such target, or None."""
    from godyno.toolchain.targets import targets

    try:
        known = {one.name for one in targets(go)}
    except ToolchainError as error:
        return str(error)
    return None if f"{goos}/{goarch}" in known else f"{go.version} does not build for {goos}/{goarch}"
