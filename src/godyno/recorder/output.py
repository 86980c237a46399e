"""The command's output passes through: the user sees it as it would have been, the journal keeps each piece with its time.

Where stdout and stderr are one (a terminal, or ``2>&1``), one channel carries both, so their interleaving is the command's
own. Towards a terminal a channel is a pseudo-terminal of the same size, so the command shows colours and widths as always;
stdin stays the user's own. A thread per channel copies: a reader that is slow (``less``) slows the command down as it would
have, not the recorder.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import termios
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from godyno.capture.journal import STREAMS, Journal
from godyno.clock import now_ns

_PIECE_BYTES = 1 << 16
_MUCH_BYTES = 1 << 12  # a pseudo-terminal gives no more at once
GATHER_S = 0.001
DIVERTED = "stderr"  # the file in a probe's raw folder
_WINDOW = struct.Struct("HHHH")


@dataclass(slots=True)
class Channel:
    """One stream between the command and what godyno was given. ``read_fd`` is ours, ``write_fd`` the command's."""

    stream: str
    out_fd: int
    read_fd: int
    write_fd: int
    is_terminal: bool
    serves: tuple[int, ...]  # 1, 2, or both
    diverted: Diverted | None = None


@dataclass(frozen=True, slots=True)
class Diverted:
    """Whole lines of stderr that begin with one of ``prefixes`` are a probe's own: they are not shown, and of them those that begin with
    one of ``kept`` are appended to ``file``.
    """

    prefixes: tuple[bytes, ...]
    kept: tuple[bytes, ...]
    file: Path


def open_channels(diverted: Diverted | None = None) -> list[Channel]:
    """The channels that stand for the present stdout and stderr; a closed one gets none.

    Where lines are ``diverted``, stderr has a pipe of its own, so that no line of stdout lies within one.
    """
    first, second = _identity(1), _identity(2)
    if first is not None and first == second and not diverted:
        return [_open("output", 1, (1, 2))]
    return [
        _open(stream, fd, (fd,), diverted if fd == 2 else None)
        for stream, fd, found in (("stdout", 1, first), ("stderr", 2, second))
        if found is not None
    ]


def _identity(fd: int) -> tuple[int, int, int] | None:
    try:
        found = os.fstat(fd)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_rdev


def _open(stream: str, out_fd: int, serves: tuple[int, ...], diverted: Diverted | None = None) -> Channel:
    if os.isatty(out_fd) and not diverted:
        read_fd, write_fd = os.openpty()
        settings = termios.tcgetattr(write_fd)
        settings[1] &= ~termios.OPOST  # the user's own terminal turns \n into \r\n, once
        settings[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
        termios.tcsetattr(write_fd, termios.TCSANOW, settings)
        os.set_inheritable(read_fd, False)
        channel = Channel(stream, out_fd, read_fd, write_fd, True, serves)
        copy_window_size(channel)
        return channel
    read_fd, write_fd = os.pipe()
    return Channel(stream, out_fd, read_fd, write_fd, False, serves, diverted)


def copy_window_size(channel: Channel) -> None:
    """Gives the command's terminal the size of the user's."""
    if channel.is_terminal:
        try:
            size = fcntl.ioctl(channel.out_fd, termios.TIOCGWINSZ, _WINDOW.pack(0, 0, 0, 0))
            fcntl.ioctl(channel.read_fd, termios.TIOCSWINSZ, size)
        except OSError:
            pass  # the terminal is gone


class Relay:
    """Copies one channel on a thread until its end. Where nobody reads our output any more, it closes its end, so that the
    command notices as it would have without us.
    """

    def __init__(self, channel: Channel, kept: KeptOutput, quiet: bool) -> None:
        self.channel, self.kept, self.quiet = channel, kept, quiet
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self._copy, name=f"godyno-{channel.stream}", daemon=True)

    def start(self) -> None:
        """Begins to copy."""
        self.thread.start()

    def _copy(self) -> None:
        _be_prompt()
        channel, stream = self.channel, STREAMS.index(self.channel.stream)
        sieve = Sieve(channel.diverted) if channel.diverted else None
        while True:
            try:
                piece = os.read(channel.read_fd, _PIECE_BYTES)
            except OSError:  # EIO: the last holder of a pseudo-terminal closed it
                piece = b""
            ended = not piece
            if sieve:
                piece = sieve.rest() if ended else sieve.passed(piece)
            if ended and not piece:
                break
            t_ns = now_ns()
            shown = self.quiet or write_all(channel.out_fd, piece)
            self.kept.add(stream, t_ns, piece)
            if not shown or ended:
                break
            if len(piece) < _MUCH_BYTES:
                time.sleep(GATHER_S)
        os.close(channel.read_fd)
        self.closed.set()


class Sieve:
    """Takes a probe's own lines out of what passes. What is not yet a whole line waits only while it may become one of them."""

    def __init__(self, diverted: Diverted) -> None:
        self._prefixes, self._kept = diverted.prefixes, diverted.kept
        self._file = diverted.file.open("ab", buffering=1 << 16)
        self._begun = b""
        self._inside = False  # the beginning of the present line was passed on already

    def passed(self, piece: bytes) -> bytes:
        """What of ``piece``, and of what had waited, is to be passed on."""
        *lines, self._begun = (self._begun + piece).split(b"\n")
        out = []
        for line in lines:
            if self._inside or not line.startswith(self._prefixes):
                out.append(line + b"\n")
            elif line.startswith(self._kept):
                self._write(line + b"\n")
            self._inside = False
        if self._begun and (self._inside or not self._may_be_one(self._begun)):
            out.append(self._begun)
            self._begun, self._inside = b"", True
        return b"".join(out)

    def rest(self) -> bytes:
        """What waited when the end came."""
        self._file.close()
        begun, self._begun = self._begun, b""
        return b"" if begun.startswith(self._prefixes) else begun

    def _may_be_one(self, begun: bytes) -> bool:
        return any(begun.startswith(prefix[: len(begun)]) for prefix in self._prefixes)

    def _write(self, line: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):  # a full disk costs these lines, not the command
            self._file.write(line)


def _be_prompt() -> None:
    """This thread wakes at once on a busy machine, where it may ask for that: a line's time is that of its arrival here.

    Without it lines came up to 80 ms late on a machine with eight others ready. With it alone each line would be a switch,
    and a program that prints much take 1.7 times as long; so what comes within a millisecond is taken together.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))


def write_all(fd: int, data: bytes) -> bool:
    """Writes everything, waiting where it must; False where nobody reads any more."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            threading.Event().wait(0.001)  # somebody made the shared descriptor non-blocking
        except OSError:
            return False
    return True


class KeptOutput:
    """What the journal keeps of the output: everything up to ``most_bytes``, then only the count of the rest."""

    def __init__(self, journal: Journal, most_bytes: int) -> None:
        self._journal, self._left = journal, most_bytes
        self._lock = threading.Lock()
        self._open = True
        self.dropped_bytes = 0
        self.waiting = threading.Event()

    def add(self, stream: int, t_ns: int, piece: bytes) -> None:
        """Keeps a piece as it arrived."""
        with self._lock:
            if not self._open:
                return
            if len(piece) > self._left:
                self._left = 0
                self.dropped_bytes += len(piece)
                return
            self._left -= len(piece)
            self._journal.chunk(stream, t_ns, piece)
            self.waiting.set()

    def flush(self) -> None:
        """Makes it safe from a kill of this process, too."""
        with self._lock:
            self.waiting.clear()
            if self._open:
                self._journal.flush()

    def close(self) -> int:
        """Closes the journal; what comes later is shown, not kept. Gives the bytes that were shown and not kept."""
        with self._lock:
            if self._open:
                self._open = False
                self._journal.close()
            return self.dropped_bytes + self._journal.lost_bytes
