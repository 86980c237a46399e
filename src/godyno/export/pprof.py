"""pprof: the samples as a gzipped ``profile.proto``, which ``go tool pprof`` reads."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import Any, ClassVar

from godyno.export.messages import profile
from godyno.export.source import Frame, Source, scale_of
from godyno.export.target import file_only, whole_file

_MOST = 2**62


class Pprof:
    """Two sample types a layer, its count and its weight; labels ``pid``, ``tid`` and ``goroutine``."""

    name: ClassVar[str] = "pprof"
    summary: ClassVar[str] = "samples as a profile for go tool pprof"
    suffix: ClassVar[str] = ".pb.gz"

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes the profile. Raises GodynoError, CaptureCorrupt."""
        path = file_only(out, self.name)
        source = Source(capture)
        message = _Profile(source).built()
        with whole_file(path) as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
            packed.write(message.SerializeToString())
        source.omitted.say(source.wall.caveat)
        source.omitted.say("A profile holds sums: the time of each sample is not in it.")
        source.omit_tables("a profile holds only samples", "series", "spans", "events", "lines", "findings")
        return source.omitted.sentences()


class _Profile:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.message = profile()()
        self.texts: dict[str, int] = {}
        self.text("")
        self.functions: dict[tuple[str, str], int] = {}
        self.mappings: dict[str, int] = {}
        self.locations: dict[Frame, int] = {}

    def built(self) -> Any:
        """The whole message."""
        message, source = self.message, self.source
        stacks = source.stacks()
        rows = list(
            source.samples(
                "stack_id, pid, tid, goroutine, layer, count(*), sum(weight)",
                "GROUP BY stack_id, pid, tid, goroutine, layer ORDER BY ALL",
            )
        )
        layers = sorted({row[4] for row in rows})
        scales = {layer: scale_of(layer) for layer in layers}
        for layer in layers or ["samples"]:
            message.sample_type.add(
                type=self.text("samples" if len(layers) < 2 else f"{layer}_samples"), unit=self.text("count")
            )
            if layers:
                message.sample_type.add(type=self.text(layer), unit=self.text(scales[layer][0]))
        if layers:
            message.default_sample_type = self.text("cpu" if "cpu" in layers else layers[0])
        place = {layer: 2 * at for at, layer in enumerate(layers)}
        made: dict[tuple[int, int, int, int], Any] = {}
        for stack, pid, tid, goroutine, layer, count, weight in rows:
            sample = made.get((stack, pid, tid, goroutine))
            if sample is None:
                sample = made[(stack, pid, tid, goroutine)] = message.sample.add()
                sample.location_id.extend(self.location(frame) for frame in stacks[stack])
                sample.value.extend([0] * (2 * len(layers)))
                for key, value in (("pid", pid), ("tid", tid), ("goroutine", goroutine)):
                    if value:
                        sample.label.add(key=self.text(key), num=value)
            sample.value[place[layer]] = count
            sample.value[place[layer] + 1] = int(
                min(round(weight * scales[layer][1]), _MOST) if weight < 1e300 else _MOST
            )
        self.about()
        message.string_table.extend(self.texts)
        return message

    def about(self) -> None:
        """When it was taken, and of what."""
        result, message = self.source.manifest.result, self.message
        if result is not None and 0 <= result.t_start_ns <= result.t_end_ns < _MOST:
            message.time_nanos = max(0, min(self.source.wall.unix_ns(result.t_start_ns), _MOST))
            message.duration_nanos = result.t_end_ns - result.t_start_ns
        message.comment.append(self.text(f"godyno: {' '.join(self.source.argv)}"))

    def text(self, text: str) -> int:
        """The index of a text."""
        return self.texts.setdefault(text, len(self.texts))

    def location(self, frame: Frame) -> int:
        """The id of a frame's location. A frame that was inlined is a location of its own: a capture does not tell."""
        found = self.locations.get(frame)
        if found is None:
            found = self.locations[frame] = len(self.locations) + 1
            function = self.function(frame)
            added = self.message.location.add(id=found, mapping_id=self.mapping(frame.binary))
            added.line.add(function_id=function, line=frame.line)
        return found

    def function(self, frame: Frame) -> int:
        """The id of a frame's function."""
        key = (frame.function or "[unknown]", frame.file)
        found = self.functions.get(key)
        if found is None:
            found = self.functions[key] = len(self.functions) + 1
            name = self.text(key[0])
            self.message.function.add(id=found, name=name, system_name=name, filename=self.text(frame.file))
        return found

    def mapping(self, binary: str) -> int:
        """The id of a binary; it has names, so that pprof looks for no file of that name on this machine."""
        if not binary:
            return 0
        found = self.mappings.get(binary)
        if found is None:
            found = self.mappings[binary] = len(self.mappings) + 1
            self.message.mapping.add(
                id=found, filename=self.text(binary), has_functions=True, has_filenames=True,
                has_line_numbers=True, has_inline_frames=True,
            )  # fmt: skip
        return found
