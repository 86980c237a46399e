from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from godyno import registry
from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose import findings_of
from godyno.model import Finding


class Broken:
    name, summary, needs = "broken", "Fails", ()

    def analyze(self, capture: Any) -> Sequence[Finding]:
        raise ZeroDivisionError("no such thing")


def test_every_built_in_analysis_speaks_in_its_order(build: Capture) -> None:
    sources = list(dict.fromkeys(finding.source for finding in findings_of(build)))
    assert sources == [name for name in registry.names("analyses") if name in sources]
    assert {"peak", "process_kinds", "critical_path", "packages", "gc", "pressure", "completeness"} <= set(
        sources
    )


def test_an_analysis_that_fails_becomes_a_finding(build: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "load", lambda kind, name: Broken)
    (finding,) = findings_of(build, ["broken"])
    assert finding.kind == "analysis-failed" and "ZeroDivisionError: no such thing" in finding.claim


def test_findings_of_others_that_the_capture_holds_are_kept(made: Callable[..., Capture]) -> None:
    theirs = Finding("their_study", "odd", "Something else")

    def fill(writer: TableWriter) -> None:
        writer.finding(theirs.source, theirs.kind, theirs.claim, theirs.severity, theirs.as_json())

    assert findings_of(made(fill))[-1] == theirs


def test_analyses_do_not_need_any_table(made: Callable[..., Capture]) -> None:
    empty = made(lambda writer: None, result=None, peak=None, probes=())
    assert findings_of(empty) == []


def test_every_sql_of_every_finding_runs(build: Capture) -> None:
    asked = [evidence.sql for finding in findings_of(build) for evidence in finding.evidence if evidence.sql]
    assert len(asked) >= 6
    for sql in asked:
        assert len(build.sql(sql)) > 0, sql


def test_hostile_rows_do_not_stop_any_analysis(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        far = 2**63 - 1
        for layer in ("process", "action", "gc", "test", ""):
            writer.span(
                -far,
                far,
                layer,
                "\x1b[2J",
                "</script>",
                far,
                -far,
                {"ppid": "x", "deps": [None], "id": 1, "argv": [[]]},
            )
            writer.span(5, 1, layer, "", "", 0, 0, {})
        for value in (float("inf"), -1e308, 1e308):
            for name in ("process.memory.usage", "system.cpu.time", "system.pressure.cpu"):
                writer.point(writer.series(name, "", "", {"pid": "9" * 50}), far, value)
        writer._rows["spans"][-1][-1] = "{not json"

    failed = [finding.claim for finding in findings_of(made(fill)) if finding.kind == "analysis-failed"]
    assert failed == []
