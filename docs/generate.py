"""Writes ``docs/reference/`` from the code: ``python docs/generate.py``. A test fails when it is out of date."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

import godyno
from godyno import errors, registry
from godyno.capture.schema import TABLES
from godyno.cli import COMMANDS, group

REFERENCE = Path(__file__).parent / "reference"
_NOTE = "<!-- written by docs/generate.py -->\n"


def pages() -> Iterator[tuple[str, str]]:
    """Every page as (file name, text)."""
    yield "cli.md", _cli()
    yield "tables.md", _tables()
    yield "plugins.md", _plugins()
    yield "errors.md", _errors()
    yield "api.md", _api()


def _cli() -> str:
    parts = [_NOTE, "# Command line\n", "```text", _help(group, "godyno"), "```\n"]
    context = click.Context(group, info_name="godyno")
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        parts += [f"## godyno {name}\n", "```text", _help(command, f"godyno {name}"), "```\n"]
        for sub, inner in getattr(command, "commands", {}).items():
            parts += [f"### godyno {name} {sub}\n", "```text", _help(inner, f"godyno {name} {sub}"), "```\n"]
    return "\n".join(parts)


def _help(command: click.Command, name: str) -> str:
    names = group.context_settings[
        "help_option_names"
    ]  # as the group hands them down; click remembers the first it sees
    with click.Context(
        command, info_name=name, max_content_width=100, terminal_width=100, help_option_names=list(names)
    ) as context:
        return command.get_help(context).rstrip()


def _tables() -> str:
    parts = [
        _NOTE,
        "# Tables of a capture\n",
        "Times are int64 nanoseconds of CLOCK_MONOTONIC. `godyno query` has a view over each.\n",
    ]
    for table in TABLES:
        parts += [
            f"## {table.name}\n",
            f"{table.summary}\n",
            "| column | type | unit | |",
            "|---|---|---|---|",
        ]
        parts += [f"| {c.name} | {c.type} | {c.unit} | {c.summary} |" for c in table.columns]
        parts.append("")
    return "\n".join(parts)


def _plugins() -> str:
    parts = [_NOTE, "# Built-in plugins\n"]
    for kind in registry.BUILT_IN:
        found = [(name, registry.load(kind, name)) for name in registry.built_in(kind)]
        if not found:
            continue
        parts += [f"## {kind}\n", "| name | what it does |", "|---|---|"]
        parts += [f"| {name} | {plugin.summary} |" for name, plugin in found]
        parts.append("")
    return "\n".join(parts)


def _errors() -> str:
    return "\n".join(
        [_NOTE, "# Errors and exit codes\n", "```text", inspect.cleandoc(errors.__doc__ or ""), "```", ""]
    )


def _api() -> str:
    parts = [_NOTE, "# Python API\n"]
    for name in godyno.__all__:
        found = getattr(godyno, name)
        signature = (
            "" if inspect.isclass(found) else re.sub(r" at 0x\w+|'", "", str(inspect.signature(found)))
        )
        parts += [
            f"## godyno.{name}\n",
            f"```python\n{name}{signature}\n```\n",
            inspect.getdoc(found) or "",
            "",
        ]
    return "\n".join(parts)


def main() -> int:
    """Writes the pages; with ``--check`` only says which differ."""
    stale = []
    for name, text in pages():
        file = REFERENCE / name
        if not file.exists() or file.read_text() != text:
            stale.append(name)
            if "--check" not in sys.argv:
                REFERENCE.mkdir(exist_ok=True)
                file.write_text(text)
    print(f"{'stale' if '--check' in sys.argv else 'written'}: {', '.join(stale) or 'nothing'}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
