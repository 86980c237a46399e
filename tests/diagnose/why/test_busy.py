"""When any thread of a process was at work, and windows cut by that, held against a look at each instant."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from godyno.diagnose.why.busy import busy
from godyno.diagnose.why.lanes import READY, RUN, SLEEP, Columns, Lane
from godyno.diagnose.why.parts import between


@st.composite
def _lane(draw: st.DrawFn, tid: int) -> Lane:
    start, end, states, at = [], [], [], 0
    for gap, length, state in draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from((RUN, READY, SLEEP))), max_size=8
        )
    ):
        start.append(at + gap)
        at += gap + length
        end.append(at)
        states.append(state)
    return Lane(1, tid, 0, Columns.of(start, end, states, [tid] * len(start)))


def _at(lane: Lane, t_ns: int) -> int | None:
    """The index of the interval in which the nanosecond after ``t_ns`` lies."""
    return next((index for index, start in enumerate(lane.start) if start <= t_ns < lane.end[index]), None)


@given(st.integers(1, 4).flatmap(lambda n: st.tuples(*(_lane(tid) for tid in range(1, n + 1)))))
def test_the_busy_lane_is_on_a_cpu_when_any_thread_is_and_ready_when_one_is_and_none_runs(
    lanes: tuple[Lane, ...],
) -> None:
    found = busy(1, lanes)
    for t_ns in range(60):
        states = {
            lane.tid: lane.state[index]
            for lane in lanes
            if (index := _at(lane, t_ns)) is not None and lane.state[index] != SLEEP
        }
        at = _at(found, t_ns)
        if at is None:
            assert not states
            continue
        assert found.state[at] == (RUN if RUN in states.values() else READY)
        assert states[found.thread[at]] == found.state[at]


@given(st.integers(1, 3).flatmap(lambda n: st.tuples(*(_lane(tid) for tid in range(1, n + 1)))))
def test_the_busy_lane_keeps_a_thread_for_as_long_as_it_is_as_busy_as_any(lanes: tuple[Lane, ...]) -> None:
    found = busy(1, lanes)
    for before, after in zip(range(len(found.start)), range(1, len(found.start)), strict=False):
        changed = found.thread[before] != found.thread[after] and found.end[before] == found.start[after]
        of, now = lanes[found.thread[before] - 1], found.start[after]
        at = _at(of, now)
        goes_on = at is not None and of.start[at] < now and of.state[at] == found.state[after]
        assert not (changed and goes_on)


@given(_lane(1), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=5))
def test_windows_are_covered_without_holes_by_the_intervals_in_them_and_the_gaps(
    lane: Lane, windows: list[tuple[int, int]]
) -> None:
    start = np.array([at for at, _ in windows], np.int64)
    end = start + np.array([length for _, length in windows], np.int64)
    rows = list(zip(*(column.tolist() for column in between(start, end, lane)), strict=True))
    for number, (low, high) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        mine = [(a, b, interval) for a, b, window, interval in rows if window == number]
        assert [(a, b, interval) for a, b, interval in mine if interval >= 0] == [
            (a, b, index) for a, b, _, index in lane.between(low, high)
        ]
        assert [a for a, *_ in mine] == [low, *(b for _, b, _ in mine[:-1])]
        assert mine[-1][1] == high
