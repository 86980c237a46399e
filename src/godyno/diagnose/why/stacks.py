"""The stacks that the path needs, found by who and when."""

from __future__ import annotations

import bisect
from functools import cached_property
from typing import Any

import numpy as np

from godyno.diagnose.why import symbols
from godyno.diagnose.why.facts import Facts
from godyno.diagnose.why.lanes import stretches
from godyno.diagnose.why.symbols import LOADER, Frames

_LAYERS = ("off_cpu", "wakeup", "goroutine_wait", "goroutine_seen", "thread_seen")
_NONE: tuple[list[int], list[int]] = ([], [])


class Stacks:
    """Samples and stacks of a capture: where a thread slept, who woke it, where a goroutine waited, what ran."""

    def __init__(self, capture: Any, t_start_ns: int, t_end_ns: int) -> None:
        self._capture, self._window = capture, (t_start_ns, t_end_ns)
        self._facts: dict[int, Facts] = {}
        self._frames: dict[int, Frames] = {}
        self._has: dict[tuple[int, tuple[str, ...]], bool] = {}

    def slept(self, tid: int, t_start_ns: int) -> int:
        """The stack with which a thread began to sleep then; 0 where it is not known."""
        return self._at("off_cpu", 0, tid, t_start_ns)

    def woke(self, tid: int, t_ns: int) -> int:
        """The stack of whoever woke thread ``tid`` then."""
        return self._at("wakeup", 0, tid, t_ns)

    def waited(self, pid: int, goroutine: int, t_end_ns: int) -> int:
        """The stack of a goroutine's wait that ended then; only waits of 0.1 ms and longer have one."""
        return self._at("goroutine_wait", pid, goroutine, t_end_ns)

    def seen(self, pid: int, tid: int, goroutine: int, t_start_ns: int) -> int:
        """Where a goroutine, or without one a thread, waited that looks saw from then on."""
        if goroutine:
            return self._at("goroutine_seen", pid, goroutine, t_start_ns)
        return self._at("thread_seen", 0, tid, t_start_ns)

    def _at(self, layer: str, pid: int, number: int, t_ns: int) -> int:
        """The stack of a thread (``pid`` 0), or of a goroutine of a process, at an instant."""
        key = (layer, pid, number)
        found = self._by_instant.get(key)
        if isinstance(found, slice):  # few are ever asked for
            times, stacks = (column[found].tolist() for column in self._instants[1:])
            found = self._by_instant[key] = dict(zip(times, stacks, strict=True))
        return found.get(t_ns, 0) if found is not None else 0

    def samples(self, tid: int, t_start_ns: int, t_end_ns: int) -> list[tuple[int, int]]:
        """(t_ns, stack) of a thread's CPU samples in a window."""
        times, stacks = self._cpu.get(tid, _NONE)
        if not times:
            return []
        low = bisect.bisect_left(times, t_start_ns)
        if low == len(times) or times[low] > t_end_ns:
            return []  # most stretches are shorter than the time between two samples
        high = bisect.bisect_right(times, t_end_ns, low)
        return list(zip(times[low:high], stacks[low:high], strict=True))

    def nearest_sample(self, tid: int, t_ns: int, within_ns: int) -> int:
        """The stack of the thread's CPU sample nearest to ``t_ns``; 0 where there is none that near."""
        times, stacks = self._cpu.get(tid, _NONE)
        if not times:
            return 0
        at = bisect.bisect_left(times, t_ns)
        before = t_ns - times[at - 1] if at > 0 else within_ns + 1
        after = times[at] - t_ns if at < len(times) else within_ns + 1
        if min(before, after) > within_ns:
            return 0
        return stacks[at - 1] if before <= after else stacks[at]

    def polled(self, tid: int, t_ns: int) -> int | None:
        """What the poll that a thread was in then gave back: how many files were ready, 0 where its time was over; None if unknown."""
        starts, ends, results = self._polls.get(tid, ((), (), ()))
        index = bisect.bisect_right(starts, t_ns) - 1
        return results[index] if index >= 0 and ends[index] > t_ns else None

    @cached_property
    def _polls(self) -> dict[int, tuple[list[int], list[int], list[int]]]:
        table = self._capture.sql(
            "SELECT tid, t_start_ns AS a, t_end_ns AS b, TRY_CAST(args->>'result' AS BIGINT) AS r FROM spans WHERE layer = 'syscall' "
            "AND name IN ('poll', 'ppoll', 'select', 'pselect6', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2') AND json_valid(args) "
            "ORDER BY tid, a"
        )
        out: dict[int, tuple[list[int], list[int], list[int]]] = {}
        for tid, start, end, result in zip(*(table[index].to_pylist() for index in range(4)), strict=True):
            if result is not None:
                starts, ends, results = out.setdefault(tid, ([], [], []))
                starts.append(start)
                ends.append(end)
                results.append(result)
        return out

    def calls(self, pid: int) -> frozenset[str]:
        """The system calls that a process made; nothing where they were not recorded from its exec on."""
        found = self._calls.get(pid, frozenset())
        return found if "execve" in found else frozenset()

    @cached_property
    def _calls(self) -> dict[int, frozenset[str]]:
        table = self._capture.sql(
            "SELECT TRY_CAST(labels->>'pid' AS BIGINT) AS pid, list(DISTINCT labels->>'call') AS calls FROM series "
            "WHERE name = 'process.syscall.count' AND json_valid(labels) GROUP BY 1"
        )
        return {row["pid"]: frozenset(filter(None, row["calls"])) for row in table.to_pylist()}

    def opened(self, pid: int) -> frozenset[str]:
        """The addresses to which a process opened connections."""
        return self._opened.get(pid, frozenset())

    @cached_property
    def _opened(self) -> dict[int, frozenset[str]]:
        table = self._capture.sql(
            "SELECT pid, list(DISTINCT args->>'address') AS addresses FROM events WHERE layer = 'connection' AND name = 'connect' "
            "AND json_valid(args) GROUP BY pid"
        )
        return {row["pid"]: frozenset(filter(None, row["addresses"])) for row in table.to_pylist()}

    def idle_thread(self, stack: int) -> bool:
        """Whether a stack is of a thread of Go's scheduler that looks for something to do."""
        return self.facts(stack).idle

    def tells_nothing(self, stack: int) -> bool:
        """Whether a stack of a thread that sleeps does not tell what for: it is not known, or in nothing but Go's scheduler."""
        return not stack or not self.facts(stack).user or self.idle_thread(stack)

    def listens(self, pid: int) -> bool:
        """Whether a process waits for connections, or datagrams, of others: by its calls, or by looks at its sockets."""
        return "listen" in self.calls(pid) or "listen" in self.sockets(pid)

    def sockets(self, pid: int) -> frozenset[str]:
        """``listen``, ``ask``, or both: what a process was seen to do with sockets by looks at them."""
        return self._sockets.get(pid, (frozenset(), None))[0]

    def sent(self, pid: int) -> tuple[int, int] | None:
        """How many segments with data a process had sent over the TCP connections that it opened when that was looked at last, and when;
        None where it was not.
        """
        return self._sockets.get(pid, (frozenset(), None))[1]

    @cached_property
    def _sockets(self) -> dict[int, tuple[frozenset[str], tuple[int, int] | None]]:
        table = self._capture.sql(
            "SELECT pid, list(DISTINCT name) AS names, max(TRY_CAST(args->>'segments' AS BIGINT)) AS sent, "
            "max(t_ns) FILTER (WHERE name = 'sent') AS t FROM events WHERE layer = 'socket' AND json_valid(args) GROUP BY pid"
        )
        return {
            row["pid"]: (
                frozenset(row["names"]) - {"sent"},
                (row["sent"], row["t"]) if row["sent"] is not None and row["t"] is not None else None,
            )
            for row in table.to_pylist()
        }

    def frames(self, stack: int) -> Frames:
        """(function, whether it is the kernel's) of a stack, leaf first."""
        found = self._frames.get(stack)
        if found is None:
            begins, codes, names, places = self._rows
            place = places.get(stack)
            part = codes[begins[place] : begins[place + 1]].tolist() if place is not None else ()
            found = self._frames[stack] = tuple([names[code] for code in part])
        return found

    def has(self, stack: int, words: tuple[str, ...]) -> bool:
        """Whether any of these words is in the name of any of its functions."""
        key = (stack, words)
        if key not in self._has:
            self._has[key] = symbols.has([name for name, _ in self.frames(stack)], words)
        return self._has[key]

    @cached_property
    def watchmen(self) -> frozenset[int]:
        """The threads of Go's sysmon: they wake others and sleep on timers of their own; nothing waits for what they do."""
        table = self._capture.sql(
            "SELECT DISTINCT tid FROM stacks WHERE layer IN ('off_cpu', 'cpu') AND stack_id IN "
            "(SELECT stack_id FROM frames WHERE function = 'runtime.sysmon')"
        )
        return frozenset(table["tid"].to_pylist())

    def go_began(self) -> dict[int, int]:
        """For each Go process, when its own code was first seen to run; what is before that is loading."""
        table = self._capture.sql(
            "SELECT pid, min(t_ns) AS t FROM stacks WHERE layer IN ('cpu', 'off_cpu', 'minor_fault', 'wakeup') AND stack_id IN "
            "(SELECT stack_id FROM frames WHERE function IN ('runtime.rt0_go', 'runtime.schedinit', 'runtime.mstart', 'runtime.main', "
            "'runtime.goexit', 'runtime.check', 'runtime.args')) GROUP BY pid"
        )
        return {row["pid"]: row["t"] for row in table.to_pylist()}

    def initialising(self) -> dict[int, tuple[list[int], list[str]]]:
        """For each process of which packages were seen being initialised: when, in order, and which."""
        table = self._capture.sql(
            "SELECT pid, t_ns, stack_id FROM stacks WHERE layer = 'cpu' AND stack_id IN (SELECT stack_id FROM frames "
            "WHERE function IN ('runtime.doInit', 'runtime.doInit1')) ORDER BY t_ns"
        )
        out: dict[int, tuple[list[int], list[str]]] = {}
        for row in table.to_pylist():
            if package := self.facts(row["stack_id"]).init:
                times, packages = out.setdefault(row["pid"], ([], []))
                times.append(row["t_ns"])
                packages.append(package)
        return out

    def facts(self, stack: int) -> Facts:
        """What the stack tells."""
        found = self._facts.get(stack)
        if found is None:
            found = self._facts[stack] = Facts(self.frames(stack))
        return found

    @property
    def has_cpu(self) -> bool:
        """Whether the capture holds CPU samples."""
        return bool(self._cpu)

    @property
    def has_sleeps(self) -> bool:
        """Whether it holds where threads went to sleep."""
        return any(layer == "off_cpu" for layer, *_ in self._by_instant)

    @cached_property
    def _cpu(self) -> dict[int, tuple[list[int], list[int]]]:
        table = self._capture.sql(
            "SELECT tid, t_ns, stack_id FROM stacks WHERE layer = 'cpu' AND t_ns BETWEEN ? AND ? ORDER BY tid, t_ns",
            list(self._window),
        )
        tid, times, stacks = (table[index].to_numpy() for index in range(3))
        edges = np.flatnonzero(np.diff(tid)) + 1
        out = {}
        for low, high in zip([0, *edges.tolist()], [*edges.tolist(), len(tid)], strict=True):
            if high > low:
                out[int(tid[low])] = (times[low:high].tolist(), stacks[low:high].tolist())
        return out

    @cached_property
    def _by_instant(self) -> dict[tuple[str, int, int], slice | dict[int, int]]:
        """The stacks of each thread, or goroutine, in each layer: which of ``_instants``, then by instant."""
        (layer, pid, number), *_ = self._instants
        return {
            (_LAYERS[int(layer[one.start])], int(pid[one.start]), int(number[one.start])): one
            for one in stretches(layer, pid, number)
        }

    @cached_property
    def _instants(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Whose (the number of the layer, pid and tid or goroutine, in rows), when and which stack."""
        table = self._capture.sql(
            f"SELECT list_position({list(_LAYERS)}, layer) - 1 AS l, CASE WHEN starts_with(layer, 'goroutine') THEN pid ELSE 0 END AS p, "
            "CASE WHEN starts_with(layer, 'goroutine') THEN goroutine ELSE tid END AS n, t_ns, stack_id FROM stacks "
            f"WHERE layer IN {_LAYERS} AND p IS NOT NULL AND n IS NOT NULL AND t_ns IS NOT NULL AND stack_id IS NOT NULL"
        )  # also of sleeps that began before the window
        layer, pid, number, t_ns, stack = (table[index].to_numpy() for index in range(5))
        order = np.lexsort((number, pid, layer))
        return np.array((layer, pid, number))[:, order], t_ns[order], stack[order]

    @cached_property
    def _rows(self) -> tuple[np.ndarray, np.ndarray, list[tuple[str, bool]], dict[int, int]]:
        """The frames of the layers that are asked for, as columns: of a long build they are millions, of which few are looked at.

        Where each stack's begin, the code of each frame, what the codes are, and the place of each stack.
        """
        table = self._capture.sql(
            "SELECT stack_id, concat(CASE WHEN \"binary\" = '[kernel]' THEN 'k' ELSE 'u' END, "
            "CASE WHEN \"binary\" LIKE '%/ld-%' THEN ? ELSE '' END, coalesce(function, '')) AS f FROM frames WHERE stack_id IN "
            f"(SELECT DISTINCT stack_id FROM stacks WHERE layer IN {('cpu', *_LAYERS)}) ORDER BY stack_id, depth",
            [LOADER],
        )
        encoded = table["f"].combine_chunks().dictionary_encode()
        names = [(text[1:], text[0] == "k") for text in encoded.dictionary.to_pylist()]
        stacks = table["stack_id"].to_numpy()
        begins = (
            np.concatenate(([0], np.flatnonzero(np.diff(stacks)) + 1))
            if len(stacks)
            else np.zeros(0, np.int64)
        )
        places = {stack: place for place, stack in enumerate(stacks[begins].tolist())} if len(stacks) else {}
        return np.append(begins, len(stacks)), encoded.indices.to_numpy(zero_copy_only=False), names, places
