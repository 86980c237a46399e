"""Activities of the survey as trials."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from godyno.errors import NotAvailableHere
from godyno.model import Cpu, Machine
from godyno.studies.activity import Activities, cold_share, measured, only_warm
from godyno.studies.library.scenarios import Scenarios
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.survey.activities import EDITOR_NAME, EMPTY, SHARED
from godyno.studies.survey.bench import Outcome
from godyno.studies.survey.subject import Subject
from godyno.toolchain import Go

_SLOT = Slot("scenarios", 0, 0, {"activity": "test", "go": "own", "setting": "default"})


def _stand(tmp_path: Path, source_bytes: int, left_s: float = 50.0) -> Stand:
    go = Go("go", "/go", "go1.27.3")
    subject = Subject(go, "example.com/m", tmp_path, (), 0, source_bytes=source_bytes)
    return Stand(Machine(cpu=Cpu(allowed=2)), go, subject, tmp_path, tmp_path, left_s=lambda: left_s)


def test_a_module_that_is_too_large_for_the_budget_starts_from_no_empty_cache(tmp_path: Path) -> None:
    large = Activities(_stand(tmp_path, 40_000_000), cold_share(True))
    assert "--budget 7m holds it" in large.only_warm
    with (
        pytest.raises(NotAvailableHere, match="too long for this budget"),
        large.place(EMPTY, large.stand.subject, {}),
    ):  # type: ignore[arg-type]
        pass
    assert large.state(EDITOR_NAME) == SHARED


def test_a_small_one_or_a_longer_budget_does(tmp_path: Path) -> None:
    assert not Activities(_stand(tmp_path, 5_000_000), cold_share(True)).only_warm
    assert not Activities(_stand(tmp_path, 40_000_000, left_s=900.0), cold_share(False)).only_warm
    assert not Activities(_stand(tmp_path, 40_000_000)).only_warm
    assert math.isinf(Activities(_stand(tmp_path, 1)).cold_share)


def test_that_only_warm_activities_were_measured_is_the_first_thing_that_is_said() -> None:
    outcome = Outcome(0, 0, 1.0, 1.0)
    warm = measured(_SLOT, "test", outcome, {"only warm": "a build takes long"})
    (found,) = only_warm(Scenarios(), [warm])
    assert found.severity == "warning"
    assert found.warnings == ("A build takes long.",)
    assert not list(only_warm(Scenarios(), [measured(_SLOT, "test", outcome, {})]))


def test_a_test_that_fails_names_its_package() -> None:
    said = "--- FAIL: TestX (0.00s)\nFAIL\nFAIL\texample.com/m/x\t0.1s\nFAIL\n"
    trial = measured(_SLOT, "test", Outcome(1, 0, 1.0, 1.0, said=said), {})
    assert trial.warnings == ("FAIL example.com/m/x 0.1s",)
