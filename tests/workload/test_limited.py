"""Commands under limits: what is counted, and that nothing is left, also after kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from godyno.errors import NotAvailableHere
from godyno.machine.cgroups import Group
from godyno.model import Workload
from godyno.workload.limited import Limited, Limits, limited_group, run_limited


def _can() -> bool:
    group, _ = Group.create("can", ("memory",))
    if group is None:
        return False
    limited = "memory" in group.paths
    group.remove()
    return limited


_counts = pytest.mark.skipif(not _can(), reason="no memory cgroup can be made here")


def test_page_cache_is_no_need_of_a_run() -> None:
    run = Limited(0, 0, 1.0, 1.0, False, 0, 100, 30, 50, 0, 0, 0, 0.0, "")
    assert run.held_bytes == 70
    assert Limited(0, 0, 1.0, 1.0, False, 0, 100, 90, 50, 0, 0, 0, 0.0, "").held_bytes == 50


def _grow(mib: int) -> Workload:
    return Workload((sys.executable, "-S", "-c", f"x = bytearray({mib} << 20); print(len(x))"))


@pytest.mark.integration
@_counts
def test_the_kernel_counts_the_peak_of_the_whole_group() -> None:
    run = run_limited([_grow(40), _grow(40)], at_once=2, timeout_s=30)
    assert run.exit_code == 0
    assert len(run.each_s) == 2
    assert run.held_bytes is not None
    assert 40 << 20 < run.held_bytes < 200 << 20
    assert run.said.count(str(40 << 20)) == 2


@pytest.mark.integration
@_counts
def test_a_run_above_its_limit_is_killed_and_counted() -> None:
    run = run_limited(_grow(200), Limits(memory_bytes=50 << 20), timeout_s=30)
    assert run.oom_kills == 1
    assert (run.exit_code, run.signal) == (137, signal.SIGKILL)


@pytest.mark.integration
@_counts
def test_a_time_out_ends_the_whole_tree() -> None:
    began = time.monotonic()
    run = run_limited(Workload(("/bin/sh", "-c", "sleep 50 & sleep 50")), timeout_s=0.3)
    assert run.timed_out
    assert time.monotonic() - began < 10


@pytest.mark.integration
@_counts
def test_nothing_is_left_after_a_run() -> None:
    with limited_group(Limits(memory_bytes=64 << 20)) as group:
        directories = group.directories
        assert all(directory.is_dir() for directory in directories)
    assert not any(directory.exists() for directory in directories)


@pytest.mark.integration
@_counts
def test_group_processes_and_limits_are_gone_after_kill_9(tmp_path: Path) -> None:
    script = (
        "from godyno.workload.limited import *\nfrom godyno.model import Workload\n"
        f"run_limited(Workload(('/bin/sh', '-c', 'echo $$ > {tmp_path}/pid; sleep 60 & wait')), "
        "Limits(memory_bytes=64 << 20, cpus=0.5), timeout_s=60)\n"
    )
    maker = subprocess.Popen([sys.executable, "-c", script])
    try:
        deadline = time.monotonic() + 20
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.05)
        inside = int((tmp_path / "pid").read_text())
        group = next(
            line for line in Path(f"/proc/{inside}/cgroup").read_text().splitlines() if "godyno-" in line
        )
        name = group.rpartition("/")[2]
        places = [place for place in Path("/sys/fs/cgroup").glob(f"**/{name}") if place.is_dir()]
        assert places
        maker.kill()
        maker.wait()
        deadline = time.monotonic() + 15
        while Path(f"/proc/{inside}").exists() or any(place.exists() for place in places):
            assert time.monotonic() < deadline, "it is still there"
            time.sleep(0.05)
    finally:
        maker.kill()
        maker.wait()


@pytest.mark.integration
def test_a_quota_that_cannot_be_set_is_an_error_and_leaves_nothing() -> None:
    if not _can():
        pytest.skip("no cgroup can be made here")
    before = os.getpid()
    with pytest.raises(NotAvailableHere), limited_group(Limits(cpus=0.5, period_s=5.0)):
        pass
    assert not list(Path("/sys/fs/cgroup").glob(f"**/godyno-{before}-*-limited*"))


@pytest.mark.integration
def test_two_groups_may_be_held_at_once() -> None:
    if not _can():
        pytest.skip("no cgroup can be made here")
    with (
        limited_group(Limits(memory_bytes=64 << 20)) as one,
        limited_group(Limits(memory_bytes=96 << 20)) as other,
    ):
        assert not set(one.paths.values()) & set(other.paths.values())
