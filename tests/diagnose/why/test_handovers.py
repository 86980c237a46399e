"""Whose the time is before somebody waited: of who ended that wait, or of who waited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer, attribute

Made = Callable[..., Capture]
ASLEEP = {"reason": "sleep", "function": "main.fill"}
TAKES = {"reason": "sync.(*Cond).Wait", "function": "main.take"}
LOCKS = {"reason": "sync.(*Mutex).Lock", "function": "main.book"}
LOCKED = ("sync.runtime_SemacquireMutex", "sync.(*Mutex).Lock", "main.book")
RESOLVES = ("internal/poll.(*FD).Read", "net.(*netFD).Read", "net.(*Resolver).exchange", "main.ask")


def _ask(s: Any, *ends: int) -> dict[str, Any]:
    """What a goroutine waits in that asks for a name, with a stack at the end of each such wait of the main one."""
    for end in ends:
        s.sample("goroutine_wait", end, RESOLVES, goroutine=1)
    return {"reason": "network", "function": "net.(*netFD).Read"}


def test_a_clock_of_its_own_holds_nobody_up_before_it_is_waited_for(scene: Made) -> None:
    """Who fills a store every 12 ms, whether it is wanted or not: while main asks for names, it is not waited for."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        name = _ask(s, 40, 66)
        s.goroutine(
            1, (0, 12, "waiting", TAKES), (12, 13, "runnable", {"waker": 7}), (13, 40, "waiting", name), (40, 48, "waiting", TAKES),
            (48, 49, "runnable", {"waker": 7}), (49, 66, "waiting", name), (66, 72, "waiting", TAKES), (72, 73, "runnable", {"waker": 7}),
            (73, 100, "running", {}),
        )  # fmt: skip
        turns = [
            one
            for at in range(0, 96, 12)
            for one in ((at, at + 11, "waiting", ASLEEP), (at + 11, at + 12, "running", {}))
        ]
        s.goroutine(7, *turns, root="main.fill", parent=1)

    found = attribute(scene(fill)).seconds()
    assert found["dns"] == pytest.approx(0.044, abs=0.004) and found["sleep"] == pytest.approx(
        0.023, abs=0.004
    )


def test_a_limiter_is_waited_for_all_the_time(scene: Made) -> None:
    """Each of its sleeps ends with somebody's wait: what main does meanwhile would not be faster for being shorter."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        turns, gives = [], []
        for at in range(0, 96, 12):
            turns += [
                (at, at + 4, "running", {}),
                (at + 4, at + 11, "waiting", TAKES),
                (at + 11, at + 12, "runnable", {"waker": 7}),
            ]
            gives += [(at, at + 10, "waiting", ASLEEP), (at + 10, at + 12, "running", {})]
        s.goroutine(1, *turns)
        s.goroutine(7, *gives, root="main.fill", parent=1)

    assert attribute(scene(fill)).seconds()["sleep"] > 0.07


def test_who_was_given_something_to_do_and_sleeps_over_it_is_waited_for(scene: Made) -> None:
    """Retries of what main asked for: the sleep before main began to wait is a part of that."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(
            1,
            (0, 40, "running", {}),
            (40, 90, "waiting", TAKES),
            (90, 91, "runnable", {"waker": 7}),
            (91, 100, "running", {}),
        )
        s.goroutine(
            7, (0, 9, "waiting", TAKES), (9, 10, "runnable", {"waker": 1}), (10, 11, "running", {}), (11, 30, "waiting", ASLEEP),
            (30, 31, "running", {}), (31, 89, "waiting", ASLEEP), (89, 90, "running", {}), root="main.work",
        )  # fmt: skip

    assert attribute(scene(fill)).seconds()["sleep"] == pytest.approx(0.077, abs=0.002)


def test_before_a_lock_was_waited_for_the_time_is_the_waiters(scene: Made) -> None:
    """Who tidies up all the time, and holds the lock now and then, holds nobody up before."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.thread(2, (0, 100, "running"))
        s.goroutine(
            1, (0, 50, "waiting", _ask(s, 50)), (50, 80, "waiting", LOCKS), (80, 81, "runnable", {"waker": 7}),
            (81, 100, "running", {}),
        )  # fmt: skip
        s.goroutine(7, (0, 100, "running", {}), tid=2, root="main.tidy")
        s.sample("goroutine_wait", 80, LOCKED, goroutine=1)

    found = attribute(scene(fill)).seconds()
    assert found["dns"] == pytest.approx(0.05, abs=0.002) and found["lock"] == pytest.approx(0.03)


def test_who_asks_for_a_name_while_another_waits_for_it_holds_that_up(scene: Made) -> None:
    """A crier that has news and waits for main to take them; main had asked for a name before anybody waited for it."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(
            1, (0, 10, "running", {}), (10, 60, "waiting", _ask(s, 60)), (60, 61, "running", {}),
            (61, 69, "waiting", {"reason": "select", "function": "main.stand"}), (69, 70, "runnable", {"waker": 7}),
            (70, 100, "running", {}),
        )  # fmt: skip
        s.goroutine(
            7, (0, 20, "waiting", ASLEEP), (20, 59, "waiting", {"reason": "chan send", "function": "main.cry"}),
            (59, 60, "runnable", {"waker": 1}), (60, 61, "running", {}), (61, 68, "waiting", ASLEEP), (68, 69, "running", {}),
            root="main.cry",
        )  # fmt: skip

    found = attribute(scene(fill)).seconds()
    assert found["dns"] > 0.045 and found["sleep"] == pytest.approx(0.007, abs=0.002)


def test_who_let_go_of_a_lock_by_deferring_that_is_named_by_what_it_was_started_with(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        woken = {"waker": 7, "function": "sync.(*Mutex).Unlock"}
        s.goroutine(
            1,
            (0, 10, "running", {}),
            (10, 80, "waiting", LOCKS),
            (80, 81, "runnable", woken),
            (81, 100, "running", {}),
        )
        # Its sleeps end at a clock's ticks, which are none of who waits for the lock.
        asleep = [
            one
            for at in range(0, 80, 4)
            for one in ((at, at + 3, "waiting", ASLEEP), (at + 3, at + 4, "running", {}))
        ]
        s.goroutine(7, *asleep, root="main.post")
        s.sample("goroutine_wait", 80, LOCKED, goroutine=1)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "lock" and cause.severity == "warning" and "held by main.post" in cause.claim


def test_a_wait_that_the_path_comes_to_while_it_lasts_is_followed_too(scene: Made) -> None:
    """From a child back to its parent, where only the scheduler was on the thread that started it: main waits for a worker then."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.process(9, 60, 90, 1, "/bin/sh")
        s.thread(1, (0, 60, "running"), (60, 90, "sleeping"), (90, 100, "running"))
        s.thread(9, (60, 90, "running"), pid=9)
        s.goroutine(
            1, (0, 5, "running", {}), (5, 98, "waiting", {"reason": "chan receive", "function": "main.main", "waker": 7}),
            (98, 99, "runnable", {"waker": 7}), (99, 100, "running", {}),
        )  # fmt: skip
        s.goroutine(
            7, (5, 58, "running", {}), (58, 92, "waiting", {"reason": "sync", "function": "os.(*Process).Wait"}),
            (92, 93, "runnable", {"waker": 1}), (93, 98, "running", {}), root="main.work", parent=1, tid=3,
        )  # fmt: skip
        s.sample("cpu", 30, ("main.work", "runtime.goexit"), tid=3)

    found = attribute(scene(fill)).seconds()
    assert "channel" not in found, found
