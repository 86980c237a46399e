"""``godyno studies``."""

from __future__ import annotations

import json

import click

from godyno import units


@click.command("studies", short_help="List the studies: what each answers, how long it takes, what it needs.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array with an object for each study.")
def command(as_json: bool) -> None:
    """List the studies: what each answers, how long it takes here, what is missing for it.

    \b
    Example:
      godyno studies
    """
    from godyno.report.terminal import print_document
    from godyno.studies.studying import list_studies

    found = list_studies()
    if as_json:
        click.echo(json.dumps([one.as_json() for one in found]))
        return
    from godyno.prose import paste
    from godyno.report.document import Document, Grid, advised

    rows = tuple(
        (
            one.name,
            units.show_seconds(one.takes_s),
            f"{one.summary}{'  [MODULE]' if one.takes_module else ''}"
            + ("" if one.available else f"; cannot be tried here: {one.available.reason}"),
        )
        for one in found
    )
    grid = Grid(("study", "takes", "answers"), rows, numeric=frozenset({1}))
    needed = [
        block
        for one in found
        if one.available.remedy
        for block in advised(f"What {one.name} needs:{paste(one.available.remedy)}")
    ]
    print_document(
        Document("Studies", "godyno study NAME runs one; --quick takes less than a minute", (grid, *needed))
    )
