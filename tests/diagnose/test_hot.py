from __future__ import annotations

from collections.abc import Callable

import pytest

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.hot import Hot, top
from godyno.errors import UsageError
from godyno.testing.captures import T0


def _samples(writer: TableWriter) -> None:
    def stack(*names: str) -> int:
        return writer.stack([(name, "", 0, "") for name in names])

    for index in range(6):
        writer.sample(T0 + index, "cpu", stack("leaf", "walk", "walk", "main"), 0.01)
    for index in range(3):
        writer.sample(T0 + index, "cpu", stack("walk", "main"), 0.01)
    writer.sample(T0, "cpu", writer.stack([]), 0.01)
    for at, size in ((1, 100.0), (2, 40.0)):
        writer.sample(T0 + at, "heap", stack("keep"), size, pid=7)


def test_a_function_that_calls_itself_counts_once_a_stack(made: Callable[..., Capture]) -> None:
    rows = {row[0]: row[1:] for row in top(made(_samples)).data["rows"]}
    assert rows["leaf"] == [pytest.approx(0.06), pytest.approx(0.6), pytest.approx(0.06)]
    assert rows["walk"] == [pytest.approx(0.03), pytest.approx(0.3), pytest.approx(0.09)]
    assert rows["main"] == [0.0, 0.0, pytest.approx(0.09)]


def test_a_share_of_samples_carries_its_sampling_error(made: Callable[..., Capture]) -> None:
    (finding,) = Hot().analyze(made(_samples))
    assert finding.estimate and finding.estimate.interval and finding.estimate.n == 10
    # Wilson's interval of 6 in 10, as R's prop.test(6, 10, correct = FALSE) gives it
    assert finding.estimate.interval.low == pytest.approx(0.3127, abs=1e-4)
    assert finding.estimate.interval.high == pytest.approx(0.8318, abs=1e-4)


def test_of_states_only_the_last_counts(made: Callable[..., Capture]) -> None:
    finding = top(made(_samples), "heap")
    assert finding.data["rows"] == [["keep", 40.0, 1.0, 40.0]]
    assert finding.estimate and finding.estimate.interval is None


def test_samples_that_are_not_there_are_an_error_that_names_those_that_are(
    made: Callable[..., Capture],
) -> None:
    with pytest.raises(UsageError) as raised:
        top(made(_samples), "off_cpu")
    assert "cpu, heap" in str(raised.value.hint)
    with pytest.raises(UsageError, match="no samples"):
        top(made(lambda writer: None))
    assert Hot().analyze(made(lambda writer: None)) == []
