"""From the raw records that a perf probe kept to something to work with, in order of time. Runs when sealing.

A probe's folder holds ``perf.json`` (which event has which id and sample layout, who was watched, what was counted) and one
``cpuN.records`` for each CPU, exactly as the kernel wrote them: each is in order of time, so they are merged, never sorted
whole. Whatever a stranger's file holds, nothing here raises but FormatError for a ``perf.json`` that says something else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from godyno.errors import FormatError
from godyno.probes.kernel import perf_event as pe

META = "perf.json"
_KNOWN = (
    pe.SAMPLE_IDENTIFIER | pe.SAMPLE_IP | pe.SAMPLE_TID | pe.SAMPLE_TIME | pe.SAMPLE_ADDR | pe.SAMPLE_PERIOD
    | pe.SAMPLE_CALLCHAIN | pe.SAMPLE_RAW | pe.SAMPLE_REGS_USER
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meta:
    """What ``perf.json`` says. ``counts`` is by event: its count, and nanoseconds counted."""

    scope: str
    events: Mapping[int, tuple[str, int]]  # id to name and sample_type
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    complete: bool = False


class Sample(NamedTuple):
    """A sample. ``chain`` is the raw call chain (8 bytes a frame, leaf first), ``raw`` a tracepoint's own record.

    ``register`` is the first of the user registers that were asked for.
    """

    t_ns: int
    cpu: int
    event: str
    pid: int
    tid: int
    ip: int
    address: int
    period: int
    chain: bytes
    raw: bytes
    register: int = 0


class Switch(NamedTuple):
    """A thread comes onto a CPU or leaves it; ``preempted`` says that it left while it could have run on."""

    t_ns: int
    cpu: int
    pid: int
    tid: int
    out: bool
    preempted: bool


@dataclass(frozen=True, slots=True)
class Life:
    """A fork (``kind`` "fork") or an exit of a thread."""

    t_ns: int
    cpu: int
    kind: str
    pid: int
    tid: int
    parent: int
    parent_tid: int


@dataclass(frozen=True, slots=True)
class Name:
    """A thread's new name; ``exec`` says that it has a new program, and so new mappings."""

    t_ns: int
    cpu: int
    pid: int
    tid: int
    name: str
    exec: bool


@dataclass(frozen=True, slots=True)
class Mapping_:
    """An executable mapping. ``device`` is (major, minor)."""

    t_ns: int
    cpu: int
    pid: int
    start: int
    length: int
    offset: int
    device: tuple[int, int]
    inode: int
    path: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """The kernel dropped ``count`` records (``lost``), or paused sampling (``throttled``)."""

    t_ns: int
    cpu: int
    kind: str
    count: int


Rare = Life | Name | Mapping_ | Trouble
Found = Sample | Switch | Rare


def write_meta(
    folder: Path, rings: pe.Rings, events: Mapping[str, pe.Event], scope: str, settings: Mapping[str, Any],
    complete: bool,
) -> None:  # fmt: skip
    """Writes ``perf.json``. Raises OSError."""
    counts = {name: list(count) for name, count in rings.counts().items()} if complete else {}
    text = json.dumps(
        {
            "clock": "monotonic", "byte_order": "little", "scope": scope, "complete": complete, "counts": counts,
            "events": [[id_, name, events[name].sample_type] for id_, name in rings.ids.items()],
            "settings": dict(settings),
        }
    )  # fmt: skip
    scratch = folder / f"{META}.new"
    scratch.write_text(text)
    scratch.replace(folder / META)


def read_meta(folder: Path) -> Meta | None:
    """What ``perf.json`` in ``folder`` says; None where there is none. Raises FormatError for anything else."""
    try:
        data = json.loads((folder / META).read_bytes())
    except OSError:
        return None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{META} is not JSON: {error}") from error
    try:
        if data["clock"] != "monotonic":
            raise FormatError(
                f"These records were stamped with the clock {str(data['clock'])[:40]!r}, which nothing else has",
                hint="Record with CLOCK_MONOTONIC (perf record -k CLOCK_MONOTONIC).",
            )
        if data["byte_order"] != "little":
            raise FormatError("These records are big-endian, which is not read yet")
        events = {int(id_): (str(name), int(kind)) for id_, name, kind in data["events"]}
        counts = {str(name): (int(one[0]), int(one[1])) for name, one in data["counts"].items()}
        settings = dict(data["settings"])
        scope, complete = str(data["scope"]), bool(data["complete"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise FormatError(f"{META} does not hold what it should: {error!r}") from error
    if any(kind & ~_KNOWN for _, kind in events.values()):
        raise FormatError(f"{META} names a layout of samples that is not known")
    return Meta(scope, events, counts, settings, complete)


def read_records(folder: Path, meta: Meta) -> Iterator[Found]:
    """Everything that is understood in the folder's ``cpuN.records``, in order of time."""
    # Here since it takes numpy, which the recorder does without.
    from godyno.probes.kernel.perf_decoding import records_by_time

    return records_by_time(folder, meta)


def records_in(data: bytes, cpu: int, events: Mapping[int, tuple[str, int]]) -> list[Found]:
    """What is understood of records just taken from a ring; ``events`` as in ``Meta``."""
    from godyno.probes.kernel.perf_decoding import records_of

    return records_of(data, cpu, events)
