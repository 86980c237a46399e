"""What a user is told while something takes its time: what it is, of how much, for how long so far."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from godyno import units

_QUIET_S, _EVERY_S = 2.0, 1.0
_LARGE_BYTES = 200_000_000


@contextmanager
def working(what: str, wanted: bool = True, quiet_s: float = _QUIET_S) -> Iterator[None]:
    """Says on stderr that godyno ``what`` (a verb, and what of), once the ``with`` has lasted for ``quiet_s``.

    On a terminal that is a line which is rewritten and goes at the end, elsewhere one line.
    """
    if not wanted or sys.stderr is None:
        yield
        return
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(what, sys.stderr, done, quiet_s), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(what: str, out: TextIO, done: threading.Event, quiet_s: float) -> None:
    began = time.monotonic()
    if done.wait(quiet_s):
        return
    try:
        if not out.isatty():
            print(f"godyno: {what} …", file=out, flush=True)
            return
        while True:
            text = f"godyno: {what} … {time.monotonic() - began:.0f} s"
            print(f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}", end="", file=out, flush=True)
            if done.wait(_EVERY_S):
                break
        print("\r\x1b[K", end="", file=out, flush=True)
    except (OSError, ValueError):
        pass  # nobody reads it any more


def sized(place: str | os.PathLike[str]) -> str:
    """A capture's name, with its size where that is large."""
    path = Path(place)
    try:
        files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
        size = sum(one.stat().st_size for one in files)
    except OSError:
        size = 0
    return f"{path} ({units.show_bytes(size)})" if size > _LARGE_BYTES else str(path)
