"""What a comparison says while it runs: a table that lives on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from godyno import units
from godyno.report.payload import clean
from godyno.studies.bench.arms import Side
from godyno.studies.bench.pilot import Pilot
from godyno.studies.factors import Arm
from godyno.studies.plan import Plan
from godyno.studies.runner import PairedRule, Progress

if TYPE_CHECKING:
    from rich.table import Table

_EVERY_S = 10.0
_ROWS = 12


class Watch(Protocol):
    """Told of what happens."""

    def say(self, text: str) -> None:
        """What is being prepared; empty for nothing."""

    def begin(self, plan: Plan, pilot: Pilot, sides: Sequence[Side]) -> None:
        """Trials begin."""

    def trial(self, at: Progress, rule: PairedRule) -> None:
        """One ended."""

    def close(self) -> None:
        """It is over, however it ended; may be called twice."""


class Silent:
    """Says nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def begin(self, plan: Plan, pilot: Pilot, sides: Sequence[Side]) -> None:
        """Nothing."""

    def trial(self, at: Progress, rule: PairedRule) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Lines(Silent):
    """Plain lines: each step of the preparation, then one every ten seconds."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out, self._last = out or sys.stderr, 0.0

    def say(self, text: str) -> None:
        """One line."""
        if text:
            print(clean(text), file=self.out, flush=True)

    def begin(self, plan: Plan, pilot: Pilot, sides: Sequence[Side]) -> None:
        """What will be done."""
        self._last = time.monotonic()
        what = f"{len(plan.subjects)} benchmarks, " if len(plan.subjects) > 1 else ""
        block_s = sum(pilot.seconds.values())
        print(
            f"{what}{len(sides)} arms, at most {plan.blocks} blocks of {units.show_seconds(block_s)}", file=self.out, flush=True
        )  # fmt: skip

    def trial(self, at: Progress, rule: PairedRule) -> None:
        """A line every ten seconds."""
        if time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            print(clean(line(at)), file=self.out, flush=True)


def line(at: Progress) -> str:
    """Where it stands, in one line."""
    left = f", at most {units.show_seconds(at.remaining_s)} left" if at.remaining_s else ""
    names = [name.rpartition("\t")[2] for name in at.subjects]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return (
        f"block {at.block + 1}: {at.done} of at most {at.planned} runs{left}; undecided: {shown or 'nothing'}"
    )


class Live(Silent):
    """A table of what is undecided, drawn anew four times a second; it goes when the results come."""

    def __init__(self, out: TextIO | None = None) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self._text, self._closed = "", False
        self._at: Progress | None = None
        self._rule: PairedRule | None = None
        self._console = Console(file=out or sys.stderr, highlight=False)
        self._live: Any = RichLive(
            "", console=self._console, refresh_per_second=4, transient=True, get_renderable=self._draw
        )
        self._live.start()

    def say(self, text: str) -> None:
        """The line changes."""
        self._text = clean(text)

    def begin(self, plan: Plan, pilot: Pilot, sides: Sequence[Side]) -> None:
        """From now on the table."""
        self._plan, self._names = plan, {Arm(side.levels).name: side.name for side in sides}
        self._text = f"{len(plan.subjects)} benchmarks, {len(sides)} arms, about {units.show_seconds(sum(pilot.seconds.values()))} a block"

    def trial(self, at: Progress, rule: PairedRule) -> None:
        """The table changes."""
        self._at, self._rule = at, rule

    def close(self) -> None:
        """The table goes."""
        if not self._closed:
            self._closed = True
            self._live.stop()

    def _draw(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        if self._at is None:
            return Text(self._text, "dim")
        head = Text(self._summary(self._at), no_wrap=True, overflow="ellipsis")
        return Group(head, table_of(self._at, self._rule, self._plan, self._names))

    def _summary(self, at: Progress) -> str:
        left = f" · at most {units.show_seconds(at.remaining_s)} left" if at.remaining_s else ""
        decided = len(self._plan.subjects) - len(at.subjects)
        return f"block {at.block + 1} of at most {self._plan.blocks} · {decided} of {len(self._plan.subjects)} decided{left}"


def table_of(at: Progress, rule: PairedRule | None, plan: Plan, names: dict[str, str]) -> Table:
    """The undecided benchmarks and what is known of them so far."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("undecided", overflow="ellipsis", no_wrap=True)
    for name in ("arm", "change so far", "interval", "pairs"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = []
    for subject in at.subjects:
        for arm in plan.arms[1:]:
            if rule is None or (subject, arm.name) in rule.idle:
                continue
            measure = next((one for one in plan.measures if plan.subject_of(one) == subject), "")
            look = rule.looks.get((arm.name, measure))
            shown = names.get(arm.name, arm.name)
            if look is None:
                rows.append((subject, shown, "", "", ""))
                continue
            known = math.isfinite(look.interval.high)
            interval = (
                f"{100 * (look.interval.low - 1):+.1f} … {100 * (look.interval.high - 1):+.1f} %"
                if known
                else "?"
            )
            rows.append((subject, shown, f"{100 * (look.ratio - 1):+.2f} %", interval, str(look.n)))
    for subject, *cells in rows[:_ROWS]:
        table.add_row(Text(clean(subject.rpartition("\t")[2])), *(Text(clean(cell)) for cell in cells))
    if len(rows) > _ROWS:
        table.add_row(Text(f"… and {len(rows) - _ROWS} more", "dim"))
    return table


def watch(quiet: bool = False, out: TextIO | None = None) -> Watch:
    """The watch for where its output goes: nothing, a live table on a terminal, lines elsewhere."""
    stream = out or sys.stderr
    if quiet:
        return Silent()
    return Live(stream) if stream.isatty() else Lines(stream)
