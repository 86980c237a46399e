"""What is started where the command is ``go run PACKAGE``: the program itself, built once, and beside it one that tells of its goroutines.

The bare starts are of the first; the recorded ones of the second, whose execution trace says what main waited for. Building is
no part of a start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno.errors import BuildFailed, GodynoError
from godyno.formats.elf import elf
from godyno.formats.gocommand import GoCommand, go_command
from godyno.formats.pclntab import Pclntab
from godyno.model import Workload
from godyno.probes.kernel.milestones import INSTRUMENT
from godyno.toolchain.find import find_go
from godyno.toolchain.go import Go
from godyno.workload.instrument.planning import plan


@dataclass(frozen=True, slots=True)
class Built:
    """``argv`` for the bare starts, ``recorded`` for those that are recorded; ``traced`` says that these tell of their goroutines."""

    argv: tuple[str, ...]
    recorded: tuple[str, ...]
    traced: bool = False
    problem: str = ""


def built(argv: Sequence[str], cwd: str, env: Mapping[str, str | None], scratch: Path) -> Built:
    """The command itself, or for ``go run`` the programs that were built in ``scratch``. Raises BuildFailed, UsageError."""
    command = go_command(argv)
    if command is None or command.subcommand != "run" or not command.packages:
        return Built(tuple(argv), tuple(argv))
    directory = Path(cwd or ".", command.directory)
    arguments = command.argv[command.packages[-1] + 1 :]
    build = (argv[0], "build", *_flags(command), "-o")
    name = _name(command, directory)
    go = find_go() if argv[0] == "go" else Go(argv[0], "", "")
    plain = scratch / name
    _run(go, (*build, str(plain), *command.words()), directory, env)
    told = scratch / "instrumented" / name
    try:
        build_instrumented(go, (*build, str(told), *command.words()), directory, env, scratch / "instrument")
    except GodynoError as error:
        return Built((str(plain), *arguments), (str(plain), *arguments), problem=str(error))
    return Built((str(plain), *arguments), (str(told), *arguments), traced=True)


def build_instrumented(
    go: Go, argv: Sequence[str], directory: Path, env: Mapping[str, str | None], scratch: Path
) -> None:
    """Runs a ``go build`` so that its program can tell of its goroutines. Raises UsageError, BuildFailed."""
    made = plan(argv, str(directory), ("trace",))
    changed = made.apply(Workload(tuple(argv), str(directory)), scratch)
    made.write(scratch)
    _run(go, changed.argv, directory, env)


def is_instrumented(program: Path) -> bool:
    """Whether a program was built by ``godyno record --instrument -- go build``."""
    try:
        return Pclntab(elf(program.read_bytes())).address_of(INSTRUMENT) is not None
    except (OSError, GodynoError):
        return False


def _flags(command: GoCommand) -> list[str]:
    out: list[str] = []
    for name, (first, last, _) in command.flags.items():
        if name not in ("C", "exec"):
            out += command.argv[first : last + 1]
    return out


def _name(command: GoCommand, directory: Path) -> str:
    word = command.words()[0]
    name = Path(word).stem if word.endswith(".go") else (directory / word.partition("@")[0]).resolve().name
    return name or "program"


def _run(go: Go, argv: Sequence[str], directory: Path, env: Mapping[str, str | None]) -> None:
    own = {"GOTOOLCHAIN": os.environ.get("GOTOOLCHAIN"), **env}  # as the user's own go run would take it
    done = go.try_run(*argv[1:], cwd=directory, env=own)
    if done.returncode != 0:
        raise BuildFailed(
            f"{' '.join(argv[:2])} fails: {done.stderr.strip()[-800:]}",
            hint="Mend the build, then start it again.",
        )
