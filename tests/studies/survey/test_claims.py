from __future__ import annotations

from dataclasses import replace

from godyno.model import Cpu, Estimate, Interval, Machine, Memory
from godyno.studies.survey.claims import Found, claims
from godyno.studies.survey.records import (
    CONFIRMED,
    NOT_CONFIRMED,
    NOT_TRIED,
    PASS,
    Activity,
    ClaimCheck,
    LeastMemory,
    ModuleFacts,
    Run,
)
from godyno.studies.survey.verdicts import fits

MIB = 1 << 20
MACHINE = Machine(cpu=Cpu(model="Some CPU", arch="amd64", allowed=2), memory=Memory(8192 * MIB, 6000 * MIB))
CLI = ModuleFacts("reference/cli", "/x", 3, 78, 3, reference=True)


def activity(name: str, wall_s: float, cpu_s: float, peak: float) -> Activity:
    figures = {
        "wall_s": Estimate(wall_s, "s", Interval(wall_s - 1, wall_s + 1), 6),
        "cpu_s": Estimate(cpu_s, "s", None, 6),
        "peak_bytes": Estimate(peak, "By", None, 6),
    }
    return Activity(name, name, "", CLI.path, (Run(name, PASS, wall_s, cpu_s, round(peak)),), figures)


def found(build: Activity, least_mib: int = 256, *extra: Activity) -> Found:
    least = [LeastMemory("build-cold", "as it is", least_mib * MIB, None, "", 2, True, "")]
    activities = [build, *extra]
    return Found(MACHINE, [CLI], activities, least, fits(MACHINE, activities, least), 227_000_000, 43_000_000)


def check(text: str, what: Found) -> ClaimCheck:
    return next(one for one in claims(what) if text in one.claim)


def test_every_claim_has_one_of_the_three_verdicts_and_a_figure_or_a_reason() -> None:
    for one in claims(found(activity("build-cold", 10, 18, 250e6))):
        assert one.verdict in (CONFIRMED, NOT_CONFIRMED, NOT_TRIED)
        assert one.found


def test_512_mb_is_judged_by_the_least_memory_and_not_by_the_peak() -> None:
    assert check("512 MB", found(activity("build-cold", 10, 18, 900e6), 256)).verdict == CONFIRMED
    assert check("512 MB", found(activity("build-cold", 10, 18, 100e6), 400)).verdict == NOT_CONFIRMED


def test_another_module_says_nothing_of_the_sources_command() -> None:
    what = replace(found(activity("build-cold", 10, 18, 250e6)), modules=[replace(CLI, reference=False)])
    assert check("320 MB", what).verdict == NOT_TRIED
    assert check("512 MB", what).verdict == NOT_TRIED


def test_another_board_is_not_the_sources_board_but_its_own_time_is_told() -> None:
    one = check("Raspberry", found(activity("build-cold", 10, 18, 250e6)))
    assert one.verdict == NOT_TRIED
    assert "10.0 s" in one.found


def test_busy_processors_speak_against_storage() -> None:
    assert check("SSD", found(activity("build-cold", 10, 18, 250e6))).verdict == NOT_CONFIRMED
    assert check("SSD", found(activity("build-cold", 10, 6, 250e6))).verdict == NOT_TRIED


def test_a_range_is_judged_by_the_median_and_shown_with_its_interval() -> None:
    one = check("150 to 400", found(activity("build-cold", 10, 18, 250e6)))
    assert (one.verdict, one.found) == (CONFIRMED, "250 MB (n = 6)")
    tests = activity("test", 20, 10, 100e6)
    one = check("3 to 12 s", found(activity("build-cold", 10, 18, 250e6), 256, tests))
    assert one.verdict == NOT_CONFIRMED
    assert "[19.0 s, 21.0 s]" in one.found


def test_nothing_measured_confirms_nothing() -> None:
    what = Found(MACHINE, [], [], [], [], None, None)
    assert {one.verdict for one in claims(what)} == {NOT_TRIED}
