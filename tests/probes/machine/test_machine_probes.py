"""The probes of the machine on recorded trees, look by look, and on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno import registry
from godyno.machine import read_machine
from godyno.machine.cgroups import Group
from godyno.model import Cpu, Machine
from godyno.probes.machine.cgroup import Cgroup
from godyno.probes.machine.disk import Disk
from godyno.probes.machine.frequency import Frequency
from godyno.probes.machine.network import Network
from godyno.probes.machine.power import Power
from godyno.probes.machine.pressure import Pressure
from godyno.probes.machine.settings import Settings
from godyno.probes.machine.sweep import KeptFile, Row, positions
from godyno.probes.machine.system_cpu import SystemCpu
from godyno.probes.machine.system_memory import SystemMemory
from godyno.probes.machine.thermal import Thermal
from godyno.testing import FakeMachine, FakeSink, FakeTarget, watching

TICKS = os.sysconf("SC_CLK_TCK")


def stat(user: int, steal: int = 0, running: int = 1) -> str:
    return (
        f"cpu  {user} 2 30 400 5 6 7 {steal} 0 0\ncpu0 {user} 2 30 400 5 6 7 {steal} 0 0\n"
        f"intr 1 {'0 ' * 3000}\nctxt 77\nbtime 1\nprocesses 9\nprocs_running {running}\nprocs_blocked 2\nsoftirq 1 2\n"
    )


def test_cpu_time_is_told_by_mode_in_seconds_beyond_a_long_line_of_interrupts(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m").write("/proc/stat", stat(100))
    with watching(SystemCpu(root=machine.root), tmp_path) as (target, sink):
        machine.write("/proc/stat", stat(150, steal=20, running=4))
        target.loop.tick()
    assert {dict(key[3])["mode"] for key in sink.declared if key[0] == "system.cpu.time"} == {
        "user", "nice", "system", "idle", "iowait", "interrupt", "steal",
    }  # fmt: skip
    assert sink.values("system.cpu.time", mode="user")[:2] == [100 / TICKS, 150 / TICKS]
    assert sink.values("system.cpu.time", mode="steal")[:2] == [0, 20 / TICKS]
    assert sink.values("system.cpu.time", mode="interrupt")[0] == 13 / TICKS
    assert sink.values("system.process.count", status="running")[:2] == [1, 4]
    assert sink.values("system.context_switches", kind="counter")[0] == 77


def test_each_processor_is_looked_at_once_a_second_and_late_ones_are_taken_in(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m").write("/proc/stat", stat(100))
    probe = SystemCpu(root=machine.root)
    with watching(probe, tmp_path) as (target, sink):
        for user in range(5):
            machine.write("/proc/stat", stat(200 + user))
            target.loop.tick()
        assert len(sink.values("system.cpu.logical.time", cpu="0", mode="user")) == 1
        machine.write("/proc/stat", stat(300).replace("intr", "cpu1 1 1 1 1 1 1 1 1 0 0\nintr"))
        probe.due_ns = 0
        target.loop.tick()
        assert len(sink.values("system.cpu.logical.time", cpu="1", mode="user")) == 1


def pressure(total: int, full: int = 0) -> str:
    line = "avg10=0.00 avg60=0.00 avg300=0.00 total="
    return f"some {line}{total}\nfull {line}{full}\n"


def test_pressure_is_the_total_of_machine_and_group_and_idle_looks_are_not_kept(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m")
    for name in ("cpu", "memory", "io"):
        machine.write(f"/proc/pressure/{name}", pressure(1000))
        machine.write(f"/group/{name}.pressure", pressure(5, 5))
    target = FakeTarget(cgroups={"unified": machine.root / "group"})
    with watching(Pressure(root=machine.root), tmp_path, target) as (_, sink):
        for _ in range(5):
            target.loop.tick()
        machine.write("/proc/pressure/io", pressure(2500000, 400000))
        target.loop.tick()
    # The last idle look is kept, or the curve would rise from the first one on.
    assert sink.values("system.pressure.io", kind="some") == [0.001, 0.001, 2.5, 2.5]
    assert sink.values("system.pressure.io", kind="full") == [0.0, 0.0, 0.4, 0.4]
    assert sink.values("cgroup.pressure.memory", kind="full") == [5e-6, 5e-6]
    assert sink.notes["looks"] == 8
    assert 0 < sink.notes["mean_alignment_error_ns"] <= sink.notes["alignment_error_ns"]


def test_without_psi_the_kernel_parameter_is_named(tmp_path: Path) -> None:
    answer = Pressure(root=tmp_path).availability(Machine(os="linux"))
    assert not answer and "psi=1" in answer.remedy


MEMINFO = """MemTotal:       1000 kB
MemFree:         300 kB
MemAvailable:    500 kB
Buffers:          10 kB
Cached:          200 kB
SwapCached:        0 kB
SwapTotal:       100 kB
SwapFree:         60 kB
Dirty:             7 kB
Writeback:         0 kB
AnonPages:       150 kB
SReclaimable:     20 kB
"""


def test_memory_is_told_in_bytes_and_missing_counters_are_left_out(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m").write("/proc/meminfo", MEMINFO)
    machine.write("/proc/vmstat", "nr_free_pages 1\npgfault 500\npgmajfault 3\npswpin 2\noom_kill 1\n")
    with watching(SystemMemory(root=machine.root), tmp_path) as (_, sink):
        pass
    assert sink.values("system.memory.usage", state="used") == [470 * 1024] * 2
    assert sink.values("system.memory.available")[0] == 500 * 1024
    assert sink.values("system.paging.usage", state="used")[0] == 40 * 1024
    assert sink.values("system.paging.faults", type="all")[0] == 500
    assert sink.values("system.paging.swapped", direction="in")[0] == 2
    assert sink.values("system.memory.oom_kills")[0] == 1
    assert sink.values("system.memory.compaction_stalls") == []


def test_disks_are_real_ones_the_busiest_first(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m")
    for name, sectors in (("sda", 8), ("nvme0n1", 80), ("loop0", 800), ("dm-0", 800)):
        machine.write(f"/sys/block/{name}/stat", f"  4 0 {sectors} 5 6 0 16 7 0 9 12 0 0 0 0 0 0\n")
    with watching(Disk(root=machine.root), tmp_path) as (_, sink):
        pass
    assert {dict(key[3])["device"] for key in sink.declared} == {"sda", "nvme0n1"}
    assert sink.values("system.disk.io", device="sda", direction="read")[0] == 8 * 512
    assert sink.values("system.disk.operation_time", device="sda", direction="write")[0] == 0.007
    assert sink.values("system.disk.io_time", device="sda")[0] == 0.009
    assert not Disk(root=tmp_path / "none").availability(Machine(os="linux"))


NET = (
    "Inter-|   Receive |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes\n"
    "    lo: {lo} 2 3 4 0 0 0 0 50 6 7 8 0 0 0 0\n  ifb0:       0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
)


def test_interfaces_are_told_apart_and_one_without_traffic_waits_for_its_first_packet(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m").write("/proc/net/dev", NET.format(lo=10))
    with watching(Network(root=machine.root), tmp_path) as (target, sink):
        assert {dict(key[3])["device"] for key in sink.declared} == {"lo"}
        machine.write("/proc/net/dev", NET.format(lo=30) + "  eth1:9 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n")
        target.loop.tick()
    assert sink.values("system.network.io", device="lo", direction="receive")[:2] == [10, 30]
    assert sink.values("system.network.packet.dropped", device="lo", direction="transmit")[0] == 8
    assert sink.values("system.network.io", device="eth1", direction="transmit")[0] == 8


def test_frequency_comes_from_the_driver(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m").write("/sys/devices/system/cpu/online", "0-1\n")
    for cpu, khz in ((0, 2400000), (1, 800000)):
        machine.write(f"/sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq", f"{khz}\n")
    probe = Frequency(root=machine.root)
    assert probe.availability(Machine(os="linux"))
    with watching(probe, tmp_path) as (target, sink):
        assert target.loop.looks[0][0] == 1.0
    assert sink.values("system.cpu.frequency", cpu="0")[0] == 2.4e9
    assert sink.notes["source"] == "cpufreq"


def test_a_clock_in_cpuinfo_is_kept_only_once_it_moves(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m").write("/proc/cpuinfo", "cpu MHz\t\t: 2000.5\n")
    probe = Frequency(root=machine.root)
    assert probe.availability(Machine(os="linux"))
    assert not probe.availability(Machine(os="linux", cpu=Cpu(hypervisor="kvm")))
    with watching(probe, tmp_path) as (target, sink):
        target.loop.tick()
        assert sink.declared == {}
        machine.write("/proc/cpuinfo", "cpu MHz\t\t: 2100.5\n")
        target.loop.tick()
        assert sink.values("system.cpu.frequency", cpu="0") == [2000.5e6, 2100.5e6]
    with watching(probe, tmp_path) as (_, sink):
        pass
    assert "did not change" in sink.notes["constant"]


def test_temperature_and_throttling_are_read_and_a_dead_sensor_is_a_gap(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m")
    zone = "/sys/class/thermal/thermal_zone0"
    machine.write(f"{zone}/type", "x86_pkg_temp\n").write(f"{zone}/temp", "45500\n")
    machine.write("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n")
    with watching(Thermal(root=machine.root), tmp_path) as (target, sink):
        machine.write(f"{zone}/temp", "\n")
        target.loop.tick()
        machine.write(f"{zone}/temp", "50000\n")
    assert sink.values("hw.temperature", id="x86_pkg_temp") == [45.5, 50.0]
    assert sink.values("system.cpu.throttles", scope="core")[0] == 3


def test_energy_grows_also_when_its_counter_starts_again(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m")
    place = "/sys/class/powercap/intel-rapl:0"
    machine.write(f"{place}/name", "package-0\n").write(f"{place}/max_energy_range_uj", "10000000\n")
    machine.write(f"{place}/energy_uj", "9000000\n")
    with watching(Power(root=machine.root), tmp_path) as (target, sink):
        for microjoules in (9500000, 1000000, 500000):
            machine.write(f"{place}/energy_uj", f"{microjoules}\n")
            target.loop.tick()
    assert sink.values("hw.energy", id="package-0")[:4] == [9.0, 9.5, 11.0, 20.5]


def test_what_a_virtual_machine_lacks_is_said_with_what_would_help(tmp_path: Path) -> None:
    guest = Machine(os="linux", cpu=Cpu(hypervisor="kvm"))
    for probe in (Frequency(root=tmp_path), Thermal(root=tmp_path), Power(root=tmp_path)):
        answer = probe.availability(guest)
        assert not answer and answer.reason and "host" in answer.remedy


@pytest.mark.parametrize("layout", ["systemd_desktop", "hybrid"])
def test_the_groups_own_figures_are_read_in_both_versions(tmp_path: Path, layout: str) -> None:
    machine: FakeMachine = getattr(FakeMachine(tmp_path / "m"), layout)()
    with machine.kernel():
        group, _ = Group.create("x", root=machine.root)
        assert group is not None
        memory = group.paths["memory"]
        if layout == "hybrid":
            (memory / "memory.stat").write_text(
                "cache 1\nrss 1\ntotal_cache 4096\ntotal_rss 8192\ntotal_pgfault 5\n"
            )
            (memory / "memory.usage_in_bytes").write_text("12288\n")
            (memory / "memory.max_usage_in_bytes").write_text("99999\n")
            (group.paths["cpuacct"] / "cpuacct.stat").write_text("user 300\nsystem 20\n")
            (group.paths["cpuacct"] / "cpuacct.usage").write_text("3200000000\n")
            (group.paths["cpu"] / "cpu.stat").write_text(
                "nr_periods 8\nnr_throttled 2\nthrottled_time 500000000\n"
            )
        else:
            (memory / "memory.stat").write_text("anon 8192\nfile 4096\nkernel 1\npgfault 5\nanon_thp 7\n")
            (memory / "memory.current").write_text("12288\n")
            (memory / "memory.peak").write_text("99999\n")
            (group.paths["cpuacct"] / "cpu.stat").write_text(
                "usage_usec 3200000\nuser_usec 3000000\nsystem_usec 200000\n"
                "nr_periods 8\nnr_throttled 2\nthrottled_usec 500000\n"
            )
        with watching(Cgroup(root=machine.root), tmp_path, FakeTarget(cgroups=group.paths)) as (target, sink):
            target.loop.tick()
    assert sink.values("cgroup.memory.anon") == [8192, 8192]
    assert sink.values("cgroup.memory.file")[0] == 4096
    assert sink.values("cgroup.memory.usage")[0] == 12288
    assert sink.values("cgroup.cpu.usage")[0] == pytest.approx(3.2)
    assert sink.values("cgroup.cpu.time", mode="user")[0] == pytest.approx(3.0)
    assert sink.values("cgroup.cpu.throttled_periods")[0] == 2
    assert sink.values("cgroup.cpu.throttled_time")[0] == 0.5
    assert sink.values("cgroup.paging.faults", type="all")[0] == 5
    assert sink.notes["memory_peak_bytes"] == 99999
    assert sink.notes["highest_anon_seen_bytes"] == 8192


def test_without_a_group_the_probe_writes_nothing_and_says_why_beforehand(tmp_path: Path) -> None:
    with watching(Cgroup(root=tmp_path), tmp_path) as (target, sink):
        assert target.loop.looks == []
    assert sink.points == []
    machine = FakeMachine(tmp_path / "m").docker_v2()
    answer = Cgroup().availability(read_machine(machine.root))
    assert not answer and "privileged" in answer.remedy


def test_a_setting_that_changes_meanwhile_is_told(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "m").write("/proc/sys/vm/swappiness", "60\n")
    answers = iter([{"GOFLAGS": "", "SECRET_TOKEN": "x"}, {"GOFLAGS": "-p=1", "SECRET_TOKEN": "y"}])
    with watching(Settings(root=machine.root, go_env=lambda: next(answers)), tmp_path) as (_, sink):
        machine.write("/proc/sys/vm/swappiness", "10\n")
    assert sink.notes["kernel"] == {"vm.swappiness": "60"}
    assert sink.notes["kernel_changed"] == {"vm.swappiness": ["60", "10"]}
    assert sink.notes["go_changed"] == {"GOFLAGS": ["", "-p=1"]}
    assert {event["name"] for event in sink.events} == {"vm.swappiness", "GOFLAGS"}
    assert any("vm.swappiness was changed" in text for text in sink.warnings)
    assert "SECRET_TOKEN" not in str(sink.notes)


def test_a_go_that_fails_does_not_end_the_recording(tmp_path: Path) -> None:
    def broken() -> dict[str, str]:
        raise OSError("no go here")

    with watching(Settings(root=tmp_path, go_env=broken), tmp_path) as (_, sink):
        pass
    assert sink.warnings == ["Go's environment could not be read: no go here"]


def test_a_file_that_outgrows_its_buffer_is_read_whole_and_one_that_vanishes_reads_empty(
    tmp_path: Path,
) -> None:
    path = tmp_path / "grows"
    path.write_bytes(b"a" * 10)
    file = KeptFile(path, size=16)
    path.write_bytes(b"b" * 1000)
    assert file.read() == b"b" * 1000
    file.close()
    file.close()
    assert file.read() == b""


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_what_a_row_leaves_out_can_be_put_back(values: list[tuple[int, int]]) -> None:
    sink = FakeSink(Path("/nowhere"))
    row = Row(sink, [("a", "1", "x", {}), ("b", "1", "x", {})])
    for t_ns, pair in enumerate(values, 1):
        row.write(t_ns, list(pair))
    row.close()
    first = sink.declared[("a", "1", "x", ())]
    kept = [(t_ns, value) for series, t_ns, value in sink.points if series == first]
    for t_ns, pair in enumerate(values, 1):
        # Between the kept points around an instant the curve is flat or the instant itself was kept.
        before = max(point for point in kept if point[0] <= t_ns)
        after = min(point for point in kept if point[0] >= t_ns)
        assert before[1] == after[1] == pair[0]


def test_positions_are_those_of_values_and_missing_names_have_none() -> None:
    data = b"MemTotal:  5 kB\nCached: 7 kB\noom 1\noom_kill 2\n"
    words = data.split()
    assert [words[at] for at in positions(data, ["MemTotal", "Cached", "oom_kill"])] == [b"5", b"7", b"2"]
    assert positions(data, ["kill"]) == [-1]


@pytest.mark.parametrize(
    "probe", [SystemCpu, SystemMemory, Pressure, Disk, Network, Frequency, Thermal, Power, Cgroup, Settings]
)
def test_garbage_in_the_machines_files_ends_no_recording(tmp_path: Path, probe: type) -> None:
    machine = FakeMachine(tmp_path / "m")
    for path in (
        "/proc/stat", "/proc/meminfo", "/proc/vmstat", "/proc/pressure/cpu", "/proc/net/dev", "/proc/cpuinfo",
        "/sys/block/sda/stat", "/sys/class/thermal/thermal_zone0/temp", "/sys/class/powercap/intel-rapl:0/energy_uj",
        "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "/group/memory.stat", "/group/cpu.stat",
    ):  # fmt: skip
        machine.write(path, "cpu x\nMemTotal: : y\ncpu MHz : \nlo: 1\ntotal=\n\n\n")
    target = FakeTarget(cgroups={"memory": machine.root / "group", "cpu": machine.root / "group"})
    one = probe(root=machine.root)
    one.availability(Machine())
    with watching(one, tmp_path, target):
        target.loop.tick()


@pytest.mark.integration
def test_all_probes_together_see_a_load_on_this_machine(tmp_path: Path) -> None:
    machine = read_machine()
    found = {}
    for name in ("system_cpu", "system_memory", "pressure", "disk", "network", "settings"):
        probe = registry.load("probes", name)()
        if not probe.availability(machine):
            continue
        with watching(probe, tmp_path / name) as (target, sink):
            subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
            target.loop.tick()
            time.sleep(0.05)
        found[name] = sink
    values = found["system_cpu"].values("system.cpu.time", mode="user")
    assert values[-1] > values[0]
    assert found["system_memory"].values("system.memory.available")[0] > 1 << 20
    assert found["settings"].notes["kernel"]
