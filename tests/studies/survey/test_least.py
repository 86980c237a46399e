from __future__ import annotations

import random

import pytest

from godyno.studies.survey.least import RATIO, limited_timeout_s, search
from godyno.studies.survey.records import KILLED, PASS, STOPPED, THRASH, Run

MIB = 1 << 20


def limited(limit_bytes: int, verdict: str) -> Run:
    return Run("build-cold", verdict, 10.0, 18.0, memory_limit_bytes=limit_bytes)


def passing_from(truth_bytes: int, below: str = KILLED):  # type: ignore[no-untyped-def]
    return lambda limit: limited(limit, PASS if limit >= truth_bytes else below)


@pytest.mark.parametrize("truth_mib", [40, 165, 238, 255, 300, 700, 3000])
@pytest.mark.parametrize("guess_mib", [60, 250, 1000])
def test_the_bracket_holds_the_truth_and_is_narrow(truth_mib: int, guess_mib: int) -> None:
    found = search(guess_mib * MIB, passing_from(truth_mib * MIB), most_runs=20)
    assert found.high is not None and found.low is not None
    high, low = found.high.memory_limit_bytes, found.low.memory_limit_bytes
    assert low is not None and high is not None
    assert low < truth_mib * MIB <= high
    assert high / low <= RATIO + 2 * MIB / low


def test_a_good_guess_needs_three_runs_one_of_them_failing() -> None:
    found = search(255 * MIB, passing_from(250 * MIB, THRASH))
    assert [run.verdict for run in found.runs] == [PASS, THRASH, PASS]
    assert found.passes_at_high() == 2


def test_the_smallest_passing_limit_is_tried_again() -> None:
    assert search(1000 * MIB, passing_from(255 * MIB)).passes_at_high() == 2


def test_a_pass_that_does_not_repeat_does_not_stand_but_the_next_above_does() -> None:
    # As measured on the reference: 252 MiB killed, 283 passes, 268 passes once and then thrashes.
    answers = {252: [KILLED], 283: [PASS, PASS], 268: [PASS, THRASH]}

    def try_at(limit: int) -> Run:
        return limited(limit, answers[limit // MIB].pop(0))

    found = search(252 * MIB, try_at)
    assert found.high is not None and found.low is not None
    assert (found.low.memory_limit_bytes, found.high.memory_limit_bytes) == (268 * MIB, 283 * MIB)
    assert found.passes_at_high() == 2
    assert len(found.runs) == 5


def test_a_random_threshold_still_gives_an_ordered_bracket() -> None:
    rng = random.Random(1)
    for _ in range(200):
        found = search(
            240 * MIB,
            lambda limit: limited(limit, PASS if rng.gauss(limit, 15 * MIB) > 250 * MIB else KILLED),
        )
        if found.high is not None and found.low is not None:
            assert (found.low.memory_limit_bytes or 0) < (found.high.memory_limit_bytes or 0)
        assert len(found.runs) <= 8


def test_the_end_of_the_budget_keeps_what_was_found() -> None:
    runs = iter([limited(255 * MIB, PASS)])
    found = search(255 * MIB, lambda limit: next(runs, None))
    assert found.high is not None and found.low is None
    assert len(found.runs) == 1


def test_a_run_that_the_budget_cut_short_says_nothing_of_its_limit() -> None:
    answers = iter([PASS, STOPPED])
    found = search(255 * MIB, lambda limit: limited(limit, next(answers)))
    assert found.low is None
    assert found.high is not None


def test_nothing_below_sixteen_mebibytes_is_tried() -> None:
    limits: list[int] = []

    def always(limit: int) -> Run:
        limits.append(limit)
        return limited(limit, PASS)

    search(20 * MIB, always, most_runs=20)
    assert min(limits) == 16 * MIB


def test_the_time_out_leaves_room_above_the_unlimited_run() -> None:
    assert limited_timeout_s(10.0) > 15.0
    assert limited_timeout_s(0.1) > 3.0
