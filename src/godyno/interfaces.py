"""The four extension points: Probe, Analysis, Study, Exporter.

Settings are keywords of the constructor with defaults, so that ``cls()`` always works; data comes in the call. A plugin
registers under its kind's entry point (``godyno.probes``, ``godyno.analyses``, ``godyno.studies``, ``godyno.exporters``);
``godyno.testing`` holds the public contract suite that judges built-ins and strangers alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from godyno.model import Availability, Clock, Finding, Machine, Trial, Workload

if TYPE_CHECKING:
    from types import TracebackType

    from godyno.studies.schedule import Slot
    from godyno.studies.stand import Stand


class Sink(Protocol):
    """Where a probe writes. While recording it appends to a journal; when sealing, to tables. Instants are MONOTONIC ns."""

    def series(self, name: str, unit: str, layer: str, labels: Mapping[str, str] | None = None) -> int:
        """Declares a series and gives its id; declaring the same one again gives the same id."""

    def rows(self, ids: Sequence[int]) -> int:
        """Declares several series that are always read together and gives the id of the group."""

    def row(self, group: int, t_ns: int, values: Sequence[float]) -> None:
        """One point of each series of a group, in its order. NaN is "no value now" and is not kept."""

    def point(self, series: int, t_ns: int, value: float) -> None:
        """One point of one series."""

    def span(
        self, t_start_ns: int, t_end_ns: int, layer: str, track: str, name: str,
        pid: int = 0, tid: int = 0, args: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Something that lasted."""

    def event(
        self, t_ns: int, layer: str, track: str, name: str,
        pid: int = 0, tid: int = 0, args: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """An instant."""

    def line(self, t_ns: int, stream: str, text: str, pid: int = 0) -> None:
        """A line of output, without its newline."""

    def stack(self, frames: Sequence[tuple[str, str, int, str]]) -> int:
        """The id of a stack of (function, file, line, binary), leaf first; the same stack has the same id."""

    def sample(
        self, t_ns: int, layer: str, stack: int, weight: float,
        pid: int = 0, tid: int = 0, goroutine: int = 0,
    ) -> None:  # fmt: skip
        """A sampled stack. ``weight`` is in the layer's unit (seconds for CPU samples)."""

    def raw(self, name: str) -> Path:
        """A file under ``raw/`` that the probe may write as it likes."""

    def note(self, key: str, value: Any) -> None:
        """A fact for this probe's entry in the manifest (JSON types)."""

    def warn(self, text: str) -> None:
        """Something the reader must know; it is shown with every report of this capture."""


class TableSink(Sink, Protocol):
    """The sink when sealing: it also takes what comes by the million, in columns."""

    def many(self, table: str, count: int, /, **columns: Any) -> None:
        """``count`` rows of ``spans``, ``events`` or ``stacks``. A column is a numpy array, an Arrow array (text also as a
        dictionary), or one value for all; one that is left out is 0, empty text or an empty object. Text is valid UTF-8.
        """

    def frame_ids(self, frames: Sequence[tuple[str, str, int, str]]) -> bytes:
        """Frames as ``stack_of`` takes them, 4 bytes each: for stacks by the million, whose few frames are told once."""

    def stack_of(self, ids: bytes) -> int:
        """``stack``, of the ``frame_ids`` of its frames, joined."""

    def curve(self, series: int, t_ns: Any, values: Any) -> None:
        """Many points of one series: numpy arrays of int64 and float64 (NaN is not kept)."""


class Loop(Protocol):
    """The recorder's one event loop, for probes that look again and again. Callbacks run on its only thread."""

    def every(self, period_s: float, look: Callable[[int], None]) -> None:
        """Calls ``look(t_ns)`` about every ``period_s``; late ticks are dropped, never piled up."""

    def on_readable(self, fd: int, read: Callable[[], None]) -> None:
        """Calls ``read()`` whenever ``fd`` is readable, until ``forget(fd)``."""

    def after(self, delay_s: float, call: Callable[[], None]) -> None:
        """Calls ``call()`` once, ``delay_s`` from now."""

    def forget(self, fd: int) -> None:
        """Stops watching ``fd``."""


class Target(Protocol):
    """The process tree under observation."""

    pid: int  # the command itself; it is held before exec while probes attach
    cgroups: Mapping[
        str, Path
    ]  # controller name to the tree's own cgroup directory; empty where none could be made
    hz: float  # how often sampled values are wanted
    loop: Loop

    def pids(self) -> Iterator[int]:
        """The processes of the tree that are alive, as far as is known now."""


@runtime_checkable
class Probe(Protocol):
    """Watches a workload. ``tables`` names what it writes and on which clock."""

    name: ClassVar[str]
    summary: ClassVar[str]
    tables: ClassVar[Mapping[str, Clock]]

    def availability(self, machine: Machine) -> Availability:
        """Whether it can watch here; where not, the reason and the remedy. Never raises."""

    def prepare(self, workload: Workload, raw: Path) -> Workload:
        """The workload with the environment or flags that this probe needs; ``raw`` is its own folder. Pure."""

    def attach(self, target: Target, sink: Sink) -> AbstractContextManager[None]:
        """Watches inside the ``with``; the target has not been exec'd yet when it is entered."""

    def decode(self, raw: Path, sink: TableSink, manifest: Mapping[str, Any]) -> None:
        """Turns what it left in its ``raw`` folder into rows, when sealing: what costs too much while the command runs.

        ``raw`` may be torn at its end (the recorder was killed) or hostile (the capture is a stranger's): what cannot be
        read is named by ``sink.warn``, never raised.
        """


class SimpleProbe:
    """A base with the usual answers, so that a probe says only what is its own."""

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    tables: ClassVar[Mapping[str, Clock]] = {}

    def availability(self, machine: Machine) -> Availability:
        """Available everywhere."""
        return Availability(True)

    def prepare(self, workload: Workload, raw: Path) -> Workload:
        """Unchanged."""
        return workload

    def attach(self, target: Target, sink: Sink) -> AbstractContextManager[None]:
        """``start`` on entry, ``stop`` on exit."""
        return _Attached(self, target, sink)

    def start(self, target: Target, sink: Sink) -> None:
        """Begins to watch."""

    def stop(self) -> None:
        """Ends watching; called once, also when the recording fails."""

    def decode(self, raw: Path, sink: TableSink, manifest: Mapping[str, Any]) -> None:
        """Nothing was left for later."""


class _Attached:
    def __init__(self, probe: SimpleProbe, target: Target, sink: Sink) -> None:
        self.probe, self.target, self.sink = probe, target, sink

    def __enter__(self) -> None:
        self.probe.start(self.target, self.sink)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.probe.stop()


@runtime_checkable
class Analysis(Protocol):
    """One question to a capture. Pure: no clock, no machine, no files. ``needs`` names tables without which it has nothing to say."""

    name: ClassVar[str]
    summary: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """What the capture shows, the weightiest first; nothing where it shows nothing."""


@runtime_checkable
class Study(Protocol):
    """A planned set of runs that answers a question. ``godyno.studies.study.BaseStudy`` has the usual answers.

    The constructor takes ``levels`` (factor to the levels to try, instead of the class's own) and ``quick`` (an answer within a
    minute), and whatever else the study can be told, as keywords: ``godyno study NAME --KEYWORD VALUE`` passes text.
    """

    name: ClassVar[str]
    summary: ClassVar[str]  # what it answers
    factors: ClassVar[Mapping[str, Sequence[str]]]  # each factor's levels, the baseline first
    takes_s: ClassVar[float]  # the budget of a run with the class's own levels, preparation included
    takes_module: ClassVar[bool]  # whether it can be about the user's module

    def availability(self, machine: Machine) -> Availability:
        """Whether it can be run here; where not, the reason and the remedy. Never raises."""

    def plan(self, machine: Machine, seed: int) -> Any:
        """A plan that can be printed (``studies.plan.Plan``, to be run): which trials, in which order."""

    def open(self, stand: Stand) -> AbstractContextManager[Callable[[Slot], Trial]]:
        """Prepares what trials need (builds programs), gives what runs one trial, and cleans up."""

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """What the trials show; works on the trials of an interrupted study too. Pure.

        A claim of the source that was tried is a finding of kind ``claim`` (``studies.study.claim``).
        """


@runtime_checkable
class Exporter(Protocol):
    """Writes a capture in another tool's format. ``suffix`` is of the file, or empty where it goes to an endpoint."""

    name: ClassVar[str]
    summary: ClassVar[str]
    suffix: ClassVar[str]

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes to a file or URL and says, a sentence each, what the format could not carry."""
