"""``godyno noise``."""

from __future__ import annotations

import json
import sys

import click


@click.command("noise", short_help="How noisy is this machine, why, and what would help?")
@click.option(
    "--for", "budget", default="60s", show_default=True, metavar="DURATION", help="How long to measure."
)
@click.option(
    "--try", "names", metavar="MEASURES", help="Only these measures, such as pin,quiet; `none` tries none."
)
@click.option("--seed", default=0, show_default=True, help="Of the order of runs.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND…]")
def command(budget: str, names: str | None, seed: int, as_json: bool, argv: tuple[str, ...]) -> None:
    """Measure how much equal runs differ here, name what makes them differ, and try what would make them differ less.

    Without COMMAND a reference of godyno's own is run: computing, memory, system calls, files. Every measure that is tried is undone at
    once, also after kill -9. Ctrl-C keeps what was measured. `sees` is the smallest change that N pairs of runs show in 80 of 100
    tries, at one false alarm in 200.

    \b
    Examples:
      godyno noise
      godyno noise --for 5m -- ./codec.test -test.run=^$ -test.bench=Encode -test.benchtime=100x
      godyno noise --for 30s --try pin,quiet --json
    """
    from godyno import units
    from godyno.studies.noise.api import measure_noise
    from godyno.studies.noise.table import text

    live = sys.stderr.isatty()

    def progress(blocks: int, took_s: float, budget_s: float) -> None:
        if live:
            left = units.show_seconds(max(0.0, budget_s - took_s))
            click.echo(f"\r\033[K{blocks} blocks, at most {left} left; Ctrl-C keeps them", nl=False, err=True)

    budget_s = units.seconds(budget)
    wanted = None if names is None else [] if names == "none" else [name.strip() for name in names.split(",")]
    click.echo(f"measuring for {units.show_seconds(budget_s)} …", err=True)
    try:
        found = measure_noise(argv or None, for_s=budget_s, measures=wanted, seed=seed, progress=progress)
    finally:
        if live:
            click.echo("\r\033[K", nl=False, err=True)
    if as_json:
        click.echo(json.dumps(found.as_json()))
        return
    click.echo(text(found, " ".join(argv) or "the reference"), nl=False)
    if found.end == "interrupted":
        raise SystemExit(130)
