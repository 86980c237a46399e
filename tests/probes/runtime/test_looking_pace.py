"""How often looks are taken: never dearer than asked for, early ones more often."""

from __future__ import annotations

from godyno.probes.runtime.looking_pace import Pace


def taken(pace: Pace, for_s: float, cost_s: float) -> list[float]:
    """The instants of the looks of a recording that lasts so long."""
    at, out = pace.next_s(0.0, 0.0), []
    while at < for_s:
        out.append(at)
        at += pace.next_s(at, cost_s)
    return out


def test_cheap_looks_come_at_their_period_and_dear_ones_as_often_as_they_may() -> None:
    assert abs(len(taken(Pace(0.01, 0.02), 60.0, 0.0001)) - 6000) < 60
    dear = taken(Pace(0.01, 0.02), 60.0, 0.002)
    assert abs(len(dear) * 0.002 - 0.02 * 60) < 0.02


def test_a_short_run_gets_many_looks_and_a_long_one_costs_its_share_and_what_was_free() -> None:
    light = {"period_s": 0.05, "share": 0.004, "ahead_s": 0.03}
    assert 40 < len(taken(Pace(**light), 0.2, 0.0003)) < 60
    assert 80 < len(taken(Pace(**light), 1.0, 0.0003)) < 130
    cost = len(taken(Pace(**light), 100.0, 0.0003)) * 0.0003
    assert 0.35 < cost < 0.03 + 0.004 * 100 + 0.001


def test_looks_are_not_in_step_with_a_clock() -> None:
    late = [at % 0.05 / 0.05 for at in taken(Pace(0.05, 0.02), 60.0, 0.0001)]
    by_tenth = [sum(tenth <= 10 * one < tenth + 1 for one in late) for tenth in range(10)]
    assert max(by_tenth) < 1.5 * min(by_tenth)
