"""``godyno compare``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from godyno.errors import CaptureNotFound, FormatError, UsageError


@click.command("compare", short_help="Compare benchmark files that were measured before.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="GATE",
    help="Such as 'time/op<+3%'; exit 1 on a regression, 2 when undecided.",
)
@click.option(
    "--alpha",
    default=0.05,
    show_default=True,
    help="Chance of calling equal runs different, for each benchmark.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("--markdown", is_flag=True, help="Tables for a pull request.")
def command(
    old: Path, new: Path, gates: tuple[str, ...], alpha: float, as_json: bool, markdown: bool
) -> None:
    """Compare two files in Go's benchmark format, OLD and NEW, as benchstat does.

    Their runs were not interleaved, so a drift of the machine looks like a change; `godyno bench` measures both together.

    \b
    Examples:
      godyno compare old.txt new.txt
      godyno compare old.txt new.txt --gate 'time/op<+3%'
    """
    from godyno.formats import benchfmt
    from godyno.studies.bench import comparing, table
    from godyno.studies.bench.gate import Gate, judge

    if not 0 < alpha < 1:
        raise UsageError("--alpha lies between 0 and 1")
    sides = []
    for path in (old, new):
        if not path.is_file():
            raise CaptureNotFound(
                f"There is no file {path}", hint="Name two files that `go test -bench` wrote."
            )
        results = list(benchfmt.read(path.read_text(encoding="utf-8", errors="replace").splitlines()))
        if not results:
            raise FormatError(
                f"{path} holds no benchmark results", hint="Name a file that `go test -bench` wrote."
            )
        sides.append(results)
    rows = comparing.separate(sides[0], sides[1], alpha=alpha)
    if not rows:
        raise UsageError(f"{old} and {new} have no benchmark in common")
    judged = [judge(Gate.parse(gate), rows) for gate in gates]
    if as_json:
        click.echo(
            json.dumps({"rows": [row.as_json() for row in rows], "gates": [one.as_json() for one in judged]})
        )
    else:
        show = table.markdown if markdown else table.text
        click.echo(show(rows, old.name, new.name), nl=False)
    if judged:
        raise SystemExit(worst([one.code for one in judged]))


def worst(codes: list[int]) -> int:
    """A proven regression outweighs an open question."""
    return 1 if 1 in codes else max(codes)
