"""What a survey wants to know of one capture: ``python -m godyno.studies.survey.look CAPTURE``, JSON on stdout.

A process of its own, since reading a capture takes more memory than some machines that are surveyed have to spare, and
only as long as it lasts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno.errors import GodynoError
from godyno.model import Record

_SAID_LINES = 15
_LOOK_S = 120.0
# A look over all processes takes a moment, so it may lie on both sides of a bin's edge: two sets of bins, half a bin apart.
_ANON_PEAK = """
    SELECT max(total) FROM (
        SELECT sum(top) AS total FROM (
            SELECT (t_ns + shift) // 100000000 AS look, shift, series_id, max(value) AS top
            FROM points JOIN series USING (series_id), (VALUES (0), (50000000)) AS shifts(shift)
            WHERE series.name = 'process.memory.anonymous'
            GROUP BY ALL
        ) GROUP BY look, shift
    )
"""
_TOTALS = """
    SELECT sum(CAST(args->>'$.read_bytes' AS BIGINT)), sum(CAST(args->>'$.write_bytes' AS BIGINT)),
           sum(CAST(args->>'$.major_faults' AS BIGINT))
    FROM spans WHERE layer = 'process'
"""


@dataclass(frozen=True, slots=True)
class Seen(Record):
    """Of the whole tree: the highest sum of anonymous memory that was sampled, storage reads and writes, major faults; the last lines."""

    anon_peak_bytes: int | None = None
    read_bytes: int | None = None
    write_bytes: int | None = None
    major_faults: int | None = None
    said: str = ""


def look_into(capture: Path) -> Seen:
    """What ``capture`` shows; empty where it cannot be read (it is then reported by who reads it)."""
    command = [sys.executable, "-m", "godyno.studies.survey.look", str(capture)]
    try:
        answer = subprocess.run(
            command, capture_output=True, timeout=_LOOK_S, check=False, stdin=subprocess.DEVNULL
        )
        data: Any = json.loads(answer.stdout)
        return Seen.from_json(data) if isinstance(data, Mapping) else Seen()
    except (OSError, subprocess.TimeoutExpired, ValueError, TypeError):
        return Seen()


def seen_in(path: Path) -> Seen:
    """As ``look_into``, in this process. Raises CaptureError or QueryError."""
    from godyno.capture.reader import open_capture

    with open_capture(path) as capture:
        anon = capture.sql(_ANON_PEAK).column(0)[0].as_py()
        read, write, faults = (column[0].as_py() for column in capture.sql(_TOTALS).columns)
        # Kept in order of arrival; lines that came in one write have one time, so sorting would not keep it.
        lines = capture.sql("SELECT text FROM lines")["text"].to_pylist()[-_SAID_LINES:]
    return Seen(
        _whole(anon),
        _whole(read),
        _whole(write),
        _whole(faults),
        "\n".join(str(line) for line in lines),
    )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def main(argv: list[str]) -> int:
    """The command."""
    try:
        seen = seen_in(Path(argv[0]))
    except GodynoError as error:
        print(f"{argv[0]}: {error}", file=sys.stderr)
        return error.exit_code
    json.dump(seen.as_json(), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
