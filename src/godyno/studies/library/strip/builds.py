"""Building the same program in several ways, for several targets."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import ToolchainError, UsageError
from godyno.studies.stand import Stand
from godyno.toolchain.modules import Package

NATIVE = "native"
PLAIN = "plain"
# How a build is called, and the flags of go build that make it.
BUILDS: Mapping[str, tuple[str, ...]] = {
    PLAIN: (),
    "w": ("-ldflags=-w",),
    "s": ("-ldflags=-s",),
    "s+w": ("-ldflags=-s -w",),
    "uncompressed": ("-ldflags=-compressdwarf=false",),
    "trimpath": ("-trimpath",),
    "pie": ("-buildmode=pie",),
    "upx": ("-ldflags=-s",),
}
ABOUT: Mapping[str, str] = {
    PLAIN: "go build",
    "w": "-ldflags=-w",
    "s": "-ldflags=-s",
    "s+w": '-ldflags="-s -w"',
    "uncompressed": "-ldflags=-compressdwarf=false",
    "trimpath": "-trimpath",
    "pie": "-buildmode=pie",
    "upx": "-ldflags=-s, then upx",
}
# An init function that runs last (files are initialised in the order of their names), tells when it was reached, and ends the program.
_LOADED = """package main

import (
	"syscall"
	"unsafe"
)

func init() {
	if v, ok := syscall.Getenv("GODYNO_LOAD"); ok && v == "1" {
		var ts syscall.Timespec
		syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&ts)), 0)
		n := ts.Nano()
		syscall.Write(3, (*(*[8]byte)(unsafe.Pointer(&n)))[:])
		syscall.Exit(0)
	}
}
"""


class NotHere(ToolchainError):
    """This build cannot be made here."""


@dataclass
class Builds:
    """Programs of one command, each built once. ``go build`` uses the user's build cache for native ones, a private one for others."""

    stand: Stand
    command: Package
    _made: dict[tuple[str, str, bool], Path] = field(default_factory=dict)

    def program(self, target: str, build: str, *, tells: bool = False) -> Path:
        """The program; with ``tells`` the variant that says when it was loaded. Raises NotHere, ToolchainError, UsageError."""
        key = (target, build, tells)
        if key not in self._made:
            self._made[key] = self._build(target, build, tells)
        return self._made[key]

    def _build(self, target: str, build: str, tells: bool) -> Path:
        subject = self.stand.subject
        assert subject is not None
        if build == "upx" and shutil.which("upx") is None:
            raise NotHere("upx is not installed (apt install upx-ucl)")
        out = self.stand.scratch / f"{target.replace('/', '-')}-{build}{'-tells' if tells else ''}"
        flags = ["-buildvcs=false", *BUILDS[build]]
        if tells:
            flags.append(f"-overlay={self._overlay()}")
        env = {**subject.env, **environment(target, self.stand)}
        done = self.stand.go.try_run(
            "build", *flags, "-o", str(out), self.command.import_path, cwd=subject.directory, env=env,
            timeout_s=self.stand.timeout_s(),
        )  # fmt: skip
        if done.returncode != 0:
            said = " ".join(done.stderr.split())[-300:]
            kind = NotHere if "not supported" in said or "unsupported" in said else ToolchainError
            raise kind(f"go build does not make it: {said}")
        if build == "upx":
            self.pack(out)
        return out

    def _overlay(self) -> Path:
        place = self.stand.scratch / "overlay.json"
        if not place.exists():
            source = self.stand.scratch / "loaded.go"
            source.write_text(_LOADED)
            target = Path(self.command.directory, "zz_godyno_load_linux.go")
            place.write_text(json.dumps({"Replace": {str(target): str(source)}}))
        return place

    def pack(self, program: Path) -> None:
        """Packs a program in place with upx. Raises NotHere where upx refuses."""
        done = subprocess.run(
            ["upx", "-q", str(program)], capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode != 0:
            raise NotHere(f"upx refuses: {' '.join((done.stdout + done.stderr).split())[-200:]}")


def split_target(target: str) -> tuple[str, str]:
    """GOOS and GOARCH of a target, empty for native. Raises UsageError."""
    goos, slash, goarch = target.partition("/")
    if target != NATIVE and not (goos and slash and goarch):
        raise UsageError(f"{target!r} is no target", hint="Write it as linux/arm64, or native.")
    return goos, goarch


def environment(target: str, stand: Stand) -> dict[str, str | None]:
    """GOOS and GOARCH of a target; cross-built without cgo, with a build cache that goes away. Raises UsageError."""
    if target == NATIVE:
        return {}
    goos, goarch = split_target(target)
    return {
        "GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0",
        "GOCACHE": str(stand.scratch / f"gocache-{goos}-{goarch}"),
    }  # fmt: skip
