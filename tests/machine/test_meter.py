from __future__ import annotations

from pathlib import Path

import pytest

from godyno.machine.meter import Meter, run_queue
from godyno.testing import FakeMachine

_DISK = "100 0 {read} 50 20 0 {written} 10 0 60 60 0 0 0 0 0 0\n"


def _machine(root: Path, busy: int, read: int, stalled: int) -> FakeMachine:
    return (
        FakeMachine(root)
        .write("/proc/stat", f"cpu  {busy} 0 0 900 5 0 0 7 0 0\ncpu0 1 0 0 0 0 0 0 0 0 0\n")
        .write("/proc/loadavg", "0.1 0.2 0.3 3/120 999\n")
        .write("/proc/pressure/io", f"some avg10=0.00 avg60=0.00 avg300=0.00 total={stalled}\n")
        .write("/sys/block/vda/stat", _DISK.format(read=read, written=8))
        .write("/sys/block/loop0/stat", _DISK.format(read=999_999, written=0))
    )


def test_counters_rise_between_two_readings(tmp_path: Path) -> None:
    meter = Meter(_machine(tmp_path, 100, 16, 1_000_000).root)
    before = meter.read()
    _machine(tmp_path, 350, 2064, 3_500_000)
    rise = meter.read().since(before)
    assert rise["busy_s"] == pytest.approx(2.5)
    assert rise["steal_s"] == 0
    assert rise["io_stall_s"] == pytest.approx(2.5)
    assert (rise["disk_read_bytes"], rise["disk_written_bytes"]) == (1 << 20, 0)


def test_the_groups_own_pressure_goes_before_the_machines(tmp_path: Path) -> None:
    machine = _machine(tmp_path / "m", 100, 16, 1_000_000)
    group = tmp_path / "group"
    group.mkdir()
    (group / "io.pressure").write_text("some avg10=0 avg60=0 avg300=0 total=20\nfull avg10=0 total=10\n")
    (group / "cpu.pressure").write_text("some avg10=0 total=90\nfull avg10=0 avg60=0 avg300=0 total=70\n")
    (group / "cpu.stat").write_text("usage_usec 5\nnr_periods 1\nthrottled_usec 2000000\n")
    (group / "memory.stat").write_text("workingset_refault_file 12\npgmajfault 3\n")
    values = Meter(machine.root, {"unified": group, "cpu": group, "memory": group}).read().values
    assert values["io_stall_s"] == pytest.approx(20e-6) and values["starved_s"] == pytest.approx(70e-6)
    assert (values["throttled_s"], values["refaults"], values["major_faults"]) == (2.0, 12, 3)


def test_a_machine_that_shows_nothing_counts_nothing(tmp_path: Path) -> None:
    assert Meter(tmp_path).read().values == {} and Meter(tmp_path).hz() is None and run_queue(tmp_path) == 0


def test_frequency_is_the_mean_of_all_processors(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    for cpu, khz in enumerate((2_000_000, 3_000_000)):
        machine.write(f"/sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq", f"{khz}\n")
    assert Meter(tmp_path).hz() == pytest.approx(2.5e9)


def test_what_else_could_run_is_read_from_loadavg(tmp_path: Path) -> None:
    assert run_queue(_machine(tmp_path, 1, 1, 1).root) == 3
