"""speedscope: samples and spans as JSON for speedscope.app (its file-format-schema.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import __version__
from godyno.export.source import Frame, Source, scale_of
from godyno.export.target import file_only, whole_file

_UNITS = {"nanoseconds": ("seconds", 1.0), "bytes": ("bytes", 1.0), "count": ("none", 1.0)}
_MOST_WEIGHT = 1e18


class Speedscope:
    """A profile for each layer and process that was sampled, its samples by time."""

    name: ClassVar[str] = "speedscope"
    summary: ClassVar[str] = "samples by time as JSON for speedscope.app"
    suffix: ClassVar[str] = ".speedscope.json"

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes the profiles. Raises GodynoError, CaptureCorrupt."""
        path = file_only(out, self.name)
        source = Source(capture)
        document = _document(source)
        with whole_file(path) as file:
            file.write(json.dumps(document, allow_nan=False).encode())
        source.omitted.say("speedscope lays samples end to end: the time between two of them is not in it.")
        source.omit_tables("the file holds samples only", "series", "spans", "events", "lines", "findings")
        return source.omitted.sentences()


def _document(source: Source) -> dict[str, Any]:
    stacks = source.stacks()
    numbers: dict[Frame, int] = {}
    paths: dict[int, list[int]] = {}
    profiles: dict[tuple[str, int], dict[str, Any]] = {}
    for layer, pid, stack, weight in source.samples(
        "layer, pid, stack_id, weight", "ORDER BY layer, pid, t_ns, stack_id", summed=True
    ):
        if stack not in paths:
            paths[stack] = [numbers.setdefault(frame, len(numbers)) for frame in reversed(stacks[stack])]
        unit, scale = _UNITS[scale_of(layer)[0]]
        profile = profiles.get((layer, pid))
        if profile is None:
            name = f"{layer} (process {pid})" if pid else layer
            profile = profiles[(layer, pid)] = {
                "type": "sampled", "name": name, "unit": unit, "startValue": 0, "endValue": 0.0,
                "samples": [], "weights": [],
            }  # fmt: skip
        weight = min(weight * scale, _MOST_WEIGHT)
        profile["samples"].append(paths[stack])
        profile["weights"].append(weight)
        profile["endValue"] += weight
    return {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": f"godyno {__version__}",
        "name": source.name,
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(frame) for frame in numbers]},
        "profiles": list(profiles.values()),
    }


def _frame(frame: Frame) -> dict[str, Any]:
    out: dict[str, Any] = {"name": frame.function or "[unknown]"}
    if frame.file:
        out |= {"file": frame.file, "line": frame.line}
    return out
