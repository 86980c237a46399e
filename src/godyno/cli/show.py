"""``godyno show``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from godyno.errors import UsageError
from godyno.working import sized, working

if TYPE_CHECKING:
    from godyno.diagnose.hottest import Hottest

_BY = ("function", "package", "process", "goroutine")
_MOST = 20


@click.command("show", short_help="What a capture shows.")
@click.argument("capture", type=click.Path(path_type=Path), required=False, metavar="CAPTURE")
@click.option(
    "--top", is_flag=False, flag_value=str(_MOST), metavar="[N]",
    help=f"The N ({_MOST}) hottest functions, as `go tool pprof -top` counts them.",
)  # fmt: skip
@click.option(
    "--layer", default="", help="With --top: cpu, off_cpu, heap, allocs, mutex, block … (default: CPU)."
)
@click.option(
    "--by", type=click.Choice(_BY), default=None, help="With --top: what is added up. (default: function)"
)
@click.option(
    "--json", "as_json", is_flag=True, help="The manifest and every finding, or the hottest, as JSON."
)
def command(capture: Path | None, top: str | None, layer: str, by: str | None, as_json: bool) -> None:
    """Show what CAPTURE holds: what ran, what it needed, where time and memory went, and what was not seen.

    --by package tells what each process of a go build or go test worked on.

    \b
    Examples:
      godyno show go-build-20260101-120000.dyno
      godyno show service.dyno --top
      godyno show service.dyno --top 50 --layer heap
      godyno show build.dyno --top --by package
      godyno show build.dyno --json | jq '.findings[] | select(.kind == "critical-path") | .data.path'
    """
    from godyno.capture.reader import open_capture

    if top is None and (layer or by):
        raise UsageError("--layer and --by say what --top shows", hint="Add --top.")
    if capture is None and top is not None and not top.isdecimal():
        capture, top = Path(top), str(_MOST)  # `show --top CAPTURE`, as `go tool pprof -top FILE`
    if capture is None:
        raise click.UsageError("Missing argument 'CAPTURE'.")
    if top is not None and (not top.isdecimal() or int(top) < 1):
        raise UsageError(f"--top {top} is no number of rows", hint="`--top 50` shows fifty, `--top` twenty.")
    with open_capture(capture) as found:
        if top is not None:
            from godyno.diagnose.hottest import hottest

            with working(f"adds up {sized(capture)}", not as_json):
                hot = hottest(found, layer, by or "function", int(top))
            if as_json:
                click.echo(json.dumps({"capture": str(capture), **hot.as_json()}))
            else:
                _print(hot)
            return
        from godyno.diagnose import findings_of

        with working(f"analyses {sized(capture)}", not as_json):
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

        print_document(capture_document(found, findings), whole="godyno report")


def _print(hot: Hottest) -> None:
    """The hottest as a table; the name last, since it is long."""
    from godyno import units
    from godyno.report.terminal import print_rows

    plural = {"process": "processes"}.get(hot.by, f"{hot.by}s")
    counted = f"{hot.title}: {units.show(hot.total, hot.unit)} in {hot.samples:,} samples"
    click.echo(f"{counted}; {len(hot.rows):,} of {hot.count:,} {plural}. {hot.note}".rstrip())
    doubted = any(row.flat_interval for row in hot.rows)
    functions = hot.by == "function"
    columns = [
        "flat", "flat%", *(["95 %"] if doubted else []), *(["cum", "cum%"] if functions else []),
        *([] if functions else ["hottest function"]), hot.by,
    ]  # fmt: skip
    rows = []
    for row in hot.rows:
        between = row.flat_interval
        rows.append([
            units.show(row.flat, hot.unit), f"{row.flat_share:.1%}",
            *([f"{between.low * 100:.1f}–{between.high * 100:.1f}" if between else ""] if doubted else []),
            *([units.show(row.cum, hot.unit), f"{row.cum_share:.1%}"] if functions else []),
            *([] if functions else [row.function]), row.name,
        ])  # fmt: skip
    numbers = len(columns) - (1 if functions else 2)
    print_rows(columns, rows, right=range(numbers))
