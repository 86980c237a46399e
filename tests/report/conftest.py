"""Captures and a browser for the report's tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from godyno.capture.reader import Capture, open_capture
from godyno.testing.captures import a_build, write_capture


@pytest.fixture(scope="session")
def build_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made build of known figures."""
    return write_capture(tmp_path_factory.mktemp("captures") / "build.dyno", a_build())


@pytest.fixture
def build(build_path: Path) -> Iterator[Capture]:
    with open_capture(build_path) as capture:
        yield capture


@pytest.fixture(scope="session")
def chromium_path() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium here: apt-get install chromium")
