from __future__ import annotations

from collections.abc import Callable

import pytest

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.hot import Hot
from godyno.testing.captures import T0


def _samples(writer: TableWriter) -> None:
    def stack(*names: str) -> int:
        return writer.stack([(name, "", 0, "") for name in names])

    for index in range(6):
        writer.sample(T0 + index, "cpu", stack("leaf", "walk", "walk", "main"), 0.01)
    for index in range(4):
        writer.sample(T0 + index, "cpu", stack("walk", "main"), 0.01)


def test_the_hottest_function_is_told_with_its_sampling_error(made: Callable[..., Capture]) -> None:
    (finding,) = Hot().analyze(made(_samples))
    assert finding.claim.startswith("leaf held 60")
    assert finding.estimate and finding.estimate.interval and finding.estimate.n == 10
    # Wilson's interval of 6 in 10, as R's prop.test(6, 10, correct = FALSE) gives it
    assert finding.estimate.interval.low == pytest.approx(0.3127, abs=1e-4)
    assert finding.estimate.interval.high == pytest.approx(0.8318, abs=1e-4)
    rows = {row[0]: row[1:] for row in finding.data["rows"]}
    assert rows["walk"] == [pytest.approx(0.04), pytest.approx(0.4), pytest.approx(0.10)]


def test_where_no_cpu_was_sampled_nothing_is_told(made: Callable[..., Capture]) -> None:
    assert Hot().analyze(made(lambda writer: None)) == []
    assert (
        Hot().analyze(
            made(lambda writer: writer.sample(T0, "heap", writer.stack([("keep", "", 0, "")]), 9.0))
        )
        == []
    )
