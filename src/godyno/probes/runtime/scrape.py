"""Execution trace and profiles of a program that serves ``net/http/pprof``, over HTTP. Only where asked for (``--pprof URL``).

A process beside the recorder asks (``scraping.process``); what came is read when sealing. Asking makes work in the program: a
handler, a goroutine that writes the trace, garbage. The program's own profiles say how much, and the manifest keeps it.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import UsageError
from godyno.interfaces import SimpleProbe, Sink, TableSink, Target
from godyno.model import Availability, Clock, Machine, Workload
from godyno.probes.runtime.scraping.address import AUTHORIZATION, address, authorization
from godyno.probes.runtime.scraping.process import KINDS, Settings

_BEGIN_S = 10.0
_END_S = 8.0  # the process ends by itself before that
_CONNECT_S = 0.2


class Scrape(SimpleProbe):
    """``url`` is where the program serves profiles; ``kinds`` which to take, ``every_s`` how often those of an instant."""

    name: ClassVar[str] = "scrape"
    summary: ClassVar[str] = "execution trace and profiles of a program that serves net/http/pprof (--pprof)"
    tables: ClassVar[Mapping[str, Clock]] = {
        "stacks": Clock.CONVERTED,
        "spans": Clock.CONVERTED,
        "events": Clock.MONOTONIC,
        "points": Clock.MONOTONIC,
    }
    levels: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, *, url: str = "", kinds: Sequence[str] = KINDS, every_s: float = 10.0, pid: int = 0
    ) -> None:
        self.url, self.kinds, self.every_s, self.pid = url, tuple(kinds), every_s, pid
        self.helper_cpu_s = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def availability(self, machine: Machine) -> Availability:
        """Needs an address."""
        if not self.url:
            return Availability(
                False, "it was not asked for", "Record with --pprof http://localhost:6060/debug/pprof."
            )
        return Availability(True)

    def prepare(self, workload: Workload, raw: Path) -> Workload:
        """Without the credentials, which are godyno's and not the command's. Raises UsageError for an address that is none."""
        if self.url:
            address(self.url)
            authorization()
        if self.url and not self.pid and AUTHORIZATION in os.environ:
            return replace(workload, env={**workload.env, AUTHORIZATION: None})
        return workload

    def start(self, target: Target, sink: Sink) -> None:
        """Starts the process that asks. Raises UsageError where something answers before the command has begun."""
        if not self.url:
            return
        where = address(self.url)
        running = bool(getattr(target, "running", False))
        if not running and _answers(where.host, where.port):
            raise UsageError(
                f"something answers at {where} before the command has begun",
                hint=f"Choose another port, or: godyno attach --url {where}",
            )
        folder = sink.raw("")
        folder.mkdir(parents=True, exist_ok=True)
        sink.note("address", str(where))
        self.loop = target.loop
        settings = Settings(self.kinds, self.every_s, pid=self.pid, from_start=not running)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "godyno.probes.runtime.scraping.process", str(where), str(folder), settings.text()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.sink = sink
        assert self._process.stdout is not None
        # Only then may the command begin, or the time that is watched.
        if select.select([self._process.stdout], [], [], _BEGIN_S)[0]:
            os.read(self._process.stdout.fileno(), 1)

    def wind_down(self, done: Callable[[], None]) -> None:
        """Asks for the last profiles while everything still watches, and calls ``done`` when they have come."""
        process = self._process
        if process is None or process.stdout is None or process.stdin is None or process.stdin.closed:
            done()
            return
        process.stdin.close()
        fd = process.stdout.fileno()

        def ended() -> None:
            self.loop.forget(fd)
            done()

        self.loop.on_readable(fd, ended)

    def stop(self) -> None:
        """Ends the process; it takes the last profiles, where the program still answers."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        with process.stdout:
            self.helper_cpu_s = _reaped(process)
        self.sink.note("scraper_cpu_s", round(self.helper_cpu_s, 4))

    def decode(self, raw: Path, sink: TableSink, manifest: Mapping[str, Any]) -> None:
        """Samples of every profile, the tables of every trace, and what asking for them cost."""
        from godyno.probes.runtime.scraping.reading import read_scraped

        read_scraped(raw, sink, manifest)


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), _CONNECT_S).close()
    except OSError:
        return False
    return True


def _reaped(process: subprocess.Popen[bytes]) -> float:
    """The CPU seconds of the process, which has been told to end, and is killed where it does not."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], _END_S)[0]:
        process.kill()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime
