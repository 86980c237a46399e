"""Waits for another process: children, and pipes to and from who stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer, attribute

Made = Callable[..., Capture]
NANOSLEEP = ("k:schedule", "k:do_nanosleep", "k:hrtimer_nanosleep", "k:__x64_sys_nanosleep", "usleep")
WRITE = (
    "k:schedule",
    "k:pipe_write",
    "k:vfs_write",
    "k:__x64_sys_write",
    "syscall.write",
    "main.feed",
    "main.main",
)
READ = (
    "k:schedule",
    "k:pipe_read",
    "k:vfs_read",
    "k:__x64_sys_read",
    "syscall.read",
    "main.take",
    "main.main",
)
POLL = ("k:schedule", "k:do_epoll_wait", "k:__x64_sys_epoll_pwait", "runtime.netpoll", "runtime.findRunnable")
WAITID = ("k:schedule", "k:do_wait", "k:kernel_waitid", "os.(*Process).Wait", "main.run", "main.main")


def _with_a_slow_one(s: Any, stack: tuple[str, ...]) -> None:
    """The parent waits at a pipe again and again for a child that sleeps all the time and outlives each wait."""
    s.process(1, 0, 100)
    s.process(7, 1, 99, 1, "/usr/bin/python3", "slow.py")
    s.thread(
        7,
        (1, 29, "sleeping"),
        (29, 31, "running"),
        (31, 59, "sleeping"),
        (59, 61, "running"),
        (61, 99, "sleeping"),
        pid=7,
    )
    for at in (1, 31, 61):
        s.sample("off_cpu", at, NANOSLEEP, tid=7, pid=7)
    s.thread(
        1, (0, 15, "running"), (15, 30, "sleeping"), (30, 31, "runnable", 7), (31, 45, "running"), (45, 60, "sleeping"),
        (60, 61, "runnable", 7), (61, 100, "running"),
    )  # fmt: skip
    for at in (15, 45):
        s.sample("off_cpu", at, stack)
    for at in (10, 40, 80):
        s.sample("cpu", at, ("main.work", "main.main", "runtime.main", "runtime.goexit"))


@pytest.mark.parametrize("stack", [WRITE, READ])
def test_a_slow_other_side_of_a_pipe_is_a_pipe_and_what_it_does_is_told(
    scene: Made, stack: tuple[str, ...]
) -> None:
    (cause, *_) = answer(scene(lambda s: _with_a_slow_one(s, stack))).causes
    assert cause.kind == "pipe" and cause.seconds == pytest.approx(0.03, abs=0.002)
    assert "python3 slow.py" in cause.what and "timer" in cause.claim


def test_what_the_other_side_did_before_it_was_waited_for_is_not_on_the_path(scene: Made) -> None:
    found = attribute(scene(lambda s: _with_a_slow_one(s, WRITE))).seconds()
    assert found["go"] == pytest.approx(0.07, abs=0.003) and "sleep" not in found


def test_a_goroutine_at_a_pipe_is_told_by_the_poll_that_the_other_side_ended(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.process(7, 1, 99, 1, "/usr/bin/slow")
        s.thread(7, (1, 79, "sleeping"), (79, 81, "running"), (81, 99, "sleeping"), pid=7)
        s.sample("off_cpu", 1, NANOSLEEP, tid=7, pid=7)
        s.thread(1, (0, 40, "running"), (40, 80, "sleeping"), (80, 81, "runnable", 7), (81, 100, "running"))
        s.sample("off_cpu", 40, POLL)
        s.sample("wakeup", 80, ("k:ep_poll_callback", "k:pipe_read", "k:vfs_read"))
        s.goroutine(
            1, (0, 40, "running", {}), (40, 81, "waiting", {"reason": "network", "function": "os.(*File).Write"}),
            (81, 100, "running", {}),
        )  # fmt: skip
        s.sample(
            "goroutine_wait",
            81,
            ("internal/poll.(*FD).Write", "os.(*File).Write", "main.feed", "main.main"),
            goroutine=1,
        )

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "pipe" and "main.feed" in cause.what and "slow" in cause.what
    assert cause.seconds == pytest.approx(0.04, abs=0.002)


def test_back_from_the_other_side_its_own_wait_for_a_child_is_not_waited_for_any_more(scene: Made) -> None:
    """Each time: before the parent began to wait, the shell's wait for its `sleep` is nothing to it, although that goes on longer."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.process(7, 1, 99, 1, "/bin/sh", "-c", "while sleep 0.02; do echo; done")
        parent, shell = [(0, 9, "running")], []
        for number, at in enumerate((10, 40, 70)):
            s.process(20 + number, at, at + 20, 7, "/bin/sleep", "0.02")
            s.thread(20 + number, (at, at + 20, "sleeping"), pid=20 + number)
            s.sample("off_cpu", at, NANOSLEEP, tid=20 + number, pid=20 + number)
            shell += [
                (at, at + 20, "sleeping"),
                (at + 20, at + 21, "runnable", 20 + number),
                (at + 21, at + 22, "running"),
            ]
            s.sample("off_cpu", at, ("k:schedule", "k:do_wait", "k:kernel_wait4", "wait4"), tid=7, pid=7)
            parent += [
                (at - 1, at + 2, "sleeping"),
                (at + 2, at + 3, "runnable", 0),
                (at + 3, at + 5, "running"),
            ]
            parent += [
                (at + 5, at + 22, "sleeping"),
                (at + 22, at + 23, "runnable", 7),
                (at + 23, at + 29, "running"),
            ]
            s.sample(
                "off_cpu",
                at - 1,
                ("k:schedule", "k:tcp_recvmsg", "k:__x64_sys_recvfrom", "recv", "main.ask", "main.main"),
            )
            s.sample("off_cpu", at + 5, READ)
        s.thread(7, *shell, pid=7)
        s.thread(1, *parent)
        for at in (10, 40, 80):
            s.sample("cpu", at, ("main.work", "main.main", "runtime.main", "runtime.goexit"))

    found = answer(scene(fill))
    assert found.causes[0].kind == "pipe" and found.causes[0].seconds == pytest.approx(0.05, abs=0.004)
    assert found.attribution.seconds()["network"] == pytest.approx(0.009, abs=0.002)
    assert "sleep" not in found.attribution.seconds()


@pytest.mark.parametrize("starts", [True, False])
def test_who_waits_for_a_signal_waits_for_its_child_if_it_has_one(scene: Made, starts: bool) -> None:
    """As `timeout COMMAND` does."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100, 0, "/usr/bin/timeout", "9", "work")
        s.thread(1, (0, 2, "running"), (2, 98, "sleeping"), (98, 100, "running"))
        s.sample("off_cpu", 2, ("k:schedule", "k:sigsuspend", "k:__x64_sys_rt_sigsuspend", "__sigsuspend"))
        if starts:
            s.process(7, 1, 98, 1, "/bin/work")
            s.thread(7, (1, 50, "running"), (50, 98, "sleeping"), pid=7)
            s.sample("off_cpu", 50, NANOSLEEP, tid=7, pid=7)

    found = attribute(scene(fill)).seconds()
    assert found.get("sleep" if starts else "idle", 0.0) > 0.04 and "kernel_wait" not in found


def test_a_pipe_that_is_waited_at_for_a_childs_whole_life_is_a_wait_for_that_child(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.process(7, 12, 90, 1, "/usr/bin/convert")
        s.thread(1, (0, 13, "running"), (13, 90, "sleeping"), (90, 91, "runnable", 7), (91, 100, "running"))
        s.thread(7, (12, 90, "running"), pid=7)
        s.sample("off_cpu", 13, READ)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "child" and "convert" in cause.what


def test_a_child_that_is_not_started_needs_no_cpu_either(scene: Made) -> None:
    """What it waited for a CPU is told as that, and would be saved with it: it stands before what took less in all."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.process(7, 10, 60, 1, "/usr/bin/convert")
        s.thread(1, (0, 10, "running"), (10, 60, "sleeping"), (60, 62, "running"), (62, 100, "sleeping"))
        s.thread(
            7, (10, 12, "runnable"), (12, 40, "running"), (40, 58, "runnable"), (58, 60, "running"), pid=7
        )
        s.sample("off_cpu", 10, WAITID)
        s.sample("off_cpu", 62, NANOSLEEP)

    found = answer(scene(fill))
    first, second = found.causes[:2]
    assert (first.kind, second.kind) == ("child", "sleep")
    assert first.seconds == pytest.approx(0.03, abs=0.002) and first.saves_s == pytest.approx(0.05, abs=0.002)
    assert found.attribution.seconds()["neighbours"] == pytest.approx(0.02, abs=0.002)


def test_what_goes_on_beside_a_child_does_not_take_its_place(scene: Made) -> None:
    """The path is the waiter's again where it began to wait, and not that of whoever else ran when the child was made."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.process(7, 30, 90, 1, "/usr/bin/convert")
        s.thread(1, (0, 31, "running"), (31, 90, "sleeping"), (90, 100, "running"))
        s.thread(2, (0, 20, "sleeping"), (20, 32, "running"), (32, 100, "sleeping"))
        s.thread(7, (30, 90, "running"), pid=7)
        s.sample("off_cpu", 31, WAITID)
        s.sample("off_cpu", 0, NANOSLEEP, tid=2)
        s.sample("cpu", 15, ("main.work", "main.main", "runtime.main", "runtime.goexit"))

    found = attribute(scene(fill)).seconds()
    assert found["child"] == pytest.approx(0.059, abs=0.002) and "sleep" not in found


def test_a_driver_that_waits_for_any_of_its_children_waits_for_the_one_that_is_last(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100, 0, "/usr/bin/make")
        s.process(7, 5, 99, 1, "/usr/bin/long")
        s.process(8, 5, 80, 1, "/usr/bin/short")
        s.thread(
            1,
            (0, 6, "running"),
            (6, 80, "sleeping"),
            (80, 81, "running"),
            (81, 99, "sleeping"),
            (99, 100, "running"),
        )
        s.thread(7, (5, 99, "running"), pid=7)
        s.thread(8, (5, 80, "running"), pid=8)
        for at in (6, 81):
            s.sample("off_cpu", at, WAITID)

    found = attribute(scene(fill))
    assert sum(one.seconds for one in found.segments if one.pid == 7) == pytest.approx(0.094, abs=0.002)


def _builds(s: Any) -> None:
    """A go command whose compiler touches new memory most of the time."""
    s.process(1, 0, 1000, 0, "/usr/local/go/bin/go", "build")
    compiler = "/usr/local/go/pkg/tool/linux_amd64/compile"
    s.process(7, 10, 990, 1, compiler, "-p", "example.com/big", "big.go")
    s.thread(1, (0, 11, "running"), (11, 990, "sleeping"), (990, 1000, "running"))
    s.thread(7, (10, 990, "running"), pid=7)
    s.sample("off_cpu", 11, WAITID)
    for at in range(20, 990, 10):
        s.sample(
            "cpu",
            at,
            ("k:clear_page", "k:handle_mm_fault", "k:asm_exc_page_fault", "ssa.alloc", "main.main"),
            tid=7,
            pid=7,
        )
    s.sample("cpu", 985, ("main.main", "runtime.main", "runtime.goexit"), tid=7, pid=7)


def test_a_compiler_is_told_by_what_it_compiled_and_accused_of_nothing(scene: Made) -> None:
    found = answer(scene(_builds))
    touched = next(cause for cause in found.causes if cause.kind == "minor_fault")
    assert touched.what == "compile example.com/big" and found.healthy


def test_who_asks_about_a_compiler_is_told_its_functions(scene: Made) -> None:
    found = answer(scene(_builds), process="compile")
    touched = next(cause for cause in found.causes if cause.kind == "minor_fault")
    assert touched.what != "compile example.com/big" and touched.severity != "info"


def _kept(s: Any, stack: tuple[str, ...], sleeps_in: tuple[str, ...], until: int = 99, **ended: int) -> None:
    """A child that is there for most of the time, and is waited for in one stretch, with what it sleeps in meanwhile."""
    s.process(1, 0, 100)
    s.process(7, 1, until, 1, "/usr/bin/tail", "-f", "a.log", **ended)
    woken = (
        57,
        58,
        "runnable",
        4242,
    )  # by one who is not of the tree, or by a timer where it sleeps for that
    s.thread(7, (1, 57, "sleeping"), woken, (58, 60, "running"), (60, until, "sleeping"), pid=7)
    s.sample("off_cpu", 1, sleeps_in, tid=7, pid=7)
    s.thread(1, (0, 10, "running"), (10, 60, "sleeping"), (60, 61, "runnable", 7), (61, 100, "running"))
    s.sample("off_cpu", 10, stack)
    for at in (5, 80):
        s.sample("cpu", at, ("main.work", "main.main", "runtime.main", "runtime.goexit"))


INOTIFY = ("k:schedule", "k:do_sys_poll", "k:__x64_sys_poll", "__poll")
STOPPED = {"exit_signal": 15}


@pytest.mark.parametrize(
    ("stack", "sleeps_in", "ended", "accused"),
    [
        pytest.param(READ, INOTIFY, STOPPED, False, id="a tail of a file that nobody writes to"),
        pytest.param(READ, NANOSLEEP, STOPPED, True, id="one who sleeps before he gives something"),
        pytest.param(READ, INOTIFY, {"exit_signal": 0}, True, id="one who ends by himself"),
        pytest.param(WAITID, NANOSLEEP, STOPPED, False, id="one whose end is waited for, who is told to stop"),
        pytest.param(WAITID, NANOSLEEP, {"exit_signal": 0}, True, id="one whose end is waited for, who does his work"),
        pytest.param(WAITID, NANOSLEEP, {"exit_signal": 11}, True, id="one who crashes"),
    ],
)  # fmt: skip
def test_a_child_that_is_kept_until_it_is_told_to_stop_is_waited_for_by_design(
    scene: Made, stack: tuple[str, ...], sleeps_in: tuple[str, ...], ended: dict[str, int], accused: bool
) -> None:
    found = answer(scene(lambda s: _kept(s, stack, sleeps_in, **ended)))
    (cause, *_) = found.causes
    assert cause.kind in ("pipe", "child") and bool(found.accused) == accused


@pytest.mark.parametrize(("until", "state"), [(100, "sleep"), (300, "child")])
def test_who_is_ended_while_it_waits_has_waited_for_the_child_that_outlives_it(
    scene: Made, until: int, state: str
) -> None:
    """A `go run` that is told to stop dies at once, the program below it a little later; one that goes on had waited for somebody else."""

    def fill(s: Any) -> None:
        s.process(1, 0, until, 0, "/usr/local/go/bin/go", "run", ".")
        s.process(7, 5, until + 9, 1, "/tmp/stuck")
        s.thread(1, (0, 10, "running"), (10, 98, "sleeping"), (98, 99, "runnable", 0), (99, until, "running"))
        s.sample("off_cpu", 10, WAITID)
        s.thread(7, (5, 8, "running"), (8, until + 8, "sleeping"), (until + 8, until + 9, "running"), pid=7)
        s.sample("off_cpu", 8, NANOSLEEP, tid=7, pid=7)

    assert attribute(scene(fill)).seconds()[state] == pytest.approx(0.088, abs=0.004)


def test_a_child_that_its_parent_ends_after_a_time_was_not_waited_for_by_what_it_slept_in(
    scene: Made,
) -> None:
    """As `timeout COMMAND` does with a server: the child's threads are woken by its parent, which waits for it, and so in a circle."""

    def fill(s: Any) -> None:
        asleep = ("k:schedule", "k:sigsuspend", "k:__x64_sys_rt_sigsuspend", "__sigsuspend")
        accepts = (
            "runtime.gopark",
            "internal/poll.(*FD).Accept",
            "net.(*netFD).accept",
            "main.serve",
            "main.main",
        )
        s.process(1, 0, 100, 0, "/usr/bin/timeout", "9", "server")
        s.process(2, 1, 96, 1, "/bin/server")
        s.thread(1, (0, 2, "running"), (2, 90, "sleeping"), (90, 91, "runnable", 0), (91, 92, "running"))
        s.thread(1, (92, 97, "sleeping"), (97, 98, "runnable", 2), (98, 100, "running"))
        for start in (2, 92):
            s.sample("off_cpu", start, asleep)
        s.thread(
            2, (1, 5, "running"), (5, 91, "sleeping"), (91, 92, "runnable", 1), (92, 96, "running"), pid=2
        )
        s.thread(3, (3, 4, "running"), (4, 91, "sleeping"), (91, 93, "running"), pid=2)
        for at in range(10, 90, 10):
            s.look(at, 2)
        s.seen(1, 10, 90, "waiting", "IO wait", accepts, pid=2)

    found = attribute(scene(fill)).seconds()
    assert found["idle"] > 0.08 and found.get("child", 0) < 0.005
