"""Who had the CPUs while the path wanted one: own threads, the collector's, other programs, the quota, the hypervisor."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from godyno.diagnose.quota import throttled_windows
from godyno.diagnose.why.crowd import Crowd, Steps, in_state, level
from godyno.diagnose.why.lanes import CALL, READY, RUN, Lane, Lanes

_SHORT_NS = 150_000  # the scheduler itself needs some time: shorter waits for a CPU accuse nobody
_LEAST_STEAL = 0.02
OWN = "own_threads"
CALLED = "called"  # behind own goroutines that sleep in a system call and keep their processor
# Within the first the runtime's watchman does not take the processor of such a one, after the second it has.
_CALL_NS, _TAKEN_NS = 20_000, 20_000_000
_NO_CALLERS = np.zeros((0, 3), np.int64)
# A state, what else would take it along if it went, start, end. The places of a stretch's parts within it are only in order of states.
Part = tuple[str, str, int, int]
# A new cgroup wants some pages that were pushed out before its time, and grows by them. Short of memory is who reads pages again (so many
# a second), is about as large as it ever was, and does not grow by so much: something else is pushed out for them.
_REFAULTS, _FULL, _GROWS = 2000.0, 0.9, 0.5


class Surroundings:
    """Splits time in which the path had no CPU, or had one that was not there."""

    def __init__(self, capture: Any, lanes: Lanes, cpus: int) -> None:
        self._capture, self._lanes, self.cpus = capture, lanes, max(1, cpus)

    def without_cpu(self, pid: int, t_start_ns: int, t_end_ns: int, wait_ns: int) -> list[Part]:
        """The parts of a stretch in which a thread was ready, of a wait that was so long in all."""
        if wait_ns < _SHORT_NS:
            return [("dispatch", "", t_start_ns, t_end_ns)]
        length = t_end_ns - t_start_ns
        quota = self._stopped(t_start_ns, t_end_ns)
        left = length - quota
        own = min(left, self.crowd.too_many.over(t_start_ns, t_end_ns))
        either = min(1.0, self.crowd.either.over(t_start_ns, t_end_ns) / length)
        collector = own * self._collecting(pid, t_start_ns, t_end_ns)
        others = left - own
        return parts(
            t_start_ns, t_end_ns,
            (("quota", "", quota * (1 - either)), ("quota", OWN, quota * either), ("gc_background", "", collector),
             (OWN, "", own - collector), ("neighbours", "", others * (1 - either)), ("neighbours", OWN, others * either)),
        )  # fmt: skip

    def queued(self, pid: int, t_start_ns: int, t_end_ns: int, wait_ns: int) -> list[Part]:
        """As ``without_cpu``, of a goroutine that waited for one of the runtime's processors: these may wait for a CPU themselves, and
        then it waits for own goroutines, for longer as they have none.
        """
        if wait_ns < _SHORT_NS / 3:
            return [("dispatch", "", t_start_ns, t_end_ns)]
        length = t_end_ns - t_start_ns
        procs = self._procs(pid, (t_start_ns + t_end_ns) // 2)
        running = self.ran(t_start_ns, t_end_ns)
        own = length * min(1.0, running / procs / length)
        collector = own * self._collecting(pid, t_start_ns, t_end_ns)
        quota = self._stopped(t_start_ns, t_end_ns, length - own)
        held, ready = self._running.get(pid), self._ready.get(pid)
        share = min(1.0, held.over(t_start_ns, t_end_ns) / procs / length) if held else 0.0
        stretched = min(max(0.0, length * share - own), length - own - quota)
        left = length - own - quota - stretched
        calls = self._calls.get(pid)
        taken = min(1.0, share + (calls.over(t_start_ns, t_end_ns) / procs / length if calls else 0.0))
        called = min(max(0.0, length * taken - own - stretched), left)
        left -= called
        # A processor that nobody had is the scheduler's own delay, but where its thread had no CPU.
        others = min(left, ready.over(t_start_ns, t_end_ns)) if ready else 0.0
        return parts(
            t_start_ns, t_end_ns,
            (("quota", "", quota), ("gc_background", "", collector), (OWN, "", own - collector), ("neighbours", OWN, stretched),
             (CALLED, "", called), ("neighbours", "", others), ("dispatch", "", left - others)),
        )  # fmt: skip

    def _procs(self, pid: int, t_ns: int) -> int:
        """How many goroutines of a process could run at once then: its GOMAXPROCS, which it may change, but no more than there are CPUs."""
        times, limits = self._limits.get(pid, ([], []))
        at = bisect.bisect_right(times, t_ns) - 1
        return min(self.cpus, limits[max(at, 0)]) if limits else self.cpus

    @cached_property
    def _limits(self) -> dict[int, tuple[list[int], list[int]]]:
        """GOMAXPROCS of each process from an instant on."""
        table = self._capture.sql(
            "SELECT TRY_CAST(s.labels->>'pid' AS BIGINT) AS pid, p.t_ns AS t, max(p.value) AS v FROM series s JOIN points p "
            "USING (series_id) WHERE s.name = 'go.processor.limit' AND json_valid(s.labels) AND isfinite(p.value) GROUP BY 1, 2 ORDER BY 2"
        )
        out: dict[int, tuple[list[int], list[int]]] = {}
        for row in table.to_pylist():
            if row["pid"] is not None:
                times, limits = out.setdefault(row["pid"], ([], []))
                times.append(row["t"])
                limits.append(max(1, int(row["v"])))
        return out

    def ran(self, t_start_ns: int, t_end_ns: int) -> float:
        """Nanoseconds that own threads were on CPUs."""
        return self.crowd.ran.over(t_start_ns, t_end_ns)

    def stolen(self, t_start_ns: int, t_end_ns: int) -> float:
        """The share of a stretch on a CPU in which the hypervisor had that CPU."""
        return self._share(self._steal, t_start_ns, t_end_ns)

    def _collecting(self, pid: int, t_start_ns: int, t_end_ns: int) -> float:
        """Which share of what own threads ran was the collector's workers of a traced process."""
        workers = self._collectors.get(pid)
        if workers is None:
            return 0.0
        return min(1.0, workers.over(t_start_ns, t_end_ns) / max(1.0, self.ran(t_start_ns, t_end_ns)))

    def short_of_memory(self, t_start_ns: int, t_end_ns: int) -> bool:
        """Whether pages of files that had been pushed out of memory were wanted again at that time."""
        starts, ends = self._refaults
        index = max(0, bisect.bisect_right(starts, t_start_ns) - 1) if starts else 0
        return index < len(starts) and starts[index] < t_end_ns and ends[index] > t_start_ns

    @cached_property
    def _refaults(self) -> tuple[list[int], list[int]]:
        rows = self._capture.sql(
            "SELECT p.t_ns AS t, max(p.value) FILTER (WHERE s.name = 'cgroup.memory.refaults') AS again, "
            "max(p.value) FILTER (WHERE s.name = 'cgroup.memory.usage') AS held FROM series s JOIN points p USING (series_id) "
            "WHERE s.name IN ('cgroup.memory.refaults', 'cgroup.memory.usage') AND isfinite(p.value) GROUP BY 1 ORDER BY 1"
        ).to_pylist()
        rows = [row for row in rows if row["again"] is not None and row["held"] is not None]
        most = max((row["held"] for row in rows), default=0.0)
        page = self._capture.manifest.machine.memory.page_bytes
        kept = []
        for old, new in itertools.pairwise(rows):
            again, grown = new["again"] - old["again"], new["held"] - old["held"]
            full = max(old["held"], new["held"]) >= _FULL * most
            if full and again > _REFAULTS * (new["t"] - old["t"]) * 1e-9 and grown < _GROWS * again * page:
                kept.append((old["t"], new["t"]))
        return [one[0] for one in kept], [one[1] for one in kept]

    def _stopped(self, t_start_ns: int, t_end_ns: int, most_ns: float = math.inf) -> float:
        """How long the quota stopped all threads, of so much at most."""
        share = self._share(self._quota, t_start_ns, t_end_ns)
        return min(most_ns, self.crowd.stalled.over(t_start_ns, t_end_ns)) * share if share else 0.0

    def _share(
        self, windows: tuple[list[int], list[int], list[float]], t_start_ns: int, t_end_ns: int
    ) -> float:
        starts, ends, shares = windows
        if not starts:
            return 0.0
        index = max(0, bisect.bisect_right(starts, t_start_ns) - 1)
        total = 0.0
        while index < len(starts) and starts[index] < t_end_ns:
            total += max(0, min(ends[index], t_end_ns) - max(starts[index], t_start_ns)) * shares[index]
            index += 1
        return total / max(1, t_end_ns - t_start_ns)

    @cached_property
    def crowd(self) -> Crowd:
        """The own threads that want CPUs."""
        limited = any(window.throttled_s > 0 for window in throttled_windows(self._capture))
        return Crowd(self._lanes, self.cpus, limited)

    @cached_property
    def _quota(self) -> tuple[list[int], list[int], list[float]]:
        starts, ends, shares = [], [], []
        for window in throttled_windows(self._capture):
            if window.throttled_s <= 0:
                continue
            stalled = self.crowd.stalled.over(window.t_start_ns, window.t_end_ns)
            starts.append(window.t_start_ns)
            ends.append(window.t_end_ns)
            shares.append(min(1.0, window.throttled_s * 1e9 / max(1.0, stalled)))
        return starts, ends, shares

    @cached_property
    def _steal(self) -> tuple[list[int], list[int], list[float]]:
        table = self._capture.sql(
            "SELECT p.t_ns AS t, sum(p.value) FILTER (WHERE s.labels LIKE '%steal%') AS steal, "
            "sum(p.value) FILTER (WHERE s.labels NOT LIKE '%idle%' AND s.labels NOT LIKE '%iowait%') AS busy "
            "FROM series s JOIN points p USING (series_id) WHERE s.name = 'system.cpu.time' AND isfinite(p.value) "
            "GROUP BY p.t_ns ORDER BY p.t_ns"
        ).to_pylist()
        starts, ends, shares = [], [], []
        for old, new in itertools.pairwise(table):
            steal, busy = (new["steal"] or 0) - (old["steal"] or 0), (new["busy"] or 0) - (old["busy"] or 0)
            if steal > 0 and busy > 0 and steal / busy >= _LEAST_STEAL:
                starts.append(old["t"])
                ends.append(new["t"])
                shares.append(min(1.0, steal / busy))
        return starts, ends, shares

    @cached_property
    def _collectors(self) -> dict[int, Steps]:
        return self._ran(
            lambda lane: any(str(why.get("reason", "")).startswith("GC worker") for why in lane.why)
        )

    @cached_property
    def _ready(self) -> dict[int, Steps]:
        """The threads of each process that waited for a CPU."""
        return _levels(self._lanes.threads.values(), READY)

    @cached_property
    def _running(self) -> dict[int, Steps]:
        """The goroutines of each process that had a processor of the runtime's, whether or not that had a CPU."""
        return self._ran(lambda lane: True)

    @cached_property
    def _calls(self) -> dict[int, Steps]:
        """The goroutines of each process that were in a call for longer than a moment, as long as they may have kept their processor."""
        return {
            pid: level(np.column_stack((rows[:, 0], np.minimum(rows[:, 1], rows[:, 0] + _TAKEN_NS))))
            for pid, rows in self._callers.items()
        }

    def callers(self, pid: int, t_start_ns: int, t_end_ns: int) -> Iterator[int]:
        """The threads of the goroutines that were in such calls in the window, the last that began one first."""
        rows = self._callers.get(pid, _NO_CALLERS)
        since, until = np.searchsorted(rows[:, 0], (t_start_ns - _TAKEN_NS + 1, t_end_ns))
        for _, end, tid in reversed(rows[since:until].tolist()):
            if end > t_start_ns:
                yield tid

    @cached_property
    def _callers(self) -> dict[int, np.ndarray]:
        """By process: rows of a start, an end and a thread, in this order."""
        found: dict[int, list[np.ndarray]] = {}
        for lane in self._lanes.goroutines.values():
            one = lane.columns
            rows = np.column_stack((one.start, one.end, one.thread))
            found.setdefault(lane.pid, []).append(
                rows[(one.state == CALL) & (one.end - one.start > _CALL_NS)]
            )
        tables = {pid: np.concatenate(rows) for pid, rows in found.items()}
        return {pid: rows[np.lexsort(rows.T[::-1])] for pid, rows in tables.items()}

    def _ran(self, counts: Callable[[Lane], bool]) -> dict[int, Steps]:
        return _levels(filter(counts, self._lanes.goroutines.values()), RUN)


def _levels(lanes: Iterable[Lane], state: int) -> dict[int, Steps]:
    """How many of the lanes of each process are in a state."""
    of: dict[int, list[Lane]] = {}
    for lane in lanes:
        of.setdefault(lane.pid, []).append(lane)
    return {pid: level(in_state(found, state)) for pid, found in of.items()}


def parts(t_start_ns: int, t_end_ns: int, lengths: Iterable[tuple[str, str, float]]) -> list[Part]:
    """Cuts a stretch into parts of these lengths, which add up to it; the last takes what rounding leaves."""
    kept = [one for one in lengths if one[2] >= 1]
    if not kept:
        return [("dispatch", "", t_start_ns, t_end_ns)] if t_end_ns > t_start_ns else []
    at, out = t_start_ns, []
    for index, (name, within, length) in enumerate(kept):
        until = t_end_ns if index == len(kept) - 1 else min(t_end_ns, at + int(length))
        if until > at:
            out.append((name, within, at, until))
        at = until
    return out
