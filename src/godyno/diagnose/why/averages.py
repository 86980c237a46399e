"""Who had the CPUs while a program wanted one, by what was counted in all: where threads' states were not recorded.

The kernel counts for each process how long its threads ran and how long they stood ready without a CPU (taskstats). So it is known what
share of the time at work a program had no CPU, not when. Where that count is missing it is what looks saw at work and no CPU time explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from godyno.diagnose.processes import Process, number
from godyno.diagnose.quota import throttled_windows
from godyno.diagnose.why.lanes import Lanes
from godyno.diagnose.why.surroundings import OWN, Part, Surroundings, parts

_NEARLY = 0.25  # who ran for all but so much of what a quota gives was held by it
_FAULT_S = 0.5e-6  # what a minor fault takes at least; who spends half of its time in the kernel on them touches new memory


@dataclass(frozen=True, slots=True)
class AtWork:
    """What became of a process's time at work: the share for which it had no CPU, and of the rest the kernel's; whether that was for
    page faults.
    """

    ready: float
    kernel: float
    faults: bool


class Averages(Surroundings):
    """``Surroundings`` by sums over the whole of a run; the parts of a wait are in their shares, not in their places."""

    def __init__(self, capture: Any, lanes: Lanes, cpus: int, lives: Sequence[Process]) -> None:
        super().__init__(capture, lanes, cpus)
        self._lives = lives
        self._of_pid = {one.pid: one for one in reversed(lives)}  # of a number that was used again, the first

    def used_s(self, process: Process) -> tuple[float, float]:
        """CPU seconds outside of and within the kernel; of one whose end was not recorded as far as it was sampled."""
        if process.user_s is None and process.system_s is None:
            sampled = self._sampled.get(process.pid, {})
            return sampled.get("user", 0.0), sampled.get("system", 0.0)
        user, system = process.user_s or 0.0, process.system_s or 0.0
        told = process.cpu_s or 0.0  # ticks may tell of none where the scheduler does
        return (user, system) if user + system > 0 else (told, 0.0)

    def ready_s(self, process: Process) -> float | None:
        """How long its threads stood ready without a CPU, added up; None where nobody counted."""
        return number(process.args.get("run_delay_s"))

    def at_work(self, process: Process, at_work_s: float) -> AtWork:
        """``at_work_s`` is for how long looks saw it at work."""
        user, system = self.used_s(process)
        ran, waited = user + system, self.ready_s(process)
        if waited is None:
            ready = max(0.0, 1 - ran / at_work_s) if at_work_s > 0 else 0.0
        else:
            ready = waited / (ran + waited) if waited > 0 else 0.0
        faults = (number(process.args.get("minor_faults")) or 0.0) * _FAULT_S
        return AtWork(ready, system / ran if ran > 0 else 0.0, 2 * faults >= system > 0)

    @property
    def ran_s(self) -> float:
        """CPU seconds of the whole tree."""
        return sum(sum(self.used_s(one)) for one in self._lives)

    def without_cpu(self, pid: int, t_start_ns: int, t_end_ns: int, wait_ns: int) -> list[Part]:  # noqa: D102
        return self._shared(t_start_ns, t_end_ns, 1.0)

    def queued(self, pid: int, t_start_ns: int, t_end_ns: int, wait_ns: int) -> list[Part]:
        """Of a goroutine that waited for one of the runtime's processors: own goroutines held those, as far as these had a CPU."""
        process = self._of_pid.get(pid)
        ready = self.at_work(process, 0.0).ready if process is not None else 0.0
        return self._shared(t_start_ns, t_end_ns, ready)

    def _shared(self, t_start_ns: int, t_end_ns: int, ready: float) -> list[Part]:
        length = t_end_ns - t_start_ns
        quota, others = (share * ready * length for share in self._behind)
        return parts(
            t_start_ns, t_end_ns, (("quota", "", quota), ("neighbours", "", others), (OWN, "", length - quota - others))
        )  # fmt: skip

    @cached_property
    def _behind(self) -> tuple[float, float]:
        """Which share of the waiting for a CPU was the quota's, and which the neighbours'; the rest is the own threads'.

        On average n threads of the tree wanted one of C CPUs. Without others n - C would wait still; and others cannot have held it up
        for longer than they ran, nor for more than a quota left to it. The kernel counts processors that a quota stalls, each with n/C
        threads on it; where the tree used up its quota, it is stalled for all of the time that it does not run.
        """
        begin, end = (
            min((one.t_start_ns for one in self._lives), default=0),
            max((one.t_end_ns for one in self._lives), default=0),
        )
        wall = max((end - begin) * 1e-9, 1e-9)
        waited = sum(self.ready_s(one) or 0.0 for one in self._lives)
        ran, strangers = self.ran_s, self._strangers_s(begin, end)
        throttled = sum(
            one.throttled_s
            for one in throttled_windows(self._capture)
            if one.t_end_ns > begin and one.t_start_ns < end
        )
        if waited <= 0:  # nobody counted: whoever ran meanwhile
            all_of_it = max(ran + strangers, 1e-9)
            return (1.0, 0.0) if throttled > 0.1 * wall else (0.0, strangers / all_of_it)
        wanted = (ran + waited) / wall
        surplus = max(0.0, wanted - self.cpus) * wall
        quota, left = min(waited, throttled * max(1.0, wanted / self.cpus)), float("inf")
        if self._capture.manifest.cpu_quota and throttled:
            left = max(0.0, self._capture.manifest.cpu_quota * wall - ran)
            if left < _NEARLY * ran:
                stalled = max(0.0, 1 - ran / wall / min(wanted, self.cpus))
                quota = max(quota, min(waited, wanted * wall * stalled))
        others = min(max(0.0, waited - quota - surplus), strangers, left)
        return quota / waited, others / waited

    def _strangers_s(self, t_start_ns: int, t_end_ns: int) -> float:
        """CPU seconds of whoever is not of the tree: its recorder is not, either."""
        table = self._capture.sql(
            "SELECT max(v) - min(v) AS s FROM (SELECT p.t_ns, sum(p.value) AS v FROM series s JOIN points p USING (series_id) "
            "WHERE s.name = 'system.cpu.time' AND isfinite(p.value) AND s.labels NOT LIKE '%idle%' AND s.labels NOT LIKE '%iowait%' "
            "AND s.labels NOT LIKE '%steal%' AND p.t_ns BETWEEN ? AND ? GROUP BY p.t_ns)",
            [t_start_ns, t_end_ns],
        )
        busy = table["s"][0].as_py() or 0.0
        return max(0.0, float(busy) - self.ran_s)

    @cached_property
    def _sampled(self) -> dict[int, dict[str, float]]:
        table = self._capture.sql(
            "SELECT TRY_CAST(s.labels->>'pid' AS BIGINT) AS pid, s.labels->>'mode' AS mode, max(p.value) - min(p.value) AS s "
            "FROM series s JOIN points p USING (series_id) WHERE s.name = 'process.cpu.time' AND json_valid(s.labels) "
            "AND isfinite(p.value) GROUP BY 1, 2"
        )
        out: dict[int, dict[str, float]] = {}
        for row in table.to_pylist():
            if row["pid"] is not None and row["mode"] is not None:
                out.setdefault(row["pid"], {})[row["mode"]] = row["s"]
        return out
