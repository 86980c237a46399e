"""The module under survey: the user's own, one from the module proxy, or the references that godyno carries."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import BuildFailed, ModuleNotFound, ToolchainError, UsageError
from godyno.studies.survey.records import ModuleFacts
from godyno.toolchain import (
    Go,
    Package,
    dependents,
    download_module,
    leaf_packages,
    module_info,
    packages,
    root_packages,
    selected_go,
)

REFERENCE = Path(__file__).parents[2] / "workload" / "reference"
_AT_VERSION = re.compile(r"[\w.~/-]+\.[\w.~/-]+@[\w.+-]+")
_DOWNLOAD_S = 600.0


@dataclass(frozen=True)
class Subject:
    """A module that can be measured: where it is, which Go it uses, its packages."""

    go: Go
    path: str
    directory: Path
    own: tuple[Package, ...]
    dependencies: int
    reference: bool = False
    env: dict[str, str | None] = field(default_factory=dict)
    source_bytes: int = 0  # of all that a build from an empty cache compiles, its dependencies' included

    @property
    def leaf(self) -> Package | None:
        """The package whose touch rebuilds the most of the module."""
        return next((package for package in leaf_packages(self.own) if _touchable(package)), None)

    @property
    def root(self) -> Package | None:
        """A package that no other needs, a command where there is one."""
        return next((package for package in root_packages(self.own) if _touchable(package)), None)

    @property
    def commands(self) -> bool:
        """Whether there is a program to link."""
        return any(package.name == "main" and package.files for package in self.own)

    @property
    def tests(self) -> bool:
        """Whether there is anything to test."""
        return any(package.test_files for package in self.own)

    def facts(self) -> ModuleFacts:
        """What a report says about it."""
        leaf, root = self.leaf, self.root
        counts = dependents([package for package in self.own if package.own])
        return ModuleFacts(
            self.path, str(self.directory), len(self.own), self.dependencies,
            sum(1 for package in self.own if package.test_files),
            leaf.import_path if leaf else "", counts.get(leaf.import_path, 0) if leaf else 0,
            root.import_path if root else "", self.reference,
        )  # fmt: skip

    def editor_file(self) -> Path | None:
        """The file that an editor session opens: the largest of the root package."""
        root = self.root
        files = [Path(root.directory, name) for name in root.files] if root else []
        return max(files, key=_size, default=None)


def open_subject(go: Go, module: str, scratch: Path) -> Subject:
    """The module in a directory (or at a go.mod), or ``PATH@VERSION`` from the module proxy as a copy in ``scratch``.

    Downloads the modules that it needs, as any go command in it would. Raises ModuleNotFound, ToolchainError, BuildFailed.
    """
    place = Path(module).expanduser()
    if not place.exists() and _AT_VERSION.fullmatch(module):
        place = download_module(go, module, scratch / "module")
        return _load(go, place)
    check_module(go, module)
    return _load(go, _directory(place).resolve())


def check_module(go: Go, module: str) -> None:
    """Raises ModuleNotFound, ToolchainError or UsageError where ``module`` cannot be one; quick, and downloads nothing."""
    place = Path(module).expanduser()
    if not place.exists():
        if _AT_VERSION.fullmatch(module):
            return
        raise ModuleNotFound(
            f"{module} does not exist",
            hint="Name a directory with a go.mod, or a module such as github.com/caddyserver/caddy/v2@latest.",
        )
    if place.is_file() and place.name != "go.mod":
        raise UsageError(f"{module} is a file", hint="Name the module's directory, or its go.mod.")
    module_info(selected_go(go, _directory(place)), _directory(place))


def _directory(place: Path) -> Path:
    return place.parent if place.name == "go.mod" and place.is_file() else place


def reference_subject(go: Go, name: str, scratch: Path) -> Subject:
    """The reference module ``cli`` or ``service``, as a copy in ``scratch``, whatever go.work or GOFLAGS say where the user stands.

    Raises ToolchainError where its dependencies cannot be had (``service`` needs the module proxy).
    """
    place = scratch / f"reference-{name}"
    shutil.copytree(REFERENCE / name, place)
    return _load(go, place, reference=True, env={"GOWORK": "off", "GOFLAGS": ""})


def _load(
    go: Go, place: Path, *, reference: bool = False, env: dict[str, str | None] | None = None
) -> Subject:
    env = dict(env or {})
    if not reference:
        go = selected_go(go, place)
        env |= _readonly_modules(go, place)
    info = module_info(go, place)
    directory = Path(info.directory)
    if not (directory / "vendor" / "modules.txt").exists():
        go.run("mod", "download", cwd=directory, env=env, timeout_s=_DOWNLOAD_S)
    found = packages(go, directory, deps=True, env=env)
    own = tuple(package for package in found if package.own and package.module == info.path)
    broken = next((package for package in own if package.error), None)
    if not own:
        raise ModuleNotFound(f"{info.path} has no package of its own in {directory}")
    if broken is not None:
        raise BuildFailed(
            f"{broken.import_path} does not load: {broken.error.strip().splitlines()[-1] if broken.error.strip() else 'no reason given'}",
            hint="Make `go build ./...` pass in the module first.",
        )
    sources = sum(
        _size(Path(package.directory, name))
        for package in found
        for name in (*package.files, *package.cgo_files)
    )
    return Subject(go, info.path, directory, own, len(found) - len(own), reference, env, sources)


def _readonly_modules(go: Go, place: Path) -> dict[str, str | None]:
    """GOFLAGS without -mod=mod, which would let a measured build write the user's go.mod and go.sum."""
    flags = go.run("env", "GOFLAGS", cwd=place).strip()
    words = [word for word in flags.split() if word not in ("-mod=mod", "--mod=mod")]
    return {"GOFLAGS": " ".join(words)} if len(words) < len(flags.split()) else {}


def _touchable(package: Package) -> bool:
    return any(name not in package.cgo_files for name in package.files)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def write_touch(package: Package, scratch: Path, turn: int) -> Path:
    """An overlay (``go build -overlay``) in which one file of ``package`` has a new function at its end; the tree stays as it is.

    Each ``turn`` gives other contents, so that nothing is in the cache. Raises OSError, ToolchainError.
    """
    name = next((name for name in package.files if name not in package.cgo_files), None)
    if name is None:
        raise ToolchainError(f"{package.import_path} has no Go file that could be edited")
    source = Path(package.directory, name)
    unique = f"{os.getpid()}_{turn}"
    edited = scratch / f"touched-{unique}-{name}"
    # A function with a body of its own, since a comment alone changes no object code and dependents would not be rebuilt.
    edited.write_bytes(
        source.read_bytes()
        + f"\n\nfunc godynoTouched_{unique}(n int) int {{ return n*{turn + 2} + 1 }}\n".encode()
    )
    overlay = scratch / f"overlay-{unique}.json"
    overlay.write_text(json.dumps({"Replace": {str(source): str(edited)}}), encoding="utf-8")
    return overlay
