"""The frozen records that everything exchanges.

They hold data and answer questions about themselves; nothing here reads a file, a clock or a machine. ``as_json`` gives
what ``--json`` prints and what a manifest keeps; unknown keys are ignored on the way back, so that an older godyno reads a newer capture.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

Json = dict[str, Any]


class Record:
    """What every record can do: become JSON and come back."""

    __slots__ = ()

    def as_json(self) -> Json:
        """This record as JSON types, fields in order."""
        return {f.name: _to_json(getattr(self, f.name)) for f in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The record that ``as_json`` wrote; unknown keys are ignored. Raises TypeError or ValueError on anything else."""
        if not isinstance(data, Mapping):
            raise TypeError(f"{cls.__name__} is written as an object, not as {type(data).__name__}")
        hints = typing.get_type_hints(cls)
        known = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        return cls(**{key: _from_json(hints[key], value) for key, value in data.items() if key in known})


def _to_json(value: Any) -> Any:
    if isinstance(value, Record):
        return value.as_json()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [_to_json(item) for item in value]
    return value


def _from_json(hint: Any, value: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        return _from_json(next(arm for arm in typing.get_args(hint) if arm is not type(None)), value)
    if origin is tuple:
        return tuple(_from_json(typing.get_args(hint)[0], item) for item in value)
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {str(key): _from_json(typing.get_args(hint)[1], item) for key, item in value.items()}
    if isinstance(hint, type):
        if issubclass(hint, Record):
            return hint.from_json(value)
        if issubclass(hint, enum.Enum):
            return hint(value)
        if hint is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if hint in (int, float, str, bool) and not isinstance(value, hint):
            raise TypeError(f"expected {hint.__name__}, found {type(value).__name__}")
    return value


# ---- what a table is


class Clock(enum.Enum):
    """How the instants of a table's column came to be on MONOTONIC."""

    MONOTONIC = "monotonic"  # the source stamps with it
    CONVERTED = "converted"  # through a bracket; the manifest states the error
    READER = "reader"  # stamped when godyno read it
    NONE = "none"  # not an instant


@dataclass(frozen=True, slots=True)
class Column(Record):
    """A column of a capture's table. ``type`` is ``int64``, ``float64``, ``string`` or ``json`` (a string that holds JSON)."""

    name: str
    type: str
    unit: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Table(Record):
    """A table of a capture, as declared in ``capture.schema``."""

    name: str
    summary: str
    columns: tuple[Column, ...]


# ---- availability


@dataclass(frozen=True, slots=True)
class Availability(Record):
    """Whether a layer can be observed here; where it cannot, the reason, and the exact command or change that would enable it."""

    available: bool
    reason: str = ""
    remedy: str = ""

    def __bool__(self) -> bool:
        return self.available


AVAILABLE = Availability(True)
NOT_ASKED = "it was not asked for"  # the reason of a probe that works where an option asks for it


# ---- the machine


@dataclass(frozen=True, slots=True)
class Cpu(Record):
    """The processor. ``isa_level`` is Go's name (``v1`` to ``v4`` as in GOAMD64), empty where Go has none."""

    model: str = ""
    arch: str = ""  # GOARCH
    isa_level: str = ""
    features: tuple[str, ...] = ()
    online: int = 1
    allowed: int = 1  # this process's affinity mask
    sockets: int = 1
    threads_per_core: int = 1
    governor: str = ""
    max_hz: float | None = None
    hypervisor: str = ""


@dataclass(frozen=True, slots=True)
class Memory(Record):
    """Physical memory and swap, bytes."""

    total_bytes: int = 0
    available_bytes: int = 0
    swap_total_bytes: int = 0
    page_bytes: int = 4096
    transparent_hugepage: str = ""


@dataclass(frozen=True, slots=True)
class Disk(Record):
    """A file system that matters here. ``path`` is what was asked for, ``purpose`` why (``cwd``, ``GOCACHE``, ``tmp`` …)."""

    purpose: str
    path: str
    filesystem: str = ""
    device: str = ""
    total_bytes: int = 0
    free_bytes: int = 0
    rotational: bool | None = None


@dataclass(frozen=True, slots=True)
class CgroupLimits(Record):
    """The limits that hold this process: the tightest of its cgroup and all ancestors. None is no limit."""

    version: int = 0  # 1, 2; 0 where there is none
    path: str = ""
    memory_bytes: int | None = None
    swap_bytes: int | None = None
    cpu_quota: float | None = None  # CPUs: quota over period
    cpu_period_s: float | None = None
    pids: int | None = None
    writable: bool = False  # whether a child cgroup can be made


@dataclass(frozen=True, slots=True)
class Tool(Record):
    """A program that godyno can use; an empty ``path`` says it is not here."""

    name: str
    path: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Machine(Record):
    """What this machine is. ``sysctl`` holds the kernel settings that matter to Go, by their sysctl name, as text."""

    hostname: str = ""
    os: str = ""  # GOOS
    distribution: str = ""
    kernel: str = ""
    cpu: Cpu = field(default_factory=Cpu)
    memory: Memory = field(default_factory=Memory)
    disks: tuple[Disk, ...] = ()
    cgroup: CgroupLimits = field(default_factory=CgroupLimits)
    rlimits: Mapping[str, int] = field(default_factory=dict)  # soft limits by name; -1 is none
    sysctl: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()
    root: bool = False
    capabilities: tuple[str, ...] = ()  # effective, lower case, with cap_
    power_source: str = ""  # ac, battery, or empty where unknown
    container: str = ""
    boot_id: str = ""

    def tool(self, name: str) -> Tool:
        """The tool by its name; one with an empty path where it is not here."""
        return next((tool for tool in self.tools if tool.name == name), Tool(name))


# ---- what is run


@dataclass(frozen=True, slots=True)
class Workload(Record):
    """What is run. ``env`` holds only what is added to or changed in the user's environment (None removes a variable)."""

    argv: tuple[str, ...]
    cwd: str = ""
    env: Mapping[str, str | None] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result(Record):
    """How a workload ended. ``signal`` is 0 unless one killed it; CPU is of the whole waited-for tree (wait4)."""

    t_start_ns: int
    t_end_ns: int
    exit_code: int
    signal: int = 0
    user_s: float = 0.0
    system_s: float = 0.0

    @property
    def wall_s(self) -> float:
        """Seconds from exec to the end of the command itself."""
        return (self.t_end_ns - self.t_start_ns) * 1e-9


@dataclass(frozen=True, slots=True)
class Peak(Record):
    """Peak memory of a process tree. ``source`` names the counter, ``covers`` what it counts, ``exact`` whether it misses nothing."""

    value_bytes: int
    source: str
    covers: str
    exact: bool


# ---- numbers with doubt


@dataclass(frozen=True, slots=True)
class Interval(Record):
    """An interval that holds the true value with probability ``level`` under the stated method."""

    low: float
    high: float
    level: float = 0.95

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Estimate(Record):
    """A figure with its unit (base units), interval where one can be had, number of runs, and the method behind it."""

    value: float
    unit: str
    interval: Interval | None = None
    n: int = 1
    method: str = ""


class Confidence(enum.Enum):
    """How far a finding may be trusted."""

    MEASURED = "measured"  # the figure itself was observed
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Evidence(Record):
    """Where in a capture a claim can be seen: a table, a time range on MONOTONIC, and SQL that shows just that."""

    table: str
    t_start_ns: int | None = None
    t_end_ns: int | None = None
    sql: str = ""
    capture: str = ""


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """A claim with its doubt. ``source`` names the analysis or study, ``kind`` is stable and made for programs.

    ``tried`` says what following the advice gave, or that it was not tried; it is empty where nothing is recommended.
    """

    source: str
    kind: str
    claim: str
    estimate: Estimate | None = None
    method: str = ""
    assumption: str = ""
    confidence: Confidence = Confidence.MEASURED
    evidence: tuple[Evidence, ...] = ()
    advice: str = ""
    tried: str = ""
    warnings: tuple[str, ...] = ()
    severity: str = "info"  # info, note, warning
    data: Mapping[str, Any] = field(default_factory=dict)  # the figures behind the claim, for programs


@dataclass(frozen=True, slots=True)
class Trial(Record):
    """One run of a study: the level of each factor, where its capture lies, what came out."""

    study: str
    index: int
    block: int
    levels: Mapping[str, str]
    capture: str = ""
    result: Result | None = None
    measures: Mapping[str, float] = field(default_factory=dict)  # base units, by OpenTelemetry-like name
    facts: Mapping[str, str] = field(
        default_factory=dict
    )  # what is no number: a register's name, what a tool said
    verdict: str = ""  # pass, killed, thrash, failed, unavailable (this level cannot be had here)
    warnings: Sequence[str] = ()
    subject: str = ""  # which of the plan's subjects, where a plan has several
