"""What waits for the ticks of a clock is idle; what sleeps in a loop is not."""

from __future__ import annotations

import random

from godyno.diagnose.why.lanes import RUN, SLEEP
from godyno.diagnose.why.pieces import Piece
from godyno.diagnose.why.ticks import idle_between_ticks

MS = 1_000_000


def rounds(period_ms: float, work_ms: float, drifts: bool) -> list[Piece]:
    """Thirty rounds of work and a wait for the next, woken up to 0.2 ms late."""
    dice, out, at = random.Random(1), [], 0
    for number in range(1, 31):
        done = at + round(work_ms * MS)
        due = done + round(period_ms * MS) if drifts else round(number * period_ms * MS)
        woken = due + dice.randrange(200_000)
        out += [Piece(at, done, RUN, "", 1, 1, 1, 0), Piece(done, woken, SLEEP, "sleep", 1, 1, 1, 0)]
        at = woken
    return out


def kinds(pieces: list[Piece]) -> set[str]:
    found = idle_between_ticks(pieces, pieces[-1].t_end_ns)
    assert [(one.t_start_ns, one.t_end_ns) for one in found] == [
        (one.t_start_ns, one.t_end_ns) for one in pieces
    ]
    return {one.kind for one in found if one.state == SLEEP}


def test_a_ticker_is_when_work_is_wanted() -> None:
    assert kinds(rounds(50, 0.5, drifts=False)) == {"rest"}


def test_a_loop_that_sleeps_drifts_by_what_it_does() -> None:
    assert kinds(rounds(50, 0.5, drifts=True)) == {"sleep"}


def test_ticks_with_much_work_between_them_stay_a_wait_for_a_clock() -> None:
    assert kinds(rounds(50, 20, drifts=False)) == {"tick"}
    assert kinds(rounds(50, 20.3, drifts=True)) == {"sleep"}


def test_a_few_sleeps_show_no_clock() -> None:
    assert kinds(rounds(50, 0.5, drifts=False)[:8]) == {"sleep"}


def timers(count: int, wait_ms: float, work_ms: float) -> list[Piece]:
    """Waits at channels for timers of all lengths, and work after each."""
    out, at = [], 0
    for number in range(count):
        woken = at + round(wait_ms * (1 + number % 3) * MS)
        done = woken + round(work_ms * MS)
        out += [Piece(at, woken, SLEEP, "tick", 1, 1, 1, 0), Piece(woken, done, RUN, "", 1, 1, 1, 0)]
        at = done
    return out


def test_who_waits_for_timers_again_and_again_is_idle_and_who_waits_once_is_not() -> None:
    assert kinds(timers(9, 20, 1)) == {"rest"}
    assert kinds(timers(1, 200, 1)) == {"tick"}


def test_timers_that_take_less_than_nine_tenths_are_waited_for() -> None:
    assert kinds(timers(9, 20, 10)) == {"tick"}
