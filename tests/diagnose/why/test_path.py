from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.manifest import ProbeEntry
from godyno.capture.reader import Capture
from godyno.diagnose.why import answer, attribute
from godyno.errors import UsageError
from godyno.model import AVAILABLE, Result, Workload

Made = Callable[..., Capture]
NANOSLEEP = ("k:schedule", "k:do_nanosleep", "k:hrtimer_nanosleep", "k:__x64_sys_nanosleep", "usleep")
FSYNC = (
    "k:schedule",
    "k:io_schedule",
    "k:ext4_sync_file",
    "k:__x64_sys_fsync",
    "syscall.fsync",
    "main.save",
    "main.main",
)
WAITID = (
    "k:schedule",
    "k:do_wait",
    "k:kernel_waitid",
    "k:__do_sys_waitid",
    "os.(*Process).Wait",
    "main.run",
    "main.main",
)
FUTEX = (
    "k:schedule",
    "k:futex_do_wait",
    "k:__x64_sys_futex",
    "runtime.futex",
    "runtime.mPark",
    "runtime.mcall",
)


def seconds(capture: Capture, **window: Any) -> dict[str, float]:
    return {state: round(of, 6) for state, of in attribute(capture, **window).seconds().items()}


def test_states_cover_the_run_and_add_up(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 40, "running"), (40, 70, "sleeping"), (70, 71, "runnable", 0), (71, 100, "running"))
        s.sample("off_cpu", 40, FSYNC)
        s.sample("cpu", 20, ("main.work", "main.main", "runtime.main", "runtime.goexit"))
        s.sample("cpu", 90, ("main.work", "main.main", "runtime.main", "runtime.goexit"))

    found = attribute(scene(fill))
    assert found.seconds()["fsync"] == pytest.approx(0.03)
    assert found.seconds()["go"] == pytest.approx(0.069)
    assert sum(found.seconds().values()) == pytest.approx(found.wall_s) == pytest.approx(0.1)
    edges = [(one.t_start_ns, one.t_end_ns) for one in found.segments]
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(edges))


def test_the_path_crosses_to_the_thread_that_woke(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (90, 91, "runnable", 2), (91, 100, "running"))
        s.thread(2, (5, 6, "runnable"), (6, 95, "running"))
        s.sample("off_cpu", 10, FUTEX)
        s.sample("cpu", 50, ("main.worker", "runtime.goexit"), tid=2)

    found = attribute(scene(fill))
    on_worker = sum(one.seconds for one in found.segments if one.tid == 2 and one.state == "go")
    assert on_worker == pytest.approx(
        0.084
    )  # also before main waited for it: main's own work then held nothing up
    assert found.seconds()["go"] == pytest.approx(0.099, abs=0.003)


def test_waiting_for_a_child_is_named_by_the_child(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.process(7, 12, 90, ppid=1, exe="/usr/bin/convert")
        s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (90, 100, "running"))
        s.thread(7, (12, 90, "running"), pid=7)
        s.sample("off_cpu", 10, WAITID)

    (cause, *_) = answer(scene(fill)).causes
    assert cause.kind == "child" and "convert" in cause.what and "main.run" in cause.what
    assert cause.seconds == pytest.approx(0.08, abs=0.003)


def test_a_driver_is_passed_through_to_what_it_started(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100, exe="/usr/local/go/bin/go")
        s.process(7, 12, 90, ppid=1)
        s.thread(1, (0, 10, "running"), (10, 90, "sleeping"), (90, 100, "running"))
        s.thread(7, (12, 88, "sleeping"), (88, 90, "running"), pid=7)
        s.sample("off_cpu", 10, WAITID)
        s.sample("off_cpu", 12, FSYNC, tid=7, pid=7)

    found = answer(scene(fill))
    assert found.causes[0].kind == "fsync" and "child" not in {cause.kind for cause in found.causes}


def test_the_watchman_thread_is_nobodys_cause(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 50, "running"), (50, 60, "sleeping"), (60, 61, "runnable", 3), (61, 100, "running"))
        s.thread(2, (40, 70, "running"))
        s.thread(3, (0, 59, "sleeping"), (59, 61, "running"), (61, 100, "sleeping"))
        s.sample("off_cpu", 50, FUTEX)
        s.sample(
            "off_cpu",
            0,
            ("k:schedule", "k:do_nanosleep", "runtime.usleep", "runtime.sysmon", "runtime.mstart"),
            tid=3,
        )

    assert "sleep" not in seconds(scene(fill))


def test_a_sleep_that_an_interrupt_ended_is_on_the_path_itself(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 80, "sleeping"), (80, 81, "runnable", 0), (81, 100, "running"))
        s.sample("off_cpu", 10, NANOSLEEP)

    assert seconds(scene(fill))["sleep"] == pytest.approx(0.07)


def test_a_window_is_kept_to(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 80, "sleeping"), (80, 81, "runnable", 0), (81, 100, "running"))
        s.sample("off_cpu", 10, NANOSLEEP)

    found = attribute(scene(fill), t_start_ns=50_000_000, t_end_ns=90_000_000)
    assert found.wall_s == pytest.approx(0.04) and found.seconds()["sleep"] == pytest.approx(0.03)


def test_threads_that_wake_each_other_in_a_circle_come_to_an_end(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        for tid, other in ((1, 2), (2, 1)):
            s.thread(
                tid,
                (0, 50, "sleeping"),
                (50, 50, "runnable"),
                (50, 51, "runnable", other),
                (51, 100, "running"),
            )

    assert sum(seconds(scene(fill)).values()) == pytest.approx(0.1)


READ = (
    "k:schedule",
    "k:io_schedule",
    "k:filemap_get_pages",
    "k:filemap_read",
    "k:__x64_sys_pread64",
    "syscall.Pread",
    "main.pick",
)


@pytest.mark.parametrize(
    ("again", "grown", "state"), [(4000, 0, "reclaim"), (4000, 4000, "disk_read"), (10, 0, "disk_read")]
)
def test_reads_of_what_was_pushed_out_are_for_want_of_memory(
    scene: Made, again: int, grown: int, state: str
) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 10, "running"), (10, 80, "sleeping"), (80, 81, "runnable", 0), (81, 100, "running"))
        s.sample("off_cpu", 10, READ)
        s.sample("cpu", 90, ("k:copy_page_to_iter", *READ[3:]))
        page = 4096
        for name, values in (("refaults", (0, again)), ("usage", (40_000 * page, (40_000 + grown) * page))):
            series = s.writer.series(f"cgroup.memory.{name}", "1", "cgroup")
            for at, value in zip((0, 100), values, strict=True):
                s.writer.point(series, at * 1_000_000, float(value))

    assert answer(scene(fill)).causes[0].kind == state


def test_a_recording_that_was_cut_off_is_answered_as_far_as_it_goes(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 0)
        s.thread(1, (0, 10, "running"), (10, 80, "sleeping"), (80, 81, "runnable", 0), (81, 100, "running"))
        s.sample("off_cpu", 10, NANOSLEEP)

    found = attribute(scene(fill, result=None))
    assert found.wall_s == pytest.approx(0.1) and found.seconds()["sleep"] == pytest.approx(0.07)
    assert "cut off" in found.missing[0]


def test_a_wait_for_what_was_not_recorded_is_told_with_what_would_tell(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 1000)
        s.thread(1, (0, 100, "running"), (100, 800, "sleeping"), (800, 1000, "running"))

    (cause, *_) = answer(scene(fill, workload=Workload(("./server",)))).causes
    assert (
        cause.kind == "unknown"
        and "not recorded" in cause.claim
        and "--level deep --instrument" in cause.advice
    )
    assert cause.severity == "info"


def test_a_poll_that_a_dying_child_ended_is_no_timer(scene: Made) -> None:
    """Its pipe is closed as it dies, and who does that is not seen."""

    def fill(s: Any) -> None:
        s.process(1, 0, 100, exe="/usr/local/go/bin/go")
        s.process(7, 12, 90, ppid=1)
        s.thread(1, (0, 10, "running"), (10, 92, "sleeping"), (92, 93, "runnable", 0), (93, 100, "running"))
        s.thread(7, (12, 90, "running"), pid=7)
        s.sample(
            "off_cpu", 10, ("k:schedule", "k:do_epoll_wait", "k:__x64_sys_epoll_pwait", "runtime.netpoll")
        )

    found = seconds(scene(fill))
    assert found["c"] + found.get("go", 0.0) > 0.07 and found.get("sleep", 0.0) < 0.01


def test_a_window_beside_the_run_is_refused_with_what_the_run_lasted(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "running"))

    with pytest.raises(UsageError) as refused:
        attribute(scene(fill, result=Result(0, 100_000_000, 0, 0)), t_start_ns=200_000_000)
    assert refused.value.hint == "It lasted from 0 s to 100 ms after the run's start."


@pytest.mark.parametrize("deep", [False, True])
def test_one_that_never_ran_is_told_so_and_not_that_it_was_not_recorded(scene: Made, deep: bool) -> None:
    names = ("scheduler", "cpu_samples", *(("syscalls",) if deep else ()))

    def fill(s: Any) -> None:
        s.process(1, 0, 100)
        s.thread(1, (0, 100, "sleeping"))

    told = " ".join(
        answer(
            scene(fill, probes=tuple(ProbeEntry(name, AVAILABLE) for name in names), notes={"attached": {}})
        ).attribution.missing
    )
    assert "hardly ran, or not at all" in told and "Without CPU samples" not in told
    assert ("Without --level deep" in told) != deep and ("had begun before" in told) == deep
