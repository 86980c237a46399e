"""The recorder's one event loop: ticks that share their wake-ups, descriptors, and short delays.

A recorder is cheap when it sleeps. So all periodic looks hang on one tick; a look that turns out dear is taken less often,
such that all of them together stay below ``share`` of the machine, and how often it really was taken is told.
"""

from __future__ import annotations

import heapq
import itertools
import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass

from godyno.clock import now_ns

DEFAULT_SHARE = 0.004


@dataclass(slots=True)
class _Look:
    call: Callable[[int], None]
    period_ns: int
    owner: str
    due_ns: int = 0
    taken: int = 0
    cpu_ns: int = 0


class EventLoop:
    """``interfaces.Loop`` on epoll. ``owner`` names who registers, so that each probe's own CPU time can be told."""

    def __init__(
        self, hz: float, share: float = DEFAULT_SHARE, after_tick: Callable[[], None] = lambda: None
    ) -> None:
        self.tick_ns = int(1e9 / hz)
        self.budget_ns_per_ns = share * (os.cpu_count() or 1)
        self.after_tick = after_tick
        self.owner = ""
        self.cpu_ns: dict[str, int] = {}
        self.wakeups = 0
        self.stopped = False
        self._looks: list[_Look] = []
        self._readers: dict[int, tuple[Callable[[], None], str]] = {}
        self._delayed: list[tuple[int, int, Callable[[], None], str]] = []
        self._count = itertools.count()
        self._epoll = select.epoll()
        self._next_tick_ns = now_ns()

    def every(self, period_s: float, look: Callable[[int], None]) -> None:  # noqa: D102
        self._looks.append(_Look(look, max(int(period_s * 1e9), self.tick_ns), self.owner))

    def on_readable(self, fd: int, read: Callable[[], None]) -> None:  # noqa: D102
        self._readers[fd] = (read, self.owner)
        self._epoll.register(fd, select.EPOLLIN)

    def after(self, delay_s: float, call: Callable[[], None]) -> None:  # noqa: D102
        heapq.heappush(self._delayed, (now_ns() + int(delay_s * 1e9), next(self._count), call, self.owner))

    def forget(self, fd: int) -> None:  # noqa: D102
        if self._readers.pop(fd, None):
            self._epoll.unregister(fd)

    def run(self) -> None:
        """Runs until ``stopped`` is set."""
        while not self.stopped:
            due = min(self._next_tick_ns, self._delayed[0][0] if self._delayed else self._next_tick_ns)
            # Python's epoll rounds its timeout up to whole milliseconds; a short delay would come late by as much.
            wait_s = max(0.0, (due - now_ns()) * 1e-9)
            if 0 < wait_s < 0.001:
                time.sleep(wait_s)
                wait_s = 0.0
            ready = self._epoll.poll(wait_s)
            self.wakeups += 1
            for fd, _ in ready:
                found = self._readers.get(fd)
                if found:
                    self._timed(found[0], found[1])
            t_ns = now_ns()
            while self._delayed and self._delayed[0][0] <= t_ns:
                _, _, call, owner = heapq.heappop(self._delayed)
                self._timed(call, owner)
            if t_ns >= self._next_tick_ns:
                self._tick(t_ns)

    def rates(self, elapsed_s: float) -> dict[str, float]:
        """How often each owner's looks were really taken, Hz (of its most frequent one)."""
        out: dict[str, float] = {}
        for look in self._looks:
            out[look.owner] = max(out.get(look.owner, 0.0), look.taken / elapsed_s if elapsed_s > 0 else 0.0)
        return out

    def close(self) -> None:
        """Lets go of the kernel's object."""
        self._epoll.close()

    def _tick(self, t_ns: int) -> None:
        for look in self._looks:
            if t_ns + self.tick_ns // 8 < look.due_ns:
                continue
            used = self._timed(lambda look=look: look.call(now_ns()), look.owner)  # type: ignore[misc]
            look.taken += 1
            look.cpu_ns += used
            look.due_ns = t_ns + max(look.period_ns, int(used / self.budget_ns_per_ns))
        self.after_tick()
        missed = (now_ns() - self._next_tick_ns) // self.tick_ns
        self._next_tick_ns += (missed + 1) * self.tick_ns

    def _timed(self, call: Callable[[], None], owner: str) -> int:
        before = time.thread_time_ns()
        outer, self.owner = self.owner, owner
        try:
            call()
        finally:
            self.owner = outer
        used = time.thread_time_ns() - before
        self.cpu_ns[owner] = self.cpu_ns.get(owner, 0) + used
        return used
