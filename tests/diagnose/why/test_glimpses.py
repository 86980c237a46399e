"""The path where looks from outside are all that tells, as at the light level: down the tree by lives, in a process by what was seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.manifest import SetLimits
from godyno.capture.reader import Capture
from godyno.diagnose.why import Answer, answer
from godyno.diagnose.why.causes import enough
from godyno.diagnose.why.sightings import draws

Made = Callable[..., Capture]
MS = 1_000_000
MAIN = ("main.main", "runtime.main", "runtime.goexit")
SLEEP = ("runtime.gopark", "time.Sleep", "main.rest", *MAIN)
TICK = ("runtime.gopark", "runtime.chanrecv", "main.rounds", *MAIN)
PREAD = ("syscall.Syscall6", "syscall.pread", "os.(*File).ReadAt", "main.load", *MAIN)
BLOCKED = ("k:folio_wait_bit_common", "k:filemap_read", "k:__x64_sys_pread64", *PREAD)
WAITID = (
    "syscall.Syscall6",
    "internal/syscall/unix.Waitid",
    "os.(*Process).Wait",
    "os/exec.(*Cmd).Run",
    "main.ask",
    *MAIN,
)
WAIT4 = ("k:do_wait", "k:kernel_wait4", "k:__x64_sys_wait4")


def seen(
    s: Any, *phases: tuple[float, float, str, str, tuple[str, ...]], every: float = 10.0, **marks: int
) -> None:
    """The main goroutine as it was in each phase, looked at every so many ms, the first time after half of that."""
    for start, end, state, reason, functions in phases:
        s.seen(1, start + every / 2, end + every / 2, state, reason, functions)
        at = start + every / 2
        while at < end:
            s.look(at, **marks)
            at += every


def threads(s: Any, pid: int, start: int, end: int, *functions: str, running: int = 0) -> None:
    """A process of one thread that is blocked there, or runs; looked at every 10 ms."""
    if functions:
        s.seen(pid, start + 5, end, "blocked", "", functions, pid=pid, tid=pid, layer="thread_seen")
    for at in range(start + 5, end, 10):
        s.look(at, pid, "thread_seen", running=running)


def kinds(found: Answer) -> list[str]:
    return [cause.kind for cause in found.causes]


def test_looks_alone_tell_the_states_in_shares_that_add_up(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=0.4, system_s=0.0, run_delay_s=0.0)
        seen(s, (0, 400, "running", "", ()), (400, 1000, "waiting", "sleep", SLEEP))

    found = answer(scene(fill))
    states = found.attribution.seconds()
    assert states == {"sleep": pytest.approx(0.6, abs=0.011), "go": pytest.approx(0.4, abs=0.011)}
    assert sum(states.values()) == pytest.approx(1.0)
    (cause,) = found.accused
    assert cause.kind == "sleep" and "main.rest" in cause.what and cause.confidence.value == "medium"
    assert found.as_json()["looks"] == 100 and "--level standard" in found.attribution.missing[0]


def test_what_a_handful_of_looks_saw_is_told_and_not_accused(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=0.8, system_s=0.0, run_delay_s=0.0)
        seen(s, (0, 800, "running", "", ()), (800, 1000, "waiting", "sleep", SLEEP), every=50)

    found = answer(scene(fill))
    assert "sleep" in kinds(found) and not found.accused


@pytest.mark.parametrize(
    ("share", "looks", "accused"), [(0.11, 0, True), (0.11, 200, False), (0.2, 100, True), (0.5, 6, False)]
)
def test_a_share_by_looks_is_enough_where_its_lower_bound_is(share: float, looks: int, accused: bool) -> None:
    assert enough(share, looks) is accused


def test_looks_that_stand_for_less_count_for_less() -> None:
    assert draws([10] * 20) == 20
    assert 1 < draws([1] * 20 + [100]) < 2
    assert draws([]) == 0


def test_who_had_no_cpu_is_told_by_what_the_kernel_counted(scene: Made) -> None:
    """Half of its time at work it had no CPU, and strangers used one and a half."""

    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=0.5, system_s=0.0, run_delay_s=0.5)
        seen(s, (0, 1000, "running", "", ()))
        busy = s.writer.series("system.cpu.time", "s", "machine", {"mode": "user"})
        for at, value in ((0, 7.0), (1000, 9.0)):
            s.writer.point(busy, at * MS, value)

    states = answer(scene(fill)).attribution.seconds()
    assert states["neighbours"] == pytest.approx(0.5, abs=0.01)
    assert states["go"] == pytest.approx(0.5, abs=0.01)


def test_without_strangers_own_threads_had_the_cpus(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=2.0, system_s=0.0, run_delay_s=2.0)
        seen(s, (0, 1000, "running", "", ()))

    assert answer(scene(fill)).attribution.seconds()["own_threads"] == pytest.approx(0.5, abs=0.01)


def test_who_used_up_its_quota_waited_for_that(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=0.5, system_s=0.0, run_delay_s=0.5)
        seen(s, (0, 1000, "running", "", ()))
        busy = s.writer.series("system.cpu.time", "s", "machine", {"mode": "user"})
        held = s.writer.series("cgroup.cpu.throttled_time", "s", "cgroup")
        for at, used, throttled in ((0, 7.0, 0.0), (1000, 9.0, 0.4)):
            s.writer.point(busy, at * MS, used)
            s.writer.point(held, at * MS, throttled)

    states = answer(scene(fill, limits=SetLimits(cpu_quota=0.5))).attribution.seconds()
    assert states["quota"] == pytest.approx(0.5, abs=0.02) and "neighbours" not in states


def test_the_kernels_part_of_computing_is_that_of_the_cpu_time(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=0.6, system_s=0.4, run_delay_s=0.0, minor_faults=faults)
        seen(s, (0, 1000, "running", "", ()))

    faults = 0
    assert answer(scene(fill)).attribution.seconds()["kernel"] == pytest.approx(0.4, abs=0.01)
    faults = 500_000
    assert answer(scene(fill)).attribution.seconds()["minor_fault"] == pytest.approx(0.4, abs=0.01)


def test_a_call_that_the_kernel_cannot_have_computed_all_the_time_was_what_it_blocks_in(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=0.0, system_s=0.1, run_delay_s=0.0)
        seen(s, (0, 500, "syscall", "", PREAD), (500, 1000, "syscall", "", BLOCKED))

    states = answer(scene(fill)).attribution.seconds()
    assert states["disk_read"] == pytest.approx(0.9, abs=0.02)
    assert states["kernel"] == pytest.approx(0.1, abs=0.02)


def test_a_wait_for_a_child_goes_on_in_the_child_and_keeps_its_name(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=0.4, system_s=0.0, run_delay_s=0.0)
        s.process(2, 400, 1000, 1, "/bin/sort", "-u", user_s=0.6, system_s=0.0, run_delay_s=0.0)
        seen(s, (0, 400, "running", "", ()), (400, 1000, "syscall", "", WAITID))
        threads(s, 2, 400, 1000, running=1)

    (cause,) = answer(scene(fill)).accused
    assert cause.kind == "child" and "sort -u" in cause.what and "main.ask" in cause.what
    assert "on CPU in a program that is not Go's" in cause.claim


def test_a_build_is_its_children_walked_backward_from_the_end(scene: Made) -> None:
    """The one that ended last before the link began was waited for, not the one that ended first."""

    def fill(s: Any) -> None:
        s.process(1, 0, 1000, 0, "/usr/local/go/bin/go", "build", user_s=0.01, system_s=0.0, run_delay_s=0.0)
        tool = "/usr/local/go/pkg/tool/linux_amd64/"
        used = {"system_s": 0.0, "run_delay_s": 0.0}
        s.process(2, 10, 400, 1, tool + "compile", "-p", "short", user_s=0.39, **used)
        s.process(3, 10, 900, 1, tool + "compile", "-p", "long", user_s=0.89, **used)
        s.process(4, 901, 1000, 1, tool + "link", user_s=0.099, **used)
        threads(s, 1, 0, 1000, *WAIT4)
        for pid, start, end in ((2, 10, 400), (3, 10, 900), (4, 901, 1000)):
            threads(s, pid, start, end, running=1)

    found = answer(scene(fill))
    by: dict[int, float] = {}
    for one in found.attribution.segments:
        by[one.pid] = by.get(one.pid, 0.0) + one.seconds
    assert by[3] == pytest.approx(0.89, abs=0.005) and by[4] == pytest.approx(0.099, abs=0.005)
    assert 2 not in by and not found.accused
    assert any("compile long" in one.detail and one.tool for one in found.attribution.segments)


def test_a_process_that_no_look_fell_into_was_at_work_as_long_as_it_used_its_life(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, 0, "/bin/sh")
        s.process(2, 0, 500, 1, "/bin/cruncher", user_s=0.4, system_s=0.0, run_delay_s=0.0)
        s.process(3, 500, 1000, 1, "/bin/waiter", user_s=0.01, system_s=0.0, run_delay_s=0.0)
        threads(s, 1, 0, 1000, *WAIT4)

    states = answer(scene(fill)).attribution.seconds()
    assert states["c"] == pytest.approx(0.4, abs=0.01) and states["unknown"] == pytest.approx(0.6, abs=0.01)


def test_loading_and_initialising_are_told_by_their_marks(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=1.0, system_s=0.0, run_delay_s=0.0)
        for at in range(5, 300, 10):
            s.look(at, 1, "thread_seen", running=1, loading=1)
        seen(s, (300, 700, "running", "", ()), initialising=1)
        seen(s, (700, 1000, "running", "", ()))

    states = answer(scene(fill)).attribution.seconds()
    assert [round(states[name], 1) for name in ("load", "package_init", "go")] == [0.3, 0.4, 0.3]


def test_waits_for_a_clock_again_and_again_are_idle(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, user_s=0.01, system_s=0.0, run_delay_s=0.0)
        seen(s, (0, 1000, "waiting", "chan receive", TICK))

    found = answer(scene(fill))
    assert found.attribution.seconds()["idle"] == pytest.approx(1.0) and not found.accused


def test_a_run_that_was_too_short_for_looks_says_so(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 20)
        seen(s, (8, 12, "waiting", "sleep", SLEEP), every=2)

    found = answer(scene(fill))
    assert "20.0 ms, into which 2 looks fell: too few" in found.attribution.missing[0] and not found.accused


def test_without_looks_and_threads_states_nothing_is_known(scene: Made) -> None:
    found = answer(scene(lambda s: s.process(1, 0, 1000)))
    assert found.attribution.seconds() == {"unknown": 1.0}
    assert "nothing is known" in found.attribution.missing[0]


def test_processes_that_are_each_others_parents_come_to_an_end(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000, 0, "/bin/sh")
        for pid in range(2, 12):
            s.process(pid, pid * 10, 1000 - pid, 2 + pid % 10, "/bin/sh")
        s.process(12, 50, 800, 1, "/bin/sh")
        threads(s, 1, 0, 1000, *WAIT4)

    assert sum(answer(scene(fill)).attribution.seconds().values()) == pytest.approx(1.0)
