"""``godyno show``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command("show", short_help="What a capture shows.")
@click.argument("capture", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The manifest and every finding as JSON.")
@click.option("--top", is_flag=True, help="Only the functions that hold most, as `go tool pprof -top` does.")
@click.option(
    "--layer", default="", metavar="NAME", help="Samples of --top: cpu, off_cpu, heap, … [default: CPU time]"
)
@click.option(
    "--rows",
    type=click.IntRange(1, 10_000),
    default=25,
    show_default=True,
    help="How many functions --top shows.",
)
def command(capture: Path, as_json: bool, top: bool, layer: str, rows: int) -> None:
    """Show what CAPTURE holds: what ran, what it needed, where time and memory went, and what was not seen.

    \b
    Examples:
      godyno show go-build-20260101-120000.dyno
      godyno show build.dyno --json | jq '.findings[] | select(.kind == "critical-path") | .data.path'
      godyno show --top --layer heap service.dyno
    """
    from godyno.capture.reader import open_capture
    from godyno.diagnose import findings_of

    with open_capture(capture) as found:
        if top or layer:
            _top(found, layer, rows, as_json)
            return
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


def _top(capture: Any, layer: str, rows: int, as_json: bool) -> None:
    from godyno.diagnose.hot import top

    finding = top(capture, layer, rows)
    if as_json:
        click.echo(json.dumps(finding.as_json()))
        return
    from godyno.report.document import Document, finding_blocks
    from godyno.report.summary import title_of
    from godyno.report.terminal import print_document

    print_document(Document(title_of(capture), "", tuple(finding_blocks(finding, rows))), rows=rows)
