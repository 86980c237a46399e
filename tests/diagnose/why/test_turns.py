"""Who hands on and who holds: relays, pipelines and channels that are used as locks."""

from __future__ import annotations

from collections.abc import Sequence

from godyno.diagnose.why.lanes import READY, RUN, SLEEP, Columns, Lane, Lanes
from godyno.diagnose.why.turns import Turns

MS = 1_000_000
ROOT = "main.work"


def team(*lanes: Lane) -> Lanes:
    return Lanes(
        {}, {(1, lane.goroutine): lane for lane in lanes}, {}, {}, roots={(1, lane.goroutine): ROOT for lane in lanes}
    )  # fmt: skip


def lane(number: int, states: Sequence[tuple[int, int, int, dict[str, object]]]) -> Lane:
    """(start, end, state, why), in ms."""
    columns = Columns.of(
        [a * MS for a, *_ in states], [b * MS for _, b, *_ in states], [s for _, _, s, _ in states], (), [why for *_, why in states]
    )  # fmt: skip
    return Lane(1, 1, number, columns)


def waits(reason: str = "chan receive") -> dict[str, object]:
    return {"reason": reason, "function": ROOT}


def test_who_waits_as_soon_as_it_has_handed_on_runs_in_a_relay() -> None:
    """Three take turns of 10 ms, and wait for the other two meanwhile."""
    runners = []
    for place in range(3):
        states: list[tuple[int, int, int, dict[str, object]]] = []
        for turn in range(place, 12, 3):
            begin = turn * 10
            if states:
                states += [
                    (begin - 20, begin, SLEEP, waits()),
                    (begin, begin, READY, {"waker": (place - 1) % 3 + 1}),
                ]
            states.append((begin, begin + 10, RUN, {"waker": (place - 1) % 3 + 1}))
        runners.append(lane(place + 1, states))
    assert not Turns(team(*runners)).shares(1, ROOT)


def test_who_goes_on_with_its_own_work_had_held_something() -> None:
    """Two hold the one token in turn for 10 ms, and work for 8 ms with it given back."""
    workers = []
    for place in range(2):
        states: list[tuple[int, int, int, dict[str, object]]] = []
        for turn in range(place, 12, 2):
            begin = turn * 10
            if states:
                states += [(begin - 2, begin, SLEEP, waits()), (begin, begin, READY, {"waker": 2 - place})]
            states.append((begin, begin + 18, RUN, {"waker": 2 - place}))
        workers.append(lane(place + 1, states))
    assert Turns(team(*workers)).shares(1, ROOT)


def test_stages_of_a_pipeline_hand_on_in_one_direction() -> None:
    """The second waits for the first, the third for the second; each works on when it has handed on."""
    first = lane(1, [(0, 120, RUN, {})])
    rest = []
    for stage in (2, 3):
        states: list[tuple[int, int, int, dict[str, object]]] = []
        for turn in range(6):
            begin = turn * 20
            states += [
                (begin, begin + 10, SLEEP, waits()),
                (begin + 10, begin + 20, RUN, {"waker": stage - 1}),
            ]
        rest.append(lane(stage, states))
    assert not Turns(team(first, *rest)).shares(1, ROOT)


def test_of_few_waits_the_direction_is_not_known() -> None:
    workers = (
        lane(1, [(0, 20, RUN, {})]),
        lane(2, [(0, 10, SLEEP, waits()), (10, 20, RUN, {"waker": 1})]),
    )
    assert Turns(team(*workers)).shares(1, ROOT)
