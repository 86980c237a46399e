"""``godyno query``."""

from __future__ import annotations

import json
import math
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from godyno.errors import UsageError


@click.command("query", short_help="Ask a capture in SQL.")
@click.argument("capture", type=click.Path(path_type=Path))
@click.argument("sql")
@click.option("--json", "as_json", is_flag=True, help="A JSON array with an object for each row.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header.")
def command(capture: Path, sql: str, as_json: bool, as_csv: bool) -> None:
    """Ask CAPTURE in SQL, as DuckDB reads it. Its tables: series, points, pyramid, spans, events, lines, stacks, frames, findings.

    Times are ns of CLOCK_MONOTONIC; args and labels are JSON: args->>'package'.

    \b
    Examples:
      godyno query build.dyno "SELECT name, count(*) FROM spans WHERE layer = 'process' GROUP BY 1 ORDER BY 2 DESC"
      godyno query build.dyno "SELECT * FROM lines" --csv > lines.csv
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other", hint="Choose one of them.")
    from godyno.capture.reader import open_capture

    with open_capture(capture) as found:
        table = found.sql(sql)
    if as_json:
        click.echo(
            json.dumps(
                [{key: _finite(value) for key, value in row.items()} for row in table.to_pylist()],
                default=_number_or_text,
            )
        )
    elif as_csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(table.column_names)
        writer.writerows([_cell(value) for value in row.values()] for row in table.to_pylist())
    else:
        from godyno.report.terminal import print_rows

        print_rows(table.column_names, [tuple(row.values()) for row in table.to_pylist()])


def _cell(value: Any) -> Any:
    return json.dumps(value, default=_number_or_text) if isinstance(value, list | dict) else value


def _number_or_text(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
