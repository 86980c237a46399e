"""What a study says while it runs: one moving line on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from godyno.studies.survey.progress import left_text

_EVERY_S = 10.0


class Told(Protocol):
    """Told of what a study does."""

    def say(self, text: str) -> None:
        """Something that takes a while begins, or that the user should know."""

    def at(self, arm: str, done: int, planned: int, left_s: float | None) -> None:
        """A trial of ``arm`` begins, after ``done`` of ``planned``; ``left_s`` is an estimate, None before anything was timed."""

    def close(self) -> None:
        """The study is over, however it ended."""


class Silent:
    """Says nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def at(self, arm: str, done: int, planned: int, left_s: float | None) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Lines:
    """Text on stderr: a line that is overwritten on a terminal, else a line every ten seconds."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stderr
        self._live, self._last_s = self.out.isatty(), 0.0

    def say(self, text: str) -> None:
        """A line of its own."""
        self._write(f"{text} …", keep=True)

    def at(self, arm: str, done: int, planned: int, left_s: float | None) -> None:
        """Where it stands."""
        if not self._live and done and time.monotonic() - self._last_s < _EVERY_S:
            return
        self._last_s = time.monotonic()
        left = "" if left_s is None else f", {left_text(left_s, True)}"
        self._write(f"run {done + 1} of at most {planned}{left}: {arm}", keep=not self._live)

    def close(self) -> None:
        """Takes the moving line away."""
        if self._live:
            self._write("", keep=False)

    def _write(self, text: str, *, keep: bool) -> None:
        if self._live:
            import shutil

            width = shutil.get_terminal_size().columns - 1
            text = f"\r{text[:width]}\x1b[K"
        print(text, end="\n" if keep else "", file=self.out, flush=True)
