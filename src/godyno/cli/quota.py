"""``godyno quota``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from godyno import units


@click.command("quota", short_help="Is what runs held up by a CPU quota? Reads, and touches nothing.")
@click.argument("pid", type=int, required=False)
@click.option(
    "--cgroup", type=click.Path(path_type=Path), help="Look at every process of this cgroup instead."
)
@click.option("--for", "duration", metavar="TIME", default="2s", show_default=True, help="How long to look.")
@click.option("--recommend", is_flag=True, help="Name a quota that would hold what it asks for.")
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON.")
def command(pid: int | None, cgroup: Path | None, duration: str, recommend: bool, as_json: bool) -> None:
    """Say whether the CPU quota of process PID (or of a cgroup) is reached, what Go inside makes of it, and what to set.

    It reads cpu.stat, limits and /proc twice and between; no signal is sent and nothing is changed.

    \b
    Examples:
      godyno quota $(pidof api)
      godyno quota --cgroup /sys/fs/cgroup/system.slice/api.service --for 30s --recommend
    """
    from godyno.diagnose.running_quota import diagnose_quota

    seen, found = diagnose_quota(pid, cgroup, for_s=units.seconds(duration), recommend=recommend)
    if as_json:
        click.echo(
            json.dumps({"watched": seen.as_json(), "findings": [one.as_json() for one in found]}, indent=1)
        )
        return
    from godyno.report.document import Document, finding_blocks
    from godyno.report.terminal import print_document

    blocks = tuple(block for one in found for block in finding_blocks(one))
    what = f"process {pid}" if pid is not None else str(cgroup)
    print_document(Document(f"CPU quota of {what}", f"watched for {units.show_seconds(seen.took_s)}", blocks))
