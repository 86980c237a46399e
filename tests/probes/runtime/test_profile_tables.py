from pathlib import Path

import pytest

from godyno.clock import REALTIME, Bracket, Conversion
from godyno.errors import FormatError
from godyno.formats.pprof import Frame, Location, MemoryMapping, Profile, Sample, ValueType
from godyno.probes.runtime.profile_tables import KINDS, add_profile, own_window
from godyno.testing.recording import FakeSink

CPU = (ValueType("samples", "count"), ValueType("cpu", "nanoseconds"))
HEAP = (
    ValueType("alloc_objects", "count"), ValueType("alloc_space", "bytes"),
    ValueType("inuse_objects", "count"), ValueType("inuse_space", "bytes"),
)  # fmt: skip
LOCATIONS = (
    Location(1, 0x10, 1, (Frame("inlined", "a.go", 3), Frame("caller", "a.go", 9))),
    Location(2, 0x20, 1, (Frame("main.main", "b.go", 1),)),
    Location(3, 0x30, 0),
)
MAPPINGS = (MemoryMapping(1, file="/bin/x"),)


def made(types: tuple[ValueType, ...], *samples: Sample) -> Profile:
    return Profile(types, samples, LOCATIONS, MAPPINGS)


def by_leaf(sink: FakeSink) -> dict[str, float]:
    names = {number: frames[0][0] for frames, number in sink.stacks.items()}
    return {names[sample["stack"]]: sample["weight"] for sample in sink.samples}


def test_a_cpu_profile_lies_in_the_middle_of_its_window_and_a_span_tells_the_window(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    profile = made(CPU, Sample((0, 1), (3, 30_000_000)), Sample((2,), (1, 10_000_000)))
    assert add_profile(sink, "cpu", profile, 1000, 3000, pid=7) == pytest.approx(0.04)
    assert {(one["t_ns"], one["layer"], one["pid"]) for one in sink.samples} == {(2000, "pprof_cpu", 7)}
    assert by_leaf(sink) == pytest.approx({"inlined": 0.03, "0x30": 0.01})
    (span,) = sink.spans
    assert (span["t_start_ns"], span["t_end_ns"], span["layer"], span["pid"]) == (1000, 3000, "profile", 7)
    assert span["args"]["placed"] == "window"


def test_inlined_frames_come_first_and_know_their_binary(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    add_profile(sink, "cpu", made(CPU, Sample((0, 1), (1, 1))), 0, 0)
    assert list(sink.stacks) == [
        (("inlined", "a.go", 3, "/bin/x"), ("caller", "a.go", 9, "/bin/x"), ("main.main", "b.go", 1, "/bin/x"))
    ]  # fmt: skip


def test_stacks_that_differ_only_in_labels_are_one(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    profile = made(CPU, Sample((1,), (1, 5), {"endpoint": ("/a",)}), Sample((1,), (1, 7)))
    add_profile(sink, "cpu", profile, 0, 0)
    assert by_leaf(sink) == pytest.approx({"main.main": 12e-9})


def test_a_heap_profile_is_a_state_at_the_instant_it_was_taken(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    before = made(HEAP, Sample((1,), (9, 900, 1, 100)))
    add_profile(sink, "heap", made(HEAP, Sample((1,), (20, 2000, 3, 300))), 1000, 3000, before=before)
    (sample,) = sink.samples
    assert (sample["t_ns"], sample["layer"], sample["weight"]) == (3000, "heap", 300.0)


def test_of_what_counts_from_the_start_the_difference_is_what_happened_between(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    before = made(HEAP, Sample((1,), (9, 900, 0, 0)), Sample((0,), (1, 50, 0, 0)))
    now = made(HEAP, Sample((1,), (20, 2000, 0, 0)), Sample((0,), (1, 50, 0, 0)), Sample((2,), (1, 8, 0, 0)))
    assert add_profile(sink, "allocs", now, 0, 10, before=before) == 1108.0
    assert by_leaf(sink) == {"main.main": 1100.0, "0x30": 8.0}


def test_a_profile_of_another_kind_is_refused(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    with pytest.raises(FormatError, match="inuse_space"):
        add_profile(sink, "heap", made(CPU, Sample((1,), (1, 1))), 0, 0)
    assert not sink.samples and not sink.spans


def test_every_kind_has_a_layer_with_a_fitting_unit() -> None:
    from godyno.capture.sample_layers import SAMPLE_LAYERS
    from godyno.export.source import scale_of

    for kind in KINDS.values():
        assert kind.layer in SAMPLE_LAYERS
        assert scale_of(kind.layer)[0] == kind.value.unit


def test_a_profile_tells_its_own_window_by_the_wall_clock() -> None:
    clock = Conversion(Bracket(REALTIME, 100, 1_000_000, 5), Bracket(REALTIME, 100, 1_000_000, 5))
    assert own_window(Profile(CPU, time_ns=1_000_400, duration_ns=50), clock) == (400, 450)
    assert own_window(Profile(CPU), clock) is None
