"""Go programs without an execution trace that were looked at from outside: what their threads cannot tell, looks do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer, attribute
from godyno.model import Workload

Made = Callable[..., Capture]
MAIN = ("main.main", "runtime.main", "runtime.goexit")
SLEEP = ("runtime.gopark", "time.Sleep", "main.rest", *MAIN)
READ = (
    "runtime.gopark",
    "internal/poll.(*FD).Read",
    "net.(*netFD).Read",
    "net.(*conn).Read",
    "main.ask",
    *MAIN,
)
GROUP = ("runtime.gopark", "sync.runtime_SemacquireWaitGroup", "sync.(*WaitGroup).Wait", *MAIN)
LOCK = (
    "runtime.gopark",
    "sync.runtime_SemacquireMutex",
    "sync.(*Mutex).Lock",
    "main.(*shelf).take",
    "main.work",
    "runtime.goexit",
)
ACCEPT = (
    "runtime.gopark",
    "internal/poll.(*FD).Accept",
    "net.(*netFD).accept",
    "net/http.(*Server).Serve",
    *MAIN,
)
NEXT = (
    "runtime.gopark",
    "internal/poll.(*FD).Read",
    "net.(*conn).Read",
    "bufio.(*Reader).Peek",
    "net/http.(*conn).serve",
    "runtime.goexit",
)
HANDLER = (
    "runtime.gopark",
    "time.Sleep",
    "main.answer",
    "net/http.HandlerFunc.ServeHTTP",
    "net/http.(*conn).serve",
    "runtime.goexit",
)
FSYNC = (
    "k:folio_wait_bit",
    "k:ext4_sync_file",
    "k:__x64_sys_fsync",
    "k:do_syscall_64",
    "syscall.fsync",
    "os.(*File).Sync",
    "main.save",
    *MAIN,
)


def _sleeper(s: Any) -> None:
    """A process that runs for 10 ms at each end and sleeps for 80 between."""
    s.process(1, 0, 100)
    s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (90, 91, "runnable", 0), (91, 100, "running"))
    for at in (5, 95):
        s.sample("cpu", at, MAIN)


def _look(s: Any, every: float = 10.0, until: float = 100.0, pid: int = 1) -> None:
    at = every / 2
    while at < until:
        s.look(at, pid)
        at += every


def test_a_sleep_of_all_threads_is_what_the_main_goroutine_was_seen_in(scene: Made) -> None:
    def fill(s: Any) -> None:
        _sleeper(s)
        _look(s)
        s.seen(1, 5, 15, "running", "", ())
        s.seen(1, 15, 95, "waiting", "sleep", SLEEP)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "sleep" and "main.rest" in cause.what and cause.share == pytest.approx(0.8, abs=0.01)
    assert cause.confidence.value == "medium"


def test_many_short_waits_take_the_shares_in_which_looks_saw_them(scene: Made) -> None:
    """Of 100 sleeps of 0.8 ms each tenth was seen: three of four in the network."""

    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.thread(
            1,
            *(
                one
                for at in range(0, 1000, 10)
                for one in ((at, at + 2, "running"), (at + 2, at + 10, "sleeping"))
            ),
        )
        for at in range(0, 1000, 10):
            s.sample("cpu", at + 1, MAIN)
        for turn, at in enumerate(range(5, 1000, 100)):
            s.look(at)
            stack, reason = (SLEEP, "sleep") if turn % 4 == 3 else (READ, "IO wait")
            s.seen(1, at, at + 100, "waiting", reason, stack)

    found = attribute(scene(fill)).seconds()
    assert found["network"] == pytest.approx(0.8 * 0.75, rel=0.15)
    assert found["sleep"] == pytest.approx(0.8 * 0.25, rel=0.35)
    assert found["go"] == pytest.approx(0.2, rel=0.05)


def test_who_waits_for_workers_that_wait_for_a_lock_waits_for_the_lock(scene: Made) -> None:
    def fill(s: Any) -> None:
        _sleeper(s)
        _look(s)
        s.seen(1, 5, 95, "waiting", "sync.WaitGroup.Wait", GROUP)
        holder = ("runtime.gopark", "time.Sleep", "main.renew", "runtime.goexit")
        s.seen(7, 5, 95, "waiting", "sleep", holder, parent=1)
        for number in (8, 9, 10):
            s.seen(number, 5, 95, "waiting", "sync.Mutex.Lock", LOCK, parent=1)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "lock" and "main.(*shelf).take" in cause.what


def test_a_lock_is_one_also_while_its_holder_computes(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        for at in range(5, 100, 10):
            s.sample("cpu", at, ("main.hold", "runtime.goexit"))
        _look(s)
        s.seen(1, 5, 95, "waiting", "sync.Mutex.Lock", LOCK)
        s.seen(7, 5, 95, "running", "", (), tid=1, parent=1)

    assert attribute(scene(fill)).seconds()["lock"] == pytest.approx(0.1, abs=0.002)


def test_what_another_thread_did_while_the_paths_slept_is_told_where_the_main_goroutine_ran(
    scene: Made,
) -> None:
    def fill(s: Any) -> None:
        _sleeper(s)
        s.thread(2, (10, 60, "running"), (60, 100, "sleeping"))
        for at in range(15, 60, 10):
            s.sample("cpu", at, ("main.count", *MAIN), tid=2)
        _look(s)
        s.seen(1, 5, 65, "running", "", (), tid=2)
        s.seen(1, 65, 95, "waiting", "IO wait", READ)

    found = attribute(scene(fill)).seconds()
    assert found["go"] == pytest.approx(0.07, abs=0.003) and found["network"] == pytest.approx(
        0.03, abs=0.003
    )


@pytest.mark.parametrize(("running", "state"), [(2, "own_threads"), (1, "go")])
def test_a_goroutine_that_is_ready_is_held_up_only_where_others_have_all_cpus(
    scene: Made, running: int, state: str
) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        for tid in (1, 2)[:running]:
            s.thread(tid, (0, 100, "running"))
            s.seen(10 + tid, 5, 95, "running", "", (), tid=tid, parent=1)
            for at in range(5, 100, 10):
                s.sample("cpu", at, ("main.count", *MAIN), tid=tid)
        _look(s)
        s.seen(1, 5, 95, "runnable", "", ())

    found = attribute(scene(fill)).seconds()
    assert max(found, key=lambda one: found[one]) == state


@pytest.mark.parametrize(("handler", "state"), [(False, "idle"), (True, "sleep")])
def test_a_service_is_idle_unless_somebody_waits_for_its_answer(
    scene: Made, handler: bool, state: str
) -> None:
    def fill(s: Any) -> None:
        _sleeper(s)
        _look(s)
        s.seen(1, 5, 15, "running", "", ())
        s.seen(1, 15, 95, "waiting", "IO wait", ACCEPT)
        s.seen(7, 5, 95, "waiting", "IO wait", NEXT, parent=1)
        if handler:
            s.seen(8, 5, 95, "waiting", "sleep", HANDLER, parent=1)

    found = answer(scene(fill))
    assert found.attribution.seconds()[state] == pytest.approx(0.08, abs=0.003)
    assert found.healthy != handler


SELECT = ("runtime.gopark", "runtime.selectgo", "main.(*room).run", *MAIN)
SITS = (
    "runtime.gopark",
    "internal/poll.(*FD).Read",
    "net.(*conn).Read",
    "main.(*room).sit",
    "runtime.goexit",
)
TELLS = ("runtime.gopark", "runtime.chanrecv2", "main.(*room).tell", "runtime.goexit")


def test_who_sits_at_a_connection_that_was_accepted_is_not_waited_for(scene: Made) -> None:
    """Nor by one whom it would tell something: a room in which everybody hears what one says."""

    def fill(s: Any) -> None:
        _sleeper(s)
        _look(s)
        s.seen(1, 5, 15, "running", "", ())
        s.seen(1, 15, 95, "waiting", "select", SELECT)
        s.seen(6, 5, 95, "waiting", "IO wait", ACCEPT, parent=1)
        for guest in (7, 8):
            s.seen(guest, 5, 95, "waiting", "IO wait", SITS, parent=6)
            s.seen(guest + 10, 5, 95, "waiting", "chan receive", TELLS, parent=guest)

    found = answer(scene(fill))
    assert found.attribution.seconds()["idle"] == pytest.approx(0.08, abs=0.003) and found.healthy


@pytest.mark.parametrize(("naps", "accused"), [(1, []), (8, ["sleep"])])
def test_the_one_sleep_of_a_servers_main_goroutine_is_until_it_ends(
    scene: Made, naps: int, accused: list[str]
) -> None:
    """Also where others compute meanwhile, and were not seen to wait for anything."""

    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.writer.event(1, "socket", "1", "listen", 1, 0, {"address": "127.0.0.1:80"})
        s.writer.event(2, "socket", "1", "ask", 1, 0, {"address": "127.0.0.1:81"})
        _look(s, until=1000)
        ends = [0, 31, 90, 133, 214, 299, 341, 420, 455, 530, 612, 633, 711, 800, 853, 931, 1000]
        s.thread(
            1,
            *(
                one
                for at, end in pairwise(ends)
                for one in ((at, end - 5, "sleeping"), (end - 5, end, "running"))
            ),
        )
        step = 990 / naps
        for nap in range(naps):
            s.seen(1, 5 + nap * step, 5 + (nap + 1) * step - 1, "waiting", "sleep", SLEEP)

    assert [cause.kind for cause in answer(scene(fill)).accused] == accused


def test_a_channel_on_which_nobody_could_send_is_a_timers(scene: Made) -> None:
    def fill(s: Any) -> None:
        _sleeper(s)
        _look(s)
        s.seen(1, 5, 95, "waiting", "chan receive", ("runtime.gopark", "runtime.chanrecv1", *MAIN))

    assert attribute(scene(fill)).seconds()["sleep"] == pytest.approx(0.08, abs=0.003)


def test_a_connection_that_is_kept_open_is_not_waited_for(scene: Made) -> None:
    kept = (
        "runtime.gopark",
        "internal/poll.(*FD).Read",
        "net.(*conn).Read",
        "net/http.(*persistConn).readLoop",
        "runtime.goexit",
    )

    def fill(s: Any) -> None:
        _sleeper(s)
        _look(s)
        s.seen(1, 5, 95, "waiting", "chan receive", ("runtime.gopark", "runtime.chanrecv1", *MAIN))
        s.seen(7, 5, 95, "waiting", "IO wait", kept, parent=1)

    found = attribute(scene(fill)).seconds()
    assert found["sleep"] == pytest.approx(0.08, abs=0.003) and "network" not in found


def test_a_goroutine_in_a_system_call_waits_where_its_thread_is_blocked(scene: Made) -> None:
    def fill(s: Any) -> None:
        _sleeper(s)
        _look(s)
        s.seen(1, 5, 95, "syscall", "", FSYNC, tid=1)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "fsync" and "main.save" in cause.what


IDLE_THREAD = ("k:futex_wait_queue", "k:futex_wait", "k:do_futex", "k:__x64_sys_futex", "k:do_syscall_64")


@pytest.mark.parametrize(
    ("called", "share"),
    [
        (("syscall.Syscall", "net.(*netFD).Read", "main.ask"), 0.0),
        (("runtime.cgocall", "main._Cfunc_wait", "main.call"), 0.8),
        (("golang.org/x/sys/unix.Futex", "main.lock"), 0.8),
    ],
)
def test_a_thread_that_is_the_schedulers_again_tells_nothing_of_the_call_that_is_over(
    scene: Made, called: tuple[str, ...], share: float
) -> None:
    """Where it is blocked was read after its goroutine had come back from the call."""

    def fill(s: Any) -> None:
        _sleeper(s)
        _look(s)
        s.seen(1, 5, 95, "syscall", "", (*IDLE_THREAD, *called, *MAIN), tid=1)

    found = attribute(scene(fill)).seconds()
    assert found.get("kernel_wait", 0) + found.get("cgo", 0) == pytest.approx(share / 10, abs=0.003)


def test_threads_of_other_programs_are_told_by_where_they_were_seen_blocked(scene: Made) -> None:
    def fill(s: Any) -> None:
        _sleeper(s)
        for at in range(15, 90, 10):
            s.look(at, layer="thread_seen")
        s.seen(1, 15, 85, "blocked", "", FSYNC[:4], tid=1, layer="thread_seen")

    assert attribute(scene(fill)).seconds()["fsync"] == pytest.approx(0.08, abs=0.003)


def test_a_child_that_is_waited_for_over_a_pipe_is_named_though_no_thread_tells(scene: Made) -> None:
    piped = ("runtime.gopark", "internal/poll.(*FD).Read", "os.(*File).Read", "main.listen", *MAIN)

    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.process(7, 1, 999, 1, "/usr/bin/talker")
        s.thread(
            1, (0, 100, "running"), (100, 900, "sleeping"), (900, 910, "runnable", 7), (910, 1000, "running")
        )
        s.thread(7, (1, 100, "sleeping"), (100, 900, "running"), (900, 999, "sleeping"), pid=7)
        _look(s, 50, 1000)
        s.seen(1, 75, 925, "waiting", "IO wait", piped)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind in ("pipe", "child") and "talker" in cause.what


def test_a_program_with_a_trace_is_told_by_that(scene: Made) -> None:
    def fill(s: Any) -> None:
        _sleeper(s)
        s.goroutine(
            1, (0, 10, "running", {}), (10, 91, "waiting", {"reason": "sleep", "function": "main.rest"}), (91, 100, "running", {})
        )  # fmt: skip
        _look(s)
        s.seen(1, 5, 95, "waiting", "IO wait", READ)

    found = attribute(scene(fill)).seconds()
    assert found["sleep"] > 0.07 and "network" not in found


@pytest.mark.parametrize(
    ("argv", "how"),
    [
        (("./server", "-v"), "`godyno record --instrument -- go build -o ./server PACKAGE`"),
        (("go", "test", "./..."), "`godyno why -- go test ./...`"),
        (("go", "build", "./..."), ""),
    ],
)
def test_the_answer_says_that_it_looked_now_and_then_and_what_would_tell(
    scene: Made, argv: tuple[str, ...], how: str
) -> None:
    def fill(s: Any) -> None:
        _sleeper(s)
        _look(s)
        s.seen(1, 5, 95, "waiting", "sleep", SLEEP)

    told = " ".join(attribute(scene(fill, workload=Workload(argv))).missing)
    assert "looked at now and then" in told and how in told and (how or "--instrument" not in told)


def test_a_call_whose_thread_slept_at_the_look_is_one_like_those_that_were_seen_blocked(scene: Made) -> None:
    """Short syncs between equally long waits for the network: of these each is seen, of those one in five, the others are over by then."""

    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        for at in range(0, 1000, 10):
            s.thread(1, (at, at + 1, "running"), (at + 1, at + 5, "sleeping"))
            s.thread(1, (at + 5, at + 6, "running"), (at + 6, at + 10, "sleeping"))
        for turn, at in enumerate(range(3, 1000, 15)):
            s.look(at)
            if turn % 2:
                s.seen(1, at, at + 1, "waiting", "IO wait", READ)
            else:
                called = FSYNC if turn % 10 == 0 else [name for name in FSYNC if not name.startswith("k:")]
                s.seen(1, at, at + 1, "syscall", "", called, tid=1)

    found = attribute(scene(fill)).seconds()
    assert found["fsync"] == pytest.approx(0.4, rel=0.1) and found["network"] == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize(
    ("stack", "others_wake", "left"), [(ACCEPT, False, True), (SLEEP, False, False), (ACCEPT, True, False)]
)
def test_chains_of_threads_are_not_followed_while_looks_say_that_nobody_asks(
    scene: Made, stack: tuple[str, ...], others_wake: bool, left: bool
) -> None:
    """The path's thread is woken again and again by one that is at work on something else."""

    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.process(5, 0, 1000, exe="/bin/other")
        s.thread(5, (0, 1000, "sleeping"), pid=5)
        for at in range(0, 990, 10):
            s.thread(
                1, (at, at + 1, "running"), (at + 1, at + 9, "sleeping"), (at + 9, at + 10, "runnable", 2)
            )
            s.thread(2, (at, at + 1, "sleeping"), (at + 1, at + 10, "running"))
        s.thread(1, (990, 1000, "running"))
        s.thread(
            3, (0, 500, "sleeping"), (500, 501, "runnable", 5 if others_wake else 2), (501, 1000, "sleeping")
        )
        _look(s, until=1000)
        s.seen(1, 5, 1000, "waiting", "sleep" if stack is SLEEP else "IO wait", stack)

    found = attribute(scene(fill)).seconds()
    assert (found["idle"] > 0.7) if left else (found["go"] > 0.7)
