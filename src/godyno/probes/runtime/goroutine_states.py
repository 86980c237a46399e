"""Goroutine states of a decoded trace, tens of millions of them: exact totals for each goroutine, and spans within a budget.

The states are gone through in chunks, three times: totals, which lengths there are, the rows to keep. So memory does not
grow with the trace.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from godyno.formats.exectrace import GOROUTINE_STATES
from godyno.probes.runtime.exectrace_columns import Names, numbered, taken, times

if TYPE_CHECKING:
    from godyno.formats.exectrace import DecodedTrace
    from godyno.interfaces import TableSink

Array = np.ndarray[Any, Any]
MOST_SPANS = 500_000
MOST_LIVES = 100_000
LEAST_TOLD_NS = 100_000  # of a system call and of a wait, on its own
_CHUNK = 1 << 20
_MOST_DIRECT = 1 << 26
_CELL_NS = 10_000_000
_MOST_CELLS = 200_000
RUNNABLE, RUNNING, WAITING, SYSCALL = (
    GOROUTINE_STATES.index(name) for name in ("runnable", "running", "waiting", "syscall")
)
_TOLD = (RUNNABLE, RUNNING, WAITING, SYSCALL)


class _Lives:
    """Totals for each goroutine, filled chunk by chunk."""

    def __init__(self, ids: Array) -> None:
        n = len(ids)
        self.ids = ids
        self.total = np.zeros((len(GOROUTINE_STATES), n), np.int64)
        self.longest_runnable = np.zeros(n, np.int64)
        self.rows = np.zeros(n, np.int64)
        self.start = np.full(n, 2**63 - 1, np.int64)
        self.end = np.zeros(n, np.int64)
        self.stack = np.zeros(n, np.int64)

    def add(self, chunk: Array, at: Array) -> None:
        took = chunk["t_end_ns"] - chunk["t_start_ns"]
        states = np.minimum(chunk["state"].astype(np.int64), len(GOROUTINE_STATES) - 1)
        n = len(self.ids)
        # Sums of ns stay below 2**53 for 104 days.
        self.total += (
            np.bincount(states * n + at, took, len(GOROUTINE_STATES) * n).astype(np.int64).reshape(-1, n)
        )
        self.rows += np.bincount(at, minlength=n)
        runnable = states == RUNNABLE
        np.maximum.at(self.longest_runnable, at[runnable], took[runnable])
        np.minimum.at(self.start, at, chunk["t_start_ns"])
        np.maximum.at(self.end, at, chunk["t_end_ns"])
        named = (chunk["stack"] > 0) & (
            chunk["state"] != RUNNABLE
        )  # where it became runnable the stack is its waker's
        self.stack[at[named]] = chunk["stack"][named]


def states(
    trace: DecodedTrace, sink: TableSink, pid: int, shift: int, most: int, names: Names, left: dict[str, int]
) -> tuple[int, int]:
    """Writes lives, states, system calls, waits and the number of goroutines in each state.

    Gives the number of goroutines, and the length from which on the states of those not kept whole are told (0: all are).
    """
    ids = _Ids(trace)
    if not len(ids.numbers):
        return 0, 0
    lives, grid = _Lives(ids.numbers), _Grid(trace.t_first_ns, trace.t_last_ns)
    for chunk in _chunks(trace):
        lives.add(chunk, ids.at(chunk["goroutine"]))
        grid.add(chunk)
        _syscalls_and_waits(chunk, sink, pid, shift, names)
    grid.write(sink, pid, shift)
    order = np.argsort(-lives.total[RUNNING], kind="stable")
    whole = _kept_whole(lives.rows, order, most)
    least = _least_kept(trace, ids, whole, most - int(lives.rows[whole].sum()))
    kept = 0
    for chunk in _chunks(trace):
        keep = (whole[ids.at(chunk["goroutine"])] | (chunk["t_end_ns"] - chunk["t_start_ns"] >= least)) & (
            chunk["state"] >= RUNNABLE
        )
        kept += int(keep.sum())
        _write_states(chunk[keep], sink, pid, shift, names)
    told = int(lives.rows.sum()) - kept
    if told and least:
        left["goroutine_state"] = told
    _write_lives(lives, order[:MOST_LIVES], trace, sink, pid, shift, names)
    left["goroutine"] = max(0, len(order) - MOST_LIVES)
    return len(order), least


class _Ids:
    """The goroutines of a trace and the place of each, 0 up."""

    def __init__(self, trace: DecodedTrace) -> None:
        self.numbers = np.zeros(0, np.int64)
        seen = np.zeros(1 << 16, bool)
        for chunk in _chunks(trace):
            found = chunk["goroutine"]
            if self.numbers.size or found.min() < 0 or found.max() >= _MOST_DIRECT:
                self.numbers = np.union1d(self.numbers, found)  # no Go numbers them so, a damaged file may
                continue
            if found.max() >= len(seen):
                seen = np.concatenate((seen, np.zeros(int(found.max()) + 1, bool)))
            seen[found] = True
        direct = np.flatnonzero(seen)
        self.table = None if self.numbers.size else np.cumsum(seen) - 1
        self.numbers = np.union1d(self.numbers, direct) if self.numbers.size else direct

    def at(self, goroutines: Array) -> Array:
        """The place of each."""
        return np.searchsorted(self.numbers, goroutines) if self.table is None else self.table[goroutines]


def _chunks(trace: DecodedTrace) -> Iterator[Array]:
    for first in range(0, trace.rows["goroutine_states"], _CHUNK):
        # Mapped anew each time: what was read would stay in memory as long as the map.
        yield np.array(trace.records("goroutine_states")[first : first + _CHUNK])


def _kept_whole(rows: Array, order: Array, most: int) -> Array:
    """Which goroutines are kept whole, with half of the room: the busiest, but for one that would fill it alone."""
    if rows.sum() <= most:
        return np.ones(len(rows), bool)
    fitting = order[rows[order] <= most // 4]
    whole = np.zeros(len(rows), bool)
    whole[fitting[np.cumsum(rows[fitting]) <= most // 2]] = True
    return whole


def _least_kept(trace: DecodedTrace, ids: _Ids, whole: Array, room: int) -> int:
    """The length from which on states of goroutines that are not kept whole fit into ``room``; 0 where all are whole."""
    if whole.all():
        return 0
    edges = np.unique(
        (1000 * 2.0 ** (np.arange(0, 160) / 4)).astype(np.int64)
    )  # 1 us up, a fifth longer each
    counts = np.zeros(len(edges) + 1, np.int64)
    for chunk in _chunks(trace):
        took = (chunk["t_end_ns"] - chunk["t_start_ns"])[~whole[ids.at(chunk["goroutine"])]]
        counts += np.bincount(np.searchsorted(edges, took, side="right"), minlength=len(counts))
    longer = np.cumsum(counts[::-1])[::-1][1:]  # how many are at least as long as each edge
    fits = np.flatnonzero(longer <= max(0, room))
    return int(edges[fits[0]]) if len(fits) else 2**62


def _write_states(rows: Array, sink: TableSink, pid: int, shift: int, names: Names) -> None:
    if len(rows):
        sink.many(
            "spans", len(rows), **times(rows, shift), layer="goroutine_state", track=numbered(pid, rows["goroutine"]), pid=pid,
            name=taken(GOROUTINE_STATES, rows["state"]), tid=np.maximum(rows["thread"], 0), args=_why(rows, names),
        )  # fmt: skip


def _why(rows: Array, names: Names) -> Any:
    """The reason and the place of each state as an object, and who made it runnable (``function`` is then where the waker was).

    A wait has its ``waker`` too: the short state after it may not be kept.
    """
    keys = np.empty(len(rows), [("why", np.int64), ("waker", np.int64)])
    keys["why"], keys["waker"] = (rows["reason"].astype(np.int64) << 32) | rows["stack"], rows["waker"]
    unique, index = np.unique(keys, return_inverse=True)
    texts = []
    for key, waker in unique.tolist():
        reason = names.strings[key >> 32].as_py() if key >> 32 < len(names.strings) else ""
        found = {"reason": reason, "function": names.where(key & 0xFFFFFFFF), "waker": max(0, waker)}
        texts.append(
            json.dumps({k: v for k, v in found.items() if v}, ensure_ascii=False, separators=(",", ":"))
        )
    return pa.DictionaryArray.from_arrays(index.astype(np.int32), pa.array(texts, pa.string()))


def _syscalls_and_waits(chunk: Array, sink: TableSink, pid: int, shift: int, names: Names) -> None:
    """System calls as spans, waits as samples that weigh what they lasted; both from 0.1 ms on."""
    took = chunk["t_end_ns"] - chunk["t_start_ns"]
    calls = chunk[(chunk["state"] == SYSCALL) & (took >= LEAST_TOLD_NS)]
    if len(calls):
        unique, index = np.unique(calls["stack"], return_inverse=True)
        where = pa.array([names.where(stack) or "system call" for stack in unique.tolist()], pa.string())
        sink.many(
            "spans", len(calls), **times(calls, shift), layer="go_syscall", track=numbered(pid, calls["goroutine"]), pid=pid,
            name=pa.DictionaryArray.from_arrays(index.astype(np.int32), where), tid=np.maximum(calls["thread"], 0),
        )  # fmt: skip
    waiting = (chunk["state"] == WAITING) & (took >= LEAST_TOLD_NS) & (chunk["stack"] > 0)
    waits, lasted = chunk[waiting], took[waiting]
    stack = names.stack_ids(sink, waits["stack"])
    there = stack > 0
    waits, lasted, stack = waits[there], lasted[there], stack[there]
    if len(waits):
        sink.many(
            "stacks", len(waits), t_ns=waits["t_end_ns"] + shift, layer="goroutine_wait", pid=pid,
            tid=np.maximum(waits["thread"], 0), goroutine=waits["goroutine"], weight=lasted * 1e-9, stack_id=stack,
        )  # fmt: skip


def _write_lives(
    lives: _Lives, chosen: Array, trace: DecodedTrace, sink: TableSink, pid: int, shift: int, names: Names
) -> None:
    created = trace.records("goroutines")
    started = dict(zip(created["goroutine"].tolist(), created["start_stack"].tolist(), strict=True))
    parents = dict(zip(created["goroutine"].tolist(), created["parent"].tolist(), strict=True))
    roots: dict[int, str] = {}
    for at in np.sort(chosen).tolist():
        number = int(lives.ids[at])
        stack = started.get(number) or int(lives.stack[at])
        if stack not in roots:
            roots[stack] = names.root(stack)
        args = {
            f"{GOROUTINE_STATES[state]}_s": round(int(lives.total[state][at]) * 1e-9, 9) for state in _TOLD
        }
        args |= {"runnable_max_s": int(lives.longest_runnable[at]) * 1e-9, "states": int(lives.rows[at])}
        if parents.get(number, 0) > 0:
            args["parent"] = parents[number]
        start, end = int(lives.start[at]) + shift, int(lives.end[at]) + shift
        sink.span(start, max(start, end), "goroutine", f"{pid}/{number}", roots[stack] or "?", pid, 0, args)


class _Grid:
    """How many goroutines were in each state, on average over cells of 10 ms or more."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, max(last, first + 1)
        self.width = max(_CELL_NS, -(-(self.last - first) // _MOST_CELLS))
        self.cells = (self.last - first) // self.width + 1
        self.sums = np.zeros((len(GOROUTINE_STATES), self.cells))

    def add(self, chunk: Array) -> None:
        for state in _TOLD:
            there = chunk["state"] == state
            self.sums[state] += self._since(chunk["t_start_ns"][there]) - self._since(
                chunk["t_end_ns"][there]
            )

    def _since(self, t: Array) -> Array:
        """For each cell, the time in it after the instants ``t``, added up."""
        t = np.clip(t - self.first, 0, self.width * self.cells)
        at = t // self.width
        rest = np.bincount(at, (at + 1) * self.width - t, self.cells + 1)[: self.cells]
        before = np.concatenate(([0], np.cumsum(np.bincount(at, minlength=self.cells + 1))[: self.cells - 1]))
        return rest + before * float(self.width)

    def write(self, sink: TableSink, pid: int, shift: int) -> None:
        width = np.full(self.cells, self.width)
        width[-1] = max(1, self.last - self.first - (self.cells - 1) * self.width)
        t = self.first + shift + np.minimum((np.arange(self.cells) + 1) * self.width, self.last - self.first)
        for state in _TOLD:
            labels = {"pid": str(pid), "state": GOROUTINE_STATES[state], "source": "trace"}
            sink.curve(
                sink.series("go.goroutine.by_state", "{goroutine}", "go", labels), t, self.sums[state] / width
            )
