from __future__ import annotations

from godyno.diagnose.why import Answer, Attribution
from godyno.diagnose.why.attribution import Segment
from godyno.diagnose.why.causes import causes
from godyno.model import Machine, Memory
from godyno.studies.remedies import remedies


def answered(*segments: tuple[str, int]) -> Answer:
    at, out = 0, []
    for state, ms in segments:
        out.append(Segment(at, at + ms * 1_000_000, state, "main.f"))
        at += ms * 1_000_000
    found = Attribution(0, at, tuple(out), cpus=2)
    return Answer(found, tuple(causes(found)))


def test_environment_is_tried_for_what_it_can_mend_and_for_nothing_else() -> None:
    machine = Machine(memory=Memory(available_bytes=1 << 30))
    assert [one.label for one in remedies(answered(("gc_assist", 300), ("go", 300)), machine)] == [
        "GOGC=400",
        "GOGC=off GOMEMLIMIT=409MiB",
    ]
    assert remedies(answered(("lock", 300), ("go", 300)), machine) == []


def test_what_is_too_little_to_accuse_is_not_tried() -> None:
    assert remedies(answered(("gc_assist", 10), ("go", 900)), Machine()) == []
