"""What a survey says while it works: plain lines anywhere, one live line on a terminal."""

from __future__ import annotations

import sys
from typing import Protocol, TextIO

from godyno import units


class Progress(Protocol):
    """Told of every step as it begins and ends."""

    def begin(self, title: str, left_s: float, sure: bool) -> None:
        """A step begins; the whole survey will take about ``left_s`` more, ``sure`` where each step was timed before."""

    def end(self, title: str, result: str) -> None:
        """It ended: its result in a few words."""

    def say(self, text: str) -> None:
        """Something the user should know now."""

    def close(self) -> None:
        """The survey is over, however it ended."""


class Silent:
    """Says nothing."""

    def begin(self, title: str, left_s: float, sure: bool) -> None:
        """Nothing."""

    def end(self, title: str, result: str) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def left_text(left_s: float, sure: bool) -> str:
    """The time left as a person should read it: to 5 s, and marked as a guess while it is one."""
    rounded = max(5, round(left_s / 5) * 5)
    text = f"{rounded // 60} min {rounded % 60:02d} s" if rounded >= 60 else f"{rounded} s"
    return f"{text} left" if sure else f"at most {text} left"


class Lines(Silent):
    """A line for each step, for logs and pipes."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stderr

    def begin(self, title: str, left_s: float, sure: bool) -> None:
        """Nothing: the line comes with the result."""
        self._left = left_text(left_s, sure)

    def end(self, title: str, result: str) -> None:
        """One line."""
        print(f"{title}: {result}  ({self._left} when it began)", file=self.out, flush=True)

    def say(self, text: str) -> None:
        """One line."""
        print(text, file=self.out, flush=True)


class Live(Silent):
    """A line for each finished step, and below it one that moves: what runs now, for how long, and how long it will all take."""

    def __init__(self, out: TextIO | None = None) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self.console = Console(file=out or sys.stderr, highlight=False)
        self._now = _Now()
        self._live = RichLive(self._now, console=self.console, refresh_per_second=4, transient=True)
        self._live.start()

    def begin(self, title: str, left_s: float, sure: bool) -> None:
        """The moving line changes."""
        self._now.start(title, left_s, sure)

    def end(self, title: str, result: str) -> None:
        """One line that stays."""
        self._now.stop()
        self.console.print(f"  [green]·[/] {_escaped(title):<34} {_escaped(result)}")

    def say(self, text: str) -> None:
        """One line that stays."""
        self.console.print(f"  {_escaped(text)}")

    def close(self) -> None:
        """The moving line goes."""
        self._live.stop()


class _Now:
    """What the moving line shows, drawn anew at each refresh."""

    def __init__(self) -> None:
        self._title, self._began, self._left_s, self._sure = "", 0.0, 0.0, False

    def start(self, title: str, left_s: float, sure: bool) -> None:
        import time

        self._title, self._began, self._left_s, self._sure = title, time.monotonic(), left_s, sure

    def stop(self) -> None:
        self._title = ""

    def __rich__(self) -> str:
        import time

        if not self._title:
            return ""
        passed_s = time.monotonic() - self._began
        left_s = max(0.0, self._left_s - passed_s)
        return f"  [cyan]…[/] {_escaped(self._title):<34} {units.show_seconds(passed_s):>9}   {left_text(left_s, self._sure)}"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
