"""The keeper: a small process that passes the command's output on, and outlives a killed recorder.

It is forked before the command starts, in a session of its own. It copies the command's output to where it was to go and
appends it to the capture's output journal; nothing of that passes through the recorder, so a kill -9 of the recorder loses not
a byte. At the end the keeper removes the cgroup and ends: that needs locks of the whole machine, which a starved stranger may
hold for a minute, and the recorder does not wait so long. If the recorder is killed, a pipe between them closes, and the keeper
does what a user would want: the command goes on, its output still arrives and is still kept, and when the last process of the
tree is gone the keeper removes the cgroup and what else was to be restored. `godyno recover` seals the rest.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno.capture.journal import Journal
from godyno.machine.process_name import show_as
from godyno.recorder.output import Channel, KeptOutput, Relay

_LOOK_S = 0.2
_ANSWER_S = 5.0  # beyond the patience that it is asked for
_TIDY_S = 2.0
_FLUSH_S = 0.1
_REPLY = struct.Struct("<qB")
_HUNDREDTHS = 100.0
_HOLD = b"h"
_MOST_AT_ONCE = 250  # descriptors in one message; the kernel takes 253


@dataclass(frozen=True, slots=True)
class Ended:
    """What the keeper says at the end: output that was not kept, and whether it goes on (somebody still writes, or no answer came)."""

    lost_bytes: int
    lingers: bool


class Keeper:
    """The recorder's side. ``tidy`` is called in the keeper, when the tree has ended, as often as it gives False.

    ``journal`` is where the output is kept; ``quiet`` keeps it without showing it.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        journal: Path,
        most_bytes: int,
        quiet: bool,
        tidy: Callable[[], bool],
    ) -> None:
        theirs, self._line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._reply, reply = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._line.close()
            os.close(self._reply)
            try:
                _keep(theirs, reply, list(channels), journal, most_bytes, quiet, tidy)
            finally:
                os._exit(0)
        theirs.close()
        os.close(reply)

    def share_perf_events(self) -> None:
        """From now on the keeper has every perf event of this process open too, until it has answered ``finish``.

        To close the last descriptor of one waits, uninterruptibly, for locks and grace periods of the whole machine; so it is the
        keeper that waits, and the recorder's own closing takes no time. What it could not be given the recorder closes itself.
        """
        mine = _perf_events()
        for start in range(0, len(mine), _MOST_AT_ONCE):
            with contextlib.suppress(OSError):
                socket.send_fds(self._line, [_HOLD], mine[start : start + _MOST_AT_ONCE])

    def finish(self, patience_s: float, stay: bool) -> Ended:
        """The command has ended. Waits up to ``patience_s`` for the end of its output.

        With ``stay``, or where somebody still writes then, the keeper goes on passing output on and tidies up afterwards;
        what comes from now on is not kept. A keeper that somebody killed has lost nothing that can be counted.
        """
        try:
            self._line.send(bytes((min(255, round(patience_s * _HUNDREDTHS)), stay)))
        except OSError:
            pass
        answer = b""
        told = _readable(self._reply, patience_s + _ANSWER_S)
        if told:
            answer = os.read(self._reply, _REPLY.size)
        self._line.close()
        if not told:
            return Ended(0, True)
        if len(answer) < _REPLY.size:
            return Ended(0, False)
        lost_bytes, lingers = _REPLY.unpack(answer)
        return Ended(lost_bytes, bool(lingers))

    def cpu_s(self) -> float | None:
        """Waits for a keeper that does not linger, and gives its CPU seconds; None where it still tidies up after 2 s."""
        if not _readable(self._reply, _TIDY_S):  # its end of the pipe closes when it ends
            return None
        os.close(self._reply)
        _, _, usage = os.wait4(self.pid, 0)
        return usage.ru_utime + usage.ru_stime


def _keep(
    line: socket.socket,
    reply: int,
    channels: list[Channel],
    journal: Path,
    most_bytes: int,
    quiet: bool,
    tidy: Callable[[], bool],
) -> None:
    os.setsid()  # a kill of the recorder's whole process group does not reach it
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for channel in channels:
        os.close(channel.write_fd)
    journal = journal.absolute()
    os.chdir("/")
    show_as(b"dyno-keeper")
    kept = KeptOutput(Journal(journal, _tell_full), most_bytes)
    relays = [Relay(channel, kept, quiet) for channel in channels]
    for relay in relays:
        relay.start()
    held: list[int] = []
    word = _flush_until_told(line, kept, held)
    if word:
        patience_s, stay = word[0] / _HUNDREDTHS, bool(word[1:2] and word[1])
        deadline = time.monotonic() + patience_s
        for relay in relays:
            relay.closed.wait(max(0.0, deadline - time.monotonic()))
        lingers = stay or any(not relay.closed.is_set() for relay in relays)
        with contextlib.suppress(OSError):  # it did not wait so long
            os.write(reply, _REPLY.pack(kept.close(), lingers))
        if not lingers:
            _let_go_of_output()
    for fd in held:
        os.close(fd)
    while any(not relay.closed.is_set() for relay in relays):
        time.sleep(_LOOK_S)
        kept.flush()
    kept.close()
    pause_s = 0.001
    while not tidy():
        time.sleep(pause_s)
        pause_s = min(_LOOK_S, pause_s * 2)


def _flush_until_told(line: socket.socket, kept: KeptOutput, held: list[int]) -> bytes:
    """Makes what was kept safe ten times a second while there is something; gives the recorder's word, or b"" if it died.

    Descriptors that come before it are added to ``held``.
    """
    watched = select.poll()
    watched.register(line, select.POLLIN | select.POLLHUP)
    while True:
        # With nothing to flush it sleeps until told; a thread that gets a piece wakes nobody, so it looks again at its pace.
        if watched.poll(_FLUSH_S * 1000):
            word, given, _, _ = socket.recv_fds(line, 2, _MOST_AT_ONCE)
            held.extend(given)
            if word != _HOLD:
                return word
        if kept.waiting.is_set():
            kept.flush()


def _perf_events() -> list[int]:
    out = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  names are all that is wanted
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}") == "anon_inode:[perf_event]":  # noqa: PTH115
                out.append(int(name))
    return out


def _readable(fd: int, timeout_s: float) -> bool:
    return bool(select.select([fd], [], [], timeout_s)[0])


def _let_go_of_output() -> None:
    """Who reads to the end of what godyno was given must not wait for the tidying."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)


def _tell_full(error: OSError) -> None:
    print(f"godyno: cannot keep the output: {error.strerror}; the command goes on", file=sys.stderr)
