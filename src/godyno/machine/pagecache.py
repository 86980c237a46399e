"""The page cache of single files: forgotten, so that the next read comes from the disk, or filled. Needs no privilege."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

_CHUNK = 4 << 20


def forget(files: Iterable[Path | str]) -> None:
    """Asks the kernel to drop the cached pages of ``files``. Pages that a running process has mapped stay (see ``resident``)."""
    for file in files:
        try:
            fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue  # gone, or not ours to read: then it is not ours to make cold
        try:
            os.fsync(fd)  # what was just built is not on the disk yet, and only clean pages are dropped
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:
            pass
        finally:
            os.close(fd)


def preload(files: Iterable[Path | str]) -> int:
    """Reads ``files`` whole, so that they are cached; the bytes read."""
    size = 0
    for file in files:
        try:
            with Path(file).open("rb", buffering=0) as stream:
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
                while piece := stream.read(_CHUNK):
                    size += len(piece)
        except OSError:
            continue
    return size


def resident(file: Path | str) -> tuple[int, int]:
    """Bytes of ``file`` that are cached, and its size. (0, 0) where that cannot be known."""
    try:
        with Path(file).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if not size:
                return 0, 0
            # A private mapping that may be written gives ctypes its address; nothing is written.
            view = mmap.mmap(
                stream.fileno(), size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE
            )
    except (OSError, ValueError):
        return 0, 0
    try:
        pages = (size + mmap.PAGESIZE - 1) // mmap.PAGESIZE
        told = (ctypes.c_ubyte * pages)()
        first = ctypes.c_char.from_buffer(view)
        libc = ctypes.CDLL(None, use_errno=True)
        failed = libc.mincore(ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(size), told)
        del first
        if failed:
            return 0, 0
        return min(size, sum(one & 1 for one in told) * mmap.PAGESIZE), size
    finally:
        view.close()


def mapped_files(pid: int) -> tuple[str, ...]:
    """The files that a process has mapped or open, the program and its libraries among them; none where that may not be seen."""
    found: dict[str, None] = {}
    try:
        for line in Path(f"/proc/{pid}/maps").read_text(errors="surrogateescape").splitlines():
            path = line.split(maxsplit=5)[5:]
            if path and path[0].startswith("/") and not path[0].startswith(("/dev/", "/memfd:")):
                found[path[0]] = None
        with os.scandir(f"/proc/{pid}/fd") as entries:
            for entry in entries:
                path_text = os.readlink(entry.path)  # noqa: PTH115
                if path_text.startswith("/") and not path_text.startswith(("/dev/", "/proc/", "/sys/")):
                    found[path_text] = None
    except OSError:
        pass
    return tuple(file for file in found if Path(file).is_file())
