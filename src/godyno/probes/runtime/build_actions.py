"""The build's action graph: queueing against work, package by package.

A ``go build``, ``test``, ``vet``, ``install`` or ``run`` is given ``-debug-actiongraph=FILE``, which changes nothing that it
does or prints. The flag is undocumented: where a Go does not write the file, the capture has no actions and says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from godyno.clock import REALTIME, Bracket, Conversion
from godyno.errors import FormatError
from godyno.formats.gocommand import go_command
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Clock, Workload

FILE = "actiongraph.json"
_FLAG = "debug-actiongraph"
_SUBCOMMANDS = frozenset(("build", "test", "vet", "install", "run"))
_MOST_BYTES = 512 << 20


class BuildActions(SimpleProbe):
    """Build actions as spans of layer ``action``."""

    name: ClassVar[str] = "build_actions"
    summary: ClassVar[str] = "the build's action graph: per package, waiting for a worker against work"
    tables: ClassVar[Mapping[str, Clock]] = {"spans": Clock.CONVERTED}

    def prepare(self, workload: Workload, raw: Path) -> Workload:
        """A go command with the flag; anything else as it is."""
        command = go_command(workload.argv)
        if command is None or command.subcommand not in _SUBCOMMANDS or _FLAG in command.flags:
            return workload
        return replace(workload, argv=command.with_flag(_FLAG, str(raw.absolute() / FILE)).argv)

    def start(self, target: Target, sink: Sink) -> None:
        """Makes the folder that go writes to."""
        sink.raw(FILE)

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """One span for each action that took a worker."""
        from godyno.formats.actiongraph import action_graph
        from godyno.probes.runtime.build_sources import Sources

        file = raw / FILE
        ran = subcommand_at(manifest.get("workload", {}).get("argv") or ()) is not None
        if not file.exists():
            if ran and manifest.get("result") and manifest["result"]["exit_code"] == 0:
                sink.warn(
                    "The go command wrote no action graph, so waiting for workers cannot be told from work."
                )
            return
        try:
            if file.stat().st_size > _MOST_BYTES:
                raise FormatError(f"{FILE} is larger than any action graph")
            actions = action_graph(file.read_bytes())
        except (OSError, FormatError) as error:
            sink.warn(f"The action graph could not be read: {error}")
            return
        conversion = realtime(manifest)
        if conversion is None:
            sink.warn(
                "The action graph could not be placed in time: the capture has no reading of the wall clock."
            )
            return
        sources = Sources(manifest)
        for action in actions:
            if action.start_at_ns is None or action.done_at_ns is None:
                continue
            args: dict[str, Any] = {"id": action.id, "mode": action.mode, "deps": list(action.deps)}
            if action.ready_at_ns is not None:
                args["ready_ns"] = conversion.monotonic_ns(action.ready_at_ns)
                args["queued_s"] = action.queueing_s
            if action.command_real_s or action.command_user_s:
                args |= {
                    "cmd_real_s": action.command_real_s,
                    "cmd_user_s": action.command_user_s,
                    "cmd_sys_s": action.command_system_s,
                }
            if action.objdir:
                args["objdir"] = action.objdir
            if action.key:
                args["key"] = action.key
            if action.mode == "build" and action.commands:
                args |= sources.of(action.package, action.commands)
            sink.span(
                conversion.monotonic_ns(action.start_at_ns), conversion.monotonic_ns(action.done_at_ns),
                "action", action.mode, action.package or action.mode, args=args,
            )  # fmt: skip
        sink.note("alignment_error_ns", conversion.error_ns)
        _without_commands(file)


def subcommand_at(argv: Sequence[str]) -> int | None:
    """The index of the subcommand in a go command that has actions; None for anything else."""
    command = go_command(argv)
    return command.at if command and command.subcommand in _SUBCOMMANDS else None


def is_build(argv: Sequence[str]) -> bool:
    """Whether it is a go command that has actions."""
    return subcommand_at(argv) is not None


def realtime(manifest: Mapping[str, Any]) -> Conversion | None:
    """From REALTIME to MONOTONIC by the manifest's brackets; a killed recording has only the first."""
    found = [
        Bracket(REALTIME, int(one["t_ns"]), int(one["offset_ns"]), int(one["error_ns"]))
        for one in manifest.get("brackets") or ()
        if one.get("clock") == REALTIME
    ]
    return Conversion(found[0], found[-1]) if found else None


def _without_commands(file: Path) -> None:
    """Drops the command lines, which may hold what ``-ldflags=-X`` was given; the processes table has them without secrets."""
    try:
        rows = json.loads(file.read_bytes())
        for row in rows:
            row.pop("Cmd", None)
        file.write_text(json.dumps(rows))
    except (OSError, ValueError, AttributeError, TypeError):
        file.unlink(missing_ok=True)
