"""Throughput against parallelism: levels chosen, limits named, settings recommended."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from godyno.errors import UsageError
from godyno.model import Finding, Machine, Trial
from godyno.studies.library.parallelism import Parallelism
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED
from godyno.studies.studying import run_study


def _trial(
    what: str,
    level: int,
    wall: float,
    cpu: float,
    block: int = 0,
    *,
    longest: float = 0.1,
    tasks: int = 24,
    waited: float = 0.0,
) -> Trial:
    measures = {
        "level": float(level), "tasks": float(tasks), "wall": wall, "cpu": cpu, "longest": longest, "shortest": 0.05,
        "each": wall * level / tasks, "peak": 1e7 * level, "waited_cpu": waited * wall, "waited_io": 0.0, "waited_memory": 0.0,
    }  # fmt: skip
    return Trial(
        "parallelism",
        block,
        block,
        {"what": what},
        measures=measures,
        facts={"cpus": "4", "go": "go1.27"},
        verdict="pass",
    )


def _curve(trials: list[Trial], what: str = "cpu") -> Finding:
    return next(
        one for one in Parallelism().conclude(trials) if one.kind == "curve" and one.claim.startswith(what)
    )


def test_computing_is_recommended_as_many_as_there_are_processors() -> None:
    rng = np.random.default_rng(1)
    trials = [
        _trial("cpu", level, 24 / min(level, 4) * math.exp(0.03 * rng.normal()), 24.0, waited=0.8)
        for level in (1, 2, 3, 4, 6, 8, 4, 8)
    ]  # fmt: skip
    found = _curve(trials)
    assert 4 <= found.data["recommended"] <= 6
    assert "of the memory of 8" in found.claim
    assert "the processors are used to" in found.method
    assert found.estimate is not None
    assert found.estimate.interval is not None
    assert found.estimate.interval.low <= 4.5


def test_one_long_task_is_named() -> None:
    trials = [_trial("tests", level, max(10.0, 24 / level), 20.0, longest=9.8) for level in (1, 2, 3, 4, 8)]
    assert "critical path" in _curve(trials, "tests").method


def test_neighbours_are_told_apart_from_a_use_of_all_processors() -> None:
    trials = [_trial("cpu", level, 24.0, 24.0, waited=0.9) for level in (1, 2, 4, 8)]
    assert "which other processes of the machine had" in _curve(trials).method


def test_what_still_grows_at_the_highest_level_is_said() -> None:
    trials = [_trial("wait", level, 24 / level, 0.1) for level in (1, 3, 8)]
    found = _curve(trials, "wait")
    assert any("--most" in text for text in found.warnings)
    assert "neither processors nor disks" in found.method


def test_levels_are_predicted_without_their_own_runs() -> None:
    trials = [_trial("cpu", level, 24 / min(level, 4), 24.0) for level in (1, 2, 3, 4, 6, 8)]
    hidden = next(one for one in Parallelism().conclude(trials) if one.kind == "hidden")
    assert [row[1] for row in hidden.data["rows"]] == [2, 3, 4, 6, 8]
    assert max(abs(row[2]) for row in hidden.data["rows"]) < 0.2


def test_the_sources_claims_are_judged() -> None:
    trials = [_trial("cpu", level, 24 / min(level, 4), 24.0) for level in (1, 2, 3, 4, 6, 8)]
    trials += [_trial("wait", level, 24 / level, 0.1) for level in (1, 3, 8)]
    said = {
        one.data["claim"]: one.data["verdict"]
        for one in Parallelism().conclude(trials)
        if one.kind == "claim"
    }
    assert said["Latency grows with -p while throughput hardly does"] == CONFIRMED
    assert said["One -p is right for a machine"] == NOT_CONFIRMED


def test_the_highest_level_is_a_number() -> None:
    with pytest.raises(UsageError, match="no level"):
        Parallelism(most="all")
    assert Parallelism(most="5").candidates(2) == [1, 2, 3, 4, 5]


@pytest.mark.integration
def test_sleeping_pieces_gain_from_more_than_there_are_processors(tmp_path: Path) -> None:
    study = Parallelism(levels={"what": ("wait",)}, quick=True)
    if not study.availability(Machine()):
        pytest.skip("no cgroup can be made here")
    study.blocks = study.quick_blocks = 3  # type: ignore[misc]
    result = run_study(study, out=tmp_path / "out", budget_s=120.0)
    walls = {trial.measures["level"]: trial.measures["wall"] for trial in result.trials}
    assert walls[8] < 0.5 * walls[1]
    assert next(one for one in result.findings if one.kind == "curve").data["recommended"] == 8
