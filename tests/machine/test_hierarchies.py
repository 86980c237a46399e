"""Where a process stands among cgroups, on recorded trees of real layouts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.machine.hierarchies import (
    hierarchy_of,
    memberships_in,
    mounts_in,
    read_hierarchies,
    read_limits,
)
from godyno.testing import FakeMachine


def test_a_mount_point_with_spaces_and_backslashes_is_read_as_it_is() -> None:
    line = r"30 24 0:26 / /mnt/a\040b\134c rw,relatime shared:4 master:1 - cgroup2 none rw,nsdelegate"
    (mount,) = mounts_in(line)
    assert (mount.version, mount.point, mount.writable) == (2, "/mnt/a b\\c", True)


def test_a_mount_is_read_only_when_the_mount_or_the_superblock_is() -> None:
    lines = (
        "30 24 0:26 / /a ro,relatime - cgroup2 none rw\n"
        "30 24 0:26 / /b rw,relatime - cgroup none ro,memory\n"
        "30 24 0:26 / /c rw,errors=ro - cgroup none rw,memory\n"
    )
    assert [mount.writable for mount in mounts_in(lines)] == [False, False, True]


@given(st.text())
def test_any_text_is_a_mountinfo_with_fewer_or_no_mounts(text: str) -> None:
    assert isinstance(mounts_in(text), list)
    assert isinstance(memberships_in(text), list)


@given(
    st.lists(st.sampled_from(["memory", "cpu", "cpuacct", "pids"]), unique=True, min_size=1),
    st.text(
        st.characters(
            blacklist_characters="\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", blacklist_categories=["Cs"]
        )
    ),
)
def test_a_membership_keeps_colons_and_all_else_in_its_path(controllers: list[str], name: str) -> None:
    (member,) = memberships_in(f"4:{','.join(controllers)}:/a:b{name}\n")
    assert member.controllers == set(controllers)
    assert member.path == f"/a:b{name}".removesuffix(" (deleted)")


def test_named_unified_and_removed_groups_are_told_apart() -> None:
    named, unified, gone = memberships_in("1:name=systemd:/x\n0::/y\n4:pids:/z (deleted)\n")
    assert (named.name, named.controllers, named.version) == ("systemd", frozenset(), 1)
    assert (unified.version, unified.path) == (2, "/y")
    assert gone.path == "/z"


def test_a_desktop_terminal_stands_in_its_scope_below_the_users_manager(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).systemd_desktop()
    (hierarchy,) = read_hierarchies(machine.root)
    assert hierarchy.version == 2
    assert hierarchy.controllers == {"memory", "pids"}
    assert [place.name for place in hierarchy.lineage()] == [
        "app-terminal.scope", "app.slice", "user@1000.service", "user-1000.slice", "user.slice", "cgroup",
    ]  # fmt: skip
    limits = read_limits(machine.root)
    assert (limits.version, limits.memory_bytes, limits.cpu_quota, limits.pids) == (2, None, None, 20000)
    assert limits.writable


def test_an_ancestors_cpu_quota_holds_where_the_own_group_has_no_cpu_controller(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).systemd_desktop()
    machine.write("/sys/fs/cgroup/user.slice/cpu.max", "30000 20000\n")
    limits = read_limits(machine.root)
    assert (limits.cpu_quota, limits.cpu_period_s) == (1.5, 0.02)


def test_a_v2_containers_limits_are_read_in_its_namespace(tmp_path: Path) -> None:
    limits = read_limits(FakeMachine(tmp_path).docker_v2().root)
    assert (limits.version, limits.path) == (2, "/")
    assert (limits.memory_bytes, limits.swap_bytes, limits.cpu_quota, limits.pids) == (
        512 << 20,
        0,
        1.5,
        4096,
    )
    assert not limits.writable


def test_a_v1_containers_bind_mounts_are_found_by_their_root(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).docker_v1()
    memory = hierarchy_of("memory", read_hierarchies(machine.root))
    assert memory is not None and memory.directory == machine.root / "sys/fs/cgroup/memory"
    limits = read_limits(machine.root)
    assert limits.version == 1
    # An ancestor that the container cannot see has the tighter limit; the kernel tells it in memory.stat.
    assert limits.memory_bytes == 768 << 20
    assert limits.swap_bytes == (2048 - 768) << 20
    assert limits.cpu_quota == 0.5


def test_the_tightest_limit_of_a_pod_and_its_container_wins_for_each_resource(tmp_path: Path) -> None:
    limits = read_limits(FakeMachine(tmp_path).kubernetes_pod().root)
    assert limits.memory_bytes == 1 << 30  # the container's
    assert limits.cpu_quota == 0.5  # the pod's


def test_in_a_hybrid_the_controllers_are_v1s_and_the_unified_one_is_found_too(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).hybrid()
    found = read_hierarchies(machine.root)
    assert sorted((one.version, one.name) for one in found)[-2:] == [(1, "systemd"), (2, "")]
    assert read_limits(machine.root).version == 1
    assert read_limits(machine.root).memory_bytes == 4 << 30
    unified = hierarchy_of("unified", found)
    assert unified is not None and unified.directory.name == "ci.service"


def test_a_group_outside_of_the_namespace_is_not_guessed_at(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).write("/proc/self/cgroup", "0::/../../other.slice\n")
    machine.cgroup_mount(2, "/sys/fs/cgroup", "rw").cgroup_v2("/sys/fs/cgroup", "memory")
    assert read_hierarchies(machine.root) == []
    assert read_limits(machine.root).version == 0


def test_of_two_mounts_the_writable_one_is_used(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).write("/proc/self/cgroup", "0::/a\n")
    machine.cgroup_mount(2, "/ro", "rw", flags="ro").cgroup_v2("/ro/a", "memory").cgroup_v2("/ro", "memory")
    machine.cgroup_mount(2, "/rw", "rw").cgroup_v2("/rw/a", "memory").cgroup_v2("/rw", "memory")
    (hierarchy,) = read_hierarchies(machine.root)
    assert hierarchy.top == machine.root / "rw"


@pytest.mark.parametrize("text", ["", "max", "max 100000", "x y", "100000", "0 0", "-1 100000", "100 0"])
def test_a_cpu_max_that_limits_nothing_or_is_garbage_is_no_limit(tmp_path: Path, text: str) -> None:
    assert read_limits(FakeMachine(tmp_path).docker_v2(cpu_max=text).root).cpu_quota is None


def test_without_cgroups_there_are_no_limits(tmp_path: Path) -> None:
    assert read_limits(tmp_path).version == 0
    assert not read_limits(tmp_path).writable
