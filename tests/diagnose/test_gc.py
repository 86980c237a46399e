from __future__ import annotations

from collections.abc import Callable

import pytest

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.gc import Gc
from godyno.testing.captures import SECOND, T0


def test_marking_beside_the_program_is_no_pause(build: Capture) -> None:
    (finding,) = Gc().analyze(build)
    ((label, cycles, collecting, _, paused, longest, heap),) = finding.data["rows"]
    assert label == "compile example.com/p0 (101)" and cycles == 5 and heap == 8_000_000
    assert collecting == pytest.approx(5 * 2.1e-3)
    assert paused == pytest.approx(5 * 0.1e-3) and longest == pytest.approx(0.1e-3)


def test_a_capture_without_gc_says_nothing(made: Callable[..., Capture]) -> None:
    assert Gc().analyze(made(lambda writer: None)) == []


@pytest.mark.parametrize(("share", "advised"), [(0.5, True), (0.1, False)])
def test_a_process_that_collects_much_of_its_life_is_told_how_to_collect_less(
    made: Callable[..., Capture], share: float, advised: bool
) -> None:
    def fill(writer: TableWriter) -> None:
        writer.span(T0, T0 + 10 * SECOND, "process", "5", "server", 5, 5, {"ppid": 1, "kind": "program"})
        writer.span(T0, T0 + round(10 * share * SECOND), "gc", "5", "GC 1", 5, 5)

    (finding,) = Gc().analyze(made(fill))
    assert bool(finding.advice) is advised and ("GOGC" in finding.advice) is advised
