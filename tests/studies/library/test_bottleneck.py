"""What limits a build, concluded from trials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from godyno.model import Trial
from godyno.studies.library.bottleneck import Bottleneck
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, NOT_TRIED, OTHERS
from godyno.studies.studying import run_study


def _trials(**walls: float) -> list[Trial]:
    names = {"base": "as-it-is", "tmpfs": "tmpfs", "cold": "cold", "half": "cpu/2"}
    return [
        Trial("bottleneck", block, block, {"condition": names[name], "build": "build-cold"}, verdict="pass",
              measures={"wall": wall + 0.01 * block, "cpu": 10.0})
        for block in range(7) for name, wall in walls.items()
    ]  # fmt: skip


def _verdict(trials: list[Trial]) -> str:
    return next(str(one.data["verdict"]) for one in Bottleneck().conclude(trials) if one.kind == "claim")


def test_a_build_that_hangs_on_cpu_does_not_confirm_that_storage_limits() -> None:
    trials = _trials(base=5.0, tmpfs=4.9, half=9.0)
    assert _verdict(trials) == NOT_CONFIRMED
    told = {one.kind: one for one in Bottleneck().conclude(trials)}
    assert "half the CPU: +80 %" in told["elasticity"].claim
    assert told["limit"].claim.startswith("CPU limits this build")


def test_a_build_that_hangs_on_storage_confirms_it() -> None:
    assert _verdict(_trials(base=9.0, tmpfs=3.0, half=9.1)) == CONFIRMED


def test_on_a_machine_that_others_keep_busy_nothing_is_claimed() -> None:
    trials = _trials(base=5.0, tmpfs=4.9, half=9.0)
    busy = [replace(one, measures={**one.measures, OTHERS: 0.8}) for one in trials]
    assert _verdict(busy) == NOT_TRIED


def test_without_both_resources_nothing_is_claimed() -> None:
    assert _verdict(_trials(base=5.0, tmpfs=4.0)) == NOT_TRIED


def test_no_wrong_word_where_nothing_ended_well() -> None:
    failed = [Trial("bottleneck", 0, 0, {"condition": "as-it-is", "build": "build-cold"}, verdict="failed")]
    assert Bottleneck().conclude(failed) == []


@pytest.mark.integration
def test_a_build_without_changes_is_timed_under_two_conditions(tmp_path: Path) -> None:
    levels = {"condition": ("as-it-is", "p=1"), "build": ("build-noop",)}
    result = run_study(Bottleneck(levels=levels, quick=True), out=tmp_path / "out", budget_s=600.0)
    assert {trial.verdict for trial in result.trials} == {"pass"}
    assert any(one.kind == "elasticity" for one in result.findings)
    assert all(Path(trial.capture).exists() for trial in result.trials)
