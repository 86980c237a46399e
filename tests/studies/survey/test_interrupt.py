"""Ending what runs because its time is over."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from godyno.studies.survey import interrupt
from godyno.studies.survey.interrupt import OutOfTime, ended_after


def test_what_takes_too_long_is_ended_and_the_alarm_is_put_back() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(OutOfTime), ended_after(0.05):
        time.sleep(30.0)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_ends_in_time_is_left_alone() -> None:
    with ended_after(30.0):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_child_that_ignores_the_first_signal_is_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interrupt, "_AGAIN_S", 0.3)
    code = "import signal, time; signal.signal(2, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(OutOfTime), ended_after(0.05):
        try:
            child.wait()
        except OutOfTime:
            child.wait()
    assert child.wait(10.0) == -signal.SIGTERM
    child.stdout.close()


def test_off_the_main_thread_nothing_is_cut_off() -> None:
    done = []

    def work() -> None:
        with ended_after(0.01):
            time.sleep(0.1)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
