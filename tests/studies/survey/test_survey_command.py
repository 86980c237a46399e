"""``godyno survey`` as its user runs it, with real recordings of the reference command."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from godyno.studies.survey.subject import REFERENCE

pytestmark = pytest.mark.integration


@pytest.fixture
def module(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REFERENCE / "cli", tmp_path / "module"))


def leftovers() -> set[str]:
    """Scratch directories of surveys beside the user's build cache."""
    from godyno.toolchain import find_go

    cache = Path(find_go().run("env", "GOCACHE").strip())
    return {path.name for path in cache.parent.glob("godyno-survey-*")}


def test_a_short_survey_ends_in_time_with_captures_and_three_reports(
    godyno: Any, module: Path, tmp_path: Path
) -> None:
    before, began = leftovers(), time.monotonic()
    ran = godyno("survey", str(module), "--budget", "15s", "-o", "out", timeout=180)
    took_s = time.monotonic() - began
    assert ran.code == 0, ran.err.decode()
    found = json.loads((tmp_path / "out" / "survey.json").read_text())
    assert found["spent_s"] < 15 + 15  # the rest is for a machine that runs other tests, too
    assert took_s < 60
    cold = next(one for one in found["activities"] if one["name"] == "build-cold")
    if cold["runs"]:  # where 15 s are enough for a cold build
        assert cold["runs"][0]["peak_bytes"] > 50e6
        assert (tmp_path / "out" / "build-cold-1.dyno" / "manifest.json").exists()
    page = (tmp_path / "out" / "survey.html").read_text()
    assert "<script" in page and "Survey of" in page
    assert all(len(line) <= 80 for line in ran.out.decode().splitlines() if not line.startswith("Report: "))
    assert leftovers() <= before


def test_json_is_the_only_thing_on_stdout(godyno: Any, module: Path) -> None:
    ran = godyno("survey", str(module), "--budget", "5s", "--json", "-q", timeout=120)
    assert ran.code == 0, ran.err.decode()
    assert ran.json["modules"][0]["path"] == "godyno.example/reference/cli"
    assert ran.json["machine"]["memory"]["total_bytes"] > 0
    assert ran.err == b""


def test_a_module_that_does_not_build_ends_with_the_compilers_words(godyno: Any, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "go.mod").write_text("module example.com/broken\n\ngo 1.22\n")
    (broken / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    ran = godyno("survey", str(broken), "--budget", "90s", "-q", "-o", "out", timeout=180)
    assert ran.code == 4
    assert b"undefined: undefined" in ran.err and b"Traceback" not in ran.err
    assert json.loads((tmp_path / "out" / "survey.json").read_text())["ended"] == "problem"


@pytest.mark.parametrize(
    ("argument", "code", "words"),
    [("nothing", 4, b"does not exist"), ("empty", 4, b"no Go module"), ("file", 64, b"is a file")],
)
def test_a_wrong_argument_is_one_error_and_leaves_nothing(
    godyno: Any, tmp_path: Path, argument: str, code: int, words: bytes
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    ran = godyno("survey", argument)
    assert (ran.code, ran.out) == (code, b"")
    assert words in ran.err and b"Traceback" not in ran.err
    assert not list(tmp_path.glob("survey-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_by_a_signal_it_keeps_what_was_measured_and_leaves_no_process(
    module: Path, tmp_path: Path, number: signal.Signals
) -> None:
    before = leftovers()
    command = [sys.executable, "-m", "godyno", "survey", str(module), "--budget", "5m", "-o", "out"]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "out" / "build-cold-1.dyno" / "manifest.json").exists():
            assert time.monotonic() < deadline, "no recording began"
            time.sleep(0.1)
        time.sleep(1.0)
        running.send_signal(number)  # to it alone, as a supervisor does
        out, err = running.communicate(timeout=90)
    finally:
        running.kill()
    assert running.returncode == 130, err.decode()
    assert b"interrupted" in out
    assert json.loads((tmp_path / "out" / "survey.json").read_text())["ended"] == "interrupted"
    assert leftovers() <= before
    assert not processes_in(module)


def processes_in(directory: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(directory):
                found.append(int(process.name))
        except OSError:
            continue
    return found
