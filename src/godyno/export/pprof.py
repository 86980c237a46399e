"""pprof: the samples as a gzipped ``profile.proto``, which ``go tool pprof`` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from godyno.export.source import Frame, Source, scale_of
from godyno.export.target import file_only, whole_file
from godyno.formats import pprof, pprof_writing
from godyno.prose import printable

_MOST = 2**62
_NUMBERED = ("pid", "tid", "goroutine")


class Pprof:
    """Two sample types a layer, its count and its weight; labels ``pid``, ``tid`` and ``goroutine``."""

    name: ClassVar[str] = "pprof"
    summary: ClassVar[str] = "samples as a profile for go tool pprof"
    suffix: ClassVar[str] = ".pb.gz"

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes the profile. Raises GodynoError, CaptureCorrupt."""
        path = file_only(out, self.name)
        source = Source(capture)
        data = pprof_writing.encoded(_profile(source))
        with whole_file(path) as file:
            file.write(data)
        source.omitted.say(source.wall.caveat)
        source.omitted.say("A profile holds sums: the time of each sample is not in it.")
        source.omit_tables("a profile holds only samples", "series", "spans", "events", "lines", "findings")
        return source.omitted.sentences()


def _profile(source: Source) -> pprof.Profile:
    stacks = source.stacks()
    rows = list(
        source.samples(
            "stack_id, pid, tid, goroutine, layer, count(*), sum(weight)",
            "GROUP BY stack_id, pid, tid, goroutine, layer ORDER BY ALL",
            summed=True,
        )
    )
    layers = sorted({row[4] for row in rows})
    values: dict[tuple[int, tuple[int, int, int]], list[int]] = {}
    for stack, pid, tid, goroutine, layer, count, weight in rows:
        found = values.setdefault((stack, (pid, tid, goroutine)), [0] * (2 * len(layers)))
        at = 2 * layers.index(layer)
        found[at : at + 2] = count, round(min(weight * scale_of(layer)[1], float(_MOST)))
    places = _Places(stacks)
    samples = tuple(
        pprof.Sample(places.stack(stack), tuple(found), {}, _labels(who))
        for (stack, who), found in values.items()
    )
    types: list[pprof.ValueType] = []
    for layer in layers:
        types.append(pprof.ValueType("samples" if len(layers) == 1 else f"{layer}_samples", "count"))
        types.append(pprof.ValueType(layer, scale_of(layer)[0]))
    start_ns, duration_ns = _when(source)
    return pprof.Profile(
        tuple(types) or (pprof.ValueType("samples", "count"),),
        samples,
        tuple(places.locations.values()),
        tuple(places.mappings.values()),
        time_ns=start_ns,
        duration_ns=duration_ns,
        comments=("godyno: " + printable(" ".join(source.argv), "\ufffd"),),  # pprof prints them as they are
        default_sample_type="cpu" if "cpu" in layers else layers[0] if layers else "samples",
    )


class _Places:
    """Locations and mappings, numbered as they are met. An inlined frame is a location of its own: captures do not tell."""

    def __init__(self, stacks: Mapping[int, Sequence[Frame]]) -> None:
        self.stacks = stacks
        self.locations: dict[Frame, pprof.Location] = {}
        self.mappings: dict[str, pprof.MemoryMapping] = {}

    def stack(self, stack: int) -> tuple[int, ...]:
        """Indices of a stack's locations, leaf first."""
        return tuple(self._location(frame) for frame in self.stacks[stack])

    def _location(self, frame: Frame) -> int:
        found = self.locations.get(frame)
        if found is None:
            line = pprof.Frame(frame.function or "[unknown]", frame.file, frame.line)
            found = self.locations[frame] = pprof.Location(
                len(self.locations) + 1, mapping=self._mapping(frame.binary), frames=(line,)
            )
        return found.id - 1

    def _mapping(self, binary: str) -> int:
        if not binary:
            return 0
        found = self.mappings.get(binary)
        if found is None:  # it has all names, so that pprof looks for no file of that path on this machine
            found = self.mappings[binary] = pprof.MemoryMapping(
                len(self.mappings) + 1, file=binary, has_functions=True, has_filenames=True,
                has_line_numbers=True, has_inline_frames=True,
            )  # fmt: skip
        return found.id


def _labels(who: Sequence[int]) -> dict[str, tuple[tuple[int, str], ...]]:
    return {name: ((number, ""),) for name, number in zip(_NUMBERED, who, strict=True) if number}


def _when(source: Source) -> tuple[int, int]:
    result = source.manifest.result
    if result is None or not 0 <= result.t_start_ns <= result.t_end_ns < _MOST:
        return 0, 0
    return max(0, min(source.wall.unix_ns(result.t_start_ns), _MOST)), result.t_end_ns - result.t_start_ns
