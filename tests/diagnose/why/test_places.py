"""Addresses and files beside the waits for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer

Made = Callable[..., Capture]
MS = 1_000_000
FSYNC = (
    "k:schedule",
    "k:io_schedule",
    "k:ext4_sync_file",
    "k:__x64_sys_fsync",
    "syscall.fsync",
    "main.save",
    "main.main",
)


def _connects(s: Any, at: float, address: str, tid: int = 1) -> None:
    s.writer.event(int(at * MS), "connection", f"1/{tid}", "connect", 1, tid, {"address": address})


def _asks(s: Any) -> None:
    """Main connects, waits for that, and then a goroutine that it started reads the answer."""
    s.process(1, 0, 100)
    s.thread(1, (0, 100, "running"))
    s.goroutine(
        1, (0, 10, "running", {}), (10, 40, "waiting", {"reason": "network", "function": "net.(*netFD).connect"}),
        (40, 45, "running", {}), (45, 90, "waiting", {"reason": "select", "function": "main.ask"}),
        (90, 91, "runnable", {"waker": 7}), (91, 100, "running", {}),
    )  # fmt: skip
    s.goroutine(
        7,
        (44, 89, "waiting", {"reason": "network", "function": "net.(*conn).Read"}),
        (89, 90, "running", {}),
        root="main.reads",
    )
    s.writer.span(44 * MS, 90 * MS, "goroutine", "1/7", "main.reads", 1, 0, {"parent": 1})


def test_a_wait_for_a_connection_names_its_address(scene: Made) -> None:
    def fill(s: Any) -> None:
        _asks(s)
        _connects(s, 9.9, "192.0.2.7:443")
        _connects(s, 5, "192.0.2.8:443", tid=3)  # another thread's

    kinds = {cause.kind: cause.what for cause in answer(scene(fill)).causes}
    assert kinds["connect"].endswith("to 192.0.2.7:443")


def test_who_was_started_by_the_one_that_connected_waits_for_the_same(scene: Made) -> None:
    def fill(s: Any) -> None:
        _asks(s)
        _connects(s, 9.9, "192.0.2.7:443")
        _connects(s, 5, "192.0.2.8:443", tid=3)

    kinds = {cause.kind: cause.what for cause in answer(scene(fill)).causes}
    assert "to 192.0.2.7:443" in kinds["network"]


def test_of_several_addresses_none_is_guessed(scene: Made) -> None:
    def fill(s: Any) -> None:
        _asks(s)
        for at, address in ((5, "192.0.2.7:443"), (6, "192.0.2.8:443")):
            _connects(s, at, address, tid=3)

    assert not any("192.0.2" in cause.claim for cause in answer(scene(fill)).causes)


def test_a_wait_for_a_file_names_it_where_its_opening_was_kept(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 80, "sleeping"), (80, 81, "runnable", 0), (81, 100, "running"))
        s.sample("off_cpu", 10, FSYNC)
        opened = {"args": 'AT_FDCWD, "/var/lib/app/journal", O_RDWR|O_CLOEXEC', "result": 5}
        s.writer.span(1 * MS, 2 * MS, "syscall_args", "1", "openat", 0, 1, opened)
        s.writer.span(
            3 * MS,
            4 * MS,
            "syscall_args",
            "1",
            "openat",
            0,
            1,
            {**opened, "result": 6, "args": '"/etc/hosts"'},
        )
        s.writer.span(int(9.9 * MS), 81 * MS, "syscall", "1/1", "fsync", 1, 1, {"result": 0, "fd": 5})

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "fsync" and cause.what.endswith("of /var/lib/app/journal")
