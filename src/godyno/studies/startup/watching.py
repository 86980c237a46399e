"""Waiting for the moment at which a program is ready, or for its end before that."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from godyno.clock import now_ns
from godyno.model import Record
from godyno.studies.startup.listening import Listening
from godyno.workload.ready import EXIT, GRPC, HTTP, LISTEN, LOG, TCP, Ready
from godyno.workload.ready.asking import Asking

READY, ENDED, LATE = "ready", "ended", "late"
_MOST_SAID = 1 << 16
_KERNEL_LATE_NS = 100_000  # what the kernel stamps and what a program reads of the same clock lie this near (see perf_probe)
_WOKEN_NS = 200_000  # a reader of a pipe is woken this late, mostly


@dataclass(frozen=True, slots=True)
class Reached(Record):
    """How the waiting ended. The moment lies between ``t_ns - doubt_ns`` and ``t_ns``; ``how`` is who saw it."""

    outcome: str
    t_ns: int
    doubt_ns: int = 0
    how: str = ""
    said: str = ""  # the last refusal of the one that was asked


@dataclass
class Output:
    """What the program writes: ``fds`` to the stream's name. ``lines`` takes every whole line with the time of its arrival."""

    fds: Mapping[int, str] = field(default_factory=dict)
    line: Callable[[int, str, str], None] = lambda t_ns, stream, text: None
    said: bytes = b""
    _rest: dict[int, bytes] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.open = set(self.fds)
        for fd in self.open:
            os.set_blocking(fd, False)

    def read(self, fd: int) -> list[str]:
        """The lines that have come to an end."""
        t_ns = now_ns()
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return []
        if not data:
            self.open.discard(fd)
            last = self._rest.pop(fd, b"")
            return [last.decode("utf-8", "replace")] if last else []
        self.said = (self.said + data)[-_MOST_SAID:]
        *whole, self._rest[fd] = (self._rest.get(fd, b"") + data)[-_MOST_SAID:].split(b"\n")
        lines = [line.removesuffix(b"\r").decode("utf-8", "replace") for line in whole]
        for text in lines:
            self.line(t_ns, self.fds[fd], text)
        return lines

    def drain(self) -> list[str]:
        """What is there still, when the writer has ended."""
        lines: list[str] = []
        for fd in tuple(self.open):
            for _ in range(64):
                before = len(self.said)
                lines += self.read(fd)
                if fd not in self.open or len(self.said) == before:
                    break
        return lines


def wait_until_ready(
    ready: Ready, ended_fd: int, ours: Callable[[int], bool], output: Output, timeout_s: float,
    listening: Listening | None, look: Callable[[], int] | None = None,
) -> Reached:  # fmt: skip
    """Waits for ``ready``, the end of the program (``ended_fd`` becomes readable), or ``timeout_s``.

    ``listening`` tells of ports without asking; without it the server is asked from the beginning, every millisecond. ``look`` is called
    every 5 ms where neither can be had, and gives the moment or 0.
    """
    asking = Asking(ready) if ready.kind in (TCP, HTTP, GRPC) else None
    pattern = re.compile(ready.pattern) if ready.kind == LOG else None
    poll = select.poll()
    watched = [
        ended_fd,
        *output.open,
        *(listening.fds if listening else ()),
        *([asking.fd] if asking else ()),
    ]
    for fd in watched:
        poll.register(fd, select.POLLIN)
    deadline = time.monotonic() + timeout_s
    if asking and not listening:
        asking.begin()
    try:
        while (left := deadline - time.monotonic()) > 0:
            events = [fd for fd, _ in poll.poll(5 if look else min(left, 0.5) * 1000 + 1)]
            t_ns = now_ns()
            if listening:
                for at_ns, port in listening.take(ours) if set(events) & set(listening.fds) else ():
                    if ready.kind == LISTEN or (ready.kind == TCP and port == ready.port):
                        return Reached(READY, at_ns, _KERNEL_LATE_NS, "told by the kernel")
                    if asking and port == ready.port:
                        asking.begin()
            if asking and asking.fd in events:
                return Reached(READY, asking.t_ns, asking.doubt_ns, "asked")
            ended = ended_fd in events
            lines = [line for fd in events if fd in output.open for line in output.read(fd)]
            if ended:
                lines += output.drain()
            if pattern and any(pattern.search(line) for line in lines):
                return Reached(READY, t_ns, _WOKEN_NS, "its line arrived")
            for fd in set(output.fds) & set(events) - output.open:
                poll.unregister(fd)
            if look and (seen_ns := look()):
                return Reached(READY, seen_ns, 5_000_000, "looked for")
            if ended:
                return Reached(READY if ready.kind == EXIT else ENDED, t_ns, _WOKEN_NS, "it ended")
        return Reached(LATE, now_ns(), 0, "", asking.said if asking else "")
    finally:
        if asking:
            asking.stop()
