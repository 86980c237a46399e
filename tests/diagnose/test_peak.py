from __future__ import annotations

from collections.abc import Callable

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.peak import Peak
from godyno.model import CgroupLimits, Confidence, Machine, Memory
from godyno.model import Peak as PeakRecord
from godyno.testing.captures import SECOND, T0


def test_the_peak_is_set_against_the_tightest_limit(made: Callable[..., Capture]) -> None:
    machine = Machine(memory=Memory(8_000_000_000), cgroup=CgroupLimits(2, memory_bytes=300_000_000))
    (finding,) = Peak().analyze(made(lambda writer: None, machine=machine))
    assert "83.3 % of the cgroup's limit" in finding.claim
    assert finding.severity == "warning" and finding.advice and finding.tried


def test_with_room_to_spare_it_recommends_nothing(build: Capture) -> None:
    (finding,) = Peak().analyze(build)
    assert finding.severity == "info" and not finding.advice
    assert finding.claim.endswith("its largest process, compile example.com/p1, 200 MB")


def test_a_sampled_peak_is_said_to_be_a_lower_bound(made: Callable[..., Capture]) -> None:
    (finding,) = Peak().analyze(
        made(lambda writer: None, peak=PeakRecord(1_000, "sum of samples", "resident memory", False))
    )
    assert finding.confidence is Confidence.MEDIUM and "may be higher" in finding.warnings[0]


def test_an_unknown_peak_is_no_finding(made: Callable[..., Capture]) -> None:
    assert Peak().analyze(made(lambda writer: None, peak=None)) == []


def test_a_process_larger_than_its_group_is_explained(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        writer.span(
            T0, T0 + SECOND, "process", "", "link", 7, 7, {"exe": "link", "rss_peak_bytes": 93_000_000}
        )

    peak = PeakRecord(81_000_000, "memory.peak", "all memory of the group", True)
    (finding,) = Peak().analyze(made(fill, peak=peak))
    assert "charged to whoever read them first" in finding.warnings[0]
