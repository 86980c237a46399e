"""``godyno show``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("show", short_help="What a capture shows.")
@click.argument("capture", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The manifest and every finding as JSON.")
def command(capture: Path, as_json: bool) -> None:
    """Show what CAPTURE holds: what ran, what it needed, where time and memory went, and what was not seen.

    \b
    Examples:
      godyno show go-build-20260101-120000.dyno
      godyno show build.dyno --json | jq '.findings[] | select(.kind == "critical-path") | .data.path'
    """
    from godyno.capture.reader import open_capture
    from godyno.diagnose import findings_of

    with open_capture(capture) as found:
        findings = findings_of(found)
        if as_json:
            answer = {
                "capture": str(capture),
                "manifest": found.manifest.as_json(),
                "tables": found.tables(),
                "findings": [finding.as_json() for finding in findings],
            }
            click.echo(json.dumps(answer, default=str))
            return
        from godyno.report.summary import capture_document
        from godyno.report.terminal import print_document

        print_document(capture_document(found, findings))
