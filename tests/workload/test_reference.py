"""The Go modules that godyno carries: they build and pass everywhere, since surveys and studies stand on them."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from godyno.errors import GoNotFound, ToolchainError
from godyno.studies.survey.subject import REFERENCE
from godyno.toolchain import Go, find_go, leaf_packages, packages, root_packages

ENV: dict[str, str | None] = {"GOWORK": "off", "GOFLAGS": "-mod=readonly"}


@pytest.fixture
def go() -> Go:
    try:
        return find_go()
    except GoNotFound as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", ["cli", "service"])
def test_the_language_version_is_pinned_low_enough_for_go_1_22(name: str) -> None:
    text = (REFERENCE / name / "go.mod").read_text()
    assert re.search(r"^go 1\.22$", text, re.M)
    assert "toolchain" not in text


def test_the_command_has_three_packages_fifty_tests_and_no_dependencies() -> None:
    files = list((REFERENCE / "cli").rglob("*_test.go"))
    assert sum(len(re.findall(r"^func Test\w+\(", file.read_text(), re.M)) for file in files) == 50
    assert len({file.parent for file in (REFERENCE / "cli").rglob("*.go")}) == 3
    assert "require" not in (REFERENCE / "cli" / "go.mod").read_text()


@pytest.mark.integration
def test_the_commands_fifty_tests_pass(go: Go, tmp_path: Path) -> None:
    place = shutil.copytree(REFERENCE / "cli", tmp_path / "cli")
    events = go.run_json("test", "-count=1", "-json", "./...", cwd=place, env=ENV)
    passed = {event["Test"] for event in events if event.get("Action") == "pass" and event.get("Test")}
    assert len(passed) == 50


@pytest.mark.integration
def test_leaf_and_root_of_the_command_are_its_parser_and_its_program(go: Go) -> None:
    own = packages(go, REFERENCE / "cli", env=ENV)
    assert [package.import_path.rpartition("/")[2] for package in leaf_packages(own)] == ["journal"]
    assert root_packages(own)[0].name == "main"


@pytest.mark.integration
def test_the_service_builds_and_its_tests_pass(go: Go, tmp_path: Path) -> None:
    place = shutil.copytree(REFERENCE / "service", tmp_path / "service")
    try:
        go.run("mod", "download", cwd=place, env=ENV, timeout_s=300)
    except ToolchainError as error:
        pytest.skip(f"its modules cannot be downloaded: {error}")
    before = {name: (place / name).read_bytes() for name in ("go.mod", "go.sum")}
    go.run("test", "-count=1", "./...", cwd=place, env=ENV)
    assert {name: (place / name).read_bytes() for name in before} == before


@pytest.mark.integration
def test_the_reference_modules_are_formatted(go: Go) -> None:
    gofmt = Path(go.goroot, "bin", "gofmt")
    if not os.access(gofmt, os.X_OK):
        pytest.skip("this Go comes without gofmt")
    import subprocess

    done = subprocess.run([str(gofmt), "-l", str(REFERENCE)], capture_output=True, text=True, check=True)
    assert done.stdout == ""


@pytest.mark.integration
def test_a_touched_leaf_rebuilds_all_that_need_it_and_a_touched_root_only_itself(
    go: Go, tmp_path: Path
) -> None:
    from godyno.studies.survey.subject import write_touch

    place = Path(shutil.copytree(REFERENCE / "cli", tmp_path / "cli"))
    env = {**ENV, "GOCACHE": str(tmp_path / "cache")}
    go.run("build", "./...", cwd=place, env=env)
    own = packages(go, place, env=env)

    def rebuilt(which: str, turn: int) -> set[str]:
        package = (leaf_packages if which == "leaf" else root_packages)(own)[0]
        overlay = write_touch(package, tmp_path, turn)
        assert set(json.loads(overlay.read_text())["Replace"]) < {str(file) for file in place.rglob("*.go")}
        done = go.try_run("build", "-v", f"-overlay={overlay}", "./...", cwd=place, env=env)
        assert done.returncode == 0, done.stderr
        return {line.rpartition("/")[2] for line in done.stderr.split()}

    assert rebuilt("root", 1) == {"cli"}
    assert rebuilt("leaf", 2) == {"journal", "report", "cli"}
    assert rebuilt("leaf", 3) == {"journal", "report", "cli"}
