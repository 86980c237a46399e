"""System calls from their enters and exits, in columns: a build makes millions. Runs when sealing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from godyno.formats.syscall_names import syscall_name
from godyno.interfaces import Sink
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_decoding import Array, Decoded, Layouts, Samples, piece_of, rows_by_time
from godyno.probes.kernel.perf_records import Life, Meta, Trouble

ENTER, EXIT, GONE, LOST = range(4)
# ``value`` is the first argument of an enter, the result of an exit, how many records were lost.
ROW = np.dtype(
    [("what", "u1"), ("t_ns", "i8"), ("pid", "i8"), ("tid", "i8"), ("number", "i8"), ("value", "i8")]
)
_OTHERS = (pe.RECORD_EXIT, pe.RECORD_LOST, pe.RECORD_LOST_SAMPLES, pe.RECORD_THROTTLE)
_CALL = np.dtype([(name, "i8") for name in ("since", "until", "number", "result", "pid", "tid", "first")])
_BIN_NS = 100_000_000
_MOST_SPANS = 200_000
# Calls that wait and whose first argument is the file that they are about.
_OF_A_FILE = frozenset({
    "read", "pread64", "readv", "preadv", "preadv2", "write", "pwrite64", "writev", "pwritev", "pwritev2", "fsync", "fdatasync",
    "sync_file_range", "syncfs", "fallocate", "ftruncate", "getdents64", "flock", "connect", "accept", "accept4", "recvfrom",
    "recvmsg", "sendto", "sendmsg", "close",
})  # fmt: skip
_NEVER_RETURN = ("exit", "exit_group", "rt_sigreturn")


def syscall_rows(folder: Path, meta: Meta) -> Iterator[Array]:
    """Enters, exits, ends of threads and losses of the folder's records as rows of ``ROW``, in order of time; some at once."""
    layouts = Layouts(meta.events)

    def decode(data: bytes, cpu: int) -> Decoded:
        piece = piece_of(data)
        halves = np.frombuffer(data, "<u4", len(data) // 4)
        parts = [  # places among the records, rows
            _calls(samples, halves)
            for samples in layouts.samples(piece)
            if "raw" in samples.ranges and samples.event in ("enter", "exit")
        ]
        for place, found in piece.others(np.isin(piece.kinds, _OTHERS), cpu):
            what = (
                (GONE, found.t_ns, 0, found.tid, 0, 0) if isinstance(found, Life)
                else (LOST, found.t_ns, 0, 0, 0, found.count) if isinstance(found, Trouble) else None
            )  # fmt: skip
            if what:
                parts.append((np.array([place]), np.array([what], ROW)))
        if not parts:
            return Decoded(np.empty(0, ROW), np.empty(0, "<u8"), piece.bytes)
        order = np.argsort(np.concatenate([places for places, _ in parts]), kind="stable")
        rows = np.concatenate([rows for _, rows in parts])[order]
        return Decoded(rows, rows["t_ns"].astype("<u8"), piece.bytes)

    return rows_by_time(folder, decode)


def _calls(samples: Samples, halves: Array) -> tuple[Array, Array]:
    """struct trace_event_raw_sys_enter: id at 8, args at 16; sys_exit: id at 8, ret at 16."""
    begin, end = samples.ranges["raw"]
    long_enough = end - begin >= 24
    at = begin[long_enough] // 4
    rows = np.empty(len(at), ROW)

    def long(byte: int) -> Array:
        low, high = halves[at + byte // 4].astype("<u8"), halves[at + byte // 4 + 1].astype("<u8")
        whole: Array = (low | high << np.uint64(32)).view("<i8")
        return whole

    enter = samples.event == "enter"
    whose = samples.column["whose"][long_enough]
    rows["what"], rows["t_ns"] = ENTER if enter else EXIT, samples.column["time"][long_enough]
    rows["pid"], rows["tid"] = whose & np.uint64(0xFFFFFFFF), whose >> np.uint64(32)
    rows["number"], rows["value"] = long(8), halves[at + 4].view("<i4") if enter else long(16)
    return samples.rows[long_enough], rows


class Calls:
    """System calls of rows in order of time. Those of at least ``least_ns`` become spans, of too many the longer; all are counted."""

    def __init__(self, sink: Sink, machine: str, least_ns: int, most_spans: int = _MOST_SPANS) -> None:
        self.sink, self.machine, self.least_ns, self.most_spans = sink, machine, least_ns, most_spans
        self.total = self.left_out = self.latest_ns = self.lost = 0
        self._inside = np.empty(0, ROW)  # the enters of threads that have not returned
        self._sums: dict[
            tuple[int, int], list[Any]
        ] = {}  # (pid, number) to count, ns, series group, bin, latest
        self._spans = np.empty(0, _CALL)

    def take(self, rows: Array) -> None:
        """The next rows. An exit without an enter (that was before the recording, or is lost) tells no length."""
        self.lost += int(rows["value"][rows["what"] == LOST].sum())
        rows = np.concatenate([self._inside, rows[rows["what"] != LOST]])
        if not len(rows):
            return
        by_thread = np.argsort(rows["tid"], kind="stable")
        ordered = rows[by_thread]
        before, after = ordered[:-1], ordered[1:]
        same = before["tid"] == after["tid"]
        done = (
            same & (before["what"] == ENTER) & (after["what"] == EXIT) & (before["number"] == after["number"])
        )
        last = np.append(~same, True)
        self._inside = ordered[last & (ordered["what"] == ENTER)]
        ends = np.flatnonzero(done)
        ends = ends[np.argsort(by_thread[ends + 1])]  # by time again
        enters, exits = before[ends], after[ends]
        calls = np.empty(len(ends), _CALL)
        calls["since"], calls["first"] = enters["t_ns"], enters["value"]
        for name, source in (
            ("until", "t_ns"),
            ("number", "number"),
            ("result", "value"),
            ("pid", "pid"),
            ("tid", "tid"),
        ):
            calls[name] = exits[source]
        if len(calls):
            self._count(calls)
            self._keep(calls)

    def finish(self, t_ns: int) -> None:
        """Writes everything; a call that has not returned by now gets a span that says so."""
        end = max(t_ns, self.latest_ns)
        for _, since, pid, tid, number, first in self._inside[
            np.argsort(self._inside["t_ns"], kind="stable")
        ].tolist():
            name = syscall_name(number, self.machine)
            if end - since >= self.least_ns and name not in _NEVER_RETURN:
                args = {"unfinished": True, **_file(name, first)}
                self.sink.span(since, end, "syscall", f"{pid}/{tid}", name, pid, tid, args)
        for since, until, number, result, pid, tid, first in self._spans.tolist():
            name = syscall_name(number, self.machine)
            told: dict[str, Any] = {"error": -result} if -4096 < result < 0 else {"result": result}
            self.sink.span(
                since, until, "syscall", f"{pid}/{tid}", name, pid, tid, {**told, **_file(name, first)}
            )
        for entry in self._sums.values():
            self._point(entry[2], entry[4], entry[0], entry[1])

    def _count(self, calls: Array) -> None:
        """Adds calls to the counters of their process and number, which get a point for each bin in which they grew."""
        self.total += len(calls)
        self.latest_ns = int(calls["until"][-1])
        which = (
            calls["pid"] << 32 | calls["number"] & 0xFFFFFFFF
        )  # one number: pairs take ten times as long to sort
        kinds, firsts, of = np.unique(which, return_index=True, return_inverse=True)
        order = np.argsort(of, kind="stable")
        cuts = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=len(kinds)))])
        for kind in np.argsort(firsts).tolist():  # in the order in which they come first
            some = calls[order[cuts[kind] : cuts[kind + 1]]]
            entry = self._entry(some[0])
            times = np.append(entry[4], some["until"])
            took = np.cumsum(np.append(entry[1], np.maximum(some["until"] - some["since"], 0)))
            bins = np.maximum.accumulate(np.append(entry[3], some["until"] // _BIN_NS))
            for before in np.flatnonzero(bins[1:] > bins[:-1]).tolist():
                self._point(entry[2], int(times[before]), entry[0] + before, int(took[before]))
            entry[0] += len(some)
            entry[1], entry[3], entry[4] = int(took[-1]), int(bins[-1]), int(times[-1])

    def _entry(self, call: Any) -> list[Any]:
        pid, number, since = int(call["pid"]), int(call["number"]), int(call["since"])
        entry = self._sums.get((pid, number))
        if entry is None:
            labels = {"pid": str(pid), "call": syscall_name(number, self.machine), "kind": "counter"}
            count = self.sink.series("process.syscall.count", "{call}", "syscall", labels)
            time = self.sink.series("process.syscall.time", "s", "syscall", labels)
            first_bin = int(call["until"]) // _BIN_NS
            entry = self._sums[(pid, number)] = [0, 0, self.sink.rows([count, time]), first_bin, since]
            self._point(entry[2], since, 0, 0)
        return entry

    def _keep(self, calls: Array) -> None:
        """Keeps the calls that are long enough; where these become too many, the longer half."""
        while len(calls := calls[calls["until"] - calls["since"] >= self.least_ns]):
            room = 2 * self.most_spans + 1 - len(self._spans)
            self._spans, calls = np.concatenate([self._spans, calls[:room]]), calls[room:]
            if len(self._spans) > 2 * self.most_spans:
                lengths = self._spans["until"] - self._spans["since"]
                self.least_ns = int(np.partition(lengths, len(lengths) // 2)[len(lengths) // 2]) + 1
                kept = self._spans[lengths >= self.least_ns]
                self.left_out += len(self._spans) - len(kept)
                self._spans = kept

    def _point(self, group: int, t_ns: int, count: int, took_ns: int) -> None:
        self.sink.row(group, t_ns, (float(count), took_ns * 1e-9))


def _file(name: str, first: int) -> dict[str, int]:
    return {"fd": first} if first >= 0 and name in _OF_A_FILE else {}
