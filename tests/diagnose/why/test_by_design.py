"""Waits until a program is wanted are told, and nobody is accused of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer

Made = Callable[..., Capture]
READ = ("internal/poll.(*FD).Read", "net.(*conn).Read", "main.consume", "main.main")
BODY = ("internal/poll.(*FD).Read", "net.(*conn).Read", "net/http.(*body).Read", "main.consume", "main.main")
HEARD = {"reason": "network", "function": "net.(*netFD).Read"}
SENT = {"function": "net.(*netFD).Write"}


def hears(s: Any, sends: bool = False, stack: tuple[str, ...] = READ) -> None:
    """Ten times it reads from a connection for 8 ms and works for 2 ms; with ``sends`` it asks before each."""
    s.process(1, 0, 100)
    s.thread(1, (0, 100, "running"))
    rounds = []
    for at in range(0, 100, 10):
        rounds.append((at, at + 1, "syscall", SENT) if sends else (at, at + 1, "running", {}))
        rounds += [(at + 1, at + 9, "waiting", HEARD), (at + 9, at + 10, "running", {})]
        s.sample("goroutine_wait", at + 9, stack, goroutine=1)
    s.goroutine(1, *rounds)


def test_who_is_sent_what_it_did_not_ask_for_is_not_accused_of_waiting_for_it(scene: Made) -> None:
    found = answer(scene(hears))
    (cause,) = [one for one in found.causes if one.kind == "network"]
    assert cause.severity == "info" and found.healthy and cause.share == pytest.approx(0.8, abs=0.02)
    assert cause.claim.startswith("It waited for what others send, unasked, in main.consume")


@pytest.mark.parametrize(("sends", "stack"), [(True, READ), (False, BODY)])
def test_who_asks_before_each_or_reads_an_answer_in_parts_waits_for_it(
    scene: Made, sends: bool, stack: tuple[str, ...]
) -> None:
    found = answer(scene(lambda s: hears(s, sends, stack)))
    assert [cause.kind for cause in found.accused] == ["network"]


def ticks(s: Any, reason: str) -> None:
    """Ten rounds of 4 ms of work and a wait of 6 ms that a timer ends."""
    s.process(1, 0, 100)
    s.thread(1, (0, 100, "running"))
    rounds = []
    for at in range(0, 100, 10):
        rounds += [
            (at, at + 4, "running", {}), (at + 4, at + 10, "waiting", {"reason": reason, "function": "main.limit"}),
        ]  # fmt: skip
    s.goroutine(1, *rounds, (100, 101, "running", {}))


def test_who_waits_at_a_channel_for_a_clock_is_told_so_and_not_accused(scene: Made) -> None:
    found = answer(scene(lambda s: ticks(s, "select")))
    cause = found.causes[0]
    assert cause.kind == "sleep" and cause.severity == "info" and found.healthy
    assert cause.claim.startswith("It waited for a clock in main.limit") and "a limiter" in cause.claim


def test_what_a_program_does_between_long_waits_for_a_clock_holds_nothing_up(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.thread(1, (0, 1000, "running"))
        rounds = []
        for at in range(0, 1000, 100):
            rounds += [
                (at, at + 5, "waiting", {"reason": "sync", "function": "sync.(*Mutex).Lock"}),
                (at + 5, at + 100, "waiting", {"reason": "select", "function": "main.main"}),
            ]
            s.sample("goroutine_wait", at + 5, ("sync.(*Mutex).Lock", "main.keep"), goroutine=1)
        s.goroutine(1, *rounds, (1000, 1001, "running", {}))

    found = answer(scene(fill))
    assert found.healthy and found.attribution.seconds()["idle"] > 0.9


def test_c_that_waits_for_a_thread_of_its_own_is_c_that_is_waited_for(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 89, "sleeping"), (89, 90, "runnable", 2), (90, 100, "running"))
        s.thread(2, (0, 10, "sleeping"), (10, 88, "sleeping"), (88, 90, "running"), (90, 100, "sleeping"))
        call = {"function": "main._Cfunc_fetch"}
        s.goroutine(1, (0, 10, "running", {}), (10, 90, "syscall", call), (90, 100, "running", {}))
        s.sample("off_cpu", 10, ("k:futex_wait", "k:__x64_sys_futex", "sem_wait", "fetch"), tid=1)
        s.sample("off_cpu", 10, ("k:hrtimer_nanosleep", "k:__x64_sys_nanosleep", "usleep", "worker"), tid=2)
        s.sample("wakeup", 89, ("k:futex_wake", "sem_post", "worker"), tid=1)

    cause = answer(scene(fill)).causes[0]
    assert (
        cause.kind == "cgo"
        and cause.what == "main._Cfunc_fetch"
        and cause.seconds == pytest.approx(0.08, abs=0.002)
    )


@pytest.mark.parametrize(("slept_ms", "first"), [(40, "disk_read"), (10, "kernel")])
def test_what_the_kernel_does_for_reads_goes_with_them_as_far_as_they_came_from_the_disk(
    scene: Made, slept_ms: int, first: str
) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, slept_ms, "sleeping"), (slept_ms, 100, "running"))
        s.sample("off_cpu", 0, ("k:io_schedule", "k:filemap_read", "k:vfs_read", "main.load", "main.main"))
        for at in range(slept_ms, 100, 2):
            s.sample(
                "cpu",
                at,
                ("k:copy_page", "k:filemap_read", "k:__x64_sys_pread64", "main.load", "runtime.goexit"),
            )

    assert answer(scene(fill)).causes[0].kind == first
