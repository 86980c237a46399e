"""What each thread and each goroutine did, as intervals in order of time: the ground on which the path is walked.

A lane is a thread or a goroutine. Its intervals do not overlap; where states were left out of the capture, there are holes.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from godyno.diagnose.processes import arguments

RUN, READY, SLEEP, CALL = range(
    4
)  # on a CPU, waiting for one, waiting for something else, in a system call or in C
_WRAPS = ("sync.(*WaitGroup).Go.func1", "errgroup.(*Group).Go.func1", "errgroup.(*Group).TryGo.func1")
_THREAD = {"running": RUN, "runnable": READY, "sleeping": SLEEP}
_GOROUTINE = {"running": RUN, "runnable": READY, "waiting": SLEEP, "syscall": CALL}


@dataclass(slots=True)
class Lane:
    """A thread (``goroutine`` 0) or a goroutine. ``why`` is what each interval's span tells besides: of a thread's READY the
    ``waker``'s tid, of a goroutine's intervals ``reason``, ``function`` and ``waker``. ``thread`` is where a goroutine ran.
    """

    pid: int
    tid: int
    goroutine: int
    start: list[int]
    end: list[int]
    state: list[int]
    why: list[dict[str, Any]]
    thread: list[int] = field(default_factory=list)

    def before(self, t_ns: int) -> int:
        """The last interval that began before ``t_ns``; -1 where none did."""
        return bisect.bisect_left(self.start, t_ns) - 1

    def between(self, t_start_ns: int, t_end_ns: int) -> Iterator[tuple[int, int, int, int]]:
        """(start, end, state, index) of what lies in the window, clipped."""
        index = max(0, bisect.bisect_right(self.start, t_start_ns) - 1)
        while index < len(self.start) and self.start[index] < t_end_ns:
            a, b = max(self.start[index], t_start_ns), min(self.end[index], t_end_ns)
            if b > a:
                yield a, b, self.state[index], index
            index += 1


@dataclass(slots=True)
class Lanes:
    """Every lane of a capture. ``runs_on`` tells for a thread of a traced process which goroutine it ran when."""

    threads: dict[int, Lane]
    goroutines: dict[tuple[int, int], Lane]
    traced: Mapping[int, tuple[int, int]]  # pid to the time that its execution trace covers
    of_process: Mapping[int, list[int]]  # pid to its tids
    sees_wakeups: bool = False
    roots: Mapping[tuple[int, int], str] = field(
        default_factory=dict
    )  # the function that a goroutine was started with
    parents: Mapping[tuple[int, int], int] = field(default_factory=dict)  # the goroutine that started it
    runs_on: Mapping[int, tuple[list[int], list[int], list[int]]] = field(default_factory=dict)

    def starters(self, pid: int, number: int) -> Iterator[int]:
        """Who started a goroutine, who that one, and so on."""
        seen = {number}
        while (number := self.parents.get((pid, number), 0)) and number not in seen:
            seen.add(number)
            yield number

    def goroutine_at(self, pid: int, tid: int, t_ns: int) -> Lane | None:
        """The goroutine that was on thread ``tid`` just before ``t_ns``, where an execution trace tells."""
        found = self.runs_on.get(tid)
        window = self.traced.get(pid)
        if found is None or window is None or not window[0] < t_ns <= window[1]:
            return None
        starts, ends, ids = found
        index = bisect.bisect_left(starts, t_ns) - 1
        if index < 0 or ends[index] < t_ns:
            return None
        return self.goroutines.get((pid, ids[index]))


def read_lanes(capture: Any, t_start_ns: int, t_end_ns: int) -> Lanes:
    """The lanes of a capture between two instants."""
    threads: dict[int, Lane] = {}
    of_process: dict[int, list[int]] = {}
    for (pid, tid), lane in _read(capture, "thread_state", "tid", _THREAD, t_start_ns, t_end_ns):
        lane.tid = tid
        known = threads.get(tid)
        if known is not None:  # the number was used again
            lane = _joined(known, lane)
        threads[tid] = lane
        of_process.setdefault(pid, []).append(tid)
    goroutines = {}
    traced: dict[int, tuple[int, int]] = {}
    rows: dict[int, list[tuple[int, int, int]]] = {}
    key = "TRY_CAST(split_part(track, '/', 2) AS BIGINT)"
    for (pid, number), lane in _read(capture, "goroutine_state", key, _GOROUTINE, t_start_ns, t_end_ns):
        lane.goroutine = number
        goroutines[pid, number] = lane
        low, high = traced.get(pid, (2**63, 0))
        traced[pid] = (min(low, lane.start[0]), max(high, lane.end[-1]))
        for start, end, state, tid in zip(lane.start, lane.end, lane.state, lane.thread, strict=True):
            if state in (RUN, CALL) and tid:
                rows.setdefault(tid, []).append((start, end, number))
    runs_on = {}
    for tid, found in rows.items():
        found.sort()
        runs_on[tid] = ([one[0] for one in found], [one[1] for one in found], [one[2] for one in found])
    woken = any("waker" in why for lane in threads.values() for why in lane.why)
    return Lanes(threads, goroutines, traced, of_process, woken, *_family(capture), runs_on)


def _family(capture: Any) -> tuple[dict[tuple[int, int], str], dict[tuple[int, int], int]]:
    table = capture.sql(
        "SELECT pid, coalesce(TRY_CAST(split_part(track, '/', 2) AS BIGINT), 0) AS g, coalesce(name, '') AS name, "
        "coalesce(TRY_CAST(args->>'parent' AS BIGINT), 0) AS parent FROM spans WHERE layer = 'goroutine' AND json_valid(args)"
    )
    rows = list(zip(*(table[index].to_pylist() for index in range(4)), strict=True))
    given = _given(capture) if any(name.endswith(_WRAPS) for *_, name, _ in rows) else {}
    return {(pid, g): "main.main" if g == 1 else given.get((pid, g), name) for pid, g, name, _ in rows}, {
        (pid, g): parent for pid, g, _, parent in rows
    }


def _given(capture: Any) -> dict[tuple[int, int], str]:
    """The functions that were given to such as WaitGroup.Go to run, by pid and goroutine: what stands above it in its stacks."""
    wraps = " OR ".join(f"ends_with(w.\"function\", '{name}')" for name in _WRAPS)
    table = capture.sql(
        'SELECT s.pid, s.goroutine AS g, any_value(f."function") AS name FROM stacks s JOIN frames w USING (stack_id) '
        f"JOIN frames f ON f.stack_id = s.stack_id AND f.depth = w.depth - 1 WHERE s.goroutine > 0 AND ({wraps}) GROUP BY 1, 2"
    )
    return {(row["pid"], row["g"]): row["name"] for row in table.to_pylist()}


def _joined(first: Lane, second: Lane) -> Lane:
    a, b = sorted((first, second), key=lambda lane: lane.start[0])
    at = bisect.bisect_left(b.start, a.end[-1])
    return Lane(
        b.pid, b.tid, 0, a.start + b.start[at:], a.end + b.end[at:], a.state + b.state[at:], a.why + b.why[at:],
        a.thread + b.thread[at:],
    )  # fmt: skip


def _read(
    capture: Any, layer: str, key: str, states: Mapping[str, int], t_start_ns: int, t_end_ns: int
) -> Iterator[tuple[tuple[int, int], Lane]]:
    names = ", ".join(f"'{name}'" for name in states)
    table = capture.sql(
        f"SELECT t_start_ns AS a, t_end_ns AS b, coalesce(pid, 0) AS pid, coalesce({key}, 0) AS k, coalesce(tid, 0) AS tid, "
        f"list_position([{names}], name) - 1 AS s, coalesce(args, '') AS args FROM spans WHERE layer = ? "
        f"AND name IN ({names}) AND t_end_ns > t_start_ns AND t_end_ns > ? AND t_start_ns < ? ORDER BY pid, k, a",
        [layer, t_start_ns, t_end_ns],
    )
    if not table.num_rows:
        return
    encoded = table["args"].combine_chunks().dictionary_encode()
    objects = [arguments(text) for text in encoded.dictionary.to_pylist()]
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    start, end, pid, number, tid, state = (
        table[name].to_numpy() for name in ("a", "b", "pid", "k", "tid", "s")
    )
    numbers = np.array(list(states.values()))[state.astype(np.int64)]
    edges = np.flatnonzero((np.diff(pid) != 0) | (np.diff(number) != 0)) + 1
    for low, high in zip([0, *edges.tolist()], [*edges.tolist(), len(pid)], strict=True):
        part = slice(low, high)
        yield (int(pid[low]), int(number[low])), Lane(
            int(pid[low]), 0, 0, start[part].tolist(), end[part].tolist(), numbers[part].tolist(),
            [objects[code] for code in codes[part].tolist()], tid[part].tolist(),
        )  # fmt: skip
