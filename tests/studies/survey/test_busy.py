from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from godyno.studies.survey import busy
from godyno.studies.survey.busy import Others, busy_s


def test_idle_and_waiting_time_are_not_busy(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 20 30 99999 88888 4 5 6 100 0\ncpu0 1 2 3\n")
    assert busy_s(stat) == pytest.approx(165 / os.sysconf("SC_CLK_TCK"))


@pytest.mark.parametrize("text", ["", "cpu 1 2", "cpu a b c d e f g h", "nothing"])
def test_a_kernel_that_does_not_say_is_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "stat").write_text(text)
    assert busy_s(tmp_path / "stat") is None
    assert busy_s(tmp_path / "missing") is None


def test_what_the_run_used_itself_is_not_counted_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, used, own = iter([10.0, 20.0]), iter([100.0, 115.0]), iter([1.0, 13.0])
    monkeypatch.setattr(busy, "busy_s", lambda: next(used))
    monkeypatch.setattr(busy, "own_cpu_s", lambda: next(own))
    monkeypatch.setattr(busy.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(busy.os, "cpu_count", lambda: 2)
    others = Others()
    assert others.ratio is None
    others.begin()
    others.end()
    assert others.ratio == pytest.approx(3.0 / 20.0)


def test_a_childs_cpu_time_is_ones_own_once_it_was_waited_for() -> None:
    before = busy.own_cpu_s()
    subprocess.run([sys.executable, "-c", "sum(range(2_000_000))"], check=True)
    assert busy.own_cpu_s() - before > 0.01
