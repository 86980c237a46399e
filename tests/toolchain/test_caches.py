import os
import subprocess
from pathlib import Path

import pytest

from godyno.toolchain import Go, caches
from godyno.toolchain.caches import cache_at


def test_a_cache_s_size_is_that_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one").write_bytes(b"x" * 1000)
    (tmp_path / "a" / "b" / "two").write_bytes(b"x" * 5000)
    (tmp_path / "loop").symlink_to(tmp_path)
    cache = cache_at("GOCACHE", tmp_path)
    link = os.lstat(tmp_path / "loop").st_size
    assert (cache.files, cache.size_bytes) == (3, 6000 + link)
    du = subprocess.run(
        ["find", tmp_path, "-not", "-type", "d", "-printf", "%b\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert cache.disk_bytes == 512 * sum(map(int, du.stdout.split()))
    assert cache.exists and cache.writable and cache.counted_all


def test_a_cache_that_is_not_there_yet_is_empty_and_writable_if_its_parent_is(tmp_path: Path) -> None:
    cache = cache_at("GOCACHE", tmp_path / "none" / "deeper")
    assert (cache.exists, cache.writable, cache.files) == (False, True, 0)


def test_counting_stops_at_its_limit_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert not cache_at("GOCACHE", tmp_path, limit_s=-1.0).counted_all


@pytest.mark.integration
def test_both_caches_of_a_real_go_are_found(go: Go, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOCACHE", str(tmp_path / "c"))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "m"))
    found = {cache.name: cache.path for cache in caches(go)}
    assert found == {"GOCACHE": str(tmp_path / "c"), "GOMODCACHE": str(tmp_path / "m")}
