"""The language server gopls, built with the user's own toolchain at first use and kept in the user's cache."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from godyno.errors import NotAvailableHere, ToolchainError
from godyno.model import Record
from godyno.toolchain import Go

MODULE = "golang.org/x/tools/gopls"
_RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
_GO_LINE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_TRIED = 25  # releases back from the newest: more than four years


@dataclass(frozen=True, slots=True)
class Gopls(Record):
    """A gopls. ``source`` is ``cache``, ``built`` (``built_s`` says how long that took) or ``PATH``."""

    path: str
    version: str
    source: str
    built_s: float = 0.0


def tools_directory() -> Path:
    """Where programs that godyno builds are kept: below XDG_CACHE_HOME, else ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "godyno", "tools")


def cached_gopls(go: Go, directory: Path | None = None) -> Gopls | None:
    """The newest gopls that was built with this very toolchain before; None where there is none."""
    place = directory or tools_directory()
    found = [
        (_release(path.parent.name), path)
        for path in place.glob(f"gopls@v*-{go.version.split()[0]}/gopls")
        if os.access(path, os.X_OK)
    ]
    if not found:
        return None
    path = max(found)[1]
    return Gopls(str(path), path.parent.name.removeprefix("gopls@").rpartition("-")[0], "cache")


def find_or_build_gopls(go: Go, directory: Path | None = None, timeout_s: float = 900.0) -> Gopls:
    """A gopls for this toolchain: built before, else built now from the module proxy, else the one on PATH.

    Built is the newest release whose go line this toolchain meets, as ``go install`` would, with the user's caches.
    Raises NotAvailableHere where none can be had; the message says why.
    """
    kept = cached_gopls(go, directory)
    if kept is not None:
        return kept
    try:
        return _build(go, directory or tools_directory(), timeout_s)
    except (ToolchainError, OSError) as error:
        on_path = shutil.which("gopls")
        if on_path:
            return Gopls(on_path, "of the user", "PATH")
        raise NotAvailableHere(
            f"gopls cannot be built: {error}",
            hint=f"It needs a module proxy and about 1 GB of disk; or put a gopls on PATH (`go install {MODULE}@latest`).",
        ) from error


def _build(go: Go, directory: Path, timeout_s: float) -> Gopls:
    started = time.monotonic()
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".gopls-", dir=directory) as scratch:
        # GOFLAGS such as -mod=vendor and a surrounding workspace belong to the user's module, not to this one.
        env: dict[str, str | None] = {"GOBIN": scratch, "GOFLAGS": "", "GOWORK": "off", "GO111MODULE": "on"}
        version = _newest_version(go, scratch)
        go.run("install", f"{MODULE}@{version}", cwd=scratch, env=env, timeout_s=timeout_s)
        home = directory / f"gopls@{version}-{go.version.split()[0]}"
        home.mkdir(exist_ok=True)
        Path(scratch, "gopls").replace(home / "gopls")  # atomic, so that two first uses at once do no harm
    return Gopls(str(home / "gopls"), version, "built", time.monotonic() - started)


def _newest_version(go: Go, cwd: str) -> str:
    """The newest release that this toolchain can build. Raises ToolchainError where there is none or no proxy answers."""
    env: dict[str, str | None] = {"GOFLAGS": "", "GOWORK": "off", "GO111MODULE": "on"}
    listed = go.run("list", "-m", "-versions", MODULE + "@latest", cwd=cwd, env=env, timeout_s=120.0).split()[
        1:
    ]
    releases = sorted(
        (version for version in listed if _RELEASE.fullmatch(version)), key=_release, reverse=True
    )
    for version in releases[:_TRIED]:
        line = go.run(
            "list", "-m", "-f", "{{.GoVersion}}", f"{MODULE}@{version}", cwd=cwd, env=env, timeout_s=120.0
        )
        match = _GO_LINE.match(line.strip())
        if match and (int(match[1]), int(match[2]), int(match[3] or 0)) <= go.release:
            return version
    raise ToolchainError(f"none of the {len(releases)} releases of {MODULE} can be built with {go.version}")


def _release(text: str) -> tuple[int, ...]:
    match = _RELEASE.search(text)
    return tuple(int(part) for part in match.groups()) if match else (0, 0, 0)
