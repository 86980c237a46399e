"""``godyno restore``."""

from __future__ import annotations

import json

import click


@click.command("restore", short_help="Put back settings that a killed godyno left changed.")
@click.option("--json", "as_json", is_flag=True, help="What was put back, as JSON.")
def command(as_json: bool) -> None:
    """Put back what `--shield` changed on this machine, where godyno and its guardian were both killed.

    Usually there is nothing to do: godyno restores when it ends, a guardian process does when godyno is killed, and the next godyno
    does when both were. Exit code 1 says that something could not be put back.

    \b
    Examples:
      godyno restore
      sudo godyno restore --json
    """
    from godyno.errors import NotAvailableHere
    from godyno.machine.knobs import restore_left

    done = restore_left()
    if done is None:
        raise NotAvailableHere(
            "A godyno that still runs has changed settings of this machine",
            hint="It puts them back when it ends, and its guardian does if it is killed.",
        )
    if as_json:
        click.echo(json.dumps([one.as_json() for one in done]))
    elif not done:
        click.echo("Nothing is left changed.")
    for one in done if not as_json else ():
        click.echo(f"/{one.path}: {one.problem or 'restored'}")
    if any(one.problem and not one.problem.startswith("left") for one in done):
        raise SystemExit(1)
