"""A study's report."""

from __future__ import annotations

from dataclasses import replace

from godyno.model import Machine, Trial
from godyno.report.markdown import markdown
from godyno.studies.document import document
from godyno.studies.result import StudyResult


def _result(**reasons: str) -> StudyResult:
    trials = tuple(
        Trial(
            "s",
            index,
            0,
            {"target": name.partition("_")[0], "build": name.partition("_")[2]},
            verdict="unavailable",
            warnings=(reason,),
        )
        for index, (name, reason) in enumerate(reasons.items())
    )
    return StudyResult(
        "s", "What?", "now", "1", "go1.27", "", Machine(), "", 0, False, 1.0, "complete", "", (), trials
    )


def test_arms_that_fail_for_one_reason_are_told_together() -> None:
    text = markdown(document(_result(a_x="no", a_y="no", b_x="no", b_y="no", b_z="never")))
    assert "target=a, b build=x, y" in text
    assert "target=b build=z" in text


def test_no_combination_is_told_that_was_not_among_them() -> None:
    text = markdown(document(_result(a_x="no", b_y="no")))
    assert "target=a build=x; target=b build=y" in text


def test_warnings_stand_above_what_was_found() -> None:
    text = markdown(document(replace(_result(a_x="no"), warnings=("the budget ended",))))
    assert text.index("the budget ended") < text.index("What was found")
