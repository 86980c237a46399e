"""What tests share: godyno run as its user runs it."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# No test is timed: how long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# A shell that runs the tests in the background leaves SIGINT ignored, for them and for all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

GODYNO = (sys.executable, "-m", "godyno")


class Ran:
    """A finished godyno."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def godyno(tmp_path: Path) -> Any:
    """Runs godyno in an empty directory: ``godyno("record", "--", "true")``."""

    def run(*args: str, **kwargs: Any) -> Ran:
        env = {**os.environ, **kwargs.pop("env", {})}
        done = subprocess.run(
            [*GODYNO, *args],
            cwd=kwargs.pop("cwd", tmp_path),
            env=env,
            capture_output=True,
            timeout=kwargs.pop("timeout", 120),
            **kwargs,
        )
        return Ran(done)

    return run


def pytest_unconfigure() -> None:
    # `godyno why` freezes what it has made, as its process is about to end. This one would be told of leaks.
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests first: what is wrong without any tool shows at once."""
    items.sort(key=lambda item: item.get_closest_marker("integration") is not None)
