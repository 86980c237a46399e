"""Files in and out of the page cache."""

from __future__ import annotations

import os
from pathlib import Path

from godyno.machine.pagecache import forget, mapped_files, preload, resident


def test_a_file_that_was_read_is_cached_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(3 << 20))
    assert preload([file]) == 3 << 20
    assert resident(file) == (3 << 20, 3 << 20)


def test_what_is_not_there_is_passed_over(tmp_path: Path) -> None:
    forget([tmp_path / "gone"])
    assert preload([tmp_path / "gone"]) == 0
    assert resident(tmp_path / "gone") == (0, 0)
    (tmp_path / "empty").touch()
    assert resident(tmp_path / "empty") == (0, 0)


def test_a_process_has_its_program_mapped() -> None:
    files = mapped_files(os.getpid())
    assert any("python" in file for file in files)
    assert all(file.startswith("/") for file in files)
