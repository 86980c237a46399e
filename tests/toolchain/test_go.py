import stat
from pathlib import Path

import pytest

from godyno.errors import ToolchainError
from godyno.toolchain import Go


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("go1.27.3", (1, 27, 3)),
        ("go1.22", (1, 22, 0)),
        ("go1.23rc1", (1, 23, 0)),
        ("devel go1.28-0a1b2c3 Mon Jan 5", (1, 28, 0)),
        ("gccgo", (0, 0, 0)),
    ],
)
def test_a_release_can_be_compared_whatever_the_version_looks_like(
    version: str, release: tuple[int, int, int]
) -> None:
    assert Go("/x", "/", version).release == release


def test_a_failing_go_is_told_with_its_last_lines(tmp_path: Path) -> None:
    path = script(tmp_path / "go", "i=0; while [ $i -lt 50 ]; do echo line $i >&2; i=$((i+1)); done; exit 3")
    with pytest.raises(ToolchainError, match=r"`?go build exits with 3: line 42\n(.*\n)*line 49$"):
        Go(str(path), "/", "go1.27").run("build")


def test_a_module_that_needs_a_newer_go_gets_a_hint(tmp_path: Path) -> None:
    said = "go: go.mod requires go >= 1.99 (running go 1.27; GOTOOLCHAIN=local)"
    path = script(tmp_path / "go", f"echo '{said}' >&2; exit 1")
    with pytest.raises(ToolchainError, match=r"requires go >= 1.99") as caught:
        Go(str(path), "/", "go1.27").run("list")
    assert "newer Go" in caught.value.hint


def test_a_go_that_hangs_is_given_up(tmp_path: Path) -> None:
    path = script(tmp_path / "go", "exec sleep 20")
    with pytest.raises(ToolchainError, match=r"did not end within 0\.2 s"):
        Go(str(path), "/", "go1.27").run("list", timeout_s=0.2)


def test_a_go_that_is_gone_is_a_toolchain_error(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="cannot run: No such file"):
        Go(str(tmp_path / "none"), "/", "go1.27").run("list")


def test_json_values_one_after_another_are_all_read_and_other_text_is_refused(tmp_path: Path) -> None:
    path = script(tmp_path / "go", 'if [ "$1" = a ]; then echo \'{"x":1}  {"x":2}\'; else echo oops; fi')
    go = Go(str(path), "/", "go1.27")
    assert go.run_json("a") == [{"x": 1}, {"x": 2}]
    with pytest.raises(ToolchainError, match="printed no JSON: 'oops"):
        go.run_json("b")


def test_a_question_is_asked_without_goroot_and_without_a_toolchain_switch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOROOT", "/another")
    monkeypatch.setenv("GOTOOLCHAIN", "auto")
    path = script(tmp_path / "go", 'echo "${GOROOT-none} $GOTOOLCHAIN"')
    assert Go(str(path), "/", "go1.27").run("x") == "none local\n"
