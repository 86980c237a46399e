"""Own threads that want CPUs: how many did, how many had one, and what more or fewer of them would have changed.

With n own threads that want one of C CPUs, a wait is longer for two reasons that multiply: there are more of them than CPUs, and others
(or a quota) leave them fewer. So it is told what would still be waited without the others, and without the other own threads: the first
follows from n and C, the second from how the program fared in the moments in which one of its threads alone wanted a CPU.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from godyno.diagnose.why.attribution import Segment, totals
from godyno.diagnose.why.lanes import READY, RUN, Lane, Lanes

_ENOUGH_NS = 20_000_000  # so long in all, moments with one number of threads tell what these get
_CHAINS = 6  # of so many goroutines that ran longest it is looked at how long each ran


class Steps:
    """A figure that holds from each of some instants to the next; ``over`` integrates it."""

    def __init__(self, t_ns: np.ndarray, value: np.ndarray) -> None:
        area = np.cumsum(value[:-1] * np.diff(t_ns)) if len(t_ns) else np.zeros(0)
        # A look into a view takes a quarter of what it takes into an array; lists of hundreds of thousands would take long to make.
        self._t, self._value = t_ns.data, value.astype(float).data
        self._area = np.concatenate(([0.0], area)).data

    def _until(self, t_ns: int) -> float:
        at = bisect.bisect_right(self._t, t_ns) - 1
        return self._area[at] + self._value[at] * (t_ns - self._t[at]) if at >= 0 else 0.0

    def over(self, t_start_ns: int, t_end_ns: int) -> float:
        """Nanoseconds of the window, each times what the figure was then."""
        return self._until(t_end_ns) - self._until(t_start_ns)


def levels(*kinds: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """How many intervals of each kind (rows of a start and an end) last, from each of the instants on at which one begins or ends."""
    marks, steps = [], []
    for number, pairs in enumerate(kinds):
        step = np.zeros((2 * len(pairs), len(kinds)))
        step[: len(pairs), number], step[len(pairs) :, number] = 1, -1
        marks.append(np.concatenate((pairs[:, 0], pairs[:, 1])))
        steps.append(step)
    t_ns = np.concatenate(marks)
    order = np.argsort(t_ns, kind="stable")
    counts = np.cumsum(np.concatenate(steps)[order], axis=0)
    return t_ns[order], [counts[:, number] for number in range(len(kinds))]


def in_state(lanes: Iterable[Lane], state: int) -> np.ndarray:
    """When lanes were in a state, in rows of a start and an end."""
    found = [
        np.column_stack((one.start, one.end))[one.state == state] for one in (lane.columns for lane in lanes)
    ]
    return np.concatenate([np.zeros((0, 2), np.int64), *found])


def level(pairs: np.ndarray) -> Steps:
    """How many intervals, in rows of a start and an end, last."""
    t_ns, (count,) = levels(pairs)
    return Steps(t_ns, count)


class Crowd:
    """The threads of a capture's tree, on so many CPUs. ``limited`` says that a quota was used up now and then."""

    def __init__(self, lanes: Lanes, cpus: int, limited: bool = False) -> None:
        self._lanes, self._cpus, self._limited = lanes, cpus, limited
        threads = lanes.threads.values()
        self._t, (self._ran, waited) = levels(in_state(threads, RUN), in_state(threads, READY))
        self._wanted = self._ran + waited

    @cached_property
    def ran(self) -> Steps:
        """How many threads had a CPU."""
        return Steps(self._t, self._ran)

    @cached_property
    def stalled(self) -> Steps:
        """Whether a thread was ready and none ran."""
        return Steps(self._t, (self._ran == 0) & (self._wanted > 0))

    @cached_property
    def too_many(self) -> Steps:
        """How much of a wait for a CPU there would be without others: of the n - r that wait n - C still would, and what runs meanwhile,
        on r CPUs, would on C take r/C of the time.
        """
        still = np.maximum(0, self._wanted - self._cpus) / np.maximum(1, self._wanted - self._ran)
        return Steps(self._t, np.minimum(1, still * self._ran / self._cpus))

    @cached_property
    def either(self) -> Steps:
        """How much of the rest, which would go with the others, would also go with the other own threads: all but what one alone waits."""
        wanted = np.maximum(1, self._wanted)
        part = self._got(wanted) / wanted  # of the time one of them has a CPU
        rest = 1 - part - part * np.maximum(0, wanted / self._cpus - 1)
        alone = part * (1 / self._got(np.ones(1))[0] - 1)
        return Steps(
            self._t,
            np.where((wanted > 1) & (rest > 0), np.clip(1 - alone / np.maximum(rest, 1e-9), 0, 1), 0),
        )

    def longest(self, pid: int, path: Sequence[Segment]) -> float:
        """Seconds that the goroutine of the path needs which computes most, however few others there were: a bound of what more CPUs,
        or fewer things at once, could save. Who is waited for on the path has its work to do; who never is could as well be away.
        """
        took = totals((str(one.goroutine), one.seconds) for one in path if one.pid == pid and one.goroutine)
        all_of_it = sum(took.values())
        if not all_of_it:
            return 0.0
        # as many as would share the path if each had an equal part
        beside = round(all_of_it**2 / sum(seconds**2 for seconds in took.values()))
        together = np.clip(self._wanted, 1, min(self._cpus, beside))
        needs = Steps(self._t, together / self._got(together))
        ran = {
            number: sum(end - start for start, end, state in zip(lane.start, lane.end, lane.state, strict=True) if state == RUN)
            for (of, number), lane in self._lanes.goroutines.items()
            if of == pid and str(number) in took
        }  # fmt: skip
        most = sorted(ran, key=lambda number: -ran[number])[:_CHAINS]
        return max((self._chain(pid, number, needs) for number in most), default=0.0) * 1e-9

    def _chain(self, pid: int, number: int, needs: Steps) -> float:
        lane, total = self._lanes.goroutines[pid, number], 0.0
        for start, end, state, tid in zip(lane.start, lane.end, lane.state, lane.thread, strict=True):
            thread = self._lanes.threads.get(tid) if state == RUN else None
            if thread is not None:
                total += sum(
                    needs.over(a, b) for a, b, on_cpu, _ in thread.between(start, end) if on_cpu == RUN
                )
        return total

    def _got(self, wanted: np.ndarray) -> np.ndarray:
        """How many CPUs so many threads had on the average, by the moments in which so many wanted one. Of few such moments, what any
        number had, which one alone may have, too, as schedulers share by groups; so also under a quota, which others had used up before.
        """
        got: np.ndarray = self._table[np.minimum(wanted.astype(int), len(self._table) - 1)]
        return got

    @cached_property
    def _table(self) -> np.ndarray:
        length = np.diff(self._t, append=self._t[-1:])
        wanted, most = self._wanted.astype(int), int(self._wanted.max(initial=1))
        lasted = np.bincount(wanted, length, most + 1)
        had = np.bincount(wanted, length * self._ran, most + 1)
        together = had[2:].sum() / lasted[2:].sum() if lasted[2:].sum() else float(self._cpus)
        got = np.minimum(np.arange(most + 1), together)
        known = (lasted >= _ENOUGH_NS) & (had > 0)
        if self._limited:
            known[:2] = False
        got[known] = had[known] / lasted[known]
        got[0] = 1.0
        return np.maximum(got, 1e-3)
