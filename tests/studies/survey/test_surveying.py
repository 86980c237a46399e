"""The whole survey with a recorder that runs nothing; only ``go list`` and ``go env`` are real."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from godyno.errors import BuildFailed, ModuleNotFound, UsageError
from godyno.studies.survey import surveying
from godyno.studies.survey.bench import Outcome
from godyno.studies.survey.memory import Limiter
from godyno.studies.survey.plan import WANTED_RUNS, Budget
from godyno.studies.survey.records import Survey
from godyno.studies.survey.subject import REFERENCE
from studies.survey.conftest import MIB, ToyRecorder

pytestmark = pytest.mark.integration  # needs a Go toolchain


@pytest.fixture
def module(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REFERENCE / "cli", tmp_path / "module"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recorder: ToyRecorder) -> None:
    """No time goes by but the recorder's, no small files are written, no gopls is built."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(surveying, "Budget", lambda budget_s: Budget(budget_s, lambda: recorder.clock_s))
    monkeypatch.setattr("godyno.studies.survey.session.time.monotonic", lambda: recorder.clock_s)
    monkeypatch.setattr(surveying, "small_files", lambda places, machine: ())
    monkeypatch.setattr(surveying, "find_limiter", lambda machine: Limiter("cgroup"))
    monkeypatch.setattr(surveying, "_tree_bytes", lambda directory: 1 << 20)
    monkeypatch.setattr("godyno.workload.gopls.cached_gopls", lambda go, directory=None: None)
    monkeypatch.setattr("godyno.workload.gopls.find_or_build_gopls", no_gopls)


def no_gopls(*args: Any, **kwargs: Any) -> Any:
    from godyno.errors import NotAvailableHere

    raise NotAvailableHere("gopls cannot be built: no proxy")


def survey(module: Path | None, recorder: ToyRecorder, budget_s: float = 3600.0, **kwargs: Any) -> Survey:
    return surveying.survey(module, budget_s=budget_s, recorder=recorder, **kwargs)


def enough_from(limit_bytes: int) -> Any:
    def answer(name: str, workload: Any, limit: int | None) -> Outcome | None:
        if limit is not None and limit < limit_bytes:
            return Outcome(1, 0, 2.0, 2.0, False, 1, limit, "toy", limit, capture=name, said="signal: killed")
        return None

    return answer


def test_a_long_budget_gives_every_activity_its_runs_and_a_bracket(
    module: Path, recorder: ToyRecorder
) -> None:
    recorder.answers = enough_from(240 * MIB)
    found = survey(module, recorder)
    assert found.ended == "complete"
    counts = {activity.name: len(activity.runs) for activity in found.activities if activity.figures}
    assert set(counts.values()) == {WANTED_RUNS}
    assert {"build-cold", "build-noop", "build-root", "build-leaf", "test", "vet", "build-cross"} <= set(
        counts
    )
    least = next(one for one in found.least if one.activity == "build-cold" and one.settings == "as it is")
    assert least.measured and least.fails_bytes is not None
    assert least.fails_bytes < 240 * MIB <= least.passes_bytes
    assert least.fails_by == "killed"
    assert [setting.label for setting in found.settings][:2] == ["GOFLAGS=-p=1", "GOGC=25"]
    editor = found.activity("editor")
    assert editor is not None and "no proxy" in editor.skipped


def test_the_budget_holds_and_names_what_was_left_out(module: Path, recorder: ToyRecorder) -> None:
    found = survey(module, recorder, budget_s=60.0)
    assert recorder.clock_s <= 60.0
    assert found.ended == "budget"
    assert recorder.names()[:3] == ["build-cold", "build-noop", "build-root"]
    left_out = [activity for activity in found.activities if not activity.figures]
    assert left_out
    reasons = {activity.name: activity.skipped for activity in left_out}
    assert all("budget" in reason for reason in reasons.values()), reasons


def test_a_cold_build_longer_than_the_budget_is_said_and_nothing_is_made_up(
    module: Path, recorder: ToyRecorder
) -> None:
    recorder.takes_s = 1000.0
    found = survey(module, recorder, budget_s=30.0)
    assert recorder.names() == ["build-cold"]
    cold = found.activity("build-cold")
    assert cold is not None and not cold.figures and "did not end within the budget" in cold.skipped
    assert {fit.verdict for fit in found.fits} <= {"unknown"}


def test_a_module_that_does_not_build_raises_once_and_keeps_what_was_measured(
    module: Path, recorder: ToyRecorder, tmp_path: Path
) -> None:
    recorder.answers = lambda name, workload, limit: Outcome(
        1, 0, 3.0, 3.0, said="# m\n./main.go:3:1: syntax error"
    )
    with pytest.raises(BuildFailed, match="syntax error") as raised:
        survey(module, recorder, out=tmp_path / "out")
    assert "out" in raised.value.hint
    kept = json.loads((tmp_path / "out" / "survey.json").read_text())
    assert kept["ended"] == "problem" and "syntax error" in kept["problem"]
    assert kept["machine"]["cpu"]["allowed"] >= 1
    assert recorder.names() == ["build-cold"]


def test_tests_that_fail_are_figures_with_a_warning_and_no_least_memory(
    module: Path, recorder: ToyRecorder
) -> None:
    recorder.answers = lambda name, workload, limit: (
        Outcome(1, 0, 4.0, 4.0, said="--- FAIL: TestX") if "test" in workload.argv else None
    )
    found = survey(module, recorder, out=Path("out"))
    test = found.activity("test")
    assert test is not None and test.figures["wall_s"].value == 4.0
    assert not [one for one in found.least if one.activity == "test"]
    assert any("least memory to test" in text for text in found.skipped)
    assert "test fails" in Path("out", "survey.md").read_text()


def test_an_interrupted_survey_keeps_and_writes_what_it_has(module: Path, recorder: ToyRecorder) -> None:
    def interrupt(name: str, workload: Any, limit: int | None) -> Outcome | None:
        if name == "vet":
            raise KeyboardInterrupt
        return None

    recorder.answers = interrupt
    found = survey(module, recorder, out=Path("out"))
    assert found.ended == "interrupted"
    assert found.activity("build-leaf") is not None and found.activity("test") is not None
    assert "interrupted" in Path("out", "survey.md").read_text()
    assert Path("out", "survey.html").stat().st_size > 1000


def test_without_a_way_to_limit_memory_the_least_is_estimated_and_said_to_be(
    module: Path, recorder: ToyRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "find_limiter", lambda machine: Limiter("", "no memory controller"))
    found = survey(module, recorder)
    least = next(one for one in found.least if one.activity == "build-cold")
    assert not least.measured
    assert least.passes_bytes == round(250 * MIB * 1.1)
    assert "no memory controller" in least.method
    assert all(limit is None for _, _, limit in recorder.calls)


def test_a_systemd_scope_sets_the_limit_where_no_cgroup_can_be_made(
    module: Path, recorder: ToyRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "find_limiter", lambda machine: Limiter("systemd"))

    def answer(name: str, workload: Any, limit: int | None) -> Outcome | None:
        if workload.argv[0] == "systemd-run":
            wanted = int(next(word for word in workload.argv if word.startswith("MemoryMax=")).split("=")[1])
            if wanted < 240 * MIB:
                return Outcome(1, 0, 2.0, 2.0, said="go: signal: killed")
        return None

    recorder.answers = answer
    least = next(one for one in survey(module, recorder).least if one.activity == "build-cold")
    assert least.measured and least.fails_by == "killed"
    assert (least.fails_bytes or 0) < 240 * MIB <= least.passes_bytes


def test_the_modules_files_are_not_touched(module: Path, recorder: ToyRecorder) -> None:
    def state() -> dict[str, tuple[bytes, int]]:
        return {
            str(path): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in module.rglob("*")
            if path.is_file()
        }

    before = state()
    survey(module, recorder)
    assert state() == before


def test_each_touch_is_an_overlay_of_its_own(module: Path, recorder: ToyRecorder) -> None:
    edits: list[str] = []

    def look(name: str, workload: Any, limit: int | None) -> Outcome | None:
        for word in workload.argv:
            if word.startswith("-overlay="):
                (source, edited), *_ = json.loads(Path(word.partition("=")[2]).read_text())["Replace"].items()
                assert Path(source).is_relative_to(module.resolve())
                text = Path(edited).read_text()
                assert text.startswith(Path(source).read_text())
                edits.append(text)
        return None

    recorder.answers = look
    survey(module, recorder)
    assert len(edits) == len(set(edits)) == 2 * WANTED_RUNS


def test_every_run_has_a_private_cache_and_nothing_is_left_behind(
    module: Path, recorder: ToyRecorder
) -> None:
    survey(module, recorder)
    caches = [str(workload.env["GOCACHE"]) for _, workload, _ in recorder.calls]
    users_own = os.environ.get("GOCACHE", str(Path.home() / ".cache" / "go-build"))
    assert all(not cache.startswith(users_own + os.sep) for cache in caches)
    cold = [cache for (name, _, _), cache in zip(recorder.calls, caches, strict=True) if name == "build-cold"]
    assert max(Counter(cold).values()) == 1
    assert not any(Path(cache).exists() for cache in caches)
    assert all(workload.env["GOTOOLCHAIN"] == "local" for _, workload, _ in recorder.calls)


def test_gomod_mode_that_would_write_the_users_gomod_is_not_passed_on(
    module: Path, recorder: ToyRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=mod -trimpath")
    survey(module, recorder, budget_s=60.0)
    assert recorder.calls[0][1].env["GOFLAGS"] == "-trimpath"


def test_wrong_arguments_are_one_error_and_make_nothing(tmp_path: Path, recorder: ToyRecorder) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ModuleNotFound, match="does not exist"):
        survey(tmp_path / "nothing", recorder)
    with pytest.raises(ModuleNotFound, match="no Go module"):
        survey(tmp_path / "empty", recorder)
    with pytest.raises(UsageError, match="is a file"):
        survey(tmp_path / "file", recorder)
    with pytest.raises(UsageError, match="too short"):
        survey(tmp_path / "empty", recorder, budget_s=1.0)
    assert sorted(tmp_path.iterdir()) == before
    assert recorder.calls == []


def test_a_survey_survives_its_json(module: Path, recorder: ToyRecorder) -> None:
    found = survey(module, recorder)
    assert Survey.from_json(json.loads(json.dumps(found.as_json()))).as_json() == found.as_json()


def test_a_time_out_on_a_busy_machine_is_repeated_with_patience_and_told(
    module: Path, recorder: ToyRecorder
) -> None:
    seen: set[int] = set()

    def answer(name: str, workload: Any, limit: int | None) -> Outcome | None:
        if limit is None or limit in seen:
            return None
        seen.add(limit)
        return Outcome(143, 0, 19.0, 3.0, True, 0, limit, "toy", limit, 5, 2, 3)

    recorder.answers = answer
    found = survey(module, recorder)
    assert all(run.verdict == "pass" for one in found.least for run in one.runs)
    assert any("busy with something else" in text for text in found.warnings)


def test_thrashing_is_told_from_being_killed(module: Path, recorder: ToyRecorder) -> None:
    def answer(name: str, workload: Any, limit: int | None) -> Outcome | None:
        if limit is not None and limit < 240 * MIB:
            return Outcome(143, 0, 19.0, 3.0, True, 0, limit, "toy", limit, 50 * limit, 2, 90_000)
        return None

    recorder.answers = answer
    assert {one.fails_by for one in survey(module, recorder).least} == {"thrash"}


def test_without_a_module_both_references_are_surveyed_into_captures_of_their_own(
    recorder: ToyRecorder,
) -> None:
    outs: list[str] = []
    recorder.answers = lambda name, workload, limit: outs.append(name)
    found = survey(None, recorder, out=Path("out"))
    paths = [Path(run.capture).name for activity in found.activities for run in activity.runs]
    paths += [Path(run.capture).name for one in found.least for run in one.runs]
    assert len(paths) == len(set(paths))
    assert found.modules[0].path == "godyno.example/reference/cli"
    if len(found.modules) == 1:  # no module proxy: said, not silently left out
        assert any("service" in text for text in found.skipped)
        return
    service = [
        activity for activity in found.activities if activity.module == "godyno.example/reference/service"
    ]
    assert {activity.name: len(activity.runs) for activity in service}["build-cold"] == WANTED_RUNS
    assert "service-build-cold" in outs
    titles = Path("out", "survey.md").read_text()
    assert "Measured on godyno.example/reference/service" in titles


def test_one_search_does_not_take_the_whole_budget(module: Path, recorder: ToyRecorder) -> None:
    def slow_edge(name: str, workload: Any, limit: int | None) -> Outcome | None:
        if name.startswith("least"):
            recorder.clock_s += 40.0
        return enough_from(900 * MIB)(name, workload, limit)

    recorder.answers = slow_edge
    survey(module, recorder, budget_s=600.0)
    assert recorder.names().count("build-cross") >= 1
