"""The recording process of one run: reads an order on stdin, records, writes the outcome on stdout, both as JSON.

It stays small while the workload runs; what was captured is looked into afterwards.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from godyno.errors import GodynoError
from godyno.model import Workload

_SAID_LINES = 12
_HZ = 10.0
# The sum over the processes that were alive at the same look, the highest of all looks.
_ANON_PEAK = """
    SELECT max(total) FROM (
        SELECT points.t_ns // 100000000 AS look, sum(points.value) AS total
        FROM points JOIN series USING (series_id) WHERE series.name = 'process.memory.anonymous' GROUP BY look
    )
"""


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Records what ``order`` says and gives a ``bench.Outcome`` as JSON types. Raises GodynoError."""
    from godyno.recorder import record

    workload = Workload.from_json(order["workload"])
    recording = record(
        workload, out=Path(order["out"]), hz=_HZ, memory_limit_bytes=order.get("memory_limit_bytes"), quiet_output=True,
        timeout_s=order.get("timeout_s"),
    )  # fmt: skip
    failed = bool(recording.result.exit_code or recording.result.signal or recording.timed_out)
    anon, said = _look_into(recording.capture, failed)
    peak = recording.peak
    return {
        "exit_code": recording.result.exit_code,
        "signal": recording.result.signal,
        "wall_s": recording.result.wall_s,
        "cpu_s": recording.cpu_s,
        "timed_out": recording.timed_out,
        "oom_kills": recording.oom_kills,
        "peak_bytes": peak.value_bytes if peak else None,
        "peak_source": peak.source if peak else "",
        "anon_peak_bytes": anon,
        "read_bytes": recording.read_bytes,
        "write_bytes": recording.write_bytes,
        "major_faults": recording.major_faults,
        "capture": str(recording.capture),
        "said": said,
    }


def _look_into(path: Path, failed: bool) -> tuple[int | None, str]:
    """The peak of anonymous memory, and the last lines of a run that failed; nothing where the capture cannot be read."""
    from godyno.capture.reader import open_capture

    try:
        with open_capture(path) as capture:
            anon = capture.sql(_ANON_PEAK).column(0)[0].as_py()
            said = ""
            if failed:
                lines = capture.sql(f"SELECT text FROM lines ORDER BY t_ns DESC LIMIT {_SAID_LINES}")[
                    "text"
                ].to_pylist()
                said = "\n".join(str(line) for line in reversed(lines))
            return (int(anon) if anon is not None else None), said
    except GodynoError:
        return None, ""


def main() -> int:
    """The command. Nothing but the outcome goes to stdout, whatever the workload writes."""
    answer_fd = os.dup(1)
    os.dup2(2, 1)
    order = json.load(sys.stdin)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)  # the workload must not read what is left of the order, nor wait for it
    try:
        answer = run(order)
    except GodynoError as error:
        answer = {"error": str(error), "hint": error.hint}
    with os.fdopen(answer_fd, "w", encoding="utf-8") as out:
        json.dump(answer, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
