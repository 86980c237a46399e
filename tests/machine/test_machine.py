"""What a machine is, read from recorded trees and from this one."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import NotAvailableHere
from godyno.machine import distribution_in, macos, read_machine
from godyno.machine.container import container
from godyno.machine.cpu import cpu_numbers, isa_level, read_cpu
from godyno.machine.memory import chosen, meminfo_bytes
from godyno.machine.power import energy_counters, power_source, thermal_zones
from godyno.machine.privileges import capabilities
from godyno.machine.storage import _rank, mount_points, read_disks, small_file_ops, small_file_rates
from godyno.machine.sysctl import WHY, changes, path_of, read_settings
from godyno.machine.tools import find_tools, version_in, with_versions
from godyno.model import Machine
from godyno.testing import FakeMachine

SANDY_BRIDGE = "fpu sse2 cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3 avx xsave aes hypervisor"
ZEN4 = SANDY_BRIDGE + " avx2 bmi1 bmi2 f16c fma abm movbe avx512f avx512bw avx512cd avx512dq avx512vl"


def laptop(root: Path) -> FakeMachine:
    machine = FakeMachine(root).systemd_desktop()
    machine.write(
        "/proc/cpuinfo",
        f"processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {ZEN4.replace(' hypervisor', '')}\n\n"
        "processor\t: 1\nmodel name\t: Other\nflags\t\t: fpu\n",
    )
    machine.write("/proc/sys/kernel/arch", "x86_64\n").write("/sys/devices/system/cpu/online", "0-3\n")
    machine.write("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0,2\n")
    machine.write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n")
    machine.write("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "4700000\n")
    for cpu in range(4):
        machine.write(f"/sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id", "0\n")
    status = "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000004000000001\nCpus_allowed_list:\t0-1\n"
    machine.write("/proc/self/status", status)
    machine.write(
        "/proc/meminfo", "MemTotal: 16000 kB\nMemAvailable: 9000 kB\nSwapTotal: 10 kB\nHugePages_Total: 3\n"
    )
    machine.write("/proc/sys/vm/swappiness", "10\n").write("/proc/sys/net/core/somaxconn", "4096\n")
    machine.write("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n")
    machine.write("/etc/os-release", 'ID=debian\nPRETTY_NAME="Debian 12"\n')
    machine.write("/sys/class/power_supply/AC/type", "Mains\n").write(
        "/sys/class/power_supply/AC/online", "0\n"
    )
    machine.write("/sys/class/power_supply/BAT0/type", "Battery\n")
    machine.write("/sys/class/power_supply/BAT0/status", "Discharging\n")
    return machine


def test_a_laptop_is_read_whole(tmp_path: Path) -> None:
    found = read_machine(laptop(tmp_path).root)
    cpu = found.cpu
    assert (cpu.model, cpu.arch, cpu.isa_level) == ("Some CPU", "amd64", "v4")
    assert (cpu.online, cpu.allowed, cpu.sockets, cpu.threads_per_core) == (4, 2, 1, 2)
    assert (cpu.governor, cpu.max_hz, cpu.hypervisor) == ("powersave", 4.7e9, "")
    assert "avx512f" in cpu.features and "fpu" not in cpu.features
    assert (found.memory.total_bytes, found.memory.available_bytes) == (16384000, 9216000)
    assert found.memory.transparent_hugepage == "madvise"
    assert found.sysctl["vm.swappiness"] == "10" and found.sysctl["transparent_hugepage"] == "madvise"
    assert "kernel.pid_max" not in found.sysctl
    assert found.power_source == "battery"
    assert (found.distribution, found.os, found.root) == ("Debian 12", "linux", False)
    assert found.capabilities == ("cap_chown", "cap_perfmon")
    assert found.cgroup.pids == 20000


def test_an_empty_tree_gives_an_empty_machine(tmp_path: Path) -> None:
    found = read_machine(tmp_path)
    assert (found.cpu.model, found.cpu.isa_level, found.cpu.online) == ("", "", 1)
    assert found.memory.total_bytes == 0
    assert found.cgroup.version == 0
    assert Machine.from_json(found.as_json()) == found


@pytest.mark.integration
def test_this_machine_is_read_fast_and_truly() -> None:
    read_machine()
    began = time.perf_counter()
    found = read_machine(paths={"cwd": Path.cwd()})
    assert time.perf_counter() - began < 0.05
    assert found.memory.total_bytes > 0 and found.cpu.arch
    assert found.disks[0].total_bytes > found.disks[0].free_bytes > 0


def test_reading_the_machine_imports_nothing_heavy() -> None:
    code = (
        "import sys, godyno.machine.cgroups\nfrom godyno.machine import read_machine\nread_machine()\n"
        "heavy = {'numpy', 'pyarrow', 'duckdb', 'rich', 'click', 'subprocess', 'shutil', 'tempfile', 'json', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False,
                          env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")})  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("arch", "features", "isa", "level"),
    [
        ("amd64", "fpu sse2", "", "v1"),
        ("amd64", SANDY_BRIDGE, "", "v2"),
        ("amd64", ZEN4.partition(" avx512f")[0], "", "v3"),
        ("amd64", ZEN4.replace(" cx16", ""), "", "v1"),
        ("amd64", "", "", ""),
        ("arm64", "fp asimd evtstrm cpuid", "", "v8.0"),
        ("arm64", "fp asimd crc32 atomics asimdrdm dcpop", "", "v8.2"),
        ("riscv64", "", "rv64imafdc_zicsr", "rva20u64"),
        ("riscv64", "", "rv64imafdcv_zba_zbb_zbs", "rva22u64"),
        ("s390x", "vx", "", ""),
    ],
)
def test_the_isa_level_has_gos_name(arch: str, features: str, isa: str, level: str) -> None:
    assert isa_level(arch, frozenset(features.split()), isa) == level


def test_boards_are_named_by_what_they_have(tmp_path: Path) -> None:
    pi = FakeMachine(tmp_path).write("/proc/sys/kernel/arch", "aarch64\n")
    pi.write("/sys/devices/system/cpu/online", "0-3\n")
    for cpu in range(4):
        pi.write(f"/sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id", f"{cpu}\n")
    pi.write(
        "/proc/cpuinfo",
        "processor\t: 0\nFeatures\t: fp asimd crc32\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n",
    )
    assert read_cpu(pi.root).model == "Arm implementer 0x41 part 0xd08"
    pi.append("/proc/cpuinfo", "\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n")
    cpu = read_cpu(pi.root)
    assert (cpu.model, cpu.arch, cpu.isa_level, cpu.sockets) == (
        "Raspberry Pi 4 Model B Rev 1.4",
        "arm64",
        "v8.0",
        1,
    )


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"/sys/class/dmi/id/sys_vendor": "QEMU\n"}, "qemu"),
        ({"/sys/class/dmi/id/product_name": "KVM Virtual Machine\n"}, "kvm"),
        ({"/sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n"}, "hyper-v"),
        ({"/sys/hypervisor/type": "xen\n"}, "xen"),
        ({}, "unknown"),
    ],
)
def test_the_hypervisor_is_named_where_firmware_tells(
    tmp_path: Path, files: dict[str, str], name: str
) -> None:
    machine = FakeMachine(tmp_path).write("/proc/cpuinfo", f"flags : {SANDY_BRIDGE}\n")
    for path, text in files.items():
        machine.write(path, text)
    assert read_cpu(machine.root).hypervisor == name


def test_a_vendors_own_laptop_is_no_virtual_machine(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path).write("/proc/cpuinfo", "flags : sse2\n")
    machine.write("/sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n")
    assert read_cpu(machine.root).hypervisor == ""


@given(st.lists(st.integers(0, 500), unique=True, max_size=30))
def test_cpu_lists_are_read_as_the_kernel_writes_them(cpus: list[int]) -> None:
    assert cpu_numbers(",".join(map(str, sorted(cpus))) + "\n") == sorted(cpus)


@given(st.text())
def test_odd_text_is_no_cpu_list_no_memory_and_no_choice(text: str) -> None:
    assert all(cpu >= 0 for cpu in cpu_numbers(text))
    assert all(value >= 0 for value in meminfo_bytes(text).values())
    assert isinstance(chosen(text), str)
    assert isinstance(distribution_in(text), str)
    assert isinstance(mount_points(text), list)
    assert isinstance(version_in(text), str)


def test_a_range_without_end_does_not_fill_memory() -> None:
    assert cpu_numbers("0-99999999999") == []


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("/run/.containerenv", "", "podman"),
        ("/proc/1/environ", "A=b\0container=lxc\0", "lxc"),
        ("/proc/self/cgroup", "0::/kubepods.slice/x\n", "kubernetes"),
        ("/proc/sys/kernel/osrelease", "5.15-microsoft-standard-WSL2\n", "wsl"),
        ("/etc/hostname", "x\n", ""),
    ],
)
def test_containers_are_recognised(tmp_path: Path, path: str, text: str, name: str) -> None:
    assert container(FakeMachine(tmp_path).write(path, text).root) == name


def test_a_disk_is_that_of_the_deepest_mount_and_of_the_nearest_parent_that_exists(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.write(
        "/proc/self/mountinfo",
        "1 0 8:2 / / rw - ext4 /dev/sda2 rw\n2 1 8:17 / /home rw - xfs /dev/sdb1 rw\n"
        "3 1 0:40 / /home/me/cache rw - tmpfs tmpfs rw\n4 1 0:41 / /homestead rw - btrfs /dev/sdc rw\n",
    )
    machine.write("/home/me/x", "")
    machine.write("/sys/dev/block/8:17/../queue/rotational", "1\n").write(
        "/sys/dev/block/8:2/queue/rotational", "0\n"
    )
    home, missing, top = read_disks({"a": "/home/me", "b": "/home/me/no/such", "c": "/"}, machine.root)
    assert (home.filesystem, home.device, home.rotational) == ("xfs", "/dev/sdb1", True)
    assert (missing.filesystem, missing.path) == ("xfs", "/home/me/no/such")
    assert (top.filesystem, top.rotational) == ("ext4", False)


def test_small_files_are_counted_with_an_interval_and_cleaned_up(tmp_path: Path) -> None:
    found = small_file_rates(tmp_path, seconds=0.1)
    for estimate in (found.create, found.stat, found.read, found.unlink, found.total):
        assert estimate.n >= 6 and estimate.value > 10
        assert estimate.interval is not None and estimate.value in estimate.interval
    assert found.fsync_s is not None and 0 < found.fsync_s.value < 10
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_the_error_says_so() -> None:
    with pytest.raises(NotAvailableHere, match="Small files cannot be written in /proc"):
        small_file_ops("/proc", seconds=0.05)


def test_the_medians_rank_covers_what_it_says() -> None:
    # Order statistics of the median: n = 6 is the least with 95 %, tables give 2 and 6 for 9 and 20 values.
    assert [_rank(n) for n in (5, 6, 9, 20)] == [0, 1, 2, 6]
    assert abs(_rank(200) - _rank(201)) <= 1
    assert 0 < _rank(100_000) < 50_000


def test_energy_counters_are_named_by_their_package(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    for name, label in (
        ("intel-rapl:0", "package-0"),
        ("intel-rapl:0:0", "core"),
        ("intel-rapl-mmio:0", "package-0"),
    ):
        machine.write(f"/sys/class/powercap/{name}/name", label + "\n")
        machine.write(f"/sys/class/powercap/{name}/max_energy_range_uj", "262143328850\n")
    names = [(one.name, one.range_j) for one in energy_counters(machine.root)]
    assert [name for name, _ in names] == ["package-0", "package-0/core"]
    assert names[0][1] == pytest.approx(262143.328850)


def test_zones_of_one_kind_are_told_apart(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    for number, kind in enumerate(("cpu", "cpu", "gpu")):
        machine.write(f"/sys/class/thermal/thermal_zone{number}/type", kind + "\n")
        machine.write(f"/sys/class/thermal/thermal_zone{number}/temp", "45000\n")
    assert [name for name, _ in thermal_zones(machine.root)] == ["cpu", "cpu#2", "gpu"]


@pytest.mark.parametrize(
    ("supplies", "source"),
    [
        ({}, ""),
        ({"AC": {"type": "Mains", "online": "1"}}, "ac"),
        ({"AC": {"type": "Mains", "online": "1"}, "B": {"type": "Battery", "status": "Full"}}, "ac"),
        ({"M": {"type": "Battery", "scope": "Device", "status": "Discharging"}}, ""),
    ],
)
def test_the_power_source_is_the_machines_own(
    tmp_path: Path, supplies: dict[str, dict[str, str]], source: str
) -> None:
    machine = FakeMachine(tmp_path)
    for name, files in supplies.items():
        for file, text in files.items():
            machine.write(f"/sys/class/power_supply/{name}/{file}", text + "\n")
    assert power_source(machine.root) == source


def test_capabilities_of_an_unreadable_status_are_none(tmp_path: Path) -> None:
    assert capabilities(FakeMachine(tmp_path).write("/proc/self/status", "CapEff:\tzz\n").root) == ()


def test_every_setting_says_why_in_a_sentence_and_what_changed_is_told(tmp_path: Path) -> None:
    assert all(reason[0].isupper() or reason.startswith("perf") for reason in WHY.values())
    assert all(reason.endswith(".") for reason in WHY.values())
    machine = FakeMachine(tmp_path)
    before = read_settings(machine.write("/" + path_of("vm.swappiness"), "60\n").root)
    after = read_settings(machine.write("/" + path_of("vm.swappiness"), "10\n").root)
    machine.write("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
    assert changes(before, after) == {"vm.swappiness": ("60", "10")}
    assert read_settings(machine.root)["net.ipv4.ip_local_port_range"] == "32768 60999"


def test_tools_are_found_on_path_and_asked_only_when_wanted(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("#!/bin/sh\necho good tool version v1.2.3-rc1, built 2020 >&2\nexit 1\n")
    bad.write_text("#!/bin/sh\nsleep 60\n")
    good.chmod(0o755)
    bad.chmod(0o755)
    (tmp_path / "plain").write_text("")
    tools = find_tools(("good", "plain", "none"), str(tmp_path))
    assert [tool.path for tool in tools] == [str(good), "", ""]
    assert [tool.version for tool in with_versions(tools)] == ["1.2.3-rc1", "", ""]
    began = time.monotonic()
    assert with_versions(find_tools(("bad",), str(tmp_path)), timeout_s=0.2)[0].version == ""
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go version go1.27.3 linux/amd64", "1.27.3"),
        ("perf version 6.1.187", "6.1.187"),
        ("systemd 252 (252.38-1~deb12u1)", "252.38-1"),
        ("strace -- version 6.1", "6.1"),
        ("bpftrace v0.17.0", "0.17.0"),
        ("nothing", ""),
    ],
)
def test_versions_are_found_in_what_tools_say(text: str, version: str) -> None:
    assert version_in(text) == version


APPLE = """hw.memsize: 17179869184
hw.logicalcpu: 8
hw.physicalcpu: 8
hw.packages: 1
hw.pagesize: 16384
hw.machine: arm64
machdep.cpu.brand_string: Apple M1
hw.optional.arm.FEAT_LSE: 1
vm.swapusage: total = 2048.00M  used = 1.00M  free = 2047.00M  (encrypted)
vm.page_free_count: 1000
vm.page_purgeable_count: 24
kern.osproductversion: 14.5
"""


def test_a_mac_is_read_by_its_sysctl() -> None:
    values = macos.sysctl_values(APPLE)
    cpu, memory = macos.cpu_of(values), macos.memory_of(values)
    assert (cpu.model, cpu.arch, cpu.isa_level, cpu.online) == ("Apple M1", "arm64", "v8.4", 8)
    assert (memory.total_bytes, memory.page_bytes, memory.swap_total_bytes) == (16 << 30, 16384, 2 << 30)
    assert memory.available_bytes == 1024 * 16384


@given(st.text())
def test_odd_sysctl_output_crashes_nothing(text: str) -> None:
    values = macos.sysctl_values(text)
    assert macos.cpu_of(values).online >= 1
    assert macos.memory_of(values).total_bytes >= 0


def test_the_power_source_of_a_mac_is_read_from_pmset() -> None:
    text = "Now drawing from '{}'\n -InternalBattery-0 (id=1)\t98%; charging; 0:20 remaining present: true\n"
    assert macos.power_source_in(text.format("AC Power")) == "ac"
    assert macos.power_source_in(text.format("Battery Power")) == "battery"
    assert macos.power_source_in("") == macos.power_source_in(text.format("UPS Power")) == ""
