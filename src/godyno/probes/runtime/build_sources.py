"""What a compiled package's source files are: how new the newest is, and how much of them is generated. Read when sealing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from godyno.clock import REALTIME
from godyno.formats.gocommand import go_command

# https://go.dev/s/generatedcode: a whole line, before the package clause; the first lines hold it in practice.
_GENERATED = re.compile(rb"^// Code generated .* DO NOT EDIT\.\r?$", re.MULTILINE)
_HEAD_BYTES = 4096
_MODULE = re.compile(r"^module\s+(\S+)", re.MULTILINE)
_MOD_CHARACTERS = 1 << 16


class Sources:
    """Looks at the sources of the main module's packages, the only ones that are edited. Compile commands name them relative to their
    package's directory, which follows from where ``go.mod`` lies; where that is gone (another machine recovers) it says nothing.
    """

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        result, workload = manifest.get("result") or {}, manifest.get("workload") or {}
        bracket = next((one for one in manifest.get("brackets") or () if one.get("clock") == REALTIME), None)
        self._began_s = (
            (result["t_start_ns"] + bracket["offset_ns"]) * 1e-9
            if bracket and "t_start_ns" in result
            else None
        )
        command = go_command(workload.get("argv") or ())
        self._root, self._module = _module(
            Path(workload.get("cwd") or ".", command.directory if command else "")
        )

    def of(self, package: str, commands: Sequence[str]) -> dict[str, Any]:
        """``newest_file`` and how long before the build it was written, ``source_bytes`` and ``generated_bytes``."""
        package = package.partition(" ")[0].removesuffix("_test")
        if not self._module or not f"{package}/".startswith(f"{self._module}/"):
            return {}
        directory = self._root / package.removeprefix(self._module).lstrip("/")
        newest, newest_s, size, generated = "", 0.0, 0, 0
        for name in _go_files(commands):
            try:
                status = (directory / name).stat()
                with (directory / name).open("rb") as text:
                    made = _GENERATED.search(text.read(_HEAD_BYTES)) is not None
            except OSError:
                continue
            size += status.st_size
            generated += status.st_size if made else 0
            if status.st_mtime > newest_s:
                newest, newest_s = Path(name).name, status.st_mtime
        if not newest:
            return {}
        out: dict[str, Any] = {"source_bytes": size, "generated_bytes": generated, "newest_file": newest}
        if self._began_s is not None:
            out["newest_age_s"] = self._began_s - newest_s
        return out


def _module(directory: Path) -> tuple[Path, str]:
    """The root and path of the module that ``directory`` is in; an empty path where there is none."""
    for folder in (directory, *directory.parents):
        try:
            text = (folder / "go.mod").read_text(errors="replace")[:_MOD_CHARACTERS]
        except OSError:
            continue
        match = _MODULE.search(text)
        return folder, match[1].strip('"') if match else ""
    return directory, ""


def _go_files(commands: Sequence[str]) -> list[str]:
    """The Go files that the compile commands name."""
    out: list[str] = []
    for command in commands:
        if "/compile" in command.partition(" ")[0]:
            try:
                words = shlex.split(command)
            except ValueError:
                continue
            out += [word for word in words[1:] if word.endswith(".go") and not word.startswith("-")]
    return out
