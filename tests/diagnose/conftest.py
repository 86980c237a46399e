"""Captures for the tests of analyses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from godyno.capture.reader import Capture, open_capture
from godyno.capture.tables import TableWriter
from godyno.testing.captures import a_build, write_capture


@pytest.fixture(scope="session")
def build_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_capture(tmp_path_factory.mktemp("captures") / "build.dyno", a_build())


@pytest.fixture
def build(build_path: Path) -> Iterator[Capture]:
    with open_capture(build_path) as capture:
        yield capture


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., Capture]]:
    """Makes a capture of what a function writes: ``made(fill, peak=None)``."""
    opened: list[Capture] = []

    def make(fill: Callable[[TableWriter], None], **changes: Any) -> Capture:
        capture = open_capture(write_capture(tmp_path / f"made{len(opened)}.dyno", fill, **changes))
        opened.append(capture)
        return capture

    yield make
    for capture in opened:
        capture.close()
