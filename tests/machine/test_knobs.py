"""Settings that are changed and put back: in a tree of files, and with the kernel's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from godyno.errors import NotAvailableHere
from godyno.machine.guardian import guarded
from godyno.machine.knobs import JOURNAL, Knobs, restore_left
from godyno.testing import FakeMachine

GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
AUTOGROUP = "proc/sys/kernel/sched_autogroup_enabled"


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path / "root").write(GOVERNOR, "schedutil\n").write(AUTOGROUP, "1\n")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def _text(machine: FakeMachine, path: str) -> str:
    return (machine.root / path).read_text()


def test_what_was_changed_is_put_back_byte_for_byte(machine: FakeMachine, state: Path) -> None:
    with Knobs(machine.root, state) as knobs:
        assert knobs.set(GOVERNOR, "performance") == "" == knobs.set(AUTOGROUP, "0")
        assert (_text(machine, GOVERNOR), _text(machine, AUTOGROUP)) == ("performance", "0")
    assert (_text(machine, GOVERNOR), _text(machine, AUTOGROUP)) == ("schedutil\n", "1\n")
    assert not (state / JOURNAL).exists()


def test_a_setting_that_was_changed_twice_is_put_back_to_the_first(machine: FakeMachine, state: Path) -> None:
    with Knobs(machine.root, state) as knobs:
        knobs.set(GOVERNOR, "performance")
        knobs.set(GOVERNOR, "powersave")
    assert _text(machine, GOVERNOR) == "schedutil\n"


def test_the_journal_is_written_before_the_setting(
    machine: FakeMachine, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from godyno.machine import knobs as module

    seen = []

    def look(file: Path, data: bytes) -> None:
        seen.append((state / JOURNAL).read_text().splitlines()[-1])

    monkeypatch.setattr(module, "_write", look)
    knobs = Knobs(machine.root, state)
    knobs.set(GOVERNOR, "performance")
    assert json.loads(seen[0])["path"] == GOVERNOR
    monkeypatch.undo()
    knobs.restore()


def test_what_is_not_there_is_told_and_not_journalled(machine: FakeMachine, state: Path) -> None:
    with Knobs(machine.root, state) as knobs:
        assert "No such file" in knobs.set("sys/absent", "1")
        assert not (state / JOURNAL).exists()


def test_a_value_that_is_set_already_is_left_alone(machine: FakeMachine, state: Path) -> None:
    with Knobs(machine.root, state) as knobs:
        assert knobs.set(GOVERNOR, "schedutil") == ""
        assert not (state / JOURNAL).exists()


def test_a_second_godyno_finds_the_lock_taken(machine: FakeMachine, state: Path) -> None:
    with Knobs(machine.root, state), pytest.raises(NotAvailableHere):
        Knobs(machine.root, state)
    Knobs(machine.root, state).restore()


def test_what_somebody_else_set_meanwhile_is_left(machine: FakeMachine, state: Path) -> None:
    knobs = Knobs(machine.root, state)
    knobs.set(GOVERNOR, "performance")
    machine.write(GOVERNOR, "ondemand\n")
    (restored,) = knobs.restore()
    assert "somebody else" in restored.problem and _text(machine, GOVERNOR) == "ondemand\n"
    assert not (state / JOURNAL).exists()


def test_a_value_that_the_kernel_writes_in_its_own_way_is_still_ours(
    machine: FakeMachine, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from godyno.machine import knobs as module

    real = module._write

    def rounding(file: Path, data: bytes) -> None:
        real(file, b"4096\n" if data == b"4000" else data)

    monkeypatch.setattr(module, "_write", rounding)
    machine.write("proc/sys/vm/some_size", "1024\n")
    with Knobs(machine.root, state) as knobs:
        knobs.set("proc/sys/vm/some_size", "4000")
        assert _text(machine, "proc/sys/vm/some_size") == "4096\n"
    assert _text(machine, "proc/sys/vm/some_size") == "1024\n"


def test_a_torn_last_line_was_never_carried_out(machine: FakeMachine, state: Path) -> None:
    knobs = Knobs(machine.root, state)
    knobs.set(GOVERNOR, "performance")
    with (state / JOURNAL).open("ab") as journal:
        journal.write(b'{"path": "proc/sys/kernel/sched_auto')
    assert [one.path for one in knobs.restore()] == [GOVERNOR]
    assert _text(machine, GOVERNOR) == "schedutil\n"


def _left(machine: FakeMachine, state: Path, **changes: object) -> None:
    """A journal as a killed godyno leaves it."""
    knobs = Knobs(machine.root, state)
    knobs.set(GOVERNOR, "performance")
    kept = (state / JOURNAL).read_text().splitlines()
    knobs.restore()
    machine.write(GOVERNOR, "performance")
    head = json.dumps({**json.loads(kept[0]), **changes})
    (state / JOURNAL).write_text("\n".join([head, *kept[1:]]) + "\n")


def test_the_next_one_restores_what_a_killed_one_left(machine: FakeMachine, state: Path) -> None:
    _left(machine, state)
    with Knobs(machine.root, state) as knobs:
        assert [one.path for one in knobs.left] == [GOVERNOR]
        assert _text(machine, GOVERNOR) == "schedutil\n"


def test_a_journal_of_another_boot_is_dropped(machine: FakeMachine, state: Path) -> None:
    _left(machine, state, boot_id="another")
    assert restore_left(machine.root, state) == []
    assert _text(machine, GOVERNOR) == "performance" and not (state / JOURNAL).exists()


def test_a_journal_cannot_reach_outside_of_the_root(
    machine: FakeMachine, state: Path, tmp_path: Path
) -> None:
    _left(machine, state)
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    change = {"path": "../victim", "before": "eA==", "value": "as it was"}
    with (state / JOURNAL).open("a") as journal:
        journal.write(json.dumps(change) + "\n" + json.dumps(change | {"path": str(victim)}) + "\nnot JSON\n")
    restore_left(machine.root, state)
    assert victim.read_text() == "as it was"


def test_nothing_left_is_nothing_to_do(state: Path, tmp_path: Path) -> None:
    assert restore_left(tmp_path, state) == []


_CHANGER = """
import sys, time
from pathlib import Path
from godyno.machine.guardian import guarded
root, state = map(Path, sys.argv[1:3])
with guarded(root, state) as knobs:
    for path in sys.argv[3:]:
        name, _, value = path.partition("=")
        problem = knobs.set(name, value)
        assert not problem, problem
    print("changed", flush=True)
    time.sleep(60)
"""


def _changer(root: Path, state: Path, *wanted: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", _CHANGER, str(root), str(state), *wanted],
        stdout=subprocess.PIPE,
        process_group=0,
    )
    assert process.stdout and process.stdout.readline() == b"changed\n"
    return process


def _wait_until_restored(state: Path) -> None:
    deadline = time.monotonic() + 20
    while (state / JOURNAL).exists() and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.integration
@pytest.mark.parametrize("kill", [os.kill, os.killpg])
def test_the_guardian_restores_after_a_kill(machine: FakeMachine, state: Path, kill: object) -> None:
    process = _changer(machine.root, state, f"{GOVERNOR}=performance", f"{AUTOGROUP}=0")
    assert _text(machine, GOVERNOR) == "performance"
    kill(process.pid, signal.SIGKILL)  # type: ignore[operator]
    process.wait()
    _wait_until_restored(state)
    assert (_text(machine, GOVERNOR), _text(machine, AUTOGROUP)) == ("schedutil\n", "1\n")
    assert process.stdout
    process.stdout.close()


@pytest.mark.integration
def test_the_kernels_own_settings_come_back_after_a_kill(state: Path) -> None:
    setting = Path("/proc/sys/vm/stat_interval")
    if not os.access(setting, os.W_OK):
        pytest.skip("only root may change sysctls")
    before = setting.read_bytes()
    wanted = "2" if before.strip() != b"2" else "3"
    process = _changer(Path("/"), state, f"proc/sys/vm/stat_interval={wanted}")
    assert setting.read_text().strip() == wanted
    process.kill()
    process.wait()
    _wait_until_restored(state)
    assert setting.read_bytes() == before
    assert process.stdout
    process.stdout.close()


@pytest.mark.integration
def test_the_guardian_ends_with_its_parent_and_frees_the_lock(machine: FakeMachine, state: Path) -> None:
    with guarded(machine.root, state) as knobs:
        knobs.set(GOVERNOR, "performance")
    with guarded(machine.root, state):
        assert _text(machine, GOVERNOR) == "schedutil\n"
