"""The calls that are measured: build, test, vet and install with caches of their own, and no toolchain
switch.

Each returns a Workload: what to run, nothing run yet. GOTOOLCHAIN=local, since a switch would put a download
(and another Go) into the measurement; private caches, since what the user's cache happens to hold would
decide the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno.model import Record, Workload
from godyno.toolchain.go import Go


@dataclass(frozen=True, slots=True)
class PrivateCaches(Record):
    """Directories to use in place of the user's. An empty one leaves the user's own in use."""

    gocache: str = ""
    gomodcache: str = ""

    @classmethod
    def under(cls, directory: str | Path, *, modules: bool = True) -> PrivateCaches:
        """``directory/gocache``, and ``directory/gomodcache`` unless the user's modules are to be used as
        they are.
        """
        return cls(str(Path(directory, "gocache")), str(Path(directory, "gomodcache")) if modules else "")


def build(
    go: Go,
    packages: Sequence[str] = ("./...",),
    *,
    cwd: str | Path = "",
    caches: PrivateCaches | None = None,
    flags: Sequence[str] = (),
    output: str | Path | None = None,
    env: Mapping[str, str | None] | None = None,
) -> Workload:
    """``go build``. ``output`` is a file, or a directory that exists, for ``-o``; without it nothing is
    written for many.
    """
    where = () if output is None else ("-o", str(output))
    return _workload(go, ("build", *where, *flags, *packages), cwd, caches, env)


def test(
    go: Go,
    packages: Sequence[str] = ("./...",),
    *,
    cwd: str | Path = "",
    caches: PrivateCaches | None = None,
    flags: Sequence[str] = (),
    args: Sequence[str] = (),
    env: Mapping[str, str | None] | None = None,
) -> Workload:
    """``go test``. ``args`` go to the test binaries. Passing results are cached by go: add ``-count=1`` to
    run always.
    """
    tail = ("-args", *args) if args else ()
    return _workload(go, ("test", *flags, *packages, *tail), cwd, caches, env)


def vet(
    go: Go,
    packages: Sequence[str] = ("./...",),
    *,
    cwd: str | Path = "",
    caches: PrivateCaches | None = None,
    flags: Sequence[str] = (),
    env: Mapping[str, str | None] | None = None,
) -> Workload:
    """``go vet``."""
    return _workload(go, ("vet", *flags, *packages), cwd, caches, env)


def install(
    go: Go,
    packages: Sequence[str],
    *,
    bin_directory: str | Path,
    cwd: str | Path = "",
    caches: PrivateCaches | None = None,
    flags: Sequence[str] = (),
    env: Mapping[str, str | None] | None = None,
) -> Workload:
    """``go install`` into ``bin_directory`` (never the user's GOBIN); ``path@version`` works outside any
    module.
    """
    return _workload(
        go, ("install", *flags, *packages), cwd, caches, {"GOBIN": str(bin_directory), **(env or {})}
    )


def _workload(
    go: Go,
    args: tuple[str, ...],
    cwd: str | Path,
    caches: PrivateCaches | None,
    env: Mapping[str, str | None] | None,
) -> Workload:
    changes: dict[str, str | None] = {"GOTOOLCHAIN": "local", "GOROOT": None}
    if caches and caches.gocache:
        changes["GOCACHE"] = caches.gocache
    if caches and caches.gomodcache:
        changes["GOMODCACHE"] = caches.gomodcache
    changes.update(env or {})
    return Workload((go.path, *args), str(cwd), changes)
