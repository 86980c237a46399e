"""Parsed back by Perfetto's own messages. Its trace_processor is a binary that no package registry has."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as proto

from godyno.capture.reader import Capture
from godyno.export.lanes import Lanes
from godyno.export.perfetto import Perfetto

from .conftest import SECOND, T0_NS

EVENT: Any = proto.TrackEvent
Pair = tuple[str, int, int]


@pytest.fixture
def trace(capture: Capture, tmp_path: Path) -> Any:
    Perfetto().export(capture, str(tmp_path / "x.perfetto-trace"))
    found = proto.Trace()
    found.ParseFromString((tmp_path / "x.perfetto-trace").read_bytes())
    return found


def tracks(trace: Any) -> dict[int, Any]:
    return {
        one.track_descriptor.uuid: one.track_descriptor
        for one in trace.packet
        if one.HasField("track_descriptor")
    }


def slices(trace: Any) -> dict[int, list[Pair]]:
    """(name, start, end) of every slice by its track, as a reader that sorts stably by time pairs them."""
    found: dict[int, list[Pair]] = defaultdict(list)
    open_: dict[int, list[tuple[str, int]]] = defaultdict(list)
    events = [one for one in trace.packet if one.HasField("track_event")]
    for packet in sorted(events, key=lambda one: one.timestamp):
        event = packet.track_event
        if event.type == EVENT.TYPE_SLICE_BEGIN:
            open_[event.track_uuid].append((event.name, packet.timestamp))
        elif event.type == EVENT.TYPE_SLICE_END:
            name, start = open_[event.track_uuid].pop()
            found[event.track_uuid].append((name, start, packet.timestamp))
    assert not any(open_.values()), "a slice never ends"
    return found


def test_every_instant_is_on_monotonic_and_the_other_clocks_are_tied_to_it(
    trace: Any, capture: Capture
) -> None:
    timed = [one for one in trace.packet if one.HasField("timestamp")]
    assert timed and {one.timestamp_clock_id for one in timed} == {3}
    snapshots = [one.clock_snapshot for one in trace.packet if one.HasField("clock_snapshot")]
    assert {one.primary_trace_clock for one in snapshots} == {3}
    real = {clock.clock_id: clock.timestamp for clock in snapshots[0].clocks}
    assert real[1] - real[3] == capture.manifest.brackets[0].offset_ns
    assert {one.trusted_packet_sequence_id for one in trace.packet} == {1}
    assert trace.packet[0].sequence_flags == proto.TracePacket.SEQ_INCREMENTAL_STATE_CLEARED


def test_every_slice_is_a_span_of_the_capture(trace: Any, capture: Capture) -> None:
    wanted = sorted(
        (row["name"], row["t_start_ns"], row["t_end_ns"])
        for row in capture.sql("SELECT name, t_start_ns, t_end_ns FROM spans").to_pylist()
    )
    found = slices(trace)
    assert sorted(one for row in found.values() for one in row) == wanted
    for row in found.values():  # what is on one track nests
        for _, start, end in row:
            assert not any(start < other < end < last for _, other, last in row)
    descriptors = tracks(trace)
    builds = [
        descriptors[uuid] for uuid, row in found.items() if any(name.startswith("pkg") for name, _, _ in row)
    ]
    assert len(builds) == 2 and {one.name for one in builds} == {"build"}


def test_every_counter_is_a_series_of_the_capture(trace: Any, capture: Capture) -> None:
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    descriptors = tracks(trace)
    for packet in trace.packet:
        if packet.HasField("track_event") and packet.track_event.type == EVENT.TYPE_COUNTER:
            event = packet.track_event
            assert descriptors[event.track_uuid].HasField("counter")
            found[descriptors[event.track_uuid].name].append((packet.timestamp, event.double_counter_value))
    rows = capture.sql(
        "SELECT t_ns, value FROM points JOIN series USING (series_id) WHERE name = 'system.cpu.time'"
        " AND labels->>'mode' = 'user' ORDER BY 1"
    ).to_pylist()
    assert found["system.cpu.time (user)"] == [(row["t_ns"], row["value"]) for row in rows]
    assert set(found) == {
        "system.cpu.time (user)", "system.cpu.time (idle)", "cgroup.memory.anon", "cgroup.cpu.usage",
        "system.pressure.cpu (some)", "process.memory.usage",
    }  # fmt: skip
    process = next(one for one in descriptors.values() if one.HasField("process") and one.process.pid == 101)
    assert process.process.process_name == "compile"
    assert (
        next(one for one in descriptors.values() if one.name == "process.memory.usage").parent_uuid
        == process.uuid
    )


def test_every_sample_has_its_thread_its_stack_and_its_goroutine(trace: Any, capture: Capture) -> None:
    names: dict[int, str] = {}
    frames: dict[int, str] = {}
    stacks: dict[int, tuple[str, ...]] = {}
    samples, goroutines = [], []
    descriptors = tracks(trace)
    for packet in trace.packet:
        names |= {one.iid: one.str.decode() for one in packet.interned_data.function_names}
        frames |= {one.iid: names[one.function_name_id] for one in packet.interned_data.frames}
        stacks |= {
            one.iid: tuple(frames[frame] for frame in one.frame_ids)
            for one in packet.interned_data.callstacks
        }
        if packet.HasField("perf_sample"):
            one = packet.perf_sample
            samples.append((packet.timestamp, one.pid, one.tid, stacks[one.callstack_iid]))
        elif packet.HasField("track_event") and packet.track_event.callstack_iid:
            event = packet.track_event
            goroutines.append(
                (packet.timestamp, descriptors[event.track_uuid].name, stacks[event.callstack_iid])
            )
            assert event.callstack_weight == 0.01
    wanted = capture.sql(
        "SELECT t_ns, pid, tid, goroutine, list(CASE WHEN function = '' THEN '[unknown]' ELSE function END ORDER BY depth DESC)"
        " AS functions FROM stacks JOIN frames USING (stack_id) GROUP BY ALL ORDER BY t_ns"
    ).to_pylist()
    assert samples == [(row["t_ns"], row["pid"], row["tid"], tuple(row["functions"])) for row in wanted]
    assert goroutines == [
        (row["t_ns"], f"goroutine {row['goroutine']}", tuple(row["functions"]))
        for row in wanted
        if row["goroutine"]
    ]


def test_events_and_lines_are_instants(trace: Any) -> None:
    found = {
        packet.track_event.name: packet.timestamp
        for packet in trace.packet
        if packet.HasField("track_event") and packet.track_event.type == EVENT.TYPE_INSTANT
    }
    assert found["vm.swappiness"] == T0_NS + 2 * SECOND
    assert found['a "line", of; output'] == T0_NS + 3 * SECOND


def test_lanes_only_nest() -> None:
    lanes: Lanes[str] = Lanes()
    placed = []
    for start, end in ((0, 10), (2, 4), (3, 12), (3, 3), (10, 11), (12, 13)):
        lane, _ = lanes.place(start, end)
        lanes.put(lane, "x")
        placed.append(lane)
    assert placed == [0, 0, 1, 0, 0, 0]
