"""Rows that only nest: where spans overlap without one holding the other, they are put side by side."""

from __future__ import annotations

from typing import Generic, TypeVar

Track = TypeVar("Track")


class Lanes(Generic[Track]):
    """The lanes of one row. Spans come by their start, the longer of two that start together first."""

    def __init__(self) -> None:
        self._open: list[
            list[tuple[int, Track]]
        ] = []  # of each lane, the ends of what is open, the innermost last
        self._end_ns = 0

    def place(self, start_ns: int, end_ns: int) -> tuple[int, list[tuple[int, Track]]]:
        """The lane for a span, and what has ended by its start in any lane, as (end, track), the innermost first."""
        self._end_ns = end_ns
        ended = []
        for stack in self._open:
            while stack and stack[-1][0] <= start_ns:
                ended.append(stack.pop())
        for lane, stack in enumerate(self._open):
            if not stack or end_ns <= stack[-1][0]:
                return lane, ended
        self._open.append([])
        return len(self._open) - 1, ended

    def put(self, lane: int, track: Track) -> None:
        """Opens the span that was placed last."""
        self._open[lane].append((self._end_ns, track))

    def close(self) -> list[tuple[int, Track]]:
        """What is still open, to be ended."""
        ended = [one for stack in self._open for one in reversed(stack)]
        self._open = []
        return ended
