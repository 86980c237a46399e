from __future__ import annotations

from godyno.studies.survey.bench import Outcome, is_thrash, judged
from godyno.studies.survey.figures import estimate, run_figures
from godyno.studies.survey.records import FAILED, KILLED, PASS, STOPPED, THRASH, Run

MIB = 1 << 20


def outcome(exit_code: int = 0, timed_out: bool = False, oom_kills: int = 0, said: str = "") -> Outcome:
    return Outcome(exit_code, 0, 10.0, 18.0, timed_out, oom_kills, said=said)


def test_exit_code_zero_is_a_pass() -> None:
    assert judged("test", outcome()).verdict == PASS


def test_a_kill_counts_before_the_exit_code_that_go_passes_on() -> None:
    run = judged("test", outcome(exit_code=1, oom_kills=1, said="signal: killed"), 100 * MIB)
    assert (run.verdict, run.said) == (KILLED, "signal: killed")


def test_a_kill_that_the_command_survived_is_still_a_pass() -> None:
    assert judged("test", outcome(oom_kills=1), 100 * MIB).verdict == PASS


def test_a_time_out_under_a_limit_is_thrash_and_without_one_the_budgets() -> None:
    assert judged("test", outcome(143, timed_out=True), 100 * MIB).verdict == THRASH
    assert judged("test", outcome(143, timed_out=True)).verdict == STOPPED


def test_any_other_exit_code_is_a_failure_with_its_last_words() -> None:
    run = judged("test", outcome(1, said="x" * 5000 + "the reason"))
    assert run.verdict == FAILED
    assert run.said.endswith("the reason") and len(run.said) <= 2000


def test_one_value_has_no_interval_and_says_so() -> None:
    one = estimate([3.0], "s")
    assert one is not None and one.interval is None and one.n == 1


def test_a_few_values_have_their_range_at_the_level_that_it_has() -> None:
    few = estimate([3.0, 1.0, 2.0], "s")
    assert few is not None and few.interval is not None
    assert (few.value, few.interval.low, few.interval.high, few.interval.level) == (2.0, 1.0, 3.0, 0.75)


def test_six_values_reach_ninety_five_percent() -> None:
    six = estimate([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "s")
    assert six is not None and six.interval is not None and six.interval.level >= 0.95


def test_no_value_gives_no_estimate() -> None:
    assert estimate([], "s") is None


def test_stopped_runs_are_in_no_figure_and_failing_tests_only_where_asked_for() -> None:
    runs = [
        Run("test", PASS, 1.0, 1.0, peak_bytes=10),
        Run("test", FAILED, 3.0, 1.0, peak_bytes=None),
        Run("test", STOPPED, 9.0, 1.0, peak_bytes=99),
    ]
    assert run_figures(runs)["wall_s"].value == 1.0
    figures = run_figures(runs, failing_too=True)
    assert (figures["wall_s"].value, figures["wall_s"].n) == (2.0, 2)
    assert figures["peak_bytes"].n == 1
    assert "read_bytes" not in figures


def limited(read_bytes: int | None, major_faults: int | None) -> Run:
    return Run(
        "test",
        THRASH,
        18.8,
        3.0,
        read_bytes=read_bytes,
        major_faults=major_faults,
        memory_limit_bytes=140 * MIB,
    )


UNLIMITED = [Run("test", PASS, 9.7, 10.5, read_bytes=14_400_000, major_faults=24)]


def test_reading_the_same_pages_again_and_again_is_thrash() -> None:
    assert is_thrash(
        limited(7_098_978_304, 1469), UNLIMITED
    )  # as measured, 140 MiB for the reference's tests


def test_many_major_faults_alone_are_thrash() -> None:
    assert is_thrash(limited(None, 85_000), UNLIMITED)


def test_a_slow_run_on_a_busy_machine_is_not_thrash() -> None:
    assert not is_thrash(
        limited(122_507_264, 121), UNLIMITED
    )  # as measured, beside nine other busy processes


def test_where_nothing_was_counted_a_time_out_is_thrash() -> None:
    assert is_thrash(limited(None, None), UNLIMITED)
    assert is_thrash(limited(10, 10), [Run("test", PASS, 9.7, 10.5)])
