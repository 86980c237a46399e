"""``godyno studies`` and ``godyno study``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from godyno.cli import group
from godyno.errors import UsageError


def _run(*args: str) -> str:
    result = CliRunner().invoke(group, list(args), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_list_says_what_each_study_answers_and_how_long_it_takes() -> None:
    text = _run("studies")
    for part in ("strip", "cgo", "scheduler", "bottleneck", "scenarios", "[MODULE]"):
        assert part in text
    assert all(len(line) <= 80 for line in text.splitlines())
    listed = json.loads(_run("studies", "--json"))
    assert {"name", "summary", "takes_s", "factors", "available"} <= set(listed[0])


def test_a_studys_help_lists_its_factors_and_settings() -> None:
    text = _run("study", "strip", "--help")
    assert "--target LEVELS" in text
    assert "--budget-size VALUE" in text


def test_a_dry_run_prints_the_plan_and_runs_nothing() -> None:
    text = _run("study", "strip", "--dry-run", "--build", "plain,s+w", "--target=native")
    assert "2 arms" in text
    plan = json.loads(_run("study", "cgo", "--dry-run", "--json", "--go", "1.21"))
    assert plan["factors"][0]["levels"][0]["name"] == "1.21"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("study", "nothing"), "There is no study called 'nothing'"),
        (("study", "strip", "--colour", "red"), "no factor or setting 'colour'"),
        (("study", "strip", "--build"), "needs a value"),
        (("study", "strip", "--build", "tiny", "--dry-run"), "cannot be tiny"),
        (("study", "strip", "--target", "linux", "--dry-run"), "'linux' is no target"),
        (("study", "strip", "one", "two"), "what to do with 'two'"),
        (("study", "strip", "--dry-run", "--budget-size", "much"), "is not a size"),
    ],
)
def test_wrong_arguments_are_told(args: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        CliRunner().invoke(group, list(args), catch_exceptions=False, standalone_mode=False)
