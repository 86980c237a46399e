"""``godyno why``: what it takes, and an answer of a real recording."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from godyno.cli.record import command as record_command
from godyno.cli.why import _try
from godyno.cli.why import command as why_command
from godyno.diagnose.why import why
from godyno.errors import UsageError
from godyno.model import Workload
from godyno.redact import REDACTED
from godyno.studies import remedies
from godyno.testing.captures import SECOND, T0, write_capture
from godyno.toolchain.find import find_go


@pytest.mark.parametrize("arguments", [[], ["a.dyno", "--", "true"]])
def test_it_wants_either_a_capture_or_a_command(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="a capture, or a command"):
        CliRunner().invoke(why_command, arguments, catch_exceptions=False)


def test_a_place_for_the_capture_needs_a_command(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--out"):
        CliRunner().invoke(why_command, ["a.dyno", "-o", str(tmp_path / "b.dyno")], catch_exceptions=False)


def test_a_time_after_which_to_end_needs_a_command() -> None:
    with pytest.raises(UsageError, match="--timeout"):
        CliRunner().invoke(why_command, ["a.dyno", "--timeout", "3s"], catch_exceptions=False)


@pytest.mark.parametrize("start", [why_command, record_command])
def test_no_time_at_all_is_refused(start: click.Command) -> None:
    with pytest.raises(UsageError, match="--timeout 0s leaves the command no time"):
        CliRunner().invoke(start, ["--timeout", "0s", "--", "true"], catch_exceptions=False)


def test_what_cannot_be_instrumented_is_refused_with_what_can() -> None:
    with pytest.raises(UsageError, match="nothing to add to `go vet`") as refused:
        CliRunner().invoke(why_command, ["--instrument", "--", "go", "vet"], catch_exceptions=False)
    assert "go build, install, run, test" in refused.value.hint
    with pytest.raises(UsageError, match="--instrument is for a command"):
        CliRunner().invoke(why_command, ["a.dyno", "--instrument"], catch_exceptions=False)


@pytest.mark.integration
def test_a_command_that_never_ends_is_ended_in_time_and_answered(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "godyno", "why", "--timeout", "1s", "-o", str(tmp_path / "x.dyno"), "--", "sleep", "100"],
        capture_output=True, text=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert "was ended by SIGTERM after 1" in done.stdout and "when its --timeout was over" in done.stdout, (
        done.stderr
    )
    assert done.returncode == -15


def test_a_command_of_which_a_secret_was_left_out_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = ("service", "--token", REDACTED)
    place = write_capture(
        tmp_path / "x.dyno",
        lambda writer: writer.span(T0, T0 + SECOND, "process", "7", "service", 7, 7, {}),
        workload=Workload(argv),
    )
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(remedies, "remedies", lambda found, machine: [remedies.Remedy("GOGC=400", "gc", {})])
    monkeypatch.setattr(remedies, "try_remedies", lambda workload, chosen: ran.append(workload.argv) or [])
    with pytest.raises(UsageError, match="secret"):
        CliRunner().invoke(why_command, [str(place), "--try"], catch_exceptions=False)
    assert not ran
    _try(place, why(place), True, ("service", "--token", "right"))
    assert ran == [("service", "--token", "right")]


@pytest.mark.integration
def test_a_command_is_recorded_and_answered_with_its_own_exit_code(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "godyno", "why", "--json", "-o", str(tmp_path / "x.dyno"), "--", "sh", "-c", "sleep 0.3; exit 3"],
        capture_output=True, text=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert sum(state["seconds"] for state in told["states"]) == pytest.approx(told["wall_s"], rel=0.02)
    assert told["missing"] == []  # no Go program is in it, so no goroutine is missing
    assert (told["ended"]["exit_code"], told["ended"]["signal"]) == (3, 0)
    again = CliRunner().invoke(why_command, [str(tmp_path / "x.dyno")], catch_exceptions=False)
    assert again.exit_code == 0
    assert again.output.startswith("The command failed: exit code 3 after ")


@pytest.mark.integration
def test_a_command_that_a_signal_ended_is_answered_and_godyno_ends_by_that_signal(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "godyno", "why", "-o", str(tmp_path / "x.dyno"), "--", "sh", "-c", "sleep 0.1; kill -TERM $$"],
        capture_output=True, text=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == -15, done.stderr
    assert done.stdout.startswith("The command was ended by SIGTERM after ")


@pytest.mark.integration
def test_a_build_is_recorded_with_what_its_caches_keys_are_made_of(tmp_path: Path) -> None:
    """So that the second one names the file that was edited."""
    import os
    import subprocess

    module = tmp_path / "leaf"
    module.mkdir()
    (module / "go.mod").write_text("module example.com/leaf\n\ngo 1.21\n")
    own = {
        "GOCACHE": str(tmp_path / "cache"),
        "GODYNO_STATE": str(tmp_path / "state"),
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "",
    }
    for number in (1, 2):
        (module / "leaf.go").write_text(f"package leaf\n\nfunc F() int {{ return {number} }}\n")
        done = subprocess.run(
            [sys.executable, "-m", "godyno", "why", "--json", "-o", str(tmp_path / f"{number}.dyno"), "--", find_go().path, "build", "."],
            capture_output=True, text=True, timeout=120, cwd=module, env={**os.environ, **own},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    claims = [cause["claim"] for cause in json.loads(done.stdout)["causes"] if cause["kind"] == "cache-miss"]
    assert claims and "leaf.go of example.com/leaf changed" in claims[0]
