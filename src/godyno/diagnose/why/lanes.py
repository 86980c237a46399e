"""What each thread and each goroutine did, as intervals in order of time: the ground on which the path is walked.

A lane is a thread or a goroutine. Its intervals do not overlap; where states were left out of the capture, there are holes.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from godyno.diagnose.processes import arguments

RUN, READY, SLEEP, CALL = range(
    4
)  # on a CPU, waiting for one, waiting for something else, in a system call or in C
_WRAPS = ("sync.(*WaitGroup).Go.func1", "errgroup.(*Group).Go.func1", "errgroup.(*Group).TryGo.func1")
_THREAD = {"running": RUN, "runnable": READY, "sleeping": SLEEP}
_GOROUTINE = {"running": RUN, "runnable": READY, "waiting": SLEEP, "syscall": CALL}


@dataclass(frozen=True, slots=True)
class Columns:
    """Intervals in order of time as columns, of which there are hundreds of thousands. ``whys`` is what each ``why`` stands for: what a
    span tells besides.
    """

    start: np.ndarray
    end: np.ndarray
    state: np.ndarray
    why: np.ndarray
    thread: np.ndarray
    whys: Sequence[dict[str, Any]]

    @classmethod
    def of(
        cls,
        start: Sequence[int] = (),
        end: Sequence[int] = (),
        state: Sequence[int] = (),
        thread: Sequence[int] = (),
        whys: Sequence[dict[str, Any]] = (),
    ) -> Columns:
        """The columns of intervals in lists; ``thread`` and ``whys`` may be empty."""
        a, b, c, d, e = (np.array(one, np.int64) for one in (start, end, state, range(len(whys)), thread))
        return cls(a, b, c, d, e, whys)

    def part(self, chosen: slice) -> Columns:
        """Some of them, as a view."""
        return Columns(
            self.start[chosen],
            self.end[chosen],
            self.state[chosen],
            self.why[chosen],
            self.thread[chosen],
            self.whys,
        )

    def followed_by(self, later: Columns) -> Columns:
        """These, then others of the same layer."""
        names = ("start", "end", "state", "why", "thread")
        a, b, c, d, e = (np.concatenate((getattr(self, one), getattr(later, one))) for one in names)
        return Columns(a, b, c, d, e, self.whys)


class Lane:
    """A thread (``goroutine`` 0) or a goroutine. ``why`` is what each interval's span tells besides: of a thread's READY the
    ``waker``'s tid, of a goroutine's intervals ``reason``, ``function`` and ``waker``. ``thread`` is where a goroutine ran.

    Who looks at single intervals has them as lists, in which one look takes a tenth of what it takes in a column; they are made when
    they are first asked for, as the path visits few lanes. ``columns`` is for who looks at all of them.
    """

    def __init__(self, pid: int, tid: int, goroutine: int, columns: Columns | None = None) -> None:
        self.pid, self.tid, self.goroutine = pid, tid, goroutine
        self.columns = columns if columns is not None else Columns.of()

    @cached_property
    def start(self) -> list[int]:
        """When each interval began."""
        return self._numbers(self.columns.start)

    @cached_property
    def end(self) -> list[int]:
        """When it ended."""
        return self._numbers(self.columns.end)

    @cached_property
    def state(self) -> list[int]:
        """``RUN``, ``READY``, ``SLEEP`` or ``CALL``."""
        return self._numbers(self.columns.state)

    @cached_property
    def thread(self) -> list[int]:
        """The thread below."""
        return self._numbers(self.columns.thread)

    @cached_property
    def why(self) -> list[dict[str, Any]]:
        """What is told besides."""
        whys = self.columns.whys
        return [whys[code] for code in self.columns.why.tolist()]

    @staticmethod
    def _numbers(column: np.ndarray) -> list[int]:
        found: list[int] = column.tolist()
        return found

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
    table, edges, keys = _read(capture, "thread_state", "tid", _THREAD, t_start_ns, t_end_ns)
    for (pid, tid), chosen in zip(keys, edges, strict=True):
        lane, known = Lane(pid, tid, 0, table.part(chosen)), threads.get(tid)
        threads[tid] = lane if known is None else _joined(known, lane)  # the number was used again
        of_process.setdefault(pid, []).append(tid)
    woken = any("waker" in why for why in table.whys)
    key = "TRY_CAST(split_part(track, '/', 2) AS BIGINT)"
    table, edges, keys = _read(capture, "goroutine_state", key, _GOROUTINE, t_start_ns, t_end_ns)
    goroutines = {}
    traced: dict[int, tuple[int, int]] = {}
    numbers = np.zeros(len(table.start), np.int64)
    for (pid, number), chosen in zip(keys, edges, strict=True):
        goroutines[pid, number] = Lane(pid, 0, number, table.part(chosen))
        numbers[chosen] = number
        low, high = traced.get(pid, (2**63, 0))
        traced[pid] = (min(low, int(table.start[chosen.start])), max(high, int(table.end[chosen.stop - 1])))
    runs_on = _runs_on(table, numbers)
    return Lanes(threads, goroutines, traced, of_process, woken, *_family(capture), runs_on)


def _runs_on(table: Columns, numbers: np.ndarray) -> dict[int, tuple[list[int], list[int], list[int]]]:
    """Which goroutine each thread had when: start, end, number."""
    kept = np.flatnonzero(((table.state == RUN) | (table.state == CALL)) & (table.thread != 0))
    order = kept[np.lexsort((numbers[kept], table.end[kept], table.start[kept], table.thread[kept]))]
    columns = [column[order] for column in (table.start, table.end, numbers)]
    tids = table.thread[order]
    out = {}
    for chosen in stretches(tids):
        starts, ends, found = (column[chosen].tolist() for column in columns)
        out[int(tids[chosen.start])] = (starts, ends, found)
    return out


def stretches(*columns: np.ndarray) -> list[slice]:
    """The parts of columns in which none of them changes."""
    if not len(columns[0]):
        return []
    changes = np.any([np.diff(column) != 0 for column in columns], axis=0)
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), len(columns[0])]
    return [slice(low, high) for low, high in pairwise(edges)]


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
    a, b = sorted((first, second), key=lambda lane: int(lane.columns.start[0]))
    later = slice(int(np.searchsorted(b.columns.start, a.columns.end[-1])), None)
    return Lane(b.pid, b.tid, 0, a.columns.followed_by(b.columns.part(later)))


def _read(
    capture: Any, layer: str, key: str, states: Mapping[str, int], t_start_ns: int, t_end_ns: int
) -> tuple[Columns, list[slice], list[tuple[int, int]]]:
    """The intervals of a layer, and which of them are whose: of which process, and of which thread or goroutine in it."""
    names = ", ".join(f"'{name}'" for name in states)
    table = capture.sql(
        f"SELECT t_start_ns AS a, t_end_ns AS b, coalesce(pid, 0) AS pid, coalesce({key}, 0) AS k, coalesce(tid, 0) AS tid, "
        f"list_position([{names}], name) - 1 AS s, coalesce(args, '') AS args FROM spans WHERE layer = ? "
        f"AND name IN ({names}) AND t_end_ns > t_start_ns AND t_end_ns > ? AND t_start_ns < ? ORDER BY pid, k, a",
        [layer, t_start_ns, t_end_ns],
    )
    if not table.num_rows:
        return Columns.of(), [], []
    encoded = table["args"].combine_chunks().dictionary_encode()
    whys = [arguments(text) for text in encoded.dictionary.to_pylist()]
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    start, end, pid, number, tid, state = (
        table[name].to_numpy() for name in ("a", "b", "pid", "k", "tid", "s")
    )
    numbers = np.array(list(states.values()))[state.astype(np.int64)]
    edges = stretches(pid, number)
    keys = [(int(pid[one.start]), int(number[one.start])) for one in edges]
    return Columns(start, end, numbers, codes, tid, whys), edges, keys
