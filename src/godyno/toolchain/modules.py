"""The user's module and its packages, and modules from the module proxy as writable copies."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno.errors import ModuleNotFound, ToolchainError, UsageError
from godyno.model import Record
from godyno.toolchain.go import Go

_FIELDS = (
    "ImportPath,Name,Dir,Standard,DepOnly,ForTest,Imports,TestImports,XTestImports,"
    "GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Module,Error,DepsErrors"
)
_AT_VERSION = re.compile(r"[^\s@-][^\s@]*@[^\s@]+")


@dataclass(frozen=True, slots=True)
class Module(Record):
    """A main module. ``go_version`` is its go line, ``toolchain`` its toolchain line; either may be empty."""

    path: str
    directory: str
    go_version: str = ""
    toolchain: str = ""
    workspace: str = ""  # the go.work that is in force here


@dataclass(frozen=True, slots=True)
class Package(Record):
    """A package as ``go list`` sees it. ``files`` are relative to ``directory``; ``own`` says it is of a main
    module.
    """

    import_path: str
    name: str = ""
    directory: str = ""
    module: str = ""
    standard: bool = False
    own: bool = False
    imports: tuple[str, ...] = ()
    test_imports: tuple[str, ...] = ()  # of its tests, the external test package's included
    files: tuple[str, ...] = ()
    cgo_files: tuple[str, ...] = ()
    test_files: tuple[str, ...] = ()
    error: str = ""  # of it, or of a package that it needs


def module_info(go: Go, directory: str | Path) -> Module:
    """The main module that ``directory`` lies in (in a workspace: of those, the one whose directory is
    nearest).

    Raises ModuleNotFound where there is none, ToolchainError where go.mod cannot be read.
    """
    place = Path(directory)
    if not place.is_dir():
        raise ModuleNotFound(f"{directory} is not a directory", hint="Name a directory that holds a go.mod.")
    gomod, gowork = ([*go.run("env", "GOMOD", "GOWORK", cwd=place).splitlines(), "", ""])[:2]
    if gomod in ("", os.devnull) and gowork in ("", "off"):
        raise ModuleNotFound(
            f"{directory} is in no Go module", hint="Name a directory with a go.mod, or run `go mod init`."
        )
    rows = [
        row
        for row in go.run_json("list", "-m", "-json", cwd=place)
        if isinstance(row, dict) and row.get("Dir")
    ]
    here = place.resolve()
    mains = [
        row for row in rows if row.get("Main") and here.is_relative_to(Path(_text(row, "Dir")).resolve())
    ]
    if not mains:
        raise ModuleNotFound(
            f"{directory} is in no module of the workspace {gowork}"
            if gowork
            else f"{directory} is in no Go module",
            hint="Add it with `go work use`, or set GOWORK=off." if gowork else "",
        )
    row = max(mains, key=lambda row: len(_text(row, "Dir")))
    return Module(
        _text(row, "Path"),
        _text(row, "Dir"),
        _text(row, "GoVersion"),
        _toolchain_line(Path(_text(row, "Dir"), "go.mod")),
        "" if gowork == "off" else gowork,
    )


def packages(
    go: Go,
    directory: str | Path,
    patterns: Sequence[str] = ("./...",),
    *,
    deps: bool = False,
    env: Mapping[str, str | None] | None = None,
) -> tuple[Package, ...]:
    """The packages that ``patterns`` match, dependencies before dependents; with ``deps`` all that they need,
    too.

    A package that does not load is given with its ``error``. Raises ToolchainError where listing fails as a
    whole, ModuleNotFound where nothing matches.
    """
    rows = go.run_json("list", "-e", "-deps", f"-json={_FIELDS}", "--", *patterns, cwd=directory, env=env)
    found = [_package(row) for row in rows if isinstance(row, dict) and (deps or not row.get("DepOnly"))]
    if not any(package.files or package.cgo_files or package.test_files for package in found):
        first = next((package.error for package in found if package.error), "")
        raise ModuleNotFound(
            f"{' '.join(patterns)} matches no Go package in {directory}" + (f": {first}" if first else ""),
            hint="Name packages of the module, such as ./... or ./cmd/server.",
        )
    return tuple(found)


def dependents(found: Sequence[Package]) -> dict[str, int]:
    """For each package of ``found``, how many others of it have to be compiled anew when it changes
    (transitively).
    """
    importers: defaultdict[str, set[str]] = defaultdict(set)
    known = {package.import_path for package in found}
    for package in found:
        for path in package.imports:
            if path in known:
                importers[path].add(package.import_path)
    counts = {}
    for path in known:
        seen, stack = {path}, [path]
        while stack:
            for importer in importers[stack.pop()]:
                if importer not in seen:
                    seen.add(importer)
                    stack.append(importer)
        counts[path] = len(seen) - 1
    return counts


def leaf_packages(found: Sequence[Package]) -> tuple[Package, ...]:
    """Those of ``found`` that import no other of it, most dependents first: touching one rebuilds the most.

    Of the main module only, and only packages with files to touch outside tests.
    """
    own = [package for package in found if package.own and package.files]
    paths = {package.import_path for package in own}
    counts = dependents(own)
    leaves = [package for package in own if not paths.intersection(package.imports) - {package.import_path}]
    return tuple(sorted(leaves, key=lambda package: (-counts[package.import_path], package.import_path)))


def root_packages(found: Sequence[Package]) -> tuple[Package, ...]:
    """Those of ``found`` that no other of it imports, commands first: touching one rebuilds it and links,
    nothing more.

    Of the main module only, and only packages with files to touch outside tests.
    """
    own = [package for package in found if package.own and package.files]
    imported = {path for package in own for path in package.imports if path != package.import_path}
    roots = [package for package in own if package.import_path not in imported]
    return tuple(sorted(roots, key=lambda package: (package.name != "main", package.import_path)))


def download_module(
    go: Go, module: str, into: str | Path, *, gomodcache: str | Path | None = None, timeout_s: float = 600.0
) -> Path:
    """``module`` (``github.com/caddyserver/caddy/v2@v2.8.4``, or ``@latest``) as a writable copy, as a
    checkout would be.

    ``into`` must be new or empty; it is returned. Raises UsageError, ModuleNotFound, or ToolchainError.
    """
    if not _AT_VERSION.fullmatch(module):
        raise UsageError(
            f"{module!r} names no module at a version", hint="Write it as PATH@VERSION, or PATH@latest."
        )
    target = Path(into)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} exists and is not an empty directory", hint="Name a new directory.")
    env: dict[str, str | None] = {
        "GO111MODULE": "on",
        "GOWORK": "off",
        "GOFLAGS": "-modcacherw" if gomodcache else "",
    }
    if gomodcache:
        env["GOMODCACHE"] = str(Path(gomodcache).absolute())
    with tempfile.TemporaryDirectory(prefix="godyno-module-") as nowhere:  # outside any module
        answer = go.try_run(
            "mod", "download", "-json", "--", module, cwd=nowhere, env=env, timeout_s=timeout_s
        )
    row = first_object(answer.stdout)
    if row.get("Error") or not row.get("Dir"):
        why = str(row.get("Error") or answer.stderr.strip()[-400:] or "go gave no reason")
        raise ModuleNotFound(
            f"{module} cannot be downloaded: {why}",
            hint="Check its path and version, and that the module proxy (`go env GOPROXY`) can be reached.",
        )
    try:
        shutil.copytree(_text(row, "Dir"), target, dirs_exist_ok=True, copy_function=shutil.copyfile)
        for directory, _, files in os.walk(target):  # the cache's are read-only
            Path(directory).chmod(0o755)
            for file in files:
                path = Path(directory, file)
                path.chmod(path.stat().st_mode | stat.S_IWUSR | stat.S_IRUSR)
        if not (target / "go.mod").exists() and row.get(
            "GoMod"
        ):  # older than modules: go made one up beside it
            shutil.copyfile(_text(row, "GoMod"), target / "go.mod")
    except (OSError, shutil.Error) as error:
        raise ToolchainError(
            f"{module} cannot be copied to {target}: {error}", hint="Is there space and permission?"
        ) from error
    return target


def _package(row: Mapping[str, Any]) -> Package:
    module = row.get("Module")
    module = module if isinstance(module, dict) else {}
    errors = [row.get("Error"), *(row.get("DepsErrors") or ())]
    return Package(
        import_path=_text(row, "ImportPath"),
        name=_text(row, "Name"),
        directory=_text(row, "Dir"),
        module=_text(module, "Path"),
        standard=bool(row.get("Standard")),
        own=bool(module.get("Main")),
        imports=_texts(row, "Imports"),
        test_imports=tuple(sorted({*_texts(row, "TestImports"), *_texts(row, "XTestImports")})),
        files=_texts(row, "GoFiles") + _texts(row, "CgoFiles"),
        cgo_files=_texts(row, "CgoFiles"),
        test_files=_texts(row, "TestGoFiles") + _texts(row, "XTestGoFiles"),
        error=next((_text(error, "Err") for error in errors if isinstance(error, dict)), ""),
    )


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _texts(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def first_object(text: str) -> dict[str, Any]:
    """The JSON object that ``text`` begins with; an empty one where it begins with none."""
    import json

    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _toolchain_line(gomod: Path) -> str:
    try:
        match = re.search(r"^toolchain\s+(\S+)", gomod.read_text(encoding="utf-8", errors="replace"), re.M)
    except OSError:
        return ""
    return match[1] if match else ""
