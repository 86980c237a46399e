"""A study from its name to its report."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from godyno import registry
from godyno.errors import NotAvailableHere, ToolchainError, UsageError
from godyno.model import Availability, Finding, Machine, Trial
from godyno.studies import studying
from godyno.studies.schedule import Slot
from godyno.studies.session import Session
from godyno.studies.stand import Stand
from godyno.studies.study import CONFIRMED, BaseStudy, figure, passed
from godyno.studies.studying import expect_study, list_studies, run_study
from godyno.testing.contracts import check_study


class Stranger(BaseStudy):
    """A study that somebody else wrote."""

    name = "stranger"
    summary = "Is b larger than a?"
    factors: ClassVar = {"letter": ("a", "b")}
    takes_s = 20.0
    blocks = 3
    sure = "it is arithmetic."
    cannot_say: ClassVar = ("anything of c.",)
    done: ClassVar[list[str]] = []
    raises: ClassVar[dict[int, BaseException]] = {}
    slow: ClassVar[Callable[[int], float] | None] = None

    def __init__(self, *, levels: Any = None, quick: bool = False, offset: str = "0") -> None:
        super().__init__(levels=levels, quick=quick)
        self.offset = float(offset)

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        def trial(slot: Slot) -> Trial:
            if error := self.raises.pop(slot.index, None):
                raise error
            if self.slow and slot.index == 1:
                self.slow(slot.index)
            self.done.append(slot.levels["letter"])
            value = ord(slot.levels["letter"]) + self.offset
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, measures={"code": value}, verdict="pass"
            )

        yield trial

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        found = figure(passed(trials, letter="b"), "code", "")
        if found is None:
            return ()
        rows = [["b", found.value]]
        marks = [["b", found.value, 90.0, 110.0]]
        return (
            self.finding("code", "b is large", found, data={"columns": [["letter", "text"], ["code", ""]], "rows": rows,
                                                            "bars": {"unit": "", "marks": marks}}),
            self.claim("b comes after a", CONFIRMED, "98 > 97"),
        )  # fmt: skip


@pytest.fixture(autouse=True)
def stranger(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    Stranger.done.clear()
    Stranger.raises.clear()
    monkeypatch.setattr("godyno.studies.budget.versions.user_cache", lambda: tmp_path_factory.mktemp("cache"))
    monkeypatch.setitem(registry.BUILT_IN["studies"], "stranger", f"{__name__}:Stranger")


def test_a_strangers_study_keeps_the_contract() -> None:
    check_study(Stranger)


def test_a_study_runs_to_a_report_in_every_format(tmp_path: Path) -> None:
    result = run_study("stranger", out=tmp_path / "out")
    assert result.ended == "complete"
    assert len(result.trials) == 6
    assert sorted(Stranger.done) == ["a"] * 3 + ["b"] * 3
    written = json.loads((tmp_path / "out" / "study.json").read_text())
    assert written["findings"][0]["estimate"]["value"] == 98
    markdown, page = ((tmp_path / "out" / f"study.{kind}").read_text() for kind in ("md", "html"))
    for text in (markdown, page):
        for part in ("b is large", "b comes after a", "Confirmed here", "anything of c"):
            assert part in text
    assert "<svg" in page
    assert "━" in markdown


def test_one_report_can_be_asked_for_by_its_name(tmp_path: Path) -> None:
    run_study("stranger", out=tmp_path / "report.md")
    assert (tmp_path / "report.md").read_text() == (tmp_path / "report.study" / "study.md").read_text()


def test_options_reach_the_constructor_and_unknown_ones_are_told(tmp_path: Path) -> None:
    result = run_study("stranger", out=tmp_path / "a", options={"offset": "1"})
    assert result.trials[0].measures["code"] in (98, 99)
    with pytest.raises(UsageError, match="colour"):
        run_study("stranger", out=tmp_path / "b", options={"colour": "red"})


def test_an_interrupted_study_concludes_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    Stranger.raises[3] = KeyboardInterrupt()
    first = run_study("stranger", out=tmp_path / "out")
    assert (first.ended, len(first.trials)) == ("interrupted", 3)
    assert any(one.kind == "code" for one in first.findings)
    Stranger.done.clear()
    second = run_study("stranger", out=tmp_path / "out")
    assert (second.ended, len(second.trials), len(Stranger.done)) == ("complete", 6, 3)


def test_a_trial_that_fails_is_kept_with_its_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    Stranger.raises[0] = ToolchainError("no such thing")
    result = run_study("stranger", out=tmp_path / "out")
    assert [trial.verdict for trial in result.trials].count("failed") == 1
    assert "no such thing" in (tmp_path / "out" / "study.md").read_text()


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(UsageError, match="holds no study"):
        run_study("stranger", out=tmp_path)


def test_a_module_is_refused_by_a_study_about_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="about no module"):
        run_study("stranger", "somewhere", out=tmp_path / "out")


def test_a_study_that_cannot_be_run_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Stranger, "availability", lambda self, machine: Availability(False, "there is no b", "buy one")
    )
    with pytest.raises(NotAvailableHere, match="there is no b") as caught:
        run_study("stranger", out=tmp_path / "out")
    assert caught.value.hint == "buy one"
    listed = next(one for one in list_studies(Machine()) if one.name == "stranger")
    assert not listed.available


def test_a_budget_ends_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "_left_s", lambda self: -1.0)
    result = run_study("stranger", out=tmp_path / "out")
    assert (result.ended, result.trials) == ("budget", ())


def test_preparing_counts_and_is_cut_off_with_what_it_was_doing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def slow(self: Stranger, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        stand.say("counting the letters")
        time.sleep(30.0)
        yield lambda slot: pytest.fail("it was not cut off")

    monkeypatch.setattr(Stranger, "open", slow)
    result = run_study("stranger", out=tmp_path / "out", budget_s=0.5)
    assert (result.ended, result.trials) == ("budget", ())
    assert "while it was counting the letters" in result.warnings[0]
    assert "--budget" in result.warnings[0]


def test_a_trial_that_outlives_the_budget_is_cut_off_and_the_missing_arms_are_told(tmp_path: Path) -> None:
    def sleep(number: int) -> float:
        time.sleep(30.0)
        return 0.0

    Stranger.slow = staticmethod(sleep)
    try:
        result = run_study("stranger", out=tmp_path / "out", budget_s=0.5)
    finally:
        Stranger.slow = None
    assert (result.ended, len(result.trials)) == ("budget", 1)
    assert "1 of 2 are missing" in result.warnings[0]


def test_what_a_study_takes_is_known_after_it_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr("godyno.studies.budget.versions.user_cache", lambda: cache)
    assert expect_study("stranger") is None
    run_study("stranger", out=tmp_path / "out")
    times = expect_study("stranger")
    assert times is not None
    assert set(times.runs) == {"letter=a", "letter=b"}
    kept = next((cache / "studies").iterdir())
    for spoilt in ("[]", "{", '{"prepare_s": NaN, "runs": {}}', '{"prepare_s": 1, "runs": {"letter=a": -3}}'):
        kept.write_text(spoilt)
        assert expect_study("stranger") is None


def test_every_built_in_study_can_be_planned_and_says_how_sure_it_is() -> None:
    for name in registry.built_in("studies"):
        kind = registry.load("studies", name)
        assert kind.takes_s <= 300, name
        assert studying.plan_study(name, quick=True).slots(), name
        if issubclass(kind, BaseStudy):
            assert kind.sure, name
            assert kind.cannot_say, name
            assert kind.quick_s <= 60, name


def test_a_shield_is_held_around_the_trials_and_only_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from godyno.studies.noise import shielded as module
    from godyno.studies.shield import Measure

    held, waited = [], []

    @contextmanager
    def hold() -> Iterator[None]:
        held.append(len(Stranger.done))
        yield
        held.append(len(Stranger.done))

    def wait() -> bool:
        waited.append(1)
        return True

    monkeypatch.setattr("godyno.studies.shield.MEASURES", (Measure("calm", "", hold=hold, before_run=wait),))
    monkeypatch.setattr(module, "MEASURES", ())
    run_study("stranger", out=tmp_path / "plain")
    assert not held
    monkeypatch.setattr(module, "look", lambda *_, **__: type("Tried", (), {"tried": ()})())
    run_study("stranger", out=tmp_path / "shielded", shield=("calm",))
    assert held == [6, 12] and len(waited) == 6
