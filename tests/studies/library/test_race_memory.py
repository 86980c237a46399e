"""The memory under which race tests are killed: limits chosen and concluded, ends told apart."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from godyno.model import Finding, Machine, Trial
from godyno.studies.library.race_memory import RaceMemory, ends
from godyno.studies.library.race_memory.probing import SURVEYED, probe_of, probes_for, setting_env
from godyno.studies.library.race_memory.programs import gomaxprocs
from godyno.studies.schedule import Slot
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, PASS
from godyno.studies.studying import run_study
from godyno.workload.limited import Limited

_MIB = 1 << 20


def _run(
    said: str = "", *, code: int = 0, kills: int = 0, timed_out: bool = False, faults: int = 0
) -> Limited:
    return Limited(code, 0, 1.0, 1.0, timed_out, kills, 100, 0, 100, faults, 0, 0, 0.0, said)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (_run(), PASS),
        (_run(code=137, kills=1), ends.KILLED),
        (
            _run("race: limit on 8128 simultaneously alive goroutines is exceeded, dying", code=66),
            ends.RACE_LIMIT,
        ),
        (_run("==1==ERROR: ThreadSanitizer failed to allocate 0x4000 bytes", code=66), ends.RACE_OOM),
        (_run("runtime: out of memory: cannot allocate\nfatal error: out of memory\n", code=2), ends.GO_OOM),
        (_run(timed_out=True, faults=80_000), ends.THRASH),
        (_run(timed_out=True), "stopped"),
        (_run("--- FAIL: TestX", code=1), "failed"),
    ],
)
def test_ends_are_told_apart(run: Limited, expected: str) -> None:
    assert ends.verdict(run) == expected


def test_a_test_that_fails_without_a_limit_too_went_to_its_end() -> None:
    assert ends.verdict(_run("--- FAIL: TestX", code=1), expected=1) == PASS


def test_a_go_memory_limit_follows_what_was_seen_and_has_a_floor() -> None:
    assert setting_env("GOMEMLIMIT", 1000 * _MIB) == {"GOMEMLIMIT": "200MiB"}
    assert setting_env("GOMEMLIMIT", 10 * _MIB) == {"GOMEMLIMIT": "8MiB"}
    assert setting_env("all", 1000 * _MIB)["-parallel"] == "1"


def test_what_the_reference_says_of_gomaxprocs_is_read() -> None:
    assert gomaxprocs("GOMAXPROCS 2\nPASS\n") == 2
    assert gomaxprocs("PASS\n") is None


def _tests(
    index: int, peak: float, limit: float | None, setting: str = "as-it-is", program: str = "tests"
) -> Trial:
    passed = limit is None or peak <= limit
    measures = {"wall": 1.0, **({"peak": peak} if passed else {}), **({"limit": limit} if limit else {})}
    return Trial(
        "race_memory", index, index, {"program": program, "setting": setting}, measures=measures,
        facts={"package": "p", "set": "GOGC=25" if setting == "GOGC=25" else ""}, verdict=PASS if passed else ends.KILLED,
    )  # fmt: skip


def _first(peak: float) -> Trial:
    measures = {
        "peak": peak,
        "wall": 1.0,
        "peak\tp": peak,
        "plain\tp": peak / 4,
        "peak\tq": peak / 2,
        "plain\tq": peak / 8,
    }
    levels = {"program": "tests", "setting": "as-it-is"}
    return Trial(
        "race_memory", 0, 0, levels, measures=measures, facts={"killer": "p", "exit\tp": "0"}, verdict=PASS
    )


def _simulated(seed: int, spread: float) -> list[Trial]:
    """A search as the study runs it, on peaks of a known median."""
    from godyno.stats.threshold import Search

    rng = np.random.default_rng(seed)

    def peak() -> float:
        return 100 * _MIB * math.exp(spread * rng.normal())

    trials = [_first(peak())]
    for index in range(1, 7):
        search = Search(most=99)
        for trial in trials:
            probe = probe_of(trial)
            assert probe is not None
            search.observe(probe)
        trials.append(_tests(index, peak(), search.next_limit()))
    return trials


def test_the_limit_of_one_half_is_found_within_two_percent_in_six_probing_runs() -> None:
    near = inside = 0
    for seed in range(40):
        found = next(one for one in RaceMemory().conclude(_simulated(seed, 0.02)) if one.kind == "limit")
        assert found.estimate is not None
        assert found.estimate.interval is not None
        near += abs(found.estimate.value / (100 * _MIB) - 1) <= 0.02
        inside += 100 * _MIB in found.estimate.interval
    assert near >= 38
    assert inside >= 36


def _by_kind(found: list[Finding]) -> dict[str, Finding]:
    return {one.kind: one for one in reversed(found)}


def test_a_size_is_judged_with_how_sure_and_what_was_tried() -> None:
    trials = _simulated(1, 0.02)
    asked = 90.0 * _MIB
    trials += [_tests(20 + i, 100.0 * _MIB, asked, program="at-size") for i in range(2)]
    found = _by_kind(list(RaceMemory(limit="90MiB").conclude(trials)))
    assert "will be killed" in found["asked"].claim
    assert found["asked"].data["passed"] is False
    assert found["asked"].tried == "Tried under exactly this limit: 0 of 2 passed."
    found = _by_kind(list(RaceMemory(limit="200MiB").conclude(trials)))
    assert found["asked"].data["passed"] is True
    assert "will pass" in found["asked"].claim


def test_the_setting_that_survives_is_the_one_that_was_tried() -> None:
    trials = _simulated(1, 0.02)
    size = 85.0 * _MIB
    trials += [_tests(20 + i, 100.0 * _MIB, size, program="at-size") for i in range(2)]
    trials += [_tests(30 + i, 60.0 * _MIB + i, None, "GOGC=25") for i in range(3)]
    trials += [_tests(40 + i, 60.0 * _MIB + i, size, "GOGC=25", "at-size") for i in range(3)]
    found = _by_kind(list(RaceMemory().conclude(trials)))
    assert found["survive"].advice == "Run with GOGC=25 go test -race."
    assert "3 of 3 passed" in found["survive"].tried
    assert found["packages"].data["rows"][0][0] == "p"


def test_the_survey_counts_for_the_tests_as_they_are_whichever_setting_came_first() -> None:
    other = _tests(0, 60.0 * _MIB, None, "GOGC=25")
    other = replace(
        other,
        measures={**other.measures, SURVEYED: 100.0 * _MIB, "peak\tp": 100.0 * _MIB},
        facts={"killer": "p"},
    )
    assert [probe.peak_bytes for probe in probes_for([other], "as-it-is")] == [100.0 * _MIB]
    assert [probe.peak_bytes for probe in probes_for([other], "GOGC=25")] == [60.0 * _MIB]


def test_shadow_is_growth_over_growth() -> None:
    measures = {
        "plain_small": 20.0 * _MIB,
        "plain_large": 70.0 * _MIB,
        "race_small": 66.0 * _MIB,
        "race_large": 216.0 * _MIB,
    }
    levels = {"program": "heap", "setting": "as-it-is"}
    facts = {"GOMAXPROCS": "2", "cpus": "2"}
    trials = [
        Trial("race_memory", i, i, levels, measures=measures, facts=facts, verdict=PASS) for i in range(2)
    ]
    found = list(RaceMemory().conclude(trials))
    shadow = _by_kind(found)["shadow"]
    assert shadow.estimate is not None
    assert shadow.estimate.value == pytest.approx(3.0)
    said = {one.data["claim"]: one.data["verdict"] for one in found if one.kind == "claim"}
    assert said["Shadow memory takes 8 times the heap"] == NOT_CONFIRMED
    assert said["-race sets GOMAXPROCS to 1"] == NOT_CONFIRMED


def test_one_sharp_threshold_is_confirmed_only_where_peaks_do_not_vary() -> None:
    def verdict(spread: float) -> str:
        found = RaceMemory().conclude(
            _simulated(3, spread)
            + [_tests(50 + i, 100 * _MIB * (1 + spread * (i % 5 - 2)), None) for i in range(60)]
        )
        return next(
            one.data["verdict"] for one in found if one.kind == "claim" and "threshold" in one.data["claim"]
        )

    assert verdict(0.0001) == CONFIRMED
    assert verdict(0.03) == NOT_CONFIRMED


def test_settings_are_tried_on_the_tests_only() -> None:
    plan = RaceMemory().plan(Machine(), 0)
    assert {arm.levels["setting"] for arm in plan.arms if arm.levels["program"] == "heap"} == {"as-it-is"}
    assert isinstance(plan.slots()[0], Slot)


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("gcc") is None, reason="-race needs a C compiler")
def test_a_raced_heap_takes_about_three_times_the_memory(tmp_path: Path) -> None:
    study = RaceMemory(levels={"program": ("heap",), "setting": ("as-it-is",)}, quick=True)
    if not study.availability(Machine()):
        pytest.skip("no memory limit can be set here")
    study.blocks = study.quick_blocks = 1  # type: ignore[misc]
    result = run_study(study, out=tmp_path / "out", budget_s=300.0)
    shadow = next(one for one in result.findings if one.kind == "shadow")
    assert shadow.estimate is not None
    assert 2 < shadow.estimate.value < 5


def test_several_packages_at_once_take_more_than_one_at_a_time() -> None:
    def run(at_once: int, peak: float) -> Trial:
        measures = {"at_once": float(at_once), "packages": 5.0, "peak": peak, "wall": 3.0 / at_once}
        return Trial(
            "race_memory",
            0,
            0,
            {"program": "together", "setting": "as-it-is"},
            measures=measures,
            facts={},
            verdict="pass",
        )

    trials = [run(2, 150e6), run(1, 100e6), run(2, 160e6), run(1, 98e6)]
    found = next(one for one in RaceMemory(limit="120MB").conclude(trials) if one.kind == "together")
    assert "5 packages took at most 160 MB, 1.60 times" in found.claim
    assert "120 MB would not have held it" in found.claim
