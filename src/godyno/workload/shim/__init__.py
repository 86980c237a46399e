"""The shim: a small Go program that runs a command with Go runtime debug output switched on for it alone.

It serves as ``-toolexec`` (compiler, linker …), as ``-exec`` (test binaries) and as a plain launcher, and
leaves a file per process (``formats.shimlog``). It is built by the user's own Go at first use, into the
user's cache.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from godyno.formats.gocommand import go_command
from godyno.model import Workload
from godyno.toolchain.go import Go
from godyno.toolchain.programs import build_program, program_sources

DIRECTORY_VARIABLE = "GODYNO_SHIM_DIR"
SETTINGS_VARIABLE = "GODYNO_SHIM_GODEBUG"
_TOOLEXEC = frozenset(("build", "test", "vet", "run", "install"))
_EXEC = frozenset(("test", "run"))


def build_shim(go: Go) -> Path:
    """The shim, built with ``go`` unless a build of the same source by the same Go is in the user's cache.

    Raises BuildFailed where it does not compile, ToolchainError where the cache cannot be written.
    """
    return build_program(go, "shim", program_sources("godyno.workload.shim"))


def with_shim(
    workload: Workload, shim: Path, directory: Path, settings: Sequence[str] = ("gctrace=1",)
) -> Workload:
    """``workload`` with its Go processes run through ``shim``, which leaves its files in ``directory`` (has
    to exist).

    ``settings`` are GODEBUG's. A ``go build``, ``test``, ``vet``, ``run`` or ``install`` gets the shim for
    its tools (-toolexec) and for what it runs (-exec) by GOFLAGS, where the user's own flags come after and
    win; a go command that runs test binaries through -exec does not cache their results. Anything else is
    launched by the shim.
    """
    env: dict[str, str | None] = {
        **workload.env,
        DIRECTORY_VARIABLE: str(directory),
        SETTINGS_VARIABLE: ",".join(settings),
    }
    command = go_command(workload.argv)
    if command is None or command.subcommand not in _TOOLEXEC:
        return replace(workload, argv=(str(shim), *workload.argv), env=env)
    flags = [f"-toolexec={shlex.quote(str(shim))}"]
    foreign = any(_variable(workload, name) for name in ("GOOS", "GOARCH"))
    if command.subcommand in _EXEC and not foreign:  # else the user needs -exec for an emulator
        flags.append(f"-exec={shlex.quote(str(shim))}")
    env["GOFLAGS"] = " ".join([*map(shlex.quote, flags), _variable(workload, "GOFLAGS")]).strip()
    return replace(workload, env=env)


def _variable(workload: Workload, name: str) -> str:
    value = workload.env[name] if name in workload.env else os.environ.get(name)
    return value or ""
