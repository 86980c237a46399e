"""What test binaries wait for at a level of parallelism: recorded, with each binary's own lock profile and execution trace.

A process of which no goroutine runs or could run waits for something: for what, says the goroutine that ends the wait. Locks are
counted apart, since another goroutine runs while one waits for them; so is waiting for a processor, which the kernel knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from godyno.errors import FormatError, GodynoError
from godyno.formats import pprof
from godyno.formats.exectrace import GOROUTINE_STATES, DecodedTrace, decode
from godyno.model import Workload

if TYPE_CHECKING:
    import numpy

_MOST_TRACE_BYTES = 64 << 20
# Each binary in its own directory, with its own files for what it says.
_ONE = 'cd "$1" && exec "$2" -test.outputdir="$3" -test.mutexprofile=mutex -test.mutexprofilefraction=1 -test.trace=trace >/dev/null'
_KINDS: Mapping[str, tuple[str, ...]] = {
    "network": ("network",),
    "sleep": ("sleep",),
    "other goroutines": ("sync", "chan", "select", "forever"),
    "garbage collection": ("GC",),
}  # fmt: skip
_ELSE = "system calls"
_PLUMBING = ("sync.", "runtime.", "internal/sync.")


@dataclass
class Waits:
    """What the binaries of one recording waited for, in seconds summed over binaries; ``idle_s`` by what ended the wait."""

    idle_s: dict[str, float] = field(default_factory=dict)
    traced_s: float = 0.0  # the time that traces cover
    locks_s: float = 0.0
    locks: dict[str, float] = field(default_factory=dict)  # by function
    not_read: int = 0


def workload(
    binaries: Sequence[tuple[Path, str]], level: int, place: Path, env: Mapping[str, str | None]
) -> Workload:
    """All binaries, ``level`` at once; what they say of themselves goes into ``place``."""
    words: list[str] = []
    for at, (binary, directory) in enumerate(binaries):
        own = place / str(at)
        own.mkdir(parents=True)
        words += [directory, str(binary), str(own)]
    tasks = place / "tasks"
    tasks.write_bytes(b"".join(word.encode() + b"\0" for word in words))
    argv = ("xargs", "-0", "-a", str(tasks), "-n", "3", "-P", str(level), "sh", "-c", _ONE, "sh")
    return Workload(argv, str(place), dict(env))


def waits(place: Path, decoder: Path) -> Waits:
    """Reads what the binaries left in ``place``."""
    found = Waits()
    for own in sorted(one for one in place.iterdir() if one.is_dir()):
        try:
            _add_locks(found, pprof.profile((own / "mutex").read_bytes()))
        except (OSError, FormatError):
            found.not_read += 1
        trace = own / "trace"
        try:
            if trace.stat().st_size > _MOST_TRACE_BYTES:
                raise FormatError("too large to be read in a study")
            decoded = decode(decoder, trace, own / "decoded", timeout_s=120.0)
        except (OSError, FormatError):
            found.not_read += 1
            continue
        found.traced_s += (decoded.t_last_ns - decoded.t_first_ns) * 1e-9
        for kind, seconds in idle(decoded).items():
            found.idle_s[kind] = found.idle_s.get(kind, 0.0) + seconds
    return found


def _add_locks(found: Waits, profile: pprof.Profile) -> None:
    at = next((at for at, kind in enumerate(profile.sample_types) if kind.unit == "nanoseconds"), None)
    if at is None:
        return
    for sample in profile.samples:
        delay_s = sample.values[at] * 1e-9
        names = [frame.function for frame in profile.frames(sample)]
        name = next((one for one in names if not one.startswith(_PLUMBING)), names[0] if names else "")
        found.locks_s += delay_s
        found.locks[name] = found.locks.get(name, 0.0) + delay_s


def idle(decoded: DecodedTrace) -> dict[str, float]:
    """Seconds in which no goroutine ran or could run, by what the goroutine that ended the wait had waited for."""
    states, strings = decoded.records("goroutine_states"), decoded.strings()
    reasons = [str(strings[number]) for number in range(decoded.string_count)]
    return idle_of(states, reasons)


def idle_of(states: numpy.ndarray[Any, Any], reasons: Sequence[str]) -> dict[str, float]:
    """``idle`` of rows with t_start_ns, t_end_ns, state and reason (a number into ``reasons``)."""
    import numpy

    active = numpy.isin(states["state"], [GOROUTINE_STATES.index(name) for name in ("running", "runnable")])
    busy = states[active]
    if not len(busy):
        return {}
    order = numpy.argsort(busy["t_start_ns"], kind="stable")
    starts, ends = busy["t_start_ns"][order], numpy.maximum.accumulate(busy["t_end_ns"][order])
    gaps = numpy.flatnonzero(starts[1:] > ends[:-1])
    rest = states[~active]
    by_end = numpy.argsort(rest["t_end_ns"], kind="stable")
    rest_ends = rest["t_end_ns"][by_end]
    out: dict[str, float] = {}
    for gap in gaps:
        until = int(starts[gap + 1])
        at = int(numpy.searchsorted(rest_ends, until))
        woken = rest[by_end[min(at, len(rest) - 1)]] if len(rest) else None
        known = woken is not None and int(woken["t_end_ns"]) == until
        kind = kind_of(reasons[int(woken["reason"])]) if known and woken is not None else _ELSE
        out[kind] = out.get(kind, 0.0) + (until - int(ends[gap])) * 1e-9
    return out


def kind_of(reason: str) -> str:
    """What a goroutine waits for, in one of a few words, from the runtime's reason."""
    return next((kind for kind, starts in _KINDS.items() if reason.startswith(starts)), _ELSE)


def record_waits(
    work: Workload, place: Path, capture: Path, decoder: Path, timeout_s: float
) -> tuple[dict[str, float], dict[str, str]]:
    """Records ``work`` at the level standard. Measures and facts of the run. Raises GodynoError."""
    from godyno.recorder import record

    recording = record(work, capture, level="standard", timeout_s=timeout_s, lines=False)
    if recording.timed_out:
        raise GodynoError("the recorded run did not end in time")
    result, found = recording.result, waits(place, decoder)
    measures = {
        "wall": result.wall_s,
        "traced": found.traced_s,
        "locks": found.locks_s,
        "not_read": float(found.not_read),
    }
    measures |= {f"idle\t{kind}": seconds for kind, seconds in found.idle_s.items()}
    measures |= _kernel(recording.capture)
    facts = {}
    if found.locks:
        top = max(found.locks, key=lambda name: found.locks[name])
        facts["lock"] = top
        measures["top_lock"] = found.locks[top]
    return measures, facts


def _kernel(capture: Path) -> dict[str, float]:
    """Threads that were ready or ran, and seconds of waiting for disks, from the capture."""
    from godyno.capture.reader import open_capture

    out = {}
    with open_capture(capture) as found:
        for name, key in (("scheduler.runnable", "ready"), ("scheduler.running", "running")):
            mean = _one(
                found.sql(
                    f"SELECT avg(value) v FROM series JOIN points USING (series_id) WHERE name = '{name}'"
                ).to_pylist()
            )
            if mean is not None:
                out[key] = mean
        io = _one(
            found.sql(
                "SELECT max(value) - min(value) v FROM series JOIN points USING (series_id) WHERE name = 'cgroup.pressure.io' "
                "AND labels::VARCHAR LIKE '%some%'"
            ).to_pylist()
        )
        if io is not None:
            out["disk"] = io
    return out


def _one(rows: Iterable[Mapping[str, Any]]) -> float | None:
    value = next((row["v"] for row in rows), None)
    return None if value is None else float(value)
