"""Tests that go does not tell of: without -v or -json it tells of packages alone, and which test took the time is not known."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from godyno.diagnose.processes import Process
from godyno.diagnose.why.attribution import Segment
from godyno.formats.gocommand import GoCommand, go_command
from godyno.prose import printable

HIDDEN = (
    "Without -v or -json go test tells of no tests: which are slow, or serial and only wait, is not known."
)
_LEAST_SHARE = 0.1  # of the path, in test binaries


def hides_tests(capture: Any) -> GoCommand | None:
    """The recorded command, where it is a go test that tells of no tests."""
    command = go_command(capture.manifest.workload.argv)
    hides = command is not None and command.subcommand == "test" and not {"v", "json"} & set(command.flags)
    return command if hides else None


def asked_again(capture: Any, segments: Sequence[Segment], lives: Iterable[Process]) -> str:
    """The command whose recording would tell of tests that took a good part of the path and are not known; empty where there is none."""
    command = hides_tests(capture)
    if command is None:
        return ""
    binaries = {one.pid for one in lives if one.kind == "test"}
    tests_s = sum(one.seconds for one in segments if one.pid in binaries)
    if tests_s < _LEAST_SHARE * sum(one.seconds for one in segments):
        return ""
    words = ["-v" if word == "-v=true" else word for word in command.with_flag("v", "true").argv]
    return printable(f"godyno why -- {shlex.join(words)}", "\ufffd")
