import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError
from godyno.formats.test2json import (
    GoTestEvent,
    event_of,
    json_events,
    output_lines,
    plain_events,
    results,
)

DATA = Path(__file__).parent.parent / "data" / "test2json"
VERSIONS = ["1.21.13", "1.27.3"]


def read(name: str) -> tuple[GoTestEvent, ...]:
    events, others = json_events((DATA / name).read_text().splitlines())
    assert others == ()
    return events


@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_stream_gives_every_test_with_its_outcome(version: str) -> None:
    outcomes = {(r.package[-1], r.test): r.outcome for r in results(read(f"fails-{version}.json"))}
    assert outcomes[("b", "TestOne")] == "pass"
    assert outcomes[("b", "TestParallel/y/z")] == "pass"
    assert outcomes[("b", "TestSkipped")] == "skip"
    assert outcomes[("b", "TestFails")] == "fail"
    assert outcomes[("b", "")] == "fail"
    assert outcomes[("a", "")] == "skip"


@pytest.mark.parametrize("version", VERSIONS)
def test_durations_come_from_the_instants_and_not_from_the_rounded_figure(version: str) -> None:
    one = next(r for r in results(read(f"passes-{version}.json")) if r.test == "TestOne")
    assert one.elapsed_s == 0
    assert one.running_s is not None and 0 < one.running_s < 0.1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_benchmark_s_result_is_one_line_however_many_events_it_came_in(version: str) -> None:
    lines = [line.text for line in output_lines(read(f"passes-{version}.json"))]
    (result,) = [line for line in lines if line.startswith("BenchmarkB-2")]
    assert result.split()[1] == "10" and result.endswith("3.500 widgets/op")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["fails", "passes"])
def test_plain_output_gives_the_same_outcomes_as_json(version: str, name: str) -> None:
    plain = (DATA / f"{name}-{version}.txt").read_text().splitlines()
    from_plain = results(plain_events((1000 + i, line) for i, line in enumerate(plain)))
    from_json = results(read(f"{name}-{version}.json"))
    tests = {(r.package, r.test): r.outcome for r in from_json if not r.test.startswith("Benchmark")}
    assert {(r.package, r.test): r.outcome for r in from_plain if (r.package, r.test) in tests} == tests
    assert {r.package for r in from_plain if r.package} == {"example.com/m/a", "example.com/m/b"}


def test_a_paused_test_s_running_time_leaves_the_pause_out() -> None:
    def event(action: str, at_ns: int) -> GoTestEvent:
        return GoTestEvent(action, "p", "T", at_ns)

    (result,) = results([event("run", 0), event("pause", 10), event("cont", 1_000), event("pass", 1_030)])
    assert result.running_s == pytest.approx(40e-9)


def test_a_test_that_never_ended_is_unknown_and_runs_with_count_are_apart() -> None:
    events = [GoTestEvent(a, "p", "T", t) for t, a in enumerate(["run", "pass", "run", "output"])]
    assert [(r.outcome, r.start_at_ns, r.end_at_ns) for r in results(events)] == [
        ("pass", 0, 1),
        ("unknown", 2, 3),
    ]


def test_lines_of_the_program_between_events_are_kept_apart() -> None:
    events, others = json_events(['{"Action":"start","Package":"p"}', "panic: oh", b"\xff", ""])
    assert [event.action for event in events] == ["start"]
    assert others == ("panic: oh", "\ufffd")


def test_a_failed_build_is_named() -> None:
    line = '{"Time":"2026-01-02T15:35:39Z","Action":"fail","Package":"a","Elapsed":0,"FailedBuild":"b"}'
    assert event_of(line).failed_build == "b"
    assert event_of('{"ImportPath":"b","Action":"build-output","Output":"# b\\n"}').package == "b"


ROW = st.dictionaries(
    st.sampled_from(["Action", "Package", "Test", "Time", "Elapsed", "Output"]),
    st.none()
    | st.integers()
    | st.floats()
    | st.sampled_from(["run", "pass", "pause", "cont", "output", "p"])
    | st.text(),
)
PLAIN = st.sampled_from(
    ["=== RUN   T", "=== CONT  T", "--- PASS: T (0.01s)", "ok  \tp\t0.1s", "FAIL", "PASS", "FAIL\tp\t0.1s"]
)


@given(st.lists(st.binary() | st.text() | ROW.map(json.dumps)))
def test_no_stream_raises(lines: list[str | bytes]) -> None:
    events, _ = json_events(lines)
    results(events)
    output_lines(events)


@given(st.lists(st.tuples(st.none() | st.integers(), st.text() | PLAIN)))
def test_no_plain_output_raises_and_no_line_of_it_is_lost(lines: list[tuple[int | None, str]]) -> None:
    events = list(plain_events(lines))
    results(events)
    assert sum(event.action == "output" for event in events) == len(lines)


def test_a_line_that_is_no_event_is_refused() -> None:
    for line in ("", "{}", "[]", '{"Action": 1}', "1" * 10_000):
        with pytest.raises(FormatError, match="Not a test event"):
            event_of(line)
