"""Whose a wait for a CPU is, on a machine of two: own threads', or others'?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import Answer, answer

Made = Callable[..., Capture]
PREAD = (
    "k:schedule",
    "k:io_schedule",
    "k:folio_wait_bit",
    "k:filemap_read",
    "k:__x64_sys_pread64",
    "syscall.pread",
    "main.load",
)


def crowded(scene: Made, own: int, run: int, alone: tuple[int, int] = (0, 0)) -> Answer:
    """The main thread has a CPU for a tenth of 100 ms; of ``own`` threads, itself included, ``run`` always have one. Then only it wants
    one, and in turns runs and waits for as many ms as ``alone`` says, for 120 ms.
    """

    def fill(s: Any) -> None:
        s.process(1, 0, 220 if any(alone) else 100)
        wait = [(at, at + 9) for at in range(0, 100, 10)]
        turn = [(at + 9, at + 10) for at in range(0, 100, 10)]
        states = [(*one, "runnable") for one in wait] + [(*one, "running") for one in turn]
        if any(alone):
            for at in range(100, 220, sum(alone)):
                states += [(at, at + alone[0], "running"), (at + alone[0], at + sum(alone), "runnable")]
        s.thread(1, *sorted(states))
        for tid in range(2, run + 1):
            s.thread(tid, (0, 100, "running"))
        # one more has the CPU that the main thread leaves, the others never
        s.thread(run + 1, *sorted([(*one, "running") for one in wait] + [(*one, "runnable") for one in turn]))
        for tid in range(run + 2, own + 1):
            s.thread(tid, (0, 100, "runnable"))

    return answer(scene(fill))


def order(found: Answer) -> list[str]:
    return [cause.kind for cause in found.causes if cause.kind in ("own_threads", "neighbours")]


def test_no_more_threads_than_cpus_have_only_others_to_wait_for(scene: Made) -> None:
    found = crowded(scene, own=2, run=1)
    assert found.attribution.seconds()["neighbours"] == pytest.approx(0.09, abs=0.001)
    assert "own_threads" not in found.attribution.seconds()


def test_too_many_own_threads_come_before_neighbours_that_have_one_cpu_of_two(scene: Made) -> None:
    found = crowded(scene, own=9, run=1)
    saves = {cause.kind: cause.saves_s for cause in found.causes}
    assert order(found) == ["own_threads", "neighbours"]
    # Without the neighbours, of the eight that wait seven still would, while two run at once.
    assert found.attribution.seconds()["own_threads"] == pytest.approx(0.09 * 7 / 8 / 2, rel=0.02)
    assert saves["neighbours"] == pytest.approx(0.09 * 9 / 16, rel=0.02)
    assert saves["own_threads"] == pytest.approx(
        0.09, rel=0.02
    )  # one alone could have had the CPU that they have


def test_neighbours_that_one_thread_alone_waits_for_as_well_come_first(scene: Made) -> None:
    found = crowded(scene, own=3, run=1, alone=(2, 10))
    assert order(found)[0] == "neighbours"


def test_with_all_cpus_to_themselves_own_threads_wait_for_each_other(scene: Made) -> None:
    found = crowded(scene, own=6, run=2)
    assert found.attribution.seconds()["own_threads"] == pytest.approx(0.09, abs=0.001)
    assert "neighbours" not in found.attribution.seconds()


def test_more_cpus_save_nothing_where_each_of_the_path_has_one_already(scene: Made) -> None:
    """Two workers who fill two CPUs are waited for in turns by one who has to wait for a processor. Their work is not done sooner."""

    def fill(s: Any) -> None:
        s.process(1, 0, 200)
        s.thread(1, (0, 200, "running"))
        s.thread(2, (0, 200, "running"))
        for number, at in ((7, 0), (8, 100)):
            s.goroutine(number, (0, 200, "running", {}), tid=1 if number == 7 else 2, root="main.worker")
            woken, waits = {"waker": number}, {"reason": "chan receive", "function": "main.main"}
            parts = [
                (at, at + 50, "waiting", waits),
                (at + 50, at + 95, "runnable", woken),
                (at + 95, at + 100, "running", {}),
            ]
            s.goroutine(1, *parts, tid=2 if number == 7 else 1)

    found = answer(scene(fill))
    assert found.attribution.seconds()["own_threads"] == pytest.approx(0.045, abs=0.002)
    assert all(cause.saves_s < 0.01 for cause in found.causes if cause.kind == "own_threads")


def test_who_computes_waits_less_for_a_cpu_with_less_to_compute(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        parts = [(at, at + 2, "running") for at in range(0, 100, 10)]
        s.thread(1, *sorted(parts + [(at + 2, at + 10, "runnable") for at in range(0, 100, 10)]))
        for at in range(0, 100, 10):
            s.sample(
                "cpu",
                at + 1,
                (
                    "crunch",
                    "runtime.asmcgocall",
                    "runtime.cgocall",
                    "main._Cfunc_crunch",
                    "main.main",
                    "runtime.main",
                ),
            )

    found = answer(scene(fill))
    (cgo,) = [cause for cause in found.causes if cause.kind == "cgo"]
    assert cgo.seconds == pytest.approx(0.02, abs=0.003) and cgo.saves_s == pytest.approx(0.1, abs=0.015)


def test_a_processor_that_a_system_call_keeps_is_waited_for_like_that_call(scene: Made) -> None:
    """The runtime's watchman takes it back after up to 20 ms; until then who is ready waits for the same disk."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 20, "running"), (20, 35, "sleeping"), (35, 36, "running"), (36, 100, "sleeping"))
        s.thread(2, (0, 20, "sleeping"), (20, 35, "sleeping"), (35, 100, "running"))
        call = {"function": "syscall.pread"}
        s.goroutine(
            7,
            (0, 20, "running", {}),
            (20, 35, "syscall", call),
            (35, 36, "running", {}),
            tid=1,
            root="main.load",
        )
        s.goroutine(
            8,
            (0, 20, "waiting", {"reason": "sleep"}),
            (20, 35, "syscall", call),
            (35, 36, "running", {}),
            tid=2,
            root="main.load",
        )
        s.goroutine(
            1,
            (0, 20, "waiting", {"reason": "sleep"}),
            (20, 35, "runnable", {}),
            (35, 100, "running", {}),
            tid=2,
        )
        s.sample("off_cpu", 20, PREAD)
        s.sample("off_cpu", 20, PREAD, tid=2)
        s.sample("cpu", 60, ("main.main", "runtime.main", "runtime.goexit"), tid=2)

    found = answer(scene(fill)).attribution
    assert found.seconds()["disk_read"] == pytest.approx(0.015, abs=0.001)
    assert "main.load" in next(one.detail for one in found.segments if one.state == "disk_read")


def test_who_does_not_sleep_need_not_be_woken(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (95, 100, "running"))
        for at in range(
            10_000_000, 95_000_000, 1_000_000
        ):  # in each ms a read, a wait for the CPU, and some work
            for since, until, state in ((0, 600, "sleeping"), (600, 700, "runnable"), (700, 1000, "running")):
                why = {"waker_pid": 1, "waker": 0} if state == "runnable" else None
                s.writer.span(at + since * 1000, at + until * 1000, "thread_state", "1/1", state, 1, 1, why)
            s.sample("off_cpu", at / 1_000_000, PREAD)

    (cause,) = [one for one in answer(scene(fill)).causes if one.kind == "disk_read"]
    assert cause.seconds == pytest.approx(0.051, rel=0.02) and cause.saves_s == pytest.approx(
        0.0595, rel=0.02
    )
