"""Captures made by hand: threads, their sleeps and wake-ups, goroutines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from godyno.capture.reader import Capture

MS = 1_000_000
KERNEL = "[kernel]"


def _root(functions: Sequence[str]) -> str:
    """The function that a goroutine with this stack was started with."""
    outer = [name for name in functions if name != "runtime.goexit"]
    return outer[-1] if outer else "main.main"


class Scene:
    """Writes into a capture; instants are in ms."""

    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def process(
        self,
        pid: int,
        start: int,
        end: int,
        ppid: int = 0,
        exe: str = "/bin/server",
        *words: str,
        **used: float,
    ) -> None:
        args = {"ppid": ppid, "exe": exe, "argv": [exe, *words], **used}
        self.writer.span(start * MS, end * MS, "process", str(pid), exe.rpartition("/")[2], pid, pid, args)

    def thread(
        self, tid: int, *states: tuple[int, int, str] | tuple[int, int, str, int], pid: int = 1
    ) -> None:
        """(start, end, state[, waker]) of a thread; a waker of 0 is an interrupt."""
        for start, end, state, *waker in states:
            args = {"waker_pid": pid, "waker": waker[0]} if waker else None
            self.writer.span(start * MS, end * MS, "thread_state", f"{pid}/{tid}", state, pid, tid, args)

    def goroutine(
        self,
        number: int,
        *states: tuple[int, int, str, dict[str, Any]],
        tid: int = 1,
        pid: int = 1,
        root: str = "main.main",
        parent: int = 0,
    ) -> None:
        for start, end, state, why in states:
            self.writer.span(start * MS, end * MS, "goroutine_state", f"{pid}/{number}", state, pid, tid, why)
        begin, end, kept = states[0][0] * MS, states[-1][1] * MS, {"parent": parent}
        self.writer.span(begin, end, "goroutine", f"{pid}/{number}", root, pid, 0, kept)

    def stack(self, *functions: str) -> int:
        """Leaf first; those with ``k:`` before them are the kernel's."""
        return int(
            self.writer.stack(
                [
                    (name.removeprefix("k:"), "", 0, KERNEL if name.startswith("k:") else "/bin/server")
                    for name in functions
                ]
            )
        )

    def look(self, at: float, pid: int = 1, layer: str = "goroutine_seen", **marks: int) -> None:
        """A look at a process, whose goroutines or threads are told by ``seen``."""
        self.writer.event(int(at * MS), "look", str(pid), layer, pid, 0, marks)

    def seen(
        self, number: int, start: float, end: float, state: str, reason: str, functions: Sequence[str], *, pid: int = 1,
        tid: int = 0, parent: int = 0, layer: str = "goroutine_seen",
    ) -> None:  # fmt: skip
        """A goroutine, or without goroutines a thread, that looks saw in one state from ``start`` on until ``end``."""
        track, args = f"{pid}/{number}", {"reason": reason} if reason else {}
        self.writer.span(int(start * MS), int(end * MS), layer, track, state, pid, tid, args)
        if functions:
            goroutine = number if layer == "goroutine_seen" else 0
            self.writer.sample(
                int(start * MS), layer, self.stack(*functions), (end - start) * 1e-3, pid, tid, goroutine
            )
        if layer == "goroutine_seen":
            kept = {"seen": True, **({"parent": parent} if parent else {})}
            self.writer.span(
                int(start * MS), int(end * MS), "goroutine", track, _root(functions), pid, 0, kept
            )

    def sample(
        self, layer: str, at: float, functions: Sequence[str], tid: int = 1, goroutine: int = 0, pid: int = 1
    ) -> None:
        self.writer.sample(int(at * MS), layer, self.stack(*functions), 0.01, pid, tid, goroutine)


@pytest.fixture
def scene(made: Callable[..., Capture]) -> Callable[..., Capture]:
    return lambda fill, **changes: made(lambda writer: fill(Scene(writer)), **changes)
