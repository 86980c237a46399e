"""Thread states from switch records: every nanosecond of a life is in exactly one state."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from godyno.probes.kernel.perf_records import Life, Switch
from godyno.probes.kernel.scheduler import States
from godyno.testing import FakeSink


def threads(sink: FakeSink) -> dict[int, dict[str, Any]]:
    return {span["tid"]: span for span in sink.spans if span["layer"] == "thread"}


def states(sink: FakeSink) -> list[tuple[str, int, int]]:
    return [
        (span["name"], span["t_start_ns"], span["t_end_ns"])
        for span in sink.spans
        if span["layer"] == "thread_state"
    ]


def test_a_life_of_running_waiting_and_sleeping(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    found = States(sink)
    found.life(Life(100, 0, "fork", 7, 8, 7, 7))
    found.switch(Switch(110, 0, 7, 8, out=False, preempted=False))
    found.switch(Switch(150, 0, 7, 8, out=True, preempted=True))
    found.switch(Switch(160, 1, 7, 8, out=False, preempted=False))
    found.switch(Switch(200, 1, 7, 8, out=True, preempted=False))
    found.wake(8, 290)
    found.switch(Switch(300, 0, 7, 8, out=False, preempted=False))
    found.life(Life(340, 0, "exit", 7, 8, 7, 7))
    found.finish(1000)
    (thread,) = threads(sink).values()
    assert (thread["t_start_ns"], thread["t_end_ns"]) == (100, 340)
    assert thread["args"] == {
        "running_s": 120e-9, "runnable_s": 30e-9, "sleeping_s": 90e-9, "switches": 2, "preemptions": 1,
        "wakeups": 1, "runnable_max_s": 10e-9,
    }  # fmt: skip
    assert states(sink) == [
        ("runnable", 100, 110), ("running", 110, 150), ("runnable", 150, 160), ("running", 160, 200),
        ("sleeping", 200, 290), ("runnable", 290, 300), ("running", 300, 340),
    ]  # fmt: skip


def test_a_thread_that_ran_when_attached_is_taken_as_running_until_it_left(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    found = States(sink)
    (tmp_path / "existing.jsonl").write_text('[7, 8, "x", "R", 100]\n[7, 9, "y", "S", 100]\nnonsense\n[1]\n')
    found.existing(tmp_path / "existing.jsonl")
    found.switch(Switch(150, 0, 7, 8, out=True, preempted=False))
    found.finish(200)
    assert threads(sink)[8]["args"]["running_s"] == 50e-9
    assert threads(sink)[9]["args"]["sleeping_s"] == 100e-9


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.sampled_from(["in", "out", "preempted", "wake", "exit", "fork"])),
        max_size=60,
    )
)
def test_states_fill_every_life_without_gap_or_overlap(
    tmp_path_factory: Any, steps: list[tuple[int, str]]
) -> None:
    sink = FakeSink(tmp_path_factory.mktemp("sched"))
    found, t_ns = States(sink), 1000
    for step, what in steps:
        t_ns += step
        if what == "wake":
            found.wake(8, t_ns)
        elif what in ("exit", "fork"):
            found.life(Life(t_ns, 0, what, 7, 8, 7, 7))
        else:
            found.switch(Switch(t_ns, 0, 7, 8, what != "in", what == "preempted"))
    found.finish(t_ns + 5)
    for span in sink.spans:
        if span["layer"] == "thread":
            parts = sum(span["args"][f"{state}_s"] for state in ("running", "runnable", "sleeping"))
            assert abs(parts - (span["t_end_ns"] - span["t_start_ns"]) * 1e-9) < 1e-12
    ordered = states(sink)
    assert all(before[2] <= after[1] for before, after in itertools.pairwise(ordered))


def test_too_many_states_are_thinned_and_totals_stay_exact(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    found, t_ns = States(sink, most_spans=100), 0
    for index in range(1000):
        t_ns += 1 + index % 7
        found.switch(Switch(t_ns, 0, 7, 8, out=bool(index % 2), preempted=False))
    found.finish(t_ns)
    (thread,) = threads(sink).values()
    assert len(states(sink)) <= 200
    assert sink.notes["states_left_out"] + len(states(sink)) == 999
    assert abs(thread["args"]["running_s"] + thread["args"]["sleeping_s"] - (t_ns - 1) * 1e-9) < 1e-12


def test_how_many_ran_is_told_over_time(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    found = States(sink)
    found.switch(Switch(0, 0, 7, 8, out=False, preempted=False))
    found.switch(Switch(150_000_000, 0, 7, 8, out=True, preempted=True))
    found.finish(200_000_000)
    assert sink.values("scheduler.running") == [1.0, 0.5]
    assert sink.values("scheduler.runnable") == [0.0, 0.5]


def test_a_wake_up_says_who_woke(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    found = States(sink)
    found.switch(Switch(100, 0, 7, 8, out=True, preempted=False))
    assert found.wake(8, 150, by_pid=7, by_tid=9) is not None
    assert found.wake(8, 160, by_pid=7, by_tid=9) is None  # it does not sleep any more
    found.switch(Switch(200, 0, 7, 8, out=False, preempted=False))
    found.finish(300)
    (ready,) = [span for span in sink.spans if span["layer"] == "thread_state" and span["name"] == "runnable"]
    assert ready["t_start_ns"] == 150 and ready["args"] == {"waker_pid": 7, "waker": 9}
