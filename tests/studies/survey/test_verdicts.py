from __future__ import annotations

from dataclasses import replace

import pytest

from godyno.model import CgroupLimits, Machine, Memory
from godyno.studies.survey.records import (
    COMFORTABLE,
    PASS,
    TIGHT,
    UNKNOWN,
    WILL_FAIL,
    Activity,
    Fit,
    LeastMemory,
    Run,
)
from godyno.studies.survey.verdicts import THIS_MACHINE, TIERS, available_bytes, fits, verdict

MIB = 1 << 20
MACHINE = Machine(memory=Memory(total_bytes=8192 * MIB, available_bytes=6000 * MIB))
BUILD = Activity(
    "build-cold",
    "build, cold",
    "go build ./...",
    "m",
    (Run("build-cold", PASS, 10.0, 18.0, 350 * MIB, "", 250 * MIB),),
)
LEAST = LeastMemory("build-cold", "as it is", 256 * MIB, 228 * MIB, "thrash", 2, True, "bisection")


def found(where: str, results: tuple[Fit, ...]) -> Fit:
    return next(fit for fit in results if fit.where == where)


@pytest.mark.parametrize(
    ("available", "expected"),
    [(383, TIGHT), (384, COMFORTABLE), (256, TIGHT), (255, WILL_FAIL), (-10, WILL_FAIL)],
)
def test_the_limits_of_the_verdicts(available: int, expected: str) -> None:
    assert verdict(available * MIB, 256 * MIB) == expected


def test_an_unknown_need_gives_no_verdict() -> None:
    assert verdict(1 << 40, None) == UNKNOWN


def test_the_allowance_for_the_system_is_taken_off_the_tiers_and_not_off_this_machine() -> None:
    results = fits(MACHINE, [BUILD], [LEAST], os_allowance_bytes=200 * MIB)
    assert found("512 MB", results).available_bytes == 312 * MIB
    assert found("512 MB", results).verdict == TIGHT
    assert found("1 GB", results).verdict == COMFORTABLE
    assert found(THIS_MACHINE, results).available_bytes == 6000 * MIB
    assert len(results) == 1 + len(TIERS)


def test_a_larger_allowance_changes_the_verdict() -> None:
    assert found("512 MB", fits(MACHINE, [BUILD], [LEAST], 300 * MIB)).verdict == WILL_FAIL


def test_settings_that_help_are_named_beside_the_plain_verdict() -> None:
    small = replace(LEAST, settings="GOGC=25", passes_bytes=100 * MIB)
    fit = found("512 MB", fits(MACHINE, [BUILD], [LEAST, small], 300 * MIB))
    assert (fit.verdict, fit.with_settings) == (WILL_FAIL, COMFORTABLE)


def test_settings_that_do_not_help_are_not_named() -> None:
    small = replace(LEAST, settings="GOGC=25", passes_bytes=250 * MIB)
    assert found("8 GB", fits(MACHINE, [BUILD], [LEAST, small])).with_settings == ""


def test_without_a_limit_tried_the_need_is_estimated_from_anonymous_memory() -> None:
    fit = found(THIS_MACHINE, fits(MACHINE, [BUILD], []))
    assert fit.need_bytes == round(250 * MIB * 1.1)
    assert not fit.need_measured


def test_a_run_too_short_to_be_sampled_counts_by_its_trees_own_peak() -> None:
    quick = replace(BUILD, runs=(Run("build-cold", PASS, 0.3, 0.3, 48 * MIB, "", 20 * MIB),))
    assert found(THIS_MACHINE, fits(MACHINE, [quick], [])).need_bytes == round(48 * MIB * 1.1)


def test_an_activity_that_never_passed_has_no_verdict() -> None:
    assert {fit.verdict for fit in fits(MACHINE, [replace(BUILD, runs=())], [])} == {UNKNOWN}


def test_the_cgroups_limit_counts_where_it_is_smaller_than_free_memory() -> None:
    limited = replace(MACHINE, cgroup=CgroupLimits(version=2, memory_bytes=512 * MIB))
    assert available_bytes(limited) == 512 * MIB
    assert available_bytes(MACHINE) == 6000 * MIB
