from __future__ import annotations

import os
from pathlib import Path

import pytest

from godyno.studies.survey import gocache


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    place = tmp_path / "cache"
    (place / "ab").mkdir(parents=True)
    (place / "ab" / "ab01-a").write_text("v1 index")
    (place / "ab" / "ab02-d").write_text("object")
    (place / "fuzz" / "deep").mkdir(parents=True)
    (place / "fuzz" / "deep" / "seed").write_text("seed")
    (place / "trim.txt").write_text("1")
    return place


def contents(place: Path) -> dict[str, str]:
    return {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}


def test_a_copy_holds_the_same_files(cache: Path, tmp_path: Path) -> None:
    gocache.copy_cache(cache, tmp_path / "copy")
    assert contents(tmp_path / "copy") == contents(cache)


def test_outputs_are_linked_and_index_entries_are_not(cache: Path, tmp_path: Path) -> None:
    gocache.copy_cache(cache, tmp_path / "copy")
    (tmp_path / "copy" / "ab" / "ab01-a").write_text("rewritten")
    assert (cache / "ab" / "ab01-a").read_text() == "v1 index"
    assert (tmp_path / "copy" / "ab" / "ab02-d").samefile(cache / "ab" / "ab02-d")


def test_a_file_system_without_hard_links_gets_a_full_copy(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: str) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    gocache.copy_cache(cache, tmp_path / "copy")
    assert contents(tmp_path / "copy") == contents(cache)
    assert not (tmp_path / "copy" / "ab" / "ab02-d").samefile(cache / "ab" / "ab02-d")


def test_scratch_lies_beside_the_users_cache_even_before_that_exists(tmp_path: Path) -> None:
    scratch = gocache.make_scratch(tmp_path / "not" / "yet" / "go-build")
    assert scratch.parent == tmp_path


def test_scratch_lies_beside_the_users_cache_and_not_in_it(tmp_path: Path) -> None:
    (tmp_path / "go-build").mkdir()
    assert gocache.make_scratch(tmp_path / "go-build").parent == tmp_path


def test_scratch_of_a_dead_survey_is_swept_and_of_a_live_one_is_not(tmp_path: Path) -> None:
    dead, alive, other = (
        tmp_path / name
        for name in ("godyno-survey-4194399-x", f"godyno-survey-{os.getpid()}-x", "godyno-survey-notes")
    )
    for place in (dead, alive, other):
        place.mkdir()
    gocache.make_scratch(tmp_path / "go-build")
    assert not dead.exists()
    assert alive.exists() and other.exists()


def test_forgetting_pages_of_files_that_are_not_there_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 8192)
    gocache.forget_pages([file, tmp_path / "missing"])
    assert file.read_bytes() == b"x" * 8192
