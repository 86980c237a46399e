"""Folded stacks: a line for each stack, root first, and its weight; what flamegraph.pl, inferno and speedscope read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from godyno.export.source import Frame, Source, scale_of
from godyno.export.target import file_only, whole_file

_UNITS = {"nanoseconds": ("microseconds", 1e6), "bytes": ("bytes", 1.0), "count": ("samples", 1.0)}


class Folded:
    """One layer of samples: that of ``layer``, else ``cpu`` where there is one, else the one with the most samples."""

    name: ClassVar[str] = "folded"
    summary: ClassVar[str] = "samples as folded stacks for flame graphs"
    suffix: ClassVar[str] = ".folded"

    def __init__(self, *, layer: str = "") -> None:
        self.layer = layer

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes the stacks. Raises GodynoError, CaptureCorrupt."""
        path = file_only(out, self.name)
        source = Source(capture)
        with whole_file(path) as file:
            for line in self._lines(source):
                file.write(f"{line}\n".encode())
        source.omit_tables(
            "folded stacks hold only samples", "series", "spans", "events", "lines", "findings"
        )
        return source.omitted.sentences()

    def _lines(self, source: Source) -> Iterator[str]:
        layer, others = chosen_layer(source, self.layer)
        if not layer:
            return
        unit, scale = _UNITS[scale_of(layer)[0]]
        source.omitted.say(f"Folded stacks carry no unit and no time: these are {unit} of {layer}.")
        source.omitted.count(others, "sample", "of other layers, and a file holds one")
        stacks = source.stacks()
        sums: dict[str, float] = {}
        for stack, weight in source.samples(
            "stack_id, sum(weight)", f"AND layer = {quoted(layer)} GROUP BY 1 ORDER BY 1", summed=True
        ):
            text = ";".join(_frame(frame) for frame in reversed(stacks[stack]))
            sums[text] = sums.get(text, 0.0) + weight
        small = 0
        for text, weight in sorted(sums.items()):
            number = round(min(weight * scale, 1e18))
            if number:
                yield f"{text} {number}"
            else:
                small += 1
        source.omitted.count(small, "stack", f"weights below one of the unit, {unit}")


def chosen_layer(source: Source, wanted: str) -> tuple[str, int]:
    """The layer of samples to write where a format holds one, and how many samples are of other layers."""
    counts = {
        layer: count
        for layer, count in source.rows("SELECT layer, count(*) FROM stacks GROUP BY 1 ORDER BY 2 DESC, 1")
        if layer is not None
    }
    layer = wanted or ("cpu" if "cpu" in counts else next(iter(counts), ""))
    return layer, sum(count for name, count in counts.items() if name != layer)


def quoted(text: str) -> str:
    """``text`` as a SQL string. NUL, which DuckDB takes for the end, is written as what it is."""
    return "'" + text.replace("'", "''") + "'" if "\0" not in text else _with_nul(text)


def _with_nul(text: str) -> str:
    return "(" + " || chr(0) || ".join(quoted(part) for part in text.split("\0")) + ")"


def _frame(frame: Frame) -> str:
    """A frame's name, without what the format uses for itself."""
    name = frame.function or "[unknown]"
    return "".join("\ufffd" if ord(char) < 32 else char for char in name).replace(";", ":")
