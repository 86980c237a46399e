"""The reference service (HTTP by gin, and gRPC) under load: what the benchmarks on a real service share."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno.studies.survey.subject import REFERENCE
from godyno.toolchain import Go

OWN = Path(__file__).parent / "service_go"


@dataclass(frozen=True)
class Programs:
    """The service, which also serves profiles where PPROF_ADDRESS says so, and what asks it."""

    service: Path
    load: Path


def build(go: Go, scratch: Path) -> Programs:
    """Builds both in a copy of the reference module."""
    source = shutil.copytree(REFERENCE / "service", scratch / "source")
    shutil.copy(OWN / "profiles.go", source)
    (source / "load").mkdir()
    shutil.copy(OWN / "load.go", source / "load" / "main.go")
    made = Programs(scratch / "links", scratch / "load")
    env = {"GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    go.run("build", "-o", str(made.service), ".", cwd=source, env=env)
    go.run("build", "-o", str(made.load), "./load", cwd=source, env=env)
    return made


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def serving(
    argv: Sequence[str], env: Mapping[str, str], cwd: Path
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """``argv`` (the service, or what records it) with its HTTP and gRPC addresses; ended by SIGTERM."""
    with subprocess.Popen(argv, env=dict(env), cwd=cwd, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith("ready "):
                    break
            else:
                raise SystemExit(f"{argv[0]} ended before it served")
            words = dict(word.split("=") for word in line.split()[1:])
            yield process, words["http"], words["grpc"]
        finally:
            if process.returncode is None:
                process.terminate()


def asked(
    programs: Programs, http: str, grpc: str, rate: float, seconds: float, clients: int = 16
) -> dict[str, Any]:
    """What the load says of itself: requests, per_s, p50_s, p99_s."""
    command = [str(programs.load), http, grpc, str(rate), str(seconds), str(clients)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 120)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
