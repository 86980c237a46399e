"""strace's output with ``-f -ttt`` (also ``--absolute-timestamps=precision:ns``) and ``-T``, one call a line.

Calls that were interrupted by another thread's line (``<unfinished ...>``, ``<... resumed>``) are put
together. Instants are REALTIME, and 20 to 350 µs late: strace stamps when it gets to see the stop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from godyno.errors import FormatError

_LINE = re.compile(r"(?:\[pid +(\d+)\] |(\d+) +)?(\d{1,12})\.(\d{1,9}) (.*)", re.S)
_CALL = re.compile(r"(\w+)\((.*)", re.S)
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.S)
_RESULT = re.compile(
    r"(.*)\) += (0x[0-9a-f]+|-?\d+|\?)(?=\s|$)((?: [A-Z][A-Z0-9_]*)?)(.*?)(?: <(\d+\.\d+)>)?", re.S
)
_SIGNAL = re.compile(r"--- (SIG\w+) \{?(.*?)\}? ---")
_EXIT = re.compile(r"\+\+\+ (?:exited with (-?\d+)|killed by (SIG\w+)(?: \(core dumped\))?) \+\+\+")
_UNFINISHED = " <unfinished ...>"


@dataclass(frozen=True, slots=True)
class StraceCall:
    """A system call. ``result`` is None where it never returned; ``args`` is as strace wrote it.

    ``pid`` is the thread's, 0 where the output does not name it; ``duration_s`` is None without ``-T``.
    """

    at_ns: int
    pid: int
    name: str
    args: str
    result: int | None = None
    error: str = ""
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class StraceSignal:
    """A signal that arrived."""

    at_ns: int
    pid: int
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class StraceExit:
    """The end of a thread: its exit status, or the signal that killed it."""

    at_ns: int
    pid: int
    status: int | None
    signal: str = ""


StraceEvent = StraceCall | StraceSignal | StraceExit


class Strace:
    """Takes the lines of one output. ``not_understood`` counts those that are none of the known; samples are
    kept.
    """

    def __init__(self) -> None:
        self.not_understood = 0
        self.samples: list[str] = []
        self._open: dict[int, StraceCall] = {}

    def events(self, lines: Iterable[str]) -> Iterator[StraceEvent]:
        """What ``lines`` tell, calls when they end. A torn last line is counted, not raised."""
        for line in lines:
            if not line.strip():
                continue
            try:
                event = self._event(line.rstrip("\n"))
            except FormatError:
                self.not_understood += 1
                if len(self.samples) < 20:
                    self.samples.append(line[:200])
                continue
            if event is not None:
                yield event
        yield from self._open.values()
        self._open.clear()

    def _event(self, line: str) -> StraceEvent | None:
        match = _LINE.fullmatch(line)
        if not match:
            raise FormatError(f"Not a line of strace -ttt: {line[:120]!r}")
        pid = int(match[1] or match[2] or 0)
        at_ns = int(match[3]) * 1_000_000_000 + int(match[4].ljust(9, "0"))
        rest = match[5]
        if found := _EXIT.fullmatch(rest):
            return StraceExit(at_ns, pid, int(found[1]) if found[1] else None, found[2] or "")
        if found := _SIGNAL.fullmatch(rest):
            return StraceSignal(at_ns, pid, found[1], found[2])
        if found := _RESUMED.match(rest):
            begun = self._open.pop(pid, None)
            if begun is None or begun.name != found[1]:
                begun = StraceCall(at_ns, pid, found[1], "")
            return _finished(begun, begun.args + found[2])
        if not (found := _CALL.fullmatch(rest)):
            raise FormatError(f"Not a system call: {rest[:120]!r}")
        call = StraceCall(at_ns, pid, found[1], found[2])
        if rest.endswith(_UNFINISHED.lstrip()) and "<unfinished ...>" in rest:
            args = found[2][: found[2].rindex("<unfinished ...>")].rstrip()
            self._open[pid] = StraceCall(at_ns, pid, found[1], args)
            return None
        return _finished(call, found[2])


def _finished(call: StraceCall, text: str) -> StraceCall:
    match = _RESULT.fullmatch(text)
    if not match:
        raise FormatError(f"A system call without a result: {text[:120]!r}")
    value = None if match[2] == "?" else int(match[2], 16 if match[2].startswith("0x") else 10)
    if value is not None and abs(value) >= 1 << 64:
        raise FormatError(f"An impossible result: {match[2][:40]!r}")
    error = match[3].strip()
    return StraceCall(
        call.at_ns, call.pid, call.name, match[1], value, error, float(match[5]) if match[5] else None
    )
