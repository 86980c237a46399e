"""What lies in a GOMODCACHE: module versions, and what interrupted commands left.

The layout is cmd/go's (https://go.dev/ref/mod#module-cache): ``cache/download/PATH/@v/VERSION.{info,mod,zip,ziphash,lock,partial}``
and the extracted ``PATH@VERSION``. Capital letters are written ``!x``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from godyno.prose import paste, quoted

_PARTS = ("ziphash", "zip", "mod", "info", "lock", "partial")
_TEMPORARY = re.compile(r".*\.tmp\d*|.*\.tmp-.*")
_SEMVER = re.compile(r"v\d+\.\d+\.\d+([-+].*)?")


@dataclass(slots=True)
class Version:
    """One module version in the cache. ``parts`` holds its files in ``cache/download`` by kind; ``directory`` is empty where
    it was never extracted. ``go`` is how a shell calls the go that uses this cache.
    """

    path: str
    version: str
    parts: dict[str, str] = field(default_factory=dict)
    directory: str = ""
    go: str = "go"

    @property
    def name(self) -> str:
        """``PATH@VERSION``."""
        return f"{self.path}@{self.version}"

    @property
    def removal(self) -> str:
        """How to take it out of the cache and have go download it again: a sentence, and the shell commands below it."""
        commands = [f"chmod -R u+w {quoted(self.directory)}"] if self.directory else []
        places = [self.directory, *(self.parts[kind] for kind in ("zip", "ziphash") if kind in self.parts)]
        commands.append(f"rm -rf {quoted(*filter(None, places))}")
        return "Remove it, and have go download it again:" + paste(
            *commands, f"{self.go} mod download {quoted(self.name)}"
        )


@dataclass(slots=True)
class Layout:
    """A whole module cache. ``leftovers`` are temporary files, ``strays`` what is not of a module cache at all."""

    root: str
    versions: list[Version]
    leftovers: list[str]
    lookups: list[str]  # answers of checksum databases
    directories: int = 0


def go_of(**caches: Path | None) -> str:
    """How a shell calls go with these caches (``GOMODCACHE=…``); None is the one that go takes by itself."""
    named = [f"{name}={quoted(str(place.absolute()))}" for name, place in caches.items() if place is not None]
    return " ".join([*named, "go"])


def read_layout(root: Path, go: str = "go") -> Layout:
    """Walks the module cache at ``root``, which a shell's ``go`` uses; what cannot be read is left out (``places`` says so)."""
    found: dict[str, Version] = {}  # by escaped name
    leftovers: list[str] = []
    lookups: list[str] = []
    download = os.path.join(root, "cache", "download")  #  a hundred thousand of them
    for folder, folders, files in os.walk(download):
        relative = os.path.relpath(folder, download)
        if relative == "sumdb":
            lookups.extend(_lookups(folder))
            folders.clear()
            continue
        if os.path.basename(folder) != "@v":
            continue
        path = relative[: -len("/@v")]
        for name in files:
            place = f"{folder}/{name}"
            if _TEMPORARY.fullmatch(name):
                leftovers.append(place)
                continue
            version, _, kind = name.rpartition(".")
            if kind in _PARTS and _SEMVER.fullmatch(version):
                key = f"{path}@{version}"
                entry = found.get(key)
                if entry is None:
                    entry = found[key] = Version(unescaped(path), unescaped(version), go=go)
                entry.parts[kind] = place
    layout = Layout(str(root), [], leftovers, lookups)
    for key, directory in _extracted(str(root)):
        layout.directories += 1
        if _TEMPORARY.fullmatch(key):
            leftovers.append(directory)
            continue
        entry = found.get(key)
        if entry is None:
            path, _, version = key.rpartition("@")
            entry = found[key] = Version(unescaped(path), unescaped(version), go=go)
        entry.directory = directory
    layout.versions = [found[key] for key in sorted(found)]
    return layout


def _extracted(root: str) -> Iterator[tuple[str, str]]:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            if folder == root and entry.name == "cache":
                continue
            try:
                if not entry.is_dir(follow_symlinks=False):
                    continue
            except OSError:
                continue
            if "@" in entry.name:
                yield os.path.relpath(entry.path, root), entry.path
            else:
                waiting.append(entry.path)


def _lookups(folder: str) -> Iterator[str]:
    for place, _, files in os.walk(folder):
        if "/lookup/" in f"{place}/":
            yield from (f"{place}/{name}" for name in files if "@" in name)


def unescaped(text: str) -> str:
    """A path or version as written in go.mod, from its name in the cache: ``!burnt!sushi`` is BurntSushi."""
    return re.sub(r"!([a-z])", lambda match: match[1].upper(), text)


def escaped(text: str) -> str:
    """The name in the cache of a path or version."""
    return re.sub(r"[A-Z]", lambda match: "!" + match[0].lower(), text)


def version_at(root: Path, path: str, version: str) -> Version | None:
    """One version of the cache at ``root``; None where nothing of it is there."""
    base = os.path.join(root, "cache", "download", escaped(path), "@v", escaped(version))
    parts = {kind: f"{base}.{kind}" for kind in _PARTS if os.path.exists(f"{base}.{kind}")}
    directory = os.path.join(root, f"{escaped(path)}@{escaped(version)}")
    found = Version(path, version, parts, directory if os.path.isdir(directory) else "")
    return found if parts or found.directory else None
