"""Programs that godyno can use, where they are, and on request their versions."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path

from godyno.model import Tool

# Name to how it is asked for its version.
ASK: dict[str, tuple[str, ...]] = {
    "go": ("version",),
    "gopls": ("version",),
    "dlv": ("version",),
    "git": ("--version",),
    "gcc": ("--version",),
    "clang": ("--version",),
    "perf": ("--version",),
    "strace": ("-V",),
    "bpftrace": ("--version",),
    "systemd-run": ("--version",),
    "qemu-aarch64": ("--version",),
    "docker": ("--version",),
    "setpriv": ("--version",),
}
_VERSION = re.compile(r"\d+(?:\.\d+)+[\w.+-]*|\b\d+\b")


def find_tools(names: Sequence[str] = tuple(ASK), path: str | None = None) -> tuple[Tool, ...]:
    """Each tool with its place on PATH (an empty one where it is not there); starts no program."""
    folders = [
        folder
        for folder in (os.environ.get("PATH", "") if path is None else path).split(os.pathsep)
        if folder
    ]
    return tuple(Tool(name, _which(name, folders)) for name in names)


def with_versions(tools: Sequence[Tool], timeout_s: float = 5.0) -> tuple[Tool, ...]:
    """The tools with what they say their version is; runs each once, all at the same time."""
    import subprocess

    running = []
    for tool in tools:
        process = None
        if tool.path:
            try:
                process = subprocess.Popen(
                    [tool.path, *ASK.get(tool.name, ("--version",))],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # so that what a wrapper script starts ends with it
                    env={**os.environ, "GOTOOLCHAIN": "local", "LC_ALL": "C"},
                )
            except OSError:
                process = None
        running.append((tool, process))
    found = []
    for tool, process in running:
        text = ""
        if process is not None:
            try:
                text = process.communicate(timeout=timeout_s)[0].decode("utf-8", "replace")
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        found.append(Tool(tool.name, tool.path, version_in(text)))
    return tuple(found)


def version_in(text: str) -> str:
    """The first thing in ``text`` that looks like a version; empty where nothing does."""
    dotted = re.search(r"\d+(?:\.\d+)+[\w.+-]*", text)
    match = dotted or _VERSION.search(text)
    return match[0].rstrip(".") if match else ""


def _which(name: str, folders: Sequence[str]) -> str:
    # shutil.which would do, but shutil brings the compression modules with it, and the recorder imports this.
    for folder in folders:
        path = Path(folder) / name
        try:
            if path.is_file() and os.access(path, os.X_OK):
                return str(path)
        except OSError:
            continue
    return ""
