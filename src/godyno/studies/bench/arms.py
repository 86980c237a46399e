"""The arms: every combination of what varies, each with its tree, toolchain, flags and environment, and its test binaries, prebuilt.

The user's repository is only read. A revision is checked out in a clone that borrows the repository's objects (``git clone --shared``):
``git worktree add`` would write into the user's ``.git``, where a kill -9 left it. Uncommitted work is an arm too, built as it lies there.
"""

from __future__ import annotations

import contextlib
import hashlib
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import UsageError
from godyno.studies.bench.settings import (
    BUILD_VARIABLES,
    WORKING_TREE,
    Settings,
    environment_values,
    revisions_of,
)
from godyno.studies.factors import Arm, Factor, Level
from godyno.studies.plan import Plan

STUDY = "bench"


@dataclass(frozen=True, slots=True)
class Side:
    """One arm, as asked for. ``name`` is what tables show; ``build_env`` decides what is built, ``env`` holds while it runs."""

    name: str
    levels: Mapping[str, str]
    revision: str = WORKING_TREE
    go: str = ""
    flags: tuple[str, ...] = ()
    env: Mapping[str, str | None] = field(default_factory=dict)
    command: str = ""
    prepare: str = ""

    @property
    def build_env(self) -> dict[str, str | None]:
        """The part of ``env`` that the compiler reads."""
        return {name: value for name, value in self.env.items() if name in BUILD_VARIABLES}

    @property
    def build_key(self) -> str:
        """What must be equal for two arms to share their binaries."""
        return repr((self.revision, self.go, self.flags, sorted(self.build_env.items())))


def factors(settings: Settings) -> list[Factor]:
    """What varies. A single value of something is a setting of all arms, and no factor of its own, unless nothing else varies."""
    found = []
    for name, levels in (
        ("revision", revisions_of(settings.revisions) if settings.revisions else ()),
        ("go", settings.go),
        *((name, values) for name, values in map(environment_values, settings.environment)),
        ("flags", settings.flags),
        ("cmd", settings.commands),
    ):
        if levels:
            found.append(
                Factor(name, tuple(Level(level or ("none" if name == "flags" else "unset")) for level in levels))
            )  # fmt: skip
    return found or [Factor.of("revision", WORKING_TREE)]


def sides(settings: Settings) -> list[Side]:
    """Every combination, the baseline first."""
    varied = factors(settings)
    plan = Plan.of(STUDY, varied, 1)
    return [_side(settings, arm, [one for one in varied if len(one.levels) > 1]) for arm in plan.arms]


def _side(settings: Settings, arm: Arm, shown: Sequence[Factor]) -> Side:
    levels = arm.levels
    env: dict[str, str | None] = {}
    for name, values in map(environment_values, settings.environment):
        env[name] = next(value for value in values if (value or "unset") == levels[name]) or None
    named = [_label(factor.name, levels[factor.name]) for factor in shown]
    command = levels.get("cmd", "")
    prepare = settings.prepare[0] if settings.prepare else ""
    if len(settings.prepare) > 1:
        prepare = settings.prepare[settings.commands.index(command)]
    flags = levels.get("flags", "")
    return Side(
        " ".join(named) or _label(*next(iter(levels.items()))), levels, levels.get("revision", WORKING_TREE),
        levels.get("go", ""), tuple(shlex.split(flags)) if flags and flags != "none" else (), env, command, prepare,
    )  # fmt: skip


def _label(factor: str, level: str) -> str:
    if factor in ("revision", "cmd"):
        return level
    if factor == "go":
        return level if level.startswith("go") else f"go{level}"
    return level if factor == "flags" and level != "none" else f"{factor}={level}"


# ---- trees


@contextlib.contextmanager
def revision(checkout: Path, name: str, scratch: Path) -> Iterator[Path]:
    """The tree of revision ``name`` of the repository that holds ``checkout``, at the same place inside it.

    Raises UsageError where there is no such repository, revision, or directory in that revision.
    """
    if name == WORKING_TREE:
        yield checkout
        return
    top = _git(checkout, "rev-parse", "--show-toplevel")
    commit = _git(
        checkout, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", what=name
    )
    tree = scratch / f"{commit[:12]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    shutil.rmtree(tree, ignore_errors=True)  # left by one that was killed
    scratch.mkdir(parents=True, exist_ok=True)
    quiet = ("-c", "advice.detachedHead=false", "-c", "core.hooksPath=/dev/null")
    try:
        _git(checkout, *quiet, "clone", "--quiet", "--shared", "--no-checkout", top, str(tree))
        _git(tree, *quiet, "checkout", "--quiet", "--detach", commit)
        place = tree / checkout.resolve().relative_to(Path(top).resolve())
        if not place.is_dir():
            raise UsageError(f"{name} has no directory {place.relative_to(tree)}")
        yield place
    finally:
        shutil.rmtree(tree, ignore_errors=True)


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
