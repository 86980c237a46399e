"""A real gopls, built with the toolchain that is here (a minute at the first run, kept in the user's cache after)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from godyno.errors import FormatError, GoNotFound, NotAvailableHere, ToolchainError
from godyno.studies.survey.subject import REFERENCE
from godyno.toolchain import Go, find_go
from godyno.workload import gopls as gopls_module
from godyno.workload.editor import main, read_session
from godyno.workload.gopls import Gopls, cached_gopls, find_or_build_gopls

GO = Go("/usr/bin/go", "/usr/lib/go", "go1.22.10")


class ToyGo(Go):
    """Answers as ``go list`` would."""

    def run(self, *args: str, **kwargs: Any) -> str:
        if args[:3] == ("list", "-m", "-versions"):
            return f"{gopls_module.MODULE} v0.9.0 v0.20.0 v0.21.0-pre.1 v0.16.2 v0.10.0"
        if args[:2] == ("list", "-m"):
            return {"v0.20.0": "1.24.2", "v0.16.2": "1.21", "v0.10.0": "1.18"}[args[-1].partition("@")[2]]
        assert args[0] == "install"
        Path(kwargs["env"]["GOBIN"], "gopls").write_text(args[1])
        return ""


def test_the_newest_release_that_this_toolchain_can_build_is_built_and_kept(tmp_path: Path) -> None:
    go = ToyGo("/usr/bin/go", "/usr/lib/go", "go1.22.10")
    built = find_or_build_gopls(go, tmp_path)
    assert (built.version, built.source) == ("v0.16.2", "built")
    assert Path(built.path).read_text().endswith("gopls@v0.16.2")
    Path(built.path).chmod(0o755)
    assert find_or_build_gopls(go, tmp_path) == Gopls(built.path, "v0.16.2", "cache")
    assert [path.name for path in tmp_path.iterdir()] == ["gopls@v0.16.2-go1.22.10"]


def test_a_gopls_of_another_toolchain_is_not_taken(tmp_path: Path) -> None:
    other = tmp_path / "gopls@v0.20.0-go1.27.3"
    other.mkdir()
    (other / "gopls").touch(mode=0o755)
    assert cached_gopls(GO, tmp_path) is None


def test_without_a_proxy_the_users_own_gopls_serves_or_the_reason_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Offline(Go):
        def run(self, *args: str, **kwargs: Any) -> str:
            raise ToolchainError("dial tcp: no such host")

    go = Offline("/usr/bin/go", "/usr/lib/go", "go1.22.10")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotAvailableHere, match="no such host") as raised:
        find_or_build_gopls(go, tmp_path / "tools")
    assert "go install" in raised.value.hint
    (tmp_path / "gopls").touch(mode=0o755)
    assert find_or_build_gopls(go, tmp_path / "tools").source == "PATH"


def test_a_session_that_failed_leaves_its_reason(tmp_path: Path) -> None:
    out = tmp_path / "session.json"
    code = main(
        [
            "--gopls",
            str(tmp_path / "none"),
            "--root",
            str(tmp_path),
            "--file",
            str(tmp_path / "x.go"),
            "--out",
            str(out),
        ]
    )
    assert code == 1
    with pytest.raises(FormatError, match="cannot be started"):
        read_session(out)
    with pytest.raises(FormatError, match="no usable result"):
        read_session(tmp_path / "missing.json")


@pytest.mark.integration
def test_a_real_session_answers_everything_that_an_editor_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        go = find_go()
        server = find_or_build_gopls(go)
    except (GoNotFound, NotAvailableHere) as error:
        pytest.skip(str(error))
    root = Path(shutil.copytree(REFERENCE / "cli", tmp_path / "cli"))
    before = {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(go.path).parent), os.environ["PATH"])))
    monkeypatch.setenv("GOPLSCACHE", str(tmp_path / "gopls"))
    out = tmp_path / "session.json"
    # A process of its own, as a survey runs it: what it reports of its memory is not pytest's.
    options = [
        "--gopls",
        server.path,
        "--root",
        str(root),
        "--file",
        str(root / "main.go"),
        "--out",
        str(out),
        "--repeat",
        "2",
    ]
    code = subprocess.run([sys.executable, "-m", "godyno.workload.editor", *options]).returncode
    assert code == 0
    session = read_session(out)
    assert session.server.startswith("gopls")
    assert session.clean_shutdown and session.problems == ()
    steps = {step.name: step for step in session.steps}
    assert set(steps) >= {
        "symbols",
        "hover",
        "completion",
        "definition",
        "references",
        "rename prepare",
        "typed error shown",
    }
    assert all(not step.problem and step.results > 0 and min(step.seconds) > 0 for step in session.steps)
    assert session.ready_s > 0
    if sys.platform == "linux":
        assert 20e6 < session.settled_anon_bytes <= session.settled_rss_bytes
        assert session.driver_rss_bytes < 60e6
    assert {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert json.loads(out.read_text())["file"].endswith("main.go")
