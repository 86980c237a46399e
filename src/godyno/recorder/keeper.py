"""The keeper: a small process that outlives a killed recorder and leaves nothing behind.

It is forked before the command starts, in a session of its own, and waits on a pipe that the recorder holds. If the
recorder ends as it should, the keeper ends too. If the recorder is killed, the pipe closes, and the keeper does what a
user would want: the command goes on, its output still arrives where it was to go, and when the last process of the tree is
gone the keeper removes the cgroup and what else was to be restored. The journal stays for ``godyno recover``.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from collections.abc import Callable, Sequence

from godyno.recorder.output import Channel, write_all

_LOOK_S = 0.2
# What the recorder may say: a letter and a digit.
_CLOSE, _DONE, _LINGER = b"c", b"d", b"l"


class Keeper:
    """The recorder's side. ``tidy`` is called in the keeper, when the tree has ended, as often as it gives False."""

    def __init__(self, channels: Sequence[Channel], tidy: Callable[[], bool]) -> None:
        theirs, self._line = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._line)
            try:
                _keep(theirs, list(channels), tidy)
            finally:
                os._exit(0)
        os.close(theirs)

    def close_channel(self, index: int) -> None:
        """Nobody reads this channel's output any more, so the command must notice."""
        self._say(_CLOSE + str(index).encode())

    def finish(self, linger: bool) -> None:
        """The recorder is about to end. ``linger``: processes of the tree live on and still write through godyno."""
        self._say((_LINGER if linger else _DONE) + b"0")
        os.close(self._line)

    def cpu_s(self) -> float:
        """Waits for a keeper that was told to finish, and gives its CPU seconds."""
        _, _, usage = os.wait4(self.pid, 0)
        return usage.ru_utime + usage.ru_stime

    def _say(self, word: bytes) -> None:
        try:
            os.write(self._line, word)
        except OSError:
            pass  # somebody killed the keeper; the recorder does its work alone


def _keep(line: int, channels: list[Channel], tidy: Callable[[], bool]) -> None:
    os.setsid()  # a kill of the recorder's whole process group does not reach it
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for channel in channels:
        os.close(channel.write_fd)
    os.chdir("/")
    _rename(b"dyno-keeper")
    living: dict[int, Channel] = dict(enumerate(channels))
    word = os.read(line, 2)
    while word[:1] == _CLOSE:
        gone = living.pop(int(word[1:]), None)
        if gone:
            os.close(gone.read_fd)
        word = os.read(line, 2)
    if word[:1] == _DONE:
        return
    _relay(list(living.values()))
    while not tidy():
        time.sleep(_LOOK_S)


def _rename(name: bytes) -> None:
    """Shows ``name`` as the command line, as setproctitle does: `pkill -9 -f "godyno record"` means the recorder."""
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123
            fields = file.read().rpartition(b")")[2].split()
        start, end = (
            int(fields[45]),
            int(fields[46]),
        )  # arg_start and arg_end, proc_pid_stat(5) fields 48 and 49
        ctypes.memmove(start, name.ljust(end - start, b"\0")[: end - start], end - start)
        with open("/proc/self/comm", "wb") as file:  # noqa: PTH123
            file.write(name[:15])
    except (OSError, ValueError, IndexError):
        pass  # it only looks less clear in `ps`


def _relay(channels: list[Channel]) -> None:
    """Copies until every channel has ended. No thread: forking is over, and select is enough for a killed recorder."""
    by_fd = {channel.read_fd: channel for channel in channels}
    while by_fd:
        ready, _, _ = select.select(list(by_fd), [], [])
        for fd in ready:
            try:
                piece = os.read(fd, 1 << 16)
            except OSError:
                piece = b""
            if not piece or not write_all(by_fd[fd].out_fd, piece):
                os.close(fd)
                del by_fd[fd]
