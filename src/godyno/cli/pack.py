"""``godyno pack``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("pack", short_help="Put a capture into one zip.")
@click.argument("capture", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="The zip to write.  [default: CAPTURE.zip]"
)
def command(capture: Path, out: Path | None) -> None:
    """Put CAPTURE into one zip, which every command reads like the directory.

    \b
    Example:
      godyno pack tests.dyno && godyno show tests.dyno.zip
    """
    from godyno.capture.pack import pack

    click.echo(pack(capture, out))
