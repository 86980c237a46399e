"""Caches that the real go filled, small, made once; a test gets a copy to spoil."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from godyno.modcache.hashing import hash_zip
from godyno.toolchain import Go, find_go


@dataclass(frozen=True)
class Caches:
    """GOMODCACHE, GOCACHE and a module that uses them."""

    top: Path

    @property
    def mod(self) -> Path:
        return self.top / "mod"

    @property
    def build(self) -> Path:
        return self.top / "build"

    @property
    def module(self) -> Path:
        return self.top / "module"

    @property
    def download(self) -> Path:
        return self.mod / "cache/download/github.com/google/uuid/@v"

    @property
    def source(self) -> Path:
        return self.mod / "github.com/google/uuid@v1.6.0"

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            "GOMODCACHE": str(self.mod),
            "GOCACHE": str(self.build),
            "GOFLAGS": "-mod=mod",
            "GOTOOLCHAIN": "local",
        }

    def spoil(self, path: Path, data: bytes) -> Path:
        for one in (path.parent, path):
            if one.exists():
                one.chmod(one.stat().st_mode | 0o200)
        path.write_bytes(data)
        return path

    def tamper(self) -> str:
        """Adds a line to uuid.go in the zip, the directory and the ziphash alike, and leaves no answer of the database: the new hash."""
        place = self.download / "v1.6.0.zip"
        with zipfile.ZipFile(place) as old:
            files = {name: old.read(name) for name in old.namelist()}
        files["github.com/google/uuid@v1.6.0/uuid.go"] += b"// more\n"
        self.spoil(place, b"")
        with zipfile.ZipFile(place, "w") as new:
            for name, content in files.items():
                new.writestr(name, content)
        self.spoil(self.source / "uuid.go", files["github.com/google/uuid@v1.6.0/uuid.go"])
        planted = hash_zip(str(place), "github.com/google/uuid@v1.6.0/")[0].h1
        self.spoil(self.download / "v1.6.0.ziphash", planted.encode())
        for answer in self.mod.glob("cache/download/sumdb/*/lookup/**/*uuid*"):
            answer.unlink()
        return planted


@pytest.fixture(scope="session")
def go() -> Go:
    return find_go()


@pytest.fixture(scope="session")
def whole(go: Go, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caches]:
    caches = Caches(tmp_path_factory.mktemp("caches"))
    caches.module.mkdir()
    (caches.module / "go.mod").write_text(
        "module example.com/user\n\ngo 1.21\n\nrequire github.com/google/uuid v1.6.0\n"
    )
    # errors and unicode/utf8 alone: a build cache of a few entries in a second.
    (caches.module / "lib.go").write_text(
        'package user\n\nimport "unicode/utf8"\n\nvar Length = utf8.RuneCountInString("x")\n'
    )
    for args in (["mod", "download"], ["mod", "download", "github.com/google/uuid"], ["build", "./..."]):
        subprocess.run([go.path, *args], cwd=caches.module, env=caches.env, check=True, capture_output=True)
    yield caches
    remove(caches.top)


@pytest.fixture
def caches(whole: Caches, tmp_path: Path) -> Iterator[Caches]:
    top = tmp_path / "caches"
    subprocess.run(["cp", "-a", str(whole.top), str(top)], check=True)
    yield Caches(top)
    remove(top)


def remove(top: Path) -> None:
    for folder, _, _ in os.walk(top):
        Path(folder).chmod(0o700)
    shutil.rmtree(top)
