"""What every probe of the machine shares: kept-open files, read together, stamped before and after.

A look reads all files of a probe by ``pread`` and only then parses. What was read is stamped with the middle
of the two instants; the half width is the alignment error, kept in the manifest. A row of values that did not
change is not written again until it changes; then the last look at the old values is written first. So a
curve through the points is the curve through all looks, and an idle disk costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from godyno.clock import now_ns
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Availability, Clock

COUNTER = {"kind": "counter"}
NAN = float("nan")


class KeptFile:
    """A file of /proc, /sys or a cgroup, opened once and read again and again."""

    __slots__ = ("_fd", "_size", "path")

    def __init__(self, path: Path, size: int = 4096) -> None:
        """Raises OSError where it cannot be opened."""
        self.path, self._size = path, size
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> bytes:
        """What it says now; nothing where it cannot be read any more (a group that was removed, a device
        unplugged)."""
        try:
            data = os.pread(self._fd, self._size, 0)
            while len(data) == self._size and self._size < 1 << 22:  # it has outgrown the buffer
                self._size *= 2
                data = os.pread(self._fd, self._size, 0)
            return data
        except OSError:
            return b""

    def close(self) -> None:
        """Closes it; more than once does no harm."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Row:
    """A group of series that are always read together, written when a value changed."""

    __slots__ = ("_group", "_last", "_sink", "_unwritten_ns", "width")

    def __init__(self, sink: Sink, series: Sequence[tuple[str, str, str, Mapping[str, str]]]) -> None:
        """``series`` are name, unit, layer and labels of each."""
        self._sink, self.width = sink, len(series)
        self._group = sink.rows(
            [sink.series(name, unit, layer, labels) for name, unit, layer, labels in series]
        )
        self._last: Sequence[float] = ()
        self._unwritten_ns = 0

    def write(self, t_ns: int, values: Sequence[float]) -> None:
        """The values at ``t_ns``."""
        if values == self._last:
            self._unwritten_ns = t_ns
            return
        if self._unwritten_ns:
            self._sink.row(self._group, self._unwritten_ns, self._last)
            self._unwritten_ns = 0
        self._sink.row(self._group, t_ns, values)
        self._last = values

    def close(self) -> None:
        """Writes the last look, where it was left out for being the same."""
        if self._unwritten_ns:
            self._sink.row(self._group, self._unwritten_ns, self._last)
            self._unwritten_ns = 0


class Sweep(SimpleProbe):
    """A probe that looks at files at a steady rate.

    ``hz`` is this probe's own rate; None takes ``rate`` times the recording's, at most ``most_hz``. ``root``
    is where the machine's ``/proc`` and ``/sys`` are.
    """

    tables: ClassVar[Mapping[str, Clock]] = {"points": Clock.READER}
    rate: ClassVar[float] = 1.0
    most_hz: ClassVar[float] = 1000.0

    def __init__(self, *, root: str | os.PathLike[str] = "/", hz: float | None = None) -> None:
        self.root, self.hz = Path(root), hz
        self._files: list[KeptFile] = []
        self._rows: list[Row] = []
        self._looks, self._misread, self._half_width_ns, self._most_half_width_ns = 0, 0, 0, 0

    # ---- what a probe says

    def open(self, target: Target) -> None:
        """Opens files with ``keep`` and declares series with ``row``."""
        raise NotImplementedError

    def keep_values(self, t_ns: int, texts: Sequence[bytes]) -> None:
        """Parses the texts of the kept files, in their order, and writes rows."""
        raise NotImplementedError

    def finish(self) -> None:
        """Notes facts about the whole recording; before the files are closed."""

    # ---- what it uses

    def keep(self, path: str | Path, size: int = 4096) -> bool:
        """Opens a file below the root, or at an absolute place of a cgroup; whether it can be read."""
        try:
            place = path if isinstance(path, Path) else self.root / path
            file = KeptFile(place, size)
        except OSError:
            return False
        if not file.read():
            file.close()
            return False
        self._files.append(file)
        return True

    def row(self, series: Sequence[tuple[str, str, str, Mapping[str, str]]]) -> Row:
        """Declares series that are read together."""
        row = Row(self.sink, series)
        self._rows.append(row)
        return row

    # ---- the probe's life

    def start(self, target: Target, sink: Sink) -> None:
        """Opens the files, takes the first look, and looks on."""
        self.sink = sink
        self.open(target)
        if self._files:
            self.look(now_ns())
            target.loop.every(1 / (self.hz or min(target.hz * self.rate, self.most_hz)), self.look)

    def look(self, t_ns: int) -> None:
        """One sweep over all files."""
        before = now_ns()
        texts = [file.read() for file in self._files]
        after = now_ns()
        half = (after - before + 1) // 2
        self._looks += 1
        self._half_width_ns += half
        if half > self._most_half_width_ns:
            self._most_half_width_ns = half
        try:
            self.keep_values(before + half, texts)
        except (ValueError, IndexError):  # not as the kernel documents it: a gap, counted, not an end
            self._misread += 1

    def stop(self) -> None:
        """Takes the last look and closes the files."""
        if not self._files:
            return
        try:
            self.look(now_ns())
            for row in self._rows:
                row.close()
            self.finish()
            if self._misread:
                self.sink.warn(
                    f"{self._misread} of {self._looks} looks found files that are not as documented"
                )
            self.sink.note("looks", self._looks)
            self.sink.note("alignment_error_ns", self._most_half_width_ns)
            self.sink.note("mean_alignment_error_ns", self._half_width_ns // self._looks)
        finally:
            for file in self._files:
                file.close()
            self._files.clear()
            self._rows.clear()


def readable(path: Path) -> str:
    """Why a file cannot be read, in the kernel's words; empty where it can."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return os.strerror(error.errno or 0)
    try:
        os.read(file, 1)
    except OSError as error:
        return os.strerror(error.errno or 0)
    finally:
        os.close(file)
    return ""


def needs_linux(os_name: str, what: str) -> Availability | None:
    """The answer for a system that is not Linux; None where it is."""
    if os_name in ("", "linux"):
        return None
    return Availability(False, f"{what} is read from Linux's /proc and /sys", "Record on Linux.")


def positions(data: bytes, names: Sequence[str]) -> list[int]:
    """Where in ``data.split()`` the value of each name of a ``name value`` file stands; -1 where it has none.

    The kernel writes such a file in the same order every time, so the positions are found once.
    """
    words = data.replace(b":", b" ").split()
    found = {word: index + 1 for index, word in reversed(list(enumerate(words)))}
    return [found.get(name.encode(), -1) for name in names]
