"""``godyno recover``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("recover", short_help="Seal what a killed recorder left.")
@click.argument("captures", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="CAPTURE…")
@click.option("--json", "as_json", is_flag=True, help="Tell what was recovered as JSON.")
def command(captures: tuple[Path, ...], as_json: bool) -> None:
    """Seal each CAPTURE from what its journal holds, after a kill -9 or a power cut.

    \b
    Example:
      godyno recover go-build-20260101-120000.dyno
    """
    from godyno.recorder.recover import recover

    rows = []
    for path in captures:
        manifest = recover(path)
        rows.append(
            {"capture": str(path), "tables": dict(manifest.tables), "warnings": list(manifest.warnings)}
        )
        if not as_json:
            counts = ", ".join(f"{count:,} {name}" for name, count in manifest.tables.items()) or "nothing"
            click.echo(f"{path}: sealed with {counts}")
            for warning in manifest.warnings:
                click.echo(f"  {warning}")
    if as_json:
        click.echo(json.dumps(rows))
