"""How long goroutines wait: conclusions from trials, and one real run."""

from __future__ import annotations

from pathlib import Path

import pytest

from godyno.model import Trial
from godyno.studies.library.scheduler import Scheduler
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, NOT_TRIED
from godyno.studies.studying import run_study


def _trials(old_ns: float, new_ns: float) -> list[Trial]:
    out = []
    for block in range(8):
        for go, version, value in (("newest", "go1.27.3", new_ns), ("1.21", "go1.21.13", old_ns)):
            levels = {"go": go, "event": "handoff", "load": "idle", "procs": "all"}
            measures = dict.fromkeys(("p50", "p90", "p99", "p999", "max"), (value + block) * 1e-9)
            facts = {"go": version, "source": "no"}
            out.append(
                Trial("scheduler", len(out), block, levels, measures=measures, facts=facts, verdict="pass")
            )
    return out


def _verdicts(trials: list[Trial]) -> list[str]:
    return [one.data["verdict"] for one in Scheduler().conclude(trials) if one.kind == "claim"]


def test_newer_is_faster_only_where_the_interval_says_so() -> None:
    assert _verdicts(_trials(400, 300)) == [NOT_TRIED, CONFIRMED, NOT_CONFIRMED]
    assert _verdicts(_trials(400, 400)) == [NOT_TRIED, NOT_CONFIRMED, NOT_CONFIRMED]


def test_versions_are_told_by_their_numbers_newest_first() -> None:
    found = {one.kind: one for one in Scheduler().conclude(_trials(400, 300))}
    assert found["latency-idle"].claim.startswith("go1.27.3, idle: handoff takes")
    assert "handoff (idle) in go1.27.3" in found["versions"].claim


@pytest.mark.integration
def test_handoff_takes_less_than_a_sleeps_lateness(tmp_path: Path) -> None:
    levels = {"go": ("own",), "event": ("handoff", "timer"), "load": ("idle",)}
    result = run_study(Scheduler(levels=levels, quick=True), out=tmp_path / "out", budget_s=600.0)
    p50 = {trial.levels["event"]: trial.measures["p50"] for trial in result.trials if trial.verdict == "pass"}
    assert 0 < p50["handoff"] < p50["timer"]
