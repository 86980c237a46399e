"""``manifest.json``: what was run, where, by whom it was watched, and how far each source may be trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from godyno.capture.schema import SCHEMA_VERSION
from godyno.clock import Bracket
from godyno.errors import CaptureCorrupt, CaptureNotFound
from godyno.model import Availability, Machine, Peak, Record, Result, Workload

MANIFEST = "manifest.json"
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class ClockBracket(Record):
    """A ``clock.Bracket`` as it is kept."""

    clock: str
    t_ns: int
    offset_ns: int
    error_ns: int

    @classmethod
    def of(cls, bracket: Bracket) -> ClockBracket:
        """The record of ``bracket``."""
        return cls(bracket.clock, bracket.t_ns, bracket.offset_ns, bracket.error_ns)


@dataclass(frozen=True, slots=True)
class ProbeEntry(Record):
    """One probe of a recording: whether it could watch, on which clock, how exactly, and what it said."""

    name: str
    availability: Availability
    clocks: Mapping[str, str] = field(default_factory=dict)  # table to Clock
    alignment_error_ns: int | None = None  # None where nothing of it was placed in time
    cpu_s: float = 0.0  # in the recorder, by this probe's callbacks
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cost(Record):
    """What watching cost, as the recorder measured it on itself.

    ``during_*`` is between the command's exec and its end, ``around_*`` before and after it, ``sealing_*`` the child
    process that made the tables. CPU is user plus system of every process that godyno started beside the command.
    """

    during_cpu_s: float = 0.0
    around_cpu_s: float = 0.0
    sealing_cpu_s: float = 0.0
    before_wall_s: float = 0.0
    after_wall_s: float = 0.0
    sealing_wall_s: float = 0.0
    rss_peak_bytes: int = 0
    wakeups: int = 0
    journal_bytes: int = 0


@dataclass(frozen=True, slots=True)
class SetLimits(Record):
    """What the recording itself set on the command's cgroup, and its time-out; None is no limit. ``cpu_quota`` is in CPUs."""

    memory_bytes: int | None = None
    swap_bytes: int | None = None
    cpu_quota: float | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Recorder(Record):
    """Who records: enough to tell a live recorder from a dead one whose pid was given to another."""

    pid: int
    start_ticks: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class Manifest(Record):
    """The whole manifest. ``state`` is ``recording`` or ``sealed``; ``lost`` counts by kind what could not be kept."""

    schema_version: int
    godyno_version: str
    state: str
    created_at: str  # RFC 3339, UTC
    recorder: Recorder
    workload: Workload
    machine: Machine = field(default_factory=Machine)
    hz: float = 10.0
    level: str = "light"
    result: Result | None = None
    peak: Peak | None = None
    brackets: tuple[ClockBracket, ...] = ()
    probes: tuple[ProbeEntry, ...] = ()
    cost: Cost = field(default_factory=Cost)
    warnings: tuple[str, ...] = ()
    lost: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)  # rows
    recovered: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)
    limits: SetLimits = field(default_factory=SetLimits)

    @property
    def cpu_quota(self) -> float | None:
        """CPUs that the command could use at most: the tighter of what was set for it and of what held godyno; None is no quota."""
        return min(
            (one for one in (self.limits.cpu_quota, self.machine.cgroup.cpu_quota) if one is not None),
            default=None,
        )

    @property
    def memory_limit_bytes(self) -> int | None:
        """The tighter of the memory limit that was set for the command and of the one that held godyno; None is none."""
        return min(
            (one for one in (self.limits.memory_bytes, self.machine.cgroup.memory_bytes) if one is not None),
            default=None,
        )

    @property
    def tags(self) -> Mapping[str, str]:
        """The user's tags."""
        return self.workload.tags

    def probe(self, name: str) -> ProbeEntry | None:
        """The entry of one probe, or None."""
        return next((entry for entry in self.probes if entry.name == name), None)


def read_manifest(directory: Path) -> Manifest:
    """The manifest in ``directory``. Raises CaptureNotFound or CaptureCorrupt."""
    file = directory / MANIFEST
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise CaptureCorrupt(
                f"{file} is larger than any manifest", hint="This is not a capture of godyno's."
            )
        data = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise CaptureNotFound(
            f"{directory} is no capture: it has no {MANIFEST}",
            hint="`godyno list` shows the captures in a directory.",
        ) from None
    except NotADirectoryError:
        raise CaptureNotFound(
            f"{directory} is no capture", hint="A capture is a directory NAME.dyno or its zip."
        ) from None
    except (ValueError, RecursionError) as error:
        raise CaptureCorrupt(
            f"{file} is not JSON: {error}", hint="The file was damaged; restore it from a copy."
        ) from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, int):
        raise CaptureCorrupt(
            f"{file} is no manifest of a capture", hint="The file was damaged; restore it from a copy."
        )
    if version > SCHEMA_VERSION:
        raise CaptureCorrupt(
            f"{directory} has schema version {version}; this godyno reads up to {SCHEMA_VERSION}",
            hint="Update godyno: pip install --upgrade godyno.",
        )
    try:
        return Manifest.from_json(data)
    except (TypeError, ValueError, KeyError, AttributeError, StopIteration, RecursionError) as error:
        raise CaptureCorrupt(
            f"{file} does not hold what a manifest holds: {error}", hint="It was damaged or made by hand."
        ) from error


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Writes it so that a reader sees the old one or the new one, never half of one. Raises OSError."""
    scratch = directory / f"{MANIFEST}.new"
    with scratch.open("w", encoding="utf-8") as out:
        json.dump(manifest.as_json(), out, indent=1, ensure_ascii=True)
        out.flush()
        os.fsync(out.fileno())
    scratch.replace(directory / MANIFEST)
