from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from godyno.errors import NotAvailableHere, UsageError
from godyno.model import Estimate, Interval
from godyno.studies.noise import looking
from godyno.studies.noise.looking import look
from godyno.studies.noise.metered import Metered, RunFailed, Runs
from godyno.studies.noise.result import Noisiness, Tried, worth_using
from godyno.studies.noise.shielded import shielded
from godyno.studies.noise.table import text
from godyno.studies.shield import Measure
from godyno.workload import yardstick


class _FakeRuns:
    """Runs of a made command: noisy as it is, calm while ``calm`` is held; a neighbour in every run."""

    held = False
    why_no_group = ""
    interrupt_after = 10**9

    def __init__(self, argv: object, **_: object) -> None:
        self.rng, self.count = np.random.default_rng(5), 0

    def __enter__(self) -> _FakeRuns:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def once(self) -> Metered:
        self.count += 1
        if self.count > self.interrupt_after:
            raise KeyboardInterrupt
        wall = float(np.exp(self.rng.normal(0, 0.02 if _FakeRuns.held else 0.2)))
        cpu = float(np.exp(self.rng.normal(0, 0.01)))
        counters = {"wall_s": wall, "cpus": 2.0, "starved_s": 0.3 * wall, "other_cpu_s": wall, "steal_s": 0.0}
        seen = [{"computing": [float(np.exp(self.rng.normal(0, 0.05))), 1.0]} for _ in range(3)]
        return Metered(wall, cpu, counters, {"rounds": seen, "late_s": [1e-5]})


class _Hold:
    def __enter__(self) -> None:
        _FakeRuns.held = True

    def __exit__(self, *_: object) -> None:
        _FakeRuns.held = False


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``look`` on made runs; every block takes a second of a made clock."""
    ticks = iter(range(100_000))
    monkeypatch.setattr(looking, "Runs", _FakeRuns)
    calm = Measure("calm", "makes it calm", hold=_Hold)
    absent = Measure("absent", "is not there", missing=lambda root: "this machine has none")
    monkeypatch.setattr(looking.shield, "MEASURES", (calm, absent))

    def run(**options: Any) -> Noisiness:
        return look(["made"], clock=lambda: float(next(ticks)), **{"budget_s": 60.0, **options})

    return run


def test_a_measure_that_calms_is_found_and_advised_first(faked: Any) -> None:
    found = faked()
    calm, absent = found.tried
    assert calm.verdict == "helps" and calm.wall.value < 0.2
    assert absent.missing == "this machine has none" and absent.wall is None
    assert worth_using(found.tried) == ["calm"]
    assert any(one.startswith("calm: makes it calm; tried") for one in found.advice)


def test_cpu_time_is_said_to_need_fewer_runs_where_it_does(faked: Any) -> None:
    found = faked()
    assert found.wall.sees["20"].value > found.cpu.sees["20"].value
    assert found.advice[0].startswith("Compare CPU time")


def test_causes_are_counted_over_the_plain_runs(faked: Any) -> None:
    (seen,) = faked(names=[]).causes
    assert seen.name == "neighbours" and seen.runs == seen.of
    assert seen.overall == pytest.approx(0.3) and seen.share in seen.interval


def test_the_smallest_change_falls_with_more_runs(faked: Any) -> None:
    seen = [one.value for one in faked(names=[]).wall.sees.values()]
    assert seen == sorted(seen, reverse=True)


def test_ctrl_c_keeps_what_was_measured(faked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_FakeRuns, "interrupt_after", 40)
    found = faked(names=[])
    assert found.end == "interrupted" and found.blocks >= 3


def test_three_blocks_are_measured_in_however_little_time(faked: Any) -> None:
    found = faked(budget_s=0.1)
    assert found.blocks == 3 and any("too few" in one for one in found.warnings)


def test_an_end_before_that_says_so(faked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_FakeRuns, "interrupt_after", 3)
    with pytest.raises(NotAvailableHere, match="of so few"):
        faked()


def test_an_unknown_measure_is_named(faked: Any) -> None:
    with pytest.raises(UsageError, match="turbine"):
        faked(names=["turbine"])


def test_a_measure_with_a_caution_is_used_only_where_it_was_shown_to_help() -> None:
    unclear, speed = Estimate(0.9, "1", Interval(0.5, 1.6)), Estimate(1.0, "1", Interval(0.9, 1.1))
    plain = Tried("plain", "", wall=unclear, duration=speed, verdict="no difference shown")
    assert worth_using([plain]) == ["plain"]
    assert (
        worth_using(
            [Tried("pin", "", wall=unclear, duration=speed, verdict="no difference shown", caution="x")]
        )
        == []
    )
    assert (
        worth_using(
            [Tried("slow", "", wall=unclear, duration=Estimate(1.2, "1"), verdict="no difference shown")]
        )
        == []
    )


def test_the_text_fits_a_terminal_and_says_it_all(faked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Measure("interrupts", "changes nothing")
    monkeypatch.setattr(looking.shield, "MEASURES", (*looking.shield.MEASURES, plain))
    shown = text(faked(), "the reference")
    assert "no difference shown" in shown
    assert max(map(len, shown.splitlines())) <= 80
    for word in ("N", "neighbours", "calm", "absent", "this machine has none", "What would help most"):
        assert word in shown


def test_what_was_found_becomes_json_and_comes_back(faked: Any) -> None:
    found = faked()
    assert Noisiness.from_json(json.loads(json.dumps(found.as_json()))).as_json() == json.loads(
        json.dumps(found.as_json())
    )


@pytest.mark.integration
def test_a_run_is_metered_in_a_group_that_is_gone_afterwards(tmp_path: Path) -> None:
    with Runs(yardstick.argv(str(tmp_path), 0.3, 1), reads_json=True) as runs:
        run = runs.once()
        directories = runs.group.directories if runs.group else []
    assert run.wall_s > 0 and run.cpu_s > 0 and run.counters["other_cpu_s"] >= 0
    assert set(run.told["rounds"][0]) == set(yardstick.PARTS)
    assert not any(directory.exists() for directory in directories)


@pytest.mark.integration
def test_a_command_that_fails_says_nothing_of_noise() -> None:
    with Runs(["sh", "-c", "exit 3"]) as runs, pytest.raises(RunFailed, match="exit code 3"):
        runs.once()


@pytest.mark.integration
def test_a_killed_noise_puts_settings_back_and_leaves_no_group_and_no_directory(tmp_path: Path) -> None:
    setting = Path("/proc/sys/vm/stat_interval")
    if not os.access(setting, os.W_OK):
        pytest.skip("only root may change sysctls")
    before = setting.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "godyno", "noise", "--for", "60s", "--try", "ticks"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while setting.read_bytes() == before and time.monotonic() < deadline:
        time.sleep(0.002)
    changed = setting.read_bytes() != before
    process.send_signal(signal.SIGKILL)
    process.wait()
    while setting.read_bytes() != before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert changed and setting.read_bytes() == before

    def left() -> list[str]:
        groups = [str(path) for path in Path("/sys/fs/cgroup").rglob(f"godyno-{process.pid}-*")]
        return [*groups, *map(str, tmp_path.iterdir())]

    while left() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left() == []


@pytest.mark.integration
def test_a_shield_is_tried_said_held_and_let_go() -> None:
    said: list[str] = []
    before = os.sched_getaffinity(0)
    with shielded(say=said.append, try_s=1.0) as held:
        assert held.around(lambda value: value + 1)(1) == 2
    assert os.sched_getaffinity(0) == before
    assert any(line.startswith("held: ") for line in said)
