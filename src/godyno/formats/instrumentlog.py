"""What an instrumented Go program tells of itself (``workload.instrument``): lines of JSON, read with tolerance.

The first line is an object: ``pid``, ``package``, ``go``, ``t_ns`` and the names of runtime/metrics that follow, with the
bounds of those that are histograms. Then lines ``[before_ns, after_ns, value, …]``, a histogram as ``[[bucket, rise], …]``, and
objects that tell what happened: ``end``, ``limit``, ``error``. Instants are CLOCK_MONOTONIC. A killed program's last line is torn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from godyno.errors import FormatError

# Name in runtime/metrics -> name and unit of the series, and whether it only adds up. The names of OpenTelemetry's semantic
# conventions for the Go runtime where they have one; go.memory.used is made of three of these.
METRICS: dict[str, tuple[str, str, bool]] = {
    "/memory/classes/heap/stacks:bytes": ("go.memory.used", "By", False),
    "/memory/classes/total:bytes": ("go.memory.used", "By", False),
    "/memory/classes/heap/released:bytes": ("go.memory.released", "By", False),
    "/gc/gomemlimit:bytes": ("go.memory.limit", "By", False),
    "/gc/heap/allocs:bytes": ("go.memory.allocated", "By", True),
    "/gc/heap/allocs:objects": ("go.memory.allocations", "{allocation}", True),
    "/gc/heap/goal:bytes": ("go.memory.gc.goal", "By", False),
    "/gc/heap/live:bytes": ("go.memory.gc.live", "By", False),
    "/memory/classes/heap/objects:bytes": ("go.memory.heap.objects", "By", False),
    "/sched/goroutines:goroutines": ("go.goroutine.count", "{goroutine}", False),
    "/sched/gomaxprocs:threads": ("go.processor.limit", "{thread}", False),
    "/sched/latencies:seconds": ("go.schedule.duration", "s", False),
    "/gc/gogc:percent": ("go.config.gogc", "1", False),
    "/gc/cycles/total:gc-cycles": ("go.gc.count", "{gc_cycle}", True),
    "/sched/pauses/total/gc:seconds": ("go.gc.pause", "s", False),
    "/gc/pauses:seconds": ("go.gc.pause", "s", False),
    "/sync/mutex/wait/total:seconds": ("go.mutex.wait", "s", True),
    "/cgo/go-to-c-calls:calls": ("go.cgo.calls", "{call}", True),
    "/cpu/classes/gc/total:cpu-seconds": ("go.cpu.gc", "s", True),
}
_MOST_NAMES = 200
_MOST_BOUNDS = 5000


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading. A value is a number, None, or a histogram's rises as (bucket, count)."""

    t_start_ns: int
    t_end_ns: int
    values: tuple[float | tuple[tuple[int, int], ...] | None, ...]


@dataclass(slots=True)
class InstrumentLog:
    """One process. ``ended`` is how (``exit``, ``signal``), empty where it had no chance to say."""

    pid: int
    package: str
    go: str
    t_ns: int
    init_ns: int  # when the runtime began, which gctrace counts from; 0 where it is not known
    names: tuple[str, ...]
    bounds: dict[int, tuple[float, ...]]
    samples: list[Sample] = field(default_factory=list)
    ended: str = ""
    t_last_ns: int = 0
    limited: bool = False
    errors: list[str] = field(default_factory=list)
    odd_lines: int = 0


def instrument_log(lines: Sequence[bytes]) -> InstrumentLog:
    """The process that these lines are of. Raises FormatError where the first line tells of none."""
    try:
        head = json.loads(lines[0])
        if head["godyno"] != 1:
            raise ValueError("another version's")
        names = tuple(str(name) for name in head["names"])[:_MOST_NAMES]
        bounds = {
            int(k): tuple(float(bound) for bound in v)[:_MOST_BOUNDS] for k, v in head["bounds"].items()
        }
        log = InstrumentLog(
            _whole(head["pid"]),
            str(head["package"])[:1000],
            str(head["go"])[:100],
            _whole(head["t_ns"]),
            _whole(head.get("init_ns", 0)),
            names,
            bounds,
        )
    except (IndexError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(f"Not what an instrumented program tells: {error}") from error
    log.t_last_ns = log.t_ns
    for line in lines[1:]:
        try:
            _take(log, json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError, RecursionError, OverflowError):
            log.odd_lines += 1
    return log


def read_heads(directory: Path) -> Iterator[InstrumentLog]:
    """The heads of a folder's logs, without their lines; what cannot be read is passed over."""
    for file in sorted(directory.glob("*.jsonl")) if directory.is_dir() else ():
        try:
            with file.open("rb") as opened:
                yield instrument_log([opened.readline(1 << 20)])
        except (OSError, FormatError):
            continue


def quantile(bounds: Sequence[float], counts: Sequence[tuple[int, int]], q: float) -> float | None:
    """The upper bound of the bucket that holds the ``q`` quantile; the lower one where that is infinite. None without counts."""
    total = sum(count for _, count in counts)
    passed = 0
    for bucket, count in sorted(counts):
        passed += count
        if total and passed >= q * total and 0 <= bucket < len(bounds) - 1:
            high = bounds[bucket + 1]
            return high if high != float("inf") else bounds[bucket]
    return None


def _take(log: InstrumentLog, found: Any) -> None:
    if isinstance(found, dict):
        log.t_last_ns = max(log.t_last_ns, _whole(found["t_ns"]))
        if "end" in found:
            log.ended = str(found["end"])[:100]
        log.limited |= "limit" in found
        if "error" in found:
            log.errors.append(str(found["error"])[:100])
        return
    start, end, *rest = found
    if len(rest) != len(log.names):
        raise ValueError("as many values as names")
    values = tuple(
        tuple((_whole(b), _whole(n)) for b, n in one)
        if isinstance(one, list)
        else None
        if one is None
        else float(one)
        for one in rest
    )
    log.samples.append(Sample(_whole(start), max(_whole(start), _whole(end)), values))
    log.t_last_ns = max(log.t_last_ns, _whole(end))


def _whole(value: Any) -> int:
    if not isinstance(value, int) or abs(value) >= 2**62:
        raise ValueError(f"{value!r} is no whole number of 62 bits")
    return value
