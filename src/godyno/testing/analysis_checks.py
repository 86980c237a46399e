"""What every analysis keeps, and what every finding."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from godyno.interfaces import Analysis
from godyno.model import Finding
from godyno.testing.samples import samples

_KIND = re.compile(r"[a-z][a-z0-9-]*")


def it_has_all_of_an_analysis_methods(plugin: type[Any], directory: Path) -> None:
    """It is an ``Analysis``."""
    assert isinstance(plugin(), Analysis), "name, summary, needs or analyze is missing"


def its_needs_are_tables(plugin: type[Any], directory: Path) -> None:
    """Tables that a capture has."""
    from godyno.capture.schema import BY_NAME

    unknown = [table for table in plugin.needs if table not in BY_NAME]
    assert not unknown, f"{', '.join(unknown)} is no table of a capture"


def it_lives_with_any_capture(plugin: type[Any], directory: Path) -> None:
    """Empty, typical, hostile: findings or none, never a crash."""
    for what, capture in _captures(directory):
        found = plugin().analyze(capture)
        assert isinstance(found, Sequence) and not isinstance(found, str), (
            f"{what}: it does not give a sequence"
        )
        assert all(isinstance(one, Finding) for one in found), f"{what}: not all of it are findings"


def it_says_the_same_twice(plugin: type[Any], directory: Path) -> None:
    """Pure: no clock, no chance, no state."""
    for what, capture in _captures(directory):
        probe = plugin()
        first, again, other = probe.analyze(capture), probe.analyze(capture), plugin().analyze(capture)
        assert _text(first) == _text(again) == _text(other), f"{what}: the same capture, other findings"


def its_findings_are_whole(plugin: type[Any], directory: Path) -> None:
    """Source, kind, one sentence, finite figures with units, advice that says whether it was tried, evidence
    that exists."""
    from godyno.capture.schema import BY_NAME

    for what, capture in _captures(directory):
        for one in plugin().analyze(capture):
            where = f"{what}, {one.kind}"
            assert one.source == plugin.name, f"{where}: its source is {one.source!r}"
            assert _KIND.fullmatch(one.kind), f"the kind {one.kind!r} is not like-this"
            assert one.claim.strip() and "\n" not in one.claim, f"{where}: the claim is not one line"
            assert one.severity in ("info", "note", "warning"), f"{where}: severity {one.severity!r}"
            if one.estimate is not None:
                assert math.isfinite(one.estimate.value), f"{where}: the figure is {one.estimate.value}"
                assert one.estimate.unit, f"{where}: the figure has no unit"
                assert one.estimate.n >= 1, f"{where}: n is {one.estimate.n}"
                interval = one.estimate.interval
                assert interval is None or interval.low <= interval.high, (
                    f"{where}: the interval is upside down"
                )
            assert not one.advice or one.tried, f"{where}: it advises without saying whether that was tried"
            for evidence in one.evidence:
                assert evidence.table in BY_NAME, (
                    f"{where}: evidence in {evidence.table!r}, which is no table"
                )
                if evidence.sql:
                    capture.sql(evidence.sql)


def its_findings_become_json_and_come_back(plugin: type[Any], directory: Path) -> None:
    """Without NaN, which JSON has not."""
    for what, capture in _captures(directory):
        for one in plugin().analyze(capture):
            text = json.dumps(one.as_json(), allow_nan=False)
            assert Finding.from_json(json.loads(text)).as_json() == json.loads(text), (
                f"{what}: {one.kind} changes"
            )


def _text(findings: Sequence[Finding]) -> str:
    return json.dumps([one.as_json() for one in findings])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from godyno.capture.reader import open_capture

    with open_capture(path) as capture:
        yield capture


def _captures(directory: Path) -> Iterator[tuple[str, Any]]:
    for what, path in samples(directory).items():
        with _opened(path) as capture:
            yield what, capture


CHECKS = [
    it_has_all_of_an_analysis_methods,
    its_needs_are_tables,
    it_lives_with_any_capture,
    it_says_the_same_twice,
    its_findings_are_whole,
    its_findings_become_json_and_come_back,
]
