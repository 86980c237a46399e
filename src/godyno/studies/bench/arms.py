"""What is compared: a revision in a worktree of its own, built once, with a build cache of its own.

The user's checkout is only read. ``git worktree add`` makes a detached tree below a scratch directory and is undone afterwards; uncommitted
work is an arm too, built from the checkout as it is.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import BuildFailed, UsageError
from godyno.toolchain import Go, PrivateCaches, packages

WORKING_TREE = "working tree"


@dataclass(frozen=True, slots=True)
class Binary:
    """A package's test binary, and the directory in which its tests expect to run."""

    package: str
    path: Path
    directory: Path


@dataclass(frozen=True, slots=True)
class BenchArm:
    """One side. ``env`` holds while its binaries run."""

    name: str
    binaries: tuple[Binary, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    go_version: str = ""


@contextlib.contextmanager
def revision(checkout: Path, name: str, scratch: Path) -> Iterator[Path]:
    """The tree of revision ``name`` of the repository that holds ``checkout``, at the same place inside it.

    Raises UsageError where there is no such repository, revision, or directory in that revision.
    """
    if name == WORKING_TREE:
        yield checkout
        return
    top = Path(_git(checkout, "rev-parse", "--show-toplevel"))
    commit = _git(
        checkout, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", what=name
    )
    tree = scratch / f"tree-{commit[:12]}-{len(list(scratch.iterdir())) if scratch.exists() else 0}"
    scratch.mkdir(parents=True, exist_ok=True)
    _git(checkout, "worktree", "add", "--quiet", "--detach", "--force", str(tree), commit)
    try:
        place = tree / checkout.resolve().relative_to(top.resolve())
        if not place.is_dir():
            raise UsageError(f"{name} has no directory {checkout.resolve().relative_to(top.resolve())}")
        yield place
    finally:
        with contextlib.suppress(UsageError):
            _git(checkout, "worktree", "remove", "--force", str(tree))


def _git(directory: Path, *arguments: str, what: str = "") -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *arguments], capture_output=True, text=True, errors="replace", check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise UsageError("Comparing revisions needs git", hint="Install git.") from error
    if done.returncode != 0:
        reason = (
            f"{what!r} is no revision here"
            if what
            else (done.stderr.strip().splitlines() or ["git failed"])[-1]
        )
        raise UsageError(
            reason, hint="`git log --oneline` lists revisions; the directory must be in a git repository."
        )
    return done.stdout.strip()


def prebuild(
    go: Go, tree: Path, patterns: Sequence[str], out: Path, *, name: str,
    flags: Sequence[str] = (), env: Mapping[str, str] | None = None, gocache: Path | None = None,
) -> BenchArm:  # fmt: skip
    """Builds the test binaries of all packages that have tests, into ``out``, with ``gocache`` (default
    ``out/gocache``, so that no arm finds what another one built) as build cache.

    Raises BuildFailed where one does not build, UsageError where no package has tests.
    """
    out.mkdir(parents=True, exist_ok=True)
    caches = PrivateCaches(gocache=str(gocache or out / "gocache"))
    settings = {"GOCACHE": caches.gocache, **(env or {})}
    binaries: list[Binary] = []
    for package in packages(go, tree, patterns):
        if not package.test_files:
            continue
        path = out / f"{len(binaries)}.test"
        done = go.try_run(
            "test",
            "-c",
            "-o",
            str(path),
            "-buildvcs=false",
            *flags,
            package.import_path,
            cwd=tree,
            env=settings,
        )
        if done.returncode != 0:
            last = "\n".join(done.stderr.strip().splitlines()[-8:])
            raise BuildFailed(
                f"{name}: the tests of {package.import_path} do not build:\n{last}",
                hint="Run `go vet` there.",
            )
        if path.exists():  # go test -c writes nothing where all test files are left out by build constraints
            binaries.append(Binary(package.import_path, path, Path(package.directory)))
    if not binaries:
        raise UsageError(
            f"{name}: no package of {' '.join(patterns)} has tests", hint="Name packages with benchmarks."
        )
    return BenchArm(name, tuple(binaries), dict(env or {}), go.version)
