"""``godyno attach``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from godyno import units
from godyno.cli.record import LEVELS, tell
from godyno.cli.scraping import scrape_settings, scraping_options


@click.command("attach", short_help="Record what already runs, without touching it.")
@click.argument("pid", type=int, required=False)
@click.option("--cgroup", type=click.Path(path_type=Path), help="Watch every process of this cgroup instead.")
@click.option(
    "--url",
    help="Scrape the execution trace and profiles that a program serves there: net/http/pprof's address.",
)
@scraping_options
@click.option("--for", "duration", metavar="TIME", help="How long: 30s, 5m. Without it, until Ctrl-C.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Where the capture goes: NAME.dyno.")
@click.option(
    "--level", type=click.Choice(LEVELS), default="standard", show_default=True, help="How much is watched."
)
@click.option("--hz", type=float, default=10.0, show_default=True, help="How often values are sampled.")
@click.option("--quiet", "-q", is_flag=True, help="No line about the capture at the end.")
@click.option("--json", "as_json", is_flag=True, help="Tell how it went as JSON, on the last line of stderr.")
@click.option("--result-fd", type=int, hidden=True, help="Where the JSON goes instead, for the Python API.")
def command(
    pid: int | None, cgroup: Path | None, url: str | None, profiles: str, every: str,
    duration: str | None, out: Path | None, level: str, hz: float,
    quiet: bool, as_json: bool, result_fd: int | None,
) -> None:  # fmt: skip
    """Record process PID and all below it, a whole cgroup, or the program that serves --url, for some time.

    The target is watched and never touched: no signal is sent, and it runs on when the recording ends, be it by --for,
    by Ctrl-C, or because the last process has ended. What it printed or did before is not seen.

    With --url the program makes the profiles that are asked for, which costs it some work; how much is told. Where it is a
    process of this machine it is found by its port, and the kernel's layers are attached too. Credentials come from the
    environment: GODYNO_SCRAPE_AUTHORIZATION=user:password.

    \b
    Examples:
      godyno attach --for 30s $(pidof gopls)
      godyno attach --level deep --for 10s --cgroup /sys/fs/cgroup/system.slice/api.service
      godyno attach --for 30s --url http://localhost:6060/debug/pprof
    """
    from godyno.recorder.attach import Attachment
    from godyno.recorder.session import Options

    duration_s = units.seconds(duration) if duration else None
    tells = not (quiet or as_json or result_fd is not None)
    options = Options(out=out, hz=hz, level=level, tells=tells)
    if url:
        options = replace(
            options, also=("scrape",), settings={"scrape": scrape_settings(url, profiles, every)}
        )
    tell(Attachment(options, duration_s, pid=pid, cgroup=cgroup, url=url).run(), result_fd, as_json, quiet)
