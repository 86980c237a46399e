from __future__ import annotations

from collections.abc import Callable

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.completeness import Completeness
from godyno.testing.captures import SECOND, T0


def kinds(capture: Capture) -> list[str]:
    return [finding.kind for finding in Completeness().analyze(capture)]


def test_layers_that_were_not_observed_come_with_their_reason_and_remedy(build: Capture) -> None:
    (finding,) = Completeness().analyze(build)
    assert finding.kind == "not-observed"
    assert finding.data["rows"] == [["pressure", "the kernel was built without PSI"]]
    assert finding.advice == "What would enable pressure:\n    boot with psi=1"


def test_what_was_lost_is_a_warning(made: Callable[..., Capture]) -> None:
    (finding,) = Completeness().analyze(
        made(lambda writer: None, lost={"lines": 1200, "points": 0}, probes=())
    )
    assert finding.claim == "Not everything could be kept: 1,200 lines" and finding.severity == "warning"


def test_a_pause_in_sampling_is_found_where_it_was(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        series = writer.series("system.cpu.time", "s", "machine", {"mode": "user"})
        for tenth in (*range(10), *range(40, 60)):
            writer.point(series, T0 + tenth * SECOND // 10, float(tenth))

    (finding,) = Completeness().analyze(made(fill, probes=()))
    assert (finding.evidence[0].t_start_ns, finding.evidence[0].t_end_ns) == (
        T0 + 9 * SECOND // 10,
        T0 + 4 * SECOND,
    )


def test_a_recovered_capture_says_so(made: Callable[..., Capture]) -> None:
    assert kinds(made(lambda writer: None, recovered=True, probes=())) == ["recovered"]


def test_a_whole_capture_has_nothing_to_complain_of(made: Callable[..., Capture]) -> None:
    assert kinds(made(lambda writer: None, probes=())) == []
