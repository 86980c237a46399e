"""A parsed pprof profile as samples of a capture.

A profile holds sums: how much CPU time, delay or allocation a stack had within a window, or how much of the heap and how many
goroutines there were at its end. No sample has a time of its own. So what counted over a window is placed in its middle,
and a span of layer ``profile`` says what the window was; what is a state is placed at the instant at which it was taken.
(`capture.sample_layers` tells which is which. The samples of an execution trace do have their own times.)

Heap, allocs, mutex and block count from the process's start. Of two such profiles the difference is what happened between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from godyno.capture.sample_layers import SAMPLE_LAYERS, Placed
from godyno.clock import Conversion
from godyno.errors import FormatError
from godyno.formats.pprof import Profile, ValueType
from godyno.interfaces import Sink

SPANS = "profile"  # the layer of the spans that tell a profile's window
Frames = tuple[tuple[str, str, int, str], ...]


@dataclass(frozen=True, slots=True)
class ProfileKind:
    """Where a profile goes: the layer, the sample type it takes of the profile, and whether that counts from the process's start."""

    layer: str
    value: ValueType
    since_start: bool = False


# By the names that net/http/pprof and runtime/pprof have for them.
KINDS: Mapping[str, ProfileKind] = {
    "cpu": ProfileKind("pprof_cpu", ValueType("cpu", "nanoseconds")),
    "heap": ProfileKind("heap", ValueType("inuse_space", "bytes")),
    "allocs": ProfileKind("allocs", ValueType("alloc_space", "bytes"), since_start=True),
    "mutex": ProfileKind("mutex", ValueType("delay", "nanoseconds"), since_start=True),
    "block": ProfileKind("block", ValueType("delay", "nanoseconds"), since_start=True),
    "goroutine": ProfileKind("goroutine", ValueType("goroutine", "count")),
}


def add_profile(
    sink: Sink, kind: str, profile: Profile, t_start_ns: int, t_end_ns: int,
    *, pid: int = 0, before: Profile | None = None,
) -> float:  # fmt: skip
    """Writes ``profile`` (a key of KINDS) as samples and gives their sum, in the layer's unit. Nothing is read but the arguments.

    ``t_start_ns`` and ``t_end_ns`` are MONOTONIC: the window over which it counted, or, of a heap or goroutine profile, that
    within which it was taken. ``before`` is the same process's last profile of the kind, whose sums are taken off.
    Raises FormatError where the profile has no such values.
    """
    what = KINDS[kind]
    layer = SAMPLE_LAYERS[what.layer]
    t_ns = t_end_ns if layer.placed is Placed.SNAPSHOT else (t_start_ns + t_end_ns) // 2
    weights = _weights(profile, what)
    if before is not None and what.since_start:
        for frames, weight in _weights(before, what).items():
            if frames in weights:
                weights[frames] -= weight
    scale = 1e-9 if layer.unit == "s" else 1.0
    total, stacks = 0.0, 0
    for frames, weight in weights.items():
        if frames and weight > 0:
            sink.sample(t_ns, what.layer, sink.stack(frames), weight * scale, pid)
            total, stacks = total + weight * scale, stacks + 1
    sink.span(
        t_start_ns, t_end_ns, SPANS, kind, kind, pid,
        args={"layer": what.layer, "stacks": stacks, "sum": total, "unit": layer.unit, "placed": layer.placed.value},
    )  # fmt: skip
    return total


def own_window(profile: Profile, clock: Conversion) -> tuple[int, int] | None:
    """The window that a CPU profile says it covers, in MONOTONIC ns; None where it says nothing.

    The runtime reads the wall clock when it starts to sample, and the length when it ends.
    """
    if profile.time_ns <= 0 or profile.duration_ns < 0:
        return None
    start = clock.monotonic_ns(profile.time_ns)
    return start, start + profile.duration_ns


def _weights(profile: Profile, what: ProfileKind) -> dict[Frames, int]:
    """The profile's values by stack, leaf first; stacks that differ only in labels or addresses are one."""
    try:
        at = profile.sample_types.index(what.value)
    except ValueError:
        has = ", ".join(f"{one.type}/{one.unit}" for one in profile.sample_types) or "nothing"
        raise FormatError(
            f"A profile without {what.value.type} in {what.value.unit}: it holds {has}",
            hint="Is it a profile of this kind, and of a Go program?",
        ) from None
    files = {mapping.id: mapping.file for mapping in profile.mappings}
    places: dict[int, Frames] = {}
    out: dict[Frames, int] = {}
    for sample in profile.samples:
        value = sample.values[at]
        if not value:
            continue
        frames: list[tuple[str, str, int, str]] = []
        for index in sample.stack:
            found = places.get(index)
            if found is None:
                location = profile.locations[index]
                binary = files.get(location.mapping, "")
                found = places[index] = tuple(
                    (frame.function, frame.file, frame.line, binary) for frame in location.frames
                ) or ((f"0x{location.address:x}", "", 0, binary),)
            frames += found
        key = tuple(frames)
        out[key] = out.get(key, 0) + value
    return out
