"""A godyno that was killed together with its guardian: the next one finds what it left."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from godyno import cli, state
from godyno.machine import knobs
from godyno.machine.knobs import JOURNAL, Knobs


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A setting that a killed godyno left changed, with its journal in a state directory of this test's own."""
    place = tmp_path / "state"
    for module in (state, knobs):
        monkeypatch.setattr(module, "state_directory", lambda: str(place))
    file = tmp_path / "setting"
    file.write_text("as it was\n")
    killed = Knobs(state=place)
    killed.set(str(file), "changed")
    kept = (place / JOURNAL).read_bytes()
    killed.restore()
    file.write_text("changed")
    (place / JOURNAL).write_bytes(kept)
    return file


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return int(ended.value.code or 0)


def test_any_command_puts_back_what_was_left_and_says_so(
    setting: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["godyno", "--version"])
    assert _run("--version") == 0
    assert setting.read_text() == "as it was\n"
    assert "changed by a godyno that was killed: restored" in capsys.readouterr().err


def test_restore_tells_of_each_setting(
    setting: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["godyno", "restore"])
    assert _run("restore", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"path": str(setting).lstrip("/"), "problem": ""}]
    assert setting.read_text() == "as it was\n"


def test_while_its_maker_lives_nothing_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "state"
    for module in (state, knobs):
        monkeypatch.setattr(module, "state_directory", lambda: str(place))
    file = tmp_path / "setting"
    file.write_text("as it was\n")
    with Knobs(state=place) as living:
        living.set(str(file), "changed")
        monkeypatch.setattr("sys.argv", ["godyno", "restore"])
        assert _run("restore") == 3
        assert file.read_text() == "changed"
    assert "still runs" in capsys.readouterr().err and file.read_text() == "as it was\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root's changes are the machine's")
def test_a_user_keeps_the_journal_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/home/user/state")
    assert state.state_directory() == "/home/user/state/godyno"
