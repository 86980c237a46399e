"""A capture as exporters read it: rows in an order, times of day beside them, and what was passed over, counted.

What no format can hold is left out here once for all: instants that no clock can have shown (before 0 or beyond 2^62 ns),
spans that end before they begin, samples without a weight.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from godyno.capture.sample_layers import LAST_STATE, sample_layer
from godyno.errors import CaptureCorrupt
from godyno.export.progress import tell
from godyno.export.walltime import WallClock

if TYPE_CHECKING:
    from godyno.capture.reader import Capture

_AT_ONCE = 20_000
_LAST_NS = 2**62


class Omitted:
    """What a format could not carry, as sentences with counts."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}
        self._notes: list[str] = []

    def count(self, number: int, one: str, why: str, many: str = "") -> None:
        """``number`` times ``one`` (``many`` in the plural) was not carried, for the reason ``why``."""
        if number > 0:
            key = (one, many or one + "s", why)
            self._counts[key] = self._counts.get(key, 0) + number

    def say(self, sentence: str) -> None:
        """A sentence of its own."""
        if sentence and sentence not in self._notes:
            self._notes.append(sentence)

    def sentences(self) -> list[str]:
        """All of it."""
        counted = [
            f"{number:,} {one if number == 1 else many} {'was' if number == 1 else 'were'} not carried: {why}."
            for (one, many, why), number in self._counts.items()
        ]
        return [*self._notes, *counted]


@dataclass(frozen=True, slots=True)
class Series:
    """A series with what its points span. ``cumulative`` says that it only rises: its differences are what counts."""

    id: int
    name: str
    unit: str
    layer: str
    labels: dict[str, str]
    cumulative: bool
    count: int
    least: float
    first_ns: int


@dataclass(frozen=True, slots=True)
class Span:
    """A span; instants in ns of MONOTONIC."""

    start_ns: int
    end_ns: int
    layer: str
    track: str
    name: str
    pid: int
    tid: int
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """An instant, ns of MONOTONIC."""

    t_ns: int
    layer: str
    track: str
    name: str
    pid: int
    tid: int
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a stack."""

    function: str
    file: str
    line: int
    binary: str


class Source:
    """Reads one capture for one export. One query at a time: finish an iterator before the next is begun."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.manifest = capture.manifest
        self.wall = WallClock.of(capture.manifest)
        self.omitted = Omitted()

    def rows(self, query: str, of: str = "") -> Iterator[tuple[Any, ...]]:
        """The rows of a query. ``of`` names a table whose size measures the progress. Raises CaptureCorrupt."""
        import duckdb

        total, done = self.manifest.tables.get(of, 0), 0
        try:
            result = self.capture.connection.execute(query)
            while batch := result.fetchmany(_AT_ONCE):
                yield from batch
                done += len(batch)
                tell(of, done, total)
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
            raise  # a fault of ours, not of the capture
        except duckdb.Error as error:
            raise CaptureCorrupt(
                f"{self.capture.path} cannot be read: {str(error).strip().splitlines()[0]}",
                hint="It was damaged; restore it from a copy.",
            ) from error

    def number(self, query: str) -> int:
        """The one number that a query gives."""
        return int(next(self.rows(query))[0] or 0)

    def series(self) -> list[Series]:
        """Every series that has a usable point, by id."""
        self.omitted.count(
            self.number(f"SELECT count(*) FROM points WHERE NOT {placed('t_ns')}"),
            "point",
            "times that no clock can show",
        )
        found = []
        for number, name, unit, layer, labels, count, least, first in self.rows(
            "SELECT s.series_id, any_value(name), any_value(unit), any_value(layer), any_value(labels),"
            " count(value), min(value), min(t_ns)"
            f" FROM series s JOIN points p ON s.series_id = p.series_id AND {placed('t_ns')}"
            " GROUP BY 1 ORDER BY 1"
        ):
            pairs = {str(key): str(value) for key, value in _object(labels).items()}
            cumulative = "counter" in (pairs.get("kind"), pairs.get("type")) or (
                layer == "pressure" and unit == "s"
            )
            if count:
                found.append(
                    Series(
                        number, name or "", unit or "", layer or "", pairs, cumulative, count, least, first
                    )
                )
        return found

    def spans(self, order: str = "t_start_ns, t_end_ns DESC") -> Iterator[Span]:
        """Every usable span, in ``order``."""
        good = f"{placed('t_start_ns')} AND {placed('t_end_ns')} AND t_end_ns >= t_start_ns"
        self.omitted.count(
            self.number(f"SELECT count(*) FROM spans WHERE NOT ({good})"),
            "span",
            "times that no clock can show, or an end before the beginning",
        )
        for row in self.rows(
            "SELECT t_start_ns, t_end_ns, layer, track, name, pid, tid, args"
            f" FROM spans WHERE {good} ORDER BY {order}",
            "spans",
        ):
            start, end, layer, track, name, pid, tid = _texts(row, 2, 5)
            yield Span(start, end, layer, track, name, pid, tid, _object(row[7]))

    def events(self) -> Iterator[Event]:
        """Every usable event, by time."""
        self.omitted.count(
            self.number(f"SELECT count(*) FROM events WHERE NOT {placed('t_ns')}"),
            "event",
            "times that no clock can show",
        )
        for row in self.rows(
            f"SELECT t_ns, layer, track, name, pid, tid, args FROM events WHERE {placed('t_ns')} ORDER BY t_ns",
            "events",
        ):
            t_ns, layer, track, name, pid, tid = _texts(row, 1, 4)
            yield Event(t_ns, layer, track, name, pid, tid, _object(row[6]))

    def lines(self) -> Iterator[tuple[int, str, int, str]]:
        """Every line of output as (t_ns, stream, pid, text), by time."""
        self.omitted.count(
            self.number(f"SELECT count(*) FROM lines WHERE NOT {placed('t_ns')}"),
            "line of output",
            "times that no clock can show",
            "lines of output",
        )
        for t_ns, stream, pid, text in self.rows(
            f"SELECT t_ns, stream, pid, text FROM lines WHERE {placed('t_ns')} ORDER BY t_ns", "lines"
        ):
            yield t_ns, stream or "", pid, text or ""

    def samples(self, columns: str, rest: str = "", *, summed: bool = False) -> Iterator[tuple[Any, ...]]:
        """``columns`` of the samples that have a stack and a finite, positive weight; ``rest`` follows the WHERE.

        ``summed`` is for formats that add up samples: of states, such as the heap, only each process's last is given.
        """
        good = _GOOD_SAMPLE
        if summed:
            self.omitted.count(
                self.number(f"SELECT count(*) FROM stacks WHERE {good} AND NOT {LAST_STATE}"),
                "sample", "of an earlier state; states cannot be added up, so only the last is there",
            )  # fmt: skip
            good += f" AND {LAST_STATE}"
        self.omitted.count(
            self.number(f"SELECT count(*) FROM stacks WHERE NOT coalesce({_GOOD_SAMPLE}, false)"),
            "sample",
            "without a stack, a time or a positive weight",
        )
        yield from self.rows(f"SELECT {columns} FROM stacks WHERE {good} {rest}", "stacks")

    def stacks(self) -> dict[int, list[Frame]]:
        """Every stack by its id, leaf first."""
        found: dict[int, list[Frame]] = {}
        for stack, function, file, line, binary in self.rows(
            'SELECT stack_id, function, file, line, "binary" FROM frames ORDER BY stack_id, depth', "frames"
        ):
            found.setdefault(stack, []).append(
                Frame(function or "", file or "", max(0, min(line or 0, 2**31 - 1)), binary or "")
            )
        return found

    def omit_tables(self, why: str, *names: str) -> None:
        """Says that whole tables are not carried."""
        singular = {"series": "series", "findings": "finding", "lines": "line of output", "stacks": "sample"}
        plural = {"series": "series", "lines": "lines of output"}
        for name in names:
            self.omitted.count(
                self.number(f"SELECT count(*) FROM {name}"),
                singular.get(name, name.removesuffix("s")),
                why,
                plural.get(name, ""),
            )

    @property
    def name(self) -> str:
        """The capture's name without its endings."""
        return clean(self.capture.path.name).removesuffix(".zip").removesuffix(".dyno") or "capture"

    @property
    def argv(self) -> list[str]:
        """The command."""
        return [clean(word) for word in self.manifest.workload.argv]

    @property
    def tags(self) -> dict[str, str]:
        """The user's tags."""
        return {clean(key): clean(value) for key, value in self.manifest.tags.items()}


_GOOD_SAMPLE = (
    "stack_id IN (SELECT stack_id FROM frames) AND isfinite(weight) AND weight > 0"
    f" AND t_ns BETWEEN 0 AND {_LAST_NS}"
)


_SCALES = {"s": ("nanoseconds", 1e9), "By": ("bytes", 1.0), "": ("count", 1.0)}


def placed(column: str) -> str:
    """SQL that holds where ``column`` is an instant that a clock can have shown."""
    return f"coalesce({column} BETWEEN 0 AND {_LAST_NS}, false)"


def scale_of(layer: str) -> tuple[str, float]:
    """The unit of a layer's sample weights as pprof names it, and what makes whole numbers of them."""
    return _SCALES[sample_layer(layer).unit]


def _texts(row: Sequence[Any], first: int, end: int) -> Any:
    """All but the last column, without NULLs; ``first`` to ``end`` are texts."""
    return [(value or "") if first <= at < end else (value or 0) for at, value in enumerate(row[:-1])]


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return _clean(found) if "\\u" in (text or "") else found


def clean(text: str) -> str:
    """``text`` without halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {clean(str(key)): _clean(one) for key, one in value.items()}
    return value
