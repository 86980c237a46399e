"""What was scraped, as rows: profiles and traces placed on MONOTONIC, what did not come, and what asking cost the program.

Where a profile lies is bounded by its request, whatever clock its program has: it was made between the sending and the first
byte of the answer. A CPU profile's own window is taken where it lies within its request, a trace's own times where its first
event does; else (a program on another machine) the request places it, and the error says so.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from godyno.errors import FormatError, GodynoError
from godyno.formats.pprof import Profile, profile
from godyno.probes.runtime.build_actions import realtime
from godyno.probes.runtime.profile_tables import KINDS, add_profile, own_window
from godyno.probes.runtime.scraping.cost import ProgramCost
from godyno.probes.runtime.scraping.process import INDEX
from godyno.prose import printable

if TYPE_CHECKING:
    from godyno.clock import Conversion
    from godyno.interfaces import TableSink

_MOST_INDEX_BYTES = 64 << 20
_MOST_PROFILE_BYTES = 256 << 20  # unpacked
_TRACE_STEP_NS = 64
_ENDING_NS = 1_000_000_000
_SLACK_NS = 1_000_000  # of a program's own reading of its clock against the request's bracket
_BOTH = {"heap": ("heap", "allocs")}


@dataclass
class _State:
    """What is known while the index is read."""

    pid: int = 0
    started: bool = False  # the program that answers started within the recording
    kinds: tuple[str, ...] = ()
    before: dict[str, tuple[Profile, int]] = field(default_factory=dict)  # by kind, with when it was taken
    errors: dict[str, list[str]] = field(default_factory=dict)
    within_ns: dict[str, int] = field(default_factory=dict)  # by kind, how exactly it is placed, the worst
    requests: int = 0
    bytes: int = 0
    cost: ProgramCost = field(default_factory=ProgramCost)

    def within(self, kind: str, error_ns: int) -> None:
        """Something of ``kind`` was placed with this error."""
        self.within_ns[kind] = max(self.within_ns.get(kind, 0), error_ns)


def read_scraped(raw: Path, sink: TableSink, manifest: Mapping[str, Any]) -> None:
    """Reads ``raw``, which may be torn or a stranger's, into ``sink``."""
    clock, state = realtime(manifest), _State()
    began, ended = _result_ns(manifest, "t_start_ns"), _result_ns(manifest, "t_end_ns")
    torn: dict[str, dict[str, Any]] = {}
    for row in _rows(raw / INDEX):
        kind = row["kind"]
        if kind == "settings":
            state.kinds = tuple(str(one) for one in row.get("kinds") or ())
            state.started = row.get("from_start") is True
        elif kind == "ready":
            _ready(row, state, sink, began)
        elif "error" in row:
            # A program that ends closes its connections, which is no failure.
            if row.get("transient") is not True or _ns(row, "t_ns") < ended - _ENDING_NS:
                state.errors.setdefault(kind, []).append(str(row["error"]))
        elif kind == "end":
            continue
        elif "end_ns" not in row:
            torn[str(row.get("file"))] = row
        else:
            torn.pop(str(row.get("file")), None)
            _file(raw, row, state, sink, clock)
    for row in torn.values():
        if (raw / Path(str(row.get("file"))).name).is_file():
            _file(raw, row, state, sink, clock)
    _say_errors(state, sink)
    if state.requests:
        sink.note("alignment_error_ns", max(state.within_ns.values(), default=None))
        sink.note("placed_within_ns", state.within_ns)
        sink.note("cost", {"requests": state.requests, "bytes": state.bytes, **state.cost.told()})


def _ready(row: Mapping[str, Any], state: _State, sink: TableSink, began: int) -> None:
    pid = row["pid"] if isinstance(row.get("pid"), int) else 0
    again = bool(state.before) or state.pid
    sink.event(_ns(row, "end_ns"), "scrape", "scrape", "it answers again" if again else "it answers", pid)
    if again and pid == state.pid and pid:
        return  # the same process, it was only silent for a while
    state.pid, state.before = pid, {}
    state.started = state.started or bool(again)
    if state.started:
        start = began if not again else _ns(row, "sent_ns")
        state.before = {kind: (Profile(()), start) for kind in ("allocs", "mutex", "block")}
    if pid:
        sink.note("pid", pid)
    elif row.get("no_pid"):
        sink.note("no_pid", str(row["no_pid"])[:200])


def _file(
    raw: Path, row: Mapping[str, Any], state: _State, sink: TableSink, clock: Conversion | None
) -> None:
    kind, file = row["kind"], raw / Path(str(row.get("file"))).name
    state.requests += 1
    try:
        state.bytes += file.stat().st_size
        if kind == "trace":
            _trace(file, row, state, sink)
        else:
            found = profile(file.read_bytes(), _MOST_PROFILE_BYTES)
            for one in _BOTH.get(kind, (kind,)):
                if one in state.kinds and one in KINDS:
                    _profile(one, found, row, state, sink, clock)
    except OSError as error:
        state.errors.setdefault(kind, []).append(f"{file.name} cannot be read: {error.strerror}")
    except GodynoError as error:
        state.errors.setdefault(kind, []).append(str(error))


def _profile(
    kind: str, found: Profile, row: Mapping[str, Any], state: _State, sink: TableSink, clock: Conversion | None
) -> None:  # fmt: skip
    sent, first, end = _ns(row, "sent_ns"), _ns(row, "first_ns"), _ns(row, "end_ns")
    if kind == "cpu":
        window, error_ns = (sent, end), end - sent
        own = own_window(found, clock) if clock else None
        slack = _SLACK_NS + (clock.error_ns if clock else 0)
        if own and clock and sent - slack <= own[0] <= own[1] <= end + slack:
            window, error_ns = own, clock.error_ns
        else:
            sink.note(
                "cpu_window",
                "of the request: the profile's own does not lie within it, so its clock is another",
            )
        state.within("cpu", error_ns)
        state.cost.cpu(found)
        add_profile(sink, kind, found, *window, pid=state.pid)
        return
    state.within(kind, first - sent)
    if kind in ("heap", "goroutine"):
        add_profile(sink, kind, found, sent, first, pid=state.pid)
        return
    before, state.before[kind] = state.before.get(kind), (found, first)
    if before is not None:  # else it tells of the time before the recording
        last, since = before
        add_profile(
            sink, kind, found, since, first, pid=state.pid, before=last if last.sample_types else None
        )
        if kind == "allocs":
            state.cost.allocations(found, last)


def _trace(file: Path, row: Mapping[str, Any], state: _State, sink: TableSink) -> None:
    from godyno.formats.exectrace import decode
    from godyno.probes.runtime.exectrace_tables import trace_tables
    from godyno.toolchain import find_go
    from godyno.toolchain.programs import trace_decoder

    program = trace_decoder(find_go())
    with tempfile.TemporaryDirectory(prefix=".decoded-", dir=file.parent) as scratch:
        trace = decode(program, file, Path(scratch))
        if not trace.events:
            raise FormatError("a trace without an event")
        sent, first = _ns(row, "sent_ns"), row.get("first_ns")
        latest = first if isinstance(first, int) and first else trace.t_first_ns
        shift, error = 0, _TRACE_STEP_NS
        if not sent - _TRACE_STEP_NS <= trace.t_first_ns <= latest + _SLACK_NS:
            shift, error = (sent + latest) // 2 - trace.t_first_ns, max(0, (latest - sent) // 2)
            sink.note(
                "trace_clock", f"another than ours: placed by its request, within {error * 1e-6:.3g} ms"
            )
        state.within("trace", error)
        told = trace_tables(trace, sink, state.pid, shift_ns=shift)
        if told.left_out:
            sink.note("trace_left_out", told.left_out)
        if trace.ended_by:
            sink.note("trace_ended_by", trace.ended_by[:200])


def _say_errors(state: _State, sink: TableSink) -> None:
    """One warning for each kind, one for all where all say the same."""
    said = {kind: list(dict.fromkeys(texts)) for kind, texts in state.errors.items()}
    if "all" in said or len({texts[0] for texts in said.values()}) == 1 < len(said):
        sink.warn(
            f"Nothing was scraped: {_plain(next(iter(said.values()))[0])}."
            if not state.requests
            else _some(said, state)
        )
    else:
        for kind, texts in said.items():
            count = len(state.errors[kind])
            times = f" ({count} times)" if count > 1 else ""
            sink.warn(f"Scraping {kind}: {_plain(texts[0])}{times}.")


def _some(said: Mapping[str, list[str]], state: _State) -> str:
    count = sum(len(texts) for texts in state.errors.values())
    return f"Scraping failed {count} times ({', '.join(said)}): {_plain(next(iter(said.values()))[0])}."


def _plain(text: str) -> str:
    return printable(text)[:300].rstrip(". ")


def _rows(index: Path) -> Iterator[dict[str, Any]]:
    try:
        with index.open("rb") as file:
            data = file.read(_MOST_INDEX_BYTES)
    except OSError:
        return
    for line in data.split(b"\n"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("kind"), str):
            yield row


def _ns(row: Mapping[str, Any], key: str) -> int:
    value = row.get(key)
    return value if isinstance(value, int) and 0 <= value < 2**62 else 0


def _result_ns(manifest: Mapping[str, Any], key: str) -> int:
    result = manifest.get("result")
    found = result.get(key) if isinstance(result, dict) else None
    return found if isinstance(found, int) else 0
