from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer, attribute

from .conftest import MS

Made = Callable[..., Capture]
LOCK = ("sync.runtime_SemacquireMutex", "sync.(*Mutex).Lock", "main.update", "main.worker")


def _contended(s: Any, holder: str) -> None:
    s.process(1, 0, 100)
    s.thread(1, (0, 100, "running"))
    s.thread(2, (0, 100, "running"))
    s.goroutine(
        1, (0, 10, "running", {}), (10, 90, "waiting", {"reason": "sync", "function": "sync.(*Mutex).Lock"}),
        (90, 91, "runnable", {"function": "main.update", "waker": 7}), (91, 100, "running", {}),
    )  # fmt: skip
    s.goroutine(7, (0, 100, "running", {}), tid=2, root="main.worker")
    s.sample("goroutine_wait", 90, LOCK, goroutine=1)
    s.sample("cpu", 50, (holder, "main.worker", "runtime.goexit"), tid=2)


def test_a_lock_keeps_its_name_and_tells_what_its_holder_did(scene: Made) -> None:
    found = answer(scene(lambda s: _contended(s, "main.encode")))
    (cause, *_) = found.causes
    assert cause.kind == "lock" and cause.what == "main.update" and cause.seconds == pytest.approx(0.08)
    assert "held by main.update" in cause.claim and "main.encode" in cause.claim
    assert not found.healthy


def test_a_channel_is_named_by_what_the_other_side_did(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (90, 100, "running"))
        s.goroutine(
            1, (0, 10, "running", {}), (10, 89, "waiting", {"reason": "chan receive", "function": "main.main"}),
            (89, 90, "runnable", {"waker": 7}), (90, 100, "running", {}),
        )  # fmt: skip
        s.goroutine(7, (5, 88, "waiting", {"reason": "sleep"}), (88, 89, "running", {}), root="main.producer")
        s.sample("goroutine_wait", 88, ("time.Sleep", "main.produce", "main.producer"), goroutine=7)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "sleep" and cause.what == "main.produce"


def test_who_ended_a_wait_is_known_where_the_short_state_after_it_was_not_kept(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (90, 100, "running"))
        s.goroutine(
            1, (0, 10, "running", {}),
            (10, 89, "waiting", {"reason": "chan receive", "function": "testing.(*T).Run", "waker": 7}), (90, 100, "running", {}),
        )  # fmt: skip
        s.goroutine(
            7, (5, 88, "waiting", {"reason": "sleep"}), (88, 89, "running", {}), root="testing.tRunner"
        )
        s.sample("goroutine_wait", 88, ("time.Sleep", "main.TestSlow", "testing.tRunner"), goroutine=7)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "sleep" and cause.what == "main.TestSlow"


def test_same_workers_at_a_channel_wait_for_each_other(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(1, (0, 1, "running", {}), (1, 99, "waiting", {"reason": "sync", "function": "sync.(*WaitGroup).Wait"}),
                    (99, 100, "runnable", {"waker": 8}))  # fmt: skip
        s.goroutine(7, (0, 80, "running", {}), root="main.worker")
        s.goroutine(
            8, (0, 10, "running", {}), (10, 80, "waiting", {"reason": "chan send", "function": "main.worker"}),
            (80, 81, "runnable", {"waker": 7}), (81, 99, "running", {}), root="main.worker",
        )  # fmt: skip

    assert attribute(scene(fill)).seconds()["channel"] == pytest.approx(0.07)


def test_a_pool_of_database_connections_that_is_used_up_is_told_as_such(scene: Made) -> None:
    given = {"waker": 7, "function": "database/sql.(*DB).putConnDBLocked"}

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(1, (0, 1, "running", {}), (1, 99, "waiting", {"reason": "sync", "function": "sync.(*WaitGroup).Wait"}),
                    (99, 100, "runnable", {"waker": 8}))  # fmt: skip
        s.goroutine(7, (0, 80, "running", {}), root="main.query")
        s.goroutine(
            8, (0, 10, "running", {}), (10, 80, "waiting", {"reason": "select", "function": "main.query"}),
            (80, 81, "runnable", given), (81, 99, "running", {}), root="main.query",
        )  # fmt: skip

    (cause, *_) = answer(scene(fill)).causes
    assert cause.claim.startswith("It waited for a free connection of database/sql's pool in main.query")
    assert "SetMaxOpenConns" in cause.advice and "held by" not in cause.claim


@pytest.mark.parametrize("view", ["traced", "looked at"])
def test_a_wait_for_the_pool_that_does_not_end_is_no_idle_time(scene: Made, view: str) -> None:
    """Also beside a server, whose main goroutine might wait to be ended."""
    conn = (
        "runtime.selectgo",
        "database/sql.(*DB).conn",
        "database/sql.(*DB).Exec",
        "main.save",
        "main.main",
    )
    accepts = ("internal/poll.(*FD).Accept", "net.(*netFD).accept", "main.serve", "runtime.goexit")

    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.writer.event(1, "socket", "1", "listen", 1, 0, {"address": "127.0.0.1:80"})
        s.thread(1, (0, 10, "running"), (10, 1000, "sleeping"))
        if view == "traced":
            s.goroutine(
                1,
                (0, 10, "running", {}),
                (10, 1000, "waiting", {"reason": "select", "function": "main.save"}),
            )
            s.goroutine(
                5,
                (5, 1000, "waiting", {"reason": "network", "function": "net.(*netFD).accept"}),
                root="main.serve",
            )
            s.sample("goroutine_wait", 1000, conn, goroutine=1)
            s.sample("goroutine_wait", 1000, accepts, goroutine=5)
            return
        for at in range(10, 1000, 10):
            s.look(at)
        s.seen(1, 10, 990, "waiting", "select", conn)
        s.seen(5, 10, 990, "waiting", "IO wait", accepts, parent=1)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.claim.startswith("It waited for a free connection of database/sql's pool in main.save")
    assert cause.severity == "warning"


def test_before_a_goroutine_was_born_the_path_is_that_of_who_started_it(scene: Made) -> None:
    """Also where its first wait for a processor, which tells that too, was too short to be kept."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(1, (0, 1, "running", {}), (1, 99, "waiting", {"reason": "chan receive", "function": "main.main"}),
                    (99, 100, "runnable", {"waker": 9}))  # fmt: skip
        s.goroutine(7, (1, 50, "running", {}), root="main.dispatch", parent=1)
        s.goroutine(9, (50, 99, "running", {}), root="main.work", parent=7)

    found = attribute(scene(fill)).seconds()
    assert found["go"] == pytest.approx(0.1, abs=0.002) and "sleep" not in found and "idle" not in found


def test_a_program_that_computes_is_not_accused(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.thread(1, (0, 600, "running"), (600, 900, "runnable"), (900, 1000, "running"))
        for at in range(5, 600, 10):
            s.sample("cpu", at, ("main.work", "main.main", "runtime.main", "runtime.goexit"))

    found = answer(scene(fill))
    assert found.healthy
    assert [cause.kind for cause in found.causes] == ["neighbours", "go"] and "main.work" in found.causes[
        1
    ].claim


def test_a_reader_of_answers_did_not_wait_before_it_was_asked(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 60, "running"), (60, 90, "sleeping"), (90, 100, "running"))
        s.goroutine(
            1, (0, 60, "running", {}), (60, 89, "waiting", {"reason": "select", "function": "net/http.(*persistConn).roundTrip"}),
            (89, 90, "runnable", {"waker": 7}), (90, 100, "running", {}),
        )  # fmt: skip
        s.goroutine(
            7,
            (0, 88, "waiting", {"reason": "network", "function": "net.(*netFD).Read"}),
            (88, 89, "running", {}),
            root="readLoop",
        )
        s.sample("cpu", 30, ("main.work", "main.main", "runtime.main", "runtime.goexit"))

    found = attribute(scene(fill)).seconds()
    assert found["network"] == pytest.approx(0.028, abs=0.002) and found["go"] > 0.06


def test_the_requests_of_a_service_are_followed(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 1, "running"), (1, 100, "sleeping"))
        accept = {"reason": "network", "function": "net.(*TCPListener).Accept"}
        s.goroutine(1, (0, 1, "running", {}), (1, 100, "waiting", accept))
        read = {"reason": "network", "function": "net/http.(*conn).serve"}
        s.goroutine(
            9, (10, 30, "waiting", read), (30, 50, "waiting", {"reason": "sleep"}), (50, 100, "waiting", read),
            root="net/http.(*conn).serve",
        )  # fmt: skip
        s.sample("goroutine_wait", 50, ("time.Sleep", "main.handle", "net/http.(*conn).serve"), goroutine=9)

    found = attribute(scene(fill))
    assert found.view == "requests"
    assert found.seconds()["sleep"] == pytest.approx(0.02) and found.seconds()["idle"] == pytest.approx(
        0.08, abs=0.002
    )


def test_what_main_started_beside_accepting_is_no_request(scene: Made) -> None:
    """A cleaner that sleeps all its life would be the oldest request in flight, and all of the path."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 1, "running"), (1, 100, "sleeping"))
        accept = {"reason": "network", "function": "net.(*netFD).accept"}
        s.goroutine(1, (0, 1, "running", {}), (1, 100, "waiting", accept))
        s.goroutine(
            5, (1, 100, "waiting", {"reason": "sleep", "function": "main.clean"}), root="main.clean", parent=1
        )
        s.goroutine(
            9,
            (10, 12, "syscall", {"function": "net.(*netFD).Read"}),
            (12, 30, "running", {}),
            root="main.answer",
            parent=1,
        )

    found = attribute(scene(fill))
    assert found.view == "requests" and "sleep" not in found.seconds()
    assert found.seconds()["idle"] == pytest.approx(0.08, abs=0.003)


def test_a_helper_that_has_nothing_to_do_gives_the_path_to_who_waits_for_it(scene: Made) -> None:
    """Not to the main goroutine, which sleeps until the end of the service."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.writer.event(1, "socket", "1", "ask", 1, 0, {"address": "127.0.0.1:90"})
        s.writer.event(1, "socket", "1", "listen", 1, 0, {"address": "127.0.0.1:80"})
        s.thread(1, (0, 100, "running"))
        s.goroutine(
            1, (0, 1, "running", {}), (1, 100, "waiting", {"reason": "sleep", "function": "main.main"})
        )
        s.goroutine(
            2,
            (1, 100, "waiting", {"reason": "network", "function": "net.(*netFD).accept"}),
            root="main.serve",
        )
        read = {"reason": "network", "function": "net/http.(*conn).serve"}
        s.goroutine(
            9, (2, 10, "waiting", read), (10, 49, "running", {}), (49, 50, "waiting", {"reason": "sync.(*Cond).Wait"}),
            (50, 51, "runnable", {"waker": 12}), (51, 52, "running", {}), (52, 100, "waiting", read),
            root="net/http.(*conn).serve",
        )  # fmt: skip
        s.goroutine(
            12, (5, 49, "waiting", read), (49, 50, "running", {}), (50, 51, "waiting", read),
            root="net/http.(*connReader).backgroundRead",
        )  # fmt: skip

    found = attribute(scene(fill))
    assert found.view == "requests" and "sleep" not in found.seconds()
    assert found.seconds()["go"] == pytest.approx(0.042, abs=0.003)


def test_a_writer_that_waits_for_a_reader_waits_for_a_lock(scene: Made) -> None:
    """Also where the reader itself had waited long for something to do, and came by it from who now waits: that is no lock of theirs."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(1, (0, 1, "running", {}), (1, 99, "waiting", {"reason": "sync", "function": "sync.(*WaitGroup).Wait"}),
                    (99, 100, "runnable", {"waker": 7}))  # fmt: skip
        writer = {"reason": "sync", "function": "sync.(*RWMutex).Lock"}
        s.goroutine(
            7, (0, 10, "running", {}), (10, 50, "waiting", writer), (50, 51, "runnable", {"waker": 8}), (51, 52, "running", {}),
            (52, 98, "waiting", writer), (98, 98, "runnable", {"waker": 9}), (98, 99, "running", {}), root="main.writer",
        )  # fmt: skip
        asleep, asked = {"reason": "sleep"}, {"reason": "chan receive", "function": "main.reader"}
        s.goroutine(8, (5, 49, "waiting", asleep), (49, 100, "running", {}), root="main.reader")
        s.goroutine(9, (0, 51, "waiting", asked), (51, 52, "runnable", {"waker": 7}), (52, 97, "waiting", asleep), (97, 98, "running", {}),
                    root="main.reader")  # fmt: skip
        for at in (50, 98):
            s.sample(
                "goroutine_wait",
                at,
                ("sync.runtime_SemacquireRWMutex", "sync.(*RWMutex).Lock", "main.change"),
                goroutine=7,
            )

    found = attribute(scene(fill)).seconds()
    assert found["lock"] > 0.08 and "channel" not in found


def test_goroutines_that_wait_for_the_only_processor_have_no_neighbours(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(1, (0, 10, "running", {}), (10, 90, "runnable", {}), (90, 100, "running", {}))
        s.goroutine(7, (10, 90, "running", {}), root="main.worker")
        limit = s.writer.series("go.processor.limit", "1", "go_runtime", {"pid": "1"})
        for at, value in ((0, 4.0), (5, 1.0), (50, 1.0)):  # GOMAXPROCS(1) once it runs
            s.writer.point(limit, at * 1_000_000, value)

    found = attribute(scene(fill)).seconds()
    assert found["own_threads"] == pytest.approx(0.08) and "neighbours" not in found


@pytest.mark.parametrize(
    ("name", "root", "state"),
    [
        ("all goroutines stack trace", "main.main", "gc_stw"),
        ("read mem stats", "main.main", "gc_stw"),
        ("read mem stats", "main.(*godynoRecorder).loop", "observer"),
        ("start trace", "main.main", "observer"),
    ],
)
def test_only_what_godyno_stops_is_the_observers(scene: Made, name: str, root: str, state: str) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.thread(2, (0, 100, "running"))
        s.goroutine(1, (0, 100, "running", {}))
        s.goroutine(7, (0, 100, "running", {}), tid=2, root=root)
        s.writer.span(20_000_000, 60_000_000, "stw", "1", name, 1, 2, {})

    found = answer(scene(fill))
    assert found.attribution.seconds()[state] == pytest.approx(0.04)
    if state == "gc_stw":
        assert name in found.causes[0].claim and "itself" in found.causes[0].claim


def _with_its_own_server(s: Any, client: dict[str, Any]) -> None:
    """A handler's goroutine ended the last wait; before it was made, its maker waited for a connection."""
    s.process(1, 0, 100)
    s.thread(1, (0, 1, "running"), (1, 100, "sleeping"))
    s.goroutine(
        1, (0, 10, "running", {}), (10, 80, "waiting", client), (80, 82, "running", {}),
        (82, 90, "waiting", {"reason": "chan receive", "function": "main.main"}), (90, 91, "runnable", {"waker": 9}),
        (91, 100, "running", {}),
    )  # fmt: skip
    accept = {"reason": "network", "function": "net.(*netFD).accept"}
    s.goroutine(
        8,
        (0, 79, "waiting", accept),
        (79, 80, "running", {}),
        (80, 100, "waiting", accept),
        root="main.serve",
    )
    s.goroutine(9, (80, 81, "runnable", {"waker": 8}), (81, 90, "running", {}), root="main.handle")


def test_who_waits_for_connections_beside_its_client_is_not_the_path(scene: Made) -> None:
    client = {"reason": "network", "function": "crypto/tls.(*Conn).Handshake"}
    found = attribute(scene(lambda s: _with_its_own_server(s, client)))
    assert found.seconds()["tls"] == pytest.approx(0.07, abs=0.002) and "idle" not in found.seconds()


def test_a_service_whose_main_goroutine_waits_to_be_ended_is_idle(scene: Made) -> None:
    client = {"reason": "chan receive", "function": "main.main"}
    found = answer(scene(lambda s: _with_its_own_server(s, client)))
    assert found.healthy and found.attribution.seconds()["idle"] > 0.06


def test_a_service_below_go_run_is_followed_by_its_requests(scene: Made) -> None:
    """What takes signals all its life is no wait in the kernel, and what built the service is not held against it."""

    def fill(s: Any) -> None:
        s.process(1, 0, 1000, 0, "/usr/local/go/bin/go", "run", ".")
        s.process(7, 100, 999, 1, "/tmp/svc")
        s.thread(1, (0, 101, "running"), (101, 999, "sleeping"), (999, 1000, "running"))
        s.sample(
            "off_cpu", 101, ("k:schedule", "k:do_wait", "k:kernel_waitid", "os.(*Process).Wait", "main.main")
        )
        for at in range(5, 100, 10):
            s.sample("cpu", at, ("k:open", "k:__x64_sys_openat", "os.open", "main.main", "runtime.main"))
        s.thread(7, (100, 101, "running"), (101, 998, "sleeping"), (998, 999, "running"), pid=7)
        told = {"reason": "select", "function": "main.main"}
        s.goroutine(
            1, (101, 102, "running", {}), (102, 997, "waiting", told), (997, 998, "runnable", {"waker": 3}),
            (998, 999, "running", {}), tid=7, pid=7,
        )  # fmt: skip
        s.goroutine(3, (101, 997, "syscall", {"function": "os/signal.signal_recv"}), (997, 998, "running", {}), tid=7, pid=7,
                    root="os/signal.loop")  # fmt: skip
        read = {"reason": "network", "function": "net/http.(*conn).serve"}
        s.goroutine(
            9, (110, 300, "waiting", read), (300, 400, "waiting", {"reason": "sleep"}), (400, 998, "waiting", read), tid=7, pid=7,
            root="net/http.(*conn).serve",
        )  # fmt: skip
        s.sample(
            "goroutine_wait", 400, ("time.Sleep", "main.handle", "net/http.(*conn).serve"), goroutine=9, pid=7
        )

    found = answer(scene(fill))
    assert found.attribution.view == "requests"
    assert [cause.kind for cause in found.accused] == ["sleep"] and found.accused[0].what == "main.handle"
    assert found.attribution.seconds()["idle"] > 0.7


def test_one_who_asks_always_again_is_waited_for_only_where_it_is_waited_for(scene: Made) -> None:
    """The courier is never idle, and main waited for it only for a moment: main's own time is main's."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.goroutine(
            1, (0, 60, "running", {}), (60, 70, "waiting", {"reason": "chan send", "function": "main.main"}),
            (70, 71, "runnable", {"waker": 9}), (71, 100, "running", {}),
        )  # fmt: skip
        asks = {"reason": "network", "function": "net.(*conn).Read"}
        s.goroutine(
            9, (0, 30, "waiting", asks), (30, 31, "running", {}), (31, 59, "waiting", asks), (59, 61, "running", {}),
            (61, 69, "waiting", asks), (69, 100, "running", {}), root="main.courier",
        )  # fmt: skip
        s.sample("cpu", 30, ("main.work", "main.main", "runtime.main", "runtime.goexit"))

    found = attribute(scene(fill)).seconds()
    assert found["network"] == pytest.approx(0.008, abs=0.002) and found["go"] > 0.085


def test_what_godyno_itself_waits_for_in_the_program_is_the_observers(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 60, "running"), (60, 90, "sleeping"), (90, 100, "running"))
        s.goroutine(
            1, (0, 60, "running", {}), (60, 90, "waiting", {"reason": "sleep"}), (90, 100, "running", {})
        )
        s.sample(
            "goroutine_wait",
            90,
            ("time.Sleep", "main.(*godynoRecorder).stop.func1", "main.main"),
            goroutine=1,
        )

    found = attribute(scene(fill)).seconds()
    assert found["observer"] == pytest.approx(0.03) and "sleep" not in found


def _reads(s: Any, *calls: str) -> None:
    """A program whose goroutine waits in a read of a connection most of the time."""
    s.process(1, 0, 100)
    for call in ("execve", *calls):
        series = s.writer.series("process.syscall.count", "{call}", "syscall", {"pid": "1", "call": call})
        s.writer.point(series, 99 * MS, 1.0)
    s.thread(1, (0, 2, "running"), (2, 98, "sleeping"), (98, 100, "running"))
    s.goroutine(
        1, (0, 2, "running", {}), (2, 98, "waiting", {"reason": "network", "function": "net.(*conn).Read"}),
        (98, 100, "running", {}),
    )  # fmt: skip
    s.sample("goroutine_wait", 98, ("internal/poll.(*FD).Read", "net.(*conn).Read", "main.main"), goroutine=1)


def test_who_only_answers_waits_to_be_asked(scene: Made) -> None:
    found = answer(scene(lambda s: _reads(s, "bind", "listen", "accept4")))
    assert found.healthy and found.attribution.seconds()["idle"] == pytest.approx(0.096, abs=0.001)


def test_a_service_that_ends_at_some_time_is_idle_until_then(scene: Made) -> None:
    def fill(s: Any) -> None:
        _reads(s, "bind", "listen", "accept4")
        select = {"reason": "select", "function": "main.main"}
        s.goroutine(1, (100, 102, "running", {}), (102, 198, "waiting", select), (198, 200, "running", {}))
        s.process(1, 0, 200)
        s.thread(1, (100, 102, "running"), (102, 198, "sleeping"), (198, 200, "running"))

    assert answer(scene(fill)).healthy


@pytest.mark.parametrize(("first", "state"), [(True, "network"), (False, "idle")])
def test_who_sends_before_it_heard_asks_over_udp(scene: Made, first: bool, state: str) -> None:
    def fill(s: Any) -> None:
        _reads(s, "bind", "sendto", "recvfrom")
        at = 0 if first else 98
        s.goroutine(7, (at, at + 1, "syscall", {"function": "net.(*netFD).writeToInet4"}), root="main.tell")

    assert attribute(scene(fill)).seconds()[state] == pytest.approx(0.096, abs=0.002)


def test_who_asks_others_waits_for_their_answer(scene: Made) -> None:
    (cause, *_) = answer(scene(lambda s: _reads(s, "bind", "listen", "accept4", "connect"))).causes
    assert cause.kind == "network" and cause.share > 0.9 and "did little else" in cause.claim


def test_what_a_pull_iterator_waits_for_is_waited_for(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (90, 100, "running"))
        s.goroutine(
            1, (0, 10, "running", {}), (10, 90, "waiting", {"waker": 7}), (90, 100, "running", {}),
        )  # fmt: skip
        s.goroutine(
            7, (10, 11, "running", {}), (11, 89, "waiting", {"reason": "sleep", "function": "time.Sleep"}),
            (89, 90, "running", {}), (90, 100, "waiting", {"waker": 1}), root="runtime.corostart",
        )  # fmt: skip
        s.sample("goroutine_wait", 89, ("time.Sleep", "main.bells"), goroutine=7)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "sleep" and cause.what == "main.bells"


def test_a_channel_that_a_timers_function_closes_was_waited_for_until_the_timer(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 2, "running"), (2, 96, "sleeping"), (96, 100, "running"))
        s.goroutine(
            1, (0, 2, "running", {}), (2, 97, "waiting", {"reason": "chan receive", "function": "main.main"}),
            (97, 98, "runnable", {"waker": 9}), (98, 100, "running", {}),
        )  # fmt: skip
        s.goroutine(9, (96, 98, "running", {}), root="time.goFunc")

    found = attribute(scene(fill)).seconds()
    assert found["sleep"] > 0.09 and "channel" not in found
