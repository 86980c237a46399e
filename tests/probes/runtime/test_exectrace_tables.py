"""A trace's records become rows: within a budget, with exact totals, placed by their markers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from godyno.errors import FormatError
from godyno.formats.exectrace import GOROUTINE_STATES, DecodedTrace, read_decoded
from godyno.probes.runtime.exectrace_tables import placed, trace_tables
from godyno.testing.recording import FakeSink

RUNNING, WAITING = GOROUTINE_STATES.index("running"), GOROUTINE_STATES.index("waiting")
COLUMNS = {
    "goroutine_states": "t_start_ns:i8 t_end_ns:i8 goroutine:i8 thread:i4 stack:u4 reason:s2 proc:i2 state:u1 open:u1 pad:i2 waker:i8",
    "goroutines": "t_ns:i8 goroutine:i8 parent:i8 start_stack:u4 stack:u4",
    "proc_states": "t_start_ns:i8 t_end_ns:i8 proc:i4 thread:i8 state:u1 open:u1",
    "ranges": "t_start_ns:i8 t_end_ns:i8 name:s scope:u1 goroutine:i8 proc:i4 thread:i8 stack:u4 open:u1",
    "tasks": "t_start_ns:i8 t_end_ns:i8 task:i8 parent:i8 name:s open:u1",
    "regions": "t_start_ns:i8 t_end_ns:i8 task:i8 goroutine:i8 name:s stack:u4 open:u1",
    "logs": "t_ns:i8 task:i8 goroutine:i8 category:s message:s stack:u4",
    "samples": "t_ns:i8 goroutine:i8 proc:i4 thread:i8 stack:u4",
    "metrics": "t_ns:i8 name:s value:u8",
    "clocks": "t_ns:i8 wall_ns:i8 monotonic_ns:u8",
    "frames": "pc:u8 stack:u4 depth:u4 function:s file:s line:u4 pad:u4",
}
TYPES = {"i8": "<i8", "u8": "<u8", "i4": "<i4", "u4": "<u4", "s": "<u4", "i2": "<i2", "s2": "<u2", "u1": "u1"}


def decoded(directory: Path, strings: list[str], **tables: list[tuple[Any, ...]]) -> DecodedTrace:
    """A decoded trace as the decoder leaves it; ``strings[0]`` is the empty one."""
    directory.mkdir(exist_ok=True)
    meta: dict[str, Any] = {}
    for name, columns in COLUMNS.items():
        pairs = [column.split(":") for column in columns.split()]
        rows = np.array(tables.get(name, []), np.dtype([(column, TYPES[kind]) for column, kind in pairs]))
        if len(rows):
            (directory / name).write_bytes(rows.tobytes())
        meta[name] = {
            "rows": len(rows),
            "columns": [{"name": column, "type": kind} for column, kind in pairs],
        }
    data = "".join(strings).encode()
    (directory / "strings.bytes").write_bytes(data)
    np.cumsum([0, *(len(one.encode()) for one in strings)]).astype("<i8").tofile(
        directory / "strings.offsets"
    )
    times = [row[1] for row in tables.get("goroutine_states", [])] or [100]
    head = {
        "exectrace": 1,
        "events": 1,
        "t_first_ns": 0,
        "t_last_ns": max(times),
        "strings": len(strings),
        "ended_by": "",
    }
    (directory / "meta.json").write_text(json.dumps({**head, "tables": meta}))
    return read_decoded(directory)


def state(start: int, end: int, goroutine: int, kind: int, stack: int = 0) -> tuple[int, ...]:
    return (start, end, goroutine, 7, stack, 0, 0, kind, 0, 0, -1)


def test_within_the_budget_the_busiest_are_whole_and_of_the_others_the_longer_states(tmp_path: Path) -> None:
    rows = []
    for turn in range(100):  # 1 runs long, 2 short, 3 hardly, now and then for longer
        at = turn * 1_000_000
        rows += [state(at, at + 500_000, 1, RUNNING), state(at + 500_000, at + 1_000_000, 1, WAITING)]
        rows += [state(at, at + 2_000, 2, RUNNING), state(at + 2_000, at + 1_000_000, 2, WAITING)]
        rows += [state(at, at + (50_000 if turn % 10 == 0 else 1_000), 3, RUNNING)]
    sink = FakeSink(tmp_path)
    told = trace_tables(decoded(tmp_path / "d", [""], goroutine_states=rows), sink, 9, most_spans=800)
    assert told.left_out == {} and told.shortest_state_ns == 0
    sink = FakeSink(tmp_path)
    told = trace_tables(decoded(tmp_path / "d", [""], goroutine_states=rows), sink, 9, most_spans=400)
    states = [span for span in sink.spans if span["layer"] == "goroutine_state"]
    assert len(states) + told.left_out["goroutine_state"] == len(rows) and len(states) <= 400
    assert (
        min(span["t_end_ns"] - span["t_start_ns"] for span in states if span["track"] != "9/3")
        >= told.shortest_state_ns
    )
    lives = {span["track"]: span["args"] for span in sink.spans if span["layer"] == "goroutine"}
    assert lives["9/1"]["running_s"] == pytest.approx(0.05) and lives["9/2"]["waiting_s"] == pytest.approx(
        0.0998
    )
    assert lives["9/3"]["running_s"] == pytest.approx(10 * 50e-6 + 90 * 1e-6)


def test_cycles_have_the_phases_of_gctrace_and_stops_their_reasons(tmp_path: Path) -> None:
    strings = ["", "GC concurrent mark phase", "stop-the-world (GC sweep termination)", "stop-the-world (GC mark termination)",
               "stop-the-world (read mem stats)", "GC mark assist"]  # fmt: skip
    rows = []
    for start in (1000, 5000):
        rows += [(start + 10, start + 40, 2, 1, 1, 0, 7, 0, 0), (start, start + 900, 1, 0, -1, -1, -1, 0, 0)]
        rows += [(start + 880, start + 950, 3, 1, 1, 0, 7, 0, 0)]
    rows += [(3000, 3005, 4, 1, 1, 0, 7, 0, 0), (1100, 1200, 5, 1, 33, 0, 7, 0, 0)]
    sink = FakeSink(tmp_path)
    assert (
        trace_tables(decoded(tmp_path / "d", strings, ranges=rows), sink, 9, shift_ns=100_000).collections
        == 2
    )
    phases = [
        (s["name"], s["t_start_ns"] - 100_000, s["t_end_ns"] - 100_000)
        for s in sink.spans
        if s["layer"] == "gc"
    ]
    assert phases[:4] == [
        ("GC cycle", 1010, 1950), ("STW sweep termination", 1010, 1040), ("concurrent mark", 1040, 1880),
        ("STW mark termination", 1880, 1950),
    ]  # fmt: skip
    assert [s["name"] for s in sink.spans if s["layer"] == "stw"].count("read mem stats") == 1
    (assist,) = (s for s in sink.spans if s["layer"] == "gc_assist")
    assert (assist["track"], assist["t_start_ns"]) == ("9/33", 101_100)


def test_samples_waits_and_calls_carry_stacks_and_goroutines(tmp_path: Path) -> None:
    strings = ["", "main.work", "main.main", "/m.go", "syscall.read", "os.(*File).Read"]
    frames = [
        (1, 1, 0, 1, 3, 10, 0),
        (2, 1, 1, 2, 3, 20, 0),
        (3, 2, 0, 4, 3, 1, 0),
        (4, 2, 1, 5, 3, 2, 0),
        (5, 2, 2, 2, 3, 3, 0),
    ]
    call = (0, 300_000, 4, 7, 2, 0, 0, GOROUTINE_STATES.index("syscall"), 0, 0, -1)
    trace = decoded(
        tmp_path / "d", strings, frames=frames, samples=[(50, 4, 0, 7, 1)],
        goroutine_states=[call, state(0, 200_000, 5, WAITING, 1), state(0, 50_000, 6, WAITING, 1)],
    )  # fmt: skip
    sink = FakeSink(tmp_path)
    trace_tables(trace, sink, 9)
    (span,) = (s for s in sink.spans if s["layer"] == "go_syscall")
    assert (span["name"], span["track"]) == ("os.(*File).Read", "9/4")
    found = {s["layer"]: s for s in sink.samples}
    assert (found["trace"]["goroutine"], found["trace"]["weight"], found["trace"]["tid"]) == (4, 0.01, 7)
    assert (found["goroutine_wait"]["goroutine"], found["goroutine_wait"]["weight"]) == (
        5,
        pytest.approx(200e-6),
    )
    assert len(sink.samples) == 2
    stacks = {number: frames for frames, number in sink.stacks.items()}
    assert stacks[found["trace"]["stack"]] == (("main.work", "/m.go", 10, ""), ("main.main", "/m.go", 20, ""))


def test_messages_are_events_but_for_the_clocks_markers(tmp_path: Path) -> None:
    strings = ["", "category", "a message", "godyno.clock", "1000"]
    logs = [(10, 3, 1, 1, 2, 0), (20, -1, 1, 3, 4, 0)]
    sink = FakeSink(tmp_path)
    trace_tables(decoded(tmp_path / "d", strings, logs=logs), sink, 9)
    assert [(e["track"], e["name"], e["args"]) for e in sink.events] == [
        ("category", "a message", {"task": 3, "goroutine": 1})
    ]


@pytest.mark.parametrize(
    ("offset", "shift"), [(0, 0), (40, 0), (5_000_000, -5_000_000), (-3_000_000_000, 3_000_000_000)]
)
def test_a_trace_lies_where_its_markers_say_within_the_stated_error(offset: int, shift: int) -> None:
    markers = []
    for second in range(5):
        for turn in range(2):
            read = second * 10**9 + turn * 900
            markers.append((read + 300 + offset, read))
    found = placed(markers)
    assert found is not None
    assert abs(found[0] - shift) <= found[1] < 2_000


def test_clocks_that_drift_apart_say_so_in_their_error_and_no_marker_is_no_place() -> None:
    markers = [
        (read + 300 + second * 50_000, read)
        for second in range(10)
        for read in (second * 10**9, second * 10**9 + 900)
    ]
    found = placed(markers)
    assert found is not None and 200_000 < found[1] < 500_000
    assert placed([]) is None and placed([(5, 1)]) is None


def test_records_that_refer_to_nothing_are_an_error_not_a_crash(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    with pytest.raises(FormatError):
        trace_tables(decoded(tmp_path / "a", [""], tasks=[(1, 2, 1, -1, 77, 0)]), sink)
    with pytest.raises(FormatError):
        trace_tables(decoded(tmp_path / "b", [""], frames=[(1, 4_000_000_000, 0, 0, 0, 1, 0)]), sink)
    huge = [state(-(2**62), 2**62, -5, RUNNING, 4_000_000_000), state(5, 1, 2**62, 250)]
    trace_tables(decoded(tmp_path / "c", [""], goroutine_states=huge), sink)
