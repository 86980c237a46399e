"""Throughput against parallelism: levels chosen, limits named, settings recommended."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from godyno.errors import GodynoError, UsageError
from godyno.formats.exectrace import GOROUTINE_STATES
from godyno.model import Confidence, Finding, Machine, Trial
from godyno.studies.library.parallelism import Parallelism
from godyno.studies.library.parallelism.serving import LOAD_S, Service
from godyno.studies.library.parallelism.watched import idle_of
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
    result = run_study(study, out=tmp_path / "out", budget_s=300.0)
    walls = {trial.measures["level"]: trial.measures["wall"] for trial in result.trials}
    assert walls[8] < 0.5 * walls[1]
    assert next(one for one in result.findings if one.kind == "curve").data["recommended"] == 8


def _states(*rows: tuple[int, int, str, int]) -> np.ndarray:
    kinds = [("t_start_ns", "<i8"), ("t_end_ns", "<i8"), ("state", "u1"), ("reason", "<u2")]
    return np.array([(a, b, GOROUTINE_STATES.index(state), reason) for a, b, state, reason in rows], kinds)


def test_idle_time_is_booked_to_what_the_waking_goroutine_waited_for() -> None:
    reasons = ["", "network", "sleep", "sync.(*Mutex).Lock"]
    states = _states(
        (0, 10_000_000, "running", 0),
        (0, 30_000_000, "waiting", 1),  # ends the first gap
        (30_000_000, 40_000_000, "runnable", 0),
        (5_000_000, 90_000_000, "waiting", 2),  # ends the second
        (90_000_000, 91_000_000, "running", 0),
        (35_000_000, 90_500_000, "waiting", 3),  # ends while another runs: no gap
        (0, 95_000_000, "syscall", 0),
        (95_000_000, 96_000_000, "running", 0),
    )
    assert idle_of(states, reasons) == pytest.approx(
        {"network": 0.020, "sleep": 0.050, "system calls": 0.004}
    )


def test_what_tests_wait_for_at_the_highest_level_is_named_first() -> None:
    def recorded(level: int, sleep: float, ready: float) -> Trial:
        measures = {"level": float(level), "wall": 2.0, "traced": 4.0, "locks": 0.2, "top_lock": 0.2, "not_read": 0.0,
                    "idle\tsleep": sleep, "idle\tnetwork": 0.2, "running": 1.0, "ready": ready, "disk": 0.02}  # fmt: skip
        return Trial(
            "parallelism",
            0,
            0,
            {"what": "waits"},
            measures=measures,
            facts={"lock": "m.F", "cpus": "2"},
            verdict="pass",
        )

    found = next(
        one for one in Parallelism().conclude([_trial("cpu", level, 24 / level, 24.0) for level in (1, 2, 3)]
                                              + [recorded(2, 1.0, 0.5), recorded(8, 3.0, 1.0)]) if one.kind == "waits"
    )  # fmt: skip
    assert found.claim.startswith("At 8 at once the tests wait: they sleep (75")
    assert ["they sleep", 0.25] in [row[1:] for row in found.data["rows"] if row[0] == 2]
    assert any("for locks, most in m.F" in row[1] for row in found.data["rows"])


def test_half_of_the_processors_are_predicted_and_the_check_is_told() -> None:
    rng = np.random.default_rng(2)
    trials = [_trial("cpu", level, 24 / min(level, 4) * math.exp(0.02 * rng.normal()), 24.0, longest=1.0)
              for level in (1, 2, 4, 6, 8, 4, 6, 8)]  # fmt: skip
    half = _trial("half", 4, 12.1, 24.0)
    half = replace(half, measures={**half.measures, "processors": 2.0}, facts={**half.facts, "of": "cpu"})
    found = next(one for one in Parallelism().conclude([*trials, half]) if one.kind == "elsewhere")
    assert "not measured: 1 of 1" in found.claim
    assert found.confidence == Confidence.LOW
    rows = {row[1]: row for row in found.data["rows"]}
    assert rows[2][3] == pytest.approx(0.5)
    assert rows[8][3] == pytest.approx(2.0)
    assert abs(rows[2][6]) < 0.1


def test_what_sleeps_is_not_predicted_to_gain_from_processors() -> None:
    trials = [_trial("wait", level, 24 / level, 0.2, longest=0.1) for level in (1, 2, 4, 6, 8, 12, 16)]
    found = next(one for one in Parallelism().conclude(trials) if one.kind == "elsewhere")
    assert {row[3] for row in found.data["rows"]} == {1.0}
    assert "none was tried" in found.claim


def test_the_lowest_gomaxprocs_near_the_best_p99_is_recommended() -> None:
    def run(level: int, p99: float) -> Trial:
        measures = {"level": float(level), "offered": 300.0, "answered": 1500.0, "failed": 0.0, "took": 5.0, "cpu": 1.0,
                    "p50": 0.001, "p99": p99, "p999": 2 * p99, "late_p99": 0.0}  # fmt: skip
        return Trial(
            "parallelism", 0, 0, {"what": "service"}, measures=measures, facts={"cpus": "4"}, verdict="pass"
        )

    trials = [
        run(level, p99)
        for level, p99 in ((1, 0.05), (1, 0.06), (2, 0.0105), (2, 0.0104), (4, 0.01), (4, 0.0099))
    ]
    found = next(one for one in Parallelism().conclude(trials) if one.kind == "service")
    assert found.data["recommended"] == 2
    assert "300 requests a second" in found.claim
    assert found.advice == "Set GOMAXPROCS=2."


@pytest.mark.integration
def test_a_service_is_asked_at_a_rate_that_does_not_wait_for_it(tmp_path: Path) -> None:
    from godyno.machine import read_machine
    from godyno.studies.stand import Stand
    from godyno.toolchain import find_go

    study = Parallelism(levels={"what": ("service",)}, quick=True)
    if not study.availability(Machine()):
        pytest.skip("no cgroup of our own here")
    service = Service(Stand(read_machine(), find_go(), None, tmp_path, tmp_path))
    try:
        found = service.loaded(2, 50.0)
    except GodynoError as error:
        pytest.skip(f"the load generator cannot be had: {error}")
    assert found["failed"] == 0
    assert found["answered"] == pytest.approx(50 * LOAD_S, abs=2)
    assert 0 < found["p50"] <= found["p99"] <= found["p999"] <= found["longest"]


def test_a_service_needs_its_command_and_its_address() -> None:
    with pytest.raises(UsageError):
        Parallelism(service="./server")
    with pytest.raises(UsageError):
        Parallelism(service="./server", url="localhost:80")
    assert Parallelism(service="./server", url="http://localhost:80/").url
