"""``godyno export``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from godyno import units
from godyno.errors import UsageError

_QUIET_S = 2.0  # an export that takes less says nothing while it works


@click.command("export", short_help="Write a capture in another tool's format, or send it there.")
@click.argument("format_", metavar="FORMAT")
@click.argument("capture", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    metavar="FILE",
    help="The file to write; - is stdout.  [default: CAPTURE with the format's ending]",
)
@click.option(
    "--to", metavar="URL", help="Send it to this http:// or https:// address instead (prometheus, otlp)."
)
@click.option("--json", "as_json", is_flag=True, help="Tell as JSON what was written and what could not be.")
def command(format_: str, capture: Path, out: str | None, to: str | None, as_json: bool) -> None:
    """Write CAPTURE in FORMAT, and say what the format could not carry.

    \b
    Formats:
      prometheus  OpenMetrics text with timestamps (.om), or text 0.0.4 where FILE ends in .prom;
                  --to http://HOST:9090/api/v1/write sends it by remote write
      grafana     a dashboard for these metrics
      perfetto    a trace for ui.perfetto.dev
      pprof       samples for go tool pprof
      otlp        OpenTelemetry metrics, spans and logs as JSON lines; --to http://HOST:4318 sends them
      folded      samples as folded stacks for flame graphs
      speedscope  samples for speedscope.app
      csv         every table as CSV: FILE.zip, or a directory
      parquet     every table as Parquet with times of day: FILE.zip, or a directory

    Nothing goes over the network without --to. Credentials are read from the URL or, as the value of an Authorization
    header, from GODYNO_EXPORT_AUTHORIZATION.

    \b
    Examples:
      godyno export perfetto build.dyno
      godyno export pprof service.dyno -o cpu.pb.gz && go tool pprof -top cpu.pb.gz
      godyno export prometheus build.dyno --to http://localhost:9090/api/v1/write
    """
    from godyno import registry
    from godyno.capture.reader import open_capture
    from godyno.interfaces import Exporter

    if out and to:
        raise UsageError("-o and --to exclude each other", hint="Write a file, or send it.")
    if out and "://" in out:
        raise UsageError("-o names a file", hint="Send to an address with --to.")
    exporter: Exporter = registry.load("exporters", format_)()
    if to is not None:
        from godyno.export.endpoint import Endpoint

        shown = str(Endpoint(to))  # an address that is none ends it here, before anything is read
        target = to
    else:
        target = "/dev/stdout" if out == "-" else out or _beside(capture, exporter.suffix)
        shown = target
    with open_capture(capture) as found, _progress(f"{capture.name} → {format_}"):
        lost = list(exporter.export(found, target))
    size = None if to or out == "-" else _size(Path(target))
    if as_json:
        answer = {
            "format": format_,
            "capture": str(capture),
            "out": shown,
            "bytes": size,
            "not_carried": lost,
        }
        click.echo(json.dumps(answer), err=out == "-")
        return
    click.echo(shown + (f" ({units.show_bytes(size)})" if size is not None else ""), err=out == "-")
    for sentence in lost:
        click.echo(f"  {sentence}", err=True)


def _beside(capture: Path, suffix: str) -> str:
    """In this directory, named like the capture."""
    return f"{capture.resolve().name.removesuffix('.zip').removesuffix('.dyno')}{suffix}"


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(one.stat().st_size for one in path.iterdir())
    return path.stat().st_size


@contextmanager
def _progress(title: str) -> Iterator[None]:
    """On a terminal one line that changes, elsewhere a line now and then; nothing in the first two seconds."""
    from godyno.export.progress import watched_by

    began = last = time.monotonic()
    live = sys.stderr.isatty()
    said = False

    def show(what: str, done: int, total: int) -> None:
        nonlocal last, said
        now = time.monotonic()
        if now - began < _QUIET_S or now - last < (0.2 if live else 10.0):
            return
        last, said = now, True
        share = f" {min(100, done * 100 // total)} %" if total else f" {done:,}"
        text = f"godyno: {title}: {what}{share}"
        sys.stderr.write(f"\r\x1b[K{text[:78]}" if live else f"{text}\n")
        sys.stderr.flush()

    try:
        with watched_by(show):
            yield
    finally:
        if said and live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
