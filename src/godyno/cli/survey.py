"""``godyno survey``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from godyno import units


@click.command("survey", short_help="Is this machine enough for Go, and for this module?")
@click.argument("module", required=False)
@click.option(
    "--budget",
    default="5m",
    show_default=True,
    metavar="TIME",
    help="Stop after this long with what there is.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Directory for report and captures.")
@click.option(
    "--os-allowance", default="200MiB", show_default=True, metavar="SIZE",
    help="What the operating system keeps for itself of the sizes that are judged.",
)  # fmt: skip
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the order in which runs are repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole survey as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing while it works.")
def command(
    module: str | None,
    budget: str,
    out: Path | None,
    os_allowance: str,
    seed: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Answer: is this machine enough for Go, and for MODULE?

    MODULE is a directory with a go.mod, or PATH@VERSION from the module proxy. Without it godyno surveys modules of its
    own: a command of three packages and fifty tests, and a service with gin and gRPC.

    \b
    Examples:
      godyno survey
      godyno survey ~/src/mymodule --budget 15m
      godyno survey github.com/caddyserver/caddy/v2@latest
    """
    from godyno.studies.survey.progress import Lines, Live, Progress, Silent
    from godyno.studies.survey.surveying import survey

    progress: Progress = Silent() if quiet else Live() if sys.stderr.isatty() else Lines()
    found = survey(
        module or None, budget_s=units.seconds(budget), out=out, seed=seed, progress=progress,
        os_allowance_bytes=units.byte_count(os_allowance),
    )  # fmt: skip
    if as_json:
        json.dump(found.as_json(), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        from godyno.report.terminal import print_document
        from godyno.studies.survey.document import document

        print_document(document(found), whole=f"{found.directory}/survey.html")
        print(f"\nReport: {found.directory}/survey.html (survey.md, survey.json and the captures beside it)")
    if found.ended == "interrupted":
        sys.exit(130)
