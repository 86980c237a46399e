"""Recording: a workload is run, probes watch it, a capture keeps what they saw.

``record`` runs ``godyno record`` as a process of its own: the recorder stays small whatever its caller has loaded, and it
may be called from any thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno.capture.manifest import Cost
from godyno.errors import GodynoError
from godyno.model import Peak, Result, Workload


@dataclass(frozen=True, slots=True)
class Recording:
    """How a recording went. ``peak`` is of the whole process tree; ``oom_kills`` counts the kernel's kills in it."""

    capture: Path
    result: Result
    peak: Peak | None
    oom_kills: int
    timed_out: bool
    cost: Cost
    warnings: tuple[str, ...]
    sealed: bool


def record(
    workload: Workload | Sequence[str],
    out: str | os.PathLike[str] | None = None,
    *,
    hz: float = 10.0,
    level: str = "light",
    args: Sequence[str] = (),
    pprof: str | None = None,
    go_debug: Sequence[str] = (),
    instrument: bool | Sequence[str] = False,
    memory_limit_bytes: int | None = None,
    swap_limit_bytes: int | None = None,
    cpu_quota: float | None = None,
    timeout_s: float | None = None,
    quiet_output: bool = True,
    lines: bool = True,
    wait_for_tree: bool = False,
    seal: bool = True,
    probes: Mapping[str, Mapping[str, Any]] | None = None,
    end_fd: int | None = None,
) -> Recording:
    """Runs ``workload`` and keeps what it did in a capture; the Python side of ``godyno record``.

    ``workload`` may be a plain argument list. ``out`` is where the capture goes, by default a new name in the present
    directory.
    Limits are set on the tree's own cgroup; ``swap_limit_bytes`` 0 keeps a memory limit sharp where there is swap.
    ``level`` is ``light``, ``standard`` or ``deep``; ``args`` names system calls whose arguments are kept, by strace.
    ``pprof`` is the address at which the command serves its profiles.
    ``go_debug`` names GODEBUG's traces (``gctrace``, ``inittrace``, ``schedtrace``). ``instrument`` has the programs of a go command
    tell of their runtime; a sequence names what (see ``workload.instrument.KINDS``).
    ``probes`` are further ones, or other settings of those of the level. The command is ended when ``end_fd`` becomes readable, so also
    when the process that holds the other end is gone.
    ``cpu_quota`` is in CPUs. With ``quiet_output`` the command's output is kept, not shown. Raises GodynoError (with the
    exit code and words of the command line) where the command could not be started or the capture not be made.
    """
    if not isinstance(workload, Workload):
        workload = Workload(tuple(workload))
    options = ["--hz", str(hz), "--level", level, "--quiet"]
    if args:
        options += ["--args", ",".join(args)]
    if pprof is not None:
        options += ["--pprof", pprof]
    if go_debug:
        options += ["--go-debug", ",".join(go_debug)]
    if instrument:
        options += ["--instrument"] if instrument is True else ["--instrument-with", ",".join(instrument)]
    if out is not None:
        options += ["--out", str(Path(out).absolute())]
    for key, value in workload.tags.items():
        options += ["--tag", f"{key}={value}"]
    for flag, wanted in (
        ("--memory-limit", memory_limit_bytes),
        ("--swap-limit", swap_limit_bytes),
        ("--cpu-quota", cpu_quota),
        ("--timeout", None if timeout_s is None else f"{timeout_s:.3f}s"),
    ):
        if wanted is not None:
            options += [flag, str(wanted)]
    for flag, on in (
        ("--quiet-output", quiet_output),
        ("--no-output", not lines),
        ("--wait-for-tree", wait_for_tree),
        ("--no-seal", not seal),
    ):
        if on:
            options.append(flag)
    if probes:
        options += ["--with", json.dumps(probes)]
    if end_fd is not None:
        options += ["--end-fd", str(end_fd)]
    return _run(["record", *options], workload, () if end_fd is None else (end_fd,))


def attach(
    pid: int | None = None,
    cgroup: str | os.PathLike[str] | None = None,
    *,
    url: str | None = None,
    for_s: float,
    out: str | os.PathLike[str] | None = None,
    level: str = "standard",
    hz: float = 10.0,
) -> Recording:
    """Keeps what process ``pid`` and all below it, or a cgroup, do in the next ``for_s`` seconds; ``godyno attach``.

    ``url`` is where the target serves its profiles; without ``pid`` and ``cgroup`` the process is found by it.
    The target is never touched. ``result`` has the time watched and the CPU time used in it, and exit code 0. Raises
    GodynoError as ``record`` does.
    """
    options = ["--for", f"{for_s:.3f}s", "--level", level, "--hz", str(hz), "--quiet"]
    if out is not None:
        options += ["--out", str(Path(out).absolute())]
    if cgroup is not None:
        options += ["--cgroup", str(Path(cgroup).absolute())]
    if url is not None:
        options += ["--url", url]
    return _run(["attach", *options, *([str(pid)] if pid is not None else [])], Workload(()))


def _run(options: list[str], workload: Workload, passed: tuple[int, ...] = ()) -> Recording:
    env = dict(os.environ)
    for key, value in workload.env.items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = value
    read_fd, write_fd = os.pipe()
    try:
        command = [
            sys.executable, "-m", "godyno", options[0], "--result-fd", str(write_fd), *options[1:],
            *(("--", *workload.argv) if workload.argv else ()),
        ]  # fmt: skip
        recorder = subprocess.Popen(
            command,
            cwd=workload.cwd or None,
            env=env,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(write_fd, *passed),
        )
        os.close(write_fd)
        write_fd = -1
        try:
            with os.fdopen(read_fd, "rb") as answer:
                read_fd = -1
                # The command's own stderr comes through this pipe where it is not quiet; both are read to their ends.
                _, errors = recorder.communicate()
                data = answer.read()
        except KeyboardInterrupt:
            recorder.wait()  # the terminal told the recorder too; let it seal
            raise
    finally:
        for fd in (read_fd, write_fd):
            if fd >= 0:
                os.close(fd)
    if not data:
        words = errors.decode("utf-8", "replace").strip().removeprefix("godyno: ").split("\n  ", 1)
        raise _error(
            recorder.returncode,
            words[0] or "the recorder ended without a word",
            words[1] if words[1:] else "",
        )
    return _recording(json.loads(data), Path(workload.cwd or "."))


def _recording(answer: dict[str, Any], cwd: Path) -> Recording:
    return Recording(
        capture=cwd / answer["capture"],
        result=Result.from_json(answer["result"]),
        peak=Peak.from_json(answer["peak"]) if answer["peak"] else None,
        oom_kills=answer["oom_kills"],
        timed_out=answer["timed_out"],
        cost=Cost.from_json(answer["cost"]),
        warnings=tuple(answer["warnings"]),
        sealed=answer["sealed"],
    )


def _error(code: int, message: str, hint: str) -> GodynoError:
    """The error of godyno's tree that has this exit code."""
    waiting: list[type[GodynoError]] = [GodynoError]
    while waiting:
        kind = waiting.pop()
        if kind.exit_code == code:
            return kind(message, hint=hint)
        waiting.extend(kind.__subclasses__())
    return GodynoError(message, hint=hint)
