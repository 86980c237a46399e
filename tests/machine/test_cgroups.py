"""A cgroup of our own, made in recorded trees and, where this is root, for real."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from godyno.errors import NotAvailableHere
from godyno.machine import cgroups
from godyno.machine.cgroups import Group, sweep_stale
from godyno.testing import FakeMachine

APP = "sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice"


def groups_in(root: Path) -> list[Path]:
    return sorted(path for path in (root / "sys/fs/cgroup").rglob("godyno-*") if path.is_dir())


def test_on_a_desktop_the_group_lies_beside_the_terminals_scope(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).systemd_desktop()
    with machine.kernel():
        group, reason = Group.create("build", root=machine.root)
        assert group is not None
        assert group.paths["memory"].parent == machine.root / APP
        assert set(group.paths) == {"memory", "pids", "cpuacct", "freezer", "unified"}
        assert reason == f"cpu: {machine.root / APP} has no cpu controller itself"
        assert group.remove() == []
    assert groups_in(machine.root) == []


def test_limits_of_a_scope_that_is_stepped_over_hold_in_the_group_too(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).systemd_desktop()
    machine.write(f"{APP}/app-terminal.scope/memory.max", "536870912\n")
    machine.write(f"{APP}/app-terminal.scope/pids.max", "512\n")
    with machine.kernel():
        group, _ = Group.create("build", root=machine.root)
        assert group is not None
        assert group.limits_kept == {"memory.max": "536870912", "pids.max": "512"}
        assert (group.paths["memory"] / "memory.max").read_text() == "536870912\n"


def test_a_limit_that_cannot_be_kept_forbids_stepping_over_it(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).systemd_desktop()
    machine.write(f"{APP}/app-terminal.scope/cpu.max", "50000 100000\n")
    # The scope's parent has no cpu controller to give, and further up nothing may be made.
    machine.denied = set((machine.root / APP).parents)
    with machine.kernel():
        group, _ = Group.create("build", root=machine.root)
    assert group is not None and "memory" not in group.paths
    assert "cpu.max" not in group.limits_kept
    assert group.paths["unified"].parent.name == "app-terminal.scope"


def test_controllers_that_were_enabled_for_the_group_are_taken_back(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).write("/proc/self/cgroup", "0::/\n")
    machine.cgroup_mount(2, "/sys/fs/cgroup", "rw").cgroup_v2_root(
        "/sys/fs/cgroup", "cpu memory pids io", "pids"
    )
    control = machine.root / "sys/fs/cgroup/cgroup.subtree_control"
    with machine.kernel():
        group, reason = Group.create("build", root=machine.root)
        assert group is not None and reason == ""
        assert control.read_text().split() == ["cpu", "memory", "pids"]
        other, _ = Group.create("other", root=machine.root)
        assert other is not None
        group.remove()
        assert control.read_text().split() == ["cpu", "memory", "pids"]  # the other one needs them
        other.remove()
    assert groups_in(machine.root) == []


def test_in_a_container_with_read_only_cgroups_the_reason_says_so(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).docker_v2()
    with machine.kernel():
        group, reason = Group.create("build", root=machine.root)
    assert group is None
    assert "memory: " in reason and "mounted read-only" in reason


def test_in_a_privileged_container_a_bare_group_is_better_than_none(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).write("/proc/self/cgroup", "0::/\n")
    machine.cgroup_mount(2, "/sys/fs/cgroup", "rw").cgroup_v2("/sys/fs/cgroup", "cpu memory pids", "", "1\n")
    with machine.kernel():
        group, reason = Group.create("build", root=machine.root)
        assert group is not None
        assert "unified" in group.paths and "memory" not in group.paths
        assert "holds processes itself" in reason
        assert group.memory_peak() is None and group.oom_kills() is None and group.throttling() is None
        with pytest.raises(NotAvailableHere, match="holds processes itself"):
            group.set_memory_limit(1 << 20)


def test_in_a_hybrid_the_group_is_below_the_own_one_in_every_hierarchy(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).hybrid()
    with machine.kernel():
        group, reason = Group.create("a b/c", root=machine.root)
        assert group is not None and reason == ""
        assert group.name.endswith("-a_b_c")
        assert group.paths["cpu"] == group.paths["cpuacct"]
        assert group.paths["memory"].parent.name == "ci.service"
        assert group.paths["freezer"].parent == machine.root / "sys/fs/cgroup/freezer"
        assert len(group.directories) == 5
        group.add(4242)
        assert group.pids() == [4242]
        assert len(group.remove(timeout_s=0.01)) == 5  # a process is in it
        assert sweep_stale(machine.root) == []


def test_where_nothing_may_be_made_the_kernels_words_are_the_reason(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).hybrid()
    machine.denied = {path for path in (machine.root / "sys/fs/cgroup").rglob("*") if path.is_dir()}
    with machine.kernel():
        group, reason = Group.create("build", root=machine.root)
    assert group is None
    assert "memory: no cgroup can be made in" in reason and "Permission denied" in reason


def test_peak_kills_and_throttling_are_read_in_both_versions(tmp_path: Path) -> None:
    for layout in ("systemd_desktop", "hybrid"):
        machine: FakeMachine = getattr(FakeMachine(tmp_path / layout), layout)()
        with machine.kernel():
            group, _ = Group.create("x", ("memory", "cpu"), machine.root)
            assert group is not None
            memory, version2 = group.paths["memory"], layout == "systemd_desktop"
            (memory / ("memory.peak" if version2 else "memory.max_usage_in_bytes")).write_text("1234\n")
            nested = memory / "inner"
            cgroups.cgroupfs.make_directory(nested)
            if version2:
                (memory / "memory.events").write_text("oom 1\noom_kill 3\n")
            else:
                (memory / "memory.oom_control").write_text("under_oom 0\noom_kill 1\n")
                (nested / "memory.oom_control").write_text("under_oom 0\noom_kill 2\n")
                (group.paths["cpu"] / "cpu.stat").write_text(
                    "nr_periods 9\nnr_throttled 4\nthrottled_time 1500000000\n"
                )
                assert group.throttling() == cgroups.Throttling(9, 4, 1.5)
            peak = group.memory_peak()
            assert peak is not None and peak.value_bytes == 1234 and peak.exact
            assert group.oom_kills() == 3
            assert group.remove() == []


def test_limits_are_written_as_each_version_wants_them(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "1").hybrid()
    with machine.kernel():
        group, _ = Group.create("x", root=machine.root)
        assert group is not None
        group.set_memory_limit(1 << 30, swap_bytes=1 << 20)
        assert (group.paths["memory"] / "memory.limit_in_bytes").read_text() == f"{1 << 30}\n"
        assert (
            group.paths["memory"] / "memory.memsw.limit_in_bytes"
        ).read_text() == f"{(1 << 30) + (1 << 20)}\n"
        group.set_memory_limit(None)
        assert (group.paths["memory"] / "memory.limit_in_bytes").read_text() == "-1\n"
        group.set_cpu_quota(0.5, period_s=0.02, burst_s=0.005)
        assert (group.paths["cpu"] / "cpu.cfs_quota_us").read_text() == "10000\n"
        assert (group.paths["cpu"] / "cpu.cfs_burst_us").read_text() == "5000\n"
    machine = FakeMachine(tmp_path / "2").write("/proc/self/cgroup", "0::/\n")
    machine.cgroup_mount(2, "/sys/fs/cgroup", "rw").cgroup_v2_root(
        "/sys/fs/cgroup", "cpu memory", "cpu memory"
    )
    with machine.kernel():
        group, _ = Group.create("x", root=machine.root)
        assert group is not None
        group.set_memory_limit(1 << 30, swap_bytes=0)
        assert (group.paths["memory"] / "memory.swap.max").read_text() == "0\n"
        group.set_cpu_quota(1.5)
        assert (group.paths["cpu"] / "cpu.max").read_text() == "150000 100000\n"
        group.set_cpu_quota(None)
        assert (group.paths["cpu"] / "cpu.max").read_text() == "max 100000\n"


def test_a_dead_godynos_empty_groups_are_swept_and_a_live_ones_are_not(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).hybrid()
    with machine.kernel():
        live, _ = Group.create("live", root=machine.root)
        assert live is not None
        # In the recorded tree this process has no /proc entry, which is what a dead one looks like.
        own = machine.root / "proc" / str(os.getpid()) / "stat"
        own.parent.mkdir()
        own.write_text("1 (a b) c) " + " ".join(["S"] + ["0"] * 30))
        kept, _ = Group.create("kept", root=machine.root)
        assert kept is not None
        busy = Group.create("busy", root=machine.root)[0]
        assert busy is not None
        own.write_text("1 (x) S " + " ".join("77" for _ in range(30)))  # the pid is another process's now
        busy.add(5151)
        removed = sweep_stale(machine.root)
        assert {path.name for path in removed} == {live.name, kept.name}
        assert {path.name for path in groups_in(machine.root)} == {busy.name}


def test_a_strangers_capture_cannot_make_us_touch_other_directories(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).hybrid()
    outside = tmp_path / "home/godyno-1-1-0-x"
    outside.mkdir(parents=True)
    assert Group.reopen("godyno-1-1-0-x", {"memory": str(outside)}, machine.root) is None
    assert Group.reopen("../../etc", {"memory": "/etc"}, machine.root) is None
    inside = machine.root / "sys/fs/cgroup/memory/godyno-1-1-0-x"
    inside.mkdir()
    crooked = f"{machine.root}/sys/fs/cgroup/memory/../../../../home/godyno-1-1-0-x"
    group = Group.reopen("godyno-1-1-0-x", {"memory": str(inside), "cpu": crooked}, machine.root)
    assert group is not None and group.paths == {"memory": inside}


def test_one_hierarchy_that_takes_no_process_does_not_cost_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = FakeMachine(tmp_path).hybrid()
    real = os.write

    def refusing(file: int, data: bytes) -> int:
        if "/freezer/" in str(Path(f"/proc/self/fd/{file}").readlink()):
            raise PermissionError(1, "Operation not permitted")
        return real(file, data)

    monkeypatch.setattr(os, "write", refusing)
    with machine.kernel():
        group, reason = Group.create("x", root=machine.root)
    assert group is not None
    assert set(group.paths) == {"memory", "cpu", "cpuacct", "pids", "unified"}
    assert "freezer: no process may be moved into" in reason and "Operation not permitted" in reason
    assert not [path for path in groups_in(machine.root) if "freezer" in path.parts]


def test_a_lock_that_somebody_holds_delays_but_does_not_stop(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).docker_v2()
    machine.write("/proc/self/mountinfo", "").cgroup_mount(2, "/sys/fs/cgroup", "rw")
    held = os.open(machine.root / "sys/fs/cgroup", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        began = time.monotonic()
        with machine.kernel():
            assert Group.create("x", root=machine.root)[0] is not None
        assert time.monotonic() - began < 10
    finally:
        os.close(held)


# ---- for real

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not cgroups.read_limits().writable, reason="needs root and writable cgroups"
)


@pytest.fixture
def real_group() -> Iterator[Group]:
    group, reason = Group.create("test")
    if group is None:
        pytest.skip(f"no cgroup can be made here: {reason}")
    try:
        yield group
    finally:
        group.kill()
        while STARTED:
            STARTED.pop().wait()
        left = group.remove()
    assert left == []


STARTED: list[subprocess.Popen[bytes]] = []


def run_in(group: Group, code: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", code], preexec_fn=lambda: group.add(0))
    STARTED.append(process)
    return process


def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.integration
@needs_root
def test_a_real_groups_peak_covers_the_whole_tree(real_group: Group) -> None:
    code = (
        "import os\n"
        "children = [os.fork() for _ in range(2)]\n"
        "block = bytearray(30 << 20)\n"
        "input() if all(children) else __import__('time').sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, preexec_fn=lambda: real_group.add(0)
    )
    try:
        until(lambda: (real_group.memory_usage() or 0) >= 120 << 20)
        assert process.pid in real_group.pids() and len(real_group.pids()) == 4
    finally:
        real_group.kill()
        process.communicate()
    peak = real_group.memory_peak()
    assert peak is not None and peak.exact
    assert 120 << 20 <= peak.value_bytes < 250 << 20


@pytest.mark.integration
@needs_root
def test_a_real_memory_limit_kills_and_the_kill_is_counted(real_group: Group) -> None:
    real_group.set_memory_limit(40 << 20, swap_bytes=0)
    process = run_in(real_group, "block = bytearray(200 << 20)")
    assert process.wait(30) == -signal.SIGKILL
    assert real_group.oom_kills() == 1


@pytest.mark.integration
@needs_root
def test_a_real_quota_throttles(real_group: Group) -> None:
    if "cpu" not in real_group.paths:
        pytest.skip(real_group.missing["cpu"])
    real_group.set_cpu_quota(0.2, period_s=0.05)
    began = time.monotonic()
    process = run_in(real_group, "import time\nwhile time.process_time() < 0.2: pass")
    assert process.wait() == 0
    assert time.monotonic() - began > 0.5
    throttling = real_group.throttling()
    assert throttling is not None and throttling.throttled_periods > 3 and throttling.throttled_s > 0.2


@pytest.mark.integration
@needs_root
def test_a_real_kill_ends_forking_processes_and_nobody_else(real_group: Group) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        code = "import os, time\nfor _ in range(40):\n    if os.fork() == 0: time.sleep(60); os._exit(0)\ntime.sleep(60)"
        process = run_in(real_group, code)
        until(lambda: len(real_group.pids()) >= 20)
        assert real_group.kill()
        assert process.wait(5) == -signal.SIGKILL
        assert real_group.pids() == []
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.integration
@needs_root
def test_a_real_survivor_is_let_go_and_nested_groups_are_removed(real_group: Group) -> None:
    process = subprocess.Popen(["sleep", "60"], preexec_fn=lambda: real_group.add(0))
    try:
        (real_group.directories[0] / "made-by-the-workload" / "deeper").mkdir(parents=True)
        assert real_group.release() == [process.pid]
        assert not any(directory.exists() for directory in real_group.directories)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


@pytest.mark.integration
@needs_root
def test_a_killed_makers_real_groups_are_swept() -> None:
    code = (
        "import os, signal\n"
        "from godyno.machine.cgroups import Group\n"
        "group, reason = Group.create('swept')\n"
        "print(group.name if group else '', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    name = done.stdout.strip()
    assert name
    assert name in {path.name for path in sweep_stale()}
    assert not list(Path("/sys/fs/cgroup").rglob(name))


@pytest.mark.integration
@needs_root
def test_a_real_v2_hierarchy_gives_a_controller_only_away_from_processes() -> None:
    offered = Path("/sys/fs/cgroup/unified/cgroup.controllers")
    free = [one for one in cgroups.read_text(offered).split() if one in ("hugetlb", "rdma", "misc")]
    if not free:
        pytest.skip("no v2 hierarchy with a spare controller beside v1 here")
    before = (offered.parent / "cgroup.subtree_control").read_text()
    group, _ = Group.create("v2", (free[0],))
    assert group is not None and free[0] in group.paths
    assert group.remove() == []
    if not list(offered.parent.glob("godyno-*")):  # another recording would keep what was enabled
        assert (offered.parent / "cgroup.subtree_control").read_text() == before
