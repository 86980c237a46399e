"""Thirty faults planted in real caches: are all found, and is none invented in clean ones?

    python benchmarks/modcache_faults.py [--clean 10]

Caches are made by the real go (modules from the module proxy, a real build). Each fault is planted alone in a copy; it
counts as found where a finding is of the right kind and names the planted path, or the cache where the fault is of the whole.
Needs root: owners are changed, and a tmpfs is mounted for two of the faults.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from arms import keep
from godyno.modcache.check import Report, check_caches
from godyno.toolchain import Go, find_go

MODULES = (
    ("github.com/BurntSushi/toml", "v1.4.0"), ("golang.org/x/text", "v0.21.0"), ("github.com/google/uuid", "v1.6.0"),
    ("github.com/spf13/cobra", "v1.8.1"), ("gopkg.in/yaml.v3", "v3.0.1"), ("golang.org/x/sys", "v0.28.0"),
    ("github.com/stretchr/testify", "v1.10.0"), ("github.com/pkg/errors", "v0.9.1"),
    ("go.uber.org/zap", "v1.27.0"), ("golang.org/x/net", "v0.33.0"),
)  # fmt: skip


@dataclass
class Caches:
    """A copy to plant in. ``module`` requires two of the modules."""

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

    def download(self, path: str, version: str, kind: str) -> Path:
        return self.mod / "cache/download" / path / "@v" / f"{version}.{kind}"

    def output(self) -> Path:
        return max((p for p in self.build.glob("??/*-d") if p.is_file()), key=lambda p: p.stat().st_size)

    def entry(self) -> Path:
        return next(iter(sorted(self.build.glob("??/*-a"))))


TEXT, UUID = ("golang.org/x/text", "v0.21.0"), ("github.com/google/uuid", "v1.6.0")


def flip(path: Path, at: float = 0.5) -> Path:
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 0x10
    writable(path).write_bytes(data)
    return path


def writable(path: Path) -> Path:
    for one in (path.parent, path):
        if one.exists():
            one.chmod(one.stat().st_mode | stat.S_IWUSR)
    return path


def write(path: Path, data: bytes) -> Path:
    writable(path).write_bytes(data)
    return path


def remove(path: Path) -> Path:
    writable(path).unlink()
    return path


def cut(path: Path) -> Path:
    return write(path, path.read_bytes()[: path.stat().st_size // 2])


def own(path: Path, uid: int = 12345, mode: int | None = None) -> Path:
    os.chown(path, uid, uid)
    if mode is not None:
        path.chmod(mode)
    return path


def source(c: Caches) -> Path:
    return c.mod / "github.com/google/uuid@v1.6.0"


def edited_and_resealed(c: Caches) -> Path:
    """Zip, directory and ziphash changed together: only another witness can tell."""
    from godyno.formats.gosum import h1  # noqa: F401  the same hash that go writes
    from godyno.modcache.hashing import hash_zip

    place = c.download(*UUID, "zip")
    scratch = c.top / "scratch"
    shutil.unpack_archive(place, scratch, "zip")
    changed = scratch / "github.com/google/uuid@v1.6.0/uuid.go"
    changed.write_text(changed.read_text() + "\n// a line more\n")
    place.unlink()
    shutil.make_archive(str(place.with_suffix("")), "zip", scratch)
    shutil.rmtree(scratch)
    whole, _ = hash_zip(place, "github.com/google/uuid@v1.6.0/")
    place.with_suffix(".ziphash").write_text(whole.h1)
    write(source(c) / "uuid.go", (source(c) / "uuid.go").read_bytes() + b"\n// a line more\n")
    return place


def toolchain(c: Caches) -> Path:
    place = c.mod / "golang.org/toolchain@v0.0.1-go1.24.1.darwin-arm64"
    (place / "bin").mkdir(parents=True)
    (place / "bin/go").write_text("not for here")
    return place


_HOLDER = """
import fcntl, os, signal, sys
file = open(sys.argv[1])
fcntl.flock(file, fcntl.LOCK_EX)
print("x", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


def held(c: Caches) -> Path:
    place = c.download(*UUID, "lock")
    place.touch()
    holder = subprocess.Popen(
        [sys.executable, "-c",
         _HOLDER, str(place)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout
    holder.stdout.readline()
    RUNNING.append(holder)
    return place


RUNNING: list[subprocess.Popen[bytes]] = []
MOUNTS: list[Path] = []


def mounted(path: Path, options: str) -> Path:
    scratch = path.with_name(path.name + ".kept")
    path.rename(scratch)
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", path], check=True)
    MOUNTS.append(path)
    shutil.copytree(scratch, path, dirs_exist_ok=True, symlinks=True)
    shutil.rmtree(scratch)
    subprocess.run(["mount", "-o", f"remount,{options}", path], check=True)
    return path


def gosum(c: Caches, change: Callable[[str], str]) -> Path:
    place = c.module / "go.sum"
    place.write_text(change(place.read_text()))
    return place


def other_hashes(text: str) -> str:
    return re.sub("h1:.", lambda match: "h1:B" if match[0] == "h1:A" else "h1:A", text)


def another_hash(c: Caches) -> Path:
    return write(c.download(*UUID, "ziphash"), c.download(*TEXT, "ziphash").read_bytes())


def another_owner(c: Caches) -> Path:
    own(c.mod / "cache/download/golang.org/x/text/@v")
    return c.mod


def link(c: Caches) -> Path:
    place = writable(source(c) / "x")
    place.symlink_to("/etc/passwd")
    return place


# name -> (kinds that name it, how it is planted; gives the path that must be named)
FAULTS: dict[str, tuple[tuple[str, ...], Callable[[Caches], Path]]] = {
    "a byte of a zip flipped": (("zip-damaged", "zip-changed"), lambda c: flip(c.download(*TEXT, "zip"))),
    "a byte of a zip's directory flipped": (("zip-damaged", "zip-changed"), lambda c: flip(c.download(*UUID, "zip"), 0.97)),
    "a zip cut off": (("zip-damaged",), lambda c: cut(c.download(*TEXT, "zip"))),
    "a zip empty": (("zip-damaged",), lambda c: write(c.download(*UUID, "zip"), b"")),
    "a zip that is a web page": (("zip-damaged",), lambda c: write(c.download(*UUID, "zip"), b"<html>sign in</html>")),
    "zip, directory and ziphash replaced": (("zip-changed",), edited_and_resealed),
    "a ziphash cut off": (("ziphash-damaged",), lambda c: cut(c.download(*UUID, "ziphash"))),
    "a ziphash empty": (("ziphash-damaged",), lambda c: write(c.download(*UUID, "ziphash"), b"")),
    "another module's ziphash": (("ziphash-wrong",), another_hash),
    "a ziphash gone": (("ziphash-missing",), lambda c: remove(c.download(*UUID, "ziphash")) and c.download(*UUID, "zip")),
    "a go.mod edited": (("gomod-changed",), lambda c: write(c.download(*TEXT, "mod"), c.download(*TEXT, "mod").read_bytes() + b"\n// x\n")),
    "a go.mod empty": (("gomod-changed",), lambda c: write(c.download(*TEXT, "mod"), b"")),
    "an .info cut off": (("info-damaged",), lambda c: cut(c.download(*TEXT, "info"))),
    "an .info of another version": (("info-damaged",), lambda c: write(c.download(*TEXT, "info"), c.download(*UUID, "info").read_bytes())),
    "an extracted file edited": (("directory-changed",), lambda c: flip(source(c) / "uuid.go")),
    "an extracted file gone": (("directory-changed",), lambda c: remove(source(c) / "dce.go")),
    "a file too many": (("directory-changed",), lambda c: write(source(c) / "init_more.go", b"package uuid\n")),
    "an extracted file empty": (("directory-changed",), lambda c: write(source(c) / "time.go", b"")),
    "an extraction interrupted": (("extraction-unfinished",), lambda c: write(c.download(*UUID, "partial"), b"")),
    "a temporary zip left": (("leftover",), lambda c: write(c.download(*UUID, "zip").with_name("v1.6.0.zip123456.tmp"), b"PK")),
    "a lock held by a stopped process": (("lock-held",), held),
    "a foreign toolchain": (("toolchain-foreign",), toolchain),
    "a symbolic link in a module": (("link",), link),
    "downloads owned by another": (("owners-mixed", "unwritable"), another_owner),
    "downloads that may not be written": (("unwritable",), lambda c: own(c.mod / "cache/download/golang.org/x/text/@v", uid=0, mode=0o755)),
    "a file that may not be read": (("unreadable",), lambda c: own(source(c) / "uuid.go", uid=0, mode=0o600)),
    "a directory open to all": (("open-to-all",), lambda c: (c.mod.chmod(0o777), c.mod)[1]),
    "a module cache mounted read-only": (("read-only",), lambda c: mounted(c.mod, "ro")),
    "a build cache without exec": (("noexec",), lambda c: mounted(c.build, "noexec")),
    "a byte of a build output flipped": (("output-damaged",), lambda c: flip(c.output())),
    "a build output cut off": (("output-damaged", "output-size"), lambda c: cut(c.output())),
    "a build entry cut off": (("entry-damaged",), lambda c: cut(c.entry())),
    "a build cache that may not be written": (("unwritable",), lambda c: own(c.build / "00", uid=0, mode=0o755)),
    "caches inside each other": (("caches-nested",), lambda c: shutil.move(c.build, c.mod / "build") and c.mod / "build"),
    "a go.sum with a wrong hash": (("gosum-wrong",), lambda c: gosum(c, other_hashes)),
    "a go.sum with a merge conflict": (("gosum-damaged",), lambda c: gosum(c, lambda text: "<<<<<<< HEAD\n" + text)),
    "a go.sum with two hashes": (("gosum-contradiction",), lambda c: gosum(c, lambda text: text + other_hashes(text))),
}  # fmt: skip
AS_BUILDER = {
    "downloads that may not be written",
    "a file that may not be read",
    "a build cache that may not be written",
}


def made(go: Go, top: Path, modules: tuple[tuple[str, str], ...]) -> Caches:
    """Caches that the real go filled."""
    caches = Caches(top)
    caches.module.mkdir(parents=True)
    env = {
        **os.environ,
        "GOMODCACHE": str(caches.mod),
        "GOCACHE": str(caches.build),
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
    }
    (caches.module / "go.mod").write_text(
        "module example.com/planted\n\ngo 1.21\n\nrequire (\n"
        + "".join(f"\t{p} {v}\n" for p, v in modules)
        + ")\n"
    )
    (caches.module / "main.go").write_text(
        'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("x") }\n'
    )
    for args in (["mod", "download"], ["build", "-o", os.devnull, "."]):
        subprocess.run([go.path, *args], cwd=caches.module, env=env, check=True, capture_output=True)
    for path, version in modules:
        subprocess.run(
            [go.path, "mod", "download", f"{path}@{version}"],
            cwd=caches.module,
            env=env,
            check=True,
            capture_output=True,
        )
    return caches


def copied(from_: Caches, to: Path) -> Caches:
    subprocess.run(["cp", "-a", "--reflink=auto", from_.top, to], check=True)
    return Caches(to)


def checked(go: Go, caches: Caches, user: str | None = None) -> Report:
    build = caches.build if caches.build.exists() else caches.mod / "build"
    return check_caches(go, gomodcache=caches.mod, gocache=build, modules=[caches.module], user=user)


def dropped(top: Path) -> None:
    for mount in MOUNTS:
        subprocess.run(["umount", mount], check=True)
    for process in RUNNING:
        process.kill()
        process.wait()
    MOUNTS.clear()
    RUNNING.clear()
    subprocess.run(["chmod", "-R", "u+w", top], check=False)
    shutil.rmtree(top)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clean", type=int, default=10)
    options = parser.parse_args()
    if os.geteuid():
        raise SystemExit("Needs root: owners are changed and a tmpfs is mounted.")
    go = find_go()
    rows, raw = [], []
    with tempfile.TemporaryDirectory(prefix="godyno-faults-", ignore_cleanup_errors=True) as scratch:
        base = Path(scratch)
        whole = made(go, base / "whole", MODULES)
        for number, (name, (kinds, plant)) in enumerate(FAULTS.items()):
            caches = copied(whole, base / f"planted{number}")
            if name in AS_BUILDER:
                subprocess.run(["chown", "-R", "12345:12345", caches.top], check=True)
            path = plant(caches)
            report = checked(go, caches, "12345" if name in AS_BUILDER else None)
            told = [f for f in report.findings if f.kind in kinds and (str(path) in json.dumps(f.as_json()))]
            others = sorted({f.kind for f in report.findings} - set(kinds))
            rows.append(
                (name, "found" if told else "MISSED", told[0].kind if told else "", ", ".join(others))
            )
            raw.append({"fault": name, "found": bool(told), "kinds": [f.kind for f in report.findings]})
            print(f"{rows[-1]}", file=sys.stderr)
            dropped(caches.top)
        invented = []
        for number in range(options.clean):
            some = tuple(m for i, m in enumerate(MODULES) if number == 0 or (i * 7 + number) % 10 < 6)
            caches = made(go, base / f"clean{number}", some)
            report = checked(go, caches)
            invented.append(len(report.findings))
            raw.append({"clean": number, "findings": [f.as_json() for f in report.findings]})
            dropped(caches.top)
        dropped(whole.top)
    found = sum(row[1] == "found" for row in rows)
    table = "\n".join([
        "# Planted faults in Go's caches", "", f"{found} of {len(rows)} found; {sum(invented)} findings in {len(invented)} clean caches."
        f" {go.version}.",
        "", "| planted | | told as | told besides |", "|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows),
    ])  # fmt: skip
    keep("modcache_faults", table, raw)


if __name__ == "__main__":
    main()
