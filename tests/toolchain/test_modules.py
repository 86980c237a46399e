import os
from pathlib import Path

import pytest

from godyno.errors import ModuleNotFound, UsageError
from godyno.toolchain import (
    Go,
    Package,
    dependents,
    download_module,
    leaf_packages,
    module_info,
    packages,
    root_packages,
)


def package(path: str, *imports: str, name: str = "p", own: bool = True) -> Package:
    return Package(path, name=name, own=own, imports=imports, files=("x.go",))


GRAPH = (
    package("m/b", "fmt"),
    package("m/lonely"),
    package("m/c", "m/b"),
    package("m/a", "m/b", "m/c", "other"),
    package("other", own=False),
    package("m", "m/a", name="main"),
)


def test_the_leaf_that_most_depend_on_comes_first() -> None:
    assert [leaf.import_path for leaf in leaf_packages(GRAPH)] == ["m/b", "m/lonely"]


def test_commands_come_first_among_the_roots() -> None:
    assert [root.import_path for root in root_packages(GRAPH)] == ["m", "m/lonely"]


def test_dependents_are_counted_through_others() -> None:
    assert dependents(GRAPH) == {"m/b": 3, "m/c": 2, "m/a": 1, "m": 0, "m/lonely": 0, "other": 2}


def test_what_is_not_a_module_at_a_version_is_refused_before_go_is_asked(tmp_path: Path) -> None:
    go = Go("/nonexistent", "/", "go1.27")
    for wrong in ("example.com/x", "-x@v1", "a b@v1", "x@"):
        with pytest.raises(UsageError, match="names no module at a version"):
            download_module(go, wrong, tmp_path / "new")


def test_a_directory_with_files_in_it_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(UsageError, match="is not an empty directory"):
        download_module(Go("/nonexistent", "/", "go1.27"), "example.com/x@v1.0.0", tmp_path)


@pytest.mark.integration
def test_a_real_module_is_listed_dependencies_first(go: Go, module: Path) -> None:
    info = module_info(go, module / "a")
    assert (info.path, info.go_version, info.directory) == ("example.com/m", "1.21", str(module))
    found = packages(go, module)
    paths = [each.import_path.removeprefix("example.com/m").lstrip("/") for each in found]
    assert sorted(paths) == ["", "a", "b", "c", "d", "onlytests"]
    assert paths.index("b") < paths.index("c") < paths.index("a") < paths.index("")
    assert [each.import_path for each in leaf_packages(found)] == ["example.com/m/b", "example.com/m/d"]
    assert [each.import_path for each in root_packages(found)] == ["example.com/m", "example.com/m/d"]
    assert found[paths.index("b")].test_files == ("b_test.go",)


@pytest.mark.integration
def test_with_deps_the_standard_library_is_listed_too(go: Go, module: Path) -> None:
    found = packages(go, module, ["."], deps=True)
    assert next(each for each in found if each.import_path == "runtime").standard
    assert found[-1].import_path == "example.com/m"


@pytest.mark.integration
def test_a_package_that_does_not_load_is_given_with_its_error(go: Go, module: Path) -> None:
    (module / "d" / "d.go").write_text('package d\n\nimport "example.com/m/none"\n')
    by_path = {each.import_path: each for each in packages(go, module)}
    assert any("none" in each.error for each in by_path.values())
    assert by_path["example.com/m/b"].error == ""


@pytest.mark.integration
def test_places_without_a_module_say_so(go: Go, module: Path, tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFound, match="is in no Go module"):
        module_info(go, tmp_path)
    with pytest.raises(ModuleNotFound, match="is not a directory"):
        module_info(go, tmp_path / "none")
    with pytest.raises(ModuleNotFound, match="matches no Go package"):
        packages(go, module, ["./none"])


@pytest.mark.integration
def test_in_a_workspace_the_module_here_is_meant(go: Go, module: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "go.mod").write_text("module example.com/other\n\ngo 1.21\n")
    (tmp_path / "go.work").write_text("go 1.21\n\nuse (\n\t./m\n\t./other\n)\n")
    assert module_info(go, other).path == "example.com/other"
    assert module_info(go, module).workspace == str(tmp_path / "go.work")


@pytest.mark.integration
def test_a_module_from_the_proxy_is_a_writable_copy(go: Go, tmp_path: Path) -> None:
    try:
        copy = download_module(
            go, "rsc.io/quote@v1.5.2", tmp_path / "quote", gomodcache=tmp_path / "modcache"
        )
    except ModuleNotFound as error:
        pytest.skip(f"no module proxy here: {error}")
    assert module_info(go, copy).path == "rsc.io/quote"
    for directory, _, files in os.walk(copy):
        for file in files:
            assert os.stat(os.path.join(directory, file)).st_mode & 0o200  # noqa: PTH116, PTH118
    (copy / "quote.go").write_text("package quote\n")


@pytest.mark.integration
def test_a_module_that_nobody_has_is_not_found(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    with pytest.raises(ModuleNotFound, match=r"cannot be downloaded: .*GOPROXY=off"):
        download_module(go, "rsc.io/quote@v1.5.2", tmp_path / "quote", gomodcache=tmp_path / "modcache")
    assert not (tmp_path / "quote").exists()
