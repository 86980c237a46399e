"""What everyday work takes, concluded from trials."""

from __future__ import annotations

from dataclasses import replace

from godyno.model import Machine, Trial
from godyno.studies.library.scenarios import Scenarios
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, NOT_TRIED, OTHERS


def _trial(
    activity: str,
    peak: float,
    wall: float,
    *,
    go: str = "own",
    setting: str = "default",
    reference: str = "True",
) -> Trial:
    levels = {"activity": activity, "go": go, "setting": setting}
    measures = {"peak": peak, "wall": wall, "cpu": wall, "anon_peak": peak / 2, "write": 1e6}
    return Trial(
        "scenarios",
        0,
        0,
        levels,
        measures=measures,
        facts={"go": "go1.27.3", "reference": reference},
        verdict="pass",
    )


def test_one_thing_is_varied_at_a_time() -> None:
    plan = Scenarios().plan(Machine(), 0)
    for arm in plan.arms:
        assert arm.levels["go"] == "own" or arm.levels["setting"] == "default"
        assert arm.levels["activity"] in ("build-cold", "test") or arm.levels["go"] == "own"


def test_the_sources_ranges_are_held_against_the_reference_only() -> None:
    def verdicts(reference: str) -> list[str]:
        trials = [
            _trial("build-cold", 250e6, 5.0, reference=reference),
            _trial("test", 700e6, 5.0, reference=reference),
        ]
        return [str(one.data["verdict"]) for one in Scenarios().conclude(trials) if one.kind == "claim"]

    assert verdicts("True")[:3] == [CONFIRMED, NOT_CONFIRMED, CONFIRMED]
    assert verdicts("False")[:3] == [CONFIRMED, NOT_TRIED, NOT_TRIED]


def test_a_time_is_no_evidence_where_others_kept_the_machine_busy() -> None:
    trial = _trial("test", 300e6, 40.0)
    busy = replace(trial, measures={**trial.measures, OTHERS: 0.9})
    found = [one for one in Scenarios().conclude([busy]) if one.kind == "claim"]
    assert [str(one.data["verdict"]) for one in found[1:3]] == [CONFIRMED, NOT_TRIED]
    assert "other processes kept 90 %" in found[2].data["found"]


def test_settings_are_shown_as_ratios_to_the_default() -> None:
    trials = [_trial("build-cold", 200e6, 4.0), _trial("build-cold", 100e6, 8.0, setting="p=1")]
    found = next(one for one in Scenarios().conclude(trials) if one.kind == "by-setting")
    assert found.data["rows"][0][:4] == ["build-cold", "p=1", 8.0, "2.00 ×"]
