"""``godyno report``."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from godyno.errors import UsageError
from godyno.working import sized, working


@click.command("report", short_help="Write a capture's report as one HTML page or Markdown.")
@click.argument("capture", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="FILE.html or FILE.md; the capture's name with .html without it.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="Another capture, which the page's flame graphs are compared with.",
)
def command(capture: Path, out: Path | None, baseline: Path | None) -> None:
    """Write the report of CAPTURE: one HTML file that needs no network, or Markdown for a pull request.

    \b
    Examples:
      godyno report build.dyno
      godyno report build.dyno -o build.md
    """
    from godyno.capture.reader import open_capture
    from godyno.report.html import capture_html, write_text
    from godyno.report.markdown import markdown
    from godyno.report.summary import capture_document

    target = out or Path(f"{capture.name.removesuffix('.zip').removesuffix('.dyno')}.html")
    if target.suffix not in (".html", ".htm", ".md", ".markdown"):
        raise UsageError(f"{target} says no format", hint="Name it FILE.html or FILE.md.")
    page = target.suffix in (".html", ".htm")
    with (
        working(f"makes the report of {sized(capture)}"),
        open_capture(capture) as found,
        open_capture(baseline) if baseline else nullcontext() as other,
    ):
        write_text(target, capture_html(found, other) if page else markdown(capture_document(found)))
    click.echo(str(target))
