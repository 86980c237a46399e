"""Who waits is told for what, and only then."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from godyno.working import sized, working


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _told(monkeypatch: pytest.MonkeyPatch, out: io.StringIO, lasts_s: float, wanted: bool = True) -> str:
    monkeypatch.setattr("sys.stderr", out)
    with working("seals x.dyno", wanted, quiet_s=0.05):
        deadline = time.monotonic() + lasts_s
        while time.monotonic() < deadline and not (lasts_s > 1 and out.getvalue()):
            time.sleep(0.01)
    return out.getvalue()


def test_what_is_done_at_once_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told(monkeypatch, Terminal(), 0.0) == ""


def test_elsewhere_than_on_a_terminal_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told(monkeypatch, io.StringIO(), 10.0) == "godyno: seals x.dyno …\n"


def test_a_terminals_line_is_taken_away_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _told(monkeypatch, Terminal(), 10.0)
    assert (
        told.startswith("\r\x1b[Kgodyno: seals x.dyno … 0 s")
        and told.endswith("\r\x1b[K")
        and "\n" not in told
    )


def test_who_wants_no_words_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told(monkeypatch, io.StringIO(), 0.3, wanted=False) == ""


def test_the_size_of_a_large_capture_is_told(tmp_path: Path) -> None:
    (tmp_path / "spans.parquet").touch()
    assert sized(tmp_path) == str(tmp_path)
    with (tmp_path / "spans.parquet").open("wb") as file:
        file.truncate(1_300_000_000)
    assert sized(tmp_path) == f"{tmp_path} (1.30 GB)"
    assert sized(tmp_path / "nothing.dyno") == str(tmp_path / "nothing.dyno")
