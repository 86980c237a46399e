"""What nobody foresaw is a sentence for the user, not forty lines of a traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from godyno import cli
from godyno.cli.why import command
from godyno.diagnose.why import answer
from godyno.errors import UsageError


def _end(monkeypatch: pytest.MonkeyPatch, error: Exception) -> int:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(cli._Lazy, "get_command", lambda self, ctx, name: broken)
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench"])
    return int(str(ended.value.code))


def test_a_bug_is_called_one_with_its_place_and_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("GODYNO_DEBUG", raising=False)
    monkeypatch.setattr(cli._Lazy, "get_command", lambda self, ctx, name: command)
    monkeypatch.setattr("godyno.diagnose.why.why", lambda *_, **__: answer(None))
    with pytest.raises(SystemExit) as ended:
        cli.main(["why", str(tmp_path)])
    told = capsys.readouterr().err.splitlines()
    assert ended.value.code == 70 and len(told) == 2
    assert told[0].startswith("godyno: this is a bug of godyno: ") and " in diagnose/" in told[0]
    assert told[1] == "  GODYNO_DEBUG=1 shows where it comes from."


def test_notes_such_as_where_the_capture_is_kept_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GODYNO_DEBUG", raising=False)
    for error, code in ((KeyError("a\x1b[31m"), 70), (UsageError("No", hint="Do."), 64)):
        error.add_note("The capture is kept at x.dyno.")
        assert _end(monkeypatch, error) == code
        told = capsys.readouterr().err
        assert "\n  The capture is kept at x.dyno.\n" in told and "\x1b" not in told


def test_a_full_disk_is_no_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("GODYNO_DEBUG", raising=False)
    assert _end(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "x.html")) == 70
    told = capsys.readouterr().err
    assert "No space left on device" in told and "bug" not in told


@pytest.mark.parametrize("args", [["--help"], ["list", "--json"], ["completion", "bash"]])
def test_output_that_cannot_be_written_is_told_as_that(args: list[str], tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123  a device
        done = subprocess.run(
            [sys.executable, "-m", "godyno", *args],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
    assert done.stderr == "godyno: The output could not be written: No space left on device\n"
    assert done.returncode == 74


@pytest.mark.parametrize("args", [["--help"], ["why", "--help"], ["completion", "bash"]])
def test_a_reader_that_went_away_is_told_as_that(args: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-m", "godyno", *args], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert done.returncode == 141 and done.stderr == b""


def test_who_wants_the_traceback_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GODYNO_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        _end(monkeypatch, ZeroDivisionError())
