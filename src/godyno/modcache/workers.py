"""Processes that check what they are given, in batches, and end soon after nobody waits for them any more."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.synchronize import Event
from typing import Any

Progress = Callable[[int, int, str], None]  # done and all tasks, and what is being looked at

_AT_ONCE = 16  # batches that wait for a worker: enough to keep them busy, few enough to stop at once
# Handing over a batch takes longer than checking a version of which only go.mod is there; so much of zips takes a tenth of a second.
_BATCH_BYTES, _BATCH_COUNT = 2 << 20, 64


class Workers:
    """``count`` processes."""

    def __init__(self, count: int) -> None:
        self._stop = multiprocessing.Event()
        self._pool = ProcessPoolExecutor(count, initializer=_begin, initargs=(self._stop,))

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Has one worker do ``work``."""
        return self._pool.submit(work, *arguments)

    def map(
        self, check: Callable[..., Any], batches: Sequence[Sequence[tuple[Any, ...]]], what: str, progress: Progress
    ) -> Iterator[Any]:  # fmt: skip
        """What ``check`` answers to each arguments in ``batches``, as it comes."""
        queue, running = iter(batches), set[Future[list[Any]]]()
        finished, of = 0, sum(map(len, batches))
        while True:
            while len(running) < _AT_ONCE and (batch := next(queue, None)) is not None:
                running.add(self._pool.submit(_each, check, batch))
            if not running:
                break
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                found = future.result()
                finished += len(found)
                yield from found
            progress(finished, of, what)

    def close(self) -> None:
        """Leaves what was not begun; what runs and asks ``stopped`` ends, too."""
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)


def in_batches(items: Iterable[tuple[int, Any]]) -> Iterator[list[Any]]:
    """Items with their sizes in bytes: the largest first, so that no long one is left to the end, and small ones together."""
    batch: list[Any] = []
    held = 0
    for size, item in sorted(items, key=lambda pair: -pair[0]):
        batch.append(item)
        held += size
        if held >= _BATCH_BYTES or len(batch) == _BATCH_COUNT:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def stopped() -> bool:
    """In a worker: whether nobody waits for it any more."""
    return _stop is not None and _stop.is_set()


_stop: Event | None = None


def _begin(stop: Event) -> None:
    global _stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that collects
    _stop = stop


def _each(check: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    return [check(*call) for call in calls]
