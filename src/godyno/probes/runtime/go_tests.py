"""Tests, benchmarks and packages of a ``go test``, read from its own output with the time of each line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from godyno.capture.lines import OUTPUT_JOURNAL, output_lines
from godyno.interfaces import SimpleProbe, Sink
from godyno.model import Clock
from godyno.probes.runtime.build_actions import realtime, subcommand_at

if TYPE_CHECKING:
    from godyno.formats.test2json import GoTestEvent, GoTestResult


class GoTests(SimpleProbe):
    """Tests as spans of layer ``test``: from ``-json`` by the events' own times, from ``-v`` by the arrival of lines."""

    name: ClassVar[str] = "go_tests"
    summary: ClassVar[str] = "tests, benchmarks and packages of go test, from its own output"
    tables: ClassVar[Mapping[str, Clock]] = {"spans": Clock.CONVERTED}

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """One span for each test and each package that the output tells of."""
        from godyno.formats.test2json import plain_events, results

        argv = manifest.get("workload", {}).get("argv") or ()
        at = subcommand_at(argv)
        if at is None or argv[at] != "test":
            return
        lines = [
            (t_ns, text)
            for t_ns, stream, text in output_lines(raw.parent.parent / OUTPUT_JOURNAL)
            if stream != "stderr"
        ]
        if not lines:
            return
        if lines[0][1].lstrip().startswith("{"):
            self._from_json(lines, sink, manifest)
        else:
            for result in results(plain_events(lines)):
                _span(sink, result, result.start_at_ns, result.end_at_ns)

    def _from_json(self, lines: list[tuple[int, str]], sink: Sink, manifest: Mapping[str, Any]) -> None:
        from godyno.formats.test2json import json_events, results

        events: tuple[GoTestEvent, ...]
        events, problems = json_events(text for _, text in lines)
        conversion = realtime(manifest)
        if conversion is None:
            sink.warn(
                "The test events could not be placed in time: the capture has no reading of the wall clock."
            )
            return
        for result in results(events):
            start, end = (
                None if t is None else conversion.monotonic_ns(t)
                for t in (result.start_at_ns, result.end_at_ns)
            )
            _span(sink, result, start, end)
        sink.note("alignment_error_ns", conversion.error_ns)
        if problems:
            sink.note("not_understood", list(problems[:10]))


def _span(sink: Sink, result: GoTestResult, start: int | None, end: int | None) -> None:
    if start is None or end is None:
        return
    args: dict[str, Any] = {"package": result.package, "outcome": result.outcome}
    if result.running_s is not None:
        args["running_s"] = result.running_s
    if result.paused_s is not None:
        args["paused_s"] = result.paused_s
    if result.elapsed_s is not None:
        args["elapsed_s"] = result.elapsed_s
    sink.span(
        start, end, "test", result.package or "test", result.test or result.package or "package", args=args
    )
