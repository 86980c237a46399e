"""Go programs without their goroutines: what may be said of a thread's poll, and what must not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer, attribute

Made = Callable[..., Capture]
NETPOLL = (
    "k:schedule", "k:ep_poll", "k:do_epoll_wait", "k:__x64_sys_epoll_pwait", "runtime.netpoll", "runtime.findRunnable", "runtime.mcall",
)  # fmt: skip
C_POLL = ("k:schedule", "k:do_sys_poll", "k:__x64_sys_poll", "__poll")
GO = ("main.work", "main.main", "runtime.main", "runtime.goexit")


def _polls(
    s: Any, calls: Sequence[str], ready: int, stack: Sequence[str] = NETPOLL, name: str = "epoll_pwait"
) -> None:
    """A program that computes for 20 ms and polls for 80."""
    s.process(1, 0, 100)
    s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (90, 91, "runnable", 0), (91, 100, "running"))
    s.sample("off_cpu", 10, stack)
    for at in (5, 95):
        s.sample("cpu", at, GO)
    s.writer.span(9_900_000, 90_000_000, "syscall", "1/1", name, 1, 1, {"result": ready})
    for call in calls:
        series = s.writer.series(
            "process.syscall.count", "{call}", "syscall", {"pid": "1", "call": call, "kind": "counter"}
        )
        s.writer.point(series, 1, 1.0)


@pytest.mark.parametrize(
    ("calls", "ready", "state"),
    [
        (("execve", "socket", "connect"), 1, "network"),
        (("execve", "socket", "accept4"), 1, "idle"),  # a service that is asked
        (("execve", "socket", "accept4", "connect"), 1, "unknown"),  # one that asks others, too
        (("execve", "socket", "accept4"), 0, "unknown"),  # a handler that sleeps, or a deadline
        (("execve", "read"), 1, "pipe"),
        (("execve", "read"), 0, "sleep"),
        (("execve", "socket", "connect"), 0, "sleep"),
        (("socket", "accept4"), 1, "network"),  # its beginning was not recorded
        ((), 1, "network"),
    ],
)
def test_a_poll_is_what_the_calls_of_its_process_let_it_be(
    scene: Made, calls: tuple[str, ...], ready: int, state: str
) -> None:
    found = attribute(scene(lambda s: _polls(s, calls, ready))).seconds()
    assert found[state] == pytest.approx(0.08, abs=0.002)


def test_an_idle_service_is_not_accused(scene: Made) -> None:
    found = answer(scene(lambda s: _polls(s, ("execve", "socket", "accept4"), 1)))
    assert found.healthy and not found.accused


def test_the_c_librarys_resolver_is_told_by_what_only_it_calls(scene: Made) -> None:
    calls = ("execve", "socket", "connect", "sendmmsg")
    (cause, *_) = answer(scene(lambda s: _polls(s, calls, 1, C_POLL, "poll"))).causes
    assert cause.kind == "dns"


def test_a_goroutine_that_called_the_c_librarys_resolver_waits_for_dns(scene: Made) -> None:
    def fill(s: Any) -> None:
        _polls(s, (), 1, C_POLL, "poll")
        s.goroutine(
            1, (0, 9, "running", {}), (9, 91, "syscall", {"function": "net._C2func_getaddrinfo"}), (91, 100, "running", {})
        )  # fmt: skip

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "dns" and "getaddrinfo" in cause.what


def test_a_child_that_died_is_a_child_also_where_stacks_are_missing(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.process(7, 10, 90, 1, "/usr/bin/convert")
        s.thread(1, (0, 11, "running"), (11, 90, "sleeping"), (90, 91, "runnable", 7), (91, 100, "running"))
        s.thread(7, (10, 90, "running"), pid=7)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "child" and "convert" in cause.what


def test_who_is_mostly_unknown_is_neither_accused_nor_cleared(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.thread(1, (0, 600, "running"), (600, 990, "sleeping"), (990, 1000, "running"))
        for at in range(5, 600, 10):
            s.sample("cpu", at, GO)

    found = answer(scene(fill))
    assert not found.healthy and not found.accused
    assert found.untold is not None and "--level deep" in found.untold.advice
    assert found.causes[0] is found.untold  # it could hide more than what is known takes


def test_a_futex_whose_wake_up_is_missing_was_ended_by_who_ran_meanwhile(scene: Made) -> None:
    """Of long recordings the shortest states are left out, and with them who ended the wait before."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (91, 100, "running"))
        s.thread(2, (5, 90, "running"))
        s.sample(
            "off_cpu",
            10,
            ("k:schedule", "k:futex_do_wait", "k:__x64_sys_futex", "runtime.futex", "runtime.mcall"),
        )
        s.sample("cpu", 50, ("main.worker", "runtime.goexit"), tid=2)

    found = attribute(scene(fill)).seconds()
    assert found["go"] > 0.09 and found.get("unknown", 0.0) < 0.005
