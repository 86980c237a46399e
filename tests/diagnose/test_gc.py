from __future__ import annotations

from collections.abc import Callable

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.gc import Gc


def test_marking_beside_the_program_is_no_pause(build: Capture) -> None:
    (finding,) = Gc().analyze(build)
    ((label, cycles, collecting, _, paused, longest, heap),) = finding.data["rows"]
    assert label == "compile example.com/p0 (101)" and cycles == 5 and heap == 8_000_000
    assert collecting == pytest.approx(5 * 2.1e-3)
    assert paused == pytest.approx(5 * 0.1e-3) and longest == pytest.approx(0.1e-3)


def test_a_capture_without_gc_says_nothing(made: Callable[..., Capture]) -> None:
    assert Gc().analyze(made(lambda writer: None)) == []
