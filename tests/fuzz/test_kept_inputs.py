"""What fuzzing once found stays found: every kept input is read or refused, in time."""

import time
from pathlib import Path

import pytest
from tests.fuzz.targets import TARGETS

from godyno.errors import GodynoError

KEPT = sorted((Path(__file__).parent.parent / "data" / "fuzz").glob("*/*"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_kept_input_is_read_or_refused(path: Path) -> None:
    began = time.process_time()
    try:
        TARGETS[path.parent.name](path.read_bytes())
    except GodynoError as error:
        assert str(error)
    assert time.process_time() - began < 10  # the fuzzer's own limit: a hang, not a slow machine


def test_kept_inputs_are_there_and_small() -> None:
    assert KEPT
    assert all(path.stat().st_size < 1 << 16 for path in KEPT)
