"""A file that is only appended to, by a recorder that must go on when the disk is full. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_MOST_WAITING_BYTES = 8 << 20


class Appender:
    """Collects in memory and writes on ``flush``. Never raises OSError.

    While the disk is full, what waits is kept up to 8 MiB and tried again at each flush; what does not fit is counted in
    ``lost_bytes``, and ``on_full`` is called once with the error.
    """

    def __init__(self, path: Path, on_full: Callable[[OSError], None] = lambda error: None) -> None:
        self.on_full = on_full
        self.written_bytes = self.lost_bytes = 0
        self._waiting = bytearray()
        self._full = False
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    @property
    def waiting_bytes(self) -> int:
        """How much is not on disk yet."""
        return len(self._waiting)

    def write(self, data: bytes) -> bool:
        """Appends all of ``data``, or none of it where the disk has been full for too long (False)."""
        if self._full and len(self._waiting) + len(data) > _MOST_WAITING_BYTES:
            self.lost_bytes += len(data)
            return False
        self._waiting += data
        return True

    def flush(self) -> None:
        """Hands what waits to the kernel: from then on a killed recorder loses none of it."""
        while self._waiting:
            try:
                written = os.write(self._fd, self._waiting)
            except OSError as error:
                if not self._full:
                    self._full = True
                    self.on_full(error)
                return
            self.written_bytes += written
            del self._waiting[:written]
        self._full = False

    def close(self) -> None:
        """Flushes, makes it durable, closes; what cannot be written any more is lost and counted."""
        self.flush()
        self.lost_bytes += len(self._waiting)
        try:
            os.fsync(self._fd)
        except OSError:
            pass  # a full or broken disk was told at the write
        os.close(self._fd)
