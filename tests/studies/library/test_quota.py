"""What a CPU quota does: stops laid over pauses, remedies chosen, gctrace's impossible sums."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from godyno.errors import ToolchainError, UsageError
from godyno.formats.gctrace import gc_cycle
from godyno.model import Machine, Trial
from godyno.studies.library.quota import Quota
from godyno.studies.library.quota.commands import command_measures
from godyno.studies.library.quota.growth import growth
from godyno.studies.library.quota.phases import impossible
from godyno.studies.library.quota.study import remedied
from godyno.studies.library.quota.watching import Watch, mean_overlap_s, merged, overlap_s, throttled_ns
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED
from godyno.studies.studying import run_study
from godyno.workload.limited import Limits

_MS = 1_000_000


def test_throttled_time_is_read_from_both_versions() -> None:
    assert throttled_ns(b"nr_periods 5\nnr_throttled 2\nthrottled_time 1500\n") == 1500
    assert throttled_ns(b"usage_usec 9\nnr_throttled 2\nthrottled_usec 15\n") == 15_000
    assert throttled_ns(b"") == 0


def test_a_rise_is_shared_among_the_processors_that_stood_still() -> None:
    watch = Watch(4)
    watch.add(100 * _MS, 80 * _MS, [60 * _MS, 20 * _MS])
    watch.add(200 * _MS, 80 * _MS)  # not known which: all alike
    assert watch.intervals == [(40 * _MS, 100 * _MS), (180 * _MS, 200 * _MS)]


def test_overlap_counts_what_lies_in_stops_and_nothing_twice() -> None:
    union = merged([(0, 10 * _MS), (5 * _MS, 20 * _MS), (50 * _MS, 60 * _MS)])
    assert union == [(0, 20 * _MS), (50 * _MS, 60 * _MS)]
    assert overlap_s([(15 * _MS, 55 * _MS)], union) == pytest.approx(0.010)
    assert overlap_s([(20 * _MS, 50 * _MS)], union) == 0
    assert overlap_s([(1 * _MS, 2 * _MS), (1 * _MS, 2 * _MS)], union) == pytest.approx(0.002)
    assert overlap_s([(0, 1)], []) == 0


def test_an_assist_is_held_up_by_its_share_of_a_stop_of_some_processors() -> None:
    watch = Watch(2)
    watch.add(100 * _MS, 80 * _MS, [60 * _MS, 20 * _MS])
    between = (0, 1000 * _MS)
    assert mean_overlap_s([(40 * _MS, 100 * _MS)], watch.stops, between) == pytest.approx(0.040)
    assert mean_overlap_s([(40 * _MS, 80 * _MS)], watch.stops, between) == pytest.approx(0.020)
    watch = Watch(2)
    watch.add(100 * _MS, 60 * _MS, [60 * _MS])  # only one was in use: it is all of it
    assert mean_overlap_s([(0, 100 * _MS)], watch.stops, between) == pytest.approx(0.060)
    assert mean_overlap_s([(0, 100 * _MS)], watch.stops, (0, 70 * _MS)) == pytest.approx(0.030)


def test_growth_has_an_interval_only_where_something_grew() -> None:
    def run(stw: float, owed: float) -> Trial:
        return Trial("quota", 0, 0, {}, measures={"mark_count": 10.0, "stw": stw, "stw_owed": owed})

    base = [run(0.010 + 0.001 * at, 0.0) for at in range(4)]
    found = growth(base, [run(0.110 + 0.001 * at, 0.090) for at in range(4)], ("stw",))
    assert found.without_s == pytest.approx(0.00115)
    assert found.share.value == pytest.approx(0.9)
    assert found.share.interval is not None
    assert found.share.interval.low < 0.9 < found.share.interval.high
    assert not growth(base, base, ("stw",)).sure


def test_a_collection_cannot_use_more_than_the_quota_gave() -> None:
    line = "gc 3 @0.5s 9%: 0.05+300+0.04 ms clock, 0.10+200/290/0+0.08 ms cpu, 8->9->4 MB, 8 MB goal, 0 MB stacks, 0 MB globals, 2 P"
    cycle = gc_cycle(line)
    assert impossible(cycle, 0.5, 0.1)  # 490 ms in 300 ms at half a CPU
    assert not impossible(cycle, 2.0, 0.1)


def test_remedies_change_one_thing_each() -> None:
    assert remedied(0.5, "as-it-is")[1] == {}
    assert remedied(1.5, "GOMAXPROCS")[1] == {"GOMAXPROCS": "2"}
    assert remedied(0.5, "double")[0].cpus == 1.0
    assert remedied(0.5, "period=10ms")[0].period_s == 0.01
    assert remedied(0.5, "burst")[0].burst_s == 0.05


def test_a_quota_is_percent() -> None:
    with pytest.raises(UsageError, match="quota cannot be half"):
        Quota(levels={"quota": ("half",)}).plan(Machine(), 0)
    with pytest.raises(UsageError, match="no percentage"):
        Quota(within="some")


def _trial(
    block: int, quota: str, remedy: str = "as-it-is", stw: float = 0.001, owed: float = 0.0, p99: float = 0.01
) -> Trial:
    measures = {
        "gomaxprocs": 2.0, "stw": 10 * stw, "stw_owed": 10 * owed, "stw_longest": stw, "assist": 0.1, "assist_owed": 0.0,
        "mark_count": 10.0, "p50": 0.001, "p99": p99 + 1e-6 * block, "rate": 100.0 + block, "stopped": 0.2, "took": 2.0, "wall": 2.0,
        "periods": 20.0, "throttled_periods": 18.0, "peak": 1e8,
    }  # fmt: skip
    if quota != "none":
        measures |= {"gctrace_cycles": 10.0, "gctrace_impossible": 8.0}
    levels = {"go": "newest", "quota": quota, "remedy": remedy}
    return Trial("quota", block, block, levels, measures=measures, facts={"go": "go1.27.0"}, verdict="pass")


def test_a_quota_that_is_not_reached_needs_no_remedy() -> None:
    def calm(trial: Trial) -> Trial:
        return replace(trial, measures={**trial.measures, "throttled_periods": 0.0})

    trials = [calm(_trial(block, "50", remedy, stw=0.05 if remedy == "as-it-is" else 0.001)) for block in range(6)
              for remedy in ("as-it-is", "GOMAXPROCS")]  # fmt: skip
    remedies = next(one for one in Quota().conclude(trials) if one.kind == "remedies")
    assert remedies.data["chosen"] == {}
    assert "hardly reached" in remedies.claim


def test_growth_of_pauses_is_set_beside_the_stops_in_them() -> None:
    trials = [
        trial for block in range(6)
        for trial in (
            _trial(block, "none"), _trial(block, "50", stw=0.051, owed=0.049, p99=0.1), _trial(block, "50", "GOMAXPROCS", p99=0.02)
        )
    ]  # fmt: skip
    found = {one.kind: one for one in Quota().conclude(trials)}
    assert found["owed"].estimate is not None
    assert found["owed"].estimate.value == pytest.approx(0.98)
    assert found["remedies"].data["chosen"] == {"50": "GOMAXPROCS"}
    assert "under 50 %" in found["gctrace"].claim
    said = {one.data["claim"]: one.data["verdict"] for one in Quota().conclude(trials) if one.kind == "claim"}
    assert said["nr_throttled rises by more than 200 a second"] == NOT_CONFIRMED
    assert said["Container-aware GOMAXPROCS does not help against the tail"] == CONFIRMED


@pytest.mark.integration
def test_a_tenth_of_a_processor_stops_the_program_and_the_stops_are_seen(tmp_path: Path) -> None:
    study = Quota(levels={"go": ("own",), "quota": ("none", "10"), "remedy": ("as-it-is",)}, quick=True)
    if not study.availability(Machine()):
        pytest.skip("no CPU quota can be set here")
    study.blocks = study.quick_blocks = 1  # type: ignore[misc]
    result = run_study(study, out=tmp_path / "out", budget_s=120.0)
    by_quota = {trial.levels["quota"]: trial for trial in result.trials}
    assert by_quota["none"].measures["throttled"] == 0
    assert by_quota["none"].measures["stops"] == 0
    assert by_quota["10"].measures["throttled_periods"] > 5
    assert by_quota["10"].measures["stops"] > 3
    assert 0 < by_quota["10"].measures["stopped"] <= by_quota["10"].measures["took"] + 1


def test_a_command_is_judged_by_its_wall_time() -> None:
    def run(block: int, quota: str, remedy: str, wall: float) -> Trial:
        measures = {"wall": wall * (1 + 0.01 * block), "cpu": 1.0, "peak": 1e8, "throttled_periods": 0.0 if quota == "none" else 9.0,
                    "periods": 10.0}  # fmt: skip
        return Trial("quota", block, block, {"go": "own", "quota": quota, "remedy": remedy}, measures=measures, facts={"go": "go1.27"},
                     verdict="pass")  # fmt: skip

    trials = [
        trial for block in range(6) for trial in (
            run(block, "none", "as-it-is", 1.0), run(block, "100", "as-it-is", 1.1), run(block, "50", "as-it-is", 2.0),
            run(block, "50", "GOMAXPROCS", 1.5),
        )
    ]  # fmt: skip
    study = Quota(
        command="go build ./...",
        levels={"go": ("own",), "quota": ("none", "100", "50"), "remedy": ("as-it-is", "GOMAXPROCS")},
    )
    found = {one.kind: one for one in study.conclude(trials)}
    assert found["walls"].claim.startswith("Under 50 % the command takes 2.0")
    assert found["remedies"].data["chosen"] == {"50": "GOMAXPROCS"}
    assert found["recommended"].data["quota"] == "100"


def test_a_command_that_fails_says_what_it_said() -> None:
    if not Quota().availability(Machine()):
        pytest.skip("no cgroup of our own here")
    with pytest.raises(ToolchainError, match="no such luck"):
        command_measures("sh -c 'echo no such luck; exit 3'", Limits(), {})
    with pytest.raises(UsageError):
        command_measures("sh -c 'open", Limits(), {})
