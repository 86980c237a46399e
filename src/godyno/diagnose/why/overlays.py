"""What lies over the path: stops of the world are everybody's, assists and sweeps those of the goroutine that does them."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from typing import Any

from godyno.diagnose.why import symbols
from godyno.diagnose.why.attribution import Segment
from godyno.diagnose.why.lanes import Lanes

# godyno's own stops; others are told by the goroutine that stops the world
_TRACING = ("start trace", "stop trace")


class Overlays:
    """Intervals by process, and by goroutine, that do not overlap each other."""

    def __init__(self, found: Mapping[tuple[int, int], list[tuple[int, int, str, str]]]) -> None:
        self._found = {key: sorted(rows) for key, rows in found.items()}
        self._starts = {key: [row[0] for row in rows] for key, rows in self._found.items()}

    def __bool__(self) -> bool:
        return bool(self._found)

    def between(self, segment: Segment) -> list[tuple[int, int, str, str]]:
        """What lies over a segment, clipped, in order of time."""
        out = []
        for key in {(segment.pid, 0), (segment.pid, segment.goroutine)}:
            rows, starts = self._found.get(key), self._starts.get(key)
            if rows is None or starts is None:
                continue
            index = max(0, bisect.bisect_right(starts, segment.t_start_ns) - 1)
            while index < len(rows) and rows[index][0] < segment.t_end_ns:
                start, end, state, detail = rows[index]
                a, b = max(start, segment.t_start_ns), min(end, segment.t_end_ns)
                if b > a:
                    out.append((a, b, state, detail))
                index += 1
        return sorted(out)


def overlays(capture: Any, lanes: Lanes) -> Overlays:
    """The stops, assists and sweeps of a capture; a stop is all goroutines', but godyno's own are the observer's."""
    table = capture.sql(
        "SELECT layer, pid, coalesce(TRY_CAST(split_part(track, '/', 2) AS BIGINT), 0) AS g, coalesce(tid, 0) AS tid, name, "
        "t_start_ns, t_end_ns FROM spans "
        "WHERE layer IN ('stw', 'gc_assist', 'gc_sweep') AND t_end_ns > t_start_ns"
    )
    found: dict[tuple[int, int], list[tuple[int, int, str, str]]] = {}
    for row in table.to_pylist():
        if row["layer"] == "stw":
            on_it = lanes.goroutine_at(row["pid"], row["tid"], row["t_end_ns"])
            root = lanes.roots.get((row["pid"], on_it.goroutine), "") if on_it is not None else ""
            ours = row["name"] in _TRACING or symbols.system_goroutine(root) == "observer"
            state, key = "observer" if ours else "gc_stw", (row["pid"], 0)
        else:
            state, key = "gc_assist", (row["pid"], row["g"])
        found.setdefault(key, []).append((row["t_start_ns"], row["t_end_ns"], state, row["name"]))
    return Overlays(found)
