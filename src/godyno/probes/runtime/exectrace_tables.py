"""A decoded execution trace as rows of a capture: what the Go scheduler, the collector and the program itself told.

======================  =====================================================================================================
layer                   what
======================  =====================================================================================================
``goroutine``           spans: each goroutine's life, track PID/GOROUTINE, named by its first function, with its totals by state
``goroutine_state``     spans: its states (the busiest goroutines whole, of the others the longer states)
``proc``                spans: running and idle of each P, track ``PID/P NUMBER``
``gc``                  spans: cycles and their phases in gctrace's words, track ``PID trace``
``stw``                 spans: every stop of the world by its reason
``gc_assist``           spans: goroutines that had to mark before they could allocate
``gc_sweep``            spans: goroutines that had to sweep before they could allocate
``go_syscall``          spans: system calls of 0.1 ms and longer, named by the function that made them
``task``, ``region``    spans of ``runtime/trace``; ``go_log`` its messages as events, track the category
``trace``               stacks: CPU samples with their goroutine, in seconds
``goroutine_wait``      stacks: waits of 0.1 ms and longer, in seconds, at the moment they ended
======================  =====================================================================================================

Series, labelled ``pid`` and ``source=trace``: ``go.goroutine.by_state``, ``go.memory.gc.goal``, ``go.memory.heap.live`` and
``go.processor.limit``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from godyno.probes.runtime.exectrace_columns import Names, numbered, objects, taken, times
from godyno.probes.runtime.goroutine_states import MOST_SPANS, states

if TYPE_CHECKING:
    from godyno.formats.exectrace import DecodedTrace
    from godyno.interfaces import TableSink

Array = np.ndarray[Any, Any]
CPU_SAMPLE_S = 0.01  # runtime/pprof samples at 100 Hz
MOST_SMALL_SPANS = 200_000  # of each: sweeps, assists, tasks, regions, messages
_STEP_NS = 64  # of the trace's clock
_MARK = "GC concurrent mark phase"
_STW = "stop-the-world ("
_METRICS = {
    "/gc/heap/goal:bytes": ("go.memory.gc.goal", "By"),
    "/memory/classes/heap/objects:bytes": ("go.memory.heap.live", "By"),
    "/sched/gomaxprocs:threads": ("go.processor.limit", "{thread}"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What was made of a trace.

    ``left_out`` counts, by layer, what the tables do not hold. Of goroutines that are not among the busiest, states shorter
    than ``shortest_state_ns`` are among that; 0 where all states are kept.
    """

    goroutines: int
    shortest_state_ns: int
    collections: int
    samples: int
    left_out: dict[str, int]


def trace_tables(
    trace: DecodedTrace, sink: TableSink, pid: int = 0, *, shift_ns: int = 0, most_spans: int = MOST_SPANS
) -> Told:
    """Writes ``trace``, which process ``pid`` left, to ``sink``. Its instants plus ``shift_ns`` are MONOTONIC.

    Of goroutine states at most about ``most_spans`` are kept: the busiest goroutines whole, of the others the longer ones;
    totals are of all. Memory is that of one chunk of the trace and of what is kept. Raises FormatError where the decoded
    trace is damaged.
    """
    names = Names(trace)
    left: dict[str, int] = {}
    goroutines, shortest = states(trace, sink, pid, shift_ns, most_spans, names, left)
    _procs(trace, sink, pid, shift_ns, left)
    collections = _ranges(trace, sink, pid, shift_ns, left)
    _annotations(trace, sink, pid, shift_ns, names, left)
    _samples(trace, sink, pid, shift_ns, names)
    _metrics(trace, sink, pid, shift_ns)
    return Told(
        goroutines,
        shortest,
        collections,
        trace.rows.get("samples", 0),
        {layer: n for layer, n in left.items() if n},
    )


def _longest(records: Array, most: int, layer: str, left: dict[str, int]) -> Array:
    """The ``most`` longest, in their order."""
    if len(records) <= most:
        return records
    left[layer] = left.get(layer, 0) + len(records) - most
    took = records["t_end_ns"] - records["t_start_ns"]
    return records[np.sort(np.argpartition(took, len(took) - most)[-most:])]


def _procs(trace: DecodedTrace, sink: TableSink, pid: int, shift: int, left: dict[str, int]) -> None:
    from godyno.formats.exectrace import PROC_STATES

    records = trace.records("proc_states")
    records = _longest(records[records["state"] >= 2], MOST_SMALL_SPANS, "proc", left)  # running, idle
    sink.many(
        "spans", len(records), **times(records, shift), layer="proc", track=numbered(pid, records["proc"], "P "), pid=pid,
        name=taken(PROC_STATES, records["state"]), tid=np.maximum(records["thread"], 0),
    )  # fmt: skip


def _ranges(trace: DecodedTrace, sink: TableSink, pid: int, shift: int, left: dict[str, int]) -> int:
    """GC phases, stops, assists and sweeps; gives the number of collections."""
    records, strings = trace.records("ranges"), trace.strings()
    kinds = {
        int(number): strings[int(number)].as_py()
        for number in np.unique(records["name"])
        if number < len(strings)
    }
    for layer, word in (("gc_assist", "mark assist"), ("gc_sweep", "sweep")):
        chosen = [number for number, name in kinds.items() if name.startswith("GC ") and word in name]
        of_layer = _longest(records[np.isin(records["name"], chosen)], MOST_SMALL_SPANS, layer, left)
        sink.many(
            "spans", len(of_layer), **times(of_layer, shift), layer=layer, track=numbered(pid, of_layer["goroutine"]),
            name="mark assist" if layer == "gc_assist" else "sweep", pid=pid, tid=np.maximum(of_layer["thread"], 0),
        )  # fmt: skip
    stops = {number: name[len(_STW) : -1] for number, name in kinds.items() if name.startswith(_STW)}
    for row in records[np.isin(records["name"], list(stops))][:MOST_SMALL_SPANS].tolist():
        sink.span(
            row[0] + shift, max(row[0], row[1]) + shift, "stw", str(pid), stops[row[2]], pid, max(row[6], 0)
        )
    marks, before, after = (
        np.sort(
            records[np.isin(records["name"], [number for number, name in kinds.items() if name == wanted])],
            order="t_start_ns",
        )
        for wanted in (_MARK, f"{_STW}GC sweep termination)", f"{_STW}GC mark termination)")
    )
    starts = [*marks["t_start_ns"][1:].tolist(), 2**63 - 1]
    for mark, following in zip(marks[:MOST_SMALL_SPANS].tolist(), starts, strict=False):
        _cycle(
            mark,
            _overlapping(before, mark[0], mark[1]),
            _overlapping(after, mark[1], following),
            sink,
            pid,
            shift,
        )
    return len(marks)


def _overlapping(stops: Array, start: int, end: int) -> tuple[int, int] | None:
    """Start and end of the first of these stops, which follow one another, that is over after ``start`` and begins before ``end``."""
    at = int(np.searchsorted(stops["t_end_ns"], start, side="left"))
    if at == len(stops) or stops["t_start_ns"][at] >= end:
        return None
    return int(stops["t_start_ns"][at]), int(stops["t_end_ns"][at])


def _cycle(
    mark: Any,
    first: tuple[int, int] | None,
    last: tuple[int, int] | None,
    sink: TableSink,
    pid: int,
    shift: int,
) -> None:
    """One collection: its phases as gctrace tells them, concurrent marking between two stops."""
    start, end, track = mark[0], max(mark[0], mark[1]), f"{pid} trace"
    # The mark range of Go 1.21 is opened before the workers are started, long before the world is stopped.
    began, marking = (first[0], min(max(start, first[1]), end)) if first else (start, start)
    stopped = max(marking, min(end, last[0])) if last else end
    ended = max(stopped, last[1]) if last else end
    sink.span(min(began, marking) + shift, ended + shift, "gc", track, "GC cycle", pid)
    if first:
        sink.span(min(began, marking) + shift, marking + shift, "gc", track, "STW sweep termination", pid)
    sink.span(marking + shift, stopped + shift, "gc", track, "concurrent mark", pid)
    if last:
        sink.span(stopped + shift, ended + shift, "gc", track, "STW mark termination", pid)


def _annotations(
    trace: DecodedTrace, sink: TableSink, pid: int, shift: int, names: Names, left: dict[str, int]
) -> None:
    tasks = _longest(trace.records("tasks"), MOST_SMALL_SPANS, "task", left)
    sink.many(
        "spans", len(tasks), **times(tasks, shift), layer="task", track=names.of(tasks["name"]), name=names.of(tasks["name"]),
        pid=pid, args=objects(task=tasks["task"], parent=tasks["parent"]),
    )  # fmt: skip
    regions = _longest(trace.records("regions"), MOST_SMALL_SPANS, "region", left)
    sink.many(
        "spans", len(regions), **times(regions, shift), layer="region", track=numbered(pid, regions["goroutine"]),
        name=names.of(regions["name"]), pid=pid, args=objects(task=regions["task"], goroutine=regions["goroutine"]),
    )  # fmt: skip
    logs = trace.records("logs")
    logs = logs[~_is_marker(trace, logs)]
    if len(logs) > MOST_SMALL_SPANS:
        left["go_log"] = len(logs) - MOST_SMALL_SPANS
        logs = logs[:MOST_SMALL_SPANS]
    sink.many(
        "events", len(logs), t_ns=logs["t_ns"] + shift, layer="go_log", track=names.of(logs["category"]),
        name=names.of(logs["message"]), pid=pid, args=objects(task=logs["task"], goroutine=logs["goroutine"]),
    )  # fmt: skip


MARKER = "godyno.clock"  # the category of messages that hold what CLOCK_MONOTONIC said just before


def _is_marker(trace: DecodedTrace, logs: Array) -> Array:
    if not len(logs):
        return np.zeros(0, bool)
    strings = trace.strings()
    return np.isin(
        logs["category"],
        [
            n
            for n in np.unique(logs["category"]).tolist()
            if n < len(strings) and strings[n].as_py() == MARKER
        ],
    )


def clock_markers(trace: DecodedTrace) -> list[tuple[int, int]]:
    """(instant of the trace, what CLOCK_MONOTONIC said just before) of each marker, in order."""
    logs, strings = trace.records("logs"), trace.strings()
    rows = [
        (int(row["t_ns"]), strings[int(row["message"])].as_py())
        for row in logs[_is_marker(trace, logs)]
        if row["message"] < len(strings)
    ]
    return sorted((t, int(text)) for t, text in rows if text.isascii() and text.isdigit() and len(text) < 19)


def placed(markers: list[tuple[int, int]]) -> tuple[int, int] | None:
    """(what to add to the trace's instants to have MONOTONIC, by how many ns that may be wrong), from markers in pairs.

    A message lies between the reading before it and the next marker's, so each neighbour pair bounds the offset from both sides
    (Cristian 1989). 0 where the trace's clock is MONOTONIC as far as the bounds can tell. None without a pair.
    """
    bounds = [(t - after, t - before) for (t, before), (_, after) in itertools.pairwise(markers)]
    if not bounds:
        return None
    low, high = max(low for low, _ in bounds), min(high for _, high in bounds)
    if low - _STEP_NS <= high + _STEP_NS:  # one offset fits all
        low, high = min(low, high) - _STEP_NS, max(low, high) + _STEP_NS
        return (0, max(-low, high)) if low <= 0 <= high else (-((low + high) // 2), (high - low) // 2 + 1)
    middle = int(np.median([high for _, high in bounds]))  # the clocks drift apart
    return -middle, max(abs(high - middle) for _, high in bounds) + _STEP_NS


def _samples(trace: DecodedTrace, sink: TableSink, pid: int, shift: int, names: Names) -> None:
    records = trace.records("samples")
    stack = names.stack_ids(sink, records["stack"])
    there = stack > 0
    records, stack = records[there], stack[there]
    sink.many(
        "stacks", len(records), t_ns=records["t_ns"] + shift, layer="trace", pid=pid, tid=np.maximum(records["thread"], 0),
        goroutine=np.maximum(records["goroutine"], 0), weight=CPU_SAMPLE_S, stack_id=stack,
    )  # fmt: skip


def _metrics(trace: DecodedTrace, sink: TableSink, pid: int, shift: int) -> None:
    records, strings = trace.records("metrics"), trace.strings()
    for number in np.unique(records["name"]).tolist():
        name = strings[number].as_py() if number < len(strings) else ""
        if name in _METRICS:
            series = sink.series(*_METRICS[name], "go", {"pid": str(pid), "source": "trace"})
            rows = records[records["name"] == number]
            sink.curve(series, rows["t_ns"] + shift, rows["value"].astype(np.float64))
