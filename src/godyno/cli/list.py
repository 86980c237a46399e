"""``godyno list``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import click

from godyno import units
from godyno.errors import UsageError


@click.command("list", short_help="List the captures in a directory.")
@click.argument("directory", type=click.Path(path_type=Path), default=".")
@click.option("--json", "as_json", is_flag=True, help="A JSON array with an object for each capture.")
def command(directory: Path, as_json: bool) -> None:
    """List the captures in DIRECTORY (here), newest first.

    \b
    Example:
      godyno list ~/captures
    """
    from godyno.capture.reader import captures

    if not directory.is_dir():
        raise UsageError(f"{directory} is no directory", hint="Name the directory that holds the captures.")
    rows = [_row(path, found) for path, found in captures(directory)]
    if as_json:
        click.echo(json.dumps(rows))
    elif not rows:
        click.echo(f"There are no captures in {directory} yet: `godyno record -- COMMAND` makes one.")
    else:
        from godyno.report.terminal import print_rows

        shown = [
            (
                Path(row["capture"]).name,
                row["created_at"][:19],
                "–" if row["wall_s"] is None else units.show_seconds(row["wall_s"]),
                "–" if row["peak_bytes"] is None else units.show_bytes(row["peak_bytes"]),
                row["ended"],
                row["command"],
            )
            for row in rows
        ]
        print_rows(("capture", "recorded (UTC)", "wall", "peak", "ended", "command"), shown, right=(2, 3))


def _row(path: Path, found: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "capture": str(path), "command": "", "created_at": "", "wall_s": None, "peak_bytes": None, "ended": "", "state": "", "tags": {},
    }  # fmt: skip
    if isinstance(found, Exception):
        return row | {"ended": f"unreadable: {found}", "state": "unreadable"}
    result = found.result
    ended = "not sealed" if found.state != "sealed" else "not known"
    if result:
        ended = f"signal {result.signal}" if result.signal else f"exit {result.exit_code}"
    return row | {
        "command": shlex.join(found.workload.argv),
        "created_at": found.created_at,
        "wall_s": result.wall_s if result else None,
        "peak_bytes": found.peak.value_bytes if found.peak else None,
        "ended": ended,
        "state": found.state,
        "tags": dict(found.tags),
    }
