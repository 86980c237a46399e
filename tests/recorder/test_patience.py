"""A kernel that holds a lock for long holds up what needs it, not the recording."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from godyno.probes.kernel import perf_event
from godyno.recorder import ending, keeper
from godyno.recorder.loop import EventLoop
from godyno.recorder.signals import Signals


@pytest.fixture
def signals() -> Iterator[Signals]:
    found = Signals()
    yield found
    found.close()


def kept(tmp_path: Path, tidy: Any) -> keeper.Keeper:
    return keeper.Keeper([], tmp_path / "output.journal", 1 << 20, True, tidy)


def test_a_cgroup_that_cannot_be_removed_yet_is_left_to_the_keeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_TIDY_S", 0.2)
    free, tidied = tmp_path / "free", tmp_path / "tidied"

    def tidy() -> bool:
        if free.exists():
            tidied.touch()
        return free.exists()

    one = kept(tmp_path, tidy)
    assert one.finish(1.0, stay=False) == keeper.Ended(0, lingers=False)
    assert one.cpu_s() is None
    assert not tidied.exists()
    free.touch()
    os.waitpid(one.pid, 0)
    assert tidied.exists()


def test_a_keeper_that_tidies_up_holds_no_output_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_TIDY_S", 0.2)
    one = kept(tmp_path, lambda: False)
    try:
        one.finish(1.0, stay=False)
        assert one.cpu_s() is None
        open_now = {os.readlink(f"/proc/{one.pid}/fd/{fd}") for fd in (0, 1, 2)}  # noqa: PTH115
        assert open_now == {os.devnull}
    finally:
        os.kill(one.pid, signal.SIGKILL)
        os.waitpid(one.pid, 0)


def test_a_keeper_that_tidied_up_tells_its_cpu_time(tmp_path: Path) -> None:
    one = kept(tmp_path, lambda: True)
    one.finish(1.0, stay=False)
    used = one.cpu_s()
    assert used is not None
    assert used >= 0.0


@pytest.mark.skipif(os.geteuid() != 0, reason="perf events may be refused to others")
def test_the_last_to_close_a_perf_event_is_the_keeper(tmp_path: Path) -> None:
    one = kept(tmp_path, lambda: True)
    scope = perf_event.Scope("tasks", (os.getpid(),))
    counter = perf_event.Counter(perf_event.Event("clock", config=perf_event.TASK_CLOCK), scope)
    one.share_perf_events()
    counter.close()
    deadline = time.monotonic() + 5
    while not perf_events_of(one.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert perf_events_of(one.pid) == 1
    assert one.finish(1.0, stay=False) == keeper.Ended(0, lingers=False)
    assert one.cpu_s() is not None


def perf_events_of(pid: int) -> int:
    fds = Path(f"/proc/{pid}/fd").iterdir()
    return sum(os.readlink(fd) == "anon_inode:[perf_event]" for fd in fds)  # noqa: PTH115


def test_a_keeper_that_does_not_answer_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_ANSWER_S", 0.1)
    one = kept(tmp_path, lambda: True)
    os.kill(one.pid, signal.SIGSTOP)
    try:
        assert one.finish(0.1, stay=False) == keeper.Ended(0, lingers=True)
    finally:
        os.kill(one.pid, signal.SIGCONT)
        os.waitpid(one.pid, 0)


def test_a_command_that_does_not_die_of_sigkill_is_given_up(
    signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_GIVE_UP_AFTER_S", 0.05)
    sleeping = subprocess.Popen(["sleep", "60"])
    loop = EventLoop(10)
    try:
        target: Any = SimpleNamespace(pid=sleeping.pid, pids=lambda: ())
        one = ending.Ending(loop, signals, target, None, [])
        monkeypatch.setattr(one, "_signal_tree", lambda number: None)  # as if the kernel kept it
        told, teller = os.pipe()
        os.close(teller)
        one.when_told(told, [], kill_after_s=0.05)
        began = time.monotonic()
        loop.run()
        result = one.result(0)
        os.close(told)
        assert one.given_up and one.told
        assert (result.exit_code, result.signal) == (137, signal.SIGKILL)
        assert time.monotonic() - began < 4
    finally:
        loop.close()
        sleeping.kill()
        sleeping.wait()
