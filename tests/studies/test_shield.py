from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from godyno.errors import UsageError
from godyno.studies import holds, shield
from godyno.studies.shield import MEASURES, NOT_OFFERED, Measure, Shield, measure
from godyno.testing import FakeMachine


def test_a_measure_is_known_by_its_name_and_a_wrong_one_is_named() -> None:
    assert all(measure(one.name) is one for one in MEASURES)
    with pytest.raises(UsageError, match="'turbine'"):
        measure("turbine")


def test_what_is_not_offered_says_why() -> None:
    assert "real-time priority (SCHED_FIFO)" in NOT_OFFERED and all(NOT_OFFERED.values())


def test_a_machine_without_cpufreq_says_so(tmp_path: Path) -> None:
    found = shield.missing(FakeMachine(tmp_path).write("/proc/loadavg", "0 0 0 1/9 9").root)
    assert "cpufreq" in found["governor"] and "cpufreq" in found["turbo"]


def test_governor_and_turbo_are_set_while_it_is_held_and_back_afterwards(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "root")
    governors = [f"sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor" for cpu in range(2)]
    for path in governors:
        machine.write(path, "powersave\n")
    machine.write("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n")
    names = ("governor", "turbo")
    with Shield([measure(name) for name in names], machine.root, tmp_path / "state") as held:
        assert not held.refused
        assert [(machine.root / path).read_text() for path in governors] == ["performance"] * 2
        assert (machine.root / "sys/devices/system/cpu/intel_pstate/no_turbo").read_text() == "1"
    assert [(machine.root / path).read_text() for path in governors] == ["powersave\n"] * 2
    assert [one.problem for one in held.restored] == [""] * 3


def test_a_measure_that_the_machine_refuses_is_named_and_the_others_hold(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "root").write("proc/sys/vm/stat_interval", "1\n")
    bad = Measure("bad", "", settings=lambda root: [("sys/absent", "1")])
    with Shield([bad, measure("ticks")], machine.root, tmp_path / "state") as held:
        assert list(held.refused) == ["bad"]
        assert (machine.root / "proc/sys/vm/stat_interval").read_text() == "120"


def test_a_second_shield_changes_nothing_of_the_machine_and_says_why(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "root").write("proc/sys/vm/stat_interval", "1\n")
    with (
        Shield([measure("ticks")], machine.root, tmp_path / "state"),
        Shield([measure("ticks")], machine.root, tmp_path / "state") as second,
    ):
        assert "Another godyno" in second.refused["ticks"]
    assert (machine.root / "proc/sys/vm/stat_interval").read_text() == "1\n"


def test_waiting_for_quiet_ends_when_it_is_quiet_or_patience_does(tmp_path: Path) -> None:
    quiet = FakeMachine(tmp_path / "quiet").write("/proc/loadavg", "0.0 0.0 0.0 1/99 9\n").root
    busy = FakeMachine(tmp_path / "busy").write("/proc/loadavg", "0.0 0.0 0.0 3/99 9\n").root
    assert holds.wait_for_quiet(5.0, quiet)
    began = time.monotonic()
    assert not holds.wait_for_quiet(0.02, busy)
    assert time.monotonic() - began >= 0.02


def test_after_five_waits_in_vain_nothing_is_waited_for_any_more() -> None:
    waited = []

    def wait() -> bool:
        waited.append(1)
        return False

    with Shield([Measure("wait", "", before_run=wait)]) as held:
        for _ in range(20):
            held.before_run()
    assert (len(waited), held.runs, held.in_vain) == (5, 20, 20)


_PROCESS = ("pin", "priority", "layout", "timers")


@pytest.mark.integration
@pytest.mark.parametrize("name", _PROCESS)
def test_children_inherit_a_measure_of_the_process_which_ends_with_it(name: str) -> None:
    if name in shield.missing():
        pytest.skip(shield.missing()[name])
    look = (
        "import os, ctypes; libc = ctypes.CDLL(None); print(sorted(os.sched_getaffinity(0)), os.getpriority(0, 0), "
        "libc.personality(0xffffffff), libc.prctl(30, 0, 0, 0, 0))"
    )

    def child() -> str:
        return subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout

    before = child()
    with Shield([measure(name)]):
        assert child() != before
    assert child() == before


@pytest.mark.integration
def test_the_anchor_leaves_no_process_behind() -> None:
    def children() -> list[str]:
        return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()

    before = children()
    with Shield([measure("anchor")]):
        assert len(children()) == len(before) + len(os.sched_getaffinity(0))
    assert children() == before
