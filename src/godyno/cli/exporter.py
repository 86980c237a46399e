"""``godyno exporter``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

import click

from godyno.errors import NotAvailableHere, UsageError


@click.command("exporter", short_help="Serve recordings to Prometheus at /metrics.")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option(
    "--listen", default="127.0.0.1:9464", show_default=True, metavar="HOST:PORT", help="Where to be scraped; port 0 takes a free one.",
)  # fmt: skip
def command(path: Path, listen: str) -> None:
    """Serve PATH to Prometheus until it is interrupted: a capture, or a directory of captures.

    A recording that runs shows the latest value of every series; a capture that is sealed shows how its run ended.

    \b
    Examples:
      godyno exporter                        everything in this directory
      godyno exporter build.dyno             one recording, while it runs
      godyno exporter ~/captures --listen :9464
    """
    from godyno.export.live import Recordings, Server

    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen {listen} is not HOST:PORT", hint="Write it as 127.0.0.1:9464 or :9464.")
    recordings = Recordings(path)
    try:
        server = Server((host.strip("[]"), int(port)), recordings)
    except OSError as error:
        raise NotAvailableHere(
            f"Cannot listen at {listen}: {error.strerror or error}", hint="Choose another port with --listen."
        ) from error
    signal.signal(signal.SIGTERM, _interrupt)
    with server:
        shown, number = server.server_address[0], server.server_address[1]
        print(f"godyno: http://{shown!s}:{number}/metrics", file=sys.stderr, flush=True)
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            pass


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
