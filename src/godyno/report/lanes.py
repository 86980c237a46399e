"""Spans and instants as lanes of the page: each track packed into rows on which nothing overlaps."""

from __future__ import annotations

import heapq
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from godyno import units
from godyno.diagnose.processes import Process, arguments, depths, process
from godyno.model import Finding
from godyno.report import goroutines
from godyno.report.payload import Array, Payload, clean

if TYPE_CHECKING:
    from godyno.report.page_data import Window

# Layer -> title, and whether it is open at first; in the page's order.
KNOWN: dict[str, tuple[str, bool]] = {
    "process": ("Process tree", True),
    "action": ("Build actions", True),
    "test": ("Tests", True),
    "gc": ("Garbage collection", True),
    "stw": ("Stop the world", True),
    "gc_assist": ("Allocating goroutines that had to help marking", True),
    "gc_sweep": ("Allocating goroutines that had to sweep", False),
    "goroutine_state": ("Goroutines, the busiest first", True),
    "goroutine_seen": ("Goroutines as they were seen at looks from outside", True),
    "goroutine": ("Lives of goroutines by their first function", False),
    "task": ("Tasks", True),
    "region": ("Regions", True),
    "go_syscall": ("System calls of goroutines", True),
    "proc": ("Processors of the Go scheduler (P)", True),
    "thread": ("Threads, the busiest first", True),
    "thread_state": ("What threads did, the busiest first", True),
    "syscall": ("System calls", True),
    "syscall_args": ("System calls with their arguments", True),
    "thread_seen": ("Threads seen blocked in the kernel", False),
    "block_io": ("Block I/O of the machine", False),
    "init": ("Package initialisation", False),
    "throttled": ("Throttled by the CPU quota", True),
    "profile": ("Profiles", False),
}
BY_NAME = frozenset(
    {"syscall", "gc", "goroutine_state", "go_syscall", "task", "region", "thread", "proc"}
)  # their time by name is worth a graph of its own
_IDLE = frozenset({"waiting", "blocked", "idle", "parked", "sleeping", "runnable", "preempted", "dead"})
_BY_PID = frozenset({"gc", "init", "stw"})  # layers whose tracks are process ids
_NUMBER = re.compile(r"[ #]*\d+$")
_INT64 = 2**63
_MOST_ROWS = 600
_MOST_DETAILS = 40_000
_MOST_DETAIL_CHARACTERS = 3_000_000


def lanes(
    capture: Any, window: Window, payload: Payload, most: int, named: Mapping[str, str] = {}
) -> list[dict[str, Any]]:
    """One lane for each layer of spans, and one for each layer of events; at most ``most`` spans in all, the longest."""
    counts = capture.sql(
        "SELECT coalesce(layer, '') AS layer, count(*) AS n FROM spans WHERE t_end_ns >= t_start_ns GROUP BY 1 ORDER BY 1"
    ).to_pylist()
    order = list(KNOWN)
    counts.sort(
        key=lambda row: (order.index(row["layer"]) if row["layer"] in order else len(order), row["layer"])
    )
    out = []
    named = {**named, **goroutines.labels(capture, named)}
    total = sum(row["n"] for row in counts)
    for row in counts:
        share = row["n"] if total <= most else max(1000, int(most * row["n"] / total))
        out.append(_lane(capture, window, payload, row["layer"], row["n"], share, "spans", named))
    events = capture.sql(
        "SELECT coalesce(layer, '') AS layer, count(*) AS n FROM events WHERE t_ns IS NOT NULL AND layer IS DISTINCT FROM 'look' "
        "GROUP BY 1 ORDER BY 1"  # when it was looked says nothing to a reader
    ).to_pylist()
    out.extend(
        _lane(capture, window, payload, row["layer"], row["n"], most // 10, "events", named) for row in events
    )
    return out


def _lane(
    capture: Any,
    window: Window,
    payload: Payload,
    layer: str,
    count: int,
    most: int,
    table: str,
    named: Mapping[str, str],
) -> dict[str, Any]:
    times = "t_start_ns, t_end_ns" if table == "spans" else "t_ns AS t_start_ns, t_ns AS t_end_ns"
    found = capture.sql(
        f"SELECT * FROM (SELECT {times}, coalesce(track, '') AS track, coalesce(name, '') AS name, "
        f"coalesce(pid, 0) AS pid, args FROM {table} "
        "WHERE coalesce(layer, '') = ?) WHERE t_start_ns IS NOT NULL AND t_end_ns >= t_start_ns AND t_end_ns >= ? AND t_start_ns <= ? "
        f"ORDER BY (t_end_ns::HUGEINT - t_start_ns) DESC, t_start_ns LIMIT {most}",
        [layer, window.t_start_ns, window.t_end_ns],
    )
    columns = {name: found[name].to_pylist() for name in ("track", "name", "pid", "args")}
    start, end = window.ticks(found["t_start_ns"].to_numpy()), window.ticks(found["t_end_ns"].to_numpy())
    fold = ""
    if layer == "process" and table == "spans":
        members = [process(*row) for row in zip(found["t_start_ns"].to_pylist(), found["t_end_ns"].to_pylist(), columns["track"],
                                                columns["name"], columns["pid"], map(arguments, columns["args"]), strict=True)]  # fmt: skip
        order = sorted(range(len(members)), key=lambda i: members[i].t_start_ns)
        depth = dict(zip(order, depths([members[i] for i in order]), strict=True))
        tracks = [str(depth[i]) for i in range(len(members))]
        names = [clean(" ".join(filter(None, (one.kind, one.package)))) for one in members]
        colors = [clean(one.kind) for one in members]
        details = [_process_detail(one) for one in members[:_MOST_DETAILS]]
        rows = pack(tracks, start, end, sorted(set(tracks), key=int))
        labels = {"0": "command", "1": "children"} | {str(level): f"depth {level}" for level in range(2, 100)}
    else:
        tracks, names = columns["track"], _cleaned(columns["name"])
        if layer == "action":
            tracks = [_mode(track) for track in tracks]
        # "GC 1" and "GC 2" are of one colour.
        colors = _cleaned(
            tracks if layer == "action" else [_NUMBER.sub("", name) for name in columns["name"]]
        )
        details = [_detail(args) for args in columns["args"][:_MOST_DETAILS]]
        several = len(set(columns["pid"])) > 1
        if layer == "goroutine":
            tracks = goroutines.by_function(tracks, names, several)
        packed: Sequence[str | None] = tracks
        # What waits in the kernel is not busy either: a goroutine that takes signals does it all its life.
        ranked = _busiest(tracks, ["idle" if name == "syscall" else name for name in names], start, end)
        if layer == "goroutine_state":
            packed, ranked, fold = goroutines.folded(tracks, ranked, [name == "running" for name in names])
        rows = pack(packed, start, end, ranked)
        labels = {track: _label(layer, track, named, several) for track in ranked}
    title, is_open = (
        KNOWN.get(layer, (layer or "Other spans", True)) if table == "spans" else (f"Events: {layer}", True)
    )
    note = f"{count:,} {'span' if table == 'spans' else 'event'}{'' if count == 1 else 's'}"
    if count > len(names):
        note += (
            f", the {len(names):,} longest on this page"
            if table == "spans"
            else f", {len(names):,} on this page"
        )
    note += fold
    left = sum(len(members) for _, members in rows[_MOST_ROWS:])
    if left:
        note += f", {left:,} on {len(rows) - _MOST_ROWS:,} further rows not shown"
    rows = rows[:_MOST_ROWS]
    return {
        "id": f"{table}-{layer}",
        "title": clean(title),
        "note": note,
        "open": is_open,
        "by_name": table == "spans" and layer in BY_NAME,
        **columns_of(payload, rows, start, end, names, colors, details, labels),
    }


def _mode(track: str) -> str:
    """An action's mode without the file it is for: ``cgo compile x.c`` is ``cgo compile``."""
    return " ".join(word for word in track.split() if "/" not in word and "." not in word) or track


def path_lane(findings: Sequence[Finding], window: Window, payload: Payload) -> list[dict[str, Any]]:
    """The critical path that the findings hold, as a lane of one row; none where they hold none."""
    for finding in findings:
        path = finding.data.get("path") if finding.kind == "critical-path" else None
        steps = [step for step in path if _is_step(step)] if isinstance(path, list) else []
        if not steps:
            continue
        start, end = (window.ticks(_instants(steps, key)) for key in ("t_start_ns", "t_end_ns"))
        modes = [str(step.get("mode") or "") for step in steps]
        names = [
            clean(f"{'' if mode == 'build' else mode} {step.get('name') or ''}".strip())
            for mode, step in zip(modes, steps, strict=True)
        ]
        details = [units.show_seconds((step["t_end_ns"] - step["t_start_ns"]) * 1e-9) for step in steps]
        rows = pack(["path"] * len(steps), start, end, ["path"])
        return [
            {
                "id": "critical-path",
                "title": "Critical path of the build",
                "note": f"{len(steps):,} steps, each waited for by the next",
                "open": True,
                "by_name": False,
                **columns_of(
                    payload,
                    rows,
                    start,
                    end,
                    names,
                    [clean(_mode(mode)) for mode in modes],
                    details,
                    {"path": ""},
                ),
            }
        ]
    return []


def _instants(steps: Sequence[dict[str, Any]], key: str) -> Array:
    return np.array([max(-_INT64, min(_INT64 - 1, step[key])) for step in steps], dtype=np.int64)


def _is_step(step: Any) -> bool:
    return (
        isinstance(step, dict)
        and all(isinstance(step.get(key), int) for key in ("t_start_ns", "t_end_ns"))
        and step["t_end_ns"] >= step["t_start_ns"]
    )


def columns_of(
    payload: Payload, rows: list[tuple[str, list[int]]], start: Array, end: Array, names: list[str], colors: list[str],
    details: list[str], labels: dict[str, str],
) -> dict[str, Any]:  # fmt: skip
    """The columns of a lane's spans, row by row, and the texts that they point to."""
    order = np.array([index for _, members in rows for index in members], dtype=np.int64)
    tracks, first, before = [], 0, None
    for track, members in rows:
        # Only the first of a track's rows bears its name.
        tracks.append(
            {
                "label": "" if track == before else clean(labels.get(track, track))[:80],
                "first": first,
                "n": len(members),
            }
        )
        first, before = first + len(members), track
    name_list, name_index = _dictionary([names[i][:300] for i in order])
    color_list, color_index = _dictionary([colors[i][:80] for i in order])
    used, texts, detail_index = 0, [""], np.zeros(len(order), dtype=np.uint32)
    place = np.full(len(start), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    for index, detail in enumerate(details):  # the longest spans come first, and keep theirs
        if detail and place[index] >= 0 and used < _MOST_DETAIL_CHARACTERS:
            detail_index[place[index]] = len(texts)
            texts.append(detail)
            used += len(detail)
    return {
        "tracks": tracks,
        "start": payload.column(start[order], "u32", delta=True),
        "end": payload.column(end[order], "u32", delta=True),
        "name": payload.column(name_index, "u32"),
        "color": payload.column(color_index, "u32"),
        "detail": payload.column(detail_index, "u32", delta=True),
        "names": name_list,
        "colors": color_list,
        "details": texts,
    }


def _cleaned(values: Sequence[str]) -> list[str]:
    """``clean`` of each, done once for each that is different."""
    known = {value: clean(value) for value in set(values)}
    return [known[value] for value in values]


def _dictionary(values: Sequence[str]) -> tuple[list[str], Array]:
    known: dict[str, int] = {}
    index = np.array([known.setdefault(value, len(known)) for value in values], dtype=np.uint32)
    return list(known), index


def pack(
    tracks: Sequence[str | None], start: Array, end: Array, order: Sequence[str]
) -> list[tuple[str, list[int]]]:
    """Rows of (track, indices in order of time), tracks in ``order``, each span on the first row of its track that is free.

    Spans without a track are on none.
    """
    members: dict[str, list[int]] = {track: [] for track in order}
    for index in np.lexsort((-(end.astype(np.int64)), start)).tolist():
        if (own := tracks[index]) is not None:
            members[own].append(index)
    out: list[tuple[str, list[int]]] = []
    begins, ends = start.tolist(), end.tolist()
    for track in order:
        in_order = np.array(members[track], dtype=np.int64)
        # An instant takes its tick, else a thousand of them would lie on one another.
        until = np.maximum(end[in_order], start[in_order] + 1)
        if np.all(start[in_order][1:] >= until[:-1]):
            out.append((track, members[track]))
            continue
        rows: list[list[int]] = []
        free: list[int] = []  # rows that are free, the topmost first
        busy: list[tuple[int, int]] = []  # (until, row)
        for index in members[track]:
            while busy and busy[0][0] <= begins[index]:
                heapq.heappush(free, heapq.heappop(busy)[1])
            if free:
                row = heapq.heappop(free)
            else:
                row = len(rows)
                rows.append([])
            rows[row].append(index)
            heapq.heappush(busy, (max(ends[index], begins[index] + 1), row))
        out.extend((track, row) for row in rows)
    return out


def _label(layer: str, track: str, named: Mapping[str, str], several: bool) -> str:
    if layer in _BY_PID:
        pid, space, rest = track.partition(" ")  # the pid, or "PID trace"
        return named.get(pid, pid) + space + rest
    return goroutines.label(layer, track, named, several)


def _busiest(tracks: Sequence[str], names: Sequence[str], start: Array, end: Array) -> list[str]:
    """Tracks by the time in which something ran on them: a goroutine that waits all day is not busy."""
    idle = {name for name in set(names) if name.lower().partition(":")[0] in _IDLE}
    total: dict[str, int] = {}
    for track, name, lasted in zip(tracks, names, (end - start).tolist(), strict=True):
        if name not in idle:
            total[track] = total.get(track, 0) + lasted + 1
        else:
            total.setdefault(track, 0)
    return sorted(total, key=lambda track: (-total[track], track))


def _process_detail(one: Process) -> str:
    facts = [f"pid {one.pid}, parent {one.ppid}" if one.ppid else f"pid {one.pid}"]
    if one.rss_peak_bytes is not None:
        facts.append(f"peak memory {units.show_bytes(one.rss_peak_bytes)}")
    if one.cpu_s is not None:
        facts.append(f"CPU {units.show_seconds(one.cpu_s)}")
    if one.exit_signal:
        facts.append(f"killed by signal {one.exit_signal}")
    elif one.exit_code is not None:
        facts.append(f"exit {one.exit_code}")
    command = " ".join(one.argv)
    return clean(" · ".join(facts)) + (
        f"\n{clean(command[:600])}{'…' if len(command) > 600 else ''}" if command else ""
    )


def _detail(args: Any) -> str:
    found = arguments(args)
    lines = []
    for key, value in list(found.items())[:24]:
        text = units.show_seconds(float(value)) if key.endswith("_s") and isinstance(value, int | float) else (
            units.show_bytes(float(value)) if key.endswith("_bytes") and isinstance(value, int | float) else str(value)
        )  # fmt: skip
        lines.append(f"{key}: {text[:200]}")
    return "\n".join(clean(line) for line in lines)
