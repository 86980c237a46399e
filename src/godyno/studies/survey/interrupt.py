"""Ending a survey early: by Ctrl-C, or by a signal that only its own process got."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP are passed on to the recording that runs, so that it ends and seals, and raise KeyboardInterrupt here.

    A second signal acts as it did before. Elsewhere than on the main thread this does nothing: Python delivers signals there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _ENDING}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def end(number: int, frame: FrameType | None) -> None:
        restore()
        for child in _children():
            try:
                os.kill(child, signal.SIGINT)
            except ProcessLookupError:
                continue
        raise KeyboardInterrupt

    for number in _ENDING:
        # What the surrounding program ignores (nohup) stays ignored.
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        restore()


def _children() -> list[int]:
    """The processes that this one started and that are alive; none where /proc does not say."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except (OSError, ValueError):
            continue
    return found
