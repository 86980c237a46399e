"""How long a program takes from being started to its own main package, with warm and with cold page cache."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from godyno.errors import ToolchainError
from godyno.studies.stand import Stand
from godyno.toolchain.programs import build_program, program_sources

WARM, COLD = "warm", "cold"
# GOARCH to the user-mode emulator's name; only those whose byte order is this launcher's.
_QEMU = {
    "arm64": "aarch64",
    "riscv64": "riscv64",
    "loong64": "loongarch64",
    "386": "i386",
    "arm": "arm",
    "ppc64le": "ppc64le",
    "amd64": "x86_64",
}
_MEASURES = ("main_ns", "exit_ns", "minor_faults", "major_faults", "read_bytes")


def launcher(stand: Stand) -> Path:
    """Our launcher, built once into the user's cache. Raises ToolchainError, BuildFailed."""
    return build_program(stand.go, "launch", program_sources("godyno.studies.library.strip.launch"))


def emulator(target: str) -> str:
    """The qemu-user program that runs ``target`` here; empty where there is none."""
    goos, _, goarch = target.partition("/")
    if goos != "linux" or goarch not in _QEMU:
        return ""
    name = f"qemu-{_QEMU[goarch]}"
    return shutil.which(name) or shutil.which(f"{name}-static") or ""


@contextmanager
def fresh(program: Path) -> Iterator[Path]:
    """A new copy of a program, on disk. Where a file's cached pages lie moves its start by some percent for as long as they stay:
    two copies of the same bytes were 4.7 % apart [0.6, 6.9]. A copy for each trial makes that a part of what varies between trials.
    """
    copy = program.with_name(f"{program.name}-copy")
    shutil.copyfile(program, copy)
    copy.chmod(0o755)
    try:
        with copy.open("rb") as made:
            os.fsync(made.fileno())  # so that its cached pages can be dropped
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def loads(
    stand: Stand, launch: Path, program: Path, runs: int, *, cold: bool, prefix: Sequence[str] = ()
) -> dict[str, float]:
    """Medians over ``runs`` starts: ``load.warm.main`` in seconds and so on. Raises ToolchainError where it does not get to main."""
    argv = [str(launch), str(runs), "1" if cold else "0", str(program), *prefix, str(program)]
    done = stand.run(argv, timeout_s=60.0)
    if done.returncode != 0:
        raise ToolchainError(f"{program.name} was not loaded: {done.stderr.strip()[-300:]}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    state = COLD if cold else WARM
    found = {name: float(median(row[name] for row in rows)) for name in _MEASURES}
    return {
        f"load.{state}.main": found["main_ns"] * 1e-9,
        f"load.{state}.exit": found["exit_ns"] * 1e-9,
        f"load.{state}.minor_faults": found["minor_faults"],
        f"load.{state}.major_faults": found["major_faults"],
        f"load.{state}.read": found["read_bytes"],
    }
