"""Trials that are ordinary captures: the same process, run by the recorder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from godyno.capture.reader import open_capture
from godyno.model import Workload
from godyno.recorder import record
from godyno.studies.bench.process import Finished, Launch


def recording(directory: Path, level: str = "light") -> Launch:
    """A launch that keeps each run as a capture in ``directory``, numbered on."""
    directory.mkdir(parents=True, exist_ok=True)
    number = 1 + max(
        (int(match[1]) for one in directory.glob("*.dyno") if (match := re.match(r"(\d+)-", one.name))),
        default=0,
    )

    def launch(
        argv: Sequence[str], *, cwd: Path, env: Mapping[str, str | None], timeout_s: float, label: str = ""
    ) -> Finished:
        nonlocal number
        safe = re.sub(r"[^A-Za-z0-9._=-]+", "-", label).strip("-")[:60]
        out = directory / f"{number:05d}-{safe}.dyno"
        number += 1
        workload = Workload(tuple(argv), str(cwd), dict(env), {"arm": label})
        found = record(workload, out, level=level, timeout_s=timeout_s)
        with open_capture(found.capture) as capture:
            text: dict[str, str] = {"stdout": "", "stderr": ""}
            for row in capture.sql("SELECT stream, text FROM lines ORDER BY t_ns").to_pylist():
                text[row["stream"]] = text.get(row["stream"], "") + row["text"] + "\n"
        peak = found.peak
        return Finished(
            found.result, peak.value_bytes if peak else 0, peak.source if peak else "", found.timed_out, text["stdout"],
            text["stderr"], {}, str(found.capture),
        )  # fmt: skip

    return launch
