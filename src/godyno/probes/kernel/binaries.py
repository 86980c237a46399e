"""Programs that may be gone when their functions are to be named: `go run` and `go test` delete what they built at once.

A descriptor is kept for each program that was exec'd; when the command has ended, those that were deleted meanwhile (a
descriptor still reads them) are copied into the raw folder, and the copy is removed when names have been found.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

from godyno.interfaces import Sink, Target
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_probe import follow_new_threads, open_scope

_MOST_HELD = 512
_MOST_COPIED_BYTES = 1 << 30
_PAIR = struct.Struct("<II")
_EVENT = pe.Event("exec", flags=pe.COMM | pe.COMM_EXEC, identified=False)


class HeldBinaries:
    """Holds the programs of ``target`` open from their exec on. Raises OSError where execs cannot be watched."""

    def __init__(self, target: Target, sink: Sink, kinds: Iterable[str]) -> None:
        self.target, self.sink = target, sink
        self.held: dict[tuple[int, int], tuple[int, str]] = {}  # device and inode to descriptor and path
        self.passed_over = 0
        # One byte is enough to wake: of this event there are only execs and renamed threads.
        open_scope([_EVENT], target, kinds, self._open)
        for ring in self.rings.rings:
            target.loop.on_readable(ring.fd, lambda ring=ring: self._take(ring))  # type: ignore[misc]

    def _open(self, events: Iterable[pe.Event], scope: pe.Scope) -> None:
        self.rings = pe.Rings(list(events), scope, 1, 1)
        if len(scope.tids) > 1:
            follow_new_threads(self.rings, [_EVENT], scope.tids, 1)

    def hold(self, pid: int) -> None:
        """Holds the program that ``pid`` runs now; nothing where it is gone or another user's."""
        try:
            fd = os.open(f"/proc/{pid}/exe", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
        try:
            status = os.fstat(fd)
            key = (status.st_dev, status.st_ino)
            if key in self.held:
                os.close(fd)
            elif len(self.held) >= _MOST_HELD:
                self.passed_over += 1
                os.close(fd)
            else:
                self.held[key] = (fd, os.readlink(f"/proc/self/fd/{fd}"))  # noqa: PTH115
        except OSError:
            os.close(fd)

    def close(self) -> None:
        """Copies what has been deleted or replaced, lets go of the rest."""
        for ring in self.rings.rings:
            self._take(ring)
            self.target.loop.forget(ring.fd)
        self.rings.close()
        left = _MOST_COPIED_BYTES
        for (device, inode), (fd, path) in self.held.items():
            try:
                if _is_gone(device, inode, path):
                    size = os.fstat(fd).st_size
                    if size <= left:
                        left -= size
                        self._copy(fd, inode, size)
                    else:
                        self.passed_over += 1
            except OSError as error:
                self.sink.warn(f"{path} was deleted and could not be copied: {error.strerror}")
            finally:
                os.close(fd)
        self.held.clear()
        if self.passed_over:
            self.sink.note("programs_not_kept", self.passed_over)

    def _copy(self, fd: int, inode: int, size: int) -> None:
        folder = self.sink.raw("binaries")
        folder.mkdir(exist_ok=True)
        out = os.open(folder / str(inode), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            done = 0
            while done < size and (sent := os.sendfile(out, fd, done, min(size - done, 1 << 24))):
                done += sent
        finally:
            os.close(out)

    def _take(self, ring: pe.Ring) -> None:
        data = ring.take()
        for kind, misc, start, _ in pe.records(data):
            if kind == pe.RECORD_COMM and misc & pe.MISC_COMM_EXEC:
                self.hold(_PAIR.unpack_from(data, start)[0])


def remove_copies(raw: Path) -> None:
    """Removes the copies: the names are in the tables, and a program may be a secret that a capture should not carry."""
    folder = raw / "binaries"
    if folder.is_symlink() or not folder.is_dir():
        return
    for copy in folder.iterdir():
        if copy.name.isdecimal() and not copy.is_dir():
            copy.unlink(missing_ok=True)
    try:
        folder.rmdir()
    except OSError:
        pass  # something else lies in it


def _is_gone(device: int, inode: int, path: str) -> bool:
    try:
        now = os.stat(path)  # noqa: PTH116
    except OSError:
        return True
    return (now.st_dev, now.st_ino) != (device, inode)
