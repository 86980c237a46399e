"""Waits until a program is wanted are told, and nobody is accused of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer
from godyno.diagnose.why.lanes import read_lanes

Made = Callable[..., Capture]
READ = ("internal/poll.(*FD).Read", "net.(*conn).Read", "main.consume", "main.main")
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
    assert (
        cause.claim.startswith("It waited for what others send of themselves")
        and "in main.consume" in cause.claim
    )


def test_who_asks_before_each_waits_for_the_answers(scene: Made) -> None:
    found = answer(scene(lambda s: hears(s, sends=True)))
    assert [cause.kind for cause in found.accused] == ["network"]


def test_who_does_little_but_wait_for_answers_is_told_so_and_not_accused(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(1, (0, 2, "syscall", SENT), (2, 98, "waiting", HEARD), (98, 100, "running", {}))
        s.sample("goroutine_wait", 98, READ, goroutine=1)

    found = answer(scene(fill))
    cause = found.causes[0]
    assert cause.kind == "network" and found.healthy and "did little else" in cause.claim
    assert found.mend_if.startswith("If somebody waits for its end, the wait for the network in main.")
    assert found.mend_if.endswith("is what to mend. Ask at once rather than in turn, or ask less.")
    assert (
        found.as_json()["mend_if"] == found.mend_if
        and cause.as_json()["mend_if"] == "somebody waits for its end"
    )


def test_what_godyno_writes_in_the_program_asks_nobody(scene: Made) -> None:
    def fill(s: Any) -> None:
        hears(s)
        writes = [(at, at + 1, "syscall", {"function": "net.(*netFD).Write"}) for at in range(0, 100, 10)]
        s.goroutine(9, *writes, root="runtime/pprof.profileWriter", tid=2)

    assert answer(scene(fill)).healthy


def served(s: Any, opens: bool) -> None:
    """A goroutine that one started who accepts connections reads, answers, and with ``opens`` has connected to another itself."""
    s.process(1, 0, 100)
    s.thread(1, (0, 100, "running"))
    s.goroutine(
        1,
        (0, 99, "waiting", {"reason": "chan receive", "function": "main.main"}),
        (99, 100, "runnable", {"waker": 6}),
    )
    s.goroutine(
        5,
        (1, 98, "waiting", {"reason": "network", "function": "net.(*netFD).accept"}),
        root="main.serve",
        tid=0,
    )
    s.sample(
        "goroutine_wait", 98, ("net.(*netFD).accept", "net.(*TCPListener).Accept", "main.serve"), goroutine=5
    )
    rounds: list[Any] = [
        (1, 2, "syscall", {"function": "net.(*netFD).connect" if opens else "net.setNoDelay"})
    ]
    for at in range(2, 98, 12):
        rounds += [
            (at, at + 9, "waiting", HEARD), (at + 9, at + 10, "syscall", SENT), (at + 10, at + 12, "running", {}),
        ]  # fmt: skip
        s.sample("goroutine_wait", at + 9, READ, goroutine=6)
    s.goroutine(6, *rounds, (98, 99, "running", {}), root="main.answer")
    s.writer.span(2_000_000, 98_000_000, "goroutine", "1/6", "main.answer", 1, 0, {"parent": 5})


@pytest.mark.parametrize("opens", [False, True])
def test_who_accepted_a_connection_waits_there_to_be_asked(scene: Made, opens: bool) -> None:
    found = answer(scene(lambda s: served(s, opens)))
    assert "network" in {cause.kind for cause in found.causes}
    assert [cause.kind for cause in found.accused] == (["network"] if opens else [])


def test_a_main_goroutine_that_works_between_its_waits_does_not_wait_for_its_end(scene: Made) -> None:
    """It has an address at which it can be asked how far it is, and rests by a deadline in between."""

    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.writer.event(1, "socket", "1", "listen", 1, 0, {"address": "127.0.0.1:80"})
        s.thread(1, (0, 1000, "running"))
        rest = {"reason": "chan receive", "function": "main.rest"}
        turns = [
            one
            for at in range(0, 980, 20)
            for one in ((at, at + 13, "running", {}), (at + 13, at + 20, "waiting", rest))
        ]
        s.goroutine(1, *turns, (980, 1000, "running", {}))

    found = answer(scene(fill))
    assert found.attribution.seconds()["sleep"] > 0.3 and "idle" not in found.attribution.seconds()
    assert "the wait for the clock in main.rest (34%) is what to mend" in found.mend_if


@pytest.mark.parametrize("listens", [False, True])
def test_the_main_goroutine_of_a_server_sleeps_until_its_end(scene: Made, listens: bool) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        if listens:
            s.writer.event(1, "socket", "1", "listen", 1, 0, {"address": "127.0.0.1:80"})
        s.goroutine(
            1,
            (0, 1, "running", {}),
            (1, 99, "waiting", {"reason": "sleep", "function": "main.main"}),
            (99, 100, "running", {}),
        )
        s.sample("goroutine_wait", 99, ("time.Sleep", "main.main"), goroutine=1)

    assert [cause.kind for cause in answer(scene(fill)).accused] == ([] if listens else ["sleep"])


def test_workers_that_a_wait_group_started_are_known_by_what_it_was_given(scene: Made) -> None:
    """Else all of them would be workers of one kind, and a pipeline of theirs something that one holds in turn."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        for number, given in ((7, "main.press"), (8, "main.write")):
            s.goroutine(
                number, (0, 90, "waiting", {"reason": "chan send"}), root="sync.(*WaitGroup).Go.func1", tid=0
            )
            s.sample("goroutine_wait", 90, (given, "sync.(*WaitGroup).Go.func1"), goroutine=number)

    roots = read_lanes(scene(fill), 0, 100_000_000).roots
    assert (roots[1, 7], roots[1, 8]) == ("main.press", "main.write")


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
    # It may be a limiter's clock all the same, so it is named.
    assert found.causes[0].kind == "sleep" and "to be mended only if work waits" in found.causes[0].claim


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


def test_what_the_kernel_did_in_a_call_that_waited_for_a_disk_is_no_second_cause(scene: Made) -> None:
    """A write of which the most is copying: who writes less is spared both. A call that waited for none is the kernel's alone."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 40, "running"), (40, 70, "sleeping"), (70, 100, "running"))
        write = {"function": "syscall.write"}
        s.goroutine(
            1,
            (0, 2, "running", {}),
            (2, 70, "syscall", write),
            (70, 75, "running", {}),
            (75, 100, "syscall", {"function": "syscall.fstat"}),
        )
        s.sample(
            "off_cpu",
            40,
            ("k:io_schedule", "k:balance_dirty_pages", "k:ksys_write", "syscall.write", "main.put"),
        )
        for at in range(2, 40, 2):
            s.sample(
                "cpu",
                at,
                ("k:copy_page", "k:ksys_write", "k:__x64_sys_write", "syscall.write", "main.put"),
                goroutine=1,
            )
        for at in range(75, 100, 2):
            s.sample(
                "cpu", at, ("k:vfs_fstat", "k:__x64_sys_newfstat", "syscall.fstat", "main.look"), goroutine=1
            )

    write, kernel, *_ = answer(scene(fill)).causes
    assert (write.kind, kernel.kind) == ("disk_write", "kernel")
    assert write.seconds == pytest.approx(0.03) and "30.0 ms beside that in the kernel" in write.claim
    assert write.saves_s == pytest.approx(0.06, abs=0.003) and kernel.saves_s == pytest.approx(
        0.037, abs=0.004
    )


def test_assembly_that_breaks_the_stack_off_belongs_to_the_package_that_is_initialised(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(1, (0, 100, "running", {}))
        init = ("sample/seals.cut", "sample/seals.init", "runtime.doInit1", "runtime.doInit", "runtime.main")
        for at in range(1, 60, 2):
            broken = at % 20 != 1 and at < 58
            s.sample("cpu", at, ("crypto/sha512.blockAVX2",) if broken else init)
        for at in range(61, 100, 2):
            s.sample(
                "cpu",
                at,
                ("crypto/sha512.blockAVX2",) if at % 4 == 1 else ("main.work", "main.main", "runtime.main"),
            )

    states = answer(scene(fill)).attribution.seconds()
    assert states["package_init"] == pytest.approx(0.06, abs=0.003) and states["go"] == pytest.approx(
        0.04, abs=0.003
    )


@pytest.mark.parametrize(("kernel_ms", "accused"), [(20, []), (40, ["kernel"])])
def test_who_reads_and_writes_is_in_the_kernel_for_a_good_part_of_the_time(
    scene: Made, kernel_ms: int, accused: list[str]
) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        for at in range(0, 100, 2):
            call = ("k:ksys_write", "k:__x64_sys_write", "syscall.write", "main.keep", "main.main")
            s.sample("cpu", at + 1, call if at < kernel_ms else ("main.work", "main.main", "runtime.main"))

    assert [cause.kind for cause in answer(scene(fill)).accused] == accused


@pytest.mark.parametrize(("looked_ms", "accused"), [(95, []), (5, ["network"])])
def test_what_was_sent_is_known_until_it_was_looked_at_last(
    scene: Made, looked_ms: int, accused: list[str]
) -> None:
    """Of a program without an execution trace, that had sent little then; what it waited for later it may have asked for."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(
            1,
            *(
                (at + step, at + step + length, state)
                for at in range(0, 100, 10)
                for step, length, state in ((0, 8, "sleeping"), (8, 2, "running"))
            ),
        )
        s.writer.event(1, "socket", "1", "ask", 1, 0, {"address": "127.0.0.1:80"})
        s.writer.event(looked_ms * 1_000_000, "socket", "1", "sent", 1, 0, {"segments": 1})
        for at in range(1, 100, 2):
            s.look(at)
        for at in range(0, 100, 10):
            s.seen(1, at, at + 8, "waiting", "IO wait", READ)
            s.seen(1, at + 8, at + 10, "running", "", ())

    assert [cause.kind for cause in answer(scene(fill)).accused] == accused


FROM_A_PIPE = ("runtime.gopark", "internal/poll.(*FD).Read", "os.(*File).Read", "main.listen", "main.main")


@pytest.mark.parametrize(
    ("waker", "accused"),
    [
        pytest.param(1, [], id="a child that sleeps until it is asked"),
        pytest.param(0, ["pipe"], id="a child that sleeps for a time of its own"),
    ],
)
def test_a_child_that_waits_for_its_parent_is_not_waited_for(
    scene: Made, waker: int, accused: list[str]
) -> None:
    """Of a program without an execution trace, whose looks see it read what its child says, again and again."""

    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.process(7, 1, 999, 1, "/bin/cat")
        mine, its = [], []
        for at in range(0, 1000, 100):
            mine += [
                (at, at + 90, "sleeping"),
                (at + 90, at + 91, "runnable", 0),
                (at + 91, at + 100, "running"),
            ]
            its += [
                (max(at, 1), at + 95, "sleeping"),
                (at + 95, at + 96, "runnable", waker),
                (at + 96, at + 99, "running"),
            ]
            s.seen(1, at, at + 90, "waiting", "IO wait", FROM_A_PIPE)
            s.seen(1, at + 90, at + 100, "running", "", ())
        for at in range(1, 1000, 5):
            s.look(at)
        s.thread(1, *mine)
        s.thread(7, *its, pid=7)

    assert [cause.kind for cause in answer(scene(fill)).accused] == accused
