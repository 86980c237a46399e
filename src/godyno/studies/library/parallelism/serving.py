"""A service under open-loop load by GOMAXPROCS: requests come at a constant rate, whether or not earlier ones are answered."""

from __future__ import annotations

import json
import select
import shlex
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno import units
from godyno.errors import NotAvailableHere, ToolchainError
from godyno.machine.cgroups import Group
from godyno.model import Confidence, Finding, Trial, Workload
from godyno.studies.stand import Stand
from godyno.studies.study import BaseStudy, figure, shown
from godyno.toolchain.programs import build_program, program_sources
from godyno.workload.limited import Limits, cpu_seconds, limited_group, start_in

LOAD_SHARE = (
    0.5  # of what it answers at most: a service that waits for nothing is filled by less than all it can do
)
LOAD_S = 5.0
_FULL_S = 1.5
_READY_S = 30.0
_WORK = "0.3"  # of the reference service, a request: about a third of a millisecond
_NEAR = 1.1  # times the best p99
_LATE = 0.2  # of the p99: requests that were sent so late were not sent by an idle generator


@dataclass
class Service:
    """What is asked: the user's command and where it answers, or the reference service."""

    stand: Stand
    command: str = ""
    url: str = ""

    def loaded(self, procs: int, rate: float) -> dict[str, float]:
        """One run: the service with this GOMAXPROCS, asked ``rate`` times a second (0: as fast as it answers).

        Raises NotAvailableHere where it does not answer, ToolchainError where the load generator fails.
        """
        load = build_program(
            self.stand.go, "parallelload", program_sources("godyno.studies.library.parallelism.load")
        )
        with limited_group(Limits()) as group, self._serving(group, procs) as url:
            before = cpu_seconds(group) or 0.0
            seconds = LOAD_S if rate else _FULL_S
            done = subprocess.run(
                [str(load), url, f"{rate:g}", f"{seconds:g}"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=60 + seconds, check=False,
            )  # fmt: skip
            if done.returncode != 0:
                raise ToolchainError(f"the load generator failed: {done.stderr.strip()[-200:]}")
            found: dict[str, Any] = json.loads(done.stdout)
            cpu, peak = (cpu_seconds(group) or 0.0) - before, group.memory_peak()
        words = found.pop("error")
        if not found["answered"]:
            raise NotAvailableHere(f"{url} answered no request: {words or 'no reason given'}")
        out = {key: float(value) for key, value in found.items()}
        return {**out, "offered": rate, "cpu": cpu, **({"peak": float(peak.value_bytes)} if peak else {})}

    @contextmanager
    def _serving(self, group: Group, procs: int) -> Iterator[str]:
        if self.command:
            argv = tuple(shlex.split(self.command))
        else:
            program = build_program(
                self.stand.go, "paralleltask", program_sources("godyno.studies.library.parallelism.program")
            )
            argv = (str(program), "serve", _WORK)
        place = str(Path.cwd()) if self.command else str(self.stand.scratch)
        work = Workload(argv, place, {"GOMAXPROCS": str(procs)})
        with tempfile.TemporaryFile() as said:
            process = start_in(group, work, said if self.command else subprocess.PIPE)
            try:
                yield self._answering(process) if self.command else _told(process)
            finally:
                group.kill()
                process.wait()
                for pipe in (process.stdout, process.stderr):
                    if pipe:
                        pipe.close()

    def _answering(self, process: subprocess.Popen[bytes]) -> str:
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise NotAvailableHere(f"{self.command} ended with {process.returncode} before it answered")
            try:
                with urllib.request.urlopen(self.url, timeout=2.0):
                    return self.url
            except urllib.error.HTTPError:
                return self.url  # an answer, if not a good one
            except (OSError, ValueError):
                time.sleep(0.05)
        raise NotAvailableHere(
            f"{self.url} does not answer {units.show_seconds(_READY_S)} after {self.command} was started"
        )


def _told(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _READY_S)
    words = process.stdout.readline().decode("utf-8", "replace").split() if ready else []
    if len(words) != 2 or words[0] != "ready":
        raise NotAvailableHere("the reference service did not start")
    return words[1]


def served(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    """Latency by GOMAXPROCS at one rate; the lowest that is near the best is recommended."""
    if not trials:
        return
    rows: list[list[Any]] = []
    marks: list[list[Any]] = []
    p99: dict[int, float] = {}
    for level in sorted({int(one.measures["level"]) for one in trials}):
        runs = [one for one in trials if one.measures["level"] == level]
        times = {name: figure(runs, name, "s") for name in ("p50", "p99", "p999")}
        busy = sum(one.measures["cpu"] / one.measures["took"] for one in runs) / len(runs)
        failed = sum(one.measures["failed"] for one in runs)
        rows.append([level, len(runs), *(shown(one) for one in times.values()), busy, failed])
        if (found := times["p99"]) is not None:
            p99[level] = found.value
            between = found.interval
            marks.append(
                [str(level), found.value, between.low if between else None, between.high if between else None]
            )
    best = min(p99, key=lambda level: p99[level])
    chosen = min(level for level in p99 if p99[level] <= _NEAR * p99[best])
    rate = trials[0].measures["offered"]
    late = max(one.measures["late_p99"] / max(1e-9, one.measures["p99"]) for one in trials)
    warnings = []
    if late > _LATE:
        warnings.append(
            "the load generator shares these processors and sent requests late; that waiting is counted, too"
        )
    yield study.finding(
        "service", f"service: at {rate:,.0f} requests a second the 99th percentile is lowest with GOMAXPROCS={best}, "
        f"{units.show_seconds(p99[best])}; {chosen} is the lowest that is near it",
        figure([one for one in trials if one.measures["level"] == best], "p99", "s"),
        method=f"open loop at {LOAD_SHARE:.0%} of the most that it answered; each request is timed from when it was due; "
        f"{trials[0].measures['answered']:,.0f} requests a run",
        confidence=Confidence.MEDIUM if warnings or len(trials) < 2 * len(p99) else Confidence.HIGH,
        advice=f"Set GOMAXPROCS={chosen}.", tried="Tried: see the table.", warnings=warnings,
        data={"columns": [["GOMAXPROCS", ""], ["runs", ""], ["p50", "text"], ["p99", "text"], ["p99.9", "text"], ["CPUs used", ""],
                          ["failed", ""]], "rows": rows, "recommended": chosen,
              "bars": {"unit": "s", "caption": f"99th percentile at {rate:,.0f} requests a second by GOMAXPROCS", "marks": marks}},
    )  # fmt: skip
