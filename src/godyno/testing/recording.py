"""A sink, a loop and a target without a recorder: what a probe's tests need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from godyno.interfaces import Probe, Target
from godyno.model import Workload

Key = tuple[str, str, str, tuple[tuple[str, str], ...]]


class FakeSink:
    """Keeps all that a probe writes where a test can look at it; refuses what the real one could not keep."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.declared: dict[Key, int] = {}
        self.groups: list[tuple[int, ...]] = []
        self.points: list[tuple[int, int, float]] = []  # series, t_ns, value
        self.spans: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.lines: list[tuple[int, str, str, int]] = []
        self.frames: dict[tuple[str, str, int, str], int] = {}
        self.stacks: dict[tuple[tuple[str, str, int, str], ...], int] = {}
        self.samples: list[dict[str, Any]] = []
        self.notes: dict[str, Any] = {}
        self.warnings: list[str] = []

    def series(self, name: str, unit: str, layer: str, labels: Mapping[str, str] | None = None) -> int:
        """Declares a series."""
        if not name or not layer:
            raise ValueError("a series needs a name and a layer")
        if not all(isinstance(key, str) and isinstance(value, str) for key, value in (labels or {}).items()):
            raise TypeError(f"labels of {name} must be strings")
        key = (name, unit, layer, tuple(sorted((labels or {}).items())))
        return self.declared.setdefault(key, len(self.declared) + 1)

    def rows(self, ids: Sequence[int]) -> int:
        """Declares a group."""
        if not set(ids) <= set(self.declared.values()):
            raise ValueError("a group of series that were not declared")
        self.groups.append(tuple(ids))
        return len(self.groups) - 1

    def row(self, group: int, t_ns: int, values: Sequence[float]) -> None:
        """A row; NaN is left out as the real sink does."""
        ids = self.groups[group]
        if len(ids) != len(values):
            raise ValueError(f"{len(values)} values for a group of {len(ids)} series")
        for series, value in zip(ids, values, strict=True):
            if value == value:
                self.point(series, t_ns, value)

    def point(self, series: int, t_ns: int, value: float) -> None:
        """A point."""
        if not isinstance(t_ns, int):
            raise TypeError("an instant is an int of nanoseconds")
        if series not in self.declared.values():
            raise ValueError("a point of a series that was not declared")
        self.points.append((series, t_ns, float(value)))

    def span(
        self, t_start_ns: int, t_end_ns: int, layer: str, track: str, name: str,
        pid: int = 0, tid: int = 0, args: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """A span."""
        if t_end_ns < t_start_ns:
            raise ValueError(f"the span {name!r} ends before it begins")
        self.spans.append(
            {"t_start_ns": t_start_ns, "t_end_ns": t_end_ns, "layer": layer, "track": track, "name": name,
             "pid": pid, "tid": tid, "args": dict(args or {})}
        )  # fmt: skip

    def event(
        self, t_ns: int, layer: str, track: str, name: str,
        pid: int = 0, tid: int = 0, args: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """An event."""
        self.events.append(
            {"t_ns": t_ns, "layer": layer, "track": track, "name": name, "pid": pid, "tid": tid,
             "args": dict(args or {})}
        )  # fmt: skip

    def line(self, t_ns: int, stream: str, text: str, pid: int = 0) -> None:
        """A line."""
        self.lines.append((t_ns, stream, text, pid))

    def stack(self, frames: Sequence[tuple[str, str, int, str]]) -> int:
        """A stack."""
        return self.stacks.setdefault(tuple(frames), len(self.stacks) + 1)

    def frame_ids(self, frames: Sequence[tuple[str, str, int, str]]) -> bytes:
        """The places of frames among all that were told."""
        return b"".join(
            self.frames.setdefault(frame, len(self.frames)).to_bytes(4, "little") for frame in frames
        )

    def stack_of(self, ids: bytes) -> int:
        """A stack."""
        told = list(self.frames)
        return self.stack([told[number] for number in memoryview(ids).cast("I")])

    def sample(
        self, t_ns: int, layer: str, stack: int, weight: float,
        pid: int = 0, tid: int = 0, goroutine: int = 0,
    ) -> None:  # fmt: skip
        """A sample."""
        self.samples.append(
            {"t_ns": t_ns, "layer": layer, "stack": stack, "weight": weight, "pid": pid, "tid": tid,
             "goroutine": goroutine}
        )  # fmt: skip

    def many(self, table: str, count: int, /, **columns: Any) -> None:
        """Many rows, kept as if each had come alone."""
        add: Callable[..., None] = getattr(
            self, {"spans": "span", "events": "event", "stacks": "_sampled"}[table]
        )
        lists = {name: _listed(value, count) for name, value in columns.items()}
        for row in zip(*lists.values(), strict=True):
            one = dict(zip(lists, row, strict=True))
            if "args" in one:
                one["args"] = json.loads(one["args"])
            add(**one)

    def _sampled(self, stack_id: int, **columns: Any) -> None:
        self.sample(stack=stack_id, **columns)

    def curve(self, series: int, t_ns: Any, values: Any) -> None:
        """Many points, kept as if each had come alone."""
        for at, value in zip(t_ns.tolist(), values.tolist(), strict=True):
            if value == value:
                self.point(series, at, value)

    def raw(self, name: str) -> Path:
        """A file of the probe's own."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return self.directory / name

    def note(self, key: str, value: Any) -> None:
        """A note."""
        self.notes[key] = value

    def warn(self, text: str) -> None:
        """A warning."""
        self.warnings.append(text)

    # ---- for tests

    def values(self, name: str, **labels: str) -> list[float]:
        """The values of the one series of this name whose labels contain ``labels``, in order of writing.

        Raises LookupError where there is none or more than one.
        """
        found = [
            number
            for (series, _, _, pairs), number in self.declared.items()
            if series == name and labels.items() <= dict(pairs).items()
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} series are called {name} with {labels}")
        return [value for series, _, value in self.points if series == found[0]]

    def names(self) -> set[str]:
        """The names of all declared series."""
        return {name for name, *_ in self.declared}

    def tables_written(self) -> set[str]:
        """Which tables the probe wrote to."""
        return {
            name
            for name, rows in (
                ("points", self.points), ("spans", self.spans), ("events", self.events), ("lines", self.lines),
                ("stacks", self.samples),
            )
            if rows
        }  # fmt: skip


def _listed(value: Any, count: int) -> list[Any]:
    if isinstance(value, str | int | float):
        return [value] * count
    return list(value.to_pylist() if hasattr(value, "to_pylist") else value.tolist())


class FakeLoop:
    """A loop whose time passes only when a test says so."""

    def __init__(self) -> None:
        self.looks: list[tuple[float, Callable[[int], None]]] = []
        self.readers: dict[int, Callable[[], None]] = {}
        self.delayed: list[tuple[float, Callable[[], None]]] = []

    def every(self, period_s: float, look: Callable[[int], None]) -> None:
        """Keeps the look."""
        if not period_s > 0:
            raise ValueError("a period is longer than nothing")
        self.looks.append((period_s, look))

    def on_readable(self, fd: int, read: Callable[[], None]) -> None:
        """Keeps the reader."""
        self.readers[fd] = read

    def after(self, delay_s: float, call: Callable[[], None]) -> None:
        """Keeps the call."""
        self.delayed.append((delay_s, call))

    def forget(self, fd: int) -> None:
        """Drops the reader."""
        self.readers.pop(fd, None)

    def tick(self) -> None:
        """Takes every look once, now."""
        from godyno.clock import now_ns

        for _, look in self.looks:
            look(now_ns())


@dataclass
class FakeTarget:
    """A target; ``cgroups`` and ``processes`` as the test wants them."""

    pid: int = 1
    cgroups: Mapping[str, Path] = field(default_factory=dict)
    hz: float = 10.0
    loop: FakeLoop = field(default_factory=FakeLoop)
    processes: tuple[int, ...] = (1,)

    def pids(self) -> Iterator[int]:
        """The processes."""
        return iter(self.processes)


@contextmanager
def watching(
    probe: Probe, directory: Path, target: FakeTarget | None = None
) -> Iterator[tuple[FakeTarget, FakeSink]]:
    """Attaches ``probe`` to a fake target; inside, ``target.loop.tick()`` lets it look."""
    target, sink = target or FakeTarget(), FakeSink(directory)
    probe.prepare(Workload(("true",)), directory)
    with probe.attach(cast(Target, target), sink):
        yield target, sink
