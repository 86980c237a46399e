"""Ending a survey or a study early: by Ctrl-C, by a signal that only its own process got, or because its time is over."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

_AGAIN_S = 10.0
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
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGINT)
        raise KeyboardInterrupt

    for number in _ENDING:
        # What the surrounding program ignores (nohup) stays ignored.
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        restore()


class OutOfTime(KeyboardInterrupt):
    """The budget is over: ends what runs as Ctrl-C would, so that whatever survives that survives this."""


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """Raises OutOfTime inside the block once ``seconds`` have passed, whatever it waits for, and tells the recording that runs.

    This makes a budget hold by design: preparation that nobody timed counts, too. What does not end on SIGINT gets SIGTERM ten seconds
    later, and is waited for no longer. Off the main thread it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    told = [signal.SIGTERM, signal.SIGINT]

    def end(number: int, frame: FrameType | None) -> None:
        ending = told.pop() if len(told) > 1 else told[0]
        for child in _children():
            with suppress(ProcessLookupError):
                os.kill(child, ending)
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _children() -> list[int]:
    """The processes that this one started and that are alive; none where /proc does not say."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except (OSError, ValueError):
            continue
    return found
