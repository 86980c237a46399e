"""Signals of the recorder as something to read, with who sent them.

A terminal sends Ctrl-C to every process of the foreground group, so the command has it already and the recorder only
waits for the end; a signal that somebody sends to the recorder alone is meant for the command and passed on. signalfd(2)
tells the two apart by the sender's code.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from dataclasses import dataclass

FORWARDED = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM,
)  # fmt: skip
WATCHED = (*FORWARDED, signal.SIGCHLD, signal.SIGWINCH)
_FROM_KERNEL = 0x80  # SI_KERNEL: the terminal driver
_INFO = struct.Struct("<IiiI")
_INFO_BYTES = 128
_SFD_CLOEXEC, _SFD_NONBLOCK = os.O_CLOEXEC, os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Received:
    """A signal, and whether a terminal sent it to the whole foreground group."""

    number: int
    from_terminal: bool


class Signals:
    """Blocks the watched signals and reads them from ``fd``. The command's own mask is ``inherited_mask``."""

    def __init__(self) -> None:
        self.inherited_mask = signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        libc = ctypes.CDLL(None, use_errno=True)
        mask = (ctypes.c_uint64 * 16)()  # sigset_t is 128 bytes in glibc and musl
        for number in WATCHED:
            mask[(number - 1) // 64] |= 1 << ((number - 1) % 64)
        self.fd: int = libc.signalfd(-1, ctypes.byref(mask), _SFD_CLOEXEC | _SFD_NONBLOCK)
        if self.fd < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def take(self) -> list[Received]:
        """Every signal that waits."""
        out: list[Received] = []
        while True:
            try:
                data = os.read(self.fd, _INFO_BYTES)
            except BlockingIOError:
                return out
            number, _, code, _ = _INFO.unpack_from(data)
            out.append(Received(number, code == _FROM_KERNEL))

    def close(self) -> None:
        """Stops reading, drops what waits, and restores the mask."""
        self.take()
        os.close(self.fd)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.inherited_mask)
