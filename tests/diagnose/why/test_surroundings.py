"""Whose a wait for a CPU is, on a machine of two: own threads', or others'?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import Answer, answer

Made = Callable[..., Capture]


def crowded(scene: Made, own: int, run: int) -> Answer:
    """The main thread has a CPU for a tenth of 100 ms; of ``own`` threads, itself included, ``run`` always have one."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        waits = [(at, at + 9, "runnable") for at in range(0, 100, 10)]
        runs = [(at + 9, at + 10, "running") for at in range(0, 100, 10)]
        s.thread(1, *sorted((*waits, *runs)))
        for tid in range(2, own + 1):
            # one of them makes room while the main thread runs
            if tid <= run:
                s.thread(tid, (0, 100, "running"))
            elif tid == run + 1:
                s.thread(
                    tid,
                    *sorted(
                        (start, end, "running" if state == "runnable" else "runnable")
                        for start, end, state in (*waits, *runs)
                    ),
                )
            else:
                s.thread(tid, (0, 100, "runnable"))

    return answer(scene(fill))


def test_no_more_threads_than_cpus_have_only_others_to_wait_for(scene: Made) -> None:
    found = crowded(scene, own=2, run=1)
    assert found.attribution.seconds()["neighbours"] == pytest.approx(0.09, abs=0.001)
    assert "own_threads" not in found.attribution.seconds()


def test_too_many_own_threads_come_before_neighbours_that_have_one_cpu_of_two(scene: Made) -> None:
    """Nine threads for two CPUs make a wait 4.5 times as long, others on one CPU twice: fewer threads would shorten it more."""
    found = crowded(scene, own=9, run=1)
    kinds = [cause.kind for cause in found.causes if cause.kind in ("own_threads", "neighbours")]
    saves = {cause.kind: cause.saves_s for cause in found.causes}
    assert kinds == ["own_threads", "neighbours"]
    # of a wait eight share, seven would still wait on two CPUs, and half as long
    assert found.attribution.seconds()["own_threads"] == pytest.approx(0.09 * 7 / 8 / 2, rel=0.02)
    # what stands ready beside the own ones would go with these, too, but for what two threads would have waited
    assert saves["own_threads"] == pytest.approx(0.09 * (7 / 16 + 9 / 16 * 7 / 9), rel=0.02)
    assert saves["neighbours"] == pytest.approx(0.09 * 9 / 16, rel=0.02)


def test_a_little_more_than_fits_comes_after_neighbours_that_take_half(scene: Made) -> None:
    found = crowded(scene, own=3, run=1)
    kinds = [cause.kind for cause in found.causes if cause.kind in ("own_threads", "neighbours")]
    assert kinds == ["neighbours", "own_threads"]


def test_with_all_cpus_to_themselves_own_threads_wait_for_each_other(scene: Made) -> None:
    found = crowded(scene, own=6, run=2)
    assert found.attribution.seconds()["own_threads"] == pytest.approx(0.09, abs=0.001)
    assert "neighbours" not in found.attribution.seconds()
