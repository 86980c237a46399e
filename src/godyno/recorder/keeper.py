"""The keeper: a small process that passes the command's output on, and outlives a killed recorder.

It is forked before the command starts, in a session of its own. It copies the command's output to where it was to go and
appends it to the capture's output journal; nothing of that passes through the recorder, so a kill -9 of the recorder loses not
a byte. If the recorder ends as it should, the keeper ends too. If the recorder is killed, a pipe between them closes, and the
keeper does what a user would want: the command goes on, its output still arrives and is still kept, and when the last process
of the tree is gone the keeper removes the cgroup and what else was to be restored. `godyno recover` seals the rest.
"""

from __future__ import annotations

import os
import select
import signal
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
_FLUSH_S = 0.1
_REPLY = struct.Struct("<qB")
_HUNDREDTHS = 100.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What the keeper says at the end: output that was not kept, and whether somebody still writes."""

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
        theirs, self._line = os.pipe()
        self._reply, reply = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._line)
            os.close(self._reply)
            try:
                _keep(theirs, reply, list(channels), journal, most_bytes, quiet, tidy)
            finally:
                os._exit(0)
        os.close(theirs)
        os.close(reply)

    def finish(self, patience_s: float, stay: bool) -> Ended:
        """The command has ended. Waits up to ``patience_s`` for the end of its output.

        With ``stay``, or where somebody still writes then, the keeper goes on passing output on and tidies up afterwards;
        what comes from now on is not kept. A keeper that somebody killed has lost nothing that can be counted.
        """
        try:
            os.write(self._line, bytes((min(255, round(patience_s * _HUNDREDTHS)), stay)))
        except OSError:
            pass
        answer = os.read(self._reply, _REPLY.size)
        os.close(self._line)
        os.close(self._reply)
        if len(answer) < _REPLY.size:
            return Ended(0, False)
        lost_bytes, lingers = _REPLY.unpack(answer)
        return Ended(lost_bytes, bool(lingers))

    def cpu_s(self) -> float:
        """Waits for a keeper that does not linger, and gives its CPU seconds."""
        _, _, usage = os.wait4(self.pid, 0)
        return usage.ru_utime + usage.ru_stime


def _keep(
    line: int,
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
    word = _flush_until_told(line, kept)
    if word:
        patience_s, stay = word[0] / _HUNDREDTHS, bool(word[1:2] and word[1])
        deadline = time.monotonic() + patience_s
        for relay in relays:
            relay.closed.wait(max(0.0, deadline - time.monotonic()))
        lingers = stay or any(not relay.closed.is_set() for relay in relays)
        os.write(reply, _REPLY.pack(kept.close(), lingers))
        if not lingers:
            return
    while any(not relay.closed.is_set() for relay in relays):
        time.sleep(_LOOK_S)
        kept.flush()
    kept.close()
    while not tidy():
        time.sleep(_LOOK_S)


def _flush_until_told(line: int, kept: KeptOutput) -> bytes:
    """Makes what was kept safe ten times a second while there is something; gives the recorder's word, or b"" if it died."""
    watched = select.poll()
    watched.register(line, select.POLLIN | select.POLLHUP)
    while True:
        # With nothing to flush it sleeps until told; a thread that gets a piece wakes nobody, so it looks again at its pace.
        if watched.poll(_FLUSH_S * 1000):
            return os.read(line, 2)
        if kept.waiting.is_set():
            kept.flush()


def _tell_full(error: OSError) -> None:
    print(f"godyno: cannot keep the output: {error.strerror}; the command goes on", file=sys.stderr)
