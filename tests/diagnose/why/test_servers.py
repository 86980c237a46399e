"""A program that asks itself: who waits for the network waits for what its own server does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import attribute

Made = Callable[..., Capture]
MS = 1_000_000
READ = ("internal/poll.(*FD).Read", "net.(*conn).Read", "main.ask", "main.main")
ACCEPT = ("internal/poll.(*FD).Accept", "net.(*netFD).accept", "net.(*TCPListener).Accept", "main.serve")


def asks_itself(s: Any, address: str, root: str = "main.answer") -> None:
    """Its main goroutine asks at 10 ms and hears at 90; another one works on it from 15 to 85 ms, on a thread of its own."""
    s.process(1, 0, 100)
    s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (90, 100, "running"))
    s.thread(2, (0, 15, "sleeping"), (15, 86, "running"), (86, 100, "sleeping"))
    s.writer.event(5 * MS, "connection", "1/1", "connect", 1, 1, {"address": address})
    network = {"reason": "network", "function": "net.(*conn).Read"}
    s.goroutine(1, (0, 10, "running", {}), (10, 90, "waiting", network), (90, 100, "running", {}))
    s.sample("goroutine_wait", 90, READ, goroutine=1)
    s.goroutine(
        5,
        (1, 99, "waiting", {"reason": "network", "function": "net.(*netFD).accept"}),
        root="main.serve",
        tid=0,
    )
    s.sample("goroutine_wait", 99, ACCEPT, goroutine=5)
    s.goroutine(
        6, (2, 15, "waiting", network), (15, 85, "running", {}), (85, 86, "syscall", {"function": "syscall.write"}),
        (86, 98, "waiting", network), root=root, tid=2,
    )  # fmt: skip
    s.sample(
        "goroutine_wait", 15, ("internal/poll.(*FD).Read", "net.(*conn).Read", "main.answer"), goroutine=6
    )
    s.writer.span(2 * MS, 98 * MS, "goroutine", "1/6", root, 1, 0, {"parent": 5})
    for at in range(16, 85, 4):
        s.sample("cpu", at, ("main.count", "main.answer", "runtime.goexit"), tid=2)


def test_the_path_goes_on_with_who_answers(scene: Made) -> None:
    found = attribute(scene(lambda s: asks_itself(s, "127.0.0.1:8080"))).seconds()
    assert found["go"] > 0.085 and found["network"] == pytest.approx(0.009, abs=0.002)


@pytest.mark.parametrize(
    ("address", "root"),
    [("10.1.2.3:443", "main.answer"), ("127.0.0.1:8080", "net/http.(*Transport).dialConn.gowrap2")],
)
def test_who_asks_others_waits_for_the_network(scene: Made, address: str, root: str) -> None:
    found = attribute(scene(lambda s: asks_itself(s, address, root))).seconds()
    assert found["network"] == pytest.approx(0.08, abs=0.003)


def test_who_still_waits_when_the_path_comes_back_waits_for_who_is_at_work(scene: Made) -> None:
    """Goroutine 8 asks from 10 to 90 ms; 6 answers it from 50 on, and before that waited to be asked while 7 was at work."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))
        s.thread(2, (0, 100, "running"))
        s.thread(3, (0, 100, "running"))
        s.writer.event(5 * MS, "connection", "1/1", "connect", 1, 1, {"address": "127.0.0.1:8080"})
        network = {"reason": "network", "function": "net.(*conn).Read"}
        s.goroutine(
            1, (0, 5, "running", {}), (5, 95, "waiting", {"reason": "sync", "function": "sync.(*WaitGroup).Wait"}),
            (95, 96, "runnable", {"waker": 8}), (96, 100, "running", {}),
        )  # fmt: skip
        s.goroutine(
            8, (5, 10, "running", {}), (10, 90, "waiting", network), (90, 95, "running", {}), root="main.ask"
        )
        s.sample("goroutine_wait", 90, READ, goroutine=8)
        s.goroutine(
            5,
            (1, 99, "waiting", {"reason": "network", "function": "net.(*netFD).accept"}),
            root="main.serve",
            tid=0,
        )
        s.sample("goroutine_wait", 99, ACCEPT, goroutine=5)
        s.goroutine(
            6, (2, 40, "running", {}), (40, 50, "waiting", network), (50, 85, "running", {}),
            (85, 86, "syscall", {"function": "syscall.write"}), (86, 98, "waiting", network), root="main.answer", tid=2,
        )  # fmt: skip
        s.sample(
            "goroutine_wait",
            50,
            ("net.(*conn).Read", "bufio.(*Reader).Peek", "net/http.(*conn).serve"),
            goroutine=6,
        )
        s.goroutine(
            7,
            (2, 39, "waiting", network),
            (39, 52, "running", {}),
            (52, 98, "waiting", network),
            root="main.answer",
            tid=3,
        )
        for number in (6, 7):
            s.writer.span(2 * MS, 98 * MS, "goroutine", f"1/{number}", "main.answer", 1, 0, {"parent": 5})
        for at in range(40, 52, 2):
            s.sample("cpu", at, ("main.find", "main.answer", "runtime.goexit"), tid=3)

    found = attribute(scene(fill))
    assert sum(one.seconds for one in found.segments if one.detail == "main.find") == pytest.approx(
        0.01, abs=0.002
    )
