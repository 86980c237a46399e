"""What ``go test`` says: the ``-json`` stream (cmd/internal/test2json), and plain ``-v`` output turned into
the same events.

``Elapsed`` is rounded to 10 ms, so durations here come from ``Time``. A benchmark's result may arrive as two
output events; ``output_lines`` joins them.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from godyno.errors import FormatError
from godyno.formats.rfc3339 import unix_ns

ENDS = frozenset(("pass", "fail", "skip", "bench"))


@dataclass(frozen=True, slots=True)
class GoTestEvent:
    """One event. ``at_ns`` is ns of REALTIME for ``-json``, for plain output whatever clock its lines were
    stamped with.

    ``action``: start, run, pause, cont, output, pass, fail, skip, bench, attr, artifacts, build-output,
    build-fail. ``test`` is empty for events of the package itself. ``elapsed_s`` is as printed, rounded.
    """

    action: str
    package: str = ""
    test: str = ""
    at_ns: int | None = None
    elapsed_s: float | None = None
    output: str = ""
    failed_build: str = ""


@dataclass(frozen=True, slots=True)
class GoTestResult:
    """A test, benchmark, example or fuzz target from its first event to its end; of the package itself
    ``test`` is empty.

    ``outcome``: pass, fail, skip, bench, or unknown where the stream ended before (killed). ``running_s``
    leaves out the time for which it was paused (t.Parallel). None where there are no instants.
    """

    package: str
    test: str
    outcome: str
    start_at_ns: int | None
    end_at_ns: int | None
    running_s: float | None
    elapsed_s: float | None  # as printed, rounded to 10 ms
    paused_s: float | None = None  # from t.Parallel to its go-ahead; None for a test that is not parallel


def event_of(line: str | bytes) -> GoTestEvent:
    """The event in a line of ``go test -json``. Raises FormatError where it is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"Not a test event: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("Action"), str):
        raise FormatError(f"Not a test event: {str(row)[:80]!r}")

    def text(*keys: str) -> str:
        return next((row[key] for key in keys if isinstance(row.get(key), str)), "")

    elapsed, instant = row.get("Elapsed"), text("Time")
    return GoTestEvent(
        row["Action"],
        text("Package", "ImportPath"),
        text("Test"),
        unix_ns(instant) if instant else None,
        float(elapsed) if isinstance(elapsed, int | float) and abs(elapsed) < 1e12 else None,
        text("Output"),
        text("FailedBuild"),
    )


def json_events(lines: Iterable[str | bytes]) -> tuple[tuple[GoTestEvent, ...], tuple[str, ...]]:
    """The events of a ``-json`` stream, and the lines in it that are none (a program's output gets between
    them).
    """
    events, others = [], []
    for line in lines:
        if not line.strip():
            continue
        try:
            events.append(event_of(line))
        except FormatError:
            others.append(line if isinstance(line, str) else line.decode("utf-8", "replace"))
    return tuple(events), tuple(others)


_FRAME = re.compile(r"=== (RUN|PAUSE|CONT|NAME) +(\S.*)")
_END = re.compile(r"( *)--- (PASS|FAIL|SKIP|BENCH): (\S+) \((\d+(?:\.\d+)?)(?:s| seconds)\)")
_PACKAGE_END = re.compile(r"(ok|FAIL|\?)\s+(\S+)\t(?:(\d+(?:\.\d+)?)s|\(cached\)|\[[^\]]*\])?.*")
_ALONE = re.compile(r"(?:coverage: .*|PASS|FAIL|exit status \d+|signal: .*)")


def plain_events(lines: Iterable[tuple[int | None, str]]) -> Iterator[GoTestEvent]:
    """The events of plain ``go test [-v]`` output, its lines given with the instants at which they arrived.

    A package is named only at its end, so its events come then, in order. ``--- PASS`` lines of subtests are
    printed after their parent has ended: their instants are no later than that, and late.
    """
    pending: list[GoTestEvent] = []
    current = ""
    for at_ns, raw in lines:
        line = raw.rstrip("\r\n")
        if match := _PACKAGE_END.fullmatch(line):
            package = match[2]
            outcome = {"ok": "pass", "FAIL": "fail", "?": "skip"}[match[1]]
            for event in pending:
                yield replace(event, package=package)
            pending, current = [], ""
            yield GoTestEvent("output", package, "", at_ns, None, line + "\n")
            yield GoTestEvent(outcome, package, "", at_ns, float(match[3]) if match[3] else None)
            continue
        if match := _FRAME.fullmatch(line):
            action, current = match[1].lower(), match[2]
            if action != "name":
                pending.append(GoTestEvent(action, "", current, at_ns))
        elif match := _END.fullmatch(line):
            pending.append(GoTestEvent(match[2].lower(), "", match[3], at_ns, float(match[4])))
        elif _ALONE.fullmatch(line):
            current = ""
        owner = current if not line.startswith(("goos: ", "goarch: ", "pkg: ", "cpu: ")) else ""
        pending.append(GoTestEvent("output", "", owner, at_ns, None, line + "\n"))
    yield from pending


def results(events: Iterable[GoTestEvent]) -> tuple[GoTestResult, ...]:
    """Every test and package of ``events``, in the order in which they began."""
    open_tests: dict[tuple[str, str], _Open] = {}
    order: list[_Open] = []
    for event in events:
        if event.action in ("build-output", "build-fail"):
            continue
        key = (event.package, event.test)
        known = open_tests.get(key)
        if known is None or (event.action == "run" and known.outcome):  # again, with -count
            known = open_tests[key] = _Open(event.package, event.test)
            order.append(known)
        known.take(event)
    return tuple(test.result() for test in order)


class _Open:
    def __init__(self, package: str, test: str) -> None:
        self.package, self.test = package, test
        self.outcome = ""
        self.start: int | None = None
        self.last: int | None = None
        self.paused_at: int | None = None
        self.paused_ns = 0
        self.parallel = False
        self.elapsed: float | None = None

    def take(self, event: GoTestEvent) -> None:
        if event.at_ns is not None and not self.outcome:
            self.start = event.at_ns if self.start is None else self.start
            self.last = event.at_ns
        if event.action == "pause":
            self.paused_at, self.parallel = event.at_ns, True
        elif event.action == "cont" and self.paused_at is not None and event.at_ns is not None:
            self.paused_ns += max(0, event.at_ns - self.paused_at)
            self.paused_at = None
        elif event.action in ENDS:
            self.outcome = event.action
            self.elapsed = event.elapsed_s

    def result(self) -> GoTestResult:
        running = None
        if self.start is not None and self.last is not None:
            running = max(0, self.last - self.start - self.paused_ns) * 1e-9
        return GoTestResult(
            self.package, self.test, self.outcome or "unknown", self.start, self.last, running, self.elapsed,
            self.paused_ns * 1e-9 if self.parallel else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutputLine:
    """A whole line of a test's output without its newline, with the instant of its last part."""

    package: str
    test: str
    at_ns: int | None
    text: str


def output_lines(events: Sequence[GoTestEvent]) -> tuple[OutputLine, ...]:
    """The output of ``events`` as whole lines, those joined that arrived in several events."""
    parts: defaultdict[tuple[str, str], str] = defaultdict(str)
    last: dict[tuple[str, str], int | None] = {}
    lines = []
    for event in events:
        if event.action not in ("output", "build-output"):
            continue
        key = (event.package, event.test)
        last[key] = event.at_ns
        *whole, rest = (parts[key] + event.output).split("\n")
        lines += [OutputLine(*key, event.at_ns, text) for text in whole]
        parts[key] = rest
    lines += [OutputLine(*key, last[key], rest) for key, rest in parts.items() if rest]
    return tuple(lines)
