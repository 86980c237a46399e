"""``godyno compare``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("compare", short_help="Compare what was measured before: benchmark files, captures, studies.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="GATE",
    help="Such as 'time/op<+3%'; exit 0: holds, 1: proven regression, 2: open; above 2: not judged.",
)
@click.option(
    "--alpha",
    default=0.05,
    show_default=True,
    help="Chance of calling equal runs different, for each benchmark.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("--markdown", is_flag=True, help="Tables for a pull request.")
def command(
    paths: tuple[Path, ...], gates: tuple[str, ...], alpha: float, html: Path | None, as_json: bool, markdown: bool
) -> None:  # fmt: skip
    """Compare PATHS with the first of them: files in Go's benchmark format, captures (a directory of them is one side), or studies.

    Medians and p-values are benchstat's. Runs that did not take turns take a drift of the machine for a change: what that
    costs in trust is said below the table. One study alone shows again what it found.

    \b
    Examples:
      godyno compare old.txt new.txt
      godyno compare old.txt new.txt --gate 'time/op<+3%'
      godyno compare before.dyno after.dyno
      godyno compare study
    """
    from godyno.report.html import html as page
    from godyno.report.html import write_text
    from godyno.report.markdown import markdown as as_markdown
    from godyno.studies.bench.page import compared_document
    from godyno.studies.bench.result import finite
    from godyno.studies.bench.terminal import compared_text
    from godyno.studies.comparison import compare

    found = compare(*paths, gates=gates, alpha=alpha)
    if html:
        write_text(html, page(compared_document(found)))
    if as_json:
        click.echo(json.dumps(finite(found.as_json()), allow_nan=False))
    elif markdown:
        click.echo(as_markdown(compared_document(found)), nl=False)
    else:
        click.echo(compared_text(found), nl=False)
    raise SystemExit(found.exit_code)
