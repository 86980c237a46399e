"""One thing that can be observed, how a command is tried, and what installs a tool here."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno.model import Machine, Record

_PACKAGES: Mapping[str, Mapping[str, str]] = {
    "apt-get install": {
        "perf": "linux-perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc libc6-dev", "git": "git",
    },
    "dnf install": {
        "perf": "perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc glibc-devel", "git": "git",
    },
    "pacman -S": {"perf": "perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc", "git": "git"},
    "apk add": {"perf": "perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc musl-dev", "git": "git"},
    "zypper install": {"perf": "perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc", "git": "git"},
}  # fmt: skip
_TRY_S = 10.0

Run = Callable[[Sequence[str]], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Layer(Record):
    """One thing that can be observed. ``detail`` says what it gives, or how it was found to work."""

    name: str
    kind: str  # probe, kernel, tool
    available: bool
    detail: str = ""
    reason: str = ""
    remedy: str = ""


def run(command: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of a command that is tried; -1 and the reason where it could not run or did not
    end."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TRY_S,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except OSError as error:
        return -1, error.strerror or str(error)
    except subprocess.TimeoutExpired:
        return -1, f"did not end within {_TRY_S:.0f} s"
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def install(package: str, machine: Machine) -> str:
    """The command that installs a tool here, by the package manager that is here."""
    sudo = "" if machine.root else "sudo "
    for manager, packages in _PACKAGES.items():
        program = manager.split()[0]
        if any(Path(folder, program).exists() for folder in ("/usr/bin", "/bin", "/sbin", "/usr/sbin")):
            name = packages[package]
            if package == "perf" and "Ubuntu" in machine.distribution:
                name = "linux-tools-$(uname -r)"
            return f"{sudo}{manager} {name}"
    return f"Install {package} with this system's package manager."
