"""The command's end: how it is noticed, brought about after a time-out, and told."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Callable, Iterable, Sequence

from godyno.clock import now_ns
from godyno.interfaces import Loop, Probe, Target
from godyno.machine.cgroups import Group
from godyno.model import Result
from godyno.recorder.loop import EventLoop
from godyno.recorder.output import Channel, copy_window_size
from godyno.recorder.signals import Signals

_KILL_AFTER_S = 5.0
_GIVE_UP_AFTER_S = 5.0
_WIND_DOWN_S = 6.0


class Ending:
    """Waits for the command, passes signals on to it, and stops the loop at its end (``wait_for_tree``: at that of its cgroup)."""

    def __init__(
        self, loop: EventLoop, signals: Signals, target: Target, group: Group | None, channels: Sequence[Channel],
        *, wait_for_tree: bool = False,
    ) -> None:  # fmt: skip
        self.loop, self.signals, self.target, self.group, self.channels = (
            loop,
            signals,
            target,
            group,
            channels,
        )
        self.wait_for_tree = wait_for_tree
        self.timed_out = self.told = self.given_up = False
        self.ended_ns = 0
        self._status: tuple[int, resource.struct_rusage] | None = None
        loop.on_readable(signals.fd, self._on_signals)

    def after(self, timeout_s: float, probes: Sequence[Probe]) -> None:
        """Ends the tree ``timeout_s`` from now (SIGTERM, then SIGKILL), when ``probes`` have asked what they still want."""

        def time_out() -> None:
            if self._status is None:
                self.timed_out = True
                wind_down(probes, self.loop, self._end_tree)

        self.loop.after(timeout_s, time_out)

    def when_told(self, fd: int, probes: Sequence[Probe], kill_after_s: float = _KILL_AFTER_S) -> None:
        """Ends the tree, as after a time-out, when ``fd`` is readable: somebody says so, or is gone.

        Of a pipe's write end that is the latter alone: its last reader is gone.
        """

        def end() -> None:
            self.loop.forget(fd)
            if self._status is None:
                self.told = True
                wind_down(probes, self.loop, lambda: self._end_tree(kill_after_s))

        self.loop.on_readable(fd, end)

    def result(self, released_ns: int) -> Result:
        """How the command, let go at ``released_ns``, ended."""
        assert self._status is not None
        status, usage = self._status
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = 128 + number if number else os.WEXITSTATUS(status)
        return Result(released_ns, self.ended_ns, code, number, usage.ru_utime, usage.ru_stime)

    def _on_signals(self) -> None:
        for received in self.signals.take():
            if received.number == signal.SIGCHLD:
                self._reap()
            elif received.number == signal.SIGWINCH:
                for channel in self.channels:
                    copy_window_size(channel)
            elif not received.from_terminal and self._status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.target.pid, received.number)

    def _reap(self) -> None:
        if self._status is not None:
            return
        ended, status, usage = os.wait4(self.target.pid, os.WNOHANG)
        if ended:
            self.ended_ns = now_ns()
            self._status = (status, usage)
            if self.wait_for_tree and self.group and self.group.pids():
                self.loop.every(0.1, lambda t_ns: self._stop_when_empty())
            else:
                self.loop.stopped = True

    def _stop_when_empty(self) -> None:
        if not (self.group and self.group.pids()):
            self.loop.stopped = True

    def _end_tree(self, kill_after_s: float = _KILL_AFTER_S) -> None:
        self._signal_tree(signal.SIGTERM)
        self.loop.after(kill_after_s, lambda: self._signal_tree(signal.SIGKILL))
        self.loop.after(kill_after_s + _GIVE_UP_AFTER_S, self._give_up)

    def _give_up(self) -> None:
        """The kernel holds what was killed: a process that ends needs a lock that a starved stranger may have for a minute."""
        if self._status is None:
            self.given_up, self.ended_ns = True, now_ns()
            self._status = (signal.SIGKILL, resource.struct_rusage((0,) * 16))
            self.loop.stopped = True

    def _signal_tree(self, number: signal.Signals) -> None:
        if self._status is not None:
            return
        if self.group and number == signal.SIGKILL:
            self.group.kill(timeout_s=1.0)
            return
        for pid in [*self.target.pids(), self.target.pid]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def wind_down(probes: Sequence[Probe], loop: Loop, then: Callable[[], None]) -> None:
    """Lets probes ask for what they still want of the running program, some seconds at most; then ``then``, once."""
    wind_downs = [probe.wind_down for probe in probes if hasattr(probe, "wind_down")]
    waiting = set(range(len(wind_downs)))

    def done(which: Iterable[int]) -> None:
        if waiting:
            waiting.difference_update(which)
            if not waiting:
                then()

    if not wind_downs:
        then()
        return
    loop.after(_WIND_DOWN_S, lambda: done(tuple(waiting)))
    for index, begin in enumerate(wind_downs):
        begin(lambda index=index: done((index,)))
