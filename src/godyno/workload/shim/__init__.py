"""The shim: a small Go program that runs a command with Go runtime debug output switched on for it alone.

It serves as ``-toolexec`` (compiler, linker …), as ``-exec`` (test binaries) and as a plain launcher, and
leaves a file per process (``formats.shimlog``). It is built by the user's own Go at first use, into the
user's cache.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from godyno.errors import BuildFailed, ToolchainError
from godyno.model import Workload
from godyno.toolchain.go import Go
from godyno.toolchain.versions import user_cache

DIRECTORY_VARIABLE = "GODYNO_SHIM_DIR"
SETTINGS_VARIABLE = "GODYNO_SHIM_GODEBUG"
_TOOLEXEC = frozenset(("build", "test", "vet", "run", "install"))
_EXEC = frozenset(("test", "run"))


def build_shim(go: Go) -> Path:
    """The shim, built with ``go`` unless a build of the same source by the same Go is in the user's cache.

    Raises BuildFailed where it does not compile, ToolchainError where the cache cannot be written.
    """
    sources = {
        name: (files(__package__) / "go" / name).read_bytes()
        for name in ("go.mod", "main.go", "sorter.go", "system_linux.go", "system_darwin.go")
    }
    return build_program(go, "shim", sources)


def build_program(go: Go, name: str, sources: dict[str, bytes]) -> Path:
    """The program ``name`` made of ``sources`` (a module of the standard library alone), from the user's
    cache or built now.

    It appears whole or not at all, so that several may build it at once. Raises as ``build_shim`` does.
    """
    digest = hashlib.sha256(f"{go.version} {go.goroot}".encode())
    for file, text in sorted(sources.items()):
        digest.update(f"\0{file}\0{len(text)}\0".encode() + text)
    directory = user_cache() / "programs"
    final = directory / f"{name}-{digest.hexdigest()[:20]}"
    if os.access(final, os.X_OK):
        return final
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=directory) as scratch:
            for file, text in sources.items():
                Path(scratch, file).write_bytes(text)
            # The user's GOFLAGS, GOOS and the like are for their module, not for a program that has to run
            # here.
            env = dict.fromkeys(
                ("GOFLAGS", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GODEBUG")
            )
            result = go.try_run(
                "build", "-buildvcs=false", "-ldflags=-s -w", "-o", name, ".",
                cwd=scratch, env={**env, "GOWORK": "off", "CGO_ENABLED": "0", "GO111MODULE": "on"},
            )  # fmt: skip
            if result.returncode != 0:
                raise BuildFailed(
                    f"{go.version} cannot build godyno's {name}: {result.stderr.strip()[-800:]}",
                    hint="godyno needs Go 1.21 or newer for this; without it the runtime's debug output is left out.",
                )
            Path(scratch, name).replace(final)
    except OSError as error:
        raise ToolchainError(
            f"godyno's {name} cannot be kept in {directory}: {error.strerror or error}",
            hint="Free space there, or set XDG_CACHE_HOME to a directory that can be written.",
        ) from error
    return final


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
    subcommand = next((arg for arg in workload.argv[1:] if not arg.startswith("-")), "")
    if Path(workload.argv[0]).name != "go" or subcommand not in _TOOLEXEC:
        return replace(workload, argv=(str(shim), *workload.argv), env=env)
    flags = [f"-toolexec={shlex.quote(str(shim))}"]
    foreign = any(_variable(workload, name) for name in ("GOOS", "GOARCH"))
    if subcommand in _EXEC and not foreign:  # else the user needs -exec for an emulator
        flags.append(f"-exec={shlex.quote(str(shim))}")
    env["GOFLAGS"] = " ".join([*map(shlex.quote, flags), _variable(workload, "GOFLAGS")]).strip()
    return replace(workload, env=env)


def _variable(workload: Workload, name: str) -> str:
    value = workload.env[name] if name in workload.env else os.environ.get(name)
    return value or ""
